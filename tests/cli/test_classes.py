"""Classes on the command line: listed and deleted by the host."""

from __future__ import annotations

from snnviz.lessons.classes import new_class
from snnviz.lessons.library import library
from snnviz.store import Store, classes
from tests.cli.conftest import Snnviz


def test_classes_are_listed_and_deleted(snnviz: Snnviz, shared: Store) -> None:
    assert snnviz("lessons", "classes").out == ""
    new_class(shared, library(), title="Tuesday", lessons=["skips"], pace="alone", maker="me")
    (room,) = classes.all_classes(shared)
    line = snnviz("lessons", "classes").out
    assert line.startswith(f"{room.code}    0 students  last used 20")
    assert line.endswith("  Tuesday\n")
    (found,) = snnviz("lessons", "classes", "--json").json
    assert (found["code"], found["students"], found["ended"]) == (room.code, 0, None)
    assert "class must be a code of 6 letters" in snnviz("lessons", "classes", "--delete", "<b>").sentence
    assert "class must be one that is there" in snnviz("lessons", "classes", "--delete", "ZZZZZZ").sentence
    assert snnviz("lessons", "classes", "--delete", room.code.lower()).out == ""
    assert classes.all_classes(shared) == []
