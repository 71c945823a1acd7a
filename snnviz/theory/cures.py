"""Changes of a design that may help where its untrained networks are silent, tell no images apart, or get no gradients.

They are candidates: what each does is measured (`theory.measured`) before anybody is told that it helps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from snnviz.catalog.inits import weight_distribution
from snnviz.catalog.neurons import as_lif, surrogate, threshold
from snnviz.design import adjacency
from snnviz.design.design import Design
from snnviz.design.links import change, flatten
from snnviz.errors import InputError
from snnviz.graph.architectures import build_architecture
from snnviz.theory.backward import backward_connections
from snnviz.theory.gradient_flow import gradient_keeping_slope
from snnviz.theory.measured import MeasuredForecast
from snnviz.theory.roughness import overshoot
from snnviz.theory.trainability import OFTEN_SILENT, Trainability, judge, saturated_layers
from snnviz.theory.verdicts import suggest_changes


@dataclass(frozen=True, slots=True)
class Cure:
    """A change that may help: the changed design, and the change in words."""

    design: Design
    words: str


def cures(design: Design, found: MeasuredForecast) -> tuple[Cure, ...]:
    """Returns changes that may help against what was measured, each another design; () where nothing is wrong."""
    verdict = judge(found)
    if verdict.tone == "good":
        return ()
    kept: dict[str, Cure] = {}
    for words, settings in _candidates(design, found, verdict):
        with suppress(InputError):
            kept.setdefault((cure := Cure(change(design, settings), words)).design.digest, cure)
    for advice in suggest_changes(design) if saturated_layers(found) else ():
        kept.setdefault(advice.design.digest, Cure(advice.design, advice.words))
    kept.pop(design.digest, None)
    return tuple(kept.values())


def _candidates(
    design: Design, found: MeasuredForecast, verdict: Trainability
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    fields, theta = flatten(design), threshold(design.neuron)
    silent = verdict.silent_from is not None or any((layer.silent_share or 0) > OFTEN_SILENT for layer in found.layers)
    if verdict.unstable_gradient_at is not None and (slope := keeping_slope(design, found)) is not None:
        yield f"surrogate slope {slope:g}, which keeps gradients", {"neuron.surrogate.slope": slope}
    if theta and (silent or verdict.alike_from is not None):
        for lower in (round(0.6 * theta, 2), round(0.3 * theta, 2)):
            yield f"threshold {lower:g}", {"neuron.threshold": lower}
    if not silent and overshoot(design) is not None:
        yield "input-preserving initialisation, by measured inputs", {"init": "input-preserving"}
    if silent:
        yield "variance-preserving initialisation", {"init": "variance-preserving"}
        yield "input-preserving initialisation, by measured inputs", {"init": "input-preserving"}
        if "network.width" in fields:
            yield "layers four times as wide", {"network.width": 4 * int(fields["network.width"])}
    if fields.get("network.norm") == "none":
        yield "batch normalisation", {"network.norm": "batch"}
    if "network.edges" in fields and verdict.alike_from is not None:
        depth = len(design.network.matrices[0]) - 1
        for name, kind in (("ASC", adjacency.ASC), ("DSC", adjacency.DSC)):
            filled = adjacency.edges_from_skips(depth, dict.fromkeys(adjacency.skip_positions(depth), kind))
            yield f"every skip {name}", {"network.edges": [list(row) for row in filled]}
    if "network.depth" in fields and verdict.alike_from is not None:
        hidden = [layer.name for layer in found.layers]
        depth = max(1, hidden.index(verdict.alike_from))
        yield f"{depth} layer{'s' * (depth > 1)}, as far as images are told apart", {"network.depth": depth}


def keeping_slope(design: Design, found: MeasuredForecast) -> float | None:
    """Returns the slope of the surrogate that keeps gradients from layer to layer in a single time step, of the median
    hidden layer: its connections, weights, and Var[u] as measured; None where neurons are no LIF neurons, or none does.
    """
    lif, chosen = as_lif(design.neuron), surrogate(design.neuron)
    if lif is None or chosen is None or "slope" not in chosen.parameters:
        return None
    variances = {layer.name: layer.var_u for layer in found.layers}
    layers = [layer for layer in build_architecture(design).weighted if layer.spiking][1:]
    if not layers:
        return None
    layer = layers[len(layers) // 2]
    try:
        weights = weight_distribution(design.init, layer.fan_in, layer.fan_out, design.neuron).variance
    except TypeError:  # one that is measured
        return None
    slope = gradient_keeping_slope(chosen, lif.threshold, backward_connections(layer) * weights, variances[layer.name])
    return None if slope is None else float(f"{slope:.3g}")
