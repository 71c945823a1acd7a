"""Resources of this machine, or of the container: cores, memory, processor features, and the state of processes."""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG
NAME_LENGTH = 15
"""Letters of a process's name that Linux keeps."""

TICKS = os.sysconf("SC_CLK_TCK")
ENOUGH = 1.75
"""Number of cores, in use or idle, that a process must have had to use two threads."""


def available_cores(root: Path = Path("/")) -> int:
    """Returns the number of cores that this process may use, rounded up where a container allows a fraction of one."""
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
    """Returns whether the processor multiplies bfloat16 natively; elsewhere it is emulated, many times slower."""
    for line in (_text(root / "proc/cpuinfo") or "").splitlines():
        name, _, flags = line.partition(":")
        if name.strip() in ("flags", "Features"):
            return not {"avx512_bf16", "amx_bf16", "bf16"}.isdisjoint(flags.split())
    return False


def description(root: Path = Path("/")) -> str:
    """Returns this machine in words: its processor and the number of cores, such as "AMD EPYC 9R14, 2 cores"."""
    lines = (line.partition(":") for line in (_text(root / "proc/cpuinfo") or "").splitlines())
    named = next((text.strip() for name, _, text in lines if name.strip() == "model name" and text.strip()), "")
    cores = available_cores(root)
    return f"{' '.join(named.split()) or platform.machine()}, {cores} core{'s' * (cores != 1)}"


class ThreadBudget:
    """Callable that returns how many threads this process may use now: two while a second core is idle, else one.

    It measures the load of the cores at most every `period` seconds.
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
    """Returns the memory available without swapping, in bytes, or None if the system does not say."""
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
    """Returns the memory in bytes that the process `pid` shares with no other process; 0 if it has ended."""
    rollup = _text(Path(f"/proc/{pid}/smaps_rollup")) or ""
    return sum(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Private_"))


def cpu_seconds(pid: int) -> float | None:
    """Returns the processor time in seconds that the process `pid` has used; None if unknown."""
    fields = (_text(Path(f"/proc/{pid}/stat")) or "").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS if fields else None


def name_process(name: str) -> None:
    """Gives this process a name, of which 15 letters are kept, for `top` and `processes_named`. Only on Linux."""
    with suppress(OSError):
        Path("/proc/self/comm").write_text(name[:NAME_LENGTH])


def processes_named(names: Iterable[str], root: Path = Path("/")) -> dict[str, int]:
    """Returns the process ids of processes by the names that they gave themselves; those without one are left out."""
    wanted, found = {name[:NAME_LENGTH]: name for name in names}, {}
    for place in (root / "proc").glob("[0-9]*/comm") if wanted else ():
        if (name := wanted.get(_text(place) or "")) is not None:
            found[name] = int(place.parent.name)
    return found


def has_ended(pid: int) -> bool:
    """Returns whether the child process `pid` has ended; True if the system does not say."""
    if not hasattr(os, "waitid"):
        return True
    with suppress(ChildProcessError):  # waited for
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    return True


def is_suspended(pid: int) -> bool:
    """Returns whether the process `pid` is suspended, as by SIGSTOP; always False except on Linux."""
    return (_text(Path(f"/proc/{pid}/stat")) or "").rpartition(")")[2].split()[:1] in (["T"], ["t"])


def die_with_parent() -> None:
    """Makes the operating system kill this process when the thread that started it ends. Only on Linux."""
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
