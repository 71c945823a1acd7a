"""The looks at a run's layers, the last one as it was measured anew where it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from snnviz.design.design import Design
from snnviz.design.measurement import measurement_digest
from snnviz.events import LayerState
from snnviz.store.store import Store


def layer_states(store: Store, design: Design) -> list[LayerState]:
    """All looks at the layers of a design's run, in order: what figures of layers, operations and energy are made of.

    Runs of before looked at the first 64 training images, which may be of one class, and counted otherwise; where such
    a run was measured anew (`design.measurement`), its last look is that, and the one before training where its weights
    are known. Those between stay as they are. Ask for these rows rather than for `store.rows(run, LayerState)`.
    """
    return merge_remeasured([row for _, row in store.rows(design.digest, LayerState)], remeasured_states(store, design))


def remeasured_states(store: Store, design: Design) -> list[LayerState]:
    """What a measurement of the design's run found; nothing where there is none."""
    return [row for _, row in store.rows(measurement_digest(design), LayerState)]


def uses_old_probe(states: Sequence[LayerState]) -> bool:
    """Whether the last look was at the first 64 training images, so that it is worth measuring anew."""
    return any(state.probe is None for state in states[-1:])


def merge_remeasured(states: Sequence[LayerState], anew: Sequence[LayerState]) -> list[LayerState]:
    """A run's looks, of which the first and the last take what was measured `anew`, if they are old.

    What no measurement tells stays: gradient norms and the branches' part in them.
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
