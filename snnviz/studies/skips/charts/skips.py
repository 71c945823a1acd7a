"""Charts and table of a sweep: accuracy, firing rate and cost against the number of skips, mean and sd over seeds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from snnviz.design.design import Design
from snnviz.design.networks import BlockNetwork
from snnviz.graph.controls import Control, network_size
from snnviz.store.values import Run
from snnviz.studies.skips.charts.controls import SYMBOLS, control_chart, control_differences, curves
from snnviz.studies.skips.sweep import SkipType, SweepPoint
from snnviz.theory.intervals import ConfidenceInterval, confidence_interval
from snnviz.theory.metrics import METRICS
from snnviz.theory.operations import CONVENTIONS, ESTIMATED, Convention
from snnviz.theory.probe import describe_probes
from snnviz.views.bands import ANYTHING, SHARES, error_bars, interval_note
from snnviz.views.chart import Chart, Figure, empty
from snnviz.views.results import Result, other_metrics

COLOURS: dict[SkipType, str] = {"DSC": "var(--st-blue-text-color)", "ASC": "var(--st-orange-text-color)"}
"""Colours of the types of skips, as in the block editor."""

ASIDE: dict[SkipType, float] = {"DSC": -0.03, "ASC": 0.03}
"""Horizontal offsets, so that error bars do not overlap."""

TALL = 400
"""Height in pixels of a chart with controls, whose legend is long."""

TWINS = "Dashed: the ANN twins, zeros of their ReLUs skipped as silence is; dotted: all operations (none skipped)."

COUNTED: dict[Convention, str] = {
    "additions": "A sum of m spikes is m additions; only real numbers (image, ReLUs) multiply.",
    "neurobench": "NeuroBench (Yik et al. 2025): single spikes add; sums and averages of them multiply.",
}
"""`MEANING` in short, for captions."""

ARITHMETIC = (
    "4.6 pJ a MAC, 0.9 pJ an addition (Horowitz 2014): arithmetic alone, not a chip measurement. With memory and "
    "movement of data, at T = 5, spikes save only below a rate of about 5.7 % (arXiv 2409.08290 v4). Lines as in "
    "Operations."
)
"""`CAVEAT` in short."""


def probe_text(points: Sequence[SweepPoint], results: Mapping[str, Result]) -> str:
    """Returns a text on the images on which a sweep's operations were counted; "" before there is a result."""
    return describe_probes(points[0].design, [found.probe for found in results.values()])


def skip_charts(
    points: Sequence[SweepPoint], results: Mapping[str, Result], convention: Convention = "additions"
) -> list[Chart]:
    """Returns the charts of a sweep over the number of skips: test accuracy, drop from ANN to SNN, firing rate,
    operations and energy; `results` by digest.
    """
    counts, joules = (METRICS.for_convention(quantity, convention).name for quantity in ("operations", "energy"))
    seeds = len({point.design.seed for point in points})
    guessed = sum(found.operations.estimated for found in results.values())
    older = f" {guessed} runs {ESTIMATED}." if guessed else ""
    controlled = any(point.control for point in points)
    words = " Thin: plain blocks of equal parameters (par.), operations (op.), or both."
    plain = words if controlled else ""
    counted_on = f" Counted on {on}." if (on := probe_text(points, results)) else ""
    before = f"; before training, on {on}" if on else ""
    fired = f"Spikes per neuron and time step, the whole network, on test images{before}."
    spread = f" {interval_note(seeds, mark='bars')}"
    accuracy = _figure("test accuracy", points, tickformat=".0%")
    drop = _figure("ANN minus SNN, points", points)
    rate = _figure("spikes / neuron / step", points, tickformat=".0%", rangemode="tozero")
    operations = _figure("operations / image", points, rangemode="tozero")
    energy = _figure("nJ / image", points, rangemode="tozero")
    for curve in curves(points):
        kind, snn, ann = curve.kind, curve.snn, curve.ann
        for of, dashed in ((snn, False), (ann, True)):
            look: dict[str, Any] = {"dash": "dash" if dashed else "solid", "control": curve.control}
            name = (curve.name.replace("plain", "ANN") if curve.control else f"{kind}, ANN") if dashed else curve.name
            accuracy["data"] += _line(name, kind, _values(of, results, "accuracy"), ".1%", **look)
            if dashed and curve.control:  # what they cost is in the table: their lines would hide the others
                continue
            operations["data"] += _line(name, kind, _values(of, results, counts), ",.0f", **look)
            energy["data"] += _line(name, kind, _values(of, results, joules), ".1f", **look)
        drop["data"] += _line(curve.name, kind, _drops(snn, ann, results), ".1f", control=curve.control)
        if curve.control:
            continue
        dense = f"{kind}, ANN, all"
        operations["data"] += _line(dense, kind, _values(ann, results, "dense"), ",.0f", dash="dot")
        energy["data"] += _line(dense, kind, _values(ann, results, "dense_energy"), ".1f", dash="dot")
        rate["data"] += _line(f"{kind}, trained", kind, _values(snn, results, "rate"), ".1%")
        untrained = _values(snn, results, "rate_before")
        rate["data"] += _line(f"{kind}, before training", kind, untrained, ".1%", dash="dot")
    charts = [
        Chart("skips_accuracy", "Test accuracy", f"Solid: spiking; dashed: their ANN twins.{plain}{spread}", accuracy),
        Chart("skips_rate", "Firing rate", fired + spread, rate),
        Chart(
            "skips_operations",
            "Operations",
            f"{COUNTED[convention]} {TWINS}" + counted_on + older,
            operations,
        ),
        Chart(
            "skips_energy",
            "Energy of the arithmetic",
            ARITHMETIC + older,
            energy,
        ),
    ]
    if plain:
        charts = [chart if chart.id == "skips_rate" else replace(chart, height=TALL) for chart in charts]
        charts.insert(1, control_chart(points, results, COLOURS))
    if any(point.ann for point in points):
        words = "Test accuracy of the ANN twin less the spiking network's, seed by seed: below 0, spikes do better."
        words += plain + spread
        charts.insert(1, Chart("skips_drop", "Accuracy drop", words, drop))
    return charts


OWN = ("accuracy", "rate", "dense", "macs", "additions", "energy", "seconds")
"""Metrics that have columns of their own in the table."""


def skip_table(
    points: Sequence[SweepPoint],
    runs: Mapping[str, Run],
    results: Mapping[str, Result],
    convention: Convention = "additions",
) -> pd.DataFrame:
    """Returns a table with a row for each submitted design of a sweep, in order of the points; the type of skip is None
    without skips.

    "control for": with which skips a control is compared, and which size they share.
    """
    table = []
    first: dict[str, SweepPoint] = {}
    beside: dict[str, list[str]] = {}
    for point in points:
        first.setdefault(point.design.digest, point)
        if point.control:
            words = f"{point.n_skip} {point.type} {point.control}"
            beside.setdefault(point.design.digest, []).append(words)
    for digest, point in first.items():
        run, found = runs.get(digest), results.get(digest)
        if run is None:
            continue
        counted = found.operations.by(convention) if found else None
        plain = point.control or not point.n_skip
        table.append(
            {
                "type": None if plain else point.type,
                "n_skip": 0 if plain else point.n_skip,
                "channels": block_network(point.design).channels,
                "control for": ", ".join(beside.get(digest, [])) or None,
                "neurons": "ANN" if point.ann else "SNN",
                "seed": point.design.seed,
                "state": run.state,
                "test": 100 * found.accuracy if found else None,
                "rate": 100 * found.rate if found and found.rate is not None else None,
                "dense": counted.dense if counted else None,
                "MACs": round(counted.macs) if counted else None,
                "additions": round(counted.additions) if counted else None,
                "energy": counted.nanojoules() if counted else None,
                "counts": ("estimated" if counted.estimated else "counted") if counted else None,
                "seconds": round(run.seconds, 1) if run.seconds else None,
                **other_metrics(found, OWN),
                "run": digest,
            }
        )
    return pd.DataFrame(table)


def skip_means(
    points: Sequence[SweepPoint], results: Mapping[str, Result], convention: Convention = "additions"
) -> list[dict[str, Any]]:
    """Returns one row (dictionary) for each number and type of skips (None without skips): means of the results over
    the finished seeds, None if there are none.

    `sd`: standard deviations (n - 1), None for a single seed. Accuracies and rates are in [0, 1], the drop from ANN to
    SNN is in percentage points, operations are per image: `macs` and `additions` by the convention "additions",
    `eff_macs` and `eff_acs` by NeuroBench. Energies are in nJ: `energy` by `convention`, `energy_...` by each;
    `dense_energy`: if no input were 0. `energy_over_ann_...`: excess over the ANN twin with its zeros skipped, with a
    95 % t interval over the seeds whose operations were counted, without the error of an estimate. `metrics`,
    `ann_metrics`: `mean` and `sd` of every metric by name. `controls`: the same rows of the controls, with their
    `controls.ControlDifference` in percentage points.
    """
    rows = _means([point for point in points if point.control is None], results, convention)
    for row in rows:
        own = [p for p in points if (p.type, p.n_skip) == (row["type"], row["n_skip"])]
        row |= _sized(next(p.design for p in points if p.n_skip == row["n_skip"] and row["type"] in (None, p.type)))
        row["controls"] = []
        for one in control_differences(own, results):
            plain = [p for p in own if p.control and p.control in one.equal]
            plain = [p for p in plain if p.control == plain[0].control]
            [means] = _means(plain, results, convention)
            told = {"equal": one.equal, "mismatch": one.mismatch, **_sized(plain[0].design), **means}
            over = {name: getattr(one, name) for name in ("accuracy", "ann_accuracy", "drop")}
            told["left"] = {name: found.document() if found else None for name, found in over.items()}
            row["controls"].append(told)
    return rows


def _sized(design: Design) -> dict[str, int]:
    return {"channels": block_network(design).channels, "parameters": network_size(design).parameters}


def block_network(design: Design) -> BlockNetwork:
    """Returns the block network (with its adjacency matrix) of a design in a sweep."""
    assert isinstance(design.network, BlockNetwork)
    return design.network


def _means(points: Sequence[SweepPoint], results: Mapping[str, Result], convention: Convention) -> list[dict[str, Any]]:
    """Of points with one control, or none."""

    def of(some: Sequence[SweepPoint], metric: str) -> list[float]:
        found = (results[p.design.digest].metrics[metric] for p in some if p.design.digest in results)
        return [value for value in found if value is not None]

    table = []
    counted = {name: one for name, one in results.items() if not one.operations.estimated}
    for n_skip, kind in dict.fromkeys((p.n_skip, p.type if p.n_skip else None) for p in points):
        own = {p.design.digest: p for p in points if p.n_skip == n_skip and kind in (None, p.type)}.values()
        snn, ann = ([p for p in own if p.ann is which] for which in (False, True))
        accuracies = of(snn, "accuracy")
        row: dict[str, Any] = {"n_skip": n_skip, "type": kind, "seeds": len(accuracies)}
        row |= _spread("accuracy", accuracies) | _spread("ann_accuracy", of(ann, "accuracy"))
        row |= _spread("drop", _drops(snn, ann, results).get(n_skip, [])) | _spread("rate", of(snn, "rate"))
        for before, some in (("", snn), ("ann_", ann)):
            for name in ("dense", "macs", "additions", "eff_macs", "eff_acs"):
                row[before + name] = _mean(of(some, name))
            for way in CONVENTIONS:
                row[f"{before}energy_{way}"] = _mean(of(some, METRICS.for_convention("energy", way).name))
            row[f"{before}energy"] = row[f"{before}energy_{convention}"]
            row[f"{before}dense_energy"] = _mean(of(some, "dense_energy"))
            each = {metric: of(some, metric) for metric in METRICS.names}
            row[f"{before}metrics"] = {name: {"mean": _mean(v), "sd": _deviation(v)} for name, v in each.items()}
        for way in CONVENTIONS:
            found = _pairs(snn, ann, counted, METRICS.for_convention("energy", way).name).get(n_skip)
            row[f"energy_over_ann_{way}"] = confidence_interval(found).document() if found else None
        row["convention"] = convention
        table.append(row | {"estimated": any(of([*snn, *ann], "estimated"))})
    return table


def _spread(name: str, values: Sequence[float]) -> dict[str, float | None]:
    return {name: _mean(values), f"{name}_sd": _deviation(values)}


def _deviation(values: Sequence[float]) -> float | None:
    return float(np.std(values, ddof=1)) if len(values) > 1 else None


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


Values = dict[int, list[float]]
"""Values by n_skip, one for each finished seed."""


def _values(points: Sequence[SweepPoint], results: Mapping[str, Result], metric: str) -> Values:
    found: Values = {}
    for point in points:
        value = results[point.design.digest].metrics[metric] if point.design.digest in results else None
        if value is not None:
            found.setdefault(point.n_skip, []).append(value)
    return found


def _drops(snn: Sequence[SweepPoint], ann: Sequence[SweepPoint], results: Mapping[str, Result]) -> Values:
    """In percentage points, where both of a pair are there."""
    return _pairs(ann, snn, results, "accuracy", 100) if ann else {}


def _pairs(
    some: Sequence[SweepPoint],
    rivals: Sequence[SweepPoint],
    results: Mapping[str, Result],
    metric: str,
    scale: float = 1,
) -> Values:
    """By how much the first of a pair has more than the second, where both are there."""
    found: Values = {}
    for one, other in zip(some, rivals, strict=bool(rivals)):
        pair = [
            results[point.design.digest].metrics[metric] for point in (one, other) if point.design.digest in results
        ]
        values = [value for value in pair if value is not None]
        if len(values) == 2:
            found.setdefault(one.n_skip, []).append(scale * values[0] - scale * values[1])
    return found


def _figure(y: str, points: Sequence[SweepPoint], **layout: Any) -> Figure:
    figure = empty("skips per layer", y, **layout)
    most = max(point.n_skip for point in points)
    figure["layout"]["xaxis"] |= {"tickmode": "linear", "dtick": 1, "range": [-0.25, most + 0.25], "zeroline": False}
    figure["layout"]["hovermode"] = "closest"
    return figure


def _line(
    name: str, kind: SkipType, values: Values, form: str, *, dash: str = "solid", control: Control | None = None
) -> list[dict[str, Any]]:
    """Mean over the seeds and its interval, against n_skip. A control's ANN twins: a click shows them."""
    if not values:
        return []
    counts = sorted(values)
    found = [confidence_interval(values[n]) for n in counts]
    return [
        {
            "type": "scatter",
            "x": [n + ASIDE[kind] for n in counts],
            "y": [_rounded(one.mean) for one in found],
            "error_y": error_bars(found, SHARES if form.endswith("%") else ANYTHING),
            "customdata": [[n, len(values[n]), _half_text(one, form)] for n, one in zip(counts, found, strict=True)],
            "hovertemplate": f"%{{y:{form}}}%{{customdata[2]}}, n_skip %{{customdata[0]}}, "
            f"%{{customdata[1]}} seeds<extra>{name}</extra>",
            "mode": "lines+markers",
            "name": name,
            "line": {"color": COLOURS[kind], "dash": dash, "width": 1 if control else 2},
            "marker": {"symbol": SYMBOLS[control] + ("" if dash == "solid" else "-open"), "size": 7},
        }
        | ({"opacity": 0.7} if control else {})
        | ({"visible": "legendonly"} if control and dash != "solid" else {})
    ]


def _half_text(found: ConfidenceInterval, form: str) -> str:
    """Half the width of an interval, as it stands behind the mean."""
    if found.half is None:
        return ""
    return f" ± {100 * found.half:.1f} %" if form.endswith("%") else f" ± {found.half:{form}}"


def _rounded(value: float) -> float:
    return float(f"{value:.5g}") if math.isfinite(value) else 0.0
