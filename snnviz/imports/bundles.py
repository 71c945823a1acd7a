"""Bundles of runs: what is in one, imported into a store, and repeated.

A bundle comes from strangers. Nothing in it is run or unpacked to the disk, names of files in it are never paths, and
how much is read is bounded; whatever else it holds ends in one sentence (`InputError`).
"""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load

from snnviz.data.files.opening import printable
from snnviz.design.design import Design
from snnviz.errors import InputError, SnnvizError, Unquoted
from snnviz.events import Checkpoint, EpochEnd, Predictions, Row
from snnviz.exports.bundle.crate import METADATA, SPECIFICATION
from snnviz.graph.architectures import build_architecture
from snnviz.imports.imported import placeholder_weights
from snnviz.store import Store
from snnviz.tasks import KINDS
from snnviz.theory.predictions import correct_images, predicted_classes

MOST_RUNS = 10_000
MOST_TEXT = 64_000_000
MOST_NAME, MOST_LABELS = 400, 2_000_000
MOST_WEIGHTS = 1_000_000_000
"""Bytes of a file of text, and of the weights of a run, when they are unpacked."""

TTFS_BUFFERS = {"windows"}
"""What TTFS networks keep besides; its shape follows from the training images."""


@dataclass(frozen=True)
class BundledRun:
    """A run of a bundle: its name there, its design, its rows, and whatever the card says of it."""

    name: str
    design: Design
    rows: tuple[Row, ...]
    card: Mapping[str, Any]
    weights: Checkpoint | None


class Bundle:
    """An opened bundle. Raises `InputError` if it is none."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except OSError as error:
            raise InputError("file", f"be readable ({(error.strerror or 'it is not').lower()})", str(path)) from None
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise _broken(error) from None
        self._names = {*self._zip.namelist()}
        about = self._json(METADATA)
        graph = about.get("@graph") if isinstance(about, dict) else None
        if not isinstance(graph, list) or SPECIFICATION not in json.dumps(graph[:1]):
            raise InputError("file", f"be a bundle, with {METADATA} of RO-Crate 1.1", path.name)
        found = {match[1] for name in self._names if (match := re.fullmatch(r"runs/([0-9a-f]{16})/design\.json", name))}
        if not 0 < len(found) <= MOST_RUNS:
            raise InputError("file", f"have 1 to {MOST_RUNS:,} runs", Unquoted(f"{len(found):,}"))
        self.names = sorted(found)

    def close(self) -> None:
        """Closes the file."""
        self._zip.close()

    def runs(self) -> Iterator[BundledRun]:
        """Yields the runs, one after the other. Raises `InputError` with the first thing that is wrong."""
        for name in self.names:
            try:
                yield self._run(name)
            except InputError as error:
                raise InputError(f"run {name}", f"be whole: {error}", Unquoted("it")) from None

    def _run(self, name: str) -> BundledRun:
        folder = f"runs/{name}/"
        design = Design.check(self._json(folder + "design.json"))
        rows = self._json(folder + "rows.json")
        card = self._json(folder + "card.json") if folder + "card.json" in self._names else {}
        weights = folder + "weights.safetensors"
        kept = self._weights(weights, design) if weights in self._names else None
        return BundledRun(name, design, tuple(_rows(rows)), card if isinstance(card, dict) else {}, kept)

    def _json(self, name: str) -> Any:
        try:
            return json.loads(self._read(name, MOST_TEXT), parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise _broken(error) from None

    def _weights(self, name: str, design: Design) -> Checkpoint:
        data = self._read(name, MOST_WEIGHTS)
        try:
            arrays = load(data)
        except (SafetensorError, ValueError, KeyError, TypeError, OverflowError) as error:
            raise _broken(error) from None
        architecture = build_architecture(design)
        if 4 * sum(layer.parameters for layer in architecture.layers) > len(data):
            raise InputError("weights", "be of this network: it has more", Unquoted(f"{len(data):,} bytes"))
        expected = placeholder_weights(design, architecture)
        for each in sorted(({*arrays} ^ {*expected}) - TTFS_BUFFERS):
            raise InputError(
                "weights", f"be of this network: {each} is {'missing' if each in expected else 'not in it'}", each
            )
        for each, value in arrays.items():
            if each in expected and expected[each].shape != value.shape:
                raise InputError("weights", f"be of this network: {each} is {expected[each].shape}", value.shape)
        return Checkpoint(design.training.epochs, arrays)

    def _read(self, name: str, most: int) -> bytes:
        """What a file holds, at most so many bytes of it."""
        try:
            with self._zip.open(name) as file:
                found = file.read(most + 1)
        except KeyError:
            raise InputError("file", f"have {name}", Unquoted("none")) from None
        except Exception as error:  # zlib, lzma, bz2, struct and zipfile each have their own
            raise _broken(error) from None
        if len(found) > most:
            raise InputError("file", f"hold {most / 1e6:,.0f} MB at most in {name}", Unquoted("more"))
        return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _broken(error: Exception) -> InputError:
    why = printable(str(error))[:80] or type(error).__name__
    return InputError("file", f"be a bundle that is whole ({why})", Unquoted("one that is not"))


def _rows(given: Any) -> Iterator[Row]:
    """Rows by table, as values. Raises `InputError`."""
    kinds = {kind.table: kind for kind in KINDS["run"].rows}
    if not isinstance(given, dict) or {*given} - {*kinds}:
        raise InputError("rows", f"be of the tables {', '.join(kinds)}", Unquoted("others"))
    for table, rows in given.items():
        adapter: TypeAdapter[Any] = TypeAdapter(kinds[table])
        if not isinstance(rows, list):
            raise InputError("rows", f"be a list of {table}", Unquoted("another thing"))
        try:
            for given_row in rows:
                row = adapter.validate_python(given_row)
                _require_sane(row)
                yield row
        except (ValidationError, RecursionError) as error:
            first = error.errors()[0]["msg"] if isinstance(error, ValidationError) else "it is nested"
            raise InputError("rows", f"be rows of {table} ({first.lower()[:60]})", Unquoted("others")) from None


def _require_sane(row: Row) -> None:
    """Raises `InputError` for numbers that no store holds, long texts, and predictions that cannot be unpacked."""
    for each in fields(cast(Any, row)):
        value = getattr(row, each.name)
        if isinstance(value, int) and abs(value) > 2**53:
            raise InputError(f"rows.{row.table}.{each.name}", "be a number that a store holds", value)
        if isinstance(value, str) and len(value) > (MOST_LABELS if isinstance(row, Predictions) else MOST_NAME):
            raise InputError(f"rows.{row.table}.{each.name}", "be shorter", Unquoted(f"{len(value):,} characters"))
    if isinstance(row, Predictions):
        try:
            whole = 0 < row.images <= MOST_LABELS and len(predicted_classes(row)) == row.images == len(
                correct_images(row)
            )
        except (ValueError, zlib.error):
            whole = False
        if not whole:
            raise InputError("rows.predictions", "have a class of each image", Unquoted("others"))


@dataclass(frozen=True)
class ImportedRun:
    """What became of a run of a bundle: its name in the store, and whether it was there before."""

    run: str
    existed: bool
    message: str


def import_run(store: Store, found: BundledRun) -> ImportedRun:
    """Puts a run into the store, done, with its rows and weights; one whose design is there already stays as it is.

    Raises `InputError` for rows without a last epoch, and what `Store` raises.
    """
    if not any(isinstance(row, EpochEnd) and row.epoch == found.design.training.epochs for row in found.rows):
        raise InputError(f"run {found.name}", "have the end of its last epoch", Unquoted("none"))
    submitted = store.submit(found.design)
    claim = store.claim("bundle", submitted.run) if submitted.created else None
    if claim is None:
        return ImportedRun(submitted.run, True, "was there already, and stays as it is")
    try:
        machine = str(found.card.get("machine", "an unknown machine"))[:200]
        seconds = found.card.get("seconds")
        lasted = float(seconds) if isinstance(seconds, int | float) and 0 <= seconds < 1e9 else 0.0
        store.append_rows(claim.run, claim.attempt, found.rows, seconds=lasted)
        if found.weights is not None:
            store.save_checkpoint(claim.run, claim.attempt, found.weights)
        note = "".join(c for c in f"It came in a bundle; trained on {machine}." if c.isprintable())
        store.add_note(claim.run, claim.attempt, note)
        store.finish(claim.run, claim.attempt, "done")
    except SnnvizError:
        store.finish(claim.run, claim.attempt, "failed", "It could not be imported whole.")
        raise
    title = found.card.get("title")
    if isinstance(title, str) and title:
        store.rename(claim.run, title[:200])
    return ImportedRun(claim.run, False, "was imported")


@dataclass(frozen=True)
class Replication:
    """Whether a run that was computed again is equal to the bundle's, bit for bit, or what differs first."""

    run: str
    equal: bool
    message: str


def retrain_and_compare(found: BundledRun) -> Iterator[float | Replication]:
    """Trains a design again, here, and yields the progress, 0 to 1, and at the end whether every row and every weight
    is that of the bundle.
    """
    from snnviz.core.execute import execute
    from snnviz.events import Progress

    wanted = {(type(row), *(getattr(row, name) for name in row.key)): row for row in found.rows}
    last: Checkpoint | None = None
    seen = 0
    for event in execute(found.design):
        if isinstance(event, Progress):
            yield event.step / max(1, event.steps)
        elif isinstance(event, Checkpoint):
            last = event
        elif isinstance(event, Row):
            key = (type(event), *(getattr(event, name) for name in event.key))
            seen += 1
            if repr(wanted.get(key)) != repr(event):
                at = ", ".join(f"{name} {value}" for name, value in zip(event.key, key[1:], strict=True))
                yield Replication(found.name, False, f"differs in {event.table} at {at}")
                return
    if seen != len(found.rows):
        yield Replication(found.name, False, f"has {len(found.rows):,} rows, where {seen:,} were computed")
    elif found.weights is not None and (name := _other_weight(found.weights, last)):
        yield Replication(found.name, False, f"has the same rows, and other weights in {name}")
    else:
        yield Replication(
            found.name, True, f"is equal, bit for bit: {seen:,} rows" + " and all weights" * bool(found.weights)
        )


def _other_weight(ours: Checkpoint, theirs: Checkpoint | None) -> str:
    """The name of the first array that differs, "" if none does."""
    arrays = theirs.arrays if theirs else {}
    for name, value in ours.arrays.items():
        if name not in arrays or arrays[name].tobytes() != value.tobytes():
            return name
    return ""
