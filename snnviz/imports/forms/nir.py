"""A NIR graph as a design and its weights."""

from __future__ import annotations

from pathlib import Path

from snnviz.errors import InputError
from snnviz.imports.form import Asked, Import
from snnviz.imports.imported import Imported


def read(path: Path, asked: Asked) -> Imported:
    """Returns what a graph says. Raises `InputError`, which names the node that no design has."""
    from snnviz.imports.nir.apart import read_apart
    from snnviz.imports.nir.importing import import_graph

    if asked.design is not None:
        raise InputError("design", "not be named for a NIR graph, which says its own", asked.design.digest)
    return import_graph(read_apart(path), asked.settings)


IMPORT = Import(name="nir", label="NIR graph", suffixes=(".nir",), read=read)
