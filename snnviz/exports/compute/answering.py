"""A process that makes exports for pages, which load no torch; the variable SNNVIZ_STORE names its store.

A request (`jobs.answers`) is ``{"id": n, "as": "script", "suffix": "", "run": "4657b0b6ac2258d2"}``. Its answer is a
`ExportedFile` as bytes: the file, or a zip of the folder, and what the report says.
"""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from snnviz.errors import InputError, Unquoted
from snnviz.exports import EXPORTS, ExportedRun, writing
from snnviz.exports.exported_file import ExportedFile
from snnviz.jobs.answers import Tell, serve_requests
from snnviz.jobs.background import NICENESS
from snnviz.store import Store

MOST_BYTES = 128_000_000
"""Largest file that a page hands out; the command line writes larger ones."""


def answer(store: Store, request: Mapping[str, Any], tell: Tell) -> bytes:
    """Returns the answer to one request. Raises `SnnvizError`."""
    form = EXPORTS[str(request["as"])]
    suffix = str(request["suffix"]) or (form.suffixes[0] if form.suffixes else "")
    source = ExportedRun(store, store.get(str(request["run"])))
    name = f"{form.name}-{source.run.run[:8]}"
    with TemporaryDirectory(prefix="snnviz-export-") as folder:
        to = Path(folder) / (name + suffix)
        report = writing.export(form, source, to, progress=tell)
        data = to.read_bytes() if form.suffixes else zip_folder(to)
    if len(data) > MOST_BYTES:
        size = Unquoted(f"{len(data) / 1e6:,.0f} MB")
        raise InputError(
            "export", f"be {MOST_BYTES / 1e6:.0f} MB at most on a page; the command line has no limit", size
        )
    notes = (*(report.proof.sentences() if report.proof else ()), *report.notes)
    return ExportedFile(name + (suffix or ".zip"), notes, data).to_bytes()


def zip_folder(folder: Path) -> bytes:
    """Returns a folder as a zip, its files below the folder's name."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, Path(folder.name) / path.relative_to(folder))
    return file.getvalue()


def main() -> None:
    """Main function of the process: answers requests from stdin until it is closed."""
    with suppress(OSError):
        os.nice(NICENESS)
    torch.set_num_threads(1)
    store = Store(check=False)
    serve_requests(lambda request, tell: answer(store, request, tell), "export")


if __name__ == "__main__":
    main()
