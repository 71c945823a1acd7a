"""What other programs make of a graph: which of its nodes they do not know, and which they are known to read wrongly.

Measured on 29 and 30 November 2026 with the versions that are named (`docs/exports.md`).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from snnviz.exports.nir.graph import Graph
from snnviz.views.joining import join_with_and

SNNTORCH = ("Input", "Output", "Affine", "Linear", "Conv2d", "Flatten", "AvgPool2d", "LIF")
"""Kinds of node that snntorch 1.0.0 reads; it also takes an IF, for a neuron that leaks."""


def reader_warnings(graph: Graph) -> Iterator[str]:
    """Yields a sentence for each reader that is known not to read this graph, or to read it wrongly."""
    kinds = {node.kind for node in graph.nodes.values()}
    unknown = sorted(kinds - set(SNNTORCH) - {"IF"})
    if unknown:
        yield f"snntorch 1.0.0 does not read it: it does not know {join_with_and(unknown)}."
    elif "IF" in kinds:
        yield "snntorch 1.0.0 does not read it: it asks of an IF that r is 1, and lets it leak."
    elif not _one_threshold(graph):
        yield "snntorch 1.0.0 does not read it: it asks for one threshold in a layer."
    else:
        yield "snntorch 1.0.0 reads it: import_from_nir, one sample at a time without a batch axis, dt fixed to 1e-4 s."
    if _biased(graph):
        yield "nirtorch 2.6 drops the bias of Affine unless it is given a map of its own; snntorch gives it one."
    if kinds & {"LIF", "IF"}:
        yield _of_norse(graph)
    if kinds & {"LI", "I", "Threshold"}:
        yield "norse 1.1.0 does not read loops of LI, Threshold and Scale."


def _of_norse(graph: Graph) -> str:
    """Its from_nir follows one path, and knows no pooling."""
    if norse_reads(graph):
        return "norse 1.1.0 reads it: from_nir(graph, dt=1e-4), one sample at a time without a batch axis."
    if any((np.asarray(graph.nodes[name]["r"]) != 1).any() for name in graph.nodes_of_kind("LIF")):
        return "norse 1.1.0 reads it wrongly: it takes r of LIF to be 1, which the weights before them cannot hold."
    return "norse 1.1.0 refuses it or reads it wrongly: its from_nir follows one path, and knows no pooling."


def norse_reads(graph: Graph) -> bool:
    """Whether norse 1.1.0 reads the graph rightly, with dt = 1e-4."""
    kinds = {node.kind for node in graph.nodes.values()}
    row = all(len(each) <= 1 for each in (*graph.predecessors.values(), *graph.successors.values()))
    ones = all((np.asarray(graph.nodes[name]["r"]) == 1).all() for name in graph.nodes_of_kind("LIF"))
    return row and ones and kinds <= {*SNNTORCH, "IF"} - {"AvgPool2d"}


def snntorch_reads(graph: Graph) -> bool:
    """Whether snntorch 1.0.0 reads the graph rightly."""
    return {node.kind for node in graph.nodes.values()} <= set(SNNTORCH) and _one_threshold(graph)


def _one_threshold(graph: Graph) -> bool:
    return all(len(np.unique(graph.nodes[name].threshold)) == 1 for name in graph.nodes_of_kind("LIF"))


def _biased(graph: Graph) -> bool:
    return any(bool(np.any(graph.nodes[name]["bias"])) for name in graph.nodes_of_kind("Affine"))
