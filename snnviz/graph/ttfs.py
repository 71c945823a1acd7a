"""Which designs have a TTFS twin that computes the same, and the ReLU network between the two."""

from __future__ import annotations

from snnviz.design.design import Design
from snnviz.design.networks import BlockNetwork as BlockNetwork
from snnviz.design.networks import CnnNetwork as CnnNetwork
from snnviz.graph.nearest import IncompatibleDesign, nearest_design, ttfs_violations
from snnviz.graph.twins import ann_twin


def relu_network(design: Design) -> Design:
    """The ReLU network of a design, of which a TTFS network is the exact twin.

    One spike a neuron can stand for layers in a row: an mlp, a cnn, a vgg, a block without skips. A sum of two spikes
    is no spike, and nothing is there a step later. Raises `InputError`, which names the nearest that has a twin.

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
    """The design of the TTFS network that computes what a design's ReLU network does. Raises `InputError`.

    Batch normalisation, of which a network of one spike a neuron knows nothing while it learns, is left out; so are
    shortcut branches.

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
    return Design.meant(document)


def check_has_ttfs_twin(design: Design) -> None:
    """Raises `IncompatibleDesign`, which knows the nearest design that has one, for a design without a TTFS twin."""
    for path, rule, value in ttfs_violations(design):
        raise IncompatibleDesign(path, rule, value, nearest_design(design, row=True))


def require_ttfs_twin(design: Design) -> Design:
    """The design, if it has a TTFS twin. Raises `IncompatibleDesign`."""
    check_has_ttfs_twin(design)
    return design
