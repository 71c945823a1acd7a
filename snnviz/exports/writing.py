"""Writes an export to where a person wants it: complete or not at all, and over nothing that is there."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from snnviz.errors import InputError
from snnviz.exports.form import Export, ExportedRun, ProgressCallback
from snnviz.exports.report import Report


def export(
    form: Export, source: ExportedRun, to: Path, *, force: bool = False, progress: ProgressCallback = lambda _: None
) -> Report:
    """Writes `form` of a run to the file or folder `to`, and returns its report.

    force: files that exist are replaced; in a folder only those of the same names, and nothing is deleted. Raises
    `InputError` for a place that cannot be written, or has a file of that name, and what `form.write` raises; then
    nothing is written.
    """
    if source.additional_runs and not form.several:
        raise InputError("run", f"be a single one for {form.name}", f"{1 + len(source.additional_runs)} runs")
    to = _target(form, to)
    if to.exists() and form.suffixes and not force:
        raise InputError("to", "name a file that does not exist; --force replaces it", str(to))
    if form.trained:
        source.checkpoint  # noqa: B018 (raises where there is none, before anything is made)
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{to.name}.", dir=to.parent))
    except OSError as error:
        raise InputError("to", "be a place that can be written", f"{to} ({error.strerror})") from None
    try:
        made = folder / to.name
        if not form.suffixes:
            made.mkdir()
        report = form.write(source, made, progress)
        _move(made, to, force=force)
    except OSError as error:
        raise InputError("to", "be a place that can be written", f"{to} ({error.strerror})") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return report


def _target(form: Export, to: Path) -> Path:
    """Where the file or folder goes, with the usual suffix where none was given."""
    to = Path(os.path.abspath(to))
    if not form.suffixes:
        if to.exists() and not to.is_dir():
            raise InputError("to", "name a folder, as there are several files", str(to))
        return to
    if to.is_dir():
        raise InputError("to", f"name a file, such as {to.name}/run{form.suffixes[0]}", str(to))
    if not to.suffix:
        return to.with_name(to.name + form.suffixes[0])
    if to.suffix.lower() not in form.suffixes:
        raise InputError("to", f"end in {' or '.join(form.suffixes)}", to.name)
    return to


def _move(made: Path, to: Path, *, force: bool) -> None:
    """Each file takes its place in one step."""
    if made.is_file():
        os.replace(made, to)
        return
    files = sorted(path.relative_to(made) for path in made.rglob("*") if path.is_file())
    taken = [str(name) for name in files if (to / name).exists()]
    if taken and not force:
        rule = f"name a folder without {', '.join(taken[:3])}; --force replaces {'it' if len(taken) == 1 else 'them'}"
        raise InputError("to", rule, str(to))
    for name in files:
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        os.replace(made / name, to / name)
