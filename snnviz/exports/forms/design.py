"""The design of a run, as JSON: what the command line and the Design page read."""

from __future__ import annotations

import json
from pathlib import Path

from snnviz.design.links import to_query
from snnviz.exports.form import Export, ExportedRun, ProgressCallback
from snnviz.exports.report import Report


def write(source: ExportedRun, path: Path, progress: ProgressCallback) -> Report:
    """Writes every field of the design as JSON; the report has its link."""
    design = source.design
    path.write_text(json.dumps(design.document(), indent=1, allow_nan=False) + "\n", encoding="utf-8")
    progress(1.0)
    return Report(notes=(f"Its link on a server of snnviz: /design?{to_query(design)}",))


EXPORT = Export(
    name="design",
    label="Design (JSON)",
    help="Every field of the design; python -m snnviz run reads it.",
    suffixes=(".json",),
    trained=False,
    write=write,
)
