"""The commands of a host."""

from __future__ import annotations

from snnviz.people.person import Person
from snnviz.store import Store
from tests.cli.conftest import Snnviz
from tests.conftest import MakeDesign


def test_what_a_host_switches(snnviz: Snnviz) -> None:
    store = Store()
    assert snnviz("host", "announce", "Upgrade at 18:00").out == "Every page says: Upgrade at 18:00\n"
    assert snnviz("host", "read-only", "on").code == 0
    assert snnviz("host", "drain", "on").out == "No new runs are taken; 0 are left to do.\n"
    assert store.switches() == ("Upgrade at 18:00", True, True)
    assert snnviz("host", "announce").out == "Pages say nothing.\n"
    assert (snnviz("host", "read-only", "off").code, snnviz("host", "drain", "off").code) == (0, 0)
    assert store.switches() == ("", False, False)
    assert snnviz("host", "announce", "x" * 301).sentence == "notice must be at most 300 characters long, got 301"
    assert snnviz("host", "drain", "perhaps").code == 2
    store.close()


def test_the_queue_is_cleared_and_failures_are_listed(snnviz: Snnviz, tiny: MakeDesign) -> None:
    store = Store()
    assert "No run has failed" in snnviz("host", "failures").out
    runs = [store.acting_as(Person(name)).submit(tiny(number)).run for number, name in enumerate(("ann", "bob", "bob"))]
    claim = store.claim("worker", runs[0])
    assert claim is not None
    store.finish(runs[0], claim.attempt, "failed", "It broke.", "Traceback\n  line 7\n")
    assert snnviz("host", "clear", "--person", "ann").out == "0 runs were cancelled or let go of.\n"
    assert snnviz("host", "clear").out == "2 runs were cancelled or let go of.\n"
    assert store.counts()["cancelled"] == 2
    text = snnviz("host", "failures").out
    assert f"{runs[0]}  ann\nIt broke.\nTraceback\n  line 7\n" in text
    assert [one["traceback"] for one in snnviz("host", "failures", "--json").json["failures"]] == [
        "Traceback\n  line 7\n"
    ]
    store.close()
