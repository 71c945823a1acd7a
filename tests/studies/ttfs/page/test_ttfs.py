"""The TTFS page: two networks compared at once, their runs queued once, one image in time; all of it is its link."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, get_args
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnviz.data import datasets
from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.design.part import Part
from snnviz.errors import InputError
from snnviz.graph.nearest import nearest_design
from snnviz.graph.ttfs import relu_network, ttfs_network
from snnviz.store import Run
from snnviz.studies.ttfs.page import ttfs, twin_computation
from snnviz.studies.ttfs.study import STARTS, Slopes, TtfsStudy, Weights, compared_networks
from snnviz.theory.ttfs import Silent
from snnviz.ui.kit import services
from snnviz.ui.kit.words import JOINER
from tests.designs import DESIGNS, attempt
from tests.pages.visit import Visit, by_link

TINY = change(
    STARTS["digits mlp"],
    {"network.width": 12, "data.train_samples": 150, "data.test_samples": 60, "training.epochs": 2},
)

arrived = partial(by_link, "ttfs")


def open_page(view: str = "equivalence", study: TtfsStudy | None = None, design: Design = TINY) -> Visit:
    return arrived(ttfs.to_link(design, study or TtfsStudy(), view))


def link(visit: Visit) -> str:
    query: str = visit.component("snnviz_address", "ttfs-address")["query"]
    return query


def chart(visit: Visit, key: str, name: str) -> dict[str, Any]:
    found = visit.component("snnviz_charts", key)["charts"]
    return next(each for each in found if each["id"] == name)


def boxes(visit: Visit) -> list[str]:
    return [box.value.replace("\\", "").replace(JOINER, "") for box in [*visit.at.info, *visit.at.warning]]


def test_both_networks_agree_at_once_without_any_training() -> None:
    visit = arrived("")
    assert visit.at.session_state["ttfs_design"] == STARTS["digits mlp"]
    assert "Both networks say the same of **all 256** test images" in visit.text
    assert "rounding, in double precision" in visit.text
    relu, ttfs_bars = chart(visit, "ttfs-logits", "ttfs_logits")["traces"]
    assert relu["y"] == ttfs_bars["y"]
    assert max(chart(visit, "ttfs-logits", "ttfs_differences")["traces"][0]["y"]) < 1e-12
    assert "The ReLU network is not trained yet" in visit.text
    assert len(visit.at.get("latex")) == 9
    assert visit.at.dataframe[0].value["layer"].tolist() == ["L1", "L2"]
    assert link(visit) == ""


def test_both_runs_are_queued_once() -> None:
    visit = open_page()
    assert [visit.at.button(f"ttfs-{name}-train").label for name in ("relu", "ttfs")] == ["Train ReLU", "Train TTFS"]
    visit.press("ttfs-ttfs-train").press("ttfs-relu-train")
    assert {run.design for run in services.store().runs()} == {TINY, ttfs_network(TINY)}
    assert open_page().at.button("ttfs-relu-train").disabled
    visit.press("ttfs-ttfs-cancel")
    assert services.store().get(ttfs_network(TINY).digest).state == "cancelled"


@pytest.mark.parametrize("kind", ["relu", "ttfs"])
def test_the_weights_of_a_finished_run_are_what_is_compared(trained: Callable[..., Run], kind: Weights) -> None:
    study = TtfsStudy(weights=kind)
    before = chart(open_page(study=study), "ttfs-logits", "ttfs_logits")["traces"][0]["y"]
    run = trained(compared_networks(TINY)[kind])
    visit = open_page(study=study)
    assert f"Weights of the finished run of the {'ReLU' if kind == 'relu' else 'TTFS'} network" in visit.text
    assert chart(visit, "ttfs-logits", "ttfs_logits")["traces"][0]["y"] != before
    assert max(chart(visit, "ttfs-logits", "ttfs_differences")["traces"][0]["y"]) < 1e-9
    visit.press(f"ttfs-{kind}-open")
    assert visit.design == run.design


def test_a_trained_network_keeps_its_accuracy_in_numpy(trained: Callable[..., Run]) -> None:
    trained(change(STARTS["digits mlp"], {"training.epochs": 4}))
    visit = open_page("time", design=change(STARTS["digits mlp"], {"training.epochs": 4}))
    accuracy = visit.at.dataframe[0].value.set_index("network")["accuracy"]
    assert accuracy["ReLU, all operations"] == accuracy["TTFS"] == accuracy["TTFS, t_max events counted"] > 85
    design, study = visit.at.session_state["ttfs_design"], visit.at.session_state["ttfs"]
    made = twin_computation.build_pair(design, study, twin_computation.source(design, "relu"))
    assert 100 * made.accuracy == pytest.approx(accuracy["ReLU, all operations"], abs=4)  # of 256 of the 360 images


def test_one_image_in_time() -> None:
    visit = open_page("time", TtfsStudy(image=3, layer=2, neurons="1,5"))
    shown = chart(visit, "ttfs-time", "ttfs_time")
    assert shown["title"] == "Test image 3 in time"
    assert len(shown["cursor"]["values"]) == len(shown["cursor"]["notes"]) == 241
    assert {trace["name"].split(",")[0] for trace in shown["traces"] if trace.get("name")} == {"neuron 1", "neuron 5"}
    assert "spikes per neuron" in visit.text
    table = visit.at.dataframe[0].value.set_index("network")
    assert (
        table.loc["TTFS", "energy"]
        < table.loc["ReLU, zeros skipped", "energy"]
        < table.loc["ReLU, all operations", "energy"]
    )
    visit.press("ttfs-rate-train")
    (run,) = services.store().runs()
    assert run.design == compared_networks(TINY, 5)["rate"]
    assert (run.design.neuron.kind, run.design.data.steps) == ("lif", 5)


def test_widgets_change_the_design_the_study_and_the_link() -> None:
    visit = open_page()
    visit.widgets["ttfs-network.depth"].set_value(3)
    visit.look()
    visit.widgets["ttfs-slopes"].set_value("drawn")
    visit.look()
    visit.widgets["ttfs-high"].set_value(4.0)
    visit.look()
    next(slider for slider in visit.at.slider if slider.label.startswith("ζ")).set_value(1.5)
    visit.look()
    visit.widgets["ttfs-neurons"].set_value("3, 4")
    visit.look()
    visit.widgets["ttfs-image"].set_value(9)
    visit.look()
    visit.widgets["ttfs-layer"].set_value(2)
    visit.look()
    study = TtfsStudy(slopes="drawn", high=4, zeta=1.5, neurons="3,4", image=9, layer=2)
    assert visit.at.session_state["ttfs"] == study
    found = ttfs.from_link(dict(parse_qsl(link(visit))))
    assert found[:3] == (change(TINY, {"network.depth": 3}), study, "equivalence")
    assert "Neuron 3 of L2" in visit.text
    visit.widgets["ttfs-neurons"].set_value("three")
    visit.look()
    assert any("Neurons must be at most 4 numbers of neurons from 0" in error.value for error in visit.at.error)
    assert visit.at.session_state["ttfs"] == study


def test_neurons_as_printed_collapse_at_once_and_it_is_in_the_link(trained: Callable[..., Run]) -> None:
    design = change(STARTS["digits mlp"], {"training.epochs": 4})
    trained(design)
    visit = open_page(design=design)
    visit.widgets["ttfs-silent"].set_value("nothing")
    visit.look()
    assert "Silent neurons send nothing, and no clock makes up for it" in visit.text
    assert link(visit).endswith("study.silent=nothing")
    made = twin_computation.build_pair(design, TtfsStudy(silent="nothing"), twin_computation.source(design, "relu"))
    assert made.accuracy < 0.75 < 0.85 < made.relu.accuracy
    table = visit.at.dataframe[0].value
    assert table["late"].tolist() == list(made.spike_time_errors)
    assert min(made.spike_time_errors) > 0.5
    again = open_page("time", TtfsStudy(silent="nothing"), design)
    assert "after t_min it goes on so (thick)" in chart(again, "ttfs-time", "ttfs_time")["caption"]


def test_ramps_of_1_and_networks_too_large_are_a_sentence() -> None:
    visit = open_page(study=TtfsStudy(slopes="alpha-one"))
    assert boxes(visit)[0].startswith("No twin with α = 1: weights must have rows that add up to less than 1")
    assert "Both networks say the same of **all 256** test images" in visit.text
    large = change(TINY, {"network.width": 4096})
    visit = open_page(design=large)
    (sentence,) = boxes(visit)
    assert "must have at most 8,000,000 numbers" in sentence
    assert "python -m snnviz ttfs check digits --set" in sentence
    assert "network.width=4096" in sentence
    assert visit.at.dataframe == []


def test_data_that_is_not_here_is_not_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "find_files", lambda *_: [])
    visit = open_page(design=change(TINY, {"data.name": "fashion-mnist"}))
    assert boxes(visit) == ["Fashion-MNIST is not on this machine yet: it is fetched when a network is trained on it."]


def test_the_design_page_s_design_comes_and_the_twin_goes_back() -> None:
    visit = Visit("network.kind=cnn&network.depth=3&seed=4").go("ttfs")
    assert visit.at.session_state["ttfs_design"] == STARTS["digits mlp"]
    visit.widgets["ttfs-start"].set_value("Design page")
    visit.look()
    found = visit.at.session_state["ttfs_design"]
    assert found == relu_network(visit.design)
    visit.press("ttfs-edit")
    assert visit.design == ttfs_network(found)
    assert visit.go("ttfs").at.session_state["ttfs_design"] == found


def test_what_has_no_twin_says_so_and_names_the_nearest() -> None:
    visit = Visit("").go("ttfs")
    visit.widgets["ttfs-start"].set_value("Design page")
    visit.look()
    (sentence,) = (error.value.replace("\\", "") for error in visit.at.error)
    assert "has no TTFS twin: Neurons that spike once stand in layers in a row, without skips" in sentence
    assert visit.at.session_state["ttfs_design"] == STARTS["digits mlp"]
    assert "Skips none instead of 2 ASC" in visit.text.replace("\\", "")
    visit.press("ttfs-nearest")
    assert visit.at.session_state["ttfs_design"] == relu_network(nearest_design(Design(), row=True).design)
    assert visit.at.error == []
    visit.press("undo")
    assert visit.at.session_state["ttfs_design"] == STARTS["digits mlp"]


def test_a_ttfs_design_is_there_at_once() -> None:
    visit = Visit("network.kind=mlp&network.code=ttfs&neuron.kind=relu&data.steps=1").go("ttfs")
    assert visit.at.session_state["ttfs_design"] == relu_network(visit.design)


STUDIES = st.builds(
    TtfsStudy,
    weights=st.sampled_from(get_args(Weights)),
    zeta=st.floats(0, 10).map(lambda value: round(value, 3)),
    slopes=st.sampled_from(get_args(Slopes)),
    silent=st.sampled_from(get_args(Silent)),
    image=st.integers(0, 255),
    layer=st.integers(1, 200),
    neurons=st.sampled_from(["", "0", "1,2,300"]),
    steps=st.integers(1, 100),
)


def with_twin(design: Design) -> Design:
    """Its ReLU network; one that has no twin becomes an mlp."""
    found = attempt(relu_network, design)
    return found if isinstance(found, Design) else change(TINY, {"seed": design.seed})


@given(DESIGNS.map(with_twin), STUDIES, st.sampled_from(sorted(ttfs.VIEWS)))
def test_every_setting_survives_its_link(relu: Design, study: TtfsStudy, view: str) -> None:
    parts: dict[str, Part] = {name: own.usual for name, own in ttfs.OWN.items()}
    query = dict(parse_qsl(ttfs.to_link(relu, study, view, parts), keep_blank_values=True))
    assert ttfs.from_link(query) == (relu, study, view, parts)


BAD = {
    "study.zeta=11": "study.zeta must be a number from 0 to 10, got 11",
    "study.zetta=1": "study.zetta must be a field of a study, got 1; did you mean 'zeta'?",
    "study.low=5": "study.low must be at most high, 2, got 5",
    "study.neurons=1,2,3,4,5": "study.neurons must be at most 4 numbers of neurons from 0",
    "view=tim": "view must be one of equivalence, time",
    "network.kind=block": "network.edges must have no skips for TTFS",
    "network.kind=cell": "network.kind must be mlp, cnn, vgg or",
    "data.name=nmnist&network.kind=mlp": "data.name must be images for TTFS",
    "ttfs.slope=two": "ttfs.slope must be one of one, alpha-one",
}


@pytest.mark.parametrize(("query", "sentence"), BAD.items(), ids=list(range(len(BAD))))
def test_a_bad_link_is_one_sentence_and_the_usual_network(query: str, sentence: str) -> None:
    with pytest.raises(InputError) as error:
        ttfs.from_link(dict(parse_qsl(query)))
    assert str(error.value).startswith(sentence)
    visit = arrived(query)
    assert visit.at.session_state["ttfs_design"] == STARTS["digits mlp"]
    assert len(visit.at.error) == 1
    assert "The digits mlp is shown instead" in visit.at.error[0].value.replace(JOINER, "")


def test_all_starts_have_a_twin() -> None:
    for start in STARTS.values():
        assert relu_network(start) == start
        assert ttfs_network(start).network.code == "ttfs"
