"""Who may do what with a run, what people may use, and what they are charged."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from snnviz.design.design import Design
from snnviz.errors import InputError, LimitReached, NotFound
from snnviz.events import Progress
from snnviz.people.hosting import Hosting, Limits, LimitsOfRoles, Queue
from snnviz.people.person import ROLES, Person
from snnviz.store import Store
from snnviz.store.host import Host
from snnviz.store.store import Store as WholeStore

ANN, BOB, CID = Person("ann"), Person("bob"), Person("cid", "teacher")
HOST = Person("host", "admin")

ACTIONS: dict[str, Callable[[Store, str], object]] = {
    "cancel": lambda store, run: store.cancel(run),
    "delete": lambda store, run: store.delete(run),
    "rename": lambda store, run: store.rename(run, "mine"),
    "tag": lambda store, run: store.tag(run, ["mine"]),
    "annotate": lambda store, run: store.annotate(run, "mine"),
    "star": lambda store, run: store.star(run),
}
"""Everything that changes a run that is there."""


def design(seed: int) -> Design:
    return Design.check({"seed": seed})


def everything(store: Store, run: str) -> tuple[Any, ...]:
    shown = store.get(run)
    return shown.state, shown.cancel_requested, shown.title, shown.tags, shown.notes, shown.starred, shown.revision


def finish(store: Store, run: str, seconds: float) -> None:
    claim = store.claim("worker", run)
    assert claim is not None
    store.append_rows(run, claim.attempt, progress=Progress(1, 1), seconds=seconds)
    store.finish(run, claim.attempt, "done")


@pytest.mark.parametrize("state", ["queued", "running", "done"])
@pytest.mark.parametrize("action", ACTIONS)
def test_others_may_do_nothing_and_owners_and_admins_all(store: Store, action: str, state: str) -> None:
    for number, person in enumerate((BOB, CID, HOST, None, ANN)):
        run = store.acting_as(ANN).submit(design(number)).run
        if state == "running":
            store.claim("worker", run)
        elif state == "done":
            finish(store, run, 1.0)
        before = everything(store, run)
        act = lambda as_whom=person, name=run: ACTIONS[action](store.acting_as(as_whom), name)  # noqa: E731
        if person in (BOB, CID):
            with suppress(InputError, NotFound):
                ACTIONS[action](store.acting_as(person), run[:12])
            assert everything(store, run) == before
            with pytest.raises(InputError, match=r"run must be one of your own: a copy of it may be changed, got '"):
                act()
            assert everything(store, run) == before
        else:
            act()


def test_what_changes_a_run_is_on_the_list() -> None:
    own = {name for name, value in vars(WholeStore).items() if callable(value) and not name.startswith("_")}
    others = {
        "submit", "retrain", "acting_as", "owners", "share", "switches", "mark_viewed", "notices",
        "resolve_name", "get_many", "rows", "rows_of", "new_rows", "last_rows", "runs", "summaries", "finished_times",
        "version", "load_checkpoint",
    }  # fmt: skip
    assert own == others | set(ACTIONS)


def test_a_run_of_nobody_is_everybodys(store: Store) -> None:
    run = store.submit(design(0)).run
    store.acting_as(BOB).rename(run, "found")
    assert store.get(run).title == "found"
    store.acting_as(CID).cancel(run)
    assert store.get(run).state == "cancelled"


def test_a_run_that_two_people_want_is_one_run_and_goes_with_the_last(store: Store) -> None:
    first, second = store.acting_as(ANN).submit(design(0)), store.acting_as(BOB).submit(design(0))
    assert (first.run, first.created, second.created) == (second.run, True, False)
    run = first.run
    assert store.owners([run]) == {run: ("ann", "bob")}
    store.acting_as(ANN).cancel(run)
    assert store.get(run).state == "queued"
    assert store.owners([run]) == {run: ("bob",)}
    with pytest.raises(InputError):
        store.acting_as(ANN).delete(run)
    store.acting_as(ANN).submit(design(0))
    store.acting_as(BOB).delete(run)
    assert store.get(run).state == "queued"
    store.acting_as(ANN).delete(run)
    with pytest.raises(NotFound):
        store.get(run)
    assert store.owners([run]) == {}


def test_a_thousand_hostile_tries_change_nothing(store: Store) -> None:
    draw = random.Random(1)
    runs = [store.acting_as(ANN).submit(design(number)).run for number in range(6)]
    finish(store, runs[0], 1.0)
    store.claim("worker", runs[1])
    before = {run: everything(store, run) for run in runs}
    refused = 0
    for _ in range(1000):
        name = draw.choice(["ann ", "ANN", "", "bob", "admin", "ann\0", "'; drop table owners", "*", "%"])
        stranger = store.acting_as(Person(name, draw.choice(["visitor", "member", "teacher"])))
        run = draw.choice(runs)
        name = draw.choice([run, run[:10], f"{run} ", design(0).digest])
        try:
            ACTIONS[draw.choice([*ACTIONS])](stranger, name)
        except (InputError, NotFound):
            refused += 1
        else:
            assert name not in runs
    assert {run: everything(store, run) for run in runs} == before
    assert refused > 800  # to cancel what there is not is no error


def test_limits_are_a_sentence_and_nothing_is_queued(store: Store) -> None:
    host = Hosting(limits=LimitsOfRoles(visitor=Limits(queued=2, seconds_a_day=100.0)), queue=Queue(longest=4))
    ann = store.acting_as(ANN, host)
    runs = [ann.submit(design(number)).run for number in range(2)]
    with pytest.raises(
        LimitReached, match="must be at most 2 of one visitor, and 2 of yours do: another can be queued"
    ):
        ann.submit(design(2))
    assert store.counts()["queued"] == 2
    assert ann.submit(design(1)).run == runs[1]  # what is there already costs nothing
    finish(store, runs[0], 99.0)
    third = ann.submit(design(2)).run
    finish(store, third, 3.0)
    with pytest.raises(LimitReached, match=r"at most 2 processor-minutes a day of one visitor, and yours took 2"):
        ann.submit(design(3))
    for number in range(4, 7):
        store.acting_as(Person(f"p{number}"), host).submit(design(number))
    with pytest.raises(LimitReached, match="The server is busy: 4 runs wait"):
        store.acting_as(BOB, host).submit(design(9))
    store.acting_as(HOST, host).submit(design(9))


def test_before_an_upgrade_nothing_new_is_taken(store: Store) -> None:
    host = Hosting(queue=Queue(accepts=False))
    store.acting_as(ANN).submit(design(0))
    with pytest.raises(LimitReached, match="takes no new runs at the moment"):
        store.acting_as(ANN, host).submit(design(1))
    store.acting_as(HOST, host).submit(design(2))
    assert store.counts()["queued"] == 2


def test_what_a_run_took_is_charged_once_and_shared(store: Store) -> None:
    run = store.acting_as(ANN).submit(design(0)).run
    store.acting_as(BOB).submit(design(0))
    claim = store.claim("worker")
    assert claim is not None
    store.append_rows(run, claim.attempt, progress=Progress(1, 2), seconds=30.0)
    store.record_death(run, claim.attempt, "it was killed")
    assert store.share("ann").recent == pytest.approx(15.0, abs=0.1)
    finish(store, run, 10.0)
    for person in ("ann", "bob"):
        assert store.share(person).day == pytest.approx(20.0, abs=0.1)
    assert store.share("cid").day == 0
    store.acting_as(CID).submit(design(0))  # came to what was done: pays nothing
    assert store.share("cid").day == 0


def test_deleting_what_runs_does_not_make_it_free(store: Store) -> None:
    run = store.acting_as(ANN).submit(design(0)).run
    claim = store.claim("worker")
    assert claim is not None
    store.append_rows(run, claim.attempt, progress=Progress(1, 2), seconds=30.0)
    store.acting_as(ANN).delete(run)
    assert store.share("ann").day == pytest.approx(30.0, abs=0.1)


def test_a_greedy_person_delays_anothers_first_run_by_none_that_waits(store: Store) -> None:
    for number in range(50):
        store.acting_as(ANN).submit(design(number))
    first, second = store.claim("worker"), store.claim("worker")
    assert first is not None
    assert second is not None
    late = store.acting_as(BOB).submit(design(99)).run
    assert store.queued_runs(3)[0].run == late
    claim = store.claim("worker")
    assert claim is not None
    assert claim.run == late


def test_the_queue_of_people_and_of_nobody_is_fair_too(store: Store) -> None:
    for number in range(20):
        store.submit(design(number))
    late = store.acting_as(BOB).submit(design(99)).run
    store.claim("worker")
    assert late in [run.run for run in store.queued_runs(2)]


def test_weights_that_made_room_are_trained_again_for_whoever_wants_them(store: Store) -> None:
    run = store.acting_as(ANN).submit(design(0)).run
    finish(store, run, 1.0)
    host = Hosting(limits=LimitsOfRoles(visitor=Limits(queued=1)))
    store.acting_as(BOB, host).retrain(run)
    assert store.get(run).state == "queued"
    assert store.owners([run]) == {run: ("ann", "bob")}
    with pytest.raises(LimitReached):
        store.acting_as(BOB, host).retrain(run)


def test_the_host_sees_who_uses_what(store: Store) -> None:
    for number in range(3):
        store.acting_as(ANN).submit(design(number))
    store.acting_as(BOB).submit(design(0))
    store.submit(design(9))
    finish(store, design(0).digest, 10.0)
    store.claim("worker", design(1).digest)
    ann, bob = Host(store).people()
    assert ann[:4] == ("ann", 1, 1, 3)
    assert bob[:4] == ("bob", 0, 0, 1)
    assert ann.share.day == pytest.approx(5.0, abs=0.1)
    assert Host(store).workload()[:2] == (10.0, 1)


def test_each_role_has_limits() -> None:
    for role in ROLES:
        Hosting().limits_of(role)
