"""Charts on why naive training of TTFS networks fails: eigenvalues, gradients by depth, and training side by side."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnviz.studies.ttfs.theory.spectra import UNIT_CIRCLE_MARGIN, RandomLayers, Slope
from snnviz.studies.ttfs.trajectories import MODELS, Course, Model
from snnviz.theory import probe
from snnviz.theory.ttfs import Floats
from snnviz.views.bands import thinned
from snnviz.views.chart import Chart, Figure, empty
from snnviz.views.numbers import share

GRAY, ORANGE, RED, VIOLET, BLUE = (
    f"var(--st-{name}-color)" for name in ("gray-text", "orange", "red", "violet", "blue")
)
SLOPE_NAMES: dict[Slope, str] = {"b1": "B = 1", "alpha-one": "α = 1", "chosen": "chosen B"}
SLOPE_COLOURS: dict[Slope, str] = {"b1": ORANGE, "alpha-one": RED, "chosen": BLUE}
NAMES: dict[Model, str] = {
    "relu": "ReLU",
    "b1": "TTFS, B = 1",
    "alpha-one": "TTFS, α = 1",
    "slower": "α = 1, slower",
    "naive": "α = 1, plain weights",
}
COLOURS: dict[Model, str] = {"relu": GRAY, "b1": ORANGE, "alpha-one": RED, "slower": VIOLET, "naive": RED}
FLOOR = 1e-17
"""Smallest difference drawn on a logarithmic axis; differences of 0 are drawn here."""

Eigenvalues = Mapping[Slope, NDArray[np.complex128]]
FIRST = (
    f"The first point is of {probe.PROBE_SIZE} training images, drawn by the seed and as even over the classes as "
    f"there are images (of a task of before 2026-11-29: the first {probe.PROBE_SIZE})."
)
"""Note on which images the models are measured before training; later points are of a batch."""

Courses = Mapping[str, Sequence[Course]]
"""Rows of each model, in the order of steps."""


# -- eigenvalues -------------------------------------------------------------------------------------------------------


def spectrum_verdict(found: Eigenvalues, negative: float) -> str:
    """Returns Markdown on what the eigenvalues of random layers' Jacobians show; `negative`: share of neurons with a
    slope of 0 or less.
    """
    modulus = {name: np.abs(values) for name, values in found.items()}
    one, naive = modulus["b1"], modulus["alpha-one"]
    return (
        f"With **α = 1** the largest eigenvalue of this layer has a modulus of **{naive.max():.3g}**, and "
        f"**{share((naive > UNIT_CIRCLE_MARGIN).mean())}** of them are above {UNIT_CIRCLE_MARGIN:g}; with **B = 1** it "
        f"is **{one.max():.3g}**, and {share((one > UNIT_CIRCLE_MARGIN).mean())}. {share(negative)} of the neurons "
        "have B ≤ 0 where α = 1: those can never spike."
    )


def spectrum_charts(setting: RandomLayers, found: Eigenvalues) -> list[Chart]:
    """Returns charts of the eigenvalues of random layers' Jacobians: in the complex plane around the unit circle, and a
    histogram of their moduli.
    """
    return [_plane(setting, found), _moduli(found)]


def _plane(setting: RandomLayers, found: Eigenvalues) -> Chart:
    near = max(np.abs(found[name]).max() for name in ("b1", "chosen"))
    reach = round(max(1.3, 1.15 * float(near)), 3)
    figure = empty("Re λ", "Im λ", range=[-reach, reach], scaleanchor="x", constrain="domain")
    figure["layout"]["xaxis"] |= {"range": [-reach, reach], "constrain": "domain"}
    circle = {"type": "circle", "x0": -1, "x1": 1, "y0": -1, "y1": 1}
    figure["layout"] |= {"hovermode": "closest", "shapes": [{**circle, "line": {"color": GRAY, "width": 1.5}}]}
    for name in ("alpha-one", "chosen", "b1"):
        values = found[name]
        figure["data"].append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": np.round(values.real, 4).tolist(),
                "y": np.round(values.imag, 4).tolist(),
                "name": SLOPE_NAMES[name],
                "marker": {"color": SLOPE_COLOURS[name], "size": 5, "opacity": 0.75},
                "hovertemplate": "λ = %{x:.3g} + %{y:.3g} i<extra>" + SLOPE_NAMES[name] + "</extra>",
            }
        )
    values = found["alpha-one"]
    beyond = int(((np.abs(values.real) > reach) | (np.abs(values.imag) > reach)).sum())
    caption = (
        f"Eigenvalues of dt/dt' = M diag(1/B) W for one layer of {setting.neurons} random neurons; the circle is "
        f"|λ| = 1. A gradient grows along those outside. Of α = 1, {beyond} lie outside of the picture: zoom out."
    )
    return Chart("ttfs_plane", "Eigenvalues of a layer's Jacobian", caption, figure, height=400)


def _moduli(found: Eigenvalues) -> Chart:
    figure = empty("|λ|", "share of eigenvalues that are larger", tickformat=".0%", range=[0, 1.02])
    figure["layout"]["xaxis"] |= {"type": "log", "exponentformat": "power"}
    figure["layout"] |= {"hovermode": "closest", "shapes": [_upright(1.0)]}
    least = 0.05
    for name, values in found.items():
        modulus = np.sort(np.abs(values))
        share = 1 - np.arange(1, len(modulus) + 1) / len(modulus)
        shown = modulus > least
        figure["data"].append(
            {
                **_line(modulus[shown], share[shown], SLOPE_NAMES[name], SLOPE_COLOURS[name]),
                "line": {"color": SLOPE_COLOURS[name], "width": 2.5, "shape": "hv"},
                "hovertemplate": "%{y:.1%} are above %{x:.3g}<extra>" + SLOPE_NAMES[name] + "</extra>",
            }
        )
    caption = (
        "A neuron's slope divides its row of W. Where α = 1, B = 1 + ΣW is as often near 0 as near 2, and what is "
        "divided by next to nothing is large: a long tail, of another length for every seed."
    )
    return Chart("ttfs_moduli", "How large they are", caption, figure, height=400)


def depth_chart(setting: RandomLayers, norms: Mapping[tuple[Slope, float], Floats]) -> Chart:
    """Returns the chart of the factor by which a gradient shrinks or grows through 2, 3, ... layers."""
    figure = empty("layers that it went back through", "|gradient|", type="log", exponentformat="power")
    for (name, part), norm in norms.items():
        depths, label = np.arange(2.0, len(norm) + 1), f"{SLOPE_NAMES[name]}, {_spike(part)}"
        line = {"color": SLOPE_COLOURS[name], "width": 2.4, "dash": "solid" if part == 1 else "dot"}
        figure["data"].append({**_line(depths, np.maximum(norm[1:], 1e-300), label, SLOPE_COLOURS[name]), "line": line})
    weights = "N(0, 2/n)" if setting.weights == "he" else "N(0, 1/n)"
    grown = ", ".join(
        f"{np.exp(np.diff(np.log(np.maximum(norm, 1e-300))).mean()):.2g} ({SLOPE_NAMES[name]}, {_spike(share)})"
        for (name, share), norm in norms.items()
    )
    caption = (
        f"A gradient of 1 goes back through random layers, W ~ {weights}: its norm. Each layer multiplies it by "
        "diag(1/B) W, and neurons that do not spike (M) pass nothing on. Each of these layers multiplies it by, on "
        f"average, {grown}; another seed gives other numbers."
    )
    return Chart("ttfs_depth", "Gradient by depth", caption, figure, height=340, wide=True)


def _spike(part: float) -> str:
    return "all spike" if part == 1 else f"{share(part, 0)} spike"


# -- trajectories ------------------------------------------------------------------------------------------------------


def by_model(rows: Sequence[Course], *, done: bool = True) -> dict[str, list[Course]]:
    """Returns the rows of networks trained side by side, by model, in the order of `MODELS`, without models that have
    none.

    Unless all are `done`, the last step is left out if some of its rows are missing.
    """
    if not done:
        steps = sorted({row.step for row in rows})
        count = {step: sum(row.step == step and row.model != "naive" for row in rows) for step in steps[-2:]}
        if len(steps) > 1 and count[steps[-1]] < count[steps[-2]]:
            rows = [row for row in rows if row.step < steps[-1]]
    found: dict[str, list[Course]] = {name: [] for name in MODELS}
    for row in rows:
        found[row.model].append(row)
    return {name: own for name, own in found.items() if own}


def course_verdict(found: Courses, slower: float) -> str:
    """Returns Markdown on how the networks trained side by side (ReLU, B = 1, and alpha = 1 twice) have learnt."""
    relu, b1 = found["relu"][-1], found["b1"][-1]
    said = [f"After **{relu.step:,} steps** the ReLU network is at {_reached(found['relu'])}."]
    if b1.difference < 1e-8:
        said.append(
            f"**B = 1 has learnt the same weights**: none differs by more than {b1.difference:.0e}, which is rounding."
        )
    else:
        said.append(
            f"Weights of B = 1 differ by up to {b1.difference:.0e}: its gradients are the same to the last digits, and "
            "a training that is itself unstable makes much of those. At a smaller learning rate they may stay together."
        )
    for name, words in (("alpha-one", "**α = 1**"), ("slower", f"α = 1 and {slower:g} times more slowly")):
        own = found.get(name)
        if not own:
            continue
        if own[-1].step < relu.step:
            said.append(f"{words} became infinite after step {own[-1].step:,}.")
            continue
        moved = own[-1].moved
        turned = "" if moved is None else f", and what it learnt has a cosine of {moved:.2f} with what ReLU learnt"
        said.append(f"{words} is at {_reached(own)}{turned}.")
    if naive := found.get("naive"):
        first = found["relu"][0]
        said.append(
            f"α = 1 from **plain weights** begins with a loss of {naive[0].loss:,.0f} instead of {first.loss:.1f}, and "
            f"a gradient {naive[0].grad_norm / max(first.grad_norm, FLOOR):.0e} times as large."
        )
    return " ".join(said)


def _reached(rows: Sequence[Course]) -> str:
    tested = [row.test_accuracy for row in rows if row.test_accuracy is not None]
    test = f" and {share(tested[-1])} of the test images" if tested else ""
    return f"{share(rows[-1].accuracy)} of the training images{test}"


def course_charts(found: Courses) -> list[Chart]:
    """Returns charts of the networks trained side by side: accuracy, loss, cosine similarity with the ReLU network's
    weights, largest difference, and gradient.
    """
    return [_accuracy(found), _loss(found), _cosine(found), _difference(found), _gradient(found)]


def _accuracy(found: Courses) -> Chart:
    figure = empty("epoch", "accuracy", tickformat=".0%", range=[0, 1.02])
    for name, rows in _learning(found):
        figure["data"] += [
            _course(name, rows, lambda row: row.accuracy),
            {**_course(name, rows, lambda row: row.test_accuracy, "dot"), "showlegend": False},
        ]
    caption = (
        "Solid: training images while learning. Dotted: test images. Where B = 1 learns ReLU's weights its line lies "
        f"on ReLU's. The batches are the same, and in the same order. {FIRST}"
    )
    return Chart("ttfs_accuracy", "Accuracy", caption, figure, height=300)


def _loss(found: Courses) -> Chart:
    figure = empty("epoch", "cross-entropy", type="log", exponentformat="power")
    figure["data"] = [_course(name, rows, lambda row: row.loss) for name, rows in _learning(found)]
    caption = f"Of training images. Where α = 1, a step of W moves B, too, which divides a neuron's weights. {FIRST}"
    return Chart("ttfs_loss", "Training loss", caption, figure, height=300)


def _cosine(found: Courses) -> Chart:
    figure = empty("epoch", "cosine with ReLU's", range=[-0.22, 1.04])
    for name, rows in _learning(found):
        if name == "relu":
            continue
        figure["data"] += [
            _course(name, rows, lambda row: row.moved),
            {**_course(name, rows, lambda row: row.cosine, "dot"), "showlegend": False},
        ]
    caption = (
        "Solid: of what was learnt, the weights less those at the start, all layers side by side. Dotted: of the "
        "weights as they are, most of which is still the start. With B = 1 dw/dW = 1, and the path is ReLU's; where "
        "α = 1, w = W / (1 + ΣW), so that the same step of W is another step of w."
    )
    return Chart("ttfs_cosine", "Cosine similarity to ReLU's weights", caption, figure, height=300)


def _difference(found: Courses) -> Chart:
    figure = empty("epoch", "largest |W − w|", type="log", exponentformat="power", dtick=3)
    for name, rows in _learning(found):
        if name != "relu":
            figure["data"].append(_course(name, rows, lambda row: max(row.difference, FLOOR)))
    caption = f"Of any weight or bias, in double precision. No difference at all is drawn at {FLOOR:.0e}."
    return Chart("ttfs_difference", "Largest difference from ReLU's weights", caption, figure, height=300)


def _gradient(found: Courses) -> Chart:
    figure = empty("epoch", "|dL/d(W, D)|", type="log", exponentformat="power")
    figure["data"] = [_course(name, rows, lambda row: max(row.grad_norm, FLOOR)) for name, rows in _learning(found)]
    if naive := found.get("naive"):
        point = _course("naive", naive, lambda row: row.grad_norm)
        figure["data"].append({**point, "mode": "markers", "marker": {"color": RED, "size": 11, "symbol": "x"}})
    caption = (
        "Of all parameters, before each step. The cross: α = 1 from weights as ReLUs draw them, before any step; the "
        "others begin with rows of W that add up to 0, so that B = 1 and all are the same function. "
        f"{FIRST}"
    )
    return Chart("ttfs_gradient", "Gradient norm", caption, figure, height=300)


def _learning(found: Courses) -> list[tuple[Model, Sequence[Course]]]:
    return [(name, found[name]) for name in MODELS if name != "naive" and name in found]


def _course(
    name: Model, rows: Sequence[Course], value: Callable[[Course], float | None], dash: str = "solid"
) -> dict[str, Any]:
    """ReLU's is wide, so that B = 1 is seen on it."""
    known = [(row.epoch, said) for row in rows if (said := value(row)) is not None and math.isfinite(said)]
    known = [known[k] for k in thinned(range(len(known)), 300)]
    line = {"color": COLOURS[name], "width": 6 if name == "relu" and dash == "solid" else 2.2, "dash": dash}
    return {
        "type": "scatter",
        "x": [round(epoch, 3) for epoch, _ in known],
        "y": [float(f"{said:.5g}") for _, said in known],
        "mode": "lines" if len(known) > 1 else "markers",
        "name": NAMES[name],
        "line": line,
        "marker": {"color": COLOURS[name]},
        "opacity": 0.5 if name == "relu" else 1,
    }


def _line(x: Floats, y: Floats, name: str, colour: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "x": [float(f"{value:.5g}") for value in x],
        "y": [float(f"{value:.5g}") for value in y],
        "mode": "lines",
        "name": name,
        "line": {"color": colour, "width": 2.4},
    }


def _upright(x: float) -> Figure:
    line = {"color": GRAY, "width": 1.5, "dash": "dot"}
    return {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper", "line": line}
