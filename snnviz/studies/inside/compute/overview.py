"""Passes all test images through a network: predictions, accuracy by time step, and statistics of each layer's
spikes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from snnviz.core import data
from snnviz.core.data import Images
from snnviz.core.surrogates import derivative
from snnviz.core.tracing import Trace, TracedNetwork
from snnviz.core.train import test_batches
from snnviz.design.design import Design
from snnviz.graph.layers import Layer
from snnviz.studies.inside.compute.looking import dropped
from snnviz.studies.inside.look import Answer, Array, Look

RATE_BINS = np.linspace(0, 1, 21)
"""Edges of the bins of firing rates, spikes a neuron and time step."""

POTENTIAL_BINS = np.linspace(-3, 3, 61)
"""Edges of the bins of potentials, in thresholds: 1 is where a neuron spikes. What is beyond is in the outermost."""


@dataclass
class _LayerSums:
    """Of one layer, over images: by neuron or by bin."""

    layer: Layer
    threshold: float
    spikes: Array = field(default_factory=lambda: np.zeros(0))
    by_class: Array = field(default_factory=lambda: np.zeros(0))
    intervals: Array = field(default_factory=lambda: np.zeros(0))
    potentials: Array = field(default_factory=lambda: np.zeros(len(POTENTIAL_BINS) - 1))
    sum_u: float = 0.0
    sum_square: float = 0.0
    count_u: int = 0
    slope: float = 0.0
    together: Array = field(default_factory=lambda: np.zeros(3))


def overview(
    network: TracedNetwork, design: Design, test: Images, look: Look, tell: Callable[[float], None] = lambda _: None
) -> Answer:
    """Passes all test images through a network and returns statistics of it, in the same batches as the run's
    own test.

    tell: called with the progress, 0 to 1. The answer's `about`: `accuracy` and `by_steps`, the accuracy with 1, 2,
    ... time steps; by layer with neurons `rate`, `dead` and `saturated` (shares of neurons that never spike, or at
    every time step of every image), `synchrony` (Golomb and Rinzel 1993: 0 where neurons spike independently of each
    other, 1 where all do at once; None where none spikes), mean and standard deviation of u in thresholds, `gradient`
    (the mean of the surrogate's derivative as a share of its largest value); `macs` and `additions`, operations of an
    image (as in `events.LayerState`, but of all layers, over the test images); `input_sd`, the standard deviation of
    the encoded input. Its arrays: "readout_sd" (classes,): standard deviation over images of the softmax's input, and
    "readout_bias", the part of it that comes from biases alone; "predicted", "labels" (N,); "steps_needed" (N,): time
    steps after which the prediction no longer changes; "by_class.i" (classes,): spikes per neuron and time step;
    "rates.i" (neurons,); "intervals.i" (T,): number of inter-spike intervals of 1, 2, ... steps; "potentials.i":
    distribution of u over `POTENTIAL_BINS`.
    """
    readout, steps = network.architecture.layers[-1], look.steps or network.steps
    classes = readout.out_shape[0] // readout.voters
    sums = {
        index: _LayerSums(layer, _threshold(network, layer))
        for index, layer in enumerate(network.architecture.layers)
        if layer.spiking and layer.kind != "merge"
    }
    done = np.zeros(3)
    predicted, needed = np.zeros(len(test), np.int64), np.zeros(len(test), np.int64)
    hits = np.zeros(steps)
    labels = test.labels.numpy()
    outputs, seen = np.zeros((len(test), classes)), np.zeros(3)
    parts = test_batches(network, len(test))
    for part in parts:
        image = dropped(data.encode(test.images[part], test.white, design, "test", part.start), look)
        trace = network.trace(image)
        answers = trace.readout[:steps].argmax(2).numpy()
        predicted[part], own = answers[-1], labels[part]
        outputs[part] = trace.readout[steps - 1].double().numpy()
        values = image.double()
        seen += (values.numel(), float(values.sum()), float(values.square().sum()))
        hits += (answers == own).sum(1)
        changes = answers != answers[-1]
        needed[part] = np.where(changes.any(0), steps - changes[::-1].argmax(0), 0) + 1
        done += trace.operations(steps)
        for index, one in sums.items():
            _add(one, network, trace, index, own, classes, steps)
        tell(part.stop / len(test))
    arrays: dict[str, Array] = {
        "predicted": predicted.astype(np.int32),
        "labels": labels.astype(np.int32),
        "steps_needed": np.minimum(needed, steps).astype(np.int32),
        "readout_sd": outputs.std(0).astype(np.float32),
        "readout_bias": _bias(network, steps),
    }
    per_class = np.bincount(labels, minlength=classes)
    layers = [_told(index, one, steps, per_class, arrays) for index, one in sums.items()]
    about = {
        "run": look.run,
        "images": len(test),
        "classes": classes,
        "steps": steps,
        "accuracy": float(hits[-1] / len(test)),
        "macs": done[1] / len(test),
        "additions": done[2] / len(test),
        "by_steps": (hits / len(test)).tolist(),
        "input_sd": float(np.sqrt(max(0.0, seen[2] / seen[0] - (seen[1] / seen[0]) ** 2))),
        "layers": layers,
    }
    return Answer(about, arrays)


def _bias(network: TracedNetwork, steps: int) -> Array:
    """What the readout's biases alone make of the classes, (classes,); (0,) of a readout that spikes or has none."""
    layer = network.architecture.layers[-1]
    shift = network.normalisation(layer)[1]
    if layer.spiking or shift is None:
        return np.zeros(0, np.float32)
    found: Array = network.softmax_input(shift.detach()[None] * steps, steps)[0].numpy().astype(np.float32)
    return found


def _threshold(network: TracedNetwork, layer: Layer) -> float:
    learnt = network.population(layer).learnt[1]
    return float(getattr(network.design.neuron, "threshold", 1.0) if learnt is None else learnt)


def _add(
    one: _LayerSums, network: TracedNetwork, trace: Trace, index: int, labels: Array, classes: int, steps: int
) -> None:
    s = trace.layer_output(index)[:steps].flatten(2).numpy() > 0  # (T, B, N)
    u = trace.potentials[index][:steps].flatten(2)
    fired = s.sum(0)  # (B, N)
    if not one.spikes.size:
        one.spikes = np.zeros(s.shape[2])
        one.by_class, one.intervals = np.zeros(classes), np.zeros(max(1, steps - 1))
    one.spikes += fired.sum(0)
    np.add.at(one.by_class, labels, fired.mean(1))
    last = np.full(s.shape[1:], -1)
    for step in range(steps):
        again = s[step] & (last >= 0)
        one.intervals += np.bincount(step - last[again] - 1, minlength=len(one.intervals))
        last[s[step]] = step
    scale = one.threshold or 1.0
    relative = (u / scale).clamp(-3 + 1e-6, 3 - 1e-6).numpy()
    one.potentials += np.histogram(relative, POTENTIAL_BINS)[0]
    one.sum_u += float(u.double().sum()) / scale
    one.sum_square += float(u.double().square().sum()) / scale**2
    one.count_u += u.numel()
    choice = getattr(network.design.neuron, "surrogate", None)
    if choice is not None:
        slope = derivative(choice)
        largest = float(slope(torch.zeros(1)))
        one.slope += float((slope(u - one.threshold) / largest).double().sum())
    population = s.mean(2)  # (T, B)
    one.together += (population.var(0).sum(), s.var(0).mean(1).sum(), s.shape[1])


def _told(index: int, one: _LayerSums, steps: int, per_class: Array, arrays: dict[str, Array]) -> dict[str, Any]:
    images = int(per_class.sum())
    rates = one.spikes / (images * steps)
    layer = one.layer
    ordered = rates
    if layer.kind != "linear":  # from (H, W, C) to (C, H, W)
        ordered = rates.reshape(*layer.out_shape[1:], layer.out_shape[0]).transpose(2, 0, 1).ravel()
    with np.errstate(invalid="ignore", divide="ignore"):
        by_class = one.by_class / np.maximum(per_class, 1) / steps
    arrays[f"rates.{index}"] = ordered.astype(np.float32)
    arrays[f"by_class.{index}"] = by_class.astype(np.float32)
    arrays[f"intervals.{index}"] = one.intervals.astype(np.int64)
    arrays[f"potentials.{index}"] = (one.potentials / max(1, one.count_u)).astype(np.float32)
    mean = one.sum_u / one.count_u
    whole, each, _ = one.together
    independent = 1 / layer.neurons
    synchrony = None
    if each > 0 and layer.neurons > 1:  # var(mean) / mean(var) is 1/N where neurons are independent, 1 where alike
        synchrony = float(np.clip((whole / each - independent) / (1 - independent), 0, 1))
    return {
        "index": index,
        "name": layer.name,
        "neurons": layer.neurons,
        "rate": float(rates.mean()),
        "rates": np.histogram(rates, RATE_BINS)[0].tolist(),
        "dead": float((rates == 0).mean()),
        "saturated": float((rates == 1).mean()),
        "synchrony": synchrony,
        "mean_u": mean,
        "sd_u": float(np.sqrt(max(0.0, one.sum_square / one.count_u - mean**2))),
        "threshold": one.threshold,
        "gradient": one.slope / one.count_u,
    }


def confusion(predicted: Array, labels: Array, classes: int) -> Array:
    """Returns the confusion matrix (classes, classes) of counts: rows are true classes, columns predicted ones."""
    found = np.zeros((classes, classes), np.int64)
    np.add.at(found, (labels, predicted), 1)
    return found
