"""Small ReLU networks in numpy: each layer as one dense matrix, pooling and normalisation included.

A convolution becomes a matrix with one row per output, average pooling before a layer is multiplied into its matrix,
and batch normalisation (by the running statistics) is folded into weights and biases. Max pooling is kept separately.
Every network with a TTFS twin (`graph.ttfs.check_has_ttfs_twin`) can be written so, if small enough for memory. Arrays
are float64.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnviz.catalog.inits import InputStatistics, is_data_dependent, weight_distribution
from snnviz.design.design import Design
from snnviz.design.networks import Shape
from snnviz.errors import InputError, Unquoted
from snnviz.graph.architectures import INPUT, Architecture, Layer, build_architecture
from snnviz.graph.layers import EPSILON

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Arrays = Mapping[str, Any]
"""Parameters and buffers by name, as in a checkpoint: "<layer>.weight", "<layer>.bias", "<layer>.gain", ..."""

MOST_WEIGHTS = 8_000_000
"""Largest number of entries in all matrices of a network together: 64 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class DenseLayer:
    """A layer max(0, W x + b), W (n, m), b (n,); the readout is without the max. `shape`: (C, H, W) of its n neurons.

    `squares` (m, k): for max pooling, x_j is the largest activation of these k neurons of the layer before.
    """

    name: str
    weights: Floats
    bias: Floats
    shape: Shape
    squares: Indices | None = None

    def currents(self, x: Floats) -> Floats:
        """Returns W x + b, (B, n), for the outputs of the layer before."""
        read: Floats = x if self.squares is None else x[:, self.squares].max(2)
        found: Floats = read @ self.weights.T + self.bias
        return found


def matrix_size(built: Architecture) -> int:
    """Returns the number of entries in the dense matrices of all layers of a network."""
    total = 0
    for index, layer in enumerate(built.layers):
        total += layer.neurons * math.prod(source_shape(built, index) if layer.sources[0].linear else layer.in_shape)
    return total


def check_matrix_size(design: Design) -> None:
    """Raises `InputError` for a network whose matrices are too large."""
    built = build_architecture(design)
    if (found := matrix_size(built)) > MOST_WEIGHTS:
        got = Unquoted(f"{found:,}")
        raise InputError("network", f"have at most {MOST_WEIGHTS:,} numbers in its layers' dense matrices", got)


def dense_layers(design: Design, arrays: Arrays) -> tuple[DenseLayer, ...]:
    """Returns the layers of a ReLU network as matrices, in order, from its parameters. Raises `InputError` if it is too
    large.
    """
    check_matrix_size(design)
    built = build_architecture(design)
    return tuple(_dense(built, index, *_folded(layer, arrays)) for index, layer in enumerate(built.layers))


def random_parameters(design: Design, shown: Floats) -> dict[str, Any]:
    """Returns random weights drawn by the design's initialisation, and biases of 0; not the same numbers as in
    training.

    `shown` (B, m): inputs for a data-dependent initialisation. Raises `InputError`.
    """
    check_matrix_size(design)
    built, x = build_architecture(design), shown
    found: dict[str, Any] = {}
    rng = np.random.default_rng(design.seed)
    for index, layer in enumerate(built.layers):
        drive = (
            InputStatistics(float(np.square(layer_input(built, index, x)).mean()), 1)
            if is_data_dependent(design.init)
            else None
        )
        law = weight_distribution(design.init, layer.fan_in, layer.fan_out, design.neuron, drive)
        shape: tuple[int, ...] = (layer.out_shape[0], layer.fan_in)
        if layer.kind == "conv":
            shape = (layer.out_shape[0], layer.in_shape[0], layer.kernel, layer.kernel)
        unit = rng.uniform(-math.sqrt(3), math.sqrt(3), shape) if law.uniform else rng.normal(size=shape)
        found |= {f"{layer.name}.weight": unit * math.sqrt(law.variance)}
        count = layer.out_shape[0]
        found |= {f"{layer.name}.bias": np.zeros(count)}
        if layer.normed:
            found |= {f"{layer.name}.{kind}": np.ones(count) for kind in ("gain", "variance")}
            found |= {f"{layer.name}.mean": np.zeros(count)}
        if is_data_dependent(design.init):
            made = _dense(built, index, *_folded(layer, found))
            x = np.maximum(made.currents(x), 0.0)
    return found


def forward(layers: Sequence[DenseLayer], x: Floats) -> list[Floats]:
    """Returns the outputs (B, n) of each hidden layer and the logits of a ReLU network, for inputs (B, m)."""
    said = []
    for layer in layers[:-1]:
        x = np.maximum(layer.currents(x), 0.0)
        said.append(x)
    return [*said, layers[-1].currents(x)]


def _folded(layer: Layer, arrays: Arrays) -> tuple[Floats, Floats]:
    """Weight and bias, with the normalisation before the ReLUs in them."""
    own = {kind: np.asarray(arrays[f"{layer.name}.{kind}"], dtype=np.float64) for kind in ("weight", "bias")}
    if not layer.normed:
        return own["weight"], own["bias"]
    gain, mean, variance = (
        np.asarray(arrays[f"{layer.name}.{kind}"], dtype=np.float64) for kind in ("gain", "mean", "variance")
    )
    kappa = gain / np.sqrt(variance + EPSILON)
    return kappa.reshape(-1, *[1] * (own["weight"].ndim - 1)) * own["weight"], own["bias"] - kappa * mean


def _dense(built: Architecture, index: int, weight: Floats, bias: Floats) -> DenseLayer:
    layer = built.layers[index]
    matrix = weight if layer.kind == "linear" else _convolution(layer, weight)
    biases, source = np.repeat(bias, layer.neurons // layer.out_shape[0]), layer.sources[0]
    if not source.linear:
        numbers = np.arange(math.prod(source_shape(built, index))).reshape(1, *source_shape(built, index))
        squares = _squares(numbers, source.pool).reshape(math.prod(layer.in_shape), -1)
        return DenseLayer(layer.name, matrix, biases, layer.out_shape, squares)
    matrix = _unpooled(matrix.reshape(layer.neurons, *layer.in_shape), source_shape(built, index), source.pool)
    return DenseLayer(layer.name, matrix, biases, layer.out_shape)


def _convolution(layer: Layer, weight: Floats) -> Floats:
    """(neurons, inputs) from (C_out, C_in, k, k): at the edge, what would lie outside is left out."""
    (c, h, w), (d, p, q) = layer.in_shape, layer.out_shape
    found = np.zeros((d, p, q, c, h, w))
    ys, xs = (grid.ravel() for grid in np.mgrid[:p, :q])
    for dy in range(layer.kernel):
        for dx in range(layer.kernel):
            from_y, from_x = ys * layer.stride + dy - layer.kernel // 2, xs * layer.stride + dx - layer.kernel // 2
            inside = (from_y >= 0) & (from_y < h) & (from_x >= 0) & (from_x < w)
            at = (slice(None), ys[inside], xs[inside], slice(None), from_y[inside], from_x[inside])
            found[at] = weight[:, :, dy, dx]  # numpy puts the positions first, and both channels behind them
    return found.reshape(layer.neurons, -1)


def _unpooled(matrix: Floats, before: Shape, pool: int) -> Floats:
    """(n, m) over what there is before average pooling, from (n, C, H, W) over what there is after it."""
    if pool == 1:
        return matrix.reshape(len(matrix), -1)
    spread = np.repeat(np.repeat(matrix, pool, 2), pool, 3) / pool**2
    found = np.zeros((len(matrix), *before))
    found[:, :, : spread.shape[2], : spread.shape[3]] = spread
    return found.reshape(len(matrix), -1)


def source_shape(built: Architecture, index: int) -> Shape:
    """Returns the shape (C, H, W) of the output that a layer reads, before pooling."""
    source = built.layers[index].sources[0].layer
    return built.input_shape if source == INPUT else built.layers[source].out_shape


def layer_input(built: Architecture, index: int, x: Floats) -> Floats:
    """Returns the input of layer `index`, (B, m) or (B, C, H, W), pooled from the output `x` of the layer before."""
    source = built.layers[index].sources[0]
    if source.pool == 1:
        return x
    squares = _squares(x.reshape(len(x), *source_shape(built, index)), source.pool)
    found: Floats = squares.mean(4) if source.linear else squares.max(4)
    return found


def _squares(maps: NDArray[Any], pool: int) -> NDArray[Any]:
    """(B, C, H / pool, W / pool, pool^2) from maps (B, C, H, W); what does not fill a square is left out."""
    b, c, h, w = maps.shape
    kept = maps[:, :, : h // pool * pool, : w // pool * pool].reshape(b, c, h // pool, pool, w // pool, pool)
    return kept.transpose(0, 1, 2, 4, 3, 5).reshape(b, c, h // pool, w // pool, pool**2)
