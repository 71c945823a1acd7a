"""The rows that a run reported, as one table: CSV, JSON or Parquet."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, cast

import pandas as pd

from snnviz.exports.form import Export, ExportedRun, ProgressCallback
from snnviz.exports.report import Report
from snnviz.tasks import KINDS

FIRST = ("run", "table", "step", "epoch", "layer", "name")
"""Columns that come first."""


def rows(source: ExportedRun) -> Iterator[dict[str, Any]]:
    """Yields every row of a run, in the order of the store: the run's name, the table, and the row's own fields."""
    for kind in KINDS.kind_of(source.run.task).rows:
        names = [each.name for each in fields(cast(Any, kind))]
        for _, row in source.store.rows(source.run.run, kind):
            yield {"run": source.run.run, "table": kind.table, **{name: getattr(row, name) for name in names}}


def frame(found: list[dict[str, Any]]) -> pd.DataFrame:
    """Returns rows as one table; what a row does not have is empty."""
    table = pd.DataFrame(found)
    first = [name for name in FIRST if name in table]
    return table[[*first, *(name for name in table if name not in first)]]


def write(source: ExportedRun, path: Path, progress: ProgressCallback) -> Report:
    """Writes the rows by the suffix of `path`."""
    found = [row for each in source.each_run() for row in rows(each)]
    if path.suffix.lower() == ".json":
        path.write_text(json.dumps([_finite(row) for row in found], allow_nan=False) + "\n", encoding="utf-8")
    elif path.suffix.lower() == ".parquet":
        frame(found).to_parquet(path, index=False)
    else:
        frame(found).to_csv(path, index=False)
    progress(1.0)
    kinds = ", ".join(dict.fromkeys(row["table"] for row in found))
    return Report(notes=(f"{len(found):,} rows of {kinds}." if found else "The run has reported no rows.",))


def _finite(row: dict[str, Any]) -> dict[str, Any]:
    """JSON has no infinite numbers."""
    return {name: None if isinstance(x, float) and not math.isfinite(x) else x for name, x in row.items()}


EXPORT = Export(
    name="rows",
    label="Rows (CSV, JSON, Parquet)",
    help="Every number that the run reported: losses, accuracies, the state of each layer over training.",
    suffixes=(".csv", ".json", ".parquet"),
    trained=False,
    write=write,
    several=True,
)
