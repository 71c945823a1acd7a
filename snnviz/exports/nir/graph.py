"""NIR graphs as values: nodes of the primitives that are known here, edges, and the order in which a step goes.

NIR (Pedersen et al. 2024) says differential equations; what a step of time computes is a convention, which every file
names in its metadata (`CONVENTION`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

DT = 1e-4
"""Seconds of a time step: snntorch reads every file as if this were it."""

CONVENTION = (
    "Euler: v += dt / tau (v_leak - v + r I), a spike where v > v_threshold, then v = v_reset; what reaches a node is "
    "summed; a Delay of dt is one step; a loop without a Delay is closed one step late"
)

FIELDS: dict[str, tuple[str, ...]] = {
    "Input": ("shape",),
    "Output": ("shape",),
    "Affine": ("weight", "bias"),
    "Linear": ("weight",),
    "Conv2d": ("input_shape", "weight", "stride", "padding", "dilation", "groups", "bias"),
    "SumPool2d": ("kernel_size", "stride", "padding"),
    "AvgPool2d": ("kernel_size", "stride", "padding"),
    "Flatten": ("input_type", "start_dim", "end_dim"),
    "Scale": ("scale",),
    "Threshold": ("threshold",),
    "Delay": ("delay",),
    "I": ("r",),
    "LI": ("tau", "r", "v_leak"),
    "IF": ("r", "v_threshold", "v_reset"),
    "LIF": ("tau", "r", "v_leak", "v_threshold", "v_reset"),
    "CubaLI": ("tau_syn", "tau_mem", "r", "v_leak", "w_in"),
    "CubaLIF": ("tau_syn", "tau_mem", "r", "v_leak", "v_threshold", "v_reset", "w_in"),
}
"""The primitives that are written, read and computed here, with their fields as in a .nir file."""

SPIKING = ("IF", "LIF", "CubaLIF", "Threshold")
"""Primitives whose output is spikes."""

Array = NDArray[Any]
Edge = tuple[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One node: a primitive of NIR, its fields as arrays (of a padding also "same" or "valid"), and metadata (texts and
    numbers), such as the layer that it is of.
    """

    kind: str
    fields: Mapping[str, Any]
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.fields[name]

    @property
    def layer(self) -> str:
        """The layer of the network that the node is of, "" where nothing says so."""
        found = self.metadata.get("layer", "")
        return found if isinstance(found, str) else ""

    @property
    def threshold(self) -> Array:
        """Of a node that spikes: the potential above which it does."""
        return np.asarray(self["threshold" if self.kind == "Threshold" else "v_threshold"])


@dataclass(frozen=True, eq=False)
class Graph:
    """Nodes by name, and edges (from, to); the metadata of the whole."""

    nodes: Mapping[str, Node]
    edges: tuple[Edge, ...]
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def predecessors(self) -> dict[str, tuple[str, ...]]:
        """Of each node those whose outputs it sums, in the order of the edges."""
        found: dict[str, list[str]] = {name: [] for name in self.nodes}
        for a, b in self.edges:
            found[b].append(a)
        return {name: tuple(each) for name, each in found.items()}

    @cached_property
    def successors(self) -> dict[str, tuple[str, ...]]:
        """Of each node those that read it, in the order of the edges."""
        found: dict[str, list[str]] = {name: [] for name in self.nodes}
        for a, b in self.edges:
            found[a].append(b)
        return {name: tuple(each) for name, each in found.items()}

    def nodes_of_kind(self, kind: str) -> list[str]:
        """Returns the names of all nodes of a kind."""
        return [name for name, node in self.nodes.items() if node.kind == kind]

    def execution_order(self) -> tuple[list[str], frozenset[Edge]]:
        """Returns the nodes so that each comes after those that it reads at the same step, and the edges that carry
        what was said a step ago: those that close a loop without a Delay, as a search from the inputs meets them.
        """
        done: list[str] = []
        state: dict[str, int] = {}  # 1: on the way there, 2: all behind it is done
        late: set[Edge] = set()
        for start in (*self.nodes_of_kind("Input"), *self.nodes):
            if start in state:
                continue
            state[start] = 1
            path: list[tuple[str, Iterator[str]]] = [(start, iter(self._at_once(start)))]
            while path:
                name, rest = path[-1]
                for later in rest:
                    if state.get(later) == 1:
                        late.add((name, later))
                    elif later not in state:
                        state[later] = 1
                        path.append((later, iter(self._at_once(later))))
                        break
                else:
                    path.pop()
                    state[name] = 2
                    done.append(name)
        return done[::-1], frozenset(late)

    def _at_once(self, name: str) -> tuple[str, ...]:
        """Those that read the node at the same step; a Delay says something of before."""
        return () if self.nodes[name].kind == "Delay" else self.successors[name]


def graphs_equal(one: Graph, other: Graph) -> bool:
    """Whether two graphs have the same nodes, numbers, edges and metadata; types of numbers count, the order of edges
    does not.
    """
    return (
        one.nodes.keys() == other.nodes.keys()
        and sorted(one.edges) == sorted(other.edges)
        and _equal(one.metadata, other.metadata)
        and all(_alike(node, other.nodes[name]) for name, node in one.nodes.items())
    )


def _alike(one: Node, other: Node) -> bool:
    return one.kind == other.kind and _equal(one.fields, other.fields) and _equal(one.metadata, other.metadata)


def _equal(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    if one.keys() != other.keys():
        return False
    for name, value in one.items():
        if isinstance(value, str) or isinstance(other[name], str):
            if value != other[name]:
                return False
        else:
            a, b = np.asarray(value), np.asarray(other[name])
            if a.dtype != b.dtype or not np.array_equal(a, b):
                return False
    return True
