"""The setting of a page: its link, presets, widgets and sentences, on a page of the toys that nobody else knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from snnviz.design.design import Design
from snnviz.design.networks import MlpNetwork
from snnviz.studies.skips.sweep import SkipSweep
from snnviz.studies.ttfs.limits import HardwareLimits
from snnviz.ui.kit import fields, services
from snnviz.ui.kit.settings import PageSettings
from snnviz.ui.kit.view_switch import Views
from tests.toys.values import Dice


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path))
    monkeypatch.delenv("SNNVIZ_STORE", raising=False)
    yield
    services.store().close()


@pytest.fixture
def opened() -> Callable[..., AppTest]:
    """The page by a link."""

    def script() -> None:
        import streamlit as st

        from snnviz.ui.kit import notices
        from snnviz.ui.kit.settings import PageSettings
        from tests.toys.values import Dice

        many = {"one": Dice(throws=1), "many": Dice(throws=100)}
        setting = PageSettings(Dice(), "dice", prefix="game.", lead="view=dice", presets=many, noun="game")
        if setting.name not in st.session_state:
            setting.begin(dict(st.query_params))
        setting.show_problem(linked=True)
        setting.show_problem()
        setting.preset_menu(st)
        setting.numbers(["throws", "seed"], disabled=["seed"], labels={"throws": "How often"})
        st.caption(setting.link)
        notices.panel()

    def open_(**query: str) -> AppTest:
        at = AppTest.from_function(script, default_timeout=60)
        at.query_params = query
        at.run()
        assert not at.exception
        return at

    return open_


def number(at: AppTest, name: str) -> Any:
    (found,) = [one for one in at.number_input if (one.key or "").startswith(f"dice-{name}@")]
    return found


def start(at: AppTest, name: str) -> AppTest:
    (found,) = at.get("button_group")
    found.set_value(name)
    at.run()
    return at


def test_a_link_is_taken_and_written(opened: Callable[..., AppTest]) -> None:
    at = opened(**{"game.throws": "9", "game.seed": "3", "view": "dice", "other": "1"})
    assert at.session_state["dice"] == Dice(throws=9, seed=3)
    assert at.caption[0].value == "view=dice&game.throws=9&game.seed=3"
    assert not at.error
    assert opened().caption[0].value == "view=dice"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("game.throws", "0", "game.throws must be a whole number from 1 to 1000, got 0."),
        ("game.eyes", "7", "game.eyes must be a field of a game of dice, got 7."),
    ],
)
def test_a_broken_link_is_a_sentence_until_something_is_set(
    opened: Callable[..., AppTest], name: str, value: str, said: str
) -> None:
    at = opened(**{name: value})
    assert at.session_state["dice"] == Dice()
    assert [one.value for one in at.error] == [f"{said} The default game is shown instead."]
    number(at, "throws").set_value(7).run()
    assert not at.error
    assert at.session_state["dice"] == Dice(throws=7)


def test_a_widget_changes_its_field_alone(opened: Callable[..., AppTest]) -> None:
    at = opened(**{"game.seed": "3"})
    about = number(at, "throws")
    assert (about.label, about.min, about.max, about.step, about.help) == ("How often", 1, 1000, 1, "Throws.")
    assert (number(at, "seed").label, number(at, "seed").disabled) == ("Seed", True)
    about.set_value(12).run()
    assert at.session_state["dice"] == Dice(throws=12, seed=3)
    assert number(at, "throws").key == about.key  # it stays the same widget


def test_a_preset_is_marked_said_and_undone(opened: Callable[..., AppTest]) -> None:
    at = opened()
    (group,) = at.get("button_group")
    assert group.value is None
    before = number(at, "throws").key
    start(at, "many")
    assert at.session_state["dice"] == Dice(throws=100)
    assert at.get("button_group")[0].value == "many"
    assert number(at, "throws").value == 100
    assert number(at, "throws").key != before
    assert "**Started from many.** Throws 100 instead of 6." in at.markdown[-1].value
    at.button(key="undo").click().run()
    assert at.session_state["dice"] == Dice()


def test_what_cannot_be_is_a_sentence_and_the_value_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    setting = PageSettings(Dice(), "dice")
    monkeypatch.setattr(st, "session_state", {})
    setting.begin({})
    setting.change(throws=5)
    setting.change(throws=5000)
    assert setting.value == Dice(throws=5)
    assert setting.problem() == "Throws must be a whole number from 1 to 1000, not 5000."
    setting.change(seed=2)
    assert setting.value == Dice(throws=5, seed=2)
    assert setting.problem() == ""
    setting.begin({"throws": "no"}, keep=True)
    assert setting.value == Dice(throws=5, seed=2)
    assert setting.problem(linked=True).endswith("got 'no'. The setting stays as it is.")


def test_a_widget_that_was_replaced_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    session: dict[str, Any] = {}
    setting = PageSettings(Dice(), "dice")
    monkeypatch.setattr(st, "session_state", session)
    setting.begin({})
    session[setting.widget_key("throws")] = 9
    setting.renew_widgets()
    setting.update("throws")
    assert setting.value == Dice()
    session[setting.widget_key("throws")] = 9
    setting.update("throws")
    assert setting.value == Dice(throws=9)


def test_a_fields_range_label_and_help_are_found_by_its_path() -> None:
    design = Design(network=MlpNetwork())
    found = fields.field(design, "network.depth")
    assert (found.value, found.whole, found.step) == (design.network.depth, True, 1)  # type: ignore[union-attr]
    gain = fields.field(Design.check({"init": {"kind": "kaiming", "gain": 3}}), "init.gain")
    assert (gain.value, gain.whole, gain.label) == (3, False, "Gain of the initialisation")
    assert fields.field(HardwareLimits(), "jitter").label == "Jitter of spikes, in τ_c"


def test_views_are_read_written_and_refused() -> None:
    views = Views("toys", {"first": "First", "second": "Second"})
    assert [views.read({}), views.read({"view": "second"})] == ["first", "second"]
    assert [views.write("first"), views.write("second")] == ["", "view=second"]
    with pytest.raises(Exception, match="view must be one of first, second, got 'third'"):
        views.read({"view": "third"})


def test_an_empty_number_of_images_is_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    session: dict[str, Any] = {}
    setting = PageSettings(SkipSweep(train_samples=500), "sweep")
    monkeypatch.setattr(st, "session_state", session)
    setting.begin({})
    session[setting.widget_key("train_samples")] = None
    setting.update("train_samples")
    assert (setting.value.train_samples, setting.revision) == (0, 0)  # the same widget: who types stays in it
    session[setting.widget_key("train_samples")] = 700
    setting.update("train_samples")
    assert (setting.value.train_samples, setting.revision) == (700, 0)
    session[setting.widget_key("train_samples")] = 0
    setting.update("train_samples")
    assert (setting.value.train_samples, setting.revision) == (0, 1)  # another one, which says "all"
