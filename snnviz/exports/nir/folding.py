"""The resistance of LIF neurons in the weights before them, as norse reads every LIF as if its resistance were 1."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from snnviz.exports.nir.graph import Array, Graph, Node

WEIGHTED = ("Affine", "Linear", "Conv2d")


def fold_resistance(graph: Graph) -> Graph:
    """Returns the same graph with r = 1 in each LIF whose currents come from weights alone, which are multiplied by
    what r was, in float64. Others, and those whose neurons differ within a channel, stay as they are.
    """
    nodes = dict(graph.nodes)
    for name in graph.nodes_of_kind("LIF"):
        before = graph.predecessors[name]
        r = np.asarray(graph.nodes[name]["r"], np.float64)
        rows = r.reshape(len(r), -1)
        weighted = all(graph.nodes[each].kind in WEIGHTED and graph.successors[each] == (name,) for each in before)
        if not weighted or np.ptp(rows, axis=1).any():
            continue
        for each in before:
            nodes[each] = _times(nodes[each], rows[:, 0])
        nodes[name] = _with(nodes[name], r=np.ones(r.shape))
    return replace(graph, nodes=nodes)


def _times(node: Node, rows: Array) -> Node:
    weight = node["weight"].astype(np.float64) * rows.reshape(-1, *[1] * (node["weight"].ndim - 1))
    bias = {"bias": node["bias"].astype(np.float64) * rows} if "bias" in node.fields else {}
    return _with(node, weight=weight, **bias)


def _with(node: Node, **fields: Array) -> Node:
    return Node(node.kind, {**node.fields, **fields}, node.metadata)
