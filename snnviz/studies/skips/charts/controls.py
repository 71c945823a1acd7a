"""Controls of a sweep: plain blocks of equal parameters or operations, and how much better blocks with skips are."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Protocol

from snnviz.graph.architectures import build_architecture
from snnviz.graph.controls import CONTROLS, Control, match_control
from snnviz.studies.skips.sweep import SkipType, SweepPoint
from snnviz.theory.intervals import ConfidenceInterval, confidence_interval
from snnviz.theory.variance import forecast_layers
from snnviz.views.chart import Chart, empty
from snnviz.views.numbers import NO_NUMBER, difference_text, interval_text, share

SYMBOLS: dict[Control | None, str] = {None: "circle", "parameters": "square", "operations": "diamond"}

SHORT: dict[Control, str] = {"parameters": ", par.", "operations": ", op."}
"""Suffixes of controls in legends."""

SILENT = 0.05
"""A network with a lower firing rate (spikes per neuron and step) is called nearly silent; its stem reads the image."""


class HasAccuracy(Protocol):
    """Protocol of run results that have a test accuracy."""

    @property
    def accuracy(self) -> float:
        """Test accuracy in [0, 1]."""


@dataclass(frozen=True, slots=True)
class Curve:
    """The points of one line in a chart of a sweep over the number of skips, for SNNs and their ANN twins (the same
    network with ReLUs): designs with skips of one type, or controls without skips.
    """

    name: str
    kind: SkipType
    control: Control | None
    snn: tuple[SweepPoint, ...]
    ann: tuple[SweepPoint, ...]


def curves(points: Sequence[SweepPoint]) -> Iterator[Curve]:
    """Yields the curves of each type of skip in a sweep: blocks with skips, then the plain blocks of equal size
    (controls), merged if both controls are the same networks.

    A block without skips is its own control, so that the lines start at the same point.
    """
    for kind in dict.fromkeys(point.type for point in points):
        plain: dict[tuple[str, ...], Curve] = {}
        for control in (None, *CONTROLS):
            mine = [p for p in points if p.type == kind and (p.control == control or (control and p.n_skip == 0))]
            if control and not any(point.control for point in mine):
                continue
            snn, ann = (tuple(p for p in mine if p.ann is which) for which in (False, True))
            key = tuple(point.design.digest for point in snn)
            both = control is not None and key in plain
            what = f"plain ({kind}{'' if both else SHORT[control]})" if control else kind
            curve = Curve(what, kind, control, snn, ann)
            if control is None:
                yield curve
            else:
                plain[key] = curve
        yield from plain.values()


@dataclass(frozen=True, slots=True)
class ControlDifference:
    """Difference in test accuracy, in percentage points, between a block with skips and a plain block of equal size.

    `n_skip`: skips per layer; `equal`: what is equal, parameters or operations. `channels`, `parameters`, `operations`
    and `mismatch` (a share of the equal quantity) are the plain block's. `accuracy`: of the spiking networks,
    `ann_accuracy`: of their ANN twins, `drop`: of the drop from ANN to SNN. None as long as no seed has both.
    """

    kind: SkipType
    n_skip: int
    equal: str
    channels: int
    parameters: int
    operations: int
    mismatch: float
    accuracy: ConfidenceInterval | None
    ann_accuracy: ConfidenceInterval | None
    drop: ConfidenceInterval | None


def control_differences(points: Sequence[SweepPoint], results: Mapping[str, HasAccuracy]) -> list[ControlDifference]:
    """Returns the differences between blocks with skips and plain blocks of equal size (controls) for each number and
    type of skips, in order; equal controls are merged.
    """
    found: list[ControlDifference] = []
    for kind, n_skip in dict.fromkeys((p.type, p.n_skip) for p in points if p.control):
        own = [p for p in points if (p.type, p.n_skip) == (kind, n_skip)]
        skips = next(p.design for p in own if p.control is None and not p.ann)
        of = {control: match_control(skips, control) for control in CONTROLS}
        one = len({matched.channels for matched in of.values()}) == 1
        for control in CONTROLS[:1] if one else CONTROLS:
            snn, ann = (_differences(own, control, ann, results) for ann in (False, True))
            matched = of[control]
            found.append(
                ControlDifference(
                    kind,
                    n_skip,
                    " and ".join(CONTROLS) if one else control,
                    matched.channels,
                    matched.size.parameters,
                    matched.size.operations,
                    max((m.mismatch for m in (of.values() if one else [matched])), key=abs),
                    _interval(snn.values()),
                    _interval(ann.values()),
                    _interval(ann[seed] - snn[seed] for seed in snn.keys() & ann.keys()),
                )
            )
    return found


def _differences(
    own: Sequence[SweepPoint], control: Control, ann: bool, results: Mapping[str, HasAccuracy]
) -> dict[int, float]:
    """Percentage points of test accuracy over the plain block, by seed, where both are there."""
    reached: dict[Control | None, dict[int, float]] = {None: {}, control: {}}
    for point in own:
        if point.ann is ann and point.control in reached and (one := results.get(point.design.digest)):
            reached[point.control][point.design.seed] = 100 * one.accuracy
    plain = reached[control]
    return {seed: accuracy - plain[seed] for seed, accuracy in sorted(reached[None].items()) if seed in plain}


def sentences(points: Sequence[SweepPoint], results: Mapping[str, HasAccuracy]) -> list[str]:
    """Returns sentences on how much accuracy the largest number of skips gains over plain blocks of equal size; []
    before any result.
    """
    if not any(p.n_skip and p.design.digest in results for p in points):
        return []
    if not any(point.control for point in points):
        return [
            "No control: a block with more DSC skips is also larger, so these curves do not tell what skips do from "
            "what size does. With controls, plain blocks of equal size are trained beside."
        ]
    most = max(point.n_skip for point in points)
    return [sentence(one) for one in control_differences(points, results) if one.n_skip == most and one.accuracy]


def sentence(one: ControlDifference) -> str:
    """Returns a sentence on how much a block with skips differs in accuracy from a plain block of equal size, with the
    interval.

    >>> from snnviz.theory.intervals import ConfidenceInterval
    >>> gain = ConfidenceInterval(0.2, -1.9, 2.3, 4)
    >>> sentence(ControlDifference("DSC", 3, "parameters", 12, 7282, 2009088, 0.0168, gain, None, None))
    '3 DSC skips over a plain block of equal parameters: +0.2 points (95 %: -1.9 to +2.3, 4 seeds), not told apart.'
    """
    skips = f"{one.n_skip} {one.kind} skip{'s' if one.n_skip > 1 else ''}"
    over = difference_text(one.accuracy) if one.accuracy else NO_NUMBER
    said = f"{skips} over a plain block of equal {one.equal}: {over}"
    if one.drop:
        said += f"; the drop from the ANN twin changes by {difference_text(one.drop)}"
    return f"{said}."


def _interval(values: Iterable[float]) -> ConfidenceInterval | None:
    given = list(values)
    return confidence_interval(given) if given else None


def initial_activity_text(points: Sequence[SweepPoint], befores: Mapping[str, float | None]) -> str:
    """Returns a sentence on the firing rate of the block without skips before training.

    `befores`: spikes per neuron and step by digest.
    """
    rates = [rate for p in points if not (p.n_skip or p.ann) and (rate := befores.get(p.design.digest)) is not None]
    if not rates:
        return ""
    mean = fmean(rates)
    said = f"Before training {share(mean)} of the neurons of the network without skips spike in a time step"
    silent = mean < SILENT
    return said + (
        ": it is nearly silent, so that what skips leave here may be spikes, which stronger weights bring too."
        if silent
        else "."
    )


def forecast_text(points: Sequence[SweepPoint]) -> str:
    """Returns a sentence on the forecast firing rate of the block without skips before training; "" if it is not in the
    sweep over the number of skips.
    """
    own = [point.design for point in points if not (point.n_skip or point.ann)]
    if not own:
        return ""
    layers = [one for one in forecast_layers(own[0]) if one.rate is not None]
    neurons = {layer.name: layer.neurons for layer in build_architecture(own[0]).layers}
    mean = sum(neurons[one.name] * (one.rate or 0.0) for one in layers) / sum(neurons[one.name] for one in layers)
    return (
        f"Forecast: without skips {share(mean)} of the neurons will spike in a time step before training, "
        f"{share(layers[-1].rate or 0.0)} of those of the last layer."
    )


def control_chart(
    points: Sequence[SweepPoint], results: Mapping[str, HasAccuracy], colours: Mapping[SkipType, str]
) -> Chart:
    """Returns the chart of the accuracy of blocks with skips minus that of plain blocks of equal size, against the
    number of skips, with intervals.
    """
    figure = empty("skips per layer", "points over a plain block", zeroline=True)
    most = max(point.n_skip for point in points)
    figure["layout"]["xaxis"] |= {"tickmode": "linear", "dtick": 1, "range": [0.6, most + 0.4], "zeroline": False}
    figure["layout"]["hovermode"] = "closest"
    rows = [one for one in control_differences(points, results) if one.accuracy is not None]
    for place, (kind, equal) in enumerate(dict.fromkeys((one.kind, one.equal) for one in rows)):
        own = [one for one in rows if (one.kind, one.equal) == (kind, equal)]
        figure["data"].append(_trace(own, 0.07 * (place - 1), f"{kind}, equal {equal}", colours[kind]))
    words = (
        "Test accuracy of the spiking networks minus that of a plain block of the size named: mean and 95 % t interval "
        "over the same seeds. Where a bar crosses 0 the two are not told apart; of twenty one misses 0 by chance."
    )
    return Chart("skips_left", "What skips leave over plain blocks", words, figure)


def _trace(rows: Sequence[ControlDifference], aside: float, name: str, colour: str) -> dict[str, Any]:
    more = [one.accuracy for one in rows if one.accuracy is not None]
    halves = [round(found.high - found.mean, 3) if math.isfinite(found.high) else 0.0 for found in more]
    ranges = [interval_text(found) for found in more]
    about = [
        [one.n_skip, text, one.channels, share(one.mismatch, signed=True)]
        for one, text in zip(rows, ranges, strict=True)
    ]
    return {
        "type": "scatter",
        "x": [one.n_skip + aside for one in rows],
        "y": [round(found.mean, 3) for found in more],
        "error_y": {"type": "data", "array": halves, "thickness": 1, "width": 3},
        "customdata": about,
        "hovertemplate": "%{y:+.1f} points%{customdata[1]}<br>%{customdata[0]} skips per layer<br>plain block of "
        f"%{{customdata[2]}} channels, %{{customdata[3]}}<extra>{name}</extra>",
        "mode": "markers",
        "name": name,
        "marker": {
            "symbol": SYMBOLS["operations" if name.endswith("equal operations") else "parameters"],
            "size": 8,
            "color": colour,
        },
    }
