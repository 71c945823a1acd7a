"""The training study on the Activity page: ordinary runs, queued by one press, found again by everybody."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from snnviz.catalog import studies
from snnviz.catalog.studies import TrainingStudy, members
from snnviz.store import Run
from snnviz.ui import services
from tests.pages.visit import Visit

TINY = TrainingStudy(depth=1, width=10, epochs=1, train_samples=100)


@pytest.fixture
def at_study() -> Callable[[TrainingStudy], Visit]:
    """Opens the Activity page with a study that trains in moments."""

    def open_page(study: TrainingStudy) -> Visit:
        visit = Visit(page="activity")
        visit.at.session_state["study"] = study
        return visit.look()

    return open_page


def test_one_press_queues_all_of_them_once(at_study: Callable[[TrainingStudy], Visit]) -> None:
    visit = at_study(TINY)
    assert visit.at.button("study-train").label == "Train these 8 runs"
    visit.press("study-train")
    expected = {member.design.digest for member in members(TINY)}
    assert {run.run for run in services.store().runs()} == expected
    again = at_study(TINY)
    assert again.at.button("study-train").disabled


def test_what_is_trained_is_shown_to_everybody(
    at_study: Callable[[TrainingStudy], Visit], trained: Callable[..., Run]
) -> None:
    chosen = members(TINY)
    for member in chosen[:3]:
        trained(member.design)
    visit = at_study(TINY)
    assert visit.at.button("study-train").label == "Train the missing 5 runs"
    table = visit.at.dataframe[-1].value
    assert table["state"].tolist() == ["done"] * 3 + ["not trained"] * 5
    assert table["run"].tolist() == [member.name for member in chosen]
    assert table["test"][:3].between(0, 100).all()


def test_another_comparison_is_other_runs(at_study: Callable[[TrainingStudy], Visit]) -> None:
    visit = at_study(TINY)
    visit.widgets["study-compare"].set_value("threshold")
    visit.look()
    assert visit.at.session_state["study"].compare == "threshold"
    visit.press("study-train")
    wanted = members(studies.TrainingStudy(**{**TINY.model_dump(), "compare": "threshold"}))
    assert {run.run for run in services.store().runs()} == {member.design.digest for member in wanted}


def test_cancel_stops_what_is_going_on(at_study: Callable[[TrainingStudy], Visit]) -> None:
    visit = at_study(TrainingStudy(epochs=300))
    visit.press("study-train")
    visit.press("study-cancel")
    for run in services.store().runs():
        assert run.state == "cancelled" or run.cancel_requested
