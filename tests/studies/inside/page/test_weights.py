"""Look inside of a run whose weights are not kept any more."""

from __future__ import annotations

from collections.abc import Callable

from snnviz.store import Run, Store
from snnviz.ui.kit import services
from tests.pages.visit import by_link
from tests.studies.inside.page.shown import TINY


def test_weights_that_are_not_kept_are_trained_again_by_a_press(trained: Callable[..., Run]) -> None:
    run, store = trained(TINY), Store()
    with store._writing() as connection:
        connection.exec_driver_sql("UPDATE runs SET checkpoint = NULL")
    store.flush_log()
    services.CACHE.clear()
    visit = by_link("inside", f"look.run={run.run}")
    assert "The weights of this run are not kept" in visit.text
    assert not visit.at.error
    visit.press("inside-again")
    assert store.get(run.run).state == "queued"
    assert "waits in the queue: its weights can be looked at" in visit.text
    store.close()
