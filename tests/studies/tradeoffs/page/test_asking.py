"""The view Ask: an experiment by its rows, what that comes to at once, and ordinary runs by one press."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from snnviz.design.design import Design
from snnviz.design.experiment import Experiment, from_query
from snnviz.design.links import change
from snnviz.store import Run
from snnviz.studies.tradeoffs import previewing
from snnviz.studies.tradeoffs.experiments import DEFAULT, PRESETS, first_experiment
from snnviz.studies.tradeoffs.offers import axes_to_rows, offered_fields, rows_to_axes, suggested_values
from snnviz.studies.tradeoffs.page.axes import reading
from snnviz.ui.kit import services
from tests.conftest import MakeDesign
from tests.pages.visit import Visit, by_link

LINK = "network.channels=4&vary.1=neuron.threshold=0.5,1&vary.2=init=kaiming,glorot&vary.seeds=2"


def experiment(visit: Visit) -> Experiment:
    found: Experiment = visit.at.session_state["experiment"]
    return found


def widget(visit: Visit, name: str) -> Any:
    """The widget whose key begins so, whatever its revision is."""
    found = [*visit.widgets.items(), *((one.key.partition("@")[0], one) for one in visit.at.toggle)]
    return next(one for key, one in found if key == f"experiment-{name}")


def press(visit: Visit, name: str) -> Visit:
    next(one for one in visit.at.button if (one.key or "").startswith(f"experiment-{name}@")).click()
    return visit.look()


def put(visit: Visit, name: str, value: object) -> Visit:
    widget(visit, name).set_value(value)
    return visit.look()


def test_the_first_visit_shows_the_default_experiment_and_a_bare_address() -> None:
    visit = by_link("tradeoffs", "")
    assert experiment(visit) == DEFAULT
    assert visit.link == ""
    assert "36 runs: 4 × 3 = 12 groups, 3 seeds each" in visit.text
    assert "of 12 groups are forecast to be silent" in visit.text


@pytest.mark.parametrize("view", ["ask", "compare", "weigh"])
def test_a_link_opens_experiment_and_view(view: str) -> None:
    visit = by_link("tradeoffs", f"{LINK}&view={view}")
    assert visit.errors == []
    assert experiment(visit) == from_query(LINK)
    assert visit.link.startswith(LINK + f"&view={view}" * (view != "ask"))


@pytest.mark.parametrize("name", PRESETS)
def test_each_named_experiment_survives_its_link_on_the_page(name: str) -> None:
    assert experiment(by_link("tradeoffs", PRESETS[name].to_query())) == PRESETS[name]


@pytest.mark.parametrize(("link", "sentence"), [
    ("vary.1=neuron.treshold=1", "vary must name fields of a design, got 'neuron.treshold'"),
    ("vary.1=neuron.threshold=50", "neuron.threshold must be a number from 0 to 10, got 50"),
    ("vary.1=neuron.threshold=1&view=nowhere", "view must be one of ask, compare, weigh"),
    ("neuron.threshold=1", "vary.1 must be an axis, such as neuron.threshold=0.5,1, got none"),
])  # fmt: skip
def test_a_broken_link_is_a_sentence_and_the_default_is_shown(link: str, sentence: str) -> None:
    visit = by_link("tradeoffs", link)
    assert any(sentence in one for one in visit.errors), visit.errors
    assert experiment(visit) == DEFAULT


def test_rows_are_changed_joined_added_and_removed() -> None:
    visit = by_link("tradeoffs", LINK)
    put(visit, "values-0", "0.5..1.5/3")
    assert experiment(visit).vary == ("neuron.threshold=0.5..1.5/3", "init=kaiming,glorot")
    put(visit, "field-1", "neuron.beta")
    assert experiment(visit).vary[1] == "neuron.beta=0.25..1/4"
    put(visit, "values-1", "0.1,0.5,0.9")
    put(visit, "joined-1", True)
    assert experiment(visit).vary == ("neuron.threshold=0.5..1.5/3~neuron.beta=0.1,0.5,0.9",)
    assert len(experiment(visit).groups()) == 3
    press(visit, "add")
    assert experiment(visit).vary[1] == "init.kind=variance-preserving,kaiming,glorot"
    press(visit, "remove-1")
    assert experiment(visit).vary == ("neuron.threshold=0.5..1.5/3", "init.kind=variance-preserving,kaiming,glorot")
    put(visit, "how", "each")
    put(visit, "seeds", 5)
    assert (experiment(visit).how, experiment(visit).seeds) == ("each", 5)
    assert from_query(visit.link) == experiment(visit)
    assert visit.errors == []


@pytest.mark.parametrize(("name", "value", "sentence"), [
    ("values-0", "50", "Threshold θ must be a number from 0 to 10, not 50"),
    ("values-0", "0..1/100000", "What varies must come to at most 2,000 runs"),
    ("field-1", "neuron.threshold", "What varies must vary each field once"),
])  # fmt: skip
def test_what_cannot_be_is_a_sentence_and_the_experiment_stays(name: str, value: str, sentence: str) -> None:
    visit = by_link("tradeoffs", LINK)
    put(visit, name, value)
    assert any(sentence in one for one in visit.errors), visit.errors
    assert experiment(visit) == from_query(LINK)


def test_what_is_silent_is_left_out_at_a_click_and_taken_in_again() -> None:
    visit = by_link("tradeoffs", "")
    visit.press("tradeoffs-silent")
    assert experiment(visit) == DEFAULT.model_copy(update={"silent": "without"})
    assert "left out\\: layer" in visit.text
    visit.press("tradeoffs-silent")
    assert experiment(visit) == DEFAULT


def test_what_is_left_out_is_not_trained_and_what_is_held_out_is_in_every_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The buttons *Leave these out* and *Hold 15 % out*, then *Train*."""
    store = services.store()
    monkeypatch.setattr(services, "engine", lambda: store)  # nobody works at it
    visit = by_link("tradeoffs", "vary.1=neuron.threshold=1,4&vary.2=init=kaiming,glorot&vary.seeds=2")
    silent = [one for one in previewing.forecasts(experiment(visit).groups()).values() if one.silent]
    assert 0 < len(silent) < 4
    visit.press("tradeoffs-silent").press("tradeoffs-hold-out").press("tradeoffs-runs-train")
    queued = [run.design for run in store.runs()]
    assert len(queued) == 2 * (4 - len(silent))
    assert {design.data.validation for design in queued} == {0.15}
    kept = previewing.forecasts(experiment(visit).groups()).values()
    assert not any(one.silent for one in kept)


def test_what_does_not_fit_together_is_said_in_the_pages_words() -> None:
    visit = by_link("tradeoffs", "vary.1=neuron.kind=lif,relu&vary.seeds=1")
    assert "1 combination is left out\\: ReLUs know no time" in visit.text


def test_one_press_queues_ordinary_runs_and_what_is_there_is_not_trained_again(
    tiny: MakeDesign, trained: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Experiment(base=tiny(), vary=("neuron.threshold=0.5,1", "init=kaiming,glorot"), seeds=2)
    first = trained(asked.runs()[0].design)
    visit = by_link("tradeoffs", asked.to_query())
    assert "1 of them in the store" in visit.text
    store = services.store()
    monkeypatch.setattr(services, "engine", lambda: store)  # nobody works at it
    visit.press("tradeoffs-runs-train")
    assert {run.run for run in store.runs()} == {run.design.digest for run in asked.runs()}
    assert store.get(first.run).attempt == 1
    visit.press("tradeoffs-runs-cancel")
    assert {run.state for run in store.runs()} == {"done", "cancelled"}


def test_a_finished_experiment_has_theory_and_training_side_by_side(
    tiny: MakeDesign, trained: Callable[..., Run]
) -> None:
    asked = Experiment(base=tiny(), vary=("neuron.threshold=0.5,9", "init=kaiming"), seeds=2)
    for run in asked.runs():
        trained(run.design)
    visit = by_link("tradeoffs", asked.to_query())
    assert "The forecast was right of " in visit.text
    (table,) = [frame.value for frame in visit.at.dataframe]
    expected = [one.words for one in previewing.forecasts(asked.groups()).values()]
    assert list(table["forecast"]) == expected
    assert expected[1].startswith("silent in ")
    assert list(table["done"]) == ["2 of 2", "2 of 2"]
    assert table["accuracy"].between(0, 100).all()


def test_any_two_rows_are_compared_at_the_experiments_seeds(tiny: MakeDesign) -> None:
    asked = Experiment(base=tiny(), vary=("neuron.threshold=0.5,1,2",), seeds=4)
    visit = by_link("tradeoffs", asked.to_query())
    table = f"tradeoffs-groups-{hash(asked.to_query())}"
    for rows in ([], [1], [0, 1, 2]):
        visit.at.session_state[table] = {"selection": {"rows": rows, "columns": [], "cells": []}}
        assert visit.look().at.button(key="tradeoffs-pair").disabled
    visit.at.session_state[table] = {"selection": {"rows": [0, 2], "columns": [], "cells": []}}
    visit.look().press("tradeoffs-pair")
    found = visit.at.session_state["comparing"]
    groups = asked.groups()
    assert (found.design("a"), found.design("b")) == (groups[0,], groups[2,])
    assert found.seeds == 4
    assert "Nothing is known before A and B are trained" in visit.text


def test_what_if_opens_the_page_with_the_edited_design() -> None:
    visit = Visit("neuron.threshold=0.7")
    visit.at.button(key="what-if").click()
    visit.look()
    assert experiment(visit) == first_experiment(change(Design(), {"neuron.threshold": 0.7}))


@pytest.mark.parametrize("name", ["digits", "digits-mlp", "resnet18-digits", "ttfs-digits"])
def test_every_offered_field_has_values_to_begin_with(name: str) -> None:
    from snnviz.catalog.examples import get_example

    base = get_example(name)
    for path in offered_fields(base):
        assert "must" not in reading(base, path, suggested_values(base, path)), path


def test_rows_come_back() -> None:
    for vary in (("a=1~b=2", "c=3"), ("a=1",), ("a=1", "b=2~c=3~d=4")):
        assert rows_to_axes(axes_to_rows(vary)) == vary
    assert rows_to_axes([("a=1", True), ("b=2", True)]) == ("a=1~b=2",)


def test_what_if_of_a_run_opens_the_page_with_its_design_and_leaves_the_edited_one(
    tiny: MakeDesign, trained: Callable[..., Run]
) -> None:
    run = trained(tiny(4))
    visit = by_link("runs", "")
    assert visit.at.button("run-what-if").disabled
    edited = visit.design
    visit.tick(0).press("run-what-if")
    assert experiment(visit) == first_experiment(run.design)
    assert visit.design == edited


def test_images_to_choose_by_are_offered_with_what_that_costs(trained: Callable[..., Run], tiny: MakeDesign) -> None:
    base = tiny()
    trained(base)
    visit = by_link("tradeoffs", f"{asked_link(base)}&vary.seeds=1")
    assert "Is the best of them to be picked?" in visit.text
    assert "1 stored run would be left out and trained anew" in visit.text
    visit.at.button(key="tradeoffs-hold-out").click()
    visit = visit.look()
    assert experiment(visit).base.data.validation == 0.15
    assert "data.validation=0.15" in visit.link
    assert "Is the best of them to be picked?" not in visit.text


def asked_link(base: Design) -> str:
    """An experiment of which the base is one run."""
    now = Experiment(base=base, vary=(f"neuron.threshold={base.neuron.model_dump()['threshold']:g},3",), seeds=1)
    return now.to_query().replace("&vary.seeds=1", "")


def test_a_control_that_sends_what_it_shows_is_nobodys_choice() -> None:
    """As where a look at the page was interrupted before the server knew what the control is drawn with."""
    visit = by_link("tradeoffs", LINK)
    put(visit, "values-0", "0.5,9")
    field = widget(visit, "field-0")
    field.set_value("neuron.threshold")
    state = vars(vars(visit.at.session_state)["_state"])["_state"]
    for states in (state._old_state, state._new_widget_state):
        states.pop(field.proto.id, None)  # type: ignore[attr-defined]
    visit.look()
    assert experiment(visit).vary[0] == "neuron.threshold=0.5,9"
