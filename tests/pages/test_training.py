"""From the press of Train to the cached result, with the engine that a server uses; its worker is started once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from snnviz.design import links
from snnviz.ui.kit import services
from tests.conftest import MakeDesign
from tests.pages.conftest import using
from tests.pages.visit import Visit
from tests.waiting import ended, until


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One cache for all tests of this module."""
    with using(tmp_path_factory.mktemp("cache"), worker=True) as folder:
        yield folder


def test_a_design_is_trained_watched_and_found_again(tiny: MakeDesign) -> None:
    link = links.to_query(tiny(7))
    visit = Visit(link)
    visit.press("train")
    assert visit.errors == []
    run = visit.design.digest
    assert visit.component("snnviz_reveal") == {"moment": 1}
    done = ended(services.store(), run)
    assert (done.state, done.error) == ("done", None)
    services.CACHE.clear()
    visit.look()
    assert ":green-badge[:material/check: done]" in visit.text
    assert visit.at.button("train").label == "Show the trained result"
    accuracy, loss, rate, seconds = (metric.value for metric in visit.at.metric[-4:])
    assert (accuracy[-1], rate[-1], seconds[-1]) == ("%", "%", "s")
    assert float(loss) > 0
    charts = {chart["id"]: chart for chart in visit.component("snnviz_charts", f"live-{run}")["charts"]}
    assert charts["accuracy"]["traces"][1]["x"] == [1.0, 2.0, 3.0]
    assert len(charts["rate"]["traces"]) == 2  # the readout does not spike
    assert len(charts["var_u_map"]["traces"][0]["y"]) == 3

    visit.press("train")
    assert "trained before" not in visit.text  # by oneself, a moment ago

    other = Visit(link)  # another session: it opens at once
    assert "trained before, shown from the store" in other.text
    assert other.component("snnviz_charts", f"live-{run}") == visit.component("snnviz_charts", f"live-{run}")
    assert services.store().get(run).attempt == 1
    other.press("train")
    assert "trained before, shown from the store" in other.text
    assert services.store().get(run).attempt == 1


def test_two_people_who_press_train_share_a_run_and_the_last_can_cancel_it(long: MakeDesign) -> None:
    link = links.to_query(long(1, epochs=1000))
    one, two = Visit(link), Visit(link)
    one.press("train")
    assert "in the queue" in one.text or "training" in one.text
    services.CACHE.clear()
    two.look()
    assert two.at.button("train").label == "Watch its training"
    two.press("train")
    run = two.design.digest
    assert len(services.store().runs(states=("queued", "running"))) == 1
    until(lambda: services.store().get(run).step)
    services.CACHE.clear()
    two.look()
    assert ":blue-badge[:material/sync: training]" in two.text
    two.press("cancel")
    assert [one.value for one in two.at.toast] == [
        "It goes on, as somebody else wants it, too. It is no longer one of yours."
    ]
    assert two.at.button("cancel").disabled
    assert not services.store().get(run).cancel_requested
    services.CACHE.clear()
    one.look()
    one.press("cancel")
    stopped = ended(services.store(), run)
    assert stopped.state == "cancelled"
    services.CACHE.clear()
    one.look()
    assert ":orange-badge[:material/cancel: cancelled]" in one.text
    kept = stopped.checkpoint
    assert one.at.button("train").label == ("Train" if kept is None else f"Go on from epoch {kept + 1}")
    assert one.at.button("train").label == "Train"
