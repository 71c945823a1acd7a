"""Weights that somebody trained elsewhere: state dicts in safetensors, read without running anything."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from snnviz.data.files.opening import opened_for_library
from snnviz.errors import InputError, Unquoted
from snnviz.exports.nir.graph import Array

MOST_BYTES = 1_000_000_000
MOST_ARRAYS = 10_000
TYPES = ("F64", "F32", "F16", "I64", "I32", "I16", "I8", "U8", "BOOL")
"""Types of numbers that numpy has."""


def read_state(path: Path) -> dict[str, Array]:
    """Returns the arrays of a safetensors file by name. Raises `InputError`, in one sentence, for anything else."""
    from safetensors import safe_open

    found: dict[str, Array] = {}
    with opened_for_library(path, "safetensors", MOST_BYTES), safe_open(path, framework="numpy") as file:
        names = list(file.keys())
        if len(names) > MOST_ARRAYS:
            raise InputError("file", f"hold at most {MOST_ARRAYS:,} arrays", Unquoted(f"{len(names):,}"))
        if not all(name.isprintable() and len(name) < 200 for name in names):
            raise InputError("names in the file", "be of less than 200 letters", Unquoted("others"))
        for name in names:
            kind = file.get_slice(name).get_dtype()
            if kind not in TYPES:
                raise InputError(f"{name[:60]} of the file", f"be one of {', '.join(TYPES)}", str(kind))
            array = np.asarray(file.get_tensor(name))
            if not np.isfinite(array).all():
                raise InputError(f"{name[:60]} of the file", "be finite numbers", Unquoted("others among them"))
            found[name] = array
    return found
