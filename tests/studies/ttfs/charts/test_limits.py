"""Curves over limits of hardware and over an activity penalty: what is drawn of which rows, and what is said of it."""

from __future__ import annotations

from dataclasses import replace

import plotly.graph_objects as go
import pytest

from snnviz.events import EpochEnd
from snnviz.studies.ttfs.charts import limits
from snnviz.studies.ttfs.charts import penalty as ttfspenalty
from snnviz.studies.ttfs.curves import CurvePoint, LimitStudy, curve_points, default_design
from snnviz.studies.ttfs.limits import Tuned
from snnviz.studies.ttfs.penalty import PenaltyStudy, penalty_runs
from snnviz.views.chart import Chart

STUDY = LimitStudy(epochs=2, seeds=2)


def told(first: float, last: float, epochs: int = 2) -> tuple[Tuned, ...]:
    step = (last - first) / 2
    return tuple(Tuned(epoch, first + step * epoch, 0.1, 0.4, 20.0) for epoch in range(epochs + 1))


def traces(chart: Chart) -> dict[str, dict[str, object]]:
    go.Figure(chart.figure)  # plotly takes it
    return {trace["name"]: trace for trace in chart.figure["data"]}


def curve(axis: limits.Axis) -> list[CurvePoint]:
    return list(curve_points(default_design(), STUDY, [axis]))


def test_a_point_is_the_mean_of_its_seeds_and_after_only_when_it_is_done() -> None:
    bits = curve("weight_bits")
    first, second = (point for point in bits if point.value == 6)
    going = next(point for point in bits if point.value == 2)
    rows = {
        first.task.digest: told(0.9, 0.98),
        second.task.digest: told(0.92, 0.96),
        going.task.digest: told(0.5, 0.9, epochs=1),
    }
    shown = traces(limits.curve_chart("weight_bits", bits, rows, [0.97, 0.99]))
    assert (shown["as it is"]["x"], shown["as it is"]["y"]) == (["6", "2"], [0.91, 0.5])
    assert (shown["trained on through it"]["x"], shown["trained on through it"]["y"]) == (["6"], [0.97])
    assert shown["trained on through it"]["error_y"]["array"] == [pytest.approx(0.03)]  # type: ignore[index]  # 1 is the most
    assert set(shown["without limits"]["y"]) == {0.98}  # type: ignore[call-overload]
    star = shown["paper: 6 bits within 1 %"]
    assert (star["x"], star["y"]) == (["6"], [0.97])
    exact = dict(zip((point.task.design.digest for point in (first, second)), (0.97, 0.99), strict=True))
    said = limits.verdict("weight_bits", bits, rows, exact)
    assert said.startswith(
        "Without limits **98.0 %**. The paper: 6 bits within 1 %, after training on. Ours at 6: 91.0 %"
    )
    assert "**97.0 %** after, less without limits -1.0 points (95 %: -26.4 to +24.4, 2 seeds), not told apart." in said
    assert said.endswith(
        "most at 6: 91.0 % to **97.0 %**, +6.0 points (95 %: -19.4 to +31.4, 2 seeds), not told apart."
    )
    alone = limits.verdict("weight_bits", bits, {first.task.digest: told(0.9, 0.98)}, exact)
    assert "less without limits +1.0 points, of one seed." in alone


def test_an_axis_without_a_claim_has_no_star_and_without_points_nothing_is_said() -> None:
    jitter = curve("jitter")
    rows = {jitter[0].task.digest: told(0.9, 0.9)}
    assert not any(name.startswith("paper") for name in traces(limits.curve_chart("jitter", jitter, rows, [0.9])))
    exact = {jitter[0].task.design.digest: 0.9}
    assert limits.verdict("jitter", jitter, rows, exact) == "Without limits **90.0 %**."
    assert limits.verdict("jitter", jitter, {}, exact) == ""


def test_one_fine_tuning_over_its_epochs() -> None:
    chart = limits.epochs_chart(told(0.5, 0.9), 0.95, 2)
    shown = traces(chart)
    assert (shown["under the limits"]["x"], shown["under the limits"]["y"]) == ([0, 1, 2], [0.5, 0.7, 0.9])
    assert shown["without limits"]["y"] == [0.95, 0.95]
    assert "0.40 spikes per neuron at epoch 2; the answer is read after 20 τ_c" in chart.caption


def end(accuracy: float, rate: float | None) -> EpochEnd:
    return EpochEnd(1, 1.0, accuracy, 0.0, 0.1, rate, 0.001)


def test_spikes_against_accuracy_of_what_has_been_through_an_epoch() -> None:
    several = penalty_runs(default_design(), PenaltyStudy(values="0,1,3", seeds=2))
    digests = {(each.penalty, each.design.seed): each.design.digest for each in several}
    rows = {
        digests[0, 0]: [end(0.1, 0.9), end(0.98, 0.6)],
        digests[0, 1]: [end(0.96, 0.5)],
        digests[1, 0]: [end(0.965, 0.3)],
        digests[3, 0]: [end(0.9, None)],
    }
    found = ttfspenalty.penalty_results(several, rows)
    assert [(each.penalty, each.spikes, each.accuracies) for each in found] == [
        (0, (0.6, 0.5), (0.98, 0.96)),
        (1, (0.3,), (0.965,)),
    ]
    shown = traces(ttfspenalty.chart(found, running=2))
    assert (shown["mean of the seeds"]["x"], shown["mean of the seeds"]["y"]) == ([0.55, 0.3], [0.97, 0.965])
    assert shown["each seed"]["x"] == [0.6, 0.5, 0.3]
    assert shown["paper: 0.3 on average"]["x"] == [0.3, 0.3]
    assert "2 still train" in ttfspenalty.chart(found, running=2).caption
    said = ttfspenalty.verdict(found)
    assert said.startswith("Without a penalty **0.55** spikes per neuron, 97.0 %.")
    assert "at most a point below, fewest at λ = 1: **0.30**, 96.5 %, -1.5 points, of one seed." in said
    table = ttfspenalty.table(found)
    assert table["seeds"].tolist() == [2, 1]
    assert table["accuracy_half"][0] == pytest.approx(12.706 * 100 * 0.02 / 2, rel=1e-4)
    assert table["spikes_half"].isna().tolist() == [False, True]
    assert ttfspenalty.verdict(found[:1]) == ""
    assert "Chosen on the test images" in said


def test_the_sparsest_that_is_nearly_as_good_is_chosen_by_the_images_held_out_where_there_are_any() -> None:
    """On the test images the sparsest is good enough; on those that are held out it is not."""
    several = penalty_runs(default_design(), PenaltyStudy(values="0,1,3", seeds=1))
    on_test, on_held = [0.95, 0.95, 0.95], [0.95, 0.945, 0.9]
    ends = [
        replace(end(test, 0.6 - 0.2 * place), validation_accuracy=held)
        for place, (test, held) in enumerate(zip(on_test, on_held, strict=True))
    ]
    rows = {each.design.digest: [row] for each, row in zip(several, ends, strict=True)}
    said = ttfspenalty.verdict(ttfspenalty.penalty_results(several, rows))
    assert "fewest at λ = 1: **0.40**, 95.0 %" in said  # the test set's number of what was chosen
    assert "Chosen by validation accuracy; the test images had no say." in said
    rows[several[0].design.digest] = [replace(ends[0], validation_accuracy=None)]
    said = ttfspenalty.verdict(ttfspenalty.penalty_results(several, rows))
    assert "fewest at λ = 3: **0.20**" in said
    assert "1 of 3 penalties holds no training images out" in said
