"""Which designs have a TTFS twin that computes the same, and the ReLU network between the two."""

from __future__ import annotations

from snnviz import adjacency
from snnviz.catalog.twins import ann_twin
from snnviz.design import (
    DATASETS,
    EVENTS,
    BlockNetwork,
    CellNetwork,
    CnnNetwork,
    Design,
    Shortcut,
    StagedNetwork,
)
from snnviz.errors import InputError


def relu_network(design: Design) -> Design:
    """The ReLU network of a design, of which a TTFS network is the exact twin.

    One spike a neuron can stand for layers in a row: an mlp, a cnn, a vgg, a block without skips. A sum of two spikes
    is no spike, and nothing is there a step later. Raises `InputError`, which names the nearest that has a twin.

    >>> relu_network(Design(network=BlockNetwork(edges="001/000/000")))
    Traceback (most recent call last):
    ...
    snnviz.errors.InputError: network.edges must have no skips for TTFS, got '001/000/000'; the nearest is 000/000/000
    """
    check(design)
    if design.network.code == "rate" and design.neuron.kind == "relu":
        return design
    init = {"init": design.init} if design.network.code == "ttfs" else {}
    return ann_twin(design).model_copy(update=init)


def ttfs_network(design: Design) -> Design:
    """The design of the TTFS network that computes what a design's ReLU network does. Raises `InputError`.

    Batch normalisation, of which a network of one spike a neuron knows nothing while it learns, is left out; so are
    shortcut branches.

    >>> ttfs_network(Design(network=CnnNetwork())).network.code
    'ttfs'
    """
    if design.network.code == "ttfs":
        return design
    document = relu_network(design).document()
    document["network"] |= {"code": "ttfs", "norm": "none"}
    document["training"] |= {"shortcut": Shortcut().model_dump(mode="json"), "precision": "float32"}
    return Design.check(document)


def check(design: Design) -> None:
    """Raises `InputError`, which names the nearest network that has one, for a design without a TTFS twin."""
    network, name = design.network, design.data.name
    if EVENTS in DATASETS[name].traits:
        raise InputError("data.name", "be images for TTFS, not recordings of events", name, "; the nearest is mnist")
    if isinstance(network, BlockNetwork) and any(map(any, network.edges)):
        plain = adjacency.compact(adjacency.sequential(network.depth))
        rule, got = "have no skips for TTFS", adjacency.compact(network.edges)
        raise InputError("network.edges", rule, got, f"; the nearest is {plain}")
    if isinstance(network, StagedNetwork | CellNetwork):
        rule, hint = "be mlp, cnn, vgg or a block without skips for TTFS", f"; the nearest is {_nearest(network)}"
        raise InputError("network.kind", rule, network.kind, hint)


def _nearest(network: StagedNetwork | CellNetwork) -> str:
    """In words, convolutions in a row with about as many channels."""
    if isinstance(network, CellNetwork):
        return f"a cnn of {CnnNetwork().depth} layers and {network.channels} channels"
    return f"a vgg of width {network.width:g}"
