"""The TTFS page's limits of hardware and its penalty: at once, tuned by one press, curves found in the store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.design.part import Part
from snnviz.jobs.immediate import Immediate
from snnviz.store import Run, Store, Task
from snnviz.studies.ttfs.curves import LimitSettings, curve_points, default_design, finetuning_task, pretrained_designs
from snnviz.studies.ttfs.limits import FineTuning, Tuned
from snnviz.studies.ttfs.page import ttfs
from snnviz.studies.ttfs.penalty import PenaltyStudy, penalty_runs
from snnviz.studies.ttfs.study import TtfsStudy
from snnviz.ui.kit import services
from tests.pages.visit import Visit, by_link

TINY = change(
    default_design(),
    {
        "network.depth": 2,
        "network.width": 12,
        "data.train_samples": 150,
        "data.test_samples": 50,
        "training.epochs": 2,
    },
)
FEW = LimitSettings(weight_bits=2, epochs=1)


def open_page(view: str, setting: Part, design: Design = TINY) -> Visit:
    return by_link("ttfs", ttfs.to_link(design, TtfsStudy(), view, {view: setting}))


def limits(setting: LimitSettings = FEW, design: Design = TINY) -> Visit:
    return open_page("limits", setting, design)


def chart(visit: Visit, key: str) -> Any:
    (found,) = visit.component("snnviz_charts", key)["charts"]
    return found


def done(task: Task) -> Run:
    store = Store()
    run = Immediate(store).submit(task).run
    found = store.get(run)
    store.close()
    services.CACHE.clear()
    return found


def metrics(visit: Visit) -> list[str]:
    return [metric.value for metric in visit.at.metric]


def test_without_a_trained_network_it_says_what_to_do() -> None:
    visit = limits()
    assert metrics(visit) == ["–", "–", "–"]
    assert "Once the network is trained (above), its accuracy under any limits is here at once." in visit.text
    assert not visit.errors


def test_a_slider_costs_accuracy_at_once(trained: Callable[..., Run]) -> None:
    design = change(default_design(), {"network.depth": 2, "network.width": 30})
    trained(design)
    free = limits(LimitSettings(weight_bits=0), design)
    without, under, tuned = metrics(free)
    assert (tuned, without[-1], under[-1]) == ("–", "%", "%")
    assert "At once, on " in free.text
    assert abs(float(under[:-1]) - float(without[:-1])) < 2  # some of the test images
    coarse = limits(LimitSettings(weight_bits=1, latency=50), design)
    assert float(metrics(coarse)[1][:-1]) < float(under[:-1]) - 20
    for name, value in (("weight_bits", 1), ("latency", 50.0)):
        slider = next(each for each in free.at.slider if each.key.startswith(f"ttfs_limits-{name}@"))
        slider.set_value(value)
        free.look()
    assert metrics(free) == metrics(coarse)
    assert free.component("snnviz_address", "ttfs-address")["query"].endswith(
        "limits.weight_bits=1&limits.latency=50&view=limits"
    )


def test_levels_with_a_zero_are_chosen_and_one_bit_is_too_few_for_them() -> None:
    visit = limits(LimitSettings(weight_bits=2))
    visit.widgets["ttfs_limits-levels"].set_value("with-zero")
    visit.look()
    assert visit.at.session_state["ttfs_limits"].limits.levels == "with-zero"
    assert "limits.levels=with-zero" in visit.component("snnviz_address", "ttfs-address")["query"]
    slider = next(each for each in visit.at.slider if each.key.startswith("ttfs_limits-weight_bits@"))
    slider.set_value(1)
    visit.look()
    assert visit.at.session_state["ttfs_limits"].weight_bits == 2
    assert any(
        "be 0 or at least 2 where levels is with-zero" in error.value.replace("\\", "") for error in visit.at.error
    )


def test_one_press_tunes_and_what_is_tuned_is_shown(trained: Callable[..., Run]) -> None:
    trained(TINY)
    visit = limits()
    task = finetuning_task(TINY, FEW.limits, FEW)
    visit.press("ttfs_limits-one-train")
    assert [run.run for run in services.store().runs(of=FineTuning)] == [task.digest]
    visit.press("ttfs_limits-one-cancel")
    done(task)
    shown = limits()
    first, last = (row for _, row in services.store().rows(task.digest, Tuned))
    assert metrics(shown)[1:] == [f"{100 * first.accuracy:.1f} %", f"{100 * last.accuracy:.1f} %"]
    assert chart(shown, "ttfs-limits-epochs")["traces"][0]["y"] == [round(first.accuracy, 5), round(last.accuracy, 5)]
    assert shown.at.button("ttfs_limits-one-train").disabled


def test_a_curve_is_ordinary_runs_and_is_drawn_as_far_as_it_is() -> None:
    setting = LimitSettings(weight_bits=0, epochs=1, axis="latency")
    curve = curve_points(TINY, setting, ["latency"])
    visit = limits(setting)
    assert visit.at.button("ttfs_limits-curve-train").label == "Draw the curve over latency"
    visit.press("ttfs_limits-curve-train")
    store = services.store()
    queued = {run.run for run in store.runs(of=None)}
    assert queued == {each.digest for each in pretrained_designs(TINY, 1)} | {point.task.digest for point in curve}
    visit.press("ttfs_limits-curve-cancel")
    done(TINY)
    for point in curve[:3]:
        done(point.task)
    (drawn,) = [chart(limits(setting), "ttfs-limits-curve")]
    lines = {trace["name"]: trace for trace in drawn["traces"]}
    assert lines["as it is"]["x"] == lines["trained on through it"]["x"] == ["1", "2", "4"]
    assert lines["without limits"]["y"][0] == pytest.approx(lines["as it is"]["y"][0])
    assert "paper: a quarter of the latency, on CIFAR10" in lines


def test_a_convolution_is_not_computed_here(trained: Callable[..., Run]) -> None:
    cnn = change(TINY, {"network.kind": "cnn", "network.channels": 2, "network.depth": 2, "network.pool_every": 1})
    trained(cnn)
    visit = limits(FEW, cnn)
    assert "At once for fully connected networks alone" in visit.text
    assert metrics(visit)[1] == "–"


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("view=limits&limits.weight_bits=99", "limits.weight_bits must be a whole number from 0 to 16, got 99"),
        ("view=limits&limits.axis=colour", "limits.axis must be one of weight_bits, time_bits, jitter, latency"),
        ("view=penalty&penalty.values=a,b", "penalty.values must be at most 20 numbers from 0 to 1000"),
    ],
)
def test_a_bad_link_is_a_sentence(query: str, sentence: str) -> None:
    (said,) = by_link("ttfs", query).errors
    assert said.startswith(sentence)


def test_penalties_are_ordinary_runs(trained: Callable[..., Run]) -> None:
    study = PenaltyStudy(values="0,3", seeds=1)
    visit = open_page("penalty", study)
    several = penalty_runs(TINY, study)
    visit.press("ttfs_penalty-train")
    assert {run.run for run in services.store().runs()} == {each.design.digest for each in several}
    visit.press("ttfs_penalty-cancel")
    for each in several:
        trained(each.design)
    shown = open_page("penalty", study)
    traces = {trace["name"]: trace for trace in chart(shown, "ttfs-penalty-chart")["traces"]}
    dense, sparse = traces["mean of the seeds"]["x"]
    assert sparse < dense
    assert shown.at.dataframe[-1].value["penalty"].tolist() == [0, 3]
    field = next(each for each in shown.at.text_input if each.key.startswith("ttfs_penalty-values@"))
    field.set_value("x")
    shown.look()
    assert any("Values must be at most 20 numbers" in words for words in shown.errors)
