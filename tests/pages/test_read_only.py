"""While the host has everything be read-only, no class is made, and the page says why."""

from __future__ import annotations

from snnviz.store import Store, classes
from snnviz.store.host import Host
from tests.pages.test_classes import teach


def test_no_class_is_made() -> None:
    store = Store()
    Host(store).switch(read_only=True)
    teacher = teach("why-silent")
    assert "The server is read-only" in teacher.words
    assert classes.all_classes(store) == []
    Host(store).switch(read_only=False)
    teach("why-silent")
    assert len(classes.all_classes(store)) == 1
    store.close()
