"""Layer states of a run, in which those of an old way of measuring are replaced where the run was measured again
later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from snnviz.design.design import Design
from snnviz.design.measurement import measurement_digest
from snnviz.events import LayerState
from snnviz.store.store import Store


def layer_states(store: Store, design: Design) -> list[LayerState]:
    """Returns all layer states of a design's run, in order, for figures of layers, operations and energy.

    Runs of earlier releases measured the first 64 training images, possibly of one class, and counted operations
    differently. If such a run was measured again (`design.measurement`), that replaces its last layer states, and those
    before training if these weights are known; states in between stay. Use it instead of `store.rows(run, LayerState)`.
    """
    return merge_remeasured([row for _, row in store.rows(design.digest, LayerState)], remeasured_states(store, design))


def remeasured_states(store: Store, design: Design) -> list[LayerState]:
    """Returns the layer states of the `Measurement` of a design's run; [] if it was not measured again."""
    return [row for _, row in store.rows(measurement_digest(design), LayerState)]


def uses_old_probe(states: Sequence[LayerState]) -> bool:
    """Returns whether the last layer states are of the first 64 training images, so that measuring again is
    worthwhile.
    """
    return any(state.probe is None for state in states[-1:])


def merge_remeasured(states: Sequence[LayerState], anew: Sequence[LayerState]) -> list[LayerState]:
    """Returns a run's layer states with the first and last replaced by those measured `anew`, if they use the old
    probe.

    Values that a measurement lacks are kept: gradient norms and the share of shortcut branches in them.
    """
    found = list(states)
    if uses_old_probe(states):
        last = {state.layer: place for place, state in enumerate(states)}
        first = {state.layer: place for place, state in enumerate(states) if state.step == 0}
        for state in anew:
            if (place := (last if state.step else first).get(state.layer)) is not None:
                old = states[place]
                found[place] = replace(
                    state, step=old.step, epoch=old.epoch, grad_norm=old.grad_norm, shortcut=old.shortcut
                )
    return found
