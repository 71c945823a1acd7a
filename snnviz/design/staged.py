"""The block adjacency matrices of published architectures: ResNet, DenseNet, MobileNetV2."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from snnviz.design import adjacency
from snnviz.design.adjacency import ASC, Edges

StagedKind = Literal["resnet18", "densenet121", "mobilenetv2"]


def residual(layers: int) -> Edges:
    """Returns the adjacency matrix of a ResNet block of `layers` layers: an identity (ASC) skip around every two layers
    (He et al. 2016).

    Skips add up: the layer after a pair reads the outputs of all earlier pairs and the block's input.
    """
    skips = {(i, j): ASC for j in range(3, layers + 2, 2) for i in range(0, j - 2, 2)}
    return adjacency.edges_from_skips(layers + 1, skips)


def dense(layers: int) -> Edges:
    """Returns the adjacency matrix of a DenseNet block of `layers` layers: every layer and the output concatenate all
    earlier outputs (Huang et al. 2017).
    """
    return adjacency.densenet_like(layers + 1)


def inverted(layers: int) -> Edges:
    """Returns the adjacency matrix of a MobileNetV2 block of `layers` inverted residuals: an identity skip around each
    but the first.

    Sandler et al. 2018.
    """
    return adjacency.edges_from_skips(layers + 1, {(i, j): ASC for j in range(3, layers + 2) for i in range(1, j - 1)})


STAGED: dict[StagedKind, tuple[tuple[int, ...], Callable[[int], Edges]]] = {
    "resnet18": ((2, 2, 2, 2), lambda pairs: residual(2 * pairs)),
    "densenet121": ((6, 12, 24, 16), dense),
    "mobilenetv2": ((1, 2, 3, 4, 3, 3, 1), inverted),
}
"""For each architecture: the size of every block, and the function that makes the block's matrix from its size. The
size counts pairs of layers (resnet18) or layers.
"""
