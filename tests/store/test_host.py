"""What is for the host alone: asked by anybody else, each call is refused and nothing changes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from snnviz.design.design import Design
from snnviz.errors import InputError, LimitReached, NotAllowed, StoreError
from snnviz.events import Checkpoint
from snnviz.people.person import Person
from snnviz.store import Store
from snnviz.store.host import Host
from snnviz.store.switches import Switches
from tests.store.test_owners import ACTIONS

ANN, BOB, TEACHER = Person("ann"), Person("bob", "member"), Person("cid", "teacher")
HOST = Person("host", "admin")

CALLS: dict[str, Callable[[Host, str], object]] = {
    "people": lambda host, _: host.people(),
    "workload": lambda host, _: host.workload(),
    "failures": lambda host, _: host.failures(),
    "disk": lambda host, _: host.disk(),
    "cancel": lambda host, run: host.cancel(run),
    "clear": lambda host, _: host.clear(),
    "switches": lambda host, _: host.switches(),
    "switch": lambda host, _: host.switch(notice="mine", read_only=True),
}


def design(seed: int) -> Design:
    return Design.check({"seed": seed})


def fail(store: Store, run: str, traceback: str) -> None:
    claim = store.claim("worker", run)
    assert claim is not None
    store.finish(run, claim.attempt, "failed", "The loss became infinite.", traceback)


def test_every_call_of_a_host_is_on_the_list() -> None:
    assert {name for name, value in vars(Host).items() if callable(value) and not name.startswith("_")} == set(CALLS)


@pytest.mark.parametrize("call", CALLS)
def test_everybody_else_is_refused_and_nothing_changes(store: Store, call: str) -> None:
    run = store.acting_as(ANN).submit(design(0)).run
    for person in (ANN, BOB, TEACHER):
        with pytest.raises(NotAllowed, match="This is for the host of the server"):
            CALLS[call](Host(store.acting_as(person)), run)
    assert (store.get(run).state, store.switches()) == ("queued", Switches())
    for allowed in (HOST, None):
        CALLS[call](Host(store.acting_as(allowed)), run)


def test_failures_have_their_traceback_and_whose_they_are(store: Store) -> None:
    run = store.acting_as(ANN).submit(design(0)).run
    fail(store, run, "Traceback: line 7")
    store.submit(design(1))
    (found,) = Host(store).failures()
    assert (found.run, found.people, found.traceback) == (run, ("ann",), "Traceback: line 7")
    assert found.error == "The loss became infinite."
    assert found.finished > 1e9


def test_disk_is_by_kind_and_by_person_in_equal_parts(store: Store) -> None:
    for number, people in enumerate(((ANN,), (ANN, BOB), ())):
        run = store.submit(design(number)).run
        for person in people:
            run = store.acting_as(person).submit(design(number)).run
        claim = store.claim("worker", run)
        assert claim is not None
        store.save_checkpoint(run, claim.attempt, Checkpoint(1, {"w": np.zeros(250, np.float32)}))
        store.finish(run, claim.attempt, "done")
    found = Host(store).disk()
    one = found.kinds["weights of run"] / 3
    assert one > 900
    assert found.people == {"ann": round(1.5 * one), "bob": round(0.5 * one), "": round(one)}
    assert set(found.runs.values()) == {round(one)}
    assert found.kinds["database"] > 10_000


def test_the_queue_of_all_or_of_one_is_cleared_and_what_others_want_goes_on(store: Store) -> None:
    both = store.acting_as(ANN).submit(design(0)).run
    store.acting_as(BOB).submit(design(0))
    own = store.acting_as(ANN).submit(design(1)).run
    other = store.acting_as(BOB).submit(design(2)).run
    assert Host(store.acting_as(HOST)).clear("ann") == 2
    assert [store.get(run).state for run in (both, own, other)] == ["queued", "cancelled", "queued"]
    assert store.owners([both]) == {both: ("bob",)}
    assert Host(store.acting_as(HOST)).clear() == 2
    assert store.counts()["queued"] == 0


def test_read_only_holds_everybody_but_the_host_and_the_workers(store: Store) -> None:
    run = store.acting_as(ANN).submit(design(0)).run
    Host(store).switch(read_only=True)
    for act in (*ACTIONS.values(), lambda store, _: store.submit(design(1)), lambda store, run: store.retrain(run)):
        with pytest.raises(StoreError, match="The server is read-only at the moment"):
            act(store.acting_as(ANN), run)
    assert (store.get(run).state, store.counts()["queued"]) == ("queued", 1)
    claim = store.claim("worker", run)
    assert claim is not None
    store.finish(run, claim.attempt, "done")
    store.acting_as(HOST).rename(run, "by the host")
    Host(store.acting_as(HOST)).switch(read_only=False)
    store.acting_as(ANN).rename(run, "mine")
    assert store.get(run).title == "mine"


def test_while_it_drains_nothing_new_is_taken_and_what_waits_is_done(store: Store) -> None:
    run = store.acting_as(ANN).submit(design(0)).run
    Host(store).switch(draining=True)
    with pytest.raises(LimitReached, match="takes no new runs at the moment"):
        store.acting_as(ANN).submit(design(1))
    assert store.acting_as(ANN).submit(design(0)).run == run
    store.acting_as(HOST).submit(design(2))
    assert store.claim("worker", run) is not None


def test_a_line_for_all_is_kept_cut_to_one_line_and_of_bounded_length(store: Store) -> None:
    Host(store).switch(draining=True)
    assert Host(store).switch(notice=" Upgrade\nat 18:00 ") == Switches("Upgrade at 18:00", False, True)
    assert store.switches() == Switches("Upgrade at 18:00", False, True)
    with pytest.raises(InputError, match="notice must be at most 300 characters long, got 301"):
        Host(store).switch(notice="x" * 301)
    Host(store).switch(notice="", draining=False)
    assert store.switches() == Switches()
