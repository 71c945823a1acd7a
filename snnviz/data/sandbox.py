"""Checks untrusted uploads in a subprocess with limited memory and time.

Whatever an uploaded file contains, the calling process stays small: samples are written into a temporary folder, which
is deleted before the function returns, and stay mapped into memory.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnviz.data import uploads
from snnviz.data.files import pictures
from snnviz.data.files.archives import InMemoryFile
from snnviz.data.files.checked import CheckedDataset
from snnviz.data.files.limits import UploadLimits
from snnviz.data.files.reading import ChoiceNeeded, Conversion, UploadChoices
from snnviz.errors import InputError, Unquoted
from snnviz.places import ROOT

PREFIX = "snnviz-check-"
GIVEN, ANSWER, PICTURE = "given.json", "answer.json", "picture"
STALE_SECONDS = 2 * 3600
"""Age in seconds after which a check's folder is taken for one left by a killed process, and removed."""

THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")


def check_in_subprocess(
    source: Path | Mapping[str, bytes], limits: UploadLimits | None = None, choices: UploadChoices | None = None
) -> CheckedDataset:
    """Checks an upload like `uploads.check_upload`, in a subprocess that keeps the limits `memory` and `seconds`.

    Raises `InputError`, and its subclass `ChoiceNeeded` where the file has several readings.
    """
    limits = limits or UploadLimits.here()
    if not isinstance(source, Path):
        limits.check_size(sum(map(len, source.values())))
        limits.check_sample_count(len(source))
    with _folder() as folder:
        given: dict[str, Any] = {"limits": asdict(limits), "choices": asdict(choices or UploadChoices())}
        if isinstance(source, Path):
            given["path"] = str(source.absolute())
        else:
            given["names"] = list(source)
            for number, raw in enumerate(source.values()):
                (folder / str(number)).write_bytes(raw)
        (folder / GIVEN).write_text(json.dumps(given))
        told = _run(folder, limits)
        if "asked" in told:
            raise ChoiceNeeded(**told["asked"])
        if "error" in told:
            raise _told_error(told)
        return _read(folder, told)


def read_picture_in_subprocess(raw: bytes, limits: UploadLimits | None = None) -> NDArray[np.uint8]:
    """Returns one picture like `files.pictures.read_picture`, read in a subprocess that keeps the limits. Raises
    `InputError`.
    """
    pictures.check_picture_size(len(raw))
    limits = limits or UploadLimits.here()
    with _folder() as folder:
        (folder / "0").write_bytes(raw)
        (folder / GIVEN).write_text(
            json.dumps({"limits": asdict(limits), "choices": {}, "names": ["0"], "picture": True})
        )
        told = _run(folder, limits)
        if "error" in told:
            raise _told_error(told)
        found: NDArray[np.uint8] = np.load(folder / f"{PICTURE}.npy", allow_pickle=False)
        return found


def _told_error(told: Mapping[str, Any]) -> InputError:
    error = InputError(told["error"]["field"], "", "")
    error.args = (told["error"]["text"],)
    return error


def _run(folder: Path, limits: UploadLimits) -> dict[str, Any]:
    """The answer of a process that reads what is in `folder`. Raises `InputError` where it gives none."""
    command = [sys.executable, "-m", "snnviz.data.sandbox", str(folder)]
    try:
        ended = subprocess.run(
            command, cwd=ROOT, env=os.environ | THREADS, stdin=subprocess.DEVNULL, capture_output=True,
            timeout=limits.seconds, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        rule = f"be read within {limits.seconds:,} s"
        raise InputError("upload", rule, Unquoted("one that takes longer")) from None
    with suppress(OSError, ValueError):
        found: dict[str, Any] = json.loads((folder / ANSWER).read_text())
        return found
    if b"MemoryError" in ended.stderr or ended.returncode < 0:
        raise limits.too_large()
    raise InputError("upload", "be readable", Unquoted("one that ends whoever reads it"))


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder of its own; those that killed processes left are removed."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):
            if left.stat().st_mtime < time.time() - STALE_SECONDS:
                shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
        yield Path(folder)


def _read(folder: Path, told: dict[str, Any]) -> CheckedDataset:
    """What the process found; its arrays stay mapped when the folder is gone."""
    arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in told.pop("arrays")}
    done = tuple(Conversion(**one) for one in told.pop("done"))
    listed: dict[str, Any] = {name: tuple(told.pop(name)) for name in ("shape", "labels", "remarks", "milliseconds")}
    return CheckedDataset(arrays=arrays, done=done, **listed, **told)


def _write(folder: Path, found: CheckedDataset) -> dict[str, Any]:
    for name, array in found.arrays.items():
        path = folder / f"{name}.npy"
        if not path.exists():  # else it was written as it was read
            np.save(path, array, allow_pickle=False)
    told = {each.name: getattr(found, each.name) for each in fields(found) if each.name not in ("arrays", "done")}
    return {**told, "arrays": list(found.arrays), "done": [asdict(done) for done in found.done]}


def _bound(megabytes: int, seconds: int) -> None:
    """From here on so much more memory, and so much time of the processor, where the system can say so."""
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[5])
    except (ImportError, OSError):
        return
    most = pages * resource.getpagesize() + megabytes * 10**6
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def subprocess_main(folder: Path) -> None:
    """Entry point of the subprocess: reads the upload described in `folder` and writes the result there."""
    given = json.loads((folder / GIVEN).read_text())
    limits, choices = UploadLimits(**given["limits"]), UploadChoices(**given["choices"])
    source: Any
    if "path" in given:
        source = Path(given["path"])
    else:
        source = {name: folder / str(number) for number, name in enumerate(given["names"])}
    _bound(limits.memory, limits.seconds)
    answer: dict[str, Any]
    try:
        if "picture" in given:
            np.save(folder / f"{PICTURE}.npy", pictures.read_picture(InMemoryFile((folder / "0").read_bytes())))
            answer = {}
        else:
            answer = _write(folder, uploads.check_upload(source, limits, choices, folder))
    except ChoiceNeeded as asked:
        answer = {"asked": {"option": asked.option, "why": asked.why, "choices": asked.choices}}
    except InputError as error:
        answer = {"error": {"field": error.field, "text": str(error)}}
    except MemoryError:
        answer = {"error": {"field": "upload", "text": str(limits.too_large())}}
    (folder / ANSWER).write_text(json.dumps(answer))


if __name__ == "__main__":
    subprocess_main(Path(sys.argv[1]))
