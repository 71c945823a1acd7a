"""Progress in lessons: the first answer counts, it survives, and nobody sees another's."""

from __future__ import annotations

import threading

import pytest

from snnviz.errors import InputError
from snnviz.store import Store, learning
from snnviz.store.learning import forget_steps, keep_answer, keep_done, steps_of


def test_nothing_is_kept_before_the_first_answer(store: Store) -> None:
    assert steps_of(store, ["me"]) == []
    forget_steps(store, "me", "a")


def test_the_first_answer_counts(store: Store) -> None:
    assert keep_answer(store, "me", "a", "one", "1") == "1"
    assert keep_answer(store, "me", "a", "one", "2") == "1"
    keep_done(store, "me", "a", "one", found="{}", level="right", idea="")
    keep_done(store, "me", "a", "one", found="[]", level="wrong", idea="x")
    (row,) = steps_of(store, ["me"])
    assert (row.answer, row.found, row.level) == ("1", "{}", "right")
    assert row.done is not None


def test_it_survives_and_is_ones_own(store: Store) -> None:
    keep_answer(store, "me", "a", "one", "1")
    keep_done(store, "you", "a", "two", found="{}", level="", idea="")
    store.close()
    again = Store(store.url)
    assert [row.step for row in steps_of(again, ["me"])] == ["one"]
    assert [row.step for row in steps_of(again, ["me", "you"], ["a"])] == ["one", "two"]
    assert steps_of(again, ["me"], ["b"]) == []
    forget_steps(again, "me", "a")
    assert [row.learner for row in steps_of(again, ["me", "you"])] == ["you"]
    again.close()


def test_sixty_answer_at_once(store: Store) -> None:
    people = [threading.Thread(target=keep_answer, args=(store, f"p{k}", "a", "one", str(k))) for k in range(60)]
    for one in people:
        one.start()
    for one in people:
        one.join()
    assert sorted(row.answer or "" for row in steps_of(store, [f"p{k}" for k in range(60)])) == sorted(
        map(str, range(60))
    )


def test_an_answer_has_a_size(store: Store) -> None:
    with pytest.raises(InputError, match=r"answer must be at most 4,000 characters long"):
        keep_answer(store, "me", "a", "one", "x" * 5000)


def test_the_oldest_go_where_there_are_too_many(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "MOST_ROWS", 5)
    monkeypatch.setattr(learning, "COUNTED_EVERY", 1)
    for k in range(8):
        keep_answer(store, "me", "a", f"s{k}", "1")
    assert [row.step for row in steps_of(store, ["me"])] == ["s3", "s4", "s5", "s6", "s7"]
