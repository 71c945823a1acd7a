"""The weights of a run with a card: what they are of, what they reach, and what they are for."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from snnviz.exports.card import card
from snnviz.exports.form import Export, ExportedRun, ProgressCallback
from snnviz.exports.report import Report

BRANCHES = "shortcut."
OPTIMIZER = "optimizer/"


def write(source: ExportedRun, path: Path, progress: ProgressCallback) -> Report:
    """Writes the weights as safetensors, by the names of the layers, with the card as JSON in the metadata."""
    arrays = {
        name: np.asarray(array, order="C")
        for name, array in source.checkpoint.arrays.items()
        if not name.startswith((BRANCHES, OPTIMIZER))
    }
    about = {"format": "pt", "card": json.dumps(card(source), allow_nan=False)}
    path.write_bytes(save(arrays, metadata=about))
    progress(1.0)
    return Report(
        notes=(
            f"{len(arrays)} arrays, {sum(array.size for array in arrays.values()):,} numbers; the card is in the "
            f'metadata, under "card".',
        )
    )


EXPORT = Export(
    name="weights",
    label="Weights (safetensors)",
    help="The weights after the last epoch, with a card: design, data and its licence, accuracy over seeds, versions.",
    suffixes=(".safetensors",),
    trained=True,
    write=write,
)
