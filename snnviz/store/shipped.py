"""The gallery, runs that are distributed with snnviz: a read-only store that is unpacked into the cache once.

A gallery is a folder with two files: ``runs.tar.xz``, a store with the weights of some of its runs, and
``manifest.json``, which has the digest of that file and, for each run, the machine that trained it. `snnviz.gallery`
makes it. ``SNNVIZ_GALLERY`` names another folder; 0 disables the gallery.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import secrets
import shutil
import tarfile
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import select

from snnviz.errors import StoreError
from snnviz.places import ROOT, cache_dir
from snnviz.store import tables
from snnviz.store.single import SingleStore
from snnviz.store.tables import RUNS
from snnviz.store.values import Run

VARIABLE = "SNNVIZ_GALLERY"
FOLDER = ROOT / "snnviz" / "gallery" / "shipped"
"""The gallery of this release; there is none before it was made."""

ARCHIVE, MANIFEST = "runs.tar.xz", "manifest.json"
MOST_BYTES = 400_000_000
"""Of an archive that is unpacked."""

AGAIN_SECONDS = 60.0
"""After a gallery could not be opened, it is not tried again for so long."""

REVISION = -1
"""The revision of all runs that came: they never change, and those trained here count up from 0."""

_MEMBER = re.compile(r"runs\.sqlite|checkpoints/[0-9a-f]{16}\.safetensors")
_lock = threading.Lock()


@dataclass(frozen=True, eq=False)
class Shipped:
    """The opened gallery. `id`: digest of its archive. `machines`: description of the machine that trained each run,
    by name.
    """

    id: str
    store: SingleStore
    machines: Mapping[str, str]

    def mark(self, run: Run) -> Run:
        """Returns a copy of `run`, a run of the gallery, in which `machine` names the machine that trained it."""
        return replace(run, machine=self.machines.get(run.run, "an unknown machine"), revision=REVISION)

    @cached_property
    def keys(self) -> Mapping[str, str | None]:
        """The digest of each run's task, by the run's name."""
        with self.store._reading() as connection:
            found: dict[str, str | None] = dict(connection.execute(select(RUNS.c.run, RUNS.c.key)).all())
        return found

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of all runs, and the digests of their tasks."""
        return frozenset([*self.keys, *(key for key in self.keys.values() if key)])


def read_manifest(folder: Path) -> dict[str, Any]:
    """Returns the parsed ``manifest.json`` of a gallery's folder. Raises `StoreError`."""
    try:
        told = json.loads((folder / MANIFEST).read_text())
        good = isinstance(told["archive"], str) and all(
            isinstance(one["machine"], str) for one in told["runs"].values()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"What came with snnviz cannot be shown: {folder / MANIFEST} cannot be read.") from error
    if not good:
        raise StoreError(f"What came with snnviz cannot be shown: {folder / MANIFEST} is not a manifest.")
    manifest: dict[str, Any] = told
    return manifest


def gallery_folder() -> Path | None:
    """Returns the folder of the gallery; None if there is none or it is disabled."""
    named = os.environ.get(VARIABLE, "")
    folder = FOLDER if named in ("", "1") else Path(named)
    return folder if named != "0" and (folder / MANIFEST).exists() else None


_opened: dict[tuple[int, Path, Path], tuple[float, Shipped | str]] = {}


def shipped() -> Shipped | None:
    """Returns the gallery (runs distributed with snnviz), opened once per process; None if there is none, or if it
    cannot be opened (see `problem`).
    """
    folder = gallery_folder()
    if folder is None:
        return None
    place = (os.getpid(), folder, cache_dir().absolute())  # no connection is used on both sides of a fork
    with _lock:
        at, found = _opened.get(place, (-math.inf, ""))
        there = isinstance(found, Shipped) and found.store.path is not None and found.store.path.exists()
        if not there and (isinstance(found, Shipped) or time.monotonic() - at > AGAIN_SECONDS):
            try:
                found = _open(folder, place[2] / "came")
            except StoreError as error:
                found = str(error)
            _opened[place] = time.monotonic(), found
    return found if isinstance(found, Shipped) else None


def problem() -> str:
    """Returns a sentence on why the gallery (runs distributed with snnviz) cannot be shown, or which of its runs are
    outdated; "" if there is no problem.
    """
    found = shipped()
    folder = gallery_folder()
    if folder is None:
        return ""
    if found is None:
        said = _opened[os.getpid(), folder, cache_dir().absolute()][1]
        return said if isinstance(said, str) else ""
    stale = outdated(found)
    if not stale:
        return ""
    whose = f"{len(stale)} of the {len(found.machines)} runs that came with snnviz"
    return f"{whose} were trained by formulas of before: they are shown, and no design of today finds them."


def outdated(found: Shipped) -> tuple[str, ...]:
    """Returns the names of the gallery's runs that were computed by formulas which this release has changed."""
    if (known := _OUTDATED.get(found.id)) is None:
        readable = found.store.runs(limit=100_000, of=None)
        current = {run.run for run in readable if run.current}
        known = _OUTDATED[found.id] = tuple(sorted(found.machines.keys() - current))
    return known


_OUTDATED: dict[str, tuple[str, ...]] = {}


def _open(folder: Path, into: Path) -> Shipped:
    manifest = read_manifest(folder)
    ours = f"{manifest['archive']} {tables.VERSION} {sorted(map(_columns, tables.METADATA.tables.values()))}"
    place = into / hashlib.sha256(ours.encode()).hexdigest()[:16]
    if not (place / "runs.sqlite").exists():
        try:
            _unpack(folder / ARCHIVE, manifest["archive"], place)
        except (OSError, tarfile.TarError, EOFError) as error:
            why = getattr(error, "strerror", None) or "it is damaged"
            raise StoreError(
                f"What came with snnviz cannot be shown: {folder / ARCHIVE}: {str(why).lower()}."
            ) from error
    machines = {name: one["machine"] for name, one in manifest["runs"].items()}
    return Shipped(manifest["archive"], SingleStore(place / "runs.sqlite", check=False, frozen=True), machines)


def _columns(table: Any) -> tuple[str, ...]:
    return (table.name, *sorted(column.name for column in table.columns))


def _unpack(archive: Path, digest: str, place: Path) -> None:
    """Unpack beside `place` and take that name, so that nobody ever sees half of it."""
    if file_digest(archive) != digest:
        raise StoreError(f"What came with snnviz cannot be shown: {archive} is not the file that its manifest names.")
    place.parent.mkdir(parents=True, exist_ok=True)
    new = place.with_name(f".{place.name}.{secrets.token_hex(8)}")
    try:
        (new / "checkpoints").mkdir(parents=True)
        with tarfile.open(archive) as file:
            left = MOST_BYTES
            for member in file:
                left -= member.size
                if not member.isreg() or not _MEMBER.fullmatch(member.name) or left < 0:
                    raise tarfile.TarError
                file.extract(member, new, filter="data")
        opened = SingleStore(
            new / "runs.sqlite"
        )  # where its tables are of an older release, they are brought up to date
        opened.close()
        with suppress(OSError):  # somebody was faster
            new.rename(place)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    for old in place.parent.iterdir():  # of another gallery, or of whoever was killed
        if old != place and time.time() - old.stat().st_mtime > 3600:
            shutil.rmtree(old, ignore_errors=True)


def file_digest(path: Path) -> str:
    """Returns the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def elsewhere(found: Shipped | None, names: Iterable[str]) -> list[str]:
    """Returns those of `names` (names of runs or digests of their tasks) that are runs of the gallery (distributed with
    snnviz); [] if there is none.
    """
    return [] if found is None else [name for name in names if name in found.names]
