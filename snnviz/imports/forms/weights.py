"""Weights of a torch or snntorch network for a drawn design."""

from __future__ import annotations

from pathlib import Path

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.imports.form import Import, ImportRequest
from snnviz.imports.imported import Imported


def read(path: Path, request: ImportRequest) -> Imported:
    """Returns the weights by the names of the design's layers. Raises `InputError` where they are not of the design."""
    from snnviz.imports.matching import match_state
    from snnviz.imports.states import read_state

    design = request.design or Design()
    design = links.change(design, request.settings) if request.settings else design
    return match_state(design, read_state(path), request.module_layers)


IMPORT = Import(name="weights", label="Weights (safetensors)", suffixes=(".safetensors",), read=read)
