"""What is proven of NIR graphs, and what others read of them, kind by kind: writes the table of docs/exports.md.

    .venv/bin/pip install --no-deps --target NORSE norse==1.1.0
    .venv/bin/python -m benchmarks.nir_graphs [NORSE]

norse is installed into a folder of its own, which is named here; without it its column says so. Each kind's network has
weights as drawn; biases, learnt numbers and running statistics are away from where they begin.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import logging
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nir
import numpy as np
import torch

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.errors import SnnvizError
from snnviz.exports.compute.reference import reference
from snnviz.exports.nir.building import ExportedGraph, build_graph
from snnviz.exports.nir.files import read_graph, write_graph
from snnviz.exports.nir.interpreter import compute
from snnviz.exports.nir.proving import graph_input, prove
from snnviz.graph.architectures import build_architecture
from snnviz.places import ROOT
from tests.exports.kinds import KINDS, design, loud

BEGIN, END = "<!-- nir -->\n", "<!-- end of nir -->\n"
IMAGES = 4
"""That other readers see, one after another."""

ZERO = (
    "default", "mlp", "cnn", "ASC", "DSC of half the channels", "stacked", "batch normalisation", "learnt beta",
    "PLIF", "spiking readout", "vgg", "resnet18", "cell",
)  # fmt: skip
"""Kinds that are exported with a reset to zero as well."""


def kinds() -> Iterator[tuple[str, Design]]:
    """Returns all kinds of design, with other resets of some."""
    for name in KINDS:
        yield name, design(name)
        if name in ZERO:
            yield f"{name}, zero", links.change(design(name), {"neuron.reset": "zero"})
    yield "mlp, no leak, zero", links.change(design("mlp"), {"neuron.reset": "zero", "neuron.beta": "1"})


def row(name: str, wanted: Design, readers: dict[str, Callable[[Any], Any] | None]) -> str:
    """Returns the row of one kind."""
    arrays = loud(wanted)
    weights = {key: np.asarray(value) for key, value in arrays.items()}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.nir"
        began = time.perf_counter()
        try:
            made = build_graph(wanted, build_architecture(wanted), weights)
            write_graph(path, made.graph)
            single, double = reference(wanted, weights), reference(wanted, weights, "float64")
            proof = prove(wanted, made, read_graph(path), single, double)
        except SnnvizError as error:
            return f"| {name} | {error} | | | | | | |"
        seconds = time.perf_counter() - began
        given = graph_input(made, wanted, single.input)[:, :IMAGES]
        told = [_read(reader, path, made, given) for reader in readers.values()]
    near = sum(one.near_threshold for one in proof.layers)
    spikes = f"every one of {len(proof.layers)} layers"
    cells = [name, made.profile, spikes, str(near), f"{proof.logits_difference:.1e}", *told, f"{seconds:.1f}"]
    return f"| {' | '.join(cells)} |"


def _read(reader: Callable[[Any], Any] | None, path: Path, made: ExportedGraph, given: Any) -> str:
    """What another program makes of a graph: by how much its output, summed over time, differs from ours."""
    if reader is None:
        return "not installed"
    ours = compute(made.graph, given, dtype=np.float32).output.sum(0)
    worst = 0.0
    try:
        for image in range(given.shape[1]):
            with contextlib.redirect_stdout(io.StringIO()), torch.no_grad():
                theirs, state, total = reader(nir.read(path)), None, 0.0
                for now in given[:, image]:
                    said = theirs(torch.from_numpy(np.ascontiguousarray(now, np.float32)), state)
                    said, state = said if isinstance(said, tuple) else (said, None)
                    total = total + said.numpy()
            worst = max(worst, float(np.abs(total - ours[image]).max() / max(1.0, np.abs(ours[image]).max())))
    except Exception as error:  # whatever their readers raise
        return f"refuses ({type(error).__name__})"
    return f"reads it ({worst:.0e})" if worst < 1e-4 else f"**wrong** ({worst:.1g})"


def main() -> None:
    """Writes the table."""
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    sys.path += sys.argv[1:2]
    from snntorch.import_nir import import_from_nir

    readers: dict[str, Callable[[Any], Any] | None] = {"snntorch": import_from_nir, "norse": None}
    with contextlib.suppress(ImportError):
        norse = importlib.import_module("norse.torch")
        readers["norse"] = lambda graph: norse.from_nir(graph, dt=1e-4)
    lines = [
        "| kind | profile | spikes equal | at the threshold | logits differ by at most | snntorch | norse | seconds |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, wanted in kinds():
        lines.append(row(name, wanted, readers))
        print(lines[-1], flush=True)
    place = ROOT / "docs" / "exports.md"
    before, _, rest = place.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    place.write_text(before + BEGIN + "\n" + "\n".join(lines) + "\n\n" + END + after)


if __name__ == "__main__":
    main()
