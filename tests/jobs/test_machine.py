"""Cores and memory, from the files in which Linux says so."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from snnviz.jobs import machine
from snnviz.places import ROOT

GB = 10**9


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine with 8 GB available and no limits."""
    write(tmp_path, "proc/meminfo", f"MemTotal: {16 * GB // 1024} kB\nMemAvailable:   {8 * GB // 1024} kB\n")
    return tmp_path


def write(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def test_this_machine_has_some_of_each() -> None:
    assert 1 <= machine.available_cores() <= (os.cpu_count() or 1)
    assert (machine.free_bytes() or 0) > 10**7
    assert machine.private_bytes(os.getpid()) > 10**6
    assert machine.private_bytes(2**22 + 1) == 0


def test_a_system_that_does_not_say_has_no_known_limit(tmp_path: Path) -> None:
    assert machine.free_bytes(tmp_path) is None


def test_memory_is_what_is_available(root: Path) -> None:
    assert machine.free_bytes(root) == pytest.approx(8 * GB, abs=1024)


def test_a_container_is_limited_by_its_group_and_those_around_it(root: Path) -> None:
    write(root, "proc/self/cgroup", "0::/outer/inner\n")
    write(root, "sys/fs/cgroup/outer/inner/memory.max", "max\n")
    write(root, "sys/fs/cgroup/outer/memory.max", str(4 * GB))
    write(root, "sys/fs/cgroup/outer/memory.current", str(3 * GB))
    assert machine.free_bytes(root) == 1 * GB
    write(root, "sys/fs/cgroup/outer/memory.stat", f"anon 5\ninactive_file {2 * GB}\n")
    assert machine.free_bytes(root) == 3 * GB  # the page cache is given back


def test_an_older_container_is_limited_too(root: Path) -> None:
    write(root, "proc/self/cgroup", "9:name=systemd:/\n4:memory:/box\n1:cpu,cpuacct:/box\n")
    write(root, "sys/fs/cgroup/memory/box/memory.limit_in_bytes", str(2 * GB))
    write(root, "sys/fs/cgroup/memory/box/memory.usage_in_bytes", str(GB))
    write(root, "sys/fs/cgroup/memory/box/memory.stat", "total_inactive_file 1000\n")
    assert machine.free_bytes(root) == GB + 1000
    write(root, "sys/fs/cgroup/memory/box/memory.usage_in_bytes", str(9 * GB))
    assert machine.free_bytes(root) == 0


@pytest.mark.parametrize(("quota", "expected"), [("max 100000", None), ("50000 100000", 1), ("110000 100000", 2)])
def test_cores_are_limited_by_a_quota(root: Path, quota: str, expected: int | None) -> None:
    write(root, "proc/self/cgroup", "0::/\n")
    write(root, "sys/fs/cgroup/cpu.max", quota + "\n")
    all_of_them = machine.available_cores(root / "nowhere")
    assert machine.available_cores(root) == (all_of_them if expected is None else min(expected, all_of_them))


def test_cores_are_limited_by_an_older_quota(root: Path) -> None:
    write(root, "proc/self/cgroup", "1:cpu,cpuacct:/box\n")
    write(root, "sys/fs/cgroup/cpu/box/cpu.cfs_quota_us", "20000")
    write(root, "sys/fs/cgroup/cpu/box/cpu.cfs_period_us", "100000")
    assert machine.available_cores(root) == 1


def test_a_processor_that_multiplies_bfloat16_says_so(root: Path) -> None:
    assert not machine.has_bfloat16(root)
    write(root, "proc/cpuinfo", "processor : 0\nflags\t\t: fpu sse2 avx512f\nbugs\t\t: bf16_leak\n")
    assert not machine.has_bfloat16(root)
    for line in ("flags\t\t: avx512f avx512_bf16", "flags : amx_bf16 amx_tile", "Features\t: fp asimd bf16"):
        write(root, "proc/cpuinfo", f"processor : 0\n{line}\n")
        assert machine.has_bfloat16(root)


class Cores:
    """A machine of two cores whose past a test writes."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.now, self.used, self.idle = root, 0.0, 0.0, 0.0
        monkeypatch.setattr(machine, "available_cores", lambda _root: 2)
        monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1}, raising=False)
        monkeypatch.setattr(machine.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(machine.time, "process_time", lambda: self.used)
        self.pass_time(0, 0, 0)

    def pass_time(self, seconds: float, used: float, idle: float) -> None:
        """`idle` core-seconds nobody used; a third core, which is not ours, is always idle."""
        self.now, self.used, self.idle = self.now + seconds, self.used + used, self.idle + idle
        ticks = int(self.idle * machine.TICKS)
        cpus = "".join(
            f"cpu{n} 5 0 5 {spent} 0 0 0\n" for n, spent in enumerate((ticks // 2, ticks - ticks // 2, 9**9))
        )
        write(self.root, "proc/stat", f"cpu  1 2 3 {9**9}\n{cpus}intr 5 5\n")


def test_a_run_takes_a_second_core_while_nobody_else_wants_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    two = Cores(root, monkeypatch)
    threads = machine.ThreadBudget(root=root)
    assert threads() == 1
    two.pass_time(0.6, used=0.6, idle=0.6)  # one core worked, the other did not
    assert threads() == 2
    two.pass_time(0.1, used=0, idle=0)
    assert threads() == 2  # it does not look so soon
    two.pass_time(0.6, used=1.3, idle=0.1)  # both worked, for it
    assert threads() == 2
    two.pass_time(0.6, used=0.8, idle=0)  # somebody else wants some
    assert threads() == 1
    two.pass_time(0.6, used=0.6, idle=0.1)
    assert threads() == 1
    two.pass_time(0.6, used=0.6, idle=0.5)
    assert threads() == 2


def test_one_core_is_never_taken_for_two(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = Cores(root, monkeypatch)
    monkeypatch.setattr(machine, "available_cores", lambda _root: 1)
    threads = machine.ThreadBudget(root=root)
    one.pass_time(5, used=5, idle=5)
    assert threads() == 1


def test_a_process_is_found_by_the_name_that_it_gave_itself(tmp_path: Path) -> None:
    for number, name in ((7, "0123456789abcde"), (8, "other")):
        (tmp_path / f"proc/{number}").mkdir(parents=True)
        (tmp_path / f"proc/{number}/comm").write_text(f"{name}\n")
    assert machine.processes_named(["0123456789abcdef", "ffff"], tmp_path) == {"0123456789abcdef": 7}
    assert machine.processes_named([], tmp_path) == {}


@pytest.mark.skipif(not Path("/proc/self/comm").exists(), reason="only on Linux")
def test_a_process_names_itself() -> None:
    script = "import os; from snnviz.jobs import machine as m; m.name_process('fedcba9876543210');"
    script += "print(m.processes_named(['fedcba9876543210']) == {'fedcba9876543210': os.getpid()})"
    assert subprocess.check_output([sys.executable, "-c", script], cwd=ROOT, text=True).strip() == "True"
