"""The script as a notebook, with explanations, its weights and images beside it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from snnviz.exports.form import Export, ExportedRun, ProgressCallback
from snnviz.exports.forms.script import fill
from snnviz.exports.report import Report
from snnviz.exports.script.notebook import notebook


def write(source: ExportedRun, path: Path, progress: ProgressCallback) -> Report:
    """Fills a folder as the script does, the same lines being in the cells of a notebook; they are proven as a script.

    Raises as `forms.script.write`.
    """
    report, text = fill(source, path, progress)
    (path / "network.py").unlink()
    (path / "network.ipynb").write_text(json.dumps(notebook(text), indent=1) + "\n", encoding="utf-8")
    how_to_run = "It runs with pip install torch snntorch safetensors numpy jupyter, in a folder with its files."
    return replace(report, notes=(how_to_run,))


EXPORT = Export(
    name="notebook",
    label="Notebook (Jupyter)",
    help="The script in cells, with explanations and a picture of the spikes of each layer.",
    suffixes=(),
    trained=True,
    write=write,
)
