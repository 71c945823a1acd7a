"""A PyTorch script with snntorch: the network as a person would write it, its weights and images beside it."""

from __future__ import annotations

import json
from pathlib import Path

from snnviz.exports.card import card
from snnviz.exports.form import Export, ExportedRun, ProgressCallback
from snnviz.exports.report import Report
from snnviz.exports.script.assembly import check, write_script


def write(source: ExportedRun, path: Path, progress: ProgressCallback) -> Report:
    """Fills a folder with the script, its weights and its images, and proves the script.

    Raises `InputError` for a design that cannot be written yet, and `ProofFailed`.
    """
    return fill(source, path, progress)[0]


def fill(source: ExportedRun, path: Path, progress: ProgressCallback) -> tuple[Report, str]:
    """Does what `write` does, and also returns the text of the script."""
    design, run = source.design, source.run.run
    check(design)
    from snnviz.exports.compute import files, proving  # torch takes a second

    found, arrays = files.split(design), source.checkpoint.arrays
    files.require_small(found)
    script = write_script(design, run, files.white(found), files.test_batch(design))
    (path / "network.py").write_text(script.text, encoding="utf-8")
    about = card(source)
    weights, named = files.script_weights(design, arrays, script.names), {"card": json.dumps(about, allow_nan=False)}
    files.write_weights(path / "weights.safetensors", weights, named)
    proof = proving.prove_script(design, arrays, path, script.neurons, progress)
    if (before := files.initial_weights(design, script.names)) is not None:
        files.write_weights(path / "initial.safetensors", before, {})
    (path / "data.safetensors").write_bytes(files.images_file(found, {"licence": about["data"]["licence"]}))
    how_to_run = "It runs with pip install torch snntorch safetensors numpy, in a folder with its files."
    return Report(proof, (how_to_run,)), script.text


EXPORT = Export(
    name="script",
    label="PyTorch script (snntorch)",
    help="The network in snntorch with its training loop, weights and images; it runs without snnviz.",
    suffixes=(),
    trained=True,
    write=write,
)
