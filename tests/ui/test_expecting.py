"""When models are made anew: after enough new runs, one process at a time, and read again by pages when they are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from snnviz.store import Store
from snnviz.studies.tradeoffs.compute import expecting as growing
from snnviz.theory.expected_files import model_folder, save_model
from snnviz.ui.kit import expecting
from snnviz.ui.kit.expecting import Refits, is_due
from tests import surface


class Made(Refits):
    """Notes what it would start."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self.starts, self.code, self.runs = 0, 0, False
        monkeypatch.setattr(expecting, "LOOK_SECONDS", 0.0)

        class Process:
            @property
            def pid(_) -> int | None:  # noqa: N805
                return 1 if self.runs else None

            def poll(_) -> int | None:  # noqa: N805
                return None

            def start(_, **__: object) -> bool:  # noqa: N805
                self.starts, self.runs = self.starts + 1, True
                return True

        self.process = Process()  # type: ignore[assignment]


class Counted:
    """A store of so many runs."""

    url = "sqlite://"

    def __init__(self, done: int) -> None:
        self.done = done

    def counts(self) -> dict[str, int]:
        return {"done": self.done}


@pytest.fixture
def refits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path))
    return Made(monkeypatch)


def test_it_is_started_when_there_is_something_new(refits: Made) -> None:
    store = Counted(0)
    refits.start_if_due(store)  # type: ignore[arg-type]
    assert refits.starts == 0
    store.done = 1
    refits.start_if_due(store)  # type: ignore[arg-type]
    refits.start_if_due(store)  # type: ignore[arg-type]
    assert refits.starts == 1
    refits.runs, store.done = True, 500
    refits.start_if_due(store)  # type: ignore[arg-type]
    assert refits.starts == 1  # one runs
    refits.runs, store.done = False, 1
    refits.start_if_due(store)  # type: ignore[arg-type]
    assert refits.starts == 1  # nothing new, even where the last try failed


def test_what_was_made_before_the_server_started_is_known(refits: Made, tmp_path: Path) -> None:
    (tmp_path / "expected").mkdir()
    seen = tmp_path / "expected" / "seen.json"
    seen.write_text('{"done": 30}')
    refits.start_if_due(Counted(30))  # type: ignore[arg-type]
    assert refits.starts == 0
    for damaged in ("", "[]", '{"done": "many"}', "\0"):
        seen.write_text(damaged)
        fresh = Refits()
        fresh.process = refits.process
        refits.runs = False
        before = refits.starts
        fresh.start_if_due(Counted(30))  # type: ignore[arg-type]
        assert refits.starts == before + 1


@pytest.mark.parametrize(
    ("done", "known", "since", "took", "due"),
    [
        (0, 0, 1e9, 1, False),
        (12, 2, 11, 1, True),  # ten new ones: soon
        (11, 2, 11, 1, False),
        (3, 2, 21, 1, True),  # one: later
        (1050, 1000, 50, 4, False),  # a tenth are many
        (1100, 1000, 50, 4, True),
        (5, 9, 21, 1, True),  # some were deleted
    ],
)
def test_due(done: int, known: int, since: float, took: float, due: bool) -> None:
    assert is_due(done, known, since, took) is due


def test_a_page_reads_a_new_model_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path))
    monkeypatch.setattr(growing, "TREES", 1)
    assert expecting.model("digits") is None
    for count in (12, 13):
        made = growing.train_model("digits", surface.groups(surface.designs(count)))
        assert made is not None
        path = save_model(made, model_folder())
        found = expecting.model("digits")
        assert found is not None
        assert found.designs == count
        assert expecting.model("digits") is found
    path.write_bytes(b"no model")
    os.utime(path)
    assert expecting.model("digits") is None


def test_a_whole_round(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process itself, over an empty store: it ends well, and is not started again."""
    monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path))
    monkeypatch.delenv("SNNVIZ_STORE", raising=False)
    store = Store()
    refits = Refits()
    refits.process.start(environment={"SNNVIZ_STORE": store.url})
    refits.stop()
    store.close()
    assert refits.process.pid is None
