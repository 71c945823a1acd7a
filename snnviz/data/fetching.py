"""Downloads that resume where they were interrupted, and atomic unpacking of archives."""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
import uuid
import zipfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from snnviz import temporary_files
from snnviz.data.cards import DatasetCard
from snnviz.errors import DataMissing
from snnviz.places import cache_dir

ProgressCallback = Callable[[str], None]

CHUNK_BYTES = 2**18
TIMEOUT_SECONDS = 20.0


class DownloadError(OSError):
    """A download failed; the message says why."""


def download(name: str, file: str, urls: Sequence[str], known: str, watch: ProgressCallback) -> Path:
    """Returns the path of a file in cache/datasets/`name`, downloading it if it is missing; pooch checks it against the
    hash `known`.

    The URLs are tried in turn. An interrupted download is kept as .part, and the next URL, or the next call, resumes
    it. `watch` gets progress messages. Raises `OSError`: a `DownloadError` if no URL worked.
    """
    troubles = []
    for url in urls:
        try:
            place, _, inner = url.partition("#")
            return _of_archive(name, file, place, inner, known, watch) if inner else _of(name, file, url, known, watch)
        except DownloadError as error:
            troubles.append(str(error))
        except OSError as error:
            troubles.append(f"{url} could not be reached ({type(error).__name__})")
    raise DownloadError("; ".join(troubles))


def _of_archive(name: str, file: str, url: str, inner: str, known: str, watch: ProgressCallback) -> Path:
    """Of a zip that holds the file, whose hash nobody states: the file's own is checked."""
    folder = cache_dir() / "datasets" / name
    whole = _of(name, url.rpartition("/")[2], url, None, watch)
    kind, _, digest = known.partition(":")
    try:
        with zipfile.ZipFile(whole) as archive:
            entry = next((one for one in archive.namelist() if one.rpartition("/")[2].lower() == inner.lower()), None)
            if entry is None:
                raise DownloadError(f"{url} holds no {inner}")
            part = folder / f"{file}.inner"
            with archive.open(entry) as packed, part.open("wb") as out:
                shutil.copyfileobj(packed, out, CHUNK_BYTES)
    except zipfile.BadZipFile:
        whole.unlink()
        raise DownloadError(f"{url} is no zip") from None
    with part.open("rb") as written:
        same = hashlib.file_digest(written, kind).hexdigest() == digest
    if not same:
        part.unlink()
        whole.unlink()
        raise DownloadError(_another(url, known))
    os.replace(part, folder / file)
    return folder / file


def _another(url: str, known: str) -> str:
    return f"what came from {url} is not the published file (its {known.partition(':')[0].upper()} is another)"


def _of(name: str, file: str, url: str, known: str | None, watch: ProgressCallback) -> Path:
    """From one source. Raises `OSError`, and of these `DownloadError` where it is known what is wrong."""
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
        raise DownloadError(_another(url, known or "")) from None


class _Resuming:
    """pooch's downloader: into `part`, from where it ends, then to where pooch wants it."""

    def __init__(self, part: Path, file: str, watch: ProgressCallback) -> None:
        self.part, self.file, self.watch = part, file, watch

    def __call__(self, url: str, output_file: str, _: Any, check_only: bool = False) -> None:
        import requests

        assert not check_only
        have = self.part.stat().st_size if self.part.is_file() else 0
        headers = (
            {"Range": f"bytes={have}-", "Accept-Encoding": "identity"} if have else {"Accept-Encoding": "identity"}
        )
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_SECONDS, allow_redirects=True) as response:
            if response.status_code == 416:  # there is no more: the whole is here, or something else
                have = 0
                self.part.rename(output_file)
                return
            if response.status_code in (404, 410):
                raise DownloadError(f"{url} was not found ({response.status_code})")
            if not 200 <= response.status_code < 300:
                raise DownloadError(f"{url} refuses it ({response.status_code})")
            nothing = f"{url} answers with nothing ({response.status_code} and an empty body)"
            if response.status_code not in (200, 206) or response.headers.get("Content-Length") == "0":
                raise DownloadError(nothing)  # before what has arrived of it is written over
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
                try:
                    for piece in response.iter_content(CHUNK_BYTES):
                        file.write(piece)
                        have += len(piece)
                        of = f"{have / 1e6:.1f} of {max(total, have) / 1e6:.1f} MB"
                        self.watch(f"fetching {self.file.removesuffix('.gz')}: {of}")
                except (
                    requests.exceptions.ChunkedEncodingError,
                    requests.exceptions.ConnectionError,
                ):  # before its end
                    total = max(total, have + 1)
        if not have:
            self.part.unlink()
            raise DownloadError(nothing)
        if have < total:
            raise DownloadError(f"{url} was cut off after {have:,} of {total:,} bytes, which are kept for the next try")
        os.replace(self.part, output_file)


def fetch_archives(name: str, about: DatasetCard, watch: ProgressCallback) -> None:
    """Downloads and unpacks the archives of a data set into its folder; `watch` gets progress messages.

    Raises `DataMissing`.
    """
    folder = cache_dir() / "datasets" / name
    for archive in about.archives:
        done = folder / f"{archive.name}.unpacked"
        if done.exists():
            continue
        size = f" ({archive.megabytes:,} MB)" if archive.megabytes else ""
        watch(f"fetching {about.title}: {archive.name}{size}")
        try:
            path = download(name, archive.name, (archive.url, *archive.mirrors), archive.hash, watch)
            watch(f"unpacking {archive.name}")
            _unpack(path, folder, watch, about)
            done.touch()
            path.unlink()
        except (OSError, ValueError, tarfile.TarError, zipfile.BadZipFile) as error:
            reason = str(error) if isinstance(error, DownloadError) else type(error).__name__
            raise DataMissing(
                f"{about.title} could not be fetched: {reason}. By hand: get {archive.name} ({archive.hash}) by a "
                f"browser from {about.home}, put it into {folder} and repeat, or unpack it there."
            ) from None
    for mirror in {url.partition("#")[0] for archive in about.archives for url in archive.mirrors if "#" in url}:
        (folder / mirror.rpartition("/")[2]).unlink(missing_ok=True)  # all that it held is unpacked


ARCHIVE_FOLDERS = {"nmnist": "NMNIST", "cifar10-dvs": "CIFAR10DVS", "dvs-gesture": "DVSGesture"}


def _unpack(path: Path, folder: Path, watch: ProgressCallback, about: DatasetCard) -> None:
    """Into a folder beside, which is then merged: a process that is killed leaves nothing that looks whole."""
    work, holding = folder / f"unpacking-{uuid.uuid4().hex}", ExitStack()
    try:
        work.mkdir(parents=True)
        holding.enter_context(temporary_files.in_use(work))
        _extract(path, work)
        if about.layout == "classes":  # CIFAR10-DVS: an archive of archives, one a class
            inner = sorted(work.rglob("*.zip"))
            for count, part in enumerate(inner, 1):
                watch(f"unpacking {part.name}: {count} of {len(inner)}")
                _extract(part, work)
                part.unlink()
        target = folder / ARCHIVE_FOLDERS.get(folder.name, "")
        target.mkdir(parents=True, exist_ok=True)
        for entry in sorted(work.iterdir()):
            if not (target / entry.name).exists():
                shutil.move(str(entry), str(target / entry.name))
    finally:
        holding.close()
        shutil.rmtree(work, ignore_errors=True)


def _extract(path: Path, folder: Path) -> None:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            archive.extractall(folder)  # leaves out absolute paths and ..
        return
    with tarfile.open(path) as tar:
        tar.extractall(folder, filter="data")
