"""Downloads, which go on where they were interrupted, and the unpacking of archives, whole or not at all."""

from __future__ import annotations

import os
import shutil
import tarfile
import uuid
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from snnviz.catalog.cards import Archive, Card
from snnviz.errors import DataMissing
from snnviz.places import cache_dir

Watch = Callable[[str], None]

PIECE = 2**18
TIMEOUT = 20.0


def retrieve(name: str, file: str, url: str, known: str, watch: Watch) -> Path:
    """The file in cache/datasets/`name`, downloaded where it is not there, its hash checked by pooch.

    What has arrived when a download is cut off stays beside it as .part, and the next try asks for the rest.
    Raises `OSError` or, for a wrong hash, `ValueError`.
    """
    import pooch

    pooch.get_logger().setLevel("WARNING")  # `watch` tells more
    folder = cache_dir() / "datasets" / name
    part = folder / f"{file}.part"
    try:
        return Path(
            pooch.retrieve(url, known_hash=known, fname=file, path=folder, downloader=_Resuming(part, file, watch))
        )
    except ValueError:
        part.unlink(missing_ok=True)
        raise


class _Resuming:
    """pooch's downloader: into `part`, from where it ends, then to where pooch wants it."""

    def __init__(self, part: Path, file: str, watch: Watch) -> None:
        self.part, self.file, self.watch = part, file, watch

    def __call__(self, url: str, output_file: str, _: Any, check_only: bool = False) -> None:
        import requests

        assert not check_only
        have = self.part.stat().st_size if self.part.is_file() else 0
        headers = (
            {"Range": f"bytes={have}-", "Accept-Encoding": "identity"} if have else {"Accept-Encoding": "identity"}
        )
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT, allow_redirects=True) as response:
            if response.status_code == 416:  # there is no more: the whole is here, or something else
                have = 0
                self.part.rename(output_file)
                return
            response.raise_for_status()
            if response.status_code != 206:  # the server starts anew
                have = 0
            total = have + int(response.headers.get("Content-Length") or 0)
            free = shutil.disk_usage(self.part.parent).free
            if (needed := total - have) > free:
                raise DataMissing(
                    f"{self.file} needs {needed / 1e6:,.0f} MB in {self.part.parent}, where {free / 1e6:,.0f} MB are "
                    "free: make room there, or choose another folder by SNNVIZ_CACHE."
                )
            with self.part.open("ab" if have else "wb") as file:
                for piece in response.iter_content(PIECE):
                    file.write(piece)
                    have += len(piece)
                    self.watch(
                        f"fetching {self.file.removesuffix('.gz')}: {have / 1e6:.1f} of {max(total, have) / 1e6:.1f} MB"
                    )
        if have < total:
            raise OSError(f"{self.file} ended after {have} of {total} bytes")
        os.replace(self.part, output_file)


def fetch_archives(name: str, about: Card, watch: Watch) -> None:
    """Downloads and unpacks the archives of a data set into its folder. Raises `DataMissing`."""
    folder = cache_dir() / "datasets" / name
    for archive in about.archives:
        done = folder / f"{archive.name}.unpacked"
        if done.exists():
            continue
        size = f" ({archive.megabytes:,} MB)" if archive.megabytes else ""
        watch(f"fetching {about.title}: {archive.name}{size}")
        try:
            path = retrieve(name, archive.name, archive.url, archive.hash, watch)
            watch(f"unpacking {archive.name}")
            _unpack(path, folder, watch, about)
            done.touch()
            path.unlink()
        except (OSError, ValueError, tarfile.TarError, zipfile.BadZipFile) as error:
            raise DataMissing(
                f"{about.title} could not be fetched ({type(error).__name__}): put {archive.name} from {archive.url} "
                f"into {folder} and repeat, or unpack it there."
            ) from None


INNER = {"nmnist": "NMNIST", "cifar10-dvs": "CIFAR10DVS", "dvs-gesture": "DVSGesture"}


def _unpack(path: Path, folder: Path, watch: Watch, about: Card) -> None:
    """Into a folder beside, which is then merged: a process that is killed leaves nothing that looks whole."""
    work = folder / f"unpacking-{uuid.uuid4().hex}"
    try:
        _extract(path, work)
        if about.layout == "classes":  # CIFAR10-DVS: an archive of archives, one a class
            inner = sorted(work.rglob("*.zip"))
            for count, part in enumerate(inner, 1):
                watch(f"unpacking {part.name}: {count} of {len(inner)}")
                _extract(part, work)
                part.unlink()
        target = folder / INNER.get(folder.name, "")
        target.mkdir(parents=True, exist_ok=True)
        for entry in sorted(work.iterdir()):
            if not (target / entry.name).exists():
                shutil.move(str(entry), str(target / entry.name))
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _extract(path: Path, folder: Path) -> None:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            archive.extractall(folder)  # leaves out absolute paths and ..
        return
    with tarfile.open(path) as tar:
        tar.extractall(folder, filter="data")


def archive_of(about: Card, name: str) -> Archive | None:
    """The archive of this name."""
    return next((archive for archive in about.archives if archive.name == name), None)
