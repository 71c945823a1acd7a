"""Proves a script of a network whose neurons spike once: in float64, when each of them spikes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch

from snnviz.core import data
from snnviz.core.module import as_module
from snnviz.core.trainable_ttfs import TtfsNetwork
from snnviz.design.design import Design
from snnviz.exports.compute.reference import Answer, proof_batches
from snnviz.exports.form import ProgressCallback
from snnviz.exports.report import LayerProof, Proof, ProofFailed, merge_layer_proofs

EXACT_TIMES, EXACT = 1e-12, 1e-9
"""Largest differences of spike times, and of logits, of 1 or of their size."""


@torch.no_grad()
def prove(
    design: Design, arrays: Mapping[str, Any], layers: Iterable[str], answer: Answer, progress: ProgressCallback
) -> Proof:
    """Proves what `answer` computes against the TTFS network of a design with the weights `arrays`; see
    `proving.prove`.

    layers: names of the layers that spike. Raises `ProofFailed`.
    """
    network, module = TtfsNetwork(design), as_module(design, arrays)
    network.parameters, network.buffers = dict(module.named_parameters()), dict(module.named_buffers())
    _, test = data.load(design)
    names, parts = [*layers], proof_batches(design)
    ends = {name: window.end for name, window in zip(names, network.windows, strict=True)}
    counted: dict[str, list[LayerProof]] = {name: [] for name in names}
    difference, right, images = 0.0, 0, 0
    for number, part in enumerate(parts):
        shown = test.take(part)
        x = data.encode(shown, test.white, design, "test", part.start)[0]
        passed = network.inner.run(x)
        true = {name: times.numpy() for name, times in zip(names, passed.times[1:], strict=True)}
        given = {"images": shown.numpy(), "input": x.numpy(), "start": part.start}
        found = answer(given | {f"times/{name}": times for name, times in true.items()}, partial(progress, 0.0))
        if not np.array_equal(found["input"], given["input"]):
            raise ProofFailed("The export was not written: it encodes the images otherwise than the run.")
        for name, times in true.items():
            for kind in ("forced", "exact"):
                proof = _compared(name, times, found[f"{kind}/{name}"][0], ends[name])
            counted[name].append(proof)
        logits, theirs = passed.logits.numpy(), found["logits"]
        worst = float(np.abs(logits - theirs).max())
        if worst > EXACT * max(1.0, float(np.abs(logits).max())):
            raise ProofFailed(f"The export was not written: its logits differ from the run's by {worst:.2g}.")
        difference = max(difference, worst)
        right += int((theirs.argmax(1) == test.labels[part].numpy()).sum())
        images += len(theirs)
        progress((number + 1) / len(parts))
    together = tuple(merge_layer_proofs(some) for some in counted.values())
    return Proof(True, together, difference, right / images, images)


def _compared(name: str, ours: Any, theirs: Any, end: float) -> LayerProof:
    """Times agree to `EXACT_TIMES`, and who spikes, but where a neuron is as near to the end of the window."""
    room = EXACT_TIMES * np.maximum(1.0, np.abs(ours))
    apart = int((np.abs(ours - theirs) > room).sum())
    differ = (ours < end) != (theirs < end)
    if apart or (differ & (np.abs(ours - end) > room)).any():
        wrong = max(apart, int(differ.sum()))
        raise ProofFailed(
            f"The export was not written: {wrong:,} of {ours.size:,} spikes of layer {name} are not those of the run."
        )
    return LayerProof(name, 1 - float(differ.mean()), int(differ.sum()))
