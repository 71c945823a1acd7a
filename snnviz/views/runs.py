"""Runs as tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from snnviz import adjacency, links
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
        "rate": None if last is None or last.rate is None else 100 * last.rate,
        "seconds": run.seconds or None,
        "created": run.created,
        "run": run.run,
    }


def short_names(designs: Sequence[Design], titles: Sequence[str]) -> list[str]:
    """A name for each run among these: its title, or what sets its design apart. Different for different runs."""
    differing = links.differences(list(designs))
    names = []
    for place, title in enumerate(titles):
        mine = {path: values[place] for path, values in differing.items() if values[place] is not None}
        if isinstance(text := mine.get("network.edges"), str):
            mine["network.edges"] = adjacency.in_words(adjacency.parse(text))
        if isinstance(text := mine.get("network.blocks"), str):  # the numbers of those that were drawn
            drawn = [str(number) for number, matrix in enumerate(text.split(";"), 1) if matrix]
            mine["network.blocks"] = f"{' '.join(drawn)} drawn" if drawn else "as the original"
        apart = [f"{path.rsplit('.', 1)[-1].replace('edges', '')} {value}".strip() for path, value in mine.items()]
        name = title or ", ".join(apart[:3]) or links.in_a_line(designs[place])
        name = name if len(name) <= 40 else name[:39] + "…"
        if (precision := designs[place].training.precision) != "float32" and precision not in name:
            name = f"{name}, {precision}"
        names.append(f"{place + 1}: {name}")
    return names


def difference_table(named: dict[str, Design]) -> pd.DataFrame:
    """What differs between designs: a row a field, a column a run."""
    differing = links.differences(list(named.values()))
    cells = {
        name: [str(values[i]) if values[i] is not None else "–" for values in differing.values()]
        for i, name in enumerate(named)
    }
    return pd.DataFrame({"field": list(differing), **cells})
