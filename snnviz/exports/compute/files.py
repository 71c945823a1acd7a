"""The files beside a script: weights by the script's names, the design's images, and weights before training."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from snnviz.catalog.inits import is_data_dependent
from snnviz.core import data
from snnviz.core.data import DataSplit
from snnviz.core.module import as_module
from snnviz.core.train import TEST_BATCH
from snnviz.design.design import Design
from snnviz.errors import InputError, Unquoted
from snnviz.exports.script.names import weight_name
from snnviz.exports.script.training import White
from snnviz.graph.architectures import build_architecture
from snnviz.theory.costs import micro_batch

MOST_BYTES = 1_000_000_000
"""Most bytes of images beside a script."""


def split(design: Design) -> DataSplit:
    """Returns the images that a design trains on, holds out, and is tested on. Raises `DataMissing`."""
    return data.load_split(design)


def images_file(found: DataSplit, about: Mapping[str, str]) -> bytes:
    """Returns images (N, C, H, W) uint8 and labels (N,) int64 as safetensors: "train_images", "train_labels", those of
    the "test", and of the "validation" where some are held out.
    """
    parts = {"train": found.training, "validation": found.validation, "test": found.test}
    arrays = {}
    for name, part in parts.items():
        if part is not None:
            arrays[f"{name}_images"] = np.ascontiguousarray(part.take(slice(None)).numpy())
            arrays[f"{name}_labels"] = np.ascontiguousarray(part.labels.numpy())
    return bytes(save(arrays, metadata=dict(about)))


def white(found: DataSplit) -> White:
    """Returns the value of a white pixel, or of recordings mean and standard deviation of the counts of events."""
    scale = found.training.white
    return scale if isinstance(scale, int) else (scale.mean, scale.std)


def require_small(found: DataSplit) -> None:
    """Raises `InputError` for images that are too many to lie beside a script."""
    parts = [part for part in found if part is not None]
    size = sum(len(part) * math.prod(part.images.shape[1:]) for part in parts)
    if size > MOST_BYTES:
        rule = f"be one whose images take {MOST_BYTES / 1e9:.0f} GB at most: fewer samples, or fewer steps"
        raise InputError("run", rule, Unquoted(f"{size / 1e9:.1f} GB"))


def test_batch(design: Design) -> int:
    """Returns how many test images a run's network sees at once."""
    return min(TEST_BATCH, micro_batch(design))


def script_weights(design: Design, arrays: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, NDArray[Any]]:
    """Returns a run's weights by the names of the script's ``state_dict``. `names`: the layers' identifiers.

    Raises `InputError` for weights of another network.
    """
    module, found = as_module(design, arrays), {}
    layers = {layer.name: layer for layer in build_architecture(design).layers}
    for name, value in module.state_dict().items():
        layer, _, kind = name.rpartition(".")
        array = value.numpy()
        if not layer:  # of the network as a whole, as a TTFS network's windows are
            found[name] = np.array(array, order="C")
            continue
        if array.ndim > 1 and kind != "weight" and layers[layer].kind == "linear":
            array = array.reshape(-1)  # one a neuron
        found[weight_name(layers[layer], kind, names[layer])] = np.array(array, order="C")
    return found


def initial_weights(design: Design, names: Mapping[str, str]) -> dict[str, NDArray[Any]] | None:
    """Returns the weights before training by the script's names, where their initialisation measures the data; else
    None, as they can be drawn.
    """
    if not is_data_dependent(design.init):
        return None
    return script_weights(design, as_module(design).state_dict(), names)


def write_weights(path: Path, arrays: Mapping[str, NDArray[Any]], about: Mapping[str, str]) -> None:
    """Writes weights as safetensors."""
    path.write_bytes(save(dict(arrays), metadata=dict(about)))
