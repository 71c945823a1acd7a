"""Tables of runs, and short names for runs that are compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.views.changes import label, value
from snnviz.views.numbers import table_value

LONGEST = 44
"""Longest name in a legend, in characters."""

SHORT = {
    "network.kind": "network",
    "neuron.kind": "neurons",
    "network.blocks": "blocks",
    "data.name": "",
    "init.kind": "",
}
"""Short labels of fields with long ones."""


def design_line(design: Design) -> str:
    """Returns a design in a few words, with the labels of the pages."""
    return links.one_line_summary(design, _field)


def run_table(rows: Sequence[dict[str, Any]], metrics: Sequence[str] = ("accuracy", "rate", "seconds")) -> pd.DataFrame:
    """Returns a table with a row for each run: state, title and design, these metrics (shares in %), time of creation.

    Rare properties come first in a design's text, so that rows differ where long texts are cut off.
    """
    told: dict[str, Any] = {name: [one.get(name) for one in rows] for name in ("state", "design")}
    told |= {name: np.array([one.get(name) for one in rows], dtype=float) for name in metrics}
    table = pd.DataFrame(told | {name: [one.get(name) for one in rows] for name in ("created", "run")})
    words = [one["design"].split(" · ") for one in rows]
    common = Counter(word for line in words for word in dict.fromkeys(line))
    texts = [" · ".join([*line[:2], *sorted(line[2:], key=lambda word: common[word])]) for line in words]
    table["design"] = [
        f"{one['title']} ({text})" if one["title"] else text for one, text in zip(rows, texts, strict=True)
    ]
    table["created"] = pd.to_datetime(table["created"], unit="s", utc=True)
    return table


def row(run: Any, values: Mapping[str, float | None]) -> dict[str, Any]:
    """Returns one row of `run_table`, by column, for a run and its metrics."""
    return {
        "state": run.state,
        "design": design_line(run.design),
        "title": run.title,
        **{name: table_value(name, value) for name, value in values.items()},
        "created": run.created,
        "run": run.run,
    }


def short_names(designs: Sequence[Design], titles: Sequence[str]) -> list[str]:
    """Returns a name for each of these runs: its number and title, or how its design differs from most others."""
    apart = _apart(designs)
    counts = {path: Counter(map(str, values)) for path, values in apart.items()}
    names = []
    for place, title in enumerate(titles):
        mine = {path: values[place] for path, values in apart.items() if values[place] is not None}
        often = {path: counts[path][str(given)] for path, given in mine.items()}
        rare = [path for path in mine if often[path] <= len(designs) / 2] or list(mine)[:3]
        said = [_field(path, mine[path]) for path in sorted(rare, key=often.__getitem__)]
        name = title or ", ".join(said) or design_line(designs[place])
        name = name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"
        if (precision := designs[place].training.precision) != "float32" and precision not in name:
            name = f"{name}, {precision}"
        names.append(f"{place + 1}: {name}")
    return names


def difference_table(designs: Sequence[Design]) -> pd.DataFrame:
    """Returns a table of the fields in which designs differ: a row for each design, numbered from 1, a column for each
    field.
    """
    differing = links.differences(list(designs))
    labels = Counter(label(path) for path in differing)
    columns = {
        label(path) if labels[label(path)] == 1 else f"{label(path)} ({path})": [
            "–" if given is None else value(path, given) for given in values
        ]
        for path, values in differing.items()
    }
    return pd.DataFrame({"no.": range(1, len(designs) + 1), **columns})


def _apart(designs: Sequence[Design]) -> dict[str, list[Any]]:
    """What differs among them, kinds first; of fields that set the same ones apart from the others the first alone."""
    differing = links.differences(list(designs))
    found: dict[tuple[int, ...], str] = {}
    for path in sorted(differing, key=lambda path: not path.endswith((".kind", ".code"))):
        texts = [str(given) for given in differing[path]]
        found.setdefault(tuple(texts.index(text) for text in texts), path)
    return {path: differing[path] for path in found.values()}


def _field(path: str, given: Any) -> str:
    """A field and its value, in the words of the pages."""
    if path == "neuron.kind":
        return f"{value(path, given)} neurons"
    if path == "network.code":
        return "TTFS" if given == "ttfs" else "rate code"
    if path == "network.blocks" and isinstance(given, str):  # the numbers of those that were drawn
        drawn = [str(number) for number, matrix in enumerate(given.split(";"), 1) if matrix]
        return f"blocks {' '.join(drawn)} drawn" if drawn else "blocks as the original"
    if path == "network.edges":
        return value(path, given) if value(path, given) != "none" else "no skips"
    name = SHORT.get(path, label(path))
    name = name if name[1:2].isupper() else name[:1].lower() + name[1:]
    return f"{name} {value(path, given)}".strip()
