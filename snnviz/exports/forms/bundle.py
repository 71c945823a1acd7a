"""Runs as a bundle: an RO-Crate that another snnviz imports, shows, and trains again."""

from __future__ import annotations

import json
import math
import zipfile
from dataclasses import fields
from pathlib import Path
from typing import Any, cast

import numpy as np
from safetensors.numpy import save

from snnviz import __version__
from snnviz.design.design import Design
from snnviz.errors import InputError
from snnviz.events import Branch, EpochEnd, LayerState, Sample
from snnviz.exports.bundle.crate import METADATA, crate
from snnviz.exports.card import card
from snnviz.exports.form import Export, ExportedRun, ProgressCallback
from snnviz.exports.report import Report
from snnviz.jobs import machine
from snnviz.tasks import KINDS
from snnviz.views.run import run_charts


def write(source: ExportedRun, path: Path, progress: ProgressCallback) -> Report:
    """Writes the bundle of a run, or of several (`additional_runs`). Raises `InputError` for a run that is not done."""
    cards: list[dict[str, Any]] = []
    files: dict[str, bytes] = {}
    sources = [*source.each_run()]
    for number, each in enumerate(sources):
        if type(each.run.task) is not Design or each.run.state != "done":
            raise InputError("run", "be a run of a design, done", each.run.run)
        about = card(each) | {"machine": each.run.machine or machine.description(), "seconds": each.run.seconds}
        cards.append(about)
        own = {
            "design.json": _json(each.design.document()),
            "rows.json": _json(_rows(each)),
            "figures.json": _json(_figures(each)),
            "card.json": _json(about),
        }
        if each.has_weights:
            arrays = {name: np.asarray(array, order="C") for name, array in each.checkpoint.arrays.items()}
            own["weights.safetensors"] = bytes(save(arrays, metadata={"epoch": str(each.checkpoint.epoch)}))
        files |= {f"runs/{each.run.run}/{name}": content for name, content in own.items()}
        progress((number + 1) / len(sources))
    finished = max(each.run.finished or each.run.created for each in sources)
    described = crate(cards, files, __version__, finished)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(METADATA, _json(described))
        for name, content in files.items():
            archive.writestr(name, content)
    weights = sum(name.endswith(".safetensors") for name in files)
    contents = (
        f"{len(cards)} runs, {weights} with weights." if len(cards) > 1 else f"One run, {weights or 'no'} weights."
    )
    return Report(notes=(contents, "python -m snnviz bundle imports it, and with --verify trains it again."))


def _rows(source: ExportedRun) -> dict[str, list[dict[str, Any]]]:
    """The rows by table; numbers that JSON lacks as text."""
    found: dict[str, list[dict[str, Any]]] = {}
    for kind in KINDS.kind_of(source.run.task).rows:
        names = [each.name for each in fields(cast(Any, kind))]
        rows = [row for _, row in source.store.rows(source.run.run, kind)]
        found[kind.table] = [{name: _number(getattr(row, name)) for name in names} for row in rows]
    return found


def _number(value: Any) -> Any:
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _figures(source: ExportedRun) -> dict[str, Any]:
    samples, layers, epochs, branches = (
        [row for _, row in source.store.rows(source.run.run, cast(Any, kind))]
        for kind in (Sample, LayerState, EpochEnd, Branch)
    )
    return {chart.id: chart.figure for chart in run_charts(samples, layers, epochs, branches)}


def _json(value: Any) -> bytes:
    return json.dumps(value, allow_nan=False, indent=1).encode()


EXPORT = Export(
    name="bundle",
    label="Bundle (RO-Crate)",
    help="Design, rows, figures, weights and their description in one zip, which another snnviz imports and retrains.",
    suffixes=(".zip",),
    trained=False,
    write=write,
    several=True,
)
