"""Sentences on what the figures of the Activity page show."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np

from snnviz.studies.activity.charts.activity import label
from snnviz.studies.activity.theory.activity import (
    ActivityConfig,
    LayerStatistics,
    describe_equivalent_inits,
    equivalent_inits,
)
from snnviz.views.joining import join_with_and


def verdict(setting: ActivityConfig, traces: Sequence[LayerStatistics]) -> str:
    """Returns Markdown on which initialisations let spikes reach the last layer, where the others fall silent, and
    which of them coincide.
    """
    same = describe_equivalent_inits(equivalent_inits(setting, [trace.init for trace in traces])).replace("-", " ")
    return f"{_reached(setting, traces)} {same}".strip()


def _reached(setting: ActivityConfig, traces: Sequence[LayerStatistics]) -> str:
    last = setting.layers - 1
    alive = [trace for trace in traces if trace.dead[-1] < 1]
    silent = [trace for trace in traces if trace.dead[-1] == 1]
    at = f"At threshold {setting.threshold:g}"
    if setting.steps > 1:
        at += f" and over {setting.steps} time steps"
    if not silent:
        which = "every initialisation shown" if len(alive) > 1 else bold_label(alive[0])
        return f"{at}, spikes reach layer {last} under {which}{_partly(alive[0]) if len(alive) == 1 else _some(alive)}."
    if alive:
        who = (
            f"spikes reach layer {last} under {join_with_and([bold_label(trace) + _partly(trace) for trace in alive])}"
        )
    else:
        who = f"no spike reaches layer {last}"
    falls = [
        f"{join_with_and([bold_label(one) for one in group])} from layer {layer} on"
        for layer, group in _by_layer(silent)
    ]
    return f"{at}, {who}. Silent: {'; '.join(falls)}."


def first_silent(trace: LayerStatistics) -> int:
    """Returns the first layer in which no neuron of any network spikes; the number of layers if there is none."""
    dead = np.flatnonzero(trace.dead == 1)
    return int(dead[0]) if dead.size else trace.spikes.shape[1]


def bold_label(trace: LayerStatistics) -> str:
    """Returns the label of an initialisation in bold Markdown."""
    return f"**{label(trace.init)}**"


def _by_layer(traces: Sequence[LayerStatistics]) -> list[tuple[int, list[LayerStatistics]]]:
    ordered = sorted(traces, key=first_silent, reverse=True)
    return [(layer, list(group)) for layer, group in groupby(ordered, first_silent)]


def _partly(trace: LayerStatistics) -> str:
    runs = trace.spikes.shape[0]
    reached = round(runs * (1 - float(trace.dead[-1])))
    return "" if reached == runs else f" ({reached} of {runs} networks)"


def _some(traces: Sequence[LayerStatistics]) -> str:
    weak = [bold_label(trace) + _partly(trace) for trace in traces if _partly(trace)]
    return f", though not always: {join_with_and(weak)}" if weak else ""
