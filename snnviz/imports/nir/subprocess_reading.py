"""Reads .nir files of others in a process of its own, which is ended where it takes too long or too much memory.

A spoiled HDF5 file can keep its library busy for ever, or end the process that reads it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from snnviz.errors import InputError, Unquoted
from snnviz.exports.nir.files import MOST_BYTES, read_graph
from snnviz.exports.nir.graph import Graph, Node
from snnviz.places import ROOT

SECONDS = 30
"""How long a file may take."""

MEMORY = 4 * MOST_BYTES
"""Bytes that the process may take beside what it begins with."""

GRAPH_FILE, ARRAYS_FILE = "graph.json", "arrays.npz"


def read_in_subprocess(path: Path, seconds: float = SECONDS) -> Graph:
    """Returns the graph of a .nir file like `exports.nir.files.read_graph`. Raises `InputError`."""
    with tempfile.TemporaryDirectory(prefix="snnviz-nir-") as folder:
        command = [sys.executable, "-m", __name__, str(path.absolute()), folder]
        try:
            subprocess.run(
                command, cwd=ROOT, env=os.environ | {"OPENBLAS_NUM_THREADS": "1"}, stdin=subprocess.DEVNULL,
                capture_output=True, timeout=seconds, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            told = Unquoted("one that takes longer")
            raise InputError("file", f"be read within {seconds:g} s", told) from None
        with suppress(OSError, ValueError):
            document = json.loads((Path(folder) / GRAPH_FILE).read_text())
            if "error" in document:
                error = InputError(document["field"], "", "")
                error.args = (document["error"],)
                raise error
            with np.load(Path(folder) / ARRAYS_FILE, allow_pickle=False) as arrays:
                return _graph(document, {name: arrays[name] for name in arrays.files})
    raise InputError("file", "be readable", Unquoted("one that ends whoever reads it, or takes too much memory"))


def _graph(document: Mapping[str, Any], arrays: Mapping[str, Any]) -> Graph:
    def values(told: Mapping[str, Any]) -> dict[str, Any]:
        return {name: each["text"] if "text" in each else arrays[each["array"]] for name, each in told.items()}

    nodes = {
        name: Node(node["kind"], values(node["fields"]), values(node["metadata"]))
        for name, node in document["nodes"].items()
    }
    return Graph(nodes, tuple((a, b) for a, b in document["edges"]), values(document["metadata"]))


def _write(graph: Graph, folder: Path) -> None:
    arrays: dict[str, Any] = {}

    def told(values: Mapping[str, Any]) -> dict[str, Any]:
        found = {}
        for name, value in values.items():
            if isinstance(value, str):
                found[name] = {"text": value}
            else:
                arrays[key := f"a{len(arrays)}"] = value
                found[name] = {"array": key}
        return found

    nodes = {
        name: {"kind": node.kind, "fields": told(node.fields), "metadata": told(node.metadata)}
        for name, node in graph.nodes.items()
    }
    document = {"nodes": nodes, "edges": graph.edges, "metadata": told(graph.metadata)}
    np.savez(folder / ARRAYS_FILE, **arrays)
    (folder / GRAPH_FILE).write_text(json.dumps(document))


def _bound() -> None:
    """From here on so much more memory, and so much time of the processor, where the system can say so."""
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[5])
    except (ImportError, OSError):
        return
    most = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(path: Path, folder: Path) -> None:
    """What the process does: reads the file and writes into the folder what it found."""
    _bound()
    try:
        _write(read_graph(path), folder)
    except InputError as error:
        (folder / GRAPH_FILE).write_text(json.dumps({"field": error.field, "error": str(error)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
