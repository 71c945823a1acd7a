"""How many cores and how much memory there are for us, in a container as well."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


def cores(root: Path = Path("/")) -> int:
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
