"""Which designs have a time-to-first-spike (TTFS) twin that computes the same outputs, and the conversion to it."""

from __future__ import annotations

from snnviz.design.design import Design
from snnviz.design.networks import BlockNetwork as BlockNetwork
from snnviz.design.networks import CnnNetwork as CnnNetwork
from snnviz.graph.nearest import IncompatibleDesign, nearest_design, ttfs_violations
from snnviz.graph.twins import ann_twin


def relu_network(design: Design) -> Design:
    """Returns the design of the ReLU network that a design's TTFS (time-to-first-spike) network computes exactly.

    TTFS works for plain sequences of layers: an mlp, a cnn, a vgg, a block without skips; a sum of two spikes is no
    spike, and there are no time steps for delays. Raises `InputError`, which proposes the nearest design that has a
    twin.

    >>> relu_network(Design(network=BlockNetwork(edges="001/000/000")))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    snnviz.graph.nearest.IncompatibleDesign: network.edges must have no skips for TTFS, got '001/000/000'; ...
    """
    check_has_ttfs_twin(design)
    if design.network.code == "rate" and design.neuron.kind == "relu":
        return design
    init = {"init": design.init} if design.network.code == "ttfs" else {}
    return ann_twin(design).model_copy(update=init)


def ttfs_network(design: Design) -> Design:
    """Returns the design of the TTFS (time-to-first-spike) network that computes the same as the design's ReLU network.
    Raises `InputError`.

    Batch normalisation and shortcut branches, which TTFS networks cannot train with, are left out.

    >>> ttfs_network(Design(network=CnnNetwork())).network.code
    'ttfs'
    """
    if design.network.code == "ttfs":
        return design
    for path, rule, value in ttfs_violations(design):
        raise IncompatibleDesign(path, rule, value, nearest_design(design, code="ttfs"))
    document = relu_network(design).document()
    document["network"] |= {"code": "ttfs", "norm": "none"}
    document["training"] |= {"shortcut": {}, "precision": "float32"}
    return Design.from_sparse(document)


def check_has_ttfs_twin(design: Design) -> None:
    """Raises `IncompatibleDesign`, with the nearest design that has one, for a design without a TTFS
    (time-to-first-spike) twin.
    """
    for path, rule, value in ttfs_violations(design):
        raise IncompatibleDesign(path, rule, value, nearest_design(design, row=True))


def require_ttfs_twin(design: Design) -> Design:
    """Returns the design unchanged if it has a TTFS (time-to-first-spike) twin, else raises `IncompatibleDesign`."""
    check_has_ttfs_twin(design)
    return design
