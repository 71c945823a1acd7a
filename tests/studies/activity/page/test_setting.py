"""What one visitor of the Activity page changes: sliders, pills and points of the map, without a page."""

from __future__ import annotations

from typing import Any

import pytest

from snnviz.catalog.inits import parse_init
from snnviz.design.design import Design
from snnviz.studies.activity.page import setting as activity_setting
from snnviz.studies.activity.page import study
from snnviz.studies.activity.theory.activity import ActivityConfig
from snnviz.ui.kit import fragments

SMALL = {"width": "50", "layers": "10", "seeds": "2"}


class Session(dict[str, Any]):
    """A session whose entries are attributes too, as Streamlit's are."""

    __getattr__ = dict.__getitem__
    __setattr__ = dict.__setitem__


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Session:
    """The session of a page that shows a small setting; callbacks are called by hand, as no browser is there."""
    found = Session(setting=ActivityConfig(), design=Design(), dragging=False, looked=("", 0))
    monkeypatch.setattr(activity_setting.st, "session_state", found)
    monkeypatch.setattr(activity_setting.st, "rerun", lambda *scope: found.__setitem__("asked", *scope))
    monkeypatch.setattr(fragments, "_resolved", list)
    study.STUDY.begin({})
    activity_setting.SETTING.replace(ActivityConfig.check(SMALL))
    return found


def moved(session: Session, dragging: bool = False, **values: float) -> None:
    session[activity_setting.SLIDERS] = {
        "moved": {"rev": session.setting_revision, "n": 1, "values": values, "dragging": dragging}
    }
    activity_setting.put_sliders()


@pytest.mark.parametrize(
    ("sent", "looked", "threshold"),
    [
        ({"meta": "inits", "name": "kaiming"}, 1, 1.0),
        ({"meta": "own", "name": ""}, 0, 0.7),
        ({"meta": "inits", "name": "no such"}, 0, 1.0),
        ({"meta": 3, "name": ["kaiming"]}, 0, 1.0),
        ("kaiming", 0, 1.0),
        (None, 0, 1.0),
    ],
)
def test_a_point_of_the_map_is_picked(session: Session, sent: object, looked: int, threshold: float) -> None:
    """An initialisation is looked at, one's own design opened; whatever else a stranger sends does nothing."""
    session.design = Design.check({"neuron": {"threshold": 0.7}})
    session["activity-why"] = {"picked": sent}
    activity_setting.select_on_map("activity-why")
    assert activity_setting.selected_init() == looked
    assert activity_setting.SETTING.value.threshold == threshold


def test_a_moved_slider_changes_the_setting_and_the_link(session: Session) -> None:
    before = session.setting_revision
    moved(session, threshold=0.7, **{"1.gain": 3.0})
    assert activity_setting.SETTING.value.threshold == 0.7
    assert activity_setting.SETTING.value.inits[1] == parse_init("kaiming:gain=3")
    assert "threshold=0.7" in activity_setting.link()
    assert session.setting_revision == before  # the sliders show it already
    assert session.asked == ["activity", "activity-details"]


def test_while_a_slider_is_dragged_fewer_networks_are_drawn(session: Session) -> None:
    activity_setting.SETTING.replace(ActivityConfig(steps=20, seeds=10))
    session.details_seconds = 0.5
    moved(session, dragging=True, threshold=0.7)
    assert activity_setting.drawn_setting().seeds == 1
    assert activity_setting.drawn_setting().threshold == 0.7
    assert "seeds=10" in activity_setting.link()
    assert session.asked == ["activity"]  # the slow tab waits for the release
    moved(session, threshold=0.7)
    assert activity_setting.drawn_setting().seeds == 10


def test_what_cannot_be_afforded_is_a_sentence_over_the_figures_before(session: Session) -> None:
    moved(session, width=4096, steps=100, layers=200)
    assert activity_setting.SETTING.value.width == 4096
    assert activity_setting.drawn_setting().width == 50
    assert "width=50" in activity_setting.link()
    assert activity_setting.problems()[0].endswith("The figures still show the setting before.")
    moved(session, width=60, steps=1, layers=10)
    assert activity_setting.problems() == []
    assert activity_setting.drawn_setting().width == 60


def test_initialisations_come_and_go_and_keep_their_numbers(session: Session) -> None:
    moved(session, **{"1.gain": 3.0})
    session.pills = ["reset-aware", "kaiming", "glorot"]
    activity_setting.put_inits("pills")
    assert activity_setting.SETTING.value.inits == tuple(map(parse_init, ["kaiming:gain=3", "glorot", "reset-aware"]))
    session.pills = []
    activity_setting.put_inits("pills")
    assert len(activity_setting.SETTING.value.inits) == 3  # one at least stays


def test_what_is_looked_at_stays_so_when_its_numbers_change_or_others_come(session: Session) -> None:
    activity_setting.SETTING.replace(ActivityConfig.check({**SMALL, "inits": "glorot,kaiming:gain=3,kaiming"}))
    session.menu = 2
    activity_setting.select_init("menu")
    moved(session, **{"2.gain": 4.0})
    assert activity_setting.selected_init() == 2
    session.pills = ["variance-preserving", "glorot", "kaiming"]
    activity_setting.put_inits("pills")
    assert activity_setting.SETTING.value.inits[activity_setting.selected_init()] == parse_init("kaiming:gain=4")
    session.pills = ["glorot"]
    activity_setting.put_inits("pills")
    assert activity_setting.selected_init() == 0
