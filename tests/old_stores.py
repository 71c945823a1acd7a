"""The stores of earlier releases in `tests/golden/stores` (made by `benchmarks/old_stores.py`), and what is in them."""

from __future__ import annotations

import json
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from snnviz.design.submitted import Task
from snnviz.tasks import KINDS

GOLDEN = Path(__file__).parent / "golden"

ORDER = {"summaries": "run, metric", "designs": "text"}
"""Of tables without numbers of rows."""

PLACES = {"initialisation": "init", "Neuron.learn": "neuron.learn"}
"""Where in a design that is which `revisions.json` names."""

Table = list[dict[str, Any]]


@dataclass(frozen=True)
class Old:
    """A task as an earlier release knew it. `document`: as it was stored; `link`: of a design, as it was written."""

    kind: str
    state: str
    run: str
    document: dict[str, Any]
    link: str | None
    day: str

    @property
    def task(self) -> Task:
        """As it is today: what came since is what its absence means."""
        found: Task = KINDS[self.kind].value.restore(json.dumps(self.document))
        return found

    @property
    def mended(self) -> bool:
        """Whether what it uses trains differently since the day on which its release was made."""
        document = self.task.document()
        design = document.get("design", document)
        return any(
            self.day < entry["date"] and _at(design, PLACES[entry["part"]]) in entry["kinds"] for entry in _revisions()
        )


def _at(design: Any, path: str) -> Any:
    for name in path.split("."):
        design = design.get(name) if isinstance(design, dict) else None
    return design.get("kind") if isinstance(design, dict) else design


@lru_cache
def _revisions() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((GOLDEN / "revisions.json").read_text())
    return found


@lru_cache
def manifest() -> dict[str, tuple[Old, ...]]:
    """What is in each store, by the release that wrote it."""
    found = json.loads((GOLDEN / "stores" / "manifest.json").read_text())
    return {
        name: tuple(
            Old(each["kind"], each["state"], each["run"], each["task"], each.get("link"), one["day"])
            for each in one["tasks"]
        )
        for name, one in found.items()
    }


def unpack(release: str, folder: Path) -> Path:
    """The store of a release, as a file in a folder."""
    with tarfile.open(GOLDEN / "stores" / f"{release}.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return folder / "runs.sqlite"


def tables(path: Path) -> dict[str, Table]:
    """All that a file holds, by SQLite alone, in the order of its keys."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            name: [dict(row) for row in connection.execute(f"SELECT * FROM {name} ORDER BY {order}")]
            for name in sorted(names)
            for order in (ORDER.get(name, "rowid"),)
            if not name.startswith("sqlite_")
        }


def lost(before: dict[str, Table], after: dict[str, Table]) -> Iterator[str]:
    """What of the rows that runs reported is not there any more, or is another."""
    for name, rows in before.items():
        if name in ("runs", "snnviz_store", "supervisors", "summaries"):  # the last follows from the others
            continue
        kept = {row["seq"]: row for row in after.get(name, [])}
        for row in rows:
            now = kept.get(row["seq"], {})
            if {column: now.get(column) for column in row} != row:
                yield f"{name} {row['seq']}: {row} is now {now}"
