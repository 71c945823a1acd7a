"""Proves a script of a network that computes in time steps: layer by layer in float32, and as a whole in float64."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import numpy as np

from snnviz.design.design import Design
from snnviz.exports.compute.reference import Answer, Precision, Reference, proof_batches, reference
from snnviz.exports.form import ProgressCallback
from snnviz.exports.report import LayerProof, Proof, ProofFailed, compare_layer, merge_layer_proofs, require_equal
from snnviz.graph.architectures import build_architecture

PRECISIONS: tuple[Precision, Precision] = ("float32", "float64")

ROUNDING = 1e-9
"""Largest difference of the logits in float64, of 1 or of the largest logit."""


def prove(
    design: Design, arrays: Mapping[str, Any], neurons: Iterable[str], answer: Answer, progress: ProgressCallback
) -> Proof:
    """Proves what `answer` computes against the network of a design with the weights `arrays`; see `proving.prove`."""
    thresholds = _thresholds(design, arrays)
    counted: dict[str, list[LayerProof]] = {layer: [] for layer in neurons}
    difference, right, images = 0.0, 0, 0
    parts = proof_batches(design)
    for number, part in enumerate(parts):
        single, double = (reference(design, arrays, precision, part) for precision in PRECISIONS)
        done = number / len(parts)
        found = answer(_given(single, counted, part.start), partial(progress, done))
        if not np.array_equal(found["input"], single.input):
            raise ProofFailed("The export was not written: it encodes the images otherwise than the run.")
        for layer, kept in counted.items():
            u, ours = single.potentials[layer], single.outputs[layer]
            kept.append(compare_layer(layer, u, thresholds[layer], ours, found[f"forced/{layer}"]))
        require_equal({layer: (double.outputs[layer], found[f"exact/{layer}"]) for layer in counted})
        _require_logits(double, found["logits64"])
        difference = max(difference, float(np.abs(found["logits"] - single.logits).max()))
        right += int((found["logits"].argmax(1) == single.labels).sum())
        images += len(single.labels)
        progress((number + 1) / len(parts))
    layers = tuple(merge_layer_proofs(some) for some in counted.values())
    return Proof(True, layers, difference, right / images, images)


def _require_logits(double: Reference, theirs: Any) -> None:
    worst = float(np.abs(double.logits - theirs).max())
    if worst > ROUNDING * max(1.0, float(np.abs(double.logits).max())):
        raise ProofFailed(f"The export was not written: in float64 its logits differ from the run's by {worst:.2g}.")


def _thresholds(design: Design, arrays: Mapping[str, Any]) -> dict[str, float]:
    """The threshold of each layer: its own where it was learnt."""
    usual = float(getattr(design.neuron, "threshold", 0.0))
    return {
        layer.name: float(arrays.get(f"{layer.name}.threshold", usual)) for layer in build_architecture(design).layers
    }


def _given(single: Reference, neurons: Iterable[str], start: int) -> dict[str, Any]:
    found: dict[str, Any] = {"images": single.images, "input": single.input, "start": start}
    for layer in neurons:
        found[f"spikes/{layer}"] = single.outputs[layer] > 0
        found[f"potentials/{layer}"] = single.potentials[layer]
    return found
