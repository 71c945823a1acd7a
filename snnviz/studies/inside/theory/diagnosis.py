"""Diagnosis of a trained network: rules over its statistics on all test images, each with a sentence and its
evidence.

Each rule detects one of seven kinds of problem. Their limits were set on networks of `benchmarks/diagnosing.py`,
which creates problems of each kind at random, and checked on others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from snnviz.design.design import Design
from snnviz.graph.architectures import build_architecture
from snnviz.studies.inside.look import Answer, Array

Kind = Literal["silent", "saturated", "channel", "input", "bias", "class", "steps"]

SILENT_RATE = 1e-3
"""A layer that spikes less, per neuron and time step, is silent."""

SATURATED_GRADIENT = 0.025
"""Where the surrogate's derivative is less of its largest value on average, hardly any gradient comes through."""

LOUDEST_SHARE = 0.6
"""One of four channels or more that has so large a share of a layer's spikes does all."""

WEAK_INPUT = 0.25
"""An input whose values differ by less, in standard deviations of the data set's pixels, is weak."""

BIAS_RATIO = 0.5
"""The readout is dominated by its bias where images move its outputs by less than this much of the biases' spread."""

LATE_SHARE, LATE_GAIN = 0.08, 0.005
"""T is too short where so many answers change at the last step and so much accuracy comes with it."""

FEWEST_IMAGES = 5
"""Of a class, before anything is said of it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem of a trained network that `diagnose` found: its kind, a title, a sentence with numbers, advice, and the
    name of the figure that shows it.

    evidence: "potentials", "rates", "steps" or "confusion".
    """

    kind: Kind
    title: str
    sentence: str
    advice: str
    evidence: str


def diagnose(answer: Answer, design: Design) -> list[Finding]:
    """Returns the problems of a trained network, such as dead layers; [] if no rule applies.

    answer: the statistics of the network on all test images, by `compute.overview.overview`. design: of its run.
    """
    layers: Sequence[Mapping[str, Any]] = answer.about["layers"]
    weak = list(_input(answer))
    found = [*weak, *_silent(answer, layers, after_weak_input=bool(weak)), *_saturated(layers)]
    found += [*_channel(answer, design, layers), *_bias(answer), *_class(answer), *_steps(answer)]
    return found


def _input(answer: Answer) -> Iterator[Finding]:
    spread = answer.about["input_sd"]
    if spread < WEAK_INPUT:
        yield Finding(
            "input",
            "The input is too weak",
            f"The encoded test images differ by {spread:.2g} only (standard deviation over pixels and images; about 1 "
            "is usual for direct input, 0.3 to 0.5 for spikes): the first layer hardly sees them.",
            "Check the brightness of the images and their scale, or take another encoding.",
            "potentials",
        )


def _silent(answer: Answer, layers: Sequence[Mapping[str, Any]], *, after_weak_input: bool) -> Iterator[Finding]:
    first = next((k for k, one in enumerate(layers) if one["rate"] < SILENT_RATE), None)
    if first is None:
        return
    one = layers[first]
    shares = answer.arrays[f"potentials.{one['index']}"]
    above = (1 - one["mean_u"]) / one["sd_u"] if one["sd_u"] > 0 else np.inf
    theta = one["threshold"]
    lower, share = _lower_threshold(shares)
    cause = (
        f"the threshold {theta:.3g} is {above:.1f} sd above the mean of its potentials"
        if np.isfinite(above)
        else ("its potentials are the same for every image")
    )
    instead = f"; at {lower * theta:.2g} {share:.0%} of neurons and steps would spike" if lower is not None else ""
    rest = "" if first + 1 == len(layers) else " The layers behind it hear nothing."
    yield Finding(
        "silent",
        f"Silent from layer {one['name']} on",
        f"{one['name']} spikes in {one['rate']:.2%} of neurons and steps: {cause}{instead}.{rest}",
        "A stronger input helps first."
        if after_weak_input
        else ("A lower threshold, a larger gain or variance-preserving weights, or a larger leak lets it spike."),
        "potentials",
    )


def _lower_threshold(shares: Array, wanted: float = 0.1) -> tuple[float | None, float]:
    """The threshold, as a share of the present one, at which about `wanted` of the potentials are above, and how many
    are; None where that would not be above 0."""
    edges = np.linspace(-3, 3, len(shares) + 1)
    above = shares[::-1].cumsum()[::-1]
    inside = [k for k in range(len(shares)) if 0 < edges[k] < 1 and above[k] >= wanted]
    if not inside:
        inside = [k for k in range(len(shares)) if 0 < edges[k] < 1 and above[k] > 0][:1]
    return (float(edges[inside[-1]]), float(above[inside[-1]])) if inside else (None, 0.0)


def _saturated(layers: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    worst = [one for one in layers if one["gradient"] is not None and one["gradient"] < SATURATED_GRADIENT]
    worst = [one for one in worst if one["rate"] >= SILENT_RATE]  # a silent one is another trouble
    if worst:
        one = min(worst, key=lambda each: float(each["gradient"]))
        names = ", ".join(each["name"] for each in worst)
        yield Finding(
            "saturated",
            f"Surrogates are saturated in {names}",
            f"In {one['name']} the potentials have a standard deviation of {one['sd_u']:.1f} thresholds around a mean "
            f"of {one['mean_u']:.1f}, most so far from the threshold that the surrogate's derivative is "
            f"{one['gradient']:.2%} of its largest value: hardly any gradient comes through.",
            "Smaller weights, batch normalisation or a flatter surrogate help.",
            "potentials",
        )


def _channel(answer: Answer, design: Design, layers: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    shapes = {layer.name: layer.out_shape for layer in build_architecture(design).layers}
    for one in layers:
        channels = shapes[one["name"]][0]
        rates = answer.arrays[f"rates.{one['index']}"].reshape(channels, -1).mean(1)
        total = rates.sum()
        if channels < 4 or one["rate"] < SILENT_RATE or rates.max() < LOUDEST_SHARE * total:
            continue
        loudest = int(rates.argmax())
        what = "channel" if np.prod(shapes[one["name"]][1:]) > 1 else "neuron"
        yield Finding(
            "channel",
            f"One {what} of {one['name']} does all",
            f"{what.capitalize()} {loudest} of {channels} has {rates[loudest] / total:.0%} of the layer's spikes.",
            "The others are dead weight: check their weights and biases, or make the layer narrower.",
            "rates",
        )


def _bias(answer: Answer) -> Iterator[Finding]:
    bias, spread = answer.arrays["readout_bias"], float(answer.arrays["readout_sd"].mean())
    width = float(np.ptp(bias)) if bias.size else 0.0
    if width > 0 and spread < BIAS_RATIO * width:
        yield Finding(
            "bias",
            "The readout goes by its bias",
            f"Its biases alone differ by {width:.2g} between classes, and images move its outputs by {spread:.2g} "
            f"(standard deviation): class {int(bias.argmax())} is favoured whatever is shown.",
            "More spikes in the last hidden layer or a smaller learning rate help; unbalanced classes do this too.",
            "confusion",
        )


def _class(answer: Answer) -> Iterator[Finding]:
    labels, predicted = answer.arrays["labels"], answer.arrays["predicted"]
    shown = np.bincount(labels, minlength=answer.about["classes"])
    given = np.bincount(predicted, minlength=answer.about["classes"])
    never = [k for k in range(answer.about["classes"]) if shown[k] >= FEWEST_IMAGES and not given[k]]
    if never:
        names = ", ".join(map(str, never))
        one = "Class" if len(never) == 1 else "Classes"
        images = int(shown[never].sum())
        yield Finding(
            "class",
            f"{one} {names} {'is' if len(never) == 1 else 'are'} never the answer",
            f"None of the {len(labels):,} test images is read as {names}, though {images} of them are.",
            "Check that the training images have this class, and train longer.",
            "confusion",
        )


def _steps(answer: Answer) -> Iterator[Finding]:
    by_steps, steps = answer.about["by_steps"], answer.about["steps"]
    if steps < 2:
        return
    late = float((answer.arrays["steps_needed"] == steps).mean())
    gain = by_steps[-1] - by_steps[-2]
    if late >= LATE_SHARE and gain >= LATE_GAIN:
        yield Finding(
            "steps",
            f"T = {steps} is too short",
            f"{late:.0%} of the answers still change at the last step, which brings {100 * gain:.1f} points of "
            "accuracy: more steps would bring more.",
            "More time steps, a larger leak or a stronger input help.",
            "steps",
        )
