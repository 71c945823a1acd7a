"""Graphs as .nir files (HDF5): written by the package `nir`, which checks the types of all nodes; read with h5py alone.

A file that somebody else wrote is read with care: links to other files are refused, and so is what says that it is
large, before any of it is read.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from snnviz.data.files.opening import opened_for_library
from snnviz.errors import InputError, Unquoted
from snnviz.exports.nir.graph import FIELDS, Graph, Node

MOST_NODES = 10_000
MOST_EDGES = 100_000
MOST_BYTES = 500_000_000
"""Of all numbers of a graph together, as they are in memory."""

MOST_TEXT = 20_000
"""Characters of a text, such as a link."""


def write_graph(path: Path, graph: Graph) -> None:
    """Writes a graph by `nir.write`, after nir has checked that what nodes say fits those who read it."""
    try:
        import nir
    except ImportError:
        raise InputError("as", "be something else where nir is not installed (pip install nir)", "nir") from None

    found = nir.NIRGraph(
        nodes={name: _as_nir(nir, node) for name, node in graph.nodes.items()},
        edges=list(graph.edges),
        metadata=dict(graph.metadata),
    )
    nir.write(path, found)


def _as_nir(nir: Any, node: Node) -> Any:
    fields = dict(node.fields)
    if node.kind == "Input":
        fields = {"input_type": {"input": fields["shape"]}}
    elif node.kind == "Output":
        fields = {"output_type": {"output": fields["shape"]}}
    elif node.kind == "Flatten":
        fields["input_type"] = {"input": fields["input_type"]}
    return getattr(nir, node.kind)(**fields, metadata=dict(node.metadata))


def from_nir(graph: Any) -> Graph:
    """Returns the same graph as values, given one of the package `nir` (`nir.read`)."""
    nodes = {}
    for name, node in graph.nodes.items():
        document = node.to_dict()
        kind = document["type"]
        metadata = document.get("metadata") or {}
        nodes[name] = Node(kind, {field: _value(document[field]) for field in FIELDS[kind]}, _plain(metadata))
    return Graph(nodes, tuple((str(a), str(b)) for a, b in graph.edges), _plain(graph.metadata))


def _plain(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _value(value) for name, value in metadata.items()}


def _value(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode()
    return value if isinstance(value, str) else np.asarray(value)


def read_graph(path: Path) -> Graph:
    """Returns the graph of a .nir file. Raises `InputError`, in one sentence, for what is none, or is too large."""
    import h5py

    with opened_for_library(path, "a NIR graph in HDF5", MOST_BYTES), h5py.File(path, "r") as file:
        return _Reader(h5py).graph(file)


class _Reader:
    def __init__(self, h5py: Any) -> None:
        self.h5py = h5py
        self.bytes = 0

    def graph(self, file: Any) -> Graph:
        """The graph in the group `node`."""
        top = self.group(file, "node", "the file")
        kind = self.text(top, "type", "the graph")
        if kind != "NIRGraph":
            raise InputError("the file", "hold a NIRGraph", kind)
        listed = self.group(top, "nodes", "the graph")
        if not all(name.isprintable() and len(name) < 200 for name in listed):
            raise InputError("nodes of the graph", "have names of less than 200 letters", Unquoted("others"))
        if not 1 <= len(listed) <= MOST_NODES:
            raise InputError("the graph", f"have from 1 to {MOST_NODES:,} nodes", Unquoted(f"{len(listed):,}"))
        nodes = {name: self.node(listed, name) for name in listed}
        return Graph(nodes, self.edges(top, nodes), self.metadata(top, "the graph"))

    def child(self, group: Any, name: str, where: str) -> Any:
        """What a group holds under a name, if it lies in the same file."""
        if name not in group:
            raise InputError(where, f"have {name}", Unquoted("none"))
        if not isinstance(group.get(name, getlink=True), self.h5py.HardLink):
            raise InputError(where, f"hold {name} itself", Unquoted("a link to somewhere else"))
        return group[name]

    def group(self, group: Any, name: str, where: str) -> Any:
        """A group within a group."""
        found = self.child(group, name, where)
        if not isinstance(found, self.h5py.Group):
            raise InputError(where, f"have {name} as a group", Unquoted("an array"))
        return found

    def dataset(self, group: Any, name: str, where: str) -> Any:
        """An array within a group that is not too large, with all its bytes in this file."""
        found = self.child(group, name, where)
        if not isinstance(found, self.h5py.Dataset) or found.shape is None:
            raise InputError(where, f"have {name} as an array", Unquoted("something else"))
        if found.external or found.is_virtual:
            raise InputError(where, f"hold {name} itself", Unquoted("an array in another file"))
        piece = math.prod(found.chunks or ()) * found.dtype.itemsize  # which is read as a whole
        self.bytes += max(found.dtype.itemsize * int(found.size), 1, piece)
        if found.ndim > 8 or self.bytes > MOST_BYTES:
            rule = f"be at most {MOST_BYTES / 1e9:g} GB with what was read before it, in 8 dimensions"
            raise InputError(f"{name} of {where}", rule, Unquoted(f"an array of the shape {found.shape}"[:100]))
        return found

    def text(self, group: Any, name: str, where: str) -> str:
        """A text."""
        found = self.value(group, name, where)
        if not isinstance(found, str):
            raise InputError(f"{name} of {where}", "be text", Unquoted("numbers"))
        return found

    def value(self, group: Any, name: str, where: str) -> Any:
        """An array of numbers, or a text."""
        found = self.dataset(group, name, where)
        if self.h5py.check_string_dtype(found.dtype) is not None:
            if found.shape != ():
                raise InputError(f"{name} of {where}", "be one text", Unquoted("several"))
            text = found[()]
            text = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
            return text[:MOST_TEXT]
        if found.dtype.kind not in "biuf":
            raise InputError(f"{name} of {where}", "be numbers", str(found.dtype)[:60])
        numbers = np.asarray(found[()])
        if not np.isfinite(numbers).all():
            raise InputError(f"{name} of {where}", "be finite numbers", Unquoted("others among them"))
        return numbers

    def node(self, listed: Any, name: str) -> Node:
        """One node, with the fields of its kind."""
        where = f"the node {name[:60]}"
        group = self.group(listed, name, "the graph")
        kind = self.text(group, "type", where)
        if kind not in FIELDS:
            raise InputError(where, f"be one of {', '.join(FIELDS)}", kind)
        fields: dict[str, Any] = {}
        for field in FIELDS[kind]:
            if field == "v_reset" and field not in group:
                fields[field] = np.zeros_like(fields["v_threshold"])  # as nir reads files of before it had one
            elif field == "w_in" and field not in group:
                fields[field] = np.ones_like(fields["v_leak"])
            elif field == "input_shape" and field not in group:
                raise InputError(where, "say its input_shape", Unquoted("none"))
            else:
                fields[field] = self.value(group, field, where)
        node = Node(kind, fields, self.metadata(group, where))
        check_node(where, node)
        return node

    def edges(self, top: Any, nodes: Mapping[str, Node]) -> tuple[tuple[str, str], ...]:
        """Pairs of names of nodes that exist."""
        found = self.dataset(top, "edges", "the graph")
        texts = self.h5py.check_string_dtype(found.dtype) is not None
        if not texts or found.ndim != 2 or found.shape[1] != 2 or len(found) > MOST_EDGES:
            raise InputError("edges of the graph", f"be at most {MOST_EDGES:,} pairs of names", Unquoted("others"))
        pairs = [tuple(each.decode("utf-8", "replace") for each in row) for row in found[()]]
        for name in (each for pair in pairs for each in pair):
            if name not in nodes:
                raise InputError("edges of the graph", "lead from node to node", name)
        if len(set(pairs)) < len(pairs):
            raise InputError("edges of the graph", "be there once", Unquoted("one that is there twice"))
        return tuple((a, b) for a, b in pairs)

    def metadata(self, group: Any, where: str) -> dict[str, Any]:
        """Texts and numbers that a node, or the graph, carries with it; nothing here depends on them but on names."""
        if "metadata" not in group:
            return {}
        found = self.group(group, "metadata", where)
        if len(found) > 100:
            raise InputError(f"metadata of {where}", "be at most 100 entries", Unquoted(f"{len(found):,}"))
        return {name: self.value(found, name, f"metadata of {where}") for name in found}


def check_node(where: str, node: Node) -> None:
    """Raises `InputError` for fields whose shapes, or numbers, cannot be those of a node of its kind."""
    check = _CHECKS.get(node.kind)
    wrong = check(node) if check else None
    if wrong:
        raise InputError(where, f"have {wrong}", Unquoted("another"))


def _same_shape(node: Node) -> str | None:
    shapes = {np.shape(value) for value in node.fields.values()}
    taus = [node[name] for name in ("tau", "tau_mem", "tau_syn") if name in node.fields]
    if len(shapes) > 1:
        return "numbers of one shape"
    return None if all((np.asarray(tau) > 0).all() for tau in taus) else "time constants above 0"


def _matrix(node: Node) -> str | None:
    weight, bias = node["weight"], node.fields.get("bias")
    if weight.ndim != 2:
        return "a matrix of weights"
    return None if bias is None or bias.shape == weight.shape[:1] else "a bias for each row of its weights"


def _conv(node: Node) -> str | None:
    weight, groups = node["weight"], node["groups"]
    if weight.ndim != 4 or 0 in weight.shape or node["bias"].shape != weight.shape[:1]:
        return "weights (out, in, height, width) and a bias for each output"
    if np.shape(groups) != () or not 1 <= groups <= len(weight) or len(weight) % groups:
        return "groups that share its outputs"
    pads = node["padding"] in ("same", "valid") if isinstance(node["padding"], str) else _pairs(node["padding"], 0)
    return None if pads and _pairs(node["stride"], 1) and _pairs(node["dilation"], 1) and _pairs(
        node["input_shape"], 1, 100_000
    ) else "a stride, padding, dilation and input_shape"  # fmt: skip


def _pool(node: Node) -> str | None:
    fits = _pairs(node["kernel_size"], 1) and _pairs(node["stride"], 1) and _pairs(node["padding"], 0)
    return None if fits else "a kernel_size, stride and padding"


def _pairs(value: Any, least: int, most: int = 1000) -> bool:
    array = np.asarray(value)
    return array.shape in ((), (2,)) and array.dtype.kind in "iu" and bool(((array >= least) & (array <= most)).all())


def _shape(node: Node) -> str | None:
    shape = node["shape" if "shape" in node.fields else "input_type"]
    numbers = isinstance(shape, np.ndarray) and shape.dtype.kind in "iu" and shape.ndim == 1 and len(shape) <= 4
    return None if numbers and all(1 <= each <= 10**7 for each in shape.tolist()) else "a shape"


_CHECKS = {
    "Input": _shape, "Output": _shape, "Flatten": _shape, "Affine": _matrix, "Linear": _matrix, "Conv2d": _conv,
    "SumPool2d": _pool, "AvgPool2d": _pool, "I": _same_shape, "LI": _same_shape, "IF": _same_shape,
    "LIF": _same_shape, "CubaLI": _same_shape, "CubaLIF": _same_shape,
}  # fmt: skip
