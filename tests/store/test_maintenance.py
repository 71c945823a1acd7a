"""Copies of a store, and what is swept up after the dead."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from pathlib import Path

import pytest

from snnviz import temporary_files
from snnviz.errors import InputError
from snnviz.events import Sample
from snnviz.store import Store, copying
from tests.conftest import MakeDesign
from tests.store.conftest import ROWS, is_sound


class TestCopies:
    def test_the_file_alone_is_whole_after_a_runs_end(self, tmp_path: Path, tiny: MakeDesign) -> None:
        """While others have it open, as a dashboard does."""
        store, other = Store(tmp_path / "runs.sqlite"), Store(tmp_path / "runs.sqlite")
        other.counts()
        for seed in range(3):
            run = store.submit(tiny(seed)).run
            store.claim("me")
            store.append_rows(run, 1, ROWS[:500])
            store.finish(run, 1, "done")
            copy = tmp_path / f"copy{seed}.sqlite"
            copy.write_bytes((tmp_path / "runs.sqlite").read_bytes())
            assert is_sound(copy)
            copied = Store(copy)
            assert [found.state for found in copied.runs()] == ["done"] * (seed + 1)
            assert len(copied.rows(run, Sample)) == 500
            copied.close()
        store.close()
        other.close()

    def test_the_file_alone_is_whole_when_a_process_ends_that_did_not_close_it(self, tmp_path: Path) -> None:
        script = """
            import sys
            from snnviz.design.design import Design
            from snnviz.store import Store, copying
            store = Store(sys.argv[1])
            store.submit(Design())
        """
        subprocess.run([sys.executable, "-c", textwrap.dedent(script), str(tmp_path / "runs.sqlite")], check=True)
        (tmp_path / "copy.sqlite").write_bytes((tmp_path / "runs.sqlite").read_bytes())
        copied = Store(tmp_path / "copy.sqlite")
        assert len(copied.runs()) == 1
        copied.close()

    def test_a_backup_is_whole_while_somebody_writes(self, closed: Path, tiny: MakeDesign) -> None:
        store, run = Store(closed), tiny().digest
        over = threading.Event()

        def write() -> None:
            step = 10_000
            while not over.is_set():
                store.append_rows(run, 1, [Sample(step + n, 1.0, 1.0, 0.5) for n in range(100)])
                step += 100

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for number in range(3):
                file = closed.with_name(f"backup{number}.sqlite")
                copying.backup(store, file)
                assert is_sound(file)
                copy = Store(file)
                assert len(copy.rows(run, Sample)) % 100 == 0
                copy.close()
        finally:
            over.set()
            writer.join()
        with pytest.raises(InputError, match="file must be a name that is free"):
            copying.backup(store, file)
        assert not list(closed.parent.glob(".backup*"))
        store.close()


def test_what_was_left_by_the_dead_is_swept_and_nothing_else(
    closed: Path, tiny: MakeDesign, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    store, run = Store(closed), tiny().digest
    old = time.time() - 60

    def made(name: str, *, folder: bool = False, age: float = 60) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir() if folder else path.write_bytes(b"half of it")
        os.utime(path, (old, time.time() - age))
        return path

    mine = [
        made(f"checkpoints/{run}.0.tmp"),
        made("checkpoints/0123456789abcdef.1.tmp"),
        made(".runs.sqlite.00ff"),
        made("datasets/own-00ff.tmp", folder=True),
        made("datasets/nmnist/unpacking-00ff", folder=True),
        made("temporary/pymp-dead", folder=True),
    ]
    others = [
        made(f"checkpoints/{run}.1.tmp"),  # of the attempt that is at work
        made(f"checkpoints/{run}.safetensors"),
        made("datasets/own-00fe.tmp", folder=True),  # held below
        made("datasets/own-00fd.tmp", folder=True, age=0),
        made("datasets/own-0123456789ab", folder=True),
        made("temporary/pymp-alive", folder=True),
        made("temporary/pymp-of-another-program", folder=True),
        made("pymp-elsewhere", folder=True),
        made("temporary/precious", folder=True),
    ]
    store.record_heartbeat("local@here#1", str(tmp_path / "temporary/pymp-dead"))
    store.record_heartbeat("local@here#2", str(tmp_path / "temporary/pymp-alive"))
    store.record_heartbeat("local@here#3", str(tmp_path / "pymp-elsewhere"))
    store.record_heartbeat("local@here#4", str(tmp_path / "temporary/precious"))
    with temporary_files.in_use(others[2]):
        swept = store.sweep(lambda owner: not owner.endswith("#2"))
    assert sorted(swept) == sorted(mine)
    assert not any(path.exists() for path in mine)
    assert all(path.exists() for path in others)
    assert [found.owner for found in store.supervisors()] == ["local@here#2"]
    store.close()


def test_where_there_are_no_locks_files_are_written_and_none_is_taken_for_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on some network drives."""

    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr(temporary_files.fcntl, "flock", no_locks)
    with temporary_files.in_use(tmp_path):
        (tmp_path / "half").write_bytes(b"half of it")
    os.utime(tmp_path / "half", (0, 0))
    assert not temporary_files.is_abandoned(tmp_path / "half")
