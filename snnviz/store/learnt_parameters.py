"""Learnt leaks and thresholds of a run's layers, also for runs of releases that did not report them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from snnviz.catalog.neurons import learnable_parameters
from snnviz.design.design import Design
from snnviz.events import LayerState
from snnviz.store.store import Store


def with_learnt_parameters(
    store: Store, run: str, design: Design, states: Sequence[LayerState]
) -> tuple[list[LayerState], str]:
    """Returns the last state of each layer with its learnt `beta` and `threshold`, and a remark or "".

    For runs of earlier releases, which did not report them, they are read from the checkpoint; a leak outside of [0, 1]
    is then clipped, as training does, and the remark says so. Without a checkpoint they stay None.
    """
    last = {state.layer: state for state in states}
    told = any(state.beta is not None or state.threshold is not None for state in last.values())
    if told or not learnable_parameters(design.neuron):
        return list(last.values()), ""
    checkpoint = store.load_checkpoint(run)
    arrays = checkpoint.arrays if checkpoint else {}
    found, past = [], []
    for state in last.values():
        numbers = (arrays.get(f"{state.name}.{name}") for name in ("beta", "threshold"))
        beta, threshold = (None if number is None else float(number) for number in numbers)
        acts = None if beta is None else min(1.0, max(0.0, beta))
        if acts != beta:
            past.append(f"{state.name} {beta:.4g} (acts as {acts:g})")
        found.append(replace(state, beta=acts, threshold=threshold))
    word = "In this run of before a leak was not kept between 0 and 1, and past an end it learnt no more: "
    return found, f"{word}{', '.join(past)}." if past else ""
