"""A store that is full, read-only, damaged, busy, gone or from the future: one sentence, and no harm done."""

from __future__ import annotations

import math
import os
import sqlite3
import struct
import subprocess
import sys
import tempfile
import textwrap
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from snnviz.design.design import Design
from snnviz.errors import StoreError
from snnviz.events import EpochEnd, Sample
from snnviz.store import Store, copying, opening
from tests.conftest import MakeDesign
from tests.store.conftest import ROWS, is_sound

NOBODY = 65534


def is_sentence(error: StoreError, path: Path) -> bool:
    return str(path) in str(error) and "\n" not in str(error) and str(error).endswith(".")


class TestStrangeFiles:
    def damage(self, path: Path, how: str) -> None:
        content = bytearray(path.read_bytes())
        if how == "nonsense":
            content = bytearray(b"these are not the bytes of a database " * 1000)
        elif how == "empty":
            content = bytearray()
        elif how == "cut short":
            del content[len(content) // 2 :]
        elif how == "overwritten":
            for page in range(4096, len(content), 8192):
                content[page : page + 2000] = b"\xa5" * 2000
        elif how == "header":
            content[30:90] = b"\xff" * 60
        path.write_bytes(content)

    @pytest.mark.parametrize("how", ["nonsense", "empty", "cut short", "overwritten", "header"])
    def test_a_damaged_one_is_left_as_it_is(self, closed: Path, how: str) -> None:
        self.damage(closed, how)
        before = closed.read_bytes()
        with pytest.raises(StoreError, match=r"damaged|not a store") as caught:
            Store(closed)
        assert str(closed) in str(caught.value)
        assert "\n" not in str(caught.value)
        assert closed.read_bytes() == before
        assert sum(path.stat().st_size for path in closed.parent.glob("*-wal")) == 0  # nothing waits to be written

    def test_one_from_a_newer_snnviz_is_left_as_it_is(self, closed: Path) -> None:
        with closing(sqlite3.connect(closed)) as connection:
            connection.execute("UPDATE snnviz_store SET version = 99")
            connection.execute("ALTER TABLE samples DROP COLUMN accuracy")  # what is missing is not ours to add
            connection.commit()
        before = closed.read_bytes()
        with pytest.raises(StoreError, match=r"written by a newer snnviz \(store version 99") as caught:
            Store(closed)
        assert is_sentence(caught.value, closed)
        assert closed.read_bytes() == before

    def test_the_database_of_another_program_is_left_as_it_is(self, tmp_path: Path) -> None:
        path = tmp_path / "recipes.sqlite"
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE runs (cake TEXT)")
            connection.commit()
        before = path.read_bytes()
        with pytest.raises(StoreError, match="not a store of snnviz") as caught:
            Store(path)
        assert is_sentence(caught.value, path)
        assert path.read_bytes() == before

    def test_damage_that_shows_later_is_a_sentence(self, closed: Path, tiny: MakeDesign) -> None:
        self.damage(closed, "overwritten")
        with pytest.raises(StoreError, match="damaged"):
            Store(closed, check=False).rows(tiny().digest, Sample)

    @pytest.mark.parametrize("where", [b"runs_by_state", b"samples_by_run"])
    def test_a_byte_of_the_schemas_text_that_is_damaged_is_a_sentence(self, closed: Path, where: bytes) -> None:
        """One that is no UTF-8, which SQLite's own search for damage does not find."""
        content = bytearray(closed.read_bytes())
        content[content.index(where) + 4] = 0xFF
        closed.write_bytes(content)
        for check in (True, False):
            with pytest.raises(StoreError, match="damaged") as caught:
                Store(closed, check=check).runs()
            assert is_sentence(caught.value, closed)

    def test_a_column_whose_name_was_damaged_leaves_runs_that_cannot_be_read(self, closed: Path) -> None:
        content = closed.read_bytes().replace(b"\tdesign TEXT", b"\tdesigf TEXT")
        closed.write_bytes(content.replace(b"\tdesigf TEXT NOT NULL", b"\tdesigf TEXT         "))
        store = Store(closed)
        assert store.runs() == []
        assert [found.reason for found in store.unreadable()] == ["what was submitted is lost"]
        store.close()

    def test_a_bit_of_a_row_that_flips_is_a_sentence(self, closed: Path, tiny: MakeDesign) -> None:
        """As nothing of SQLite notices."""
        content = bytearray(closed.read_bytes())
        packed = struct.pack(">d", 0.37)  # the epoch of the row at step 37
        assert content.count(packed) == 1
        content[content.index(packed) + 5] ^= 1
        closed.write_bytes(content)
        store = Store(closed)
        with pytest.raises(StoreError, match="is not what was written"):
            store.rows(tiny().digest, Sample)
        with pytest.raises(StoreError, match="is not what was written"):
            store.check()
        store.close()

    def test_a_list_of_runs_leaves_out_a_row_that_is_damaged(self, closed: Path, tiny: MakeDesign) -> None:
        """There the run is found and deleted."""
        store = Store(closed)
        store.append_rows(tiny().digest, 1, [EpochEnd(1, 0.5, 0.25, 1.0, 1.0, 0.1, 0.01)])
        assert list(store.last_rows(EpochEnd)) == [tiny().digest]
        with store._writing() as connection:
            connection.exec_driver_sql("UPDATE epochs SET test_accuracy = 0.26")
        assert store.last_rows(EpochEnd) == {}
        with pytest.raises(StoreError, match="is not what was written"):
            store.last_rows(EpochEnd, [tiny().digest])
        store.delete(tiny().digest)
        assert store.check() == 0
        store.close()

    def test_rows_of_before_have_no_checksum_and_are_read(self, closed: Path, tiny: MakeDesign) -> None:
        with closing(sqlite3.connect(closed)) as connection:
            connection.execute("ALTER TABLE samples DROP COLUMN crc")
            connection.commit()
        store = Store(closed)
        assert len(store.rows(tiny().digest, Sample)) == 5000
        store.append_rows(tiny().digest, 1, [Sample(9000, 1.0, -0.0, math.nan)])
        assert store.rows(tiny().digest, Sample, since=5000)[0][1].loss == 0
        assert store.check() == 5001
        store.close()

    def test_a_large_one_is_searched_beside(self, closed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(opening, "CHECKED_BYTES", 1000)
        store = Store(closed)
        wait, asked = threading.Event(), threading.Event()
        check = store.check

        def slowly(**options: bool) -> int:
            asked.set()
            wait.wait(10)
            return check(**options)

        monkeypatch.setattr(store, "check", slowly)
        self.damage(closed, "overwritten")
        thread = store.check_in_background()
        assert thread is not None
        assert asked.wait(10)
        assert store.notices() == [f"The store {closed} is large, and is being searched for damage in the background."]
        wait.set()
        thread.join(20)
        assert store.notices() == []
        with pytest.raises(StoreError, match="damaged"):
            store.version()
        store._engine.dispose()

    @pytest.mark.parametrize(
        ("address", "sentence"),
        [
            ("sqlite://", "in memory"),
            ("sqlite:///:memory:", "in memory"),
            ("nonsense://", "does not answer|not installed|must be"),
            (
                "postgresql+psycopg://nobody:secret@localhost:1/none",
                "psycopg, which is not|cannot be reached",
            ),
            (":///", "must be a path or a URL"),
        ],
    )
    def test_an_address_that_is_none_is_a_sentence(self, address: str, sentence: str) -> None:
        with pytest.raises(StoreError, match=sentence) as caught:
            Store(address)
        assert "secret" not in str(caught.value)


class TestNoRoom:
    def test_a_full_disk_loses_nothing_that_was_written(self, closed: Path, tiny: MakeDesign) -> None:
        store, run = Store(closed), tiny().digest
        with store._reading() as connection:  # SQLite's own way to be full: no more pages than there are
            pages = connection.execute(text("PRAGMA page_count")).scalar()
            connection.execute(text(f"PRAGMA max_page_count = {pages}"))
        with pytest.raises(StoreError, match="The disk is full") as caught:
            store.append_rows(run, 1, ROWS)
        assert is_sentence(caught.value, closed)
        assert len(store.rows(run, Sample)) == 5000
        assert is_sound(closed)
        with store._reading() as connection:  # somebody makes room
            connection.execute(text("PRAGMA max_page_count = 1000000"))
        store.append_rows(run, 1, ROWS)
        assert len(store.rows(run, Sample)) == len(ROWS)
        store.close()

    def test_a_file_that_may_not_grow_is_a_sentence(self, closed: Path) -> None:
        """The system refuses to write any further: into the log of the store, or into a checkpoint."""
        script = """
            import resource, sys
            import numpy as np
            from snnviz.errors import StoreError
            from snnviz.events import Checkpoint, Sample
            from snnviz.store import Store, copying
            store = Store(sys.argv[1])
            run = store.runs()[0].run
            store.save_checkpoint(run, 1, Checkpoint(1, {"w": np.ones(10)}))
            resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
            for act in (
                lambda: store.append_rows(run, 1, [Sample(n, n, 1.0, 0.5) for n in range(5000, 50000)]),
                lambda: store.save_checkpoint(run, 1, Checkpoint(2, {"w": np.ones(1_000_000)})),
            ):
                try:
                    act()
                except StoreError as error:
                    print(error)
        """
        said = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(script), str(closed)], check=True, capture_output=True, text=True
        ).stdout.splitlines()
        assert len(said) == 2
        assert all(line.startswith("The ") and str(closed.parent) in line for line in said)
        assert is_sound(closed)
        store = Store(closed)
        run = store.runs()[0].run
        assert len(store.rows(run, Sample)) == 5000
        kept = store.load_checkpoint(run)
        assert kept is not None
        assert kept.epoch == 1
        assert [path.suffix for path in (closed.parent / "checkpoints").iterdir()] == [".safetensors"]


class TestNoRight:
    """As somebody who may not write here: root may write anywhere, so root becomes nobody."""

    @pytest.fixture
    def folder(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory() as name:  # pytest's own folders are closed to others
            os.chmod(name, 0o755)
            yield Path(name)

    def as_nobody(self, script: str, *arguments: str) -> str:
        start = f"""
            import os, sys
            from snnviz.errors import StoreError
            from snnviz.design.design import Design
            from snnviz.store import Store, copying
            import snnviz.data.datasets, sqlalchemy.dialects.sqlite, safetensors.numpy
            Design()
            if os.geteuid() == 0:
                os.setegid({NOBODY}); os.seteuid({NOBODY})
        """
        command = [sys.executable, "-c", textwrap.dedent(start) + textwrap.dedent(script), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def test_a_read_only_store_is_a_sentence(self, folder: Path) -> None:
        store = Store(folder / "runs.sqlite")
        store.submit(Design())
        store.close()
        before = (folder / "runs.sqlite").read_bytes()
        os.chmod(folder / "runs.sqlite", 0o444)
        os.chmod(folder, 0o555)
        said = self.as_nobody(
            """
            from snnviz.jobs.local import Local
            store = Store(sys.argv[1])
            print(len(store.runs()))
            print(*store.notices())
            Local(store).start()
            assert Local(store).stuck_message() is None
            try:
                store.submit(Design.check({"seed": 7}))
            except StoreError as error:
                print(error)
            """,
            str(folder / "runs.sqlite"),
        )
        os.chmod(folder, 0o755)
        assert said.splitlines() == [
            "1",
            f"The store {folder}/runs.sqlite is read-only: runs can be looked at, none can be added or changed.",
            f"The store {folder}/runs.sqlite is read-only: make the file and its folder writable.",
        ]
        assert (folder / "runs.sqlite").read_bytes() == before
        assert [path.name for path in folder.iterdir()] == ["runs.sqlite"]

    def test_a_store_that_becomes_read_only_while_it_is_open_is_a_sentence(self, folder: Path) -> None:
        store = Store(folder / "runs.sqlite")  # kept open: its log exists, and can be read
        store.submit(Design())
        for path in folder.iterdir():
            os.chmod(path, 0o444)
        said = self.as_nobody(
            """
            try:
                store = Store(sys.argv[1])
                print(len(store.runs()))
                store.submit(Design.check({"seed": 7}))
            except StoreError as error:
                print(error)
            """,
            str(folder / "runs.sqlite"),
        ).splitlines()
        assert said[0] == "1"
        assert said[1] == f"The store {folder}/runs.sqlite is read-only: make the file and its folder writable."
        store.close()

    def test_a_folder_that_may_not_be_written_is_a_sentence(self, folder: Path) -> None:
        script = """
            try:
                Store(sys.argv[1])
            except StoreError as error:
                print(error)
        """
        os.chmod(folder, 0o555)
        said = (
            self.as_nobody(script, str(folder / "runs.sqlite")),
            self.as_nobody(script, str(folder / "new/runs.sqlite")),
        )
        os.chmod(folder, 0o755)
        assert all(line.startswith(f"The store {folder}/") and "\n" not in line for line in said)
        assert list(folder.iterdir()) == []


class TestNoPeace:
    def test_a_busy_store_is_a_sentence(self, closed: Path, tiny: MakeDesign, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(opening, "BUSY_SECONDS", 0.1)
        store = Store(closed)
        with closing(sqlite3.connect(closed, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match="in use by another program") as caught:
                store.submit(tiny(1))
            assert store.get(tiny().digest).state == "running"  # reading goes on
        assert is_sentence(caught.value, closed)
        assert store.submit(tiny(1)).created
        store.close()

    def test_a_store_that_was_removed_is_a_sentence_and_stays_removed(self, closed: Path, tiny: MakeDesign) -> None:
        store = Store(closed)
        store.get(tiny().digest)
        closed.unlink()
        with pytest.raises(StoreError, match="cannot be opened"):
            store.submit(tiny(1))
        assert not closed.exists()
        with pytest.raises(StoreError, match="is gone and cannot be opened: put it back"):
            Store(closed, create=False)
        assert store.notices() == []
        assert Store(closed).submit(tiny(2)).created
        assert [run.design.seed for run in store.runs()] == [2]  # the old connection finds the new file
        (said,) = store.notices()
        assert said.endswith("and another one is in its place: these are the runs of the new one.")

    def test_one_that_is_put_back_is_the_same(self, closed: Path, tiny: MakeDesign, tmp_path: Path) -> None:
        store = Store(closed)
        copying.backup(store, tmp_path / "copy.sqlite")
        store.submit(tiny(1))
        store.close()
        for path in tmp_path.glob("runs.sqlite*"):
            path.unlink()
        (tmp_path / "copy.sqlite").rename(closed)
        assert [run.run for run in store.runs()] == [tiny().digest]
        assert store.notices() == []
        store.close()
