"""Runs as tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from snnviz import links
from snnviz.design import Design
from snnviz.events import EpochEnd


def run_table(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """A row a run: state, title and design in a line, accuracy and rate in %, seconds, when it was created."""
    columns = ["state", "design", "accuracy", "rate", "seconds", "created", "run"]
    table = pd.DataFrame(rows, columns=columns)
    table["created"] = pd.to_datetime(table["created"], unit="s", utc=True)
    return table


def row(run: Any, last: EpochEnd | None) -> dict[str, Any]:
    """One row of `run_table` from a run and its last epoch."""
    line = links.in_a_line(run.design)
    return {
        "state": run.state,
        "design": f"{run.title} ({line})" if run.title else line,
        "accuracy": None if last is None else 100 * last.test_accuracy,
        "rate": None if last is None else 100 * last.rate,
        "seconds": run.seconds or None,
        "created": run.created,
        "run": run.run,
    }


def difference_table(named: dict[str, Design]) -> pd.DataFrame:
    """What differs between designs: a row a field, a column a run."""
    differing = links.differences(list(named.values()))
    cells = {
        name: [str(values[i]) if values[i] is not None else "–" for values in differing.values()]
        for i, name in enumerate(named)
    }
    return pd.DataFrame({"field": list(differing), **cells})
