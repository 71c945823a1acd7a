"""The view Weigh: an experiment, a filter, all runs; objectives, limits, and the point that is open."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean
from typing import Any

import pytest

from snnviz.design.experiment import from_query
from snnviz.events import EpochEnd, LayerState
from snnviz.store import Store
from snnviz.store.groups import group_key
from snnviz.studies.tradeoffs.page import weighed
from snnviz.studies.tradeoffs.weighing import Weighing
from snnviz.ui.kit import services
from tests.pages.visit import Visit, by_link
from tests.store.test_metrics import end_run

SETTINGS = "data.train_samples=100&data.test_samples=50&data.steps=2&network.kind=mlp&network.depth=2&network.width=8"
LINK = f"{SETTINGS}&training.epochs=1&vary.1=neuron.threshold=0.5,1,1.5&vary.2=init=kaiming,glorot&vary.seeds=2"
WEIGH = f"{LINK}&view=weigh"


@pytest.fixture
def filled(cache: object) -> Iterator[Store]:  # noqa: ARG001
    """Each run of the experiment as if it were done: accuracy and additions fall with the threshold."""
    store = Store()
    for number, run in enumerate(from_query(LINK).runs()):
        threshold, kind = run.design.neuron.threshold, run.design.init.kind
        accuracy = 0.95 - 0.2 * threshold + 0.1 * (kind == "glorot") * (threshold == 1) + 0.01 * run.seed
        counts = {"probe": 64, "macs": 64.0, "additions": 1000 / threshold + number % 2, "synops": 900.0}
        rates = (0.2, 0.0 if threshold > 1.2 else 0.2)  # before and after
        looks = [LayerState(step, step, layer, f"L{layer}", rates[step], 1.0, None, **counts)  # type: ignore[arg-type]
                 for step in (0, 1) for layer in range(2)]  # fmt: skip
        end_run(store, run.design, *looks, EpochEnd(1, 0.9, accuracy, 0.1, 0.3, 0.3 / threshold, 0.01))
    services.CACHE.clear()
    weighed.GROUPS.clear()
    yield store
    store.close()


def setting(visit: Visit) -> Weighing:
    found: Weighing = visit.at.session_state["weigh"]
    return found


def chart(visit: Visit, key: str, name: str) -> dict[str, Any]:
    return next(one for one in visit.component("snnviz_charts", key)["charts"] if one["id"] == name)


def choose(visit: Visit, label: str, value: object) -> Visit:
    next(one for one in visit.at.selectbox if one.label == label).set_value(value)
    return visit.look()


def test_without_runs_it_says_where_to_begin(cache: object) -> None:  # noqa: ARG001
    visit = by_link("tradeoffs", WEIGH)
    assert "No run of this experiment is done yet" in visit.text
    assert visit.component("snnviz_charts") is None


def test_an_experiment_s_groups_are_points_with_the_front_and_all_figures(filled: Store) -> None:  # noqa: ARG001
    visit = by_link("tradeoffs", WEIGH)
    assert visit.errors == []
    assert (
        "**6** groups (12 runs), **3** on the front. Not told apart: 3 of the front may in truth be beaten"
        in visit.text
    )
    assert "seeds overlap. Chosen on the test images" in visit.text
    front = chart(visit, "weigh-front", "front")
    assert sum(len(trace["x"]) for trace in front["traces"] if trace.get("meta") == "group") == 6
    for key, names in {
        "weigh-further": ["parallel", "operations"],
        "weigh-importance": ["importance-accuracy", "importance-operations", "volume"],
        "weigh-levels": ["effect-0", "effect-1", "best"],
        "weigh-maps": ["pair", "beyond", "map-rate", "map-silent_layers", "map-silent_before", "map-theory"],
    }.items():
        assert [one["id"] for one in visit.component("snnviz_charts", key)["charts"]] == names
    assert visit.link == WEIGH.replace("&view=weigh", "") + "&view=weigh"


def test_objectives_and_limits_are_chosen_and_are_the_link(filled: Store) -> None:  # noqa: ARG001
    visit = by_link("tradeoffs", WEIGH)
    choose(visit, "Across", "rate")
    choose(visit, "Colour", "parameters")
    assert setting(visit).objectives == ("accuracy", "rate", "parameters")
    choose(visit, "Colour", "none")
    visit.at.multiselect[0].set_value(["operations"])
    visit.look()
    (slider,) = visit.at.select_slider
    assert len(slider.options) == 6
    groups = weighed.groups_of(setting(visit), from_query(LINK)).groups
    means = sorted(fmean(group.values["operations"].values()) for group in groups)
    slider.set_range(means[0], means[2])
    visit.look()
    assert setting(visit).limits == (f"operations<={means[2]:g}",)
    assert "**3 of 6** groups are left" in visit.text
    linked = by_link("tradeoffs", f"{WEIGH}&weigh.objectives=accuracy,rate&weigh.limits=operations<=1500")
    assert "**2 of 6** groups are left" in linked.text
    assert setting(linked).limits == ("operations<=1500",)
    assert "weigh.objectives=accuracy,rate" in linked.link
    assert "weigh.limits=operations" in linked.link


def test_a_point_opens_with_its_numbers_and_what_can_be_done(filled: Store) -> None:  # noqa: ARG001
    groups = from_query(LINK).groups()
    best = group_key(next(d for d in groups.values() if d.neuron.threshold == 1 and d.init.kind == "glorot"))
    visit = by_link("tradeoffs", f"{WEIGH}&weigh.point={best}")
    assert [one.value for one in visit.at.subheader] == ["On the front"]
    assert "seeds 0, 1" in visit.text
    assert {one.label: one.value for one in visit.at.metric}["Test accuracy"] == "85.5 %"
    assert any("95 %" in one.value for one in visit.at.caption)
    assert "train it with other seeds before you trust it" in visit.text
    assert "(beyond all tried)" not in visit.text  # 1 lies between 0.5 and 1.5
    ring = chart(visit, "weigh-front", "front")["traces"][-1]
    assert ring["name"] == "open below"
    other = next(one for one in visit.at.selectbox if one.label == "Compare with")
    other.select_index(0)
    visit.look()
    assert "Paired by seed" in visit.text
    assert "not told apart" in visit.text
    compared = by_link("tradeoffs", f"{WEIGH}&weigh.point={best}")
    next(one for one in compared.at.selectbox if one.label == "Compare with").select_index(0)
    compared.look().press("weigh-compare")
    assert compared.at.session_state["tradeoffs_view"] == "compare"
    assert "What changes from A to B?" in compared.text
    visit.press("weigh-edit")
    assert visit.design.neuron.threshold == 1
    assert visit.design.init.kind == "glorot"


def test_neighbours_are_queued_with_the_group_s_seeds(filled: Store) -> None:
    edge = group_key(next(d for d in from_query(LINK).groups().values() if d.neuron.threshold == 1.5))
    visit = by_link("tradeoffs", f"{WEIGH}&weigh.point={edge}")
    assert "Threshold θ 2 (beyond all tried)" in visit.text
    before = len(filled.runs())
    visit.press("weigh-near-train")
    assert len(filled.runs()) == before + 2
    assert {run.design.neuron.threshold for run in filled.runs(states=("queued", "running"))} == {2.0}
    for run in filled.runs(states=("queued", "running")):
        filled.cancel(run.run)


def test_a_filter_weighs_what_it_takes_and_a_wrong_one_is_a_sentence(filled: Store) -> None:  # noqa: ARG001
    visit = by_link("tradeoffs", f"{WEIGH}&weigh.of=filter")
    assert "Say which runs are weighed" in visit.text
    found = by_link("tradeoffs", f"{WEIGH}&weigh.of=filter&weigh.where=init.kind = kaiming")
    assert "**3** groups (6 runs)" in found.text
    wrong = by_link("tradeoffs", f"{WEIGH}&weigh.of=filter&weigh.where=acuracy > 1")
    assert any("filter must" in one for one in wrong.errors)
    assert "**6** groups" in by_link("tradeoffs", f"{WEIGH}&weigh.of=store").text


@pytest.mark.parametrize(("more", "sentence"), [
    ("weigh.objectives=accuracy", "objectives must be two or three metrics"),
    ("weigh.limits=rate<<3", "limits must have the form"),
    ("weigh.of=everything", "weigh.of must be"),
    ("weigh.point=../x", "point must be the key of a group"),
    ("weigh.nothing=1", "weigh"),
])  # fmt: skip
def test_a_broken_link_is_a_sentence_and_the_usual_weighing_is_shown(filled: Store, more: str, sentence: str) -> None:  # noqa: ARG001
    visit = by_link("tradeoffs", f"{WEIGH}&{more}")
    assert any(sentence in one for one in visit.errors), visit.errors
    assert setting(visit) == Weighing()
    assert "**6** groups" in visit.text


def test_what_is_drawn_is_made_once_for_all_who_watch_and_anew_when_a_run_ends(filled: Store) -> None:
    experiment = from_query(LINK)
    first = weighed.groups_of(Weighing(), experiment)
    asked = weighed.asked_of(Weighing())
    drawn = weighed.front_figures(first, asked, "")
    weighed.GROUPS.clear()
    again = weighed.groups_of(Weighing(), experiment)
    assert again == first
    assert weighed.front_figures(again, asked, "") is drawn
    filled.delete(experiment.runs()[0].design.digest)
    weighed.GROUPS.clear()
    fewer = weighed.groups_of(Weighing(), experiment)
    assert fewer != first
    assert weighed.front_figures(fewer, asked, "") != drawn


def test_the_last_run_is_weighed_though_the_groups_were_read_a_moment_before_it_ended(cache: object) -> None:  # noqa: ARG001
    store = Store()
    *most, last = [run.design for run in from_query(LINK).runs()]
    for design in most:
        end_run(store, design, EpochEnd(1, 0.9, 0.5, 0.1, 0.3, 0.3, 0.01))
    store.submit(last)
    services.CACHE.clear()
    weighed.GROUPS.clear()
    visit = by_link("tradeoffs", WEIGH)
    assert "(11 runs)" in visit.text
    end_run(store, last, EpochEnd(1, 0.9, 0.5, 0.1, 0.3, 0.3, 0.01))
    services.CACHE.clear()
    assert "(12 runs)" in visit.look().text
    store.close()
