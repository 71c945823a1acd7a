"""A NIR graph as a design and its weights."""

from __future__ import annotations

from pathlib import Path

from snnviz.errors import InputError
from snnviz.imports.form import Import, ImportRequest
from snnviz.imports.imported import Imported


def read(path: Path, request: ImportRequest) -> Imported:
    """Returns what a graph says. Raises `InputError`, which names the node that no design has."""
    from snnviz.imports.nir.importing import import_graph
    from snnviz.imports.nir.subprocess_reading import read_in_subprocess

    if request.design is not None:
        raise InputError("design", "not be named for a NIR graph, which says its own", request.design.digest)
    return import_graph(read_in_subprocess(path), request.settings)


IMPORT = Import(name="nir", label="NIR graph", suffixes=(".nir",), read=read)
