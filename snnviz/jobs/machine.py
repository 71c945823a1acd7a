"""How many cores and how much memory there are for us, in a container as well."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG
TICKS = os.sysconf("SC_CLK_TCK")
ENOUGH = 1.75
"""Cores that a process must have had, in use or idle, to take two."""


def available_cores(root: Path = Path("/")) -> int:
    """Cores that this process may use, rounded up where a container allows a part of one."""
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        count = os.cpu_count() or 1
    for group in _groups(root, "cpu"):
        quota, _, period = (_text(group / "cpu.max") or "max 100000").partition(" ")  # version 2 of control groups
        if quota == "max":
            quota = _text(group / "cpu.cfs_quota_us") or "-1"
            period = _text(group / "cpu.cfs_period_us") or "100000"
        if int(quota) > 0:
            count = min(count, -(-int(quota) // int(period)))
    return max(count, 1)


def has_bfloat16(root: Path = Path("/")) -> bool:
    """Whether the processor multiplies bfloat16 itself. Elsewhere it is made up from float32, many times slower."""
    for line in (_text(root / "proc/cpuinfo") or "").splitlines():
        name, _, flags = line.partition(":")
        if name.strip() in ("flags", "Features"):
            return not {"avx512_bf16", "amx_bf16", "bf16"}.isdisjoint(flags.split())
    return False


class ThreadBudget:
    """How many cores this process may use now: two while nobody else wants the second one, else one.

    Called often; looks at most every `period` seconds at what the cores have done since.
    """

    def __init__(self, period: float = 0.5, root: Path = Path("/")) -> None:
        self.period, self.root = period, root
        self.now = 1
        self._several = available_cores(root) > 1
        self._seen = (time.monotonic(), time.process_time(), self._idle())

    def __call__(self) -> int:
        at, mine, idle = self._seen
        passed = time.monotonic() - at
        if self._several and passed >= self.period:
            self._seen = (time.monotonic(), time.process_time(), self._idle())
            for_me = (self._seen[1] - mine) + (self._seen[2] - idle)
            self.now = 2 if for_me > ENOUGH * passed else 1
        return self.now

    def _idle(self) -> float:
        """Seconds that the cores of this process have had nothing to do, in all."""
        mine = {f"cpu{number}" for number in os.sched_getaffinity(0)} if self._several else set()
        lines = (line.split() for line in (_text(self.root / "proc/stat") or "").splitlines())
        return sum(int(line[4]) for line in lines if line and line[0] in mine) / TICKS


def free_bytes(root: Path = Path("/")) -> int | None:
    """Memory that can be had without swapping, or None where the system does not say."""
    fields = dict(line.split(":", 1) for line in (_text(root / "proc/meminfo") or "").splitlines() if ":" in line)
    if "MemAvailable" not in fields:
        return None
    free = int(fields["MemAvailable"].split()[0]) * 1024
    for group in _groups(root, "memory"):
        limit = _text(group / "memory.max") or _text(group / "memory.limit_in_bytes") or "max"
        used = _text(group / "memory.current") or _text(group / "memory.usage_in_bytes")
        if limit != "max" and used:
            statistics = dict(line.split() for line in (_text(group / "memory.stat") or "").splitlines())
            # The page cache counts as used, but is given back when somebody needs it.
            cached = int(statistics.get("total_inactive_file") or statistics.get("inactive_file") or 0)
            free = min(free, int(limit) - int(used) + cached)
    return max(free, 0)


def private_bytes(pid: int) -> int:
    """Memory that the process `pid` shares with no other; 0 if it is gone."""
    rollup = _text(Path(f"/proc/{pid}/smaps_rollup")) or ""
    return sum(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Private_"))


def cpu_seconds(pid: int) -> float | None:
    """Seconds that the process `pid` has computed; None where that cannot be told."""
    fields = (_text(Path(f"/proc/{pid}/stat")) or "").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS if fields else None


def has_ended(pid: int) -> bool:
    """Whether the process `pid`, which this one started, has ended, waited for or not. True where that is not told."""
    if not hasattr(os, "waitid"):
        return True
    with suppress(ChildProcessError):  # waited for
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    return True


def is_suspended(pid: int) -> bool:
    """Whether the process `pid` was told to stand still, as by SIGSTOP. Linux alone says so."""
    return (_text(Path(f"/proc/{pid}/stat")) or "").rpartition(")")[2].split()[:1] in (["T"], ["t"])


def die_with_parent() -> None:
    """See to it that the system kills this process when the thread that started it is gone, even one that is stopped.

    Linux alone does so.
    """
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(DEATH_SIGNAL, signal.SIGKILL)


def _groups(root: Path, controller: str) -> Iterator[Path]:
    """The control group of this process and those around it: each may set a limit."""
    for line in (_text(root / "proc/self/cgroup") or "").splitlines():
        _, controllers, name = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        top = root / "sys/fs/cgroup" / (controller if controllers else "")
        group = top / name.lstrip("/")
        while group.is_relative_to(top):
            yield group
            if group == top:
                break
            group = group.parent


def _text(path: Path) -> str | None:
    try:
        return path.read_text().strip()
    except OSError:
        return None
