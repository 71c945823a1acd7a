"""The stored metrics of each ended run, so that a list of many runs need not read rows of layers.

A summary follows from the rows of its run: it is computed again if it is missing, damaged or out of date. So new
metrics, older stores and processes that died before writing a summary need no special treatment.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from sqlalchemy import Executable, bindparam, delete, select

from snnviz.errors import StoreError
from snnviz.store import opening, reading
from snnviz.store.batch_reads import BatchReads
from snnviz.store.tables import DESIGNS, RUNS, SUMMARIES

PATIENT_MILLISECONDS = 250
"""How long to wait for another writer, in milliseconds; short, as readers of runs also write summaries."""


class StoredMetric(NamedTuple):
    """A metric of an ended run, as the store keeps it.

    `value`: None if the run has none. `revision`: of the metric's formula. `finished`: when the run ended. `measured`:
    when a later measurement of it ended, or None. Times in seconds since 1970.
    """

    value: float | None
    revision: int
    finished: float
    measured: float | None


Summary = Mapping[str, StoredMetric]
"""Stored metrics by name."""


class Summaries(BatchReads):
    """The methods of `Store` that read and write summaries; metrics are computed in `store.metrics`."""

    def summaries(self, runs: Iterable[str] | None, metrics: Iterable[str]) -> dict[str, dict[str, StoredMetric]]:
        """Returns the stored values of these metrics for each run (None: for all runs), by the runs' own names; damaged
        ones are left out.
        """
        columns = (SUMMARIES.c[name] for name in ("run", "metric", *StoredMetric._fields, "crc"))
        asked = [SUMMARIES.c.metric.in_([*metrics])]
        if runs is not None:
            asked.append(SUMMARIES.c.run.in_([*runs]))
        with self._reading() as connection:
            rows = connection.execute(select(*columns).where(*asked)).all()
        found: dict[str, dict[str, StoredMetric]] = {}
        for run, metric, value, revision, finished, measured, crc in rows:
            if crc == _checksum(run, metric, value, revision, finished, measured):
                found.setdefault(run, {})[metric] = StoredMetric(value, revision, finished, measured)
        return found

    def summarise(self, summaries: Mapping[str, Summary]) -> None:
        """Stores summaries by run, replacing earlier ones. Does nothing if the store cannot be written at the
        moment.
        """
        rows = [_columns(run, metric, kept) for run, summary in summaries.items() for metric, kept in summary.items()]
        if not rows or self.readonly:
            return
        new = self._insert(SUMMARIES)
        taken = {column.name: new.excluded[column.name] for column in SUMMARIES.columns if not column.primary_key}
        self._write_aside(new.on_conflict_do_update(index_elements=["run", "metric"], set_=taken), rows)

    def _write_aside(self, statement: Executable, rows: Sequence[Mapping[str, object]]) -> None:
        """Writes what can be computed again, and gives up if another writer does not finish soon."""
        with suppress(StoreError), opening.translate_errors(self.place), self._writer.connect() as connection:
            if self.path is not None:
                opening.raw_sqlite_connection(connection).execute(f"PRAGMA busy_timeout = {PATIENT_MILLISECONDS}")
            try:
                with connection.begin():
                    connection.execute(statement, rows)
            finally:
                if self.path is not None:
                    opening.raw_sqlite_connection(connection).execute(
                        f"PRAGMA busy_timeout = {round(1000 * opening.BUSY_SECONDS)}"
                    )

    def finished_times(self, names: Iterable[str]) -> dict[str, float | None]:
        """Returns when runs ended, by name and by digest; unknown runs are left out."""
        columns = select(RUNS.c.run, RUNS.c.key, RUNS.c.finished)
        with self._reading() as connection:
            rows = connection.execute(columns.where(reading.has_name_or_key([*names]), RUNS.c.state != "deleted")).all()
        return {name: row.finished for row in rows for name in (row.run, row.key) if name}

    def indexed_designs(self, release: str) -> dict[str, tuple[str, str]]:
        """Returns the key and the settings of each design that `release` has indexed, by the digest of its stored text.

        Damaged entries are left out.
        """
        columns = select(*(DESIGNS.c[name] for name in ("text", "key", "settings", "crc")))
        with self._reading() as connection:
            rows = connection.execute(columns.where(DESIGNS.c.release == release)).all()
        return {text: (key, told) for text, key, told, crc in rows if crc == _text_checksum(text, key, told)}

    def index_designs(self, release: str, designs: Mapping[str, tuple[str, str]]) -> None:
        """Stores the key and the settings of designs, by the digest of their text, for `indexed_designs`.

        Does nothing if the store cannot be written now.
        """
        rows = [
            {"text": text, "key": key, "settings": told, "release": release, "crc": _text_checksum(text, key, told)}
            for text, (key, told) in designs.items()
        ]
        if not rows or self.readonly:
            return
        new = self._insert(DESIGNS)
        taken = {column.name: new.excluded[column.name] for column in DESIGNS.columns if not column.primary_key}
        self._write_aside(new.on_conflict_do_update(index_elements=["text"], set_=taken), rows)

    def forget_designs(self, texts: Sequence[str]) -> None:
        """Removes the entries that `index_designs` stored for these digests. Does nothing if the store cannot be
        written now.
        """
        if texts and not self.readonly:
            gone = delete(DESIGNS).where(DESIGNS.c.text == bindparam("gone"))
            self._write_aside(gone, [{"gone": text} for text in texts])


def _text_checksum(*parts: str) -> int:
    return zlib.crc32("\0".join(parts).encode())


def _columns(run: str, metric: str, kept: StoredMetric) -> dict[str, object]:
    value = None if kept.value is None or math.isnan(kept.value) else kept.value + 0.0  # as SQLite keeps them
    kept = kept._replace(value=value)
    return {"run": run, "metric": metric, **kept._asdict(), "crc": _checksum(run, metric, *kept)}


def _checksum(
    run: str, metric: str, value: float | None, revision: int, finished: float, measured: float | None
) -> int:
    """CRC-32 of the packed numbers: a page looks at thousands, and to write floats in digits takes longer."""
    numbers = [math.nan if number is None else number for number in (value, finished, measured)]
    return zlib.crc32(_NUMBERS.pack(revision, *numbers), zlib.crc32(f"{run}\0{metric}".encode()))


_NUMBERS = struct.Struct("<qddd")
