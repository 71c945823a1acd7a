"""The figures of runs with and without branches, and of untrained networks, say what their rows are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import plotly.graph_objects as go
import pytest

from snnviz.core.gradients import gradient_profile
from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.events import Branch, EpochEnd, LayerState, Sample
from snnviz.graph.architectures import build_architecture
from snnviz.graph.branches import branch_layers, branch_parameter_count
from snnviz.store.values import Run
from snnviz.studies.shortcuts.charts import initialgradients as before
from snnviz.studies.shortcuts.charts import net, words
from snnviz.studies.shortcuts.charts import shortcuts as views
from snnviz.studies.shortcuts.page.shortcuts import ABOUT
from snnviz.studies.shortcuts.study import STARTS, InitialGradient, ShortcutStudy, study_runs
from snnviz.theory import costs
from snnviz.theory.backward import ExpectedGradients
from snnviz.theory.operations import OperationCounts
from snnviz.views.chart import Chart
from snnviz.views.numbers import count
from snnviz.views.results import Rows
from tests.results import made_result

MLP = change(STARTS["deep mlp"], {"network.depth": 4, "training.epochs": 3})
SEVERAL = study_runs(MLP, ShortcutStudy(seeds=2))
NAMES = [layer.name for layer in build_architecture(MLP).layers]


def rows_of(design: Design, epochs: int = 3) -> Rows:
    """Gradients of 10 ** -layers-to-go, ten times as much at seed 1; with branches all are 1."""
    branched = bool(branch_layers(design))
    layers = []
    for epoch in range(epochs + 1):
        for k, name in enumerate(NAMES):
            norm = 1.0 if branched else 10.0 ** (k - len(NAMES) + 1 + design.seed)
            spiking = k < len(NAMES) - 1
            layers.append(
                LayerState(
                    epoch, float(epoch), k, name, 0.1 if spiking else None, 1.0, norm if epoch else None,
                    saturation=0.2 if spiking else None, shortcut=0.5 if branched else None,
                )
            )  # fmt: skip
    samples = [Sample(e, float(e), 2.0 / e, 0.5) for e in range(1, epochs + 1)]
    ends = [EpochEnd(e, 0.5, 0.6 + 0.1 * branched + 0.02 * design.seed, 1, 1, 0.1, 0.1) for e in range(1, epochs + 1)]
    numbers = [index + 1 for index in branch_layers(design)]
    parts = [Branch(e, float(e), n, NAMES[n - 1], 1.5, 1.0) for e in range(1, epochs + 1) for n in numbers]
    return Rows(samples, layers, parts, ends)


def run_of(design: Design, seconds: float) -> Run:
    return Run(
        design.digest, "done", "", design, 1, 0.0, 0.0, 1.0, seconds, 9, 9, None, None, None, None, None, False, None
    )


TOLD = {m.design.digest: rows_of(m.design) for m in SEVERAL}
RUNS = {m.design.digest: run_of(m.design, 10 + 2 * (m.mode != "vanilla")) for m in SEVERAL}


def _plain(chart: Chart) -> dict[str, Any]:
    """Colours of the theme are filled in by the browser."""

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: walk(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [walk(inner) for inner in value]
        return "gray" if isinstance(value, str) and value.startswith("var(") else value

    found: dict[str, Any] = walk(chart.figure)
    return found


def test_every_chart_is_a_plotly_figure() -> None:
    shown = [*views.compare_charts(SEVERAL, TOLD), *views.why_charts(SEVERAL, TOLD)]
    shown += [views.profile_chart(SEVERAL, TOLD, 1), views.lambda_chart(MLP)]
    assert len({chart.id for chart in shown}) == len(shown) == 8
    for chart in shown:
        go.Figure(_plain(chart))


def test_a_map_for_each_mode_in_the_same_colours() -> None:
    figure = views.gradient_map(SEVERAL, TOLD).figure
    vanilla, constant, linear = figure["data"]
    assert [trace["coloraxis"] for trace in figure["data"]] == ["coloraxis"] * 3
    assert vanilla["y"] == [*NAMES[:-1], "readout<br>(output layer)"]
    assert "tickvals" not in figure["layout"]["yaxis"], "rows of five layers have room for two lines"
    assert vanilla["x"] == [1.0, 2.0, 3.0], "before training there is no gradient yet"
    assert [row[0] for row in vanilla["z"]] == pytest.approx([-3.5, -2.5, -1.5, -0.5, 0.5]), "the geometric mean"
    assert {value for trace in (constant, linear) for row in trace["z"] for value in row} == {0.0}
    assert (figure["layout"]["coloraxis"]["cmin"], figure["layout"]["coloraxis"]["cmax"]) == (-3.5, 0.5)
    assert len(figure["layout"]["shapes"]) == 2 * len(branch_layers(MLP))


def test_seeds_join_when_they_have_come_as_far_and_zeros_stretch_no_colours() -> None:
    late = SEVERAL[3].design
    assert (late.seed, SEVERAL[3].mode) == (1, "vanilla")
    vanilla = views.gradient_map(SEVERAL, {**TOLD, late.digest: rows_of(late, epochs=2)}).figure["data"][0]
    assert [row[0] for row in vanilla["z"]] == pytest.approx([-4, -3, -2, -1, 0])
    dead = Rows(layers=[LayerState(1, 1.0, 0, "L1", 0.0, 0.0, 0.0), LayerState(1, 1.0, 1, "L2", 0.0, 0.0, 1e-3)])
    figure = views.gradient_map(SEVERAL, {**TOLD, SEVERAL[0].design.digest: dead, late.digest: dead}).figure
    assert figure["data"][0]["z"] == [[-9], [-3]]
    assert figure["layout"]["coloraxis"]["cmin"] == -3


def test_only_what_has_branches_has_a_part_of_them() -> None:
    share, saturation = views.why_charts(SEVERAL, TOLD)
    assert len(share.figure["data"]) == 2
    assert {value for row in share.figure["data"][0]["z"] for value in row} == {0.5}
    assert len(saturation.figure["data"]) == 3
    assert saturation.figure["data"][0]["y"] == NAMES[:-1], "a readout without spikes has no surrogate"
    vanilla = study_runs(change(MLP, {"training.shortcut.schedule": "zero"}), ShortcutStudy(seeds=1))
    (alone,) = views.why_charts(vanilla, TOLD)
    assert alone.id == "shortcut_saturation"


def test_the_profile_is_the_last_look_before_an_epoch() -> None:
    for epoch, shown in ((0, 1), (2.5, 2), (9, 3)):
        chart = views.profile_chart(SEVERAL, TOLD, epoch)
        assert f"at epoch {shown}," in chart.caption
    lines = [trace for trace in chart.figure["data"] if trace.get("name")]
    assert [line["name"] for line in lines] == ["without branches", "constant", "falling: linear"]
    assert lines[0]["y"] == pytest.approx([10**e for e in (-3.5, -2.5, -1.5, -0.5, 0.5)], rel=1e-4)


def test_a_gradient_of_0_is_drawn_at_the_floor() -> None:
    state = LayerState(1, 1.0, 0, "L1", 0.0, 0.0, 0.0)
    told = {SEVERAL[0].design.digest: Rows(layers=[state])}
    assert views.gradient_map(SEVERAL, told).figure["data"][0]["z"] == [[-9.0]]
    assert views.profile_chart(SEVERAL, told, 1).figure["data"][0]["y"] == [1e-9]


def test_nothing_is_said_before_there_is_anything() -> None:
    assert words.verdict(SEVERAL, {}, {}) == ""
    assert views.study_table(SEVERAL, {}, {}).empty
    assert "is said when runs with and without them are done" in words.cost(MLP, SEVERAL, {})
    for chart in views.compare_charts(SEVERAL, {}):
        go.Figure(_plain(chart))


def test_the_table_and_the_words() -> None:
    table = views.study_table(SEVERAL, RUNS, TOLD)
    assert table["mode"].tolist() == ["without branches", "constant", "falling: linear"] * 2
    assert table["first"].tolist() == pytest.approx([1e-4, 1, 1, 1e-3, 1, 1])
    assert table["accuracy"].tolist() == pytest.approx([60, 70, 70, 62, 72, 72])
    done = {
        member.design.digest: made_result(0.6, 0.25, None, OperationCounts(9, 1000, 500, 1, 2))
        for member in SEVERAL[:1]
    }
    assert views.study_table(SEVERAL, RUNS, TOLD, done)["rate"].tolist()[0] == 25.0
    assert "**without branches** 61.0 ± 12.7 % (0.00032); **constant** 71.0 ± 12.7 % (1);" in words.verdict(
        SEVERAL, RUNS, TOLD
    )
    cost = words.cost(MLP, SEVERAL, RUNS)
    assert (
        f"{count(branch_parameter_count(MLP))} parameters beside the network's {count(costs.parameter_count(MLP))}"
        in cost
    )
    assert "+20 % of the time of those without branches (median of 4, +20 % to +20 %)" in cost
    busy = {name: run_of(run.design, 9) if branch_layers(run.design) else run for name, run in RUNS.items()}
    assert "lost in what else this machine did: -10 % to -10 % of the time of those" in words.cost(MLP, SEVERAL, busy)


def test_what_is_concluded_needs_an_interval_and_a_control() -> None:
    """60 and 62 % without branches, 70 and 72 with them: 10 points at both seeds."""
    said = words.verdict(SEVERAL, RUNS, TOLD)
    assert (
        "Against **without branches**, with the same seeds: **constant** +10.0 points, the same at each seed;" in said
    )
    assert "A step with branches costs more, and this is not counted here" in said
    controlled = study_runs(MLP, ShortcutStudy(seeds=3, controls="with"))
    assert [member.name for member in controlled[:4]] == ["vanilla", "vanilla, 4 epochs", "constant", "linear"]
    reached = {"vanilla": 0.6, "control": 0.7, "constant": 0.72, "evolutionary": 0.8}
    told = {
        m.design.digest: replace(
            rows_of(m.design), epochs=[EpochEnd(4, 0.5, reached[m.mode] + off[m.design.seed], 1, 1, 0.1, 0.1)]
        )
        for m in controlled
        for off in ({0: 0, 1: 0.01, 2: {"constant": 0.05, "evolutionary": 0.02}.get(m.mode, 0)},)
    }
    runs = {m.design.digest: run_of(m.design, 10) for m in controlled}
    said = words.verdict(controlled, runs, told)
    # differences 2, 2, 7 points: mean 3.7, sd 2.9, t = 4.303: half the interval is 7.2
    assert (
        "Against **without branches, 4 epochs**, with the same seeds: **constant** +3.7 points (95 %: -3.5 to +10.8, "
        in said
    )
    # 10, 10, 12: mean 10.7, sd 1.15: half the interval is 2.9
    assert "**falling: linear** +10.7 points (95 %: +7.8 to +13.5, 3 seeds), told apart." in said
    assert "costs more" not in said
    one = study_runs(MLP, ShortcutStudy(seeds=1))
    assert "One seed tells nothing apart." in words.verdict(one, RUNS, TOLD)


def test_how_the_gradient_travels_follows_from_what_is_shown() -> None:
    """rows_of: 10 ** -layers-to-go without branches, so that it falls a thousandfold over four hidden layers."""
    said = words.verdict(SEVERAL, RUNS, TOLD)
    assert "from the last hidden layer to the first, the gradient of the weights falls to 0.001 of its size." in said
    for first, word in (
        (1e-2, "falls to 0.01 of its size"),
        (0.8, "stays (at 0.8 of its size)"),
        (3.0, "grows to 3 times its size"),
    ):
        norms = (first, 0.5, 1.0, 9.0)  # the last is the readout's
        rows = [
            InitialGradient("kaiming", 3, k, f"L{k}", 0, norm, 1.0, 0.5, 0.1, 0.2, 1.0) for k, norm in enumerate(norms)
        ]
        assert f"**kaiming** {word}." in before.verdict(rows, 3)


@pytest.mark.parametrize("norm", ["none", "batch"])
@pytest.mark.parametrize("init", ["kaiming", "variance-preserving"])
def test_the_page_says_of_no_network_that_its_gradients_fade_if_they_do_not(init: str, norm: str) -> None:
    """With batch normalisation Kaiming's first layer has the largest gradient of all."""
    made = change(MLP, {"init": init, "network.norm": norm, "network.depth": 12, "neuron.threshold": 1.0})
    layers = [layer for layer in gradient_profile(made).layers if layer.grad_norm is not None]
    rows = [
        InitialGradient(init, 12, k, layer.name, 0, layer.grad_norm, layer.with_branches, None, None, None, layer.var_u)
        for k, layer in enumerate(layers)
    ]
    first, last = layers[0].grad_norm or 0, layers[-2].grad_norm or 0
    said = before.verdict(rows, 12)
    if last < 1e-9:
        assert f"goes from 0, as nothing spikes there, to {first:.2g}" in said
        return
    ratio = first / last
    assert ("grows to" in said, "stays" in said, "falls to" in said) == (ratio > 2, 0.5 <= ratio <= 2, ratio < 0.5)
    assert "less and less" not in ABOUT


def test_losses_of_branches_are_lines_of_their_own() -> None:
    names = [trace.get("name") for trace in views.loss_chart(SEVERAL, TOLD).figure["data"] if trace.get("name")]
    assert names[0] == "without branches"
    assert names[1:] == [
        name
        for mode in ("constant", "falling: linear")
        for name in (mode, *(f"{mode}, branch {NAMES[index]}" for index in branch_layers(MLP)))
    ]


def test_main_and_local_share_the_loss() -> None:
    main, local = views.lambda_chart(STARTS["deep mlp"]).figure["data"]
    assert main["y"][0] == pytest.approx(0.25), "1 of 1 + 3 lambda"
    assert [a + b for a, b in zip(main["y"], local["y"], strict=True)] == pytest.approx([1.0] * 12)
    assert local["y"] == sorted(local["y"], reverse=True)


def test_a_branch_of_a_layer_that_joins_is_marked_below_the_last_that_is_shown() -> None:
    resnet = STARTS["resnet18"]
    shown = [layer.name for layer in build_architecture(resnet).watched]
    assert views._marks(resnet, shown) == ["B1.L4", "B2.L4", "B3.L4"]
    assert views._marks(MLP, NAMES) == [NAMES[index] for index in branch_layers(MLP)]


@pytest.mark.parametrize("name", STARTS)
def test_the_drawing_has_every_layer_once_and_every_branch(name: str) -> None:
    shown = net.network_boxes(STARTS[name])
    assert len([part for part in shown if part.branch]) == len(branch_layers(STARTS[name]))
    assert (shown[0].name, shown[-1].name) == ("image", "readout")
    assert shown[-2].branch == ""


def survey_rows() -> list[InitialGradient]:
    return [
        InitialGradient(init, depth, k, f"L{k + 1}" if k < depth else "readout", int(k == 0), 10.0**-depth, 1.0, 0.5,
                        0.1, 0.2, 1.0)
        for init in ("kaiming", "kaiming:gain=3") for depth in (2, 4) for k in range(depth + 1)
    ]  # fmt: skip


def test_what_theory_expects_is_a_line_that_meets_the_measured_one_at_the_last_layer_of_both() -> None:
    expected = ExpectedGradients((("L1", 0.25), ("L2", 0.5), ("L3", 0.5), ("L4", 1.0)), "by theory")
    rows = survey_rows()
    profile, *_ = before.profile_charts(rows, 4, expected={"kaiming": expected})
    (line,) = [trace for trace in profile.figure["data"] if trace.get("name") == "kaiming, expected"]
    solid = next(trace for trace in profile.figure["data"] if trace.get("name") == "kaiming")
    assert line["x"] == ["L1", "L2", "L3", "L4"]
    assert line["y"] == pytest.approx([solid["y"][3] * share for share in (0.25, 0.5, 0.5, 1.0)], rel=1e-3)
    assert "before training, by theory, set to the solid line" in profile.caption
    chart = views.profile_chart(SEVERAL, TOLD, 1, expected)
    (line,) = [trace for trace in chart.figure["data"] if trace.get("name") == "without branches, expected"]
    plain = next(trace for trace in chart.figure["data"] if trace.get("name") == "without branches")
    assert line["y"][-1] == pytest.approx(plain["y"][3], rel=1e-3)
    assert "Dashed" not in views.profile_chart(SEVERAL, TOLD, 1).caption


def test_a_map_of_layers_by_depths_for_each_initialisation() -> None:
    rows = survey_rows()
    assert (before.inits(rows), before.depths(rows)) == (["kaiming", "kaiming:gain=3"], [2, 4])
    first, second = before.depth_charts(rows)
    assert second.title == "kaiming, gain 3: gradient by depth"
    without, beside = first.figure["data"]
    assert (without["x"], without["y"]) == ([2, 4], ["L1", "L2", "L3", "L4"])
    assert without["z"] == [[-2, -4], [-2, -4], [None, -4], [None, -4]]
    assert beside["z"][0] == [0, 0]
    assert first.figure["layout"]["coloraxis"]["cmin"] == -4
    profile, share, saturation = before.profile_charts(rows, 4)
    assert profile.figure["data"][0]["x"] == ["L1", "L2", "L3", "L4", "readout<br>(output layer)"]
    assert "Branches after L1." in profile.caption
    for chart in (*before.depth_charts(rows), profile, share, saturation):
        go.Figure(_plain(chart))
    assert "**kaiming** 1.0e-02 → 1.0e+00, 1e+02 times as much" in before.verdict(rows, 2)
    assert before.verdict(rows, 3) == ""
