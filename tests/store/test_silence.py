"""Silence is counted by who listens, and not while the listener itself did not listen."""

from __future__ import annotations

from snnviz.store import Claim, SilenceTimer, Store
from tests.conftest import MakeDesign


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_it_counts_since_the_last_new_word_and_whatever_the_words_say() -> None:
    clock = Clock()
    silence = SilenceTimer(10, clock)
    assert silence.update({"a": 5, "b": None}) == {"a": 0, "b": 0}
    clock.now += 6
    assert silence.update({"a": 4, "b": None}) == {"a": 0, "b": 6}  # a clock that was set back is as good as any
    clock.now += 6
    assert silence.update({"a": 4}) == {"a": 6}
    assert silence.update({"a": 4, "b": None}) == {"a": 6, "b": 0}  # was left out in between


def test_a_pause_of_the_listener_begins_all_counts_anew() -> None:
    clock = Clock()
    silence = SilenceTimer(10, clock)
    silence.update({"a": 1})
    clock.now += 9
    assert silence.update({"a": 1}) == {"a": 9}
    clock.now += 3600  # a night, or SIGSTOP
    assert silence.update({"a": 1}) == {"a": 0}
    clock.now += 9
    assert silence.update({"a": 1}) == {"a": 9}


def test_a_run_is_not_lost_because_of_a_clock_that_is_wrong(store: Store, claim: Claim) -> None:
    """Its worker writes by a clock that is an hour late, and then the machine of who asks slept for an hour."""
    clock = Clock()
    store._silence = SilenceTimer(15, clock)
    with store._writing() as connection:
        connection.exec_driver_sql("UPDATE runs SET heartbeat = heartbeat - 3600")
    assert store.recover() == []
    clock.now += 10
    assert store.recover() == []
    clock.now += 3600
    assert store.recover() == []
    clock.now += 10
    assert store.recover() == []
    clock.now += 10
    assert store.recover() == [claim.run]


def test_deaths_of_others_do_not_count(store: Store, tiny: MakeDesign) -> None:
    run = store.submit(tiny()).run
    for attempt in range(1, 8):
        claim = store.claim("local@here#1")
        assert claim is not None
        if attempt % 2:
            store.recover(lambda _: True)
        else:
            store.record_death(run, attempt, "its forkserver was gone", own=False)
    assert store.get(run).state == "queued"
    assert (store.get(run).traceback or "").count("\n") == 7  # the story is told all the same


def test_supervisors_say_that_they_live(store: Store) -> None:
    assert store.supervisors() == []
    store.record_heartbeat("local@here#1", "/tmp/pymp-abc")
    store.record_heartbeat("local@there#2")
    store.record_heartbeat("local@here#1", "/tmp/pymp-abc")
    first, second = store.supervisors()
    assert (first.owner, first.temporary, second.owner) == ("local@here#1", "/tmp/pymp-abc", "local@there#2")
    assert first.heartbeat >= second.heartbeat
    store.remove_supervisor("local@here#1")
    assert [found.owner for found in store.supervisors()] == ["local@there#2"]
