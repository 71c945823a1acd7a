"""One neuron as a ReLU and as a TTFS neuron, in formulas; and the choice of example neurons."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from snnviz.studies.ttfs.theory.twins import TwinPair
from snnviz.theory import ttfs


def example_neurons(pair: TwinPair, layer: int, image: int) -> tuple[int, ...]:
    """Returns three example neurons of a hidden layer (from 0) for this image: the first to spike, a later one, a
    silent one.
    """
    times, end = pair.passed.times[layer + 1][image], pair.hidden[layer].window.end
    order = np.argsort(times, kind="stable")
    spiking = int(ttfs.has_fired(times, pair.hidden[layer].window).sum())
    found = [int(order[0]), int(order[max(0, spiking * 2 // 3 - 1)])] if spiking else []
    silent = [int(index) for index in order[spiking:]][:1] if times[order[-1]] >= end else []
    return tuple(dict.fromkeys([*found, *silent]))


def formulas(pair: TwinPair, layer: int, neuron: int, image: int) -> list[str]:
    """Returns LaTeX formulas of one neuron of a hidden layer (from 0), first as a ReLU and then as a TTFS
    (time-to-first-spike) neuron.
    """
    made, dense = pair.hidden[layer], pair.relu.layers[layer]
    w, b = dense.weights[neuron], float(dense.bias[neuron])
    slope, ramp, theta = (float(each[neuron]) for each in (made.slope, made.ramp, made.threshold))
    start, end = made.window.start, made.window.end
    before = pair.passed.times[layer][image : image + 1]
    reached, rise = (float(each[0, neuron]) for each in (made.potential_at_start(before), made.slope_in_window(before)))
    t, x = float(pair.passed.times[layer + 1][image, neuron]), float(pair.relu.outputs[layer][image, neuron])
    back = round(float(ttfs.relu_parameters(made)[1][neuron]), 9)
    early = start + (theta - reached) / rise if rise else math.inf
    word, sign = "B_i", r"\qquad"
    if pair.silent == "nothing":
        word, sign = r"\alpha_i + \sum_{\text{spiked}} W_{ij}", r"\quad\text{instead of}\quad"
    held = {end: r"\ \to\ t_{\max}\text{: silent}", start: r"\ \to\ t_{\min}\text{: full}"}.get(t, "")
    rising = r"\frac{dV_i}{dt} = \alpha_i + \sum_j W_{ij} H(t - t_j)"
    if pair.silent == "clock":
        rising += r",\ t < t_{\min}, \qquad B_i,\ t \geq t_{\min}"
    return [
        r"x_i = \max\Big(0, \sum_j w_{ij} x_j + b_i\Big)",
        rf"\sum_j w_{{ij}} = {_n(w.sum())}, \qquad b_i = {_n(b)}",
        rf"W_{{ij}} = B_i\, w_{{ij}}, \qquad B_i = {_n(slope)}",
        rf"\alpha_i = B_i \Big(1 - \sum_j w_{{ij}}\Big) = {_n(ramp)}",
        rising,
        rf"\vartheta_i = B_i (t_{{\max}} - t_{{\min}} - b_i) + \alpha_i (t_{{\min}} - t'_{{\min}}) = {_n(theta)}",
        rf"t_i = t_{{\min}} + \frac{{\vartheta_i - V_i(t_{{\min}})}}{{{word}}} = {_n(start)} + "
        rf"\frac{{{_n(theta)} - {_bracketed(reached)}}}{{{_n(rise)}}} = {_n(early)}{held}",
        rf"t_{{\max}} - t_i = {_n(end)} - {_n(t)} = {_n(end - t)} {sign} x_i = {_n(x)}",
        r"b_i = t_{\max} - t_{\min} - "
        rf"\frac{{\vartheta_i - \alpha_i (t_{{\min}} - t'_{{\min}})}}{{B_i}} = {_n(back)}",
    ]


def _n(value: float) -> str:
    return f"{value + 0.0:.4g}" if abs(value) >= 1e-3 or value == 0 else _small(value)


def _small(value: float) -> str:
    mantissa, _, power = f"{value:.2e}".partition("e")
    return rf"{mantissa} \cdot 10^{{{int(power)}}}"


def _bracketed(value: float) -> str:
    return f"({_n(value)})" if value < 0 else _n(value)


def names_of(neurons: Sequence[int]) -> str:
    """Returns the numbers of neurons as text, "3, 17"."""
    return ", ".join(map(str, neurons))
