"""Many who use a store at the same moment."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from snnviz.design.design import Design
from snnviz.store import Store
from tests.waiting import until


def start(count: int, script: str, *arguments: str) -> Iterator[str]:
    """Runs the script in `count` processes at the same moment; what each of them prints."""
    preamble = """
        import sys, time
        from pathlib import Path
        from snnviz.design.design import Design
        from snnviz.store import Store
        def designs(n):
            return [Design.check({"seed": seed, "network": {"kind": "mlp"}}) for seed in range(n)]
        folder = Path(sys.argv[1])
        designs(1)
        (folder / f"ready{sys.argv[2]}").touch()
        while not (folder / "go").exists():
            time.sleep(0.001)
    """
    folder = Path(arguments[0])
    command = [sys.executable, "-c", textwrap.dedent(preamble) + textwrap.dedent(script)]
    crew = [
        subprocess.Popen([*command, *arguments, str(number)], stdout=subprocess.PIPE, text=True)
        for number in range(count)
    ]
    try:
        until(lambda: len(list(folder.glob("ready*"))) == count)
        (folder / "go").touch()
        for process in crew:
            said, _ = process.communicate(timeout=60)
            assert process.returncode == 0
            yield said
    finally:
        for process in crew:
            with suppress(ProcessLookupError):
                process.kill()
            process.wait()


class TestCrowds:
    @pytest.fixture(params=["sqlite", "postgresql"])
    def bare(self, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
        """Where a store is created by whoever opens it first; the processes are told."""
        monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path))
        if request.param == "sqlite":
            monkeypatch.setenv("SNNVIZ_STORE", str(tmp_path / "runs.sqlite"))
            yield str(tmp_path / "runs.sqlite")
        else:
            with request.getfixturevalue("postgresql").database(bare=True) as url:
                monkeypatch.setenv("SNNVIZ_STORE", url)
                yield url

    def test_twenty_submissions_of_a_design_at_once_are_one_run(self, bare: str, tmp_path: Path) -> None:
        """Five threads in each of four processes, which also race to create the store."""
        script = """
            from concurrent.futures import ThreadPoolExecutor
            store = Store()
            with ThreadPoolExecutor(5) as pool:
                for submitted in pool.map(store.submit, designs(1) * 5):
                    print(submitted.run, submitted.created)
        """
        lines = [line.split() for said in start(4, script, str(tmp_path)) for line in said.splitlines()]
        assert len(lines) == 20
        assert len({run for run, _ in lines}) == 1
        assert [created for _, created in lines].count("True") == 1
        store = Store(bare)
        assert [(run.state, run.attempt) for run in store.runs()] == [("queued", 0)]
        files = ["runs.sqlite", "runs.sqlite-shm", "runs.sqlite-wal"] if store.path is not None else []
        assert sorted(path.name for path in tmp_path.glob("*runs*")) == files
        store.close()

    def test_a_run_is_claimed_by_one_process(self, bare: str, tmp_path: Path) -> None:
        store = Store(bare)
        for seed in range(80):
            store.submit(Design.check({"seed": seed, "network": {"kind": "mlp"}}))
        script = """
            store = Store()
            while (claim := store.claim(f"process {sys.argv[2]}")) is not None:
                print(claim.run, claim.attempt)
        """
        claims = [line for said in start(4, script, str(tmp_path)) for line in said.splitlines()]
        assert sorted(claims) == sorted(f"{run.run} 1" for run in store.runs())
        assert len(claims) == 80
        store.close()
