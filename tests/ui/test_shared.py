"""What all visitors share: results of one store apart from those of another, and rows that are read once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import event

from snnviz.design.design import Design
from snnviz.events import EpochEnd, Row, Sample
from snnviz.store import Claim, Store
from snnviz.ui.kit import rows, services
from snnviz.ui.kit.lru import LruCache
from snnviz.ui.kit.shared import shared
from tests.conftest import MakeDesign


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Changes the place of the store."""
    monkeypatch.delenv("SNNVIZ_STORE", raising=False)
    return lambda place: monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path / place))


@pytest.fixture
def store(at: Callable[[str], None]) -> Iterator[Store]:
    """That of the pages."""
    at("here")
    yield services.store()
    services.store().close()


class TestShared:
    def test_a_result_is_that_of_the_place_and_made_once(self, at: Callable[[str], None]) -> None:
        made = []

        @shared(4)
        def make(name: str, *, loud: bool = False) -> str:
            """What it makes."""
            made.append((name, loud))
            return f"{name} {len(made)}"

        at("here")
        assert [make("a"), make("a"), make("a", loud=True)] == ["a 1", "a 1", "a 2"]
        at("there")
        assert make("a") == "a 3"
        at("here")
        assert make("a") == "a 1"
        make.cache_clear()
        assert make("a") == "a 4"
        assert (make.__name__, make.__doc__) == ("make", "What it makes.")  # type: ignore[attr-defined]

    def test_as_many_as_it_may_the_last_used_ones(self, at: Callable[[str], None]) -> None:
        at("here")
        made = []

        @shared(2)
        def make(name: str) -> None:
            made.append(name)

        for name in "abacb":
            make(name)
        assert made == ["a", "b", "c", "b"]

    def test_glances_are_those_of_the_place(self, at: Callable[[str], None]) -> None:
        glances = services.TtlCache(60)
        found = []
        for place in ("here", "there", "here"):
            at(place)
            found.append(glances.get("key", lambda place=place: place))  # type: ignore[misc]
        assert found == ["here", "there", "here"]


class TestKept:
    def test_it_is_that_of_the_place(self, at: Callable[[str], None]) -> None:
        kept: LruCache[str] = LruCache(10, len)
        for place in ("here", "there", "here"):
            at(place)
            assert kept.get_or_make("key", lambda place=place: place) == place  # type: ignore[misc]

    def test_its_size_is_that_of_what_is_there(self) -> None:
        kept: LruCache[str] = LruCache(10, len)
        for key, text in (("a", "12345"), ("a", "1234"), ("b", "123456"), ("a", "1")):
            kept.put(key, text)
        assert (kept.get("a"), kept.get("b")) == ("1", "123456")
        kept.put("c", "1234")  # b goes: it was asked for before a was put anew... and after
        assert kept.get("c") == "1234"
        kept.clear()
        assert kept.get("c") is None
        kept.put("d", "1234567890")
        assert kept.get("d") == "1234567890"


def begin(store: Store, design: Design) -> Claim:
    store.submit(design)
    claim = store.claim("test", design.digest)
    assert claim is not None
    return claim


def say(store: Store, claim: Claim, *said: Row) -> None:
    store.append_rows(claim.run, claim.attempt, list(said))


def epoch(number: int) -> EpochEnd:
    return EpochEnd(number, 0.5, 0.5, 1.0, 1.0, 0.1, 0.01)


def counted(store: Store, kind: type[Row]) -> list[str]:
    """Statements that read such rows, as they come."""
    found: list[str] = []

    def listen(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if kind.table in statement and statement.startswith("SELECT"):
            found.append(statement)

    event.listen(store._engine, "before_cursor_execute", listen)
    return found


class TestRows:
    def test_they_are_those_of_the_store_at_each_revision(self, store: Store, tiny: MakeDesign) -> None:
        designs = [tiny(seed) for seed in range(3)]
        claims = [begin(store, design) for design in designs]
        names = [design.digest for design in designs]
        for step in range(1, 7):
            claim = claims[step % 2]  # the third says nothing
            say(store, claim, epoch(step), Sample(step, step / 10, 1.0, 0.5))
            runs = store.get_many(names)
            for kind in (EpochEnd, Sample):
                found = rows.rows_of(runs, kind)
                assert {name: list(each) for name, each in found.items()} == store.rows_of(names, kind)
        assert rows.rows(runs[names[0]], EpochEnd) == tuple(store.rows_of(names, EpochEnd)[names[0]])
        assert rows.rows(runs[names[2]], EpochEnd) == ()

    def test_only_what_is_new_is_read_by_one_query_for_all(self, store: Store, tiny: MakeDesign) -> None:
        designs = [tiny(seed) for seed in range(4)]
        claims = [begin(store, design) for design in designs]
        names = [design.digest for design in designs]
        for claim in claims:
            say(store, claim, epoch(1))
        asked = counted(store, EpochEnd)
        before = rows.rows_of(store.get_many(names), EpochEnd)
        assert len(asked) == 1
        assert rows.rows_of(store.get_many(names), EpochEnd) == before
        assert len(asked) == 1
        say(store, claims[2], epoch(2))
        say(store, claims[3], Sample(1, 0.1, 1.0, 0.5))
        after = rows.rows_of(store.get_many(names), EpochEnd)
        assert len(asked) == 2
        assert after[names[2]] == (epoch(1), epoch(2))
        assert all(after[name] is before[name] for name in (names[0], names[1], names[3]))

    def test_who_asks_at_once_waits_for_one_query(self, store: Store, tiny: MakeDesign) -> None:
        claim = begin(store, tiny())
        for number in range(1, 40):
            say(store, claim, epoch(number))
        asked, run = counted(store, EpochEnd), store.get(claim.run)
        with ThreadPoolExecutor(16) as viewers:
            found = list(viewers.map(lambda _: rows.rows(run, EpochEnd), range(64)))
        assert len(asked) == 1
        assert all(each is found[0] for each in found)
        assert len(found[0]) == 39

    def test_a_run_that_came_back_is_another(self, store: Store, tiny: MakeDesign) -> None:
        claim = begin(store, tiny())
        say(store, claim, epoch(1), epoch(2))
        assert len(rows.rows(store.get(claim.run), EpochEnd)) == 2
        store.delete(claim.run)
        again = begin(store, tiny())
        assert again.run == claim.run
        assert rows.rows(store.get(again.run), EpochEnd) == ()
        say(store, again, epoch(1))
        assert rows.rows(store.get(again.run), EpochEnd) == (epoch(1),)

    def test_a_reader_that_comes_late_takes_nothing_away(self, store: Store, tiny: MakeDesign) -> None:
        claim = begin(store, tiny())
        say(store, claim, epoch(1))
        late = store.get(claim.run)
        say(store, claim, epoch(2))
        assert rows.rows(store.get(claim.run), EpochEnd) == (epoch(1), epoch(2))
        assert rows.rows(late, EpochEnd)[:1] == (epoch(1),)
        assert rows.rows(store.get(claim.run), EpochEnd) == (epoch(1), epoch(2))
