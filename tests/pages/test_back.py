"""Where the browser's Back led from one setting of a page to another of it, the page shows what the address says.

That Streamlit says so of a run, and that changes make steps of the history, is tested in a browser.
"""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from snnviz.design.design import Design
from snnviz.ui.kit import linked
from tests.pages.visit import Visit, by_link

STEPS = [
    ("skips", "seeds=2&gain=2", "view=optimise&optimise.skips=asc"),
    ("skips", "view=optimise&optimise.skips=asc", "seeds=3&gain=2"),
    ("shortcuts", "study.seeds=2", "network.kind=mlp&study.seeds=1&view=before"),
    ("cells", "repeats=3", "view=search&search.candidates=200"),
    ("cells", "view=study&study.question=steps", "batch=64"),
    ("ttfs", "study.zeta=1", "study.zeta=2&view=time"),
    ("activity", "threshold=0.5", "threshold=0.7&study.epochs=3"),
    ("data", "data.steps=3", "data.steps=4&show.part=test"),
    ("data", "data.name=digits", "data.name=digits-saccades&show.number=3"),
]


@pytest.fixture
def back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each later run of a page follows a press of Back."""
    monkeypatch.setattr(linked, "get_script_run_ctx", lambda: SimpleNamespace(is_history_navigation=True))


def links_of(visit: Visit) -> set[str]:
    return set(visit.link.split("&"))


@pytest.mark.parametrize(("page", "first", "second"), STEPS)
@pytest.mark.usefixtures("back")
def test_a_page_shows_what_the_address_says(page: str, first: str, second: str) -> None:
    visit = by_link(page, first)
    arrived = links_of(visit)
    for query in (second, first):
        visit.at.query_params.clear()
        for pair in query.split("&"):
            name, _, value = pair.partition("=")
            visit.at.query_params[name] = value
        visit.look()
        assert visit.errors == []
        if query == second:
            assert set(second.split("&")) <= links_of(visit)
    assert links_of(visit) == arrived


@pytest.mark.usefixtures("back")
def test_another_data_set_that_back_led_to_is_looked_at_beside_the_design() -> None:
    visit = by_link("data", "seed=3")
    visit.at.query_params["data.name"] = "digits-saccades"
    visit.look()
    assert visit.design == Design(seed=3)
    assert visit.at.session_state["data_other"].data.name == "digits-saccades"


@pytest.mark.usefixtures("back")
def test_an_address_that_says_nothing_leaves_all_as_it_is() -> None:
    visit = by_link("skips", "seeds=2&gain=2")
    visit.at.query_params["seeds"] = "many"
    visit.look()
    assert "The sweep stays as it is" in visit.errors[0]
    assert "seeds=2" in links_of(visit)
