"""The Shortcuts page: ordinary runs queued once by one press, drawn as they come; its design and study are its link."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnviz.design.design import Design
from snnviz.design.experiment import distinct_designs
from snnviz.design.links import change
from snnviz.errors import InputError
from snnviz.jobs.immediate import Immediate
from snnviz.store import Run, Store
from snnviz.studies.shortcuts.page import setting, shortcuts
from snnviz.studies.shortcuts.study import STARTS, GradientSurvey, ShortcutStudy, gradient_survey, study_runs
from snnviz.ui.kit import services
from snnviz.ui.kit.words import JOINER
from tests.designs import DESIGNS
from tests.pages.visit import Visit, by_link

TINY = change(
    STARTS["deep mlp"],
    {
        "network.depth": 4,
        "network.width": 8,
        "data.train_samples": 100,
        "data.test_samples": 50,
        "data.steps": 2,
        "training.epochs": 2,
    },
)
ONE = ShortcutStudy(seeds=1, deepest=6, inits="glorot")


arrived = partial(by_link, "shortcuts")


def open_page(view: str = "compare", study: ShortcutStudy = ONE) -> Visit:
    return arrived(setting.to_link(TINY, study, view))


def link(visit: Visit) -> str:
    query: str = visit.component("snnviz_address", "shortcuts-address")["query"]
    return query


def charts(visit: Visit, key: str) -> dict[str, Any]:
    return {chart["id"]: chart for chart in visit.component("snnviz_charts", key)["charts"]}


@pytest.mark.parametrize("view", ["compare", "before"])
def test_the_page_says_what_theory_expects_of_this_network(view: str) -> None:
    """Of each its own: of one the gradient falls, of another it grows."""
    told = []
    for slope in (1.0, 8.0):
        design = change(TINY, {"network.width": 64, "neuron.surrogate.slope": slope})
        visit = arrived(setting.to_link(design, ONE, view))
        (said,) = [each.value for each in visit.at.caption if each.value.startswith("Before training the gradient")]
        told.append(said)
    assert "falls to" in told[0]
    assert "grows to" in told[1]
    assert all("by the theory of wide layers" in said for said in told)


def test_one_press_queues_all_of_them_once() -> None:
    visit = open_page()
    assert visit.at.button("shortcuts-train").label == "Compare these 3 runs"
    visit.press("shortcuts-train")
    assert {run.run for run in services.store().runs()} == {d.digest for d in distinct_designs(study_runs(TINY, ONE))}
    assert open_page().at.button("shortcuts-train").disabled
    visit.press("shortcuts-cancel")
    assert {run.state for run in services.store().runs()} == {"cancelled"}


def test_what_is_trained_is_drawn_for_everybody(trained: Callable[..., Run]) -> None:
    for member in study_runs(TINY, ONE)[:2]:
        trained(member.design)
    visit = open_page()
    assert visit.at.button("shortcuts-train").label == "Compare the missing 1 run"
    first, why = charts(visit, "shortcuts-charts"), charts(visit, "shortcuts-why")
    assert list(first) == [f"shortcut_{n}" for n in ("test_accuracy", "train_accuracy", "loss", "gradients")]
    assert list(why) == ["shortcut_share", "shortcut_saturation"]
    vanilla, constant, linear = first["shortcut_gradients"]["traces"]
    assert vanilla["y"] == constant["y"] == ["L1", "L2", "L3", "L4", "readout<br>(output layer)"]
    assert (len(vanilla["x"]), linear["z"]) == (2, [])
    table = visit.at.dataframe[-1].value
    assert table["mode"].tolist() == ["without branches", "constant"]
    assert (table["first"] > 0).all()
    assert "of the time of those without branches" in visit.text.replace("\\", "")
    assert "bit for bit" in visit.text


def test_the_profile_follows_the_slider(trained: Callable[..., Run]) -> None:
    trained(TINY)
    visit = open_page()
    assert "at epoch 1," in charts(visit, "shortcuts-profile")["shortcut_profile"]["caption"]
    visit.at.slider("shortcuts-epoch-2").set_value(2.0)
    visit.look()
    assert "at epoch 2," in charts(visit, "shortcuts-profile")["shortcut_profile"]["caption"]


def test_a_run_is_opened_on_the_design_page(trained: Callable[..., Run]) -> None:
    trained(TINY)
    visit = open_page()
    visit.at.session_state["shortcuts-table"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    visit.look()
    visit.press("shortcuts-open")
    assert visit.design == TINY
    live = charts(visit, f"live-{TINY.digest}")
    assert "branch L1" in [trace["name"] for trace in live["loss"]["traces"]]
    assert live["saturation"]["traces"][0]["y"] == ["L1", "L2", "L3", "L4"]


def test_the_design_page_s_design_gets_branches_and_goes_back() -> None:
    visit = Visit("network.kind=cnn&network.depth=6").go("shortcuts")
    assert visit.at.session_state["shortcuts_design"] == STARTS["deep mlp"]
    visit.widgets["shortcuts-start"].set_value("Design page")
    visit.look()
    found = visit.at.session_state["shortcuts_design"]
    assert found == change(visit.design, {"training.shortcut.schedule": "linear"})
    assert visit.widgets["shortcuts-start"].value == "Design page"
    visit.press("shortcuts-edit")
    assert visit.design == found


def test_a_design_with_branches_is_there_at_once() -> None:
    visit = Visit("network.kind=cnn&training.shortcut.schedule=step").go("shortcuts")
    assert visit.at.session_state["shortcuts_design"] == visit.design
    assert visit.at.button("shortcuts-train").label == "Compare these 9 runs"


def test_its_widgets_change_the_design_and_the_link() -> None:
    visit = arrived("")
    assert link(visit) == ""
    visit.widgets["shortcuts-training.shortcut.schedule.weight"].set_value(0.5)
    visit.look()
    visit.widgets["shortcuts-training.shortcut.schedule"].set_value("step")
    visit.look()
    visit.at.multiselect[0].set_value([8, 2])
    visit.look()
    visit.widgets["shortcuts-seeds"].set_value(1)
    visit.look()
    design = visit.at.session_state["shortcuts_design"]
    assert design.training.shortcut.layers == (2, 8)
    assert design.training.shortcut.schedule.parameters["weight"] == 0.5
    assert shortcuts.from_link(dict(parse_qsl(link(visit)))) == (design, ShortcutStudy(seeds=1), "compare")
    parts = visit.component("snnviz_flow", "shortcuts-network")["parts"]
    assert [part["name"] for part in parts if part["branch"]] == ["L1 – L2", "L3 – L8"]
    visit.widgets["shortcuts-network.depth"].set_value(5)
    visit.look()
    assert visit.at.session_state["shortcuts_design"] == design
    assert any("must be hidden layers of the network, from 1 to 5" in e.value for e in visit.at.error)


@given(
    design=DESIGNS,
    study=st.builds(
        ShortcutStudy,
        seeds=st.integers(1, 10),
        deepest=st.integers(2, 50),
        inits=st.sampled_from(["", "kaiming", "glorot,kaiming"]),
    ),
    view=st.sampled_from(sorted(shortcuts.VIEWS.names)),
)
def test_every_setting_survives_its_link(design: Design, study: ShortcutStudy, view: str) -> None:
    query = dict(parse_qsl(setting.to_link(design, study, view), keep_blank_values=True))
    assert shortcuts.from_link(query) == (design, study, view)


BAD = {
    "study.seeds=99": "study.seeds must be a whole number from 1 to 10, got 99",
    "study.sed=3": "study.sed must be a field of a study, got 3",
    "training.shortcut.schedule=liner": "training.shortcut.schedule.kind must be one of zero",
    "view=after": "view must be one of compare, before, got 'after'",
    "network.kind=mlp&training.shortcut.layers=99": "training.shortcut.layers must be hidden layers of the network",
    "study.inits=kaimin": "study.inits must be some of variance-preserving",
}


@pytest.mark.parametrize(("query", "sentence"), BAD.items(), ids=list(range(len(BAD))))
def test_a_bad_link_is_one_sentence_and_the_deep_mlp(query: str, sentence: str) -> None:
    with pytest.raises(InputError) as error:
        shortcuts.from_link(dict(parse_qsl(query)))
    assert str(error.value).startswith(sentence)
    visit = arrived(query)
    assert visit.at.session_state["shortcuts_design"] == STARTS["deep mlp"]
    assert len(visit.at.error) == 1
    assert "The deep mlp is shown instead" in visit.at.error[0].value.replace(JOINER, "")


def test_gradients_before_training_are_queued_once_and_cancelled() -> None:
    visit = open_page("before")
    visit.press("shortcuts-before-train")
    (run,) = services.store().runs(of=GradientSurvey)
    assert run.task == gradient_survey(TINY, ONE)
    assert open_page("before").at.button("shortcuts-before-train").disabled
    visit.press("shortcuts-before-cancel")
    assert services.store().get(run.run).state == "cancelled"


def test_gradients_before_training_are_drawn_from_the_store() -> None:
    store = Store()
    Immediate(store).submit(gradient_survey(TINY, ONE))
    store.close()
    visit = open_page("before")
    assert visit.at.button("shortcuts-before-train").label == "Computed"
    assert list(charts(visit, "shortcuts-before-depths")) == ["before_kaiming", "before_glorot"]
    assert charts(visit, "shortcuts-before-depths")["before_kaiming"]["traces"][0]["x"] == [2, 4, 6]
    assert "Branches after L1, L2, L3" in charts(visit, "shortcuts-before-profile")["before_profile"]["caption"]
    visit.at.select_slider[0].set_value(6)
    visit.look()
    lines = charts(visit, "shortcuts-before-profile")["before_profile"]["traces"]
    assert len(lines[0]["x"]) == 7
    visit.at.multiselect[-1].set_value([])
    visit.look()
    assert visit.at.session_state["shortcuts"].inits == ""
    assert visit.at.button("shortcuts-before-train").label == "Compute the gradients before training"
    assert "study.inits=&" in link(visit)
