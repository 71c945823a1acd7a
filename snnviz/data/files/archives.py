"""Files by their places: of a folder, an archive or an upload. What systems leave beside them is left out, and said.

A place is all parts of a name: whoever wrote them, they are looked at for an ending, a class and a split alone, and
none becomes part of a path. Names are compared in one form of Unicode (NFC); macOS writes another.
"""

from __future__ import annotations

import io
import os
import unicodedata
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from snnviz.data.files.reading import UploadReader, count_with_noun
from snnviz.errors import InputError, Unquoted

PathParts = tuple[str, ...]


class Source(Protocol):
    """A file that is read when it is needed: `size` bytes, as far as its archive or system tells."""

    @property
    def size(self) -> int: ...

    def open(self) -> IO[bytes]:
        """To read it in pieces. Raises `InputError` or `OSError`."""

    def __call__(self, most: int | None = None) -> bytes:
        """Its first `most` bytes, or all of them, which are then `size`. Raises `InputError`."""


Files = dict[PathParts, Source]


@dataclass(frozen=True, slots=True)
class InMemoryFile:
    """Bytes in memory."""

    raw: bytes

    @property
    def size(self) -> int:
        return len(self.raw)

    def open(self) -> IO[bytes]:
        return io.BytesIO(self.raw)

    def __call__(self, most: int | None = None) -> bytes:
        return self.raw if most is None else self.raw[:most]


@dataclass(frozen=True, slots=True)
class DiskFile:
    """A file of this machine."""

    path: Path
    size: int

    def open(self) -> IO[bytes]:
        return self.path.open("rb")

    def __call__(self, most: int | None = None) -> bytes:
        with self.path.open("rb") as file:
            return file.read(self.size if most is None else most)


@dataclass(frozen=True, slots=True)
class ArchiveMember:
    """A file of an archive: no more than its directory declares, whatever it unpacks to."""

    archive: zipfile.ZipFile
    entry: zipfile.ZipInfo

    @property
    def size(self) -> int:
        return self.entry.file_size

    def open(self) -> IO[bytes]:
        try:
            return self.archive.open(self.entry)
        except MemoryError:
            raise
        except Exception as error:  # zipfile has no one kind of error for a damaged archive
            raise InputError("upload", "be a whole zip or .npz", Unquoted(short_error(error))) from None

    def __call__(self, most: int | None = None) -> bytes:
        try:
            with self.archive.open(self.entry) as file:
                raw = file.read(self.size + 1 if most is None else most)
        except MemoryError:
            raise
        except Exception as error:
            raise InputError("upload", "be a whole zip or .npz", Unquoted(short_error(error))) from None
        if most is None and len(raw) != self.size:
            rule = f"unpack to the {self.size:,} bytes that it declares"
            raise InputError("upload", rule, Unquoted(f"{'more' if len(raw) > self.size else f'{len(raw):,}'}"))
        return raw


def normalised_name(text: str) -> str:
    """A name as it is compared."""
    return unicodedata.normalize("NFC", text)


def path_parts(name: str) -> PathParts:
    """The parts of a name that a stranger wrote."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return tuple(parts) or ("upload",)


def is_hidden(place: Iterable[str]) -> bool:
    """Whether a system put it there, such as __MACOSX/._x and .DS_Store, or nobody is meant to see it."""
    return any(part.startswith(".") or part == "__MACOSX" for part in place)


def files_of_path(path: Path, reading: UploadReader) -> Files:
    """The files of a file or folder by their places; links are not followed. Raises `InputError`."""
    limits = reading.limits
    if path.is_file():
        limits.fit(path.stat().st_size)
        return {(path.name,): DiskFile(path, path.stat().st_size)}
    if not path.is_dir():
        raise InputError("path", "be a file or a folder", str(path))
    found: list[tuple[PathParts, Source]] = []
    total = hidden = links = 0
    for folder, folders, names in os.walk(path):
        hidden += sum(map(_counted, (Path(folder) / name for name in folders if is_hidden([name]))))
        links += sum((Path(folder) / name).is_symlink() for name in folders)
        folders[:] = sorted(name for name in folders if not is_hidden([name]))
        for name in sorted(names):
            place = Path(folder) / name
            if place.is_symlink() or not place.is_file():
                links += 1
            elif is_hidden([name]):
                hidden += 1
            else:
                size = place.stat().st_size
                total += size
                limits.fit(total)
                found.append((place.relative_to(path.parent).parts, DiskFile(place, size)))
                limits.fit_samples(len(found))
    reading.did(
        "links", links, f"{count_with_noun(links, 'link')} or other things that are no files were not followed."
    )
    return _gathered(found, hidden, reading)


def files_of_upload(given: Mapping[str, bytes | Path], reading: UploadReader) -> Files:
    """Files, in memory or on this machine, by the names that a stranger gave them."""
    named: list[tuple[PathParts, Source]] = [
        (path_parts(name), InMemoryFile(raw) if isinstance(raw, bytes) else DiskFile(raw, raw.stat().st_size))
        for name, raw in given.items()
    ]
    reading.limits.fit(sum(source.size for _, source in named))
    reading.limits.fit_samples(len(named))
    shown = [(place, source) for place, source in named if not is_hidden(place)] if len(named) > 1 else named
    return _gathered(shown, len(named) - len(shown), reading)


def files_of_archive(raw: IO[bytes], size: int, reading: UploadReader) -> Files:
    """The files of an archive of `size` bytes, none of which is unpacked yet. Raises `InputError`, also for a bomb."""
    try:
        archive = zipfile.ZipFile(raw)
        inner = [entry for entry in archive.infolist() if not entry.is_dir()]
    except MemoryError:
        raise
    except Exception as error:  # as in `ArchiveMember`
        raise InputError("upload", "be a whole zip or .npz", Unquoted(short_error(error))) from None
    reading.limits.fit_samples(len(inner))
    reading.limits.fit_unpacked(sum(entry.file_size for entry in inner), size)
    named = [(path_parts(_name(entry)), entry) for entry in inner]
    shown = [(place, entry) for place, entry in named if not is_hidden(place)]
    for _, entry in shown:
        if entry.flag_bits & 1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise InputError("upload", "be packed by deflate, without a password", entry.filename[:60])
    found: list[tuple[PathParts, Source]] = [(place, ArchiveMember(archive, entry)) for place, entry in shown]
    return _gathered(found, len(named) - len(shown), reading)


def _name(entry: zipfile.ZipInfo) -> str:
    """macOS writes UTF-8 without saying so, which zipfile reads as the code page of 1981."""
    if entry.flag_bits & 0x800:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return entry.filename


def _gathered(found: list[tuple[PathParts, Source]], hidden: int, reading: UploadReader) -> Files:
    reading.did(
        "hidden", hidden, f"{count_with_noun(hidden, 'file')} of the system (hidden, or below __MACOSX) left out."
    )
    seen: set[PathParts] = set()
    for place, _ in found:
        known = tuple(map(normalised_name, place))
        if known in seen:
            raise InputError("upload", "hold each file once", Unquoted(f"{short_path(place)} twice"))
        seen.add(known)
    return dict(found)


def _counted(folder: Path) -> int:
    return sum(len(names) for _, _, names in os.walk(folder))


def short_path(place: PathParts) -> str:
    """The end of a place, for a sentence."""
    name = "/".join(place)[-60:]
    return name if name.isprintable() else repr(name)[1:-1]


def short_error(error: Exception) -> str:
    """What an error of a library says, on one short line."""
    return " ".join(str(error).split())[:60] or type(error).__name__
