"""Classes in the store: seats are one's own, limits are a sentence, and what is deleted leaves nothing."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from snnviz.errors import InputError, NotFound
from snnviz.store import Store, classes, learning
from snnviz.store.classes import Classroom


def room(code: str = "ABCDEF", **fields: object) -> Classroom:
    usual = Classroom(code, "Tuesday", ("one", "two"), "together", "one", 0, False, "", time.time(), time.time(), None)
    return replace(usual, **fields)  # type: ignore[arg-type]


def add(store: Store, code: str = "ABCDEF", maker: str = "me", **fields: object) -> Classroom:
    found = room(code, **fields)
    assert classes.add_class(store, found, secret=f"secret {code}", maker=maker)
    return found


def sit(store: Store, name: str, code: str = "ABCDEF") -> None:
    classes.take_seat(store, code, learner=f"l-{name}", visitor=f"v-{name}", nickname=name, folded=name.casefold())


def test_a_store_without_classes_answers(store: Store) -> None:
    assert classes.get_class(store, "ABCDEF") is None
    assert classes.taught_class(store, "x") is None
    assert classes.seats_of(store, "ABCDEF") == []
    assert classes.last_seat(store, "v") == ""
    assert classes.all_classes(store) == []
    assert classes.delete_unused(store) == 0
    classes.delete_class(store, "ABCDEF")


def test_a_class_is_found_by_its_code_and_by_its_secret_alone(store: Store) -> None:
    made = add(store)
    assert classes.get_class(store, "ABCDEF") == made
    assert classes.taught_class(store, "secret ABCDEF") == made
    assert classes.taught_class(store, "") is None
    assert not classes.add_class(store, room(), secret="another", maker="you")


def test_a_nickname_is_taken_once_and_comes_back_with_its_seat(store: Store) -> None:
    add(store)
    sit(store, "Ada")
    with pytest.raises(InputError, match="nickname must be one that nobody in the class has yet, got 'ADA'"):
        classes.take_seat(store, "ABCDEF", learner="l-2", visitor="v-2", nickname="ADA", folded="ada")
    assert classes.last_seat(store, "v-Ada") == "ABCDEF"
    classes.leave_seat(store, "ABCDEF", "l-Ada")
    assert classes.last_seat(store, "v-Ada") == ""
    sit(store, "Ada")
    (seat,) = classes.seats_of(store, "ABCDEF")
    assert (seat.nickname, seat.left) == ("Ada", None)
    classes.change_class(store, "ABCDEF", ended=time.time())
    assert classes.last_seat(store, "v-Ada") == ""
    with pytest.raises(NotFound, match="class must be one that goes on"):
        sit(store, "Bob")


def test_sixty_sit_down_and_move_at_once(store: Store) -> None:
    add(store)
    people = [threading.Thread(target=sit, args=(store, f"p{k:02}")) for k in range(60)]
    for one in people:
        one.start()
    for one in people:
        one.join()
    seats = classes.seats_of(store, "ABCDEF")
    assert [seat.nickname for seat in seats] == [f"p{k:02}" for k in range(60)]
    classes.note_places(store, [seat._replace(lesson="one", step=3, page="design", link="seed=1") for seat in seats])
    assert {(seat.lesson, seat.step, seat.link) for seat in classes.seats_of(store, "ABCDEF")} == {("one", 3, "seed=1")}


def test_places_of_others_and_long_links_are_not_kept(store: Store) -> None:
    add(store)
    sit(store, "Ada")
    (seat,) = classes.seats_of(store, "ABCDEF")
    classes.note_places(store, [seat._replace(learner="l-nobody"), seat._replace(link="x" * 5000, step=2)])
    (after,) = classes.seats_of(store, "ABCDEF")
    assert (after.step, after.link) == (2, "")


def test_limits_are_a_sentence_each(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for k in range(classes.MOST_OF_A_VISITOR):
        add(store, f"AAAAA{'BCDEF'[k]}")
    with pytest.raises(InputError, match=r"classes must be at most 5 of a teacher .*, got 6 classes"):
        classes.add_class(store, room("ZZZZZZ"), secret="z", maker="me")
    classes.change_class(store, "AAAAAB", ended=1.0)
    add(store, "ZZZZZZ")
    monkeypatch.setattr(classes, "MOST_CLASSES", 6)
    with pytest.raises(InputError, match="classes must be at most 6 on this server"):
        classes.add_class(store, room("YYYYYY"), secret="y", maker="you")
    monkeypatch.setattr(classes, "MOST_SEATS", 1)
    sit(store, "Ada", "ZZZZZZ")
    with pytest.raises(InputError, match="class must have at most 1 students"):
        sit(store, "Bob", "ZZZZZZ")
    sit(store, "Ada", "ZZZZZZ")  # who has a seat may always come back
    monkeypatch.setattr(classes, "MOST_ANSWER_BYTES", 1000)
    classes.check_room_for_answer(store, "ZZZZZZ", "x" * 900)
    learning.keep_answer(store, "l-Ada", "one", "a", "x" * 900)
    learning.keep_answer(store, "l-else", "one", "a", "x" * 900)
    with pytest.raises(InputError, match=r"answers of a class must be at most 0\.001 MB together, got 0\.0 MB"):
        classes.check_room_for_answer(store, "ZZZZZZ", "x" * 101)
    classes.check_room_for_answer(store, "ZZZZZZ", "x" * 100)


def test_what_is_deleted_leaves_nothing(store: Store) -> None:
    add(store)
    add(store, "BBBBBB")
    for name, code in (("Ada", "ABCDEF"), ("Bob", "ABCDEF"), ("Eve", "BBBBBB")):
        sit(store, name, code)
        learning.keep_answer(store, f"l-{name}", "one", "a", "1")
    classes.remove_seat(store, "ABCDEF", "l-Bob")
    assert [seat.nickname for seat in classes.seats_of(store, "ABCDEF")] == ["Ada"]
    classes.delete_class(store, "ABCDEF")
    assert [one.code for one in classes.all_classes(store)] == ["BBBBBB"]
    rows = learning.steps_of(store, ["l-Ada", "l-Bob", "l-Eve"])
    assert [row.learner for row in rows] == ["l-Eve"]


def test_a_class_goes_by_itself_thirty_days_after_its_last_sign_of_life(store: Store) -> None:
    now = time.time()
    add(store)
    add(store, "BBBBBB", seen=now - 20 * 86_400)
    sit(store, "Eve", "BBBBBB")  # which is a sign of life
    assert classes.delete_unused(store, now + 29 * 86_400) == 0
    (seat,) = classes.seats_of(store, "BBBBBB")
    with store._writing() as connection:
        connection.execute(classes.CLASSES.update().values(seen=now - 2 * 3600))
    classes.note_places(store, [seat])
    assert classes.delete_unused(store, now + 29.95 * 86_400) == 1
    assert [one.code for one in classes.all_classes(store)] == ["BBBBBB"]
    assert classes.delete_unused(store, now + 31 * 86_400) == 1
    assert classes.seats_of(store, "BBBBBB") == []


def test_together_students_go_as_far_as_the_teacher_has_opened() -> None:
    here = room(step=2)
    assert [here.open_steps(name, 5) for name in ("one", "two", "another")] == [3, 0, 5]
    assert [here.shows("one", step) for step in range(4)] == [True, True, False, False]
    assert [room(step=2, shown=True).shows("one", step) for step in range(4)] == [True, True, True, False]
    later = room(lesson="two")
    assert (later.open_steps("one", 5), later.open_steps("two", 5)) == (5, 1)
    assert later.shows("one", 4)
    alone = room(pace="alone")
    assert alone.open_steps("two", 5) == 5
    assert alone.shows("one", 4)


def test_a_class_survives_a_restart(store: Store) -> None:
    add(store)
    sit(store, "Ada")
    classes.change_class(store, "ABCDEF", step=1, shown=True, handed="design?seed=1")
    store.close()
    again = Store(store.url)
    found = classes.get_class(again, "ABCDEF")
    assert found is not None
    assert (found.step, found.shown, found.handed) == (1, True, "design?seed=1")
    assert [seat.nickname for seat in classes.seats_of(again, "ABCDEF")] == ["Ada"]
    again.close()
