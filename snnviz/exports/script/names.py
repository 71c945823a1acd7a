"""Names in a script: of modules and variables, from the names of layers."""

from __future__ import annotations

import keyword
import re

from snnviz.graph.layers import Architecture, Layer

TAKEN = {"x", "t", "total", "current", "image", "self", "mask"}
"""Variables that a script's forward pass has besides those of layers."""


def identifiers(architecture: Architecture) -> dict[str, str]:
    """Returns the identifier of each layer by its name, "B1.L2a" as "b1_l2a" and "C1.2>3" as "c1_2_to_3"."""
    found: dict[str, str] = {}
    for layer in architecture.layers:
        name = re.sub(r"[^a-z0-9_]", "_", layer.name.lower().replace(">", "_to_"))
        name = f"layer_{name}" if not name[0].isalpha() or keyword.iskeyword(name) or name in TAKEN else name
        while name in found.values():
            name += "_"
        found[layer.name] = name
    return found


def weight_name(layer: Layer, kind: str, name: str) -> str:
    """Returns the name, in the script's ``state_dict``, of the array "<layer>.<kind>" of a run's weights.

    name: the layer's identifier.
    """
    normed = {
        "gain": "norm.weight",
        "bias": "norm.bias",
        "mean": "norm.running_mean",
        "variance": "norm.running_var",
    }
    if layer.normed and kind in normed:
        return f"{name}_{normed[kind]}"
    if kind in ("weight", "bias"):
        return f"{name}.{kind}"
    return f"{name}_lif.{kind}"
