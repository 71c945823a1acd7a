"""Charts of runs with and without shortcut branches (auxiliary classifiers): accuracy, losses, and gradients of each
layer during training.

A mode is a way of training: without branches, with a constant weight of their losses, or with a falling one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from html import escape
from statistics import fmean
from typing import Any

import pandas as pd

from snnviz.catalog.shortcuts import loss_weights
from snnviz.design.design import Design
from snnviz.events import LayerState
from snnviz.graph.architectures import build_architecture
from snnviz.graph.branches import branch_layers
from snnviz.store.values import Run
from snnviz.studies.shortcuts.charts.expectation import CAPTION, expectation_trace
from snnviz.studies.shortcuts.study import Mode, StudyRun
from snnviz.theory.backward import ExpectedGradients
from snnviz.theory.probe import describe_probes
from snnviz.views.bands import POSITIVE, SHARES, band_traces, geometric_mean, interval_note, mean, thinned
from snnviz.views.chart import Chart, empty
from snnviz.views.panels import EARTH, FLOOR, PLUM, ColourScale, LayerMap, height, least_width, panels
from snnviz.views.results import Result, Rows, other_metrics
from snnviz.views.styles import LineStyle
from snnviz.views.styles import layer_styles as looks_of
from snnviz.views.words import axis_label

COLOURS: dict[Mode, str] = {
    "vanilla": "var(--st-gray-text-color)",
    "control": "var(--st-green-color)",
    "constant": "var(--st-blue-color)",
    "evolutionary": "var(--st-orange-color)",
}
MAIN, LOCAL = "#0f9d8a", "var(--st-orange-color)"


RowsByRun = Mapping[str, Rows]
"""The rows of each run, by digest."""


def lambda_chart(design: Design) -> Chart:
    """Returns the chart of the weight of the shortcut branches' losses in each epoch, as a share of the total loss."""
    epochs, shortcut, many = design.training.epochs, design.training.shortcut, len(branch_layers(design))
    factors = [loss_weights(shortcut, epoch, epochs, many) for epoch in range(epochs)]
    local = [many * each.branch / (each.main + many * each.branch) for each in factors]
    figure = empty("epoch", "share of the loss", tickformat=".0%", range=[0, 1.02])
    x = list(range(1, epochs + 1))
    line = {"type": "scatter", "x": x, "mode": "lines" if epochs > 1 else "markers"}
    words = [f"λ = {each.value:.3g}" for each in factors]
    figure["data"] = [
        {**line, "y": [round(1 - share, 4) for share in local], "name": "main", "line": {"color": MAIN, "width": 2.5}},
        {
            **line,
            "y": [round(share, 4) for share in local],
            "name": "local (branches)",
            "line": {"color": LOCAL, "width": 2.5, "dash": "dot"},
            "customdata": words,
            "hovertemplate": "%{y:.1%}, %{customdata}",
        },
    ]
    first, last = factors[0].value, factors[-1].value
    caption = f"{shortcut.schedule.kind}: λ from {first:.3g} in the first epoch to {last:.3g} in the last."
    return Chart("shortcut_lambda", "Main against local loss", caption, figure, height=190)


def compare_charts(members: Sequence[StudyRun], rows_by_run: RowsByRun) -> list[Chart]:
    """Returns the charts of accuracy, loss and gradient norm of each mode of training (without branches, constant,
    falling).
    """
    return [
        *accuracy_charts(members, rows_by_run),
        loss_chart(members, rows_by_run),
        gradient_map(members, rows_by_run),
    ]


def why_charts(members: Sequence[StudyRun], rows_by_run: RowsByRun) -> list[Chart]:
    """Returns the charts that explain the effect of shortcut branches: their share in the gradient, and the saturation
    of the surrogate.
    """
    through = any(_rows(members, rows_by_run, mode)[1] for mode in branched_modes(members))
    return [*([share_map(members, rows_by_run)] if through else []), saturation_map(members, rows_by_run)]


def accuracy_charts(members: Sequence[StudyRun], rows_by_run: RowsByRun) -> list[Chart]:
    """Returns the charts of training and test accuracy over the epochs for each mode of training: the mean over seeds,
    with a band from the lowest to the highest.
    """
    wanted = (
        ("test_accuracy", "Test accuracy", "On images that the networks never learnt from, without any branches."),
        ("train_accuracy", "Training accuracy", "While learning, averaged over the images of an epoch."),
    )
    spread = interval_note(_seeds(members))
    charts = []
    for column, title, caption in wanted:
        figure = empty("epoch", title.lower(), tickformat=".0%", range=[0, 1.02])
        for mode, name in names_of(members).items():
            begun = [rows.epochs for rows in _rows(members, rows_by_run, mode)[0] if rows.epochs]
            if begun:
                values = [[getattr(row, column) for row in rows] for rows in begun]
                figure["data"] += band_traces(
                    [row.epoch for row in begun[0]], values, name, COLOURS[mode], bounds=SHARES
                )
        charts.append(Chart(f"shortcut_{column}", title, f"{caption} {spread}", figure, height=260))
    return charts


def gradient_map(members: Sequence[StudyRun], rows_by_run: RowsByRun) -> Chart:
    """Returns heat maps of the gradient norm by layer and epoch, one for each mode of training (without branches,
    constant, falling).
    """
    maps = _maps(members, rows_by_run, lambda state: state.grad_norm, geometric_mean)
    caption = (
        "Norm of the gradient of each layer's weights, of all that is minimised, the first layer on top. Dark: little "
        f"arrives, or, late in a training, little is left to be learnt. Below a dotted line a branch "
        f"begins.{_of_seeds(members)}"
    )
    figure = panels(maps, "epoch", ColourScale(log=True, title="|dL/dW|"))
    tall = height(max((len(each.layers) for each in maps), default=0))
    return Chart(
        "shortcut_gradients",
        "Gradient norm, layer by epoch",
        caption,
        figure,
        tall,
        wide=True,
        least=least_width(maps, "epoch"),
    )


def share_map(members: Sequence[StudyRun], rows_by_run: RowsByRun) -> Chart:
    """Returns heat maps of the share of shortcut branches in each layer's gradient, one for each mode of training with
    branches.
    """
    maps = _maps(members, rows_by_run, lambda state: state.shortcut, fmean, branched_modes(members))
    caption = (
        "The branches' part in a layer's gradient, |g_b| / (|g| + |g_b|), "
        f"on some of {_looked_at(members, rows_by_run)}. "
        "Layers behind the last branch have nothing of it."
    )
    figure = panels(maps, "epoch", ColourScale(percent=True, colours=PLUM, bounds=(0, 1)))
    return Chart(
        "shortcut_share",
        "What came through the branches",
        caption,
        figure,
        _tall(maps),
        wide=True,
        least=least_width(maps, "epoch"),
    )


def saturation_map(members: Sequence[StudyRun], rows_by_run: RowsByRun) -> Chart:
    """Returns heat maps of the share of neurons whose surrogate derivative is nearly 0, one for each mode of
    training.
    """
    maps = _maps(members, rows_by_run, lambda state: state.saturation, fmean)
    caption = (
        "Share of neurons whose surrogate derivative is below 1 % of its peak: through those next to no gradient "
        "passes. Where few are, a gradient that fades is a product of many factors below 1, or nothing spikes. "
        f"On {_looked_at(members, rows_by_run)}."
    )
    known = [value for each in maps for row in each.z for value in row if value is not None]
    figure = panels(maps, "epoch", ColourScale(percent=True, colours=EARTH, bounds=(0, max(known, default=1) or 1)))
    return Chart(
        "shortcut_saturation",
        "Surrogate saturation",
        caption,
        figure,
        _tall(maps),
        wide=True,
        least=least_width(maps, "epoch"),
    )


def loss_chart(members: Sequence[StudyRun], rows_by_run: RowsByRun) -> Chart:
    """Returns the chart of the main loss of each mode of training, and the loss of each shortcut branch, over the
    epochs.
    """
    figure = empty("epoch", "cross-entropy", rangemode="tozero")
    figure["layout"]["hovermode"] = "closest"
    dashes: dict[Mode, str] = {"vanilla": "solid", "control": "solid", "constant": "dot", "evolutionary": "dash"}
    for mode, name in names_of(members).items():
        rows = _rows(members, rows_by_run, mode)[0]
        begun = [one.samples for one in rows if one.samples]
        if begun:
            values = [[sample.loss for sample in samples] for samples in begun]
            figure["data"] += band_traces(
                [sample.epoch for sample in begun[0]], values, name, COLOURS[mode], bounds=POSITIVE
            )
        layers = sorted({branch.layer for one in rows for branch in one.branches})
        looks = looks_of(_names(rows))
        for layer in layers:
            own = [[branch for branch in one.branches if branch.layer == layer] for one in rows if one.branches]
            own = [each for each in own if each]
            line, at = mean([[branch.loss for branch in each] for each in own]), [each.epoch for each in own[0]]
            look = replace(looks.get(own[0][0].name, LineStyle(MAIN)), dash=dashes[mode])
            figure["data"].append(
                {
                    "type": "scatter",
                    "x": at[: len(line)],
                    "y": line,
                    **look.trace(width=1.4, size=5),
                    "name": f"{name}, branch {own[0][0].name}",
                    "showlegend": False,
                }
            )
    caption = (
        "Thick: the main loss. Thin: each branch's own, violet the first, gold the last; λ is not in it. "
        f"{interval_note(_seeds(members))}"
    )
    return Chart("shortcut_loss", "Loss: main, and each branch", caption, figure, height=260)


def profile_chart(
    members: Sequence[StudyRun], rows_by_run: RowsByRun, epoch: float, expected: ExpectedGradients | None = None
) -> Chart:
    """Returns the chart of the gradient norm by layer for each mode of training, at the last measurement at or before
    `epoch`; with what is expected before training, as a line.
    """
    figure = empty("layer", "|dL/dW|", type="log", exponentformat="power")
    figure["layout"]["xaxis"] |= {"type": "category"}
    seen = set()
    for mode, name in names_of(members).items():
        looks = [_at(rows.layers, epoch) for rows in _rows(members, rows_by_run, mode)[0]]
        looks = [look for look in looks if look]
        if looks:
            seen |= {states[0].epoch for states in looks}
            layers = [axis_label(state.name) for state in looks[0]]
            values = [[max(state.grad_norm or 0.0, FLOOR) for state in look] for look in looks]
            figure["data"] += band_traces(layers, values, name, COLOURS[mode], geometric_mean)
            if mode == "vanilla" and expected is not None:
                columns = zip(*values, strict=True)
                norms = {one.name: geometric_mean(column) for one, column in zip(looks[0], columns, strict=True)}
                line = expectation_trace(expected, norms, f"{name}, expected", COLOURS[mode])
                figure["data"] += [line] if line is not None else []
    reached = f"epoch {max(seen):.3g}" if seen else "no epoch yet"
    note = interval_note(_seeds(members), average="geometric mean")
    caption = f"The columns of the maps at {reached}, from the first layer to the readout (output layer). {note}"
    caption += CAPTION.format(how=expected.how) if expected is not None else ""
    return Chart("shortcut_profile", "Gradient through the network", caption, figure, height=270, wide=True)


KNOWN = ("accuracy", "seconds")
"""Metrics that have columns of their own in the table."""


def study_table(
    members: Sequence[StudyRun],
    runs: Mapping[str, Run],
    rows_by_run: RowsByRun,
    results: Mapping[str, Result] | None = None,
) -> pd.DataFrame:
    """Returns a table with a row for each existing run; `results`: metrics of finished runs by digest, as further
    columns.
    """
    table: list[dict[str, Any]] = []
    for member in members:
        run, rows = runs.get(member.design.digest), rows_by_run.get(member.design.digest, Rows())
        if run is None:
            continue
        end, norms = (rows.epochs[-1] if rows.epochs else None), first_layer(rows)
        table.append(
            {
                "mode": mode_label(member),
                "seed": member.design.seed,
                "state": run.state,
                "epoch": end.epoch if end else None,
                "accuracy": 100 * end.test_accuracy if end else None,
                "first": norms[0] if norms else None,
                "last": norms[-1] if norms else None,
                "seconds": round(run.seconds, 1) if run.seconds else None,
                **(other_metrics(results.get(member.design.digest), KNOWN) if results else {}),
                "run": run.run,
            }
        )
    return pd.DataFrame(table)


def branched_modes(members: Sequence[StudyRun]) -> list[Mode]:
    """Returns the modes of training (constant, falling) in which the network has shortcut branches."""
    return [mode for mode in names_of(members) if mode not in ("vanilla", "control")]


def names_of(members: Sequence[StudyRun]) -> dict[Mode, str]:
    """Returns the label of each mode of training, HTML-escaped."""
    return {member.mode: escape(mode_label(member), quote=False) for member in members}


def mode_label(member: StudyRun) -> str:
    """Returns the label of a run's mode of training: "without branches", "constant", "falling: linear"."""
    if member.mode == "evolutionary":
        return f"falling: {member.name.replace('-', ' ')}"
    return member.name.replace("vanilla", "without branches")


def _rows(members: Sequence[StudyRun], rows_by_run: RowsByRun, mode: Mode) -> tuple[list[Rows], list[LayerState]]:
    """What the runs of a mode have said; and of their layers those states that know a branches' part.

    Only of those that have come as far as the furthest: a mean that others join half-way would jump.
    """
    rows = [rows_by_run[m.design.digest] for m in members if m.mode == mode and m.design.digest in rows_by_run]
    furthest = max((one.layers[-1].epoch for one in rows if one.layers), default=0.0)
    rows = [one for one in rows if one.layers and one.layers[-1].epoch == furthest]
    return rows, [state for one in rows for state in one.layers if state.shortcut is not None]


def first_layer(rows: Rows) -> list[float]:
    """Returns the gradient norm of the first layer with weights at each measurement of a run."""
    known = [state for state in rows.layers if state.grad_norm is not None]
    first = min((state.layer for state in known), default=None)
    return [state.grad_norm for state in known if state.layer == first and state.grad_norm is not None]


def _names(members: Sequence[Rows]) -> list[str]:
    """Of all layers, in order, by the first look of the first run."""
    states = members[0].layers if members else []
    return [state.name for state in sorted(states, key=lambda state: state.layer) if state.step == states[0].step]


def _maps(
    members: Sequence[StudyRun],
    rows_by_run: RowsByRun,
    value: Callable[[LayerState], float | None],
    how: Callable[[Sequence[float]], float],
    shown: Sequence[Mode] | None = None,
) -> list[LayerMap]:
    """A map for each mode: at each look, the mean of the runs that have reached it."""
    found = []
    for mode, name in names_of(members).items():
        if mode not in (shown or [mode for mode in names_of(members) if mode != "control"]):
            continue
        places: dict[float, dict[int, list[float]]] = {}
        names: dict[int, str] = {}
        for rows in _rows(members, rows_by_run, mode)[0]:
            for state in rows.layers:
                seen = value(state)
                if seen is not None:
                    places.setdefault(state.epoch, {}).setdefault(state.layer, []).append(seen)
                    names[state.layer] = state.name
        epochs = thinned(sorted(places))
        z = [[how(places[e][k]) if k in places[e] else None for e in epochs] for k in sorted(names)]
        design = next(member.design for member in members if member.mode == mode)
        layers = [names[k] for k in sorted(names)]
        found.append(LayerMap(name, epochs, layers, z, _marks(design, layers)))
    return found


def _marks(design: Design, shown: Sequence[str]) -> list[str]:
    """Where branches begin: the layer itself, or the last one before it that is shown, as one that joins is not."""
    names = [layer.name for layer in build_architecture(design).layers]
    before = [[name for name in names[: index + 1] if name in shown] for index in branch_layers(design)]
    return [members[-1] for members in before if members]


def _at(states: Sequence[LayerState], epoch: float) -> list[LayerState]:
    """Those with a gradient at the last look at or before an epoch, or at the first."""
    known = [state for state in states if state.grad_norm is not None]
    before = [state.epoch for state in known if state.epoch <= epoch + 1e-9]
    wanted = max(before, default=min((state.epoch for state in known), default=0.0))
    return sorted((state for state in known if state.epoch == wanted), key=lambda state: state.layer)


def _looked_at(members: Sequence[StudyRun], rows_by_run: RowsByRun) -> str:
    """On which images layers were."""
    looks = (state.probe for rows in rows_by_run.values() for state in rows.layers)
    return describe_probes(members[0].design, looks) or "the probe batch"


def _seeds(members: Sequence[StudyRun]) -> int:
    return len({member.design.seed for member in members})


def _of_seeds(members: Sequence[StudyRun]) -> str:
    return f" Geometric mean of {_seeds(members)} seeds." if _seeds(members) > 1 else ""


def _tall(maps: Sequence[LayerMap]) -> int:
    return height(max((len(each.layers) for each in maps), default=0))
