"""What runs say, as charts and tables take it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from snnviz.design.design import Design
from snnviz.events import Branch, EpochEnd, LayerState, Sample
from snnviz.graph.architectures import architecture
from snnviz.theory.operations import Counts, spent


@dataclass(frozen=True, slots=True)
class Result:
    """A finished run: test accuracy 0..1, spikes per neuron and step on the test images after and on the probe batch
    before training (None of an ANN), and what an image costs on the probe batch, of so many images (None: the first 64,
    in a run of before)."""

    accuracy: float
    rate: float | None
    before: float | None
    operations: Counts
    probe: int | None = None


def result(design: Design, end: EpochEnd, layers: Sequence[LayerState]) -> Result:
    """The result of a run, from its last epoch and all measurements of its layers in order (`store.looks.looks`)."""
    built = architecture(design).watched
    first: list[float | None] = [None] * len(built)
    for row in layers:
        if row.step == 0:
            first[row.layer] = row.rate
    neurons = [(layer.neurons, rate) for layer, rate in zip(built, first, strict=True) if rate is not None]
    before = sum(n * rate for n, rate in neurons) / sum(n for n, _ in neurons) if neurons else None
    return Result(end.test_accuracy, end.rate, before, spent(design, layers), layers[-1].probe if layers else None)


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a run so far."""

    samples: Sequence[Sample] = ()
    layers: Sequence[LayerState] = ()
    branches: Sequence[Branch] = ()
    epochs: Sequence[EpochEnd] = ()
