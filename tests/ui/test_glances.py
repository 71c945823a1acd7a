"""What many sessions ask for: read once for all, and nobody waits for what somebody else asks for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from snnviz.design.design import Design
from snnviz.events import EpochEnd
from snnviz.store import Store
from snnviz.store.metrics import metrics
from snnviz.theory.metrics import METRICS
from snnviz.ui.kit import services, task_runs
from snnviz.ui.kit.lru import LruCache
from snnviz.ui.kit.services import MOST_ENTRIES, TtlCache
from snnviz.ui.runs import reads
from snnviz.ui.runs.view import RunsView
from tests.conftest import MakeDesign
from tests.waiting import until

SLOW = 10.0


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """That of the pages."""
    monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path))
    monkeypatch.delenv("SNNVIZ_STORE", raising=False)
    services.CACHE.clear()
    yield services.store()
    services.store().close()
    services.CACHE.clear()


class Held:
    """A computation that goes on until it is let go."""

    def __init__(self, value: object = 1) -> None:
        self.value, self.times = value, 0
        self.begun, self.free = threading.Event(), threading.Event()

    def __call__(self) -> object:
        self.times += 1
        self.begun.set()
        assert self.free.wait(SLOW)
        return self.value


class TestGlances:
    def test_who_asks_at_once_waits_for_one_computation(self) -> None:
        glances, held = TtlCache(60), Held("read")
        with ThreadPoolExecutor(8) as pool:
            asked = [pool.submit(glances.get, "key", held) for _ in range(8)]
            assert held.begun.wait(SLOW)
            held.free.set()
            assert {one.result(SLOW) for one in asked} == {"read"}
        assert held.times == 1

    def test_nobody_waits_for_another_key(self) -> None:
        glances, held = TtlCache(60), Held()
        with ThreadPoolExecutor(1) as pool:
            slow = pool.submit(glances.get, "slow", held)
            assert held.begun.wait(SLOW)
            assert [glances.get(key, lambda: "quick") for key in range(50)] == ["quick"] * 50
            assert not slow.done()
            held.free.set()
            assert slow.result(SLOW) == 1

    def test_a_value_is_shown_until_it_is_too_old(self) -> None:
        glances, numbers = TtlCache(0.05), iter(range(10))
        assert [glances.get("key", lambda: next(numbers)) for _ in range(3)] == [0, 0, 0]
        time.sleep(0.06)
        assert glances.get("key", lambda: next(numbers)) == 1

    def test_a_slow_value_is_not_too_old_when_it_comes(self) -> None:
        glances = TtlCache(0.05)
        assert glances.get("key", lambda: time.sleep(0.1)) is None
        assert glances.get("key", lambda: pytest.fail("computed again")) is None

    def test_what_failed_is_tried_again(self) -> None:
        glances = TtlCache(60)
        with pytest.raises(ZeroDivisionError):
            glances.get("key", lambda: 1 // 0)
        assert glances.get("key", lambda: 3) == 3

    def test_what_was_being_read_before_a_change_is_not_kept_after_it(self) -> None:
        glances, held = TtlCache(60), Held("before")
        with ThreadPoolExecutor(1) as pool:
            slow = pool.submit(glances.get, "key", held)
            assert held.begun.wait(SLOW)
            glances.clear()
            assert glances.get("key", lambda: "after") == "after"
            held.free.set()
            assert slow.result(SLOW) == "before"
        assert glances.get("key", lambda: "later") == "after"

    def test_a_computation_may_ask_for_another_key(self) -> None:
        glances = TtlCache(60)
        assert glances.get("outer", lambda: glances.get("inner", lambda: 2) + 1) == 3

    @pytest.mark.parametrize("seconds", [0.0, 600.0])
    def test_not_all_keys_are_kept_for_ever(self, seconds: float) -> None:
        glances, computed = TtlCache(seconds), []
        for key in range(3 * MOST_ENTRIES):
            glances.get(key, lambda key=key: computed.append(key))  # type: ignore[misc]
        assert len(glances._kept) <= MOST_ENTRIES
        glances.get(3 * MOST_ENTRIES - 1, lambda: computed.append(-1))
        assert (computed[-1] == -1) is (seconds == 0)  # the newest are kept as long as they are fresh


@pytest.fixture
def slow(store: Store) -> Iterator[Callable[[str], Held]]:
    """Makes the store take 10 s over whatever is asked of one run."""
    listeners: list[Any] = []

    def make(run: str) -> Held:
        held = Held()

        def listen(_c: Any, _cursor: Any, _statement: str, parameters: Any, _context: Any, _many: bool) -> None:
            if run in str(parameters):
                held()

        event.listen(store._engine, "before_cursor_execute", listen)
        listeners.append(listen)
        return held

    yield make
    for one in listeners:
        event.remove(store._engine, "before_cursor_execute", one)


@pytest.mark.alone
def test_one_slow_read_holds_up_nobody_elses_panel(store: Store, slow: Callable[[str], Held], tiny: MakeDesign) -> None:
    """The live panel, a study, the runs' page and the estimates of all others; whoever watches the slow run waits."""
    designs = [tiny(seed) for seed in range(4)]
    for design in designs:
        store.submit(design)
    held = slow(designs[0].digest)
    with ThreadPoolExecutor(2) as pool:
        waiting = pool.submit(services.run_and_version, designs[0].digest)
        study = pool.submit(task_runs.runs_of, designs[:2])
        until(lambda: held.times == 2)
        begin = time.monotonic()
        shown = services.run_and_version(designs[1].digest)
        assert shown is not None
        assert shown[0].design == designs[1]
        assert {run.state for run in task_runs.runs_of(designs[1:]).values()} == {"queued"}
        assert task_runs.epochs_of(designs[1:]) == {}
        services.duration_model()
        assert services.queue_problem() is None or isinstance(services.queue_problem(), str)
        assert time.monotonic() - begin < SLOW / 2
        assert not waiting.done()
        assert not study.done()
        held.free.set()
        found = waiting.result(SLOW)
        assert found is not None
        assert found[0].design == designs[0]
        assert len(study.result(SLOW)) == 2


def statements(store: Store, read: Callable[[], object]) -> int:
    """How many a read sends to the database, without how a transaction begins."""
    count = 0

    def listen(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        nonlocal count
        count += not statement.startswith(("BEGIN", "PRAGMA"))

    event.listen(store._engine, "before_cursor_execute", listen)
    read()
    event.remove(store._engine, "before_cursor_execute", listen)
    return count


def finished(store: Store, design: Design, accuracy: float) -> None:
    store.submit(design)
    claim = store.claim("me", design.digest)
    assert claim is not None
    store.append_rows(claim.run, claim.attempt, [EpochEnd(1, 0.5, accuracy, 1.0, 1.0, 0.1, 0.01)])
    store.finish(claim.run, claim.attempt, "done")


@pytest.mark.parametrize("count", [2, 12])
def test_a_page_asks_as_little_of_many_runs_as_of_two(
    store: Store, tiny: MakeDesign, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    designs = [tiny(seed + 100 * count) for seed in range(count)]
    for place, design in enumerate(designs):
        finished(store, design, place / 100)
    assert statements(store, lambda: task_runs.runs_of(designs)) == 1
    assert statements(store, lambda: task_runs.epochs_of(designs)) == 1
    known = task_runs.runs_of(designs)
    # Without summaries: those, when they were measured anew, rows of each kind that metrics read, and what is kept.
    # The runs of measurements are the page's, as these have no probe.
    assert statements(store, lambda: task_runs.results(designs, known)) == 3 + len(METRICS.row_types) + 1
    assert statements(store, lambda: task_runs.results(designs, known)) == 0
    # With summaries, in a process that has asked for nothing yet.
    assert statements(store, lambda: metrics(store, [*known.values()])) == 2
    monkeypatch.setattr(task_runs, "_RESULTS", LruCache(2000, lambda _: 1.0))
    services.CACHE.clear()
    assert statements(store, lambda: task_runs.results(designs, known)) == 2 + 1
    assert [one.accuracy for one in task_runs.results(designs, known).values()] == [n / 100 for n in range(count)]
    services.CACHE.clear()
    view = RunsView(metrics=("accuracy", "energy"))

    def rows() -> list[str]:
        return [line.name for line in reads.page(reads.current(), view, (0, 100), frozenset()).lines]

    # What is known of designs, whether any run changed, which of them, these, and what is known now; then the runs of
    # the page and their summaries.
    assert statements(store, rows) == 5 + 1 + 2
    assert statements(store, rows) == 0
    assert rows() == [design.digest for design in designs[::-1]]
