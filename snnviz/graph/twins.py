"""The ANN twin of a spiking network: the same graph with ReLUs and without time."""

from __future__ import annotations

from snnviz.design.binning import LONGEST_MS
from snnviz.design.design import Design


def ann_twin(design: Design) -> Design:
    """Returns the same network with ReLUs in place of spiking neurons (Benmeziane et al. 2023): one step, direct input.

    Graph (including the channels of DSC skips), data, seed and training are kept. The neuron's fields are reset to
    their defaults, so that designs that differ only in those share a twin; the loss becomes the cross-entropy of a
    readout that does not spike, and the initialisation Kaiming's, which is made for ReLUs. Raises `InputError` for a
    graph with backward connections.

    >>> ann_twin(Design()).neuron.kind, ann_twin(Design()).data.steps, ann_twin(Design()).init.kind
    ('relu', 1, 'kaiming')
    """
    document = design.document()
    document["data"] |= {"steps": 1, "encoding": {"kind": "direct"}}
    if window := design.data.events.window_ms:  # its only frame is as long as all of them
        document["data"]["events"]["window_ms"] = min(window * design.data.steps, LONGEST_MS)
    document["training"] |= {"loss": {"kind": "rate"}}
    document["network"] |= {"code": "rate"}
    document |= {"neuron": {"kind": "relu"}, "init": {"kind": "kaiming"}, "ttfs": {}}
    return Design.from_sparse(document)
