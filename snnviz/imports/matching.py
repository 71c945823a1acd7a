"""A state dict of a torch or snntorch network for a design: names are matched, shapes are checked.

Names as snnviz has them are taken as they are. Else modules with weights are the layers with weights, in the order of
their names with numbers as numbers ("fc2" before "fc10"), unless it is said which is which.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from snnviz.catalog.neurons import learnable_parameters
from snnviz.design.design import Design
from snnviz.errors import InputError, Unquoted
from snnviz.exports.nir.graph import Array
from snnviz.graph.architectures import build_architecture
from snnviz.graph.layers import Architecture, Layer
from snnviz.imports.imported import Imported, placeholder_weights

PREFIXES = ("module.", "_orig_mod.")
"""What wrappers of torch put before names."""

OURS = ("optimizer/", "shortcut.")
"""Beginnings of names in checkpoints of snnviz that are not of the network."""

NOT_WEIGHTS = ("num_batches_tracked", "graded_spikes_factor", "reset_mechanism_val")


@dataclass(slots=True)
class _Module:
    name: str
    arrays: dict[str, Array] = field(default_factory=dict)

    @property
    def weighted(self) -> bool:
        return "weight" in self.arrays and self.arrays["weight"].ndim > 1

    @property
    def norm(self) -> bool:
        return "running_mean" in self.arrays

    @property
    def neurons(self) -> bool:
        return not self.weighted and not self.norm and bool({"beta", "threshold", "alpha", "w"} & self.arrays.keys())


def match_state(design: Design, given: Mapping[str, Array], module_layers: Mapping[str, str] | None = None) -> Imported:
    """Returns the weights of `given` by the names of the design's layers.

    module_layers: layers by the names of modules, such as {"fc1": "L1"}, where their order does not tell. Raises
    `InputError`, in one sentence, where numbers, shapes, leaks or thresholds are not those of the design.
    """
    architecture = build_architecture(design)
    if design.network.code != "rate":
        raise InputError("network.code", "be rate for weights from elsewhere", design.network.code)
    arrays = {_plain(name): value for name, value in given.items() if not name.startswith(OURS)}
    expected = placeholder_weights(design, architecture)
    if expected.keys() <= arrays.keys():
        found = {name: _shaped(name, arrays[name], value.shape, "the design") for name, value in expected.items()}
        return Imported(design, found, ("Names are those of snnviz.",))
    return _Matching(design, architecture, expected, _modules(arrays)).match(module_layers or {})


def _plain(name: str) -> str:
    for prefix in PREFIXES:
        name = name.removeprefix(prefix)
    return name


def _modules(arrays: Mapping[str, Array]) -> list[_Module]:
    found: dict[str, _Module] = {}
    for name, value in arrays.items():
        module, _, kind = name.rpartition(".")
        found.setdefault(module, _Module(module)).arrays[kind] = value
    return sorted(found.values(), key=lambda module: _natural(module.name))


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() and len(part) < 10 else (-1, part) for part in re.split(r"(\d+)", name)]


def _shaped(name: str, value: Array, shape: tuple[int, ...], whose: str) -> Array:
    if value.shape != shape and not (value.size == 1 and shape == ()):
        raise InputError(name[:80], f"have the shape {shape}, as {whose} has", Unquoted(str(value.shape)))
    return np.asarray(value, np.float32).reshape(shape)


class _Matching:
    def __init__(
        self, design: Design, architecture: Architecture, expected: Mapping[str, Array], modules: Sequence[_Module]
    ) -> None:
        self.design, self.architecture, self.expected, self.modules = design, architecture, expected, modules
        self.weights: dict[str, Array] = {}
        self.notes: list[str] = []

    def match(self, module_layers: Mapping[str, str]) -> Imported:
        layers = [layer for layer in self.architecture.layers if layer.weighted]
        pairs = self._pairs([module for module in self.modules if module.weighted], layers, module_layers)
        for module, layer in pairs:
            self._weighted(module, layer)
        self._norms([layer for layer in self.architecture.layers if layer.normed and layer.kind != "merge"])
        self._neurons([layer for layer in self.architecture.layers if layer.kind != "merge" and not layer.plain])
        for name in sorted(self.expected.keys() - self.weights.keys()):
            raise InputError("the state dict", f"have {name}, which the design learns", Unquoted("nothing like it"))
        self.notes.insert(0, f"Layers: {', '.join(f'{module.name} is {layer.name}' for module, layer in pairs)}.")
        self._left(pairs)
        return Imported(self.design, self.weights, tuple(self.notes))

    def _pairs(
        self, modules: list[_Module], layers: list[Layer], module_layers: Mapping[str, str]
    ) -> list[tuple[_Module, Layer]]:
        by_name, by_module = {layer.name: layer for layer in layers}, {module.name: module for module in modules}
        for module, layer in module_layers.items():
            if module not in by_module:
                raise InputError("map", f"name a module with weights ({', '.join(by_module)[:200]})", module)
            if layer not in by_name:
                raise InputError("map", f"name a layer of the design ({', '.join(by_name)[:200]})", layer)
        told = [(by_module[module], by_name[layer]) for module, layer in module_layers.items()]
        rest = [module for module in modules if module.name not in module_layers]
        others = [layer for layer in layers if layer.name not in module_layers.values()]
        if len(rest) != len(others):
            rule = f"have {len(layers)} layers with weights, as the design has"
            names = ", ".join(module.name for module in modules)[:200]
            raise InputError("the state dict", rule, Unquoted(f"{len(modules)}: {names}" if modules else "none"))
        order = {layer.name: place for place, layer in enumerate(layers)}
        return sorted([*told, *zip(rest, others, strict=True)], key=lambda pair: order[pair[1].name])

    def _weighted(self, module: _Module, layer: Layer) -> None:
        wanted = self.expected[f"{layer.name}.weight"].shape
        name = f"{module.name}.weight"
        self.weights[f"{layer.name}.weight"] = _shaped(name, module.arrays["weight"], wanted, layer.name)
        bias = module.arrays.get("bias")
        if layer.normed:
            if bias is not None:  # it moves what is normalised, and so is taken from the mean
                self.weights[f"{layer.name}.mean"] = -_shaped(f"{module.name}.bias", bias, wanted[:1], layer.name)
        elif layer.biased:
            bias = np.zeros(wanted[:1]) if bias is None else bias
            self.weights[f"{layer.name}.bias"] = _shaped(f"{module.name}.bias", bias, wanted[:1], layer.name)
        elif bias is not None and bias.any():
            raise InputError(f"{module.name}.bias", f"not be there, as {layer.name} has none", Unquoted("one"))

    def _norms(self, layers: list[Layer]) -> None:
        modules = [module for module in self.modules if module.norm]
        if len(modules) != len(layers):
            rule = f"have {len(layers)} batch normalisations, as the design has"
            raise InputError("the state dict", rule, Unquoted(f"{len(modules)}"))
        names = {"gain": "weight", "bias": "bias", "mean": "running_mean", "variance": "running_var"}
        for module, layer in zip(modules, layers, strict=True):
            for ours, theirs in names.items():
                shape = self.expected[f"{layer.name}.{ours}"].shape
                if theirs not in module.arrays:
                    raise InputError(module.name[:80], f"have {theirs}", Unquoted("none"))
                value = _shaped(f"{module.name}.{theirs}", module.arrays[theirs], shape, layer.name)
                before = self.weights.get(f"{layer.name}.mean") if ours == "mean" else None
                self.weights[f"{layer.name}.{ours}"] = value if before is None else value + before

    def _neurons(self, layers: list[Layer]) -> None:
        """What neurons learnt; what they did not learn must be as the design has it."""
        modules = [module for module in self.modules if module.neurons]
        learnt = {each.name: each for each in learnable_parameters(self.design.neuron)}
        if len(modules) not in (0, len(layers)) or (learnt and not modules):
            rule = f"have {len(layers)} layers of neurons, as the design has"
            raise InputError("the state dict", rule, Unquoted(f"{len(modules)}"))
        for module, layer in zip(modules, layers, strict=False):
            for kind in ("beta", "threshold", "alpha", "w"):
                value, name = module.arrays.get(kind), f"{module.name}.{kind}"
                if kind in learnt:
                    if value is None:
                        raise InputError(module.name[:80], f"have {kind}, which the design learns", Unquoted("none"))
                    shape = self.expected[f"{layer.name}.{kind}"].shape
                    self.weights[f"{layer.name}.{kind}"] = _shaped(name, value, shape, layer.name)
                elif value is not None and hasattr(self.design.neuron, kind):
                    own = float(getattr(self.design.neuron, kind))
                    if value.size == 0 or not np.allclose(value, own, rtol=1e-6, atol=1e-7):
                        got = float(value.flat[0]) if value.size else 0.0
                        rule = f"be {own:g}, as the design has it (--set neuron.{kind}={got:g} takes this one)"
                        raise InputError(name[:80], rule, Unquoted(f"{got:g}"))

    def _left(self, pairs: Sequence[tuple[_Module, Layer]]) -> None:
        used = {module.name for module, _ in pairs} | {m.name for m in self.modules if m.norm or m.neurons}
        left = [
            f"{module.name}.{kind}".removeprefix(".")
            for module in self.modules
            for kind in module.arrays
            if module.name not in used and kind not in NOT_WEIGHTS
        ]
        if left:
            self.notes.append(f"Left out: {', '.join(left[:5])}{' and others' if len(left) > 5 else ''}.")
