"""The order of the queue: fair between people, small runs first, and nobody waits for ever."""

from __future__ import annotations

import heapq

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnviz.store.fair_shares import CREDIT, HALF_LIFE, Share, Waiting, fair_order

PEOPLE = st.lists(st.sampled_from(["ann", "bob", "cid", "dee"]), max_size=2, unique=True).map(tuple)
WAITING = st.lists(st.tuples(PEOPLE, st.floats(0.1, 500), st.floats(0, 1000)), max_size=40)
SHARES = st.dictionaries(st.sampled_from(["ann", "bob", "cid"]), st.floats(0, 1e4).map(lambda used: Share(used, used)))


def _named(drawn: list[tuple[tuple[str, ...], float, float]]) -> list[Waiting]:
    return [Waiting(f"{number:04x}", *one) for number, one in enumerate(drawn)]


@given(WAITING, WAITING, SHARES)
def test_every_waiting_run_has_one_place(drawn: list, at_work: list, shares: dict) -> None:
    waiting = _named(drawn)
    order = fair_order(waiting, shares, _named(at_work), 1000.0)
    assert sorted(order) == sorted(one.run for one in waiting)


@given(WAITING, SHARES)
def test_of_a_persons_own_runs_the_smaller_is_first_unless_it_came_much_later(drawn: list, shares: dict) -> None:
    waiting = [one._replace(people=one.people[:1] or ("ann",)) for one in _named(drawn)]
    place = {run: number for number, run in enumerate(fair_order(waiting, shares, [], 1000.0))}
    for one in waiting:
        for other in waiting:
            if one.people == other.people and one.seconds < other.seconds and one.since <= other.since:
                assert place[one.run] < place[other.run]


def test_runs_of_nobody_are_started_as_they_came() -> None:
    waiting = [Waiting("b", (), 1.0, 2.0), Waiting("a", (), 100.0, 1.0), Waiting("c", (), 0.1, 3.0)]
    assert fair_order(waiting, {}, [], 10.0) == ["a", "b", "c"]


@pytest.mark.parametrize("already", [0.0, 5000.0])
def test_two_hundred_runs_delay_anothers_first_by_none_but_those_at_work(already: float) -> None:
    greedy = [Waiting(f"{k:04x}", ("ann",), 5.0, 0.0) for k in range(200)]
    now = 300.0
    order = fair_order(
        [*greedy, Waiting("bob1", ("bob",), 60.0, now)], {"ann": Share(already, 0.0, now - 5.0)}, greedy[:2], now
    )
    assert order[0] == "bob1"


def test_people_who_ask_alike_get_alike() -> None:
    waiting = [Waiting(f"{who}{k:02}", (who,), 5.0, k / 100) for who in ("ann", "bob", "cid") for k in range(20)]
    order = fair_order(waiting, {}, [], 1.0)
    for end in range(3, 60, 3):
        counts = [sum(run.startswith(who) for run in order[:end]) for who in ("ann", "bob", "cid")]
        assert max(counts) - min(counts) <= 1


def test_a_run_that_two_people_want_is_paid_by_halves() -> None:
    waiting = [
        Waiting("both", ("ann", "bob"), 9.0, 0.0), Waiting("ann1", ("ann",), 10.0, 0.0),
        Waiting("bob1", ("bob",), 10.0, 0.0), Waiting("cid1", ("cid",), 10.0, 0.0),
        Waiting("cid2", ("cid",), 10.0, 0.0),
    ]  # fmt: skip
    order = fair_order(waiting, {}, [], 0.0)
    assert order.index("both") < order.index("ann1")
    assert order[-1] == "cid2"  # cid has had 10 when ann and bob have had 4.5


def test_nobody_starves_where_newcomers_never_end() -> None:
    """One core; each second a newcomer with a run of a second, of whom nobody has used anything, and ann, who has."""
    shares, waiting, now, done = {"ann": Share(1000.0)}, [Waiting("ann0", ("ann",), 1.0, 0.0)], 0.0, None
    while done is None and now < 4 * HALF_LIFE:
        waiting.append(Waiting(f"new{now:.0f}", (f"new{now:.0f}",), 1.0, now))
        then = {who: share.later(now) for who, share in shares.items()}
        first = fair_order(waiting, then, [], now)[0]
        waiting = [one for one in waiting if one.run != first]
        done = now if first == "ann0" else None
        now += 1.0
    assert done is not None
    assert done > 60  # she has used much, and newcomers are before her for a while
    assert done <= 1000.0 / CREDIT


def test_a_share_fades_evenly() -> None:
    once = Share(100.0, 100.0).later(3000.0)
    step = Share(100.0, 100.0)
    for _ in range(30):
        step = step.later(100.0)
    assert once.recent == pytest.approx(step.recent)
    assert once.day == pytest.approx(step.day)
    assert once.recent == pytest.approx(100 * 0.5 ** (3000 / HALF_LIFE))


def test_the_literal_rule_gives_the_same_order() -> None:
    """Against an explicit loop over all people at each place, with one owner a run."""
    import random

    draw = random.Random(3)
    for _ in range(60):
        now = 500.0
        waiting = [
            Waiting(f"{k:04x}", (draw.choice("abcd"),), draw.choice([1.0, 5.0, 60.0]), draw.uniform(0, now))
            for k in range(30)
        ]
        shares = {who: Share(draw.uniform(0, 200), 0.0, draw.uniform(0, now)) for who in "ab"}
        used = {who: shares.get(who, Share()).recent for who in "abcd"}
        started = {who: shares.get(who, Share()).started for who in "abcd"}
        oldest = {who: min((w.since for w in waiting if w.people == (who,)), default=0.0) for who in "abcd"}
        left, order = list(waiting), []
        while left:
            who = min(
                {one.people[0] for one in left},
                key=lambda who: (used[who] - CREDIT * max(0.0, now - max(oldest[who], started[who])), oldest[who], who),
            )
            mine = [(one.seconds - 0.1 * (now - one.since), one.since, one.run) for one in left if one.people == (who,)]
            heapq.heapify(mine)
            run = heapq.heappop(mine)[2]
            (one,) = (one for one in left if one.run == run)
            left.remove(one)
            order.append(run)
            used[who] += one.seconds
            started[who] = now
        assert fair_order(waiting, shares, [], now) == order
