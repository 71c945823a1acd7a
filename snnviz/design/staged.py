"""The matrices of architectures from papers: ResNet, DenseNet, MobileNetV2."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from snnviz.design import adjacency
from snnviz.design.adjacency import ASC, Edges

StagedKind = Literal["resnet18", "densenet121", "mobilenetv2"]


def residual(layers: int) -> Edges:
    """ResNet: an identity around every two layers, each one carrying those before it (He et al. 2016).

    The layer after a pair reads the pair's output and those of all pairs before, the block's input among them.
    """
    skips = {(i, j): ASC for j in range(3, layers + 2, 2) for i in range(0, j - 2, 2)}
    return adjacency.edges_from_skips(layers + 1, skips)


def dense(layers: int) -> Edges:
    """DenseNet: every layer and the output read all that came before, concatenated (Huang et al. 2017)."""
    return adjacency.densenet_like(layers + 1)


def inverted(layers: int) -> Edges:
    """MobileNetV2: an identity around every inverted residual but a block's first (Sandler et al. 2018)."""
    return adjacency.edges_from_skips(layers + 1, {(i, j): ASC for j in range(3, layers + 2) for i in range(1, j - 1)})


STAGED: dict[StagedKind, tuple[tuple[int, ...], Callable[[int], Edges]]] = {
    "resnet18": ((2, 2, 2, 2), lambda pairs: residual(2 * pairs)),
    "densenet121": ((6, 12, 24, 16), dense),
    "mobilenetv2": ((1, 2, 3, 4, 3, 3, 1), inverted),
}
"""Pairs of layers, or layers, in each block, and the block's matrix."""
