"""The ANN twin of a spiking network: what the same graph reaches without spikes and without time."""

from __future__ import annotations

from snnviz.design.binning import LONGEST_MS
from snnviz.design.design import Design


def ann_twin(design: Design) -> Design:
    """The same graph with ReLUs for spikes (Benmeziane et al. 2023 compare with it): one step, direct input.

    Graph (with the channels that DSC skips carry), data, seed and training stay. What has no meaning without time does
    not: the neuron's numbers become the defaults, so that designs that differ only in them share a twin, and the loss
    the cross-entropy of a readout that does not spike. Weights are drawn by Kaiming's rule, which is made for ReLUs.
    Raises `InputError` for a graph with backward connections.

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
    return Design.meant(document)
