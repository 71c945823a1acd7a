"""The files of a folder, an archive or an upload by their path; hidden files of operating systems are skipped and
reported.

A path is a tuple of the parts of an untrusted name: they are only checked for a suffix, a class and a split, and never
used in a path on this machine. Names are compared in Unicode form NFC; macOS writes another.
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
    """Protocol of a file of an upload, which is opened and read on demand."""

    @property
    def size(self) -> int:
        """Size in bytes, as its archive or file system declares it."""

    def open(self) -> IO[bytes]:
        """Returns a binary stream of the content. Raises `InputError` or `OSError`."""

    def __call__(self, most: int | None = None) -> bytes:
        """Its first `most` bytes, or all of them, which are then `size`. Raises `InputError`."""


Files = dict[PathParts, Source]


@dataclass(frozen=True, slots=True)
class InMemoryFile:
    """A file that consists of bytes in memory."""

    raw: bytes

    @property
    def size(self) -> int:
        """Size in bytes."""
        return len(self.raw)

    def open(self) -> IO[bytes]:
        """Returns a binary stream of the bytes."""
        return io.BytesIO(self.raw)

    def __call__(self, most: int | None = None) -> bytes:
        return self.raw if most is None else self.raw[:most]


@dataclass(frozen=True, slots=True)
class DiskFile:
    """A file on this machine's disk."""

    path: Path
    size: int

    def open(self) -> IO[bytes]:
        """Returns a binary stream of the file. Raises `OSError`."""
        return self.path.open("rb")

    def __call__(self, most: int | None = None) -> bytes:
        with self.path.open("rb") as file:
            return file.read(self.size if most is None else most)


@dataclass(frozen=True, slots=True)
class ArchiveMember:
    """A file inside a zip archive; never more bytes than the archive's directory declares are unpacked."""

    archive: zipfile.ZipFile
    entry: zipfile.ZipInfo

    @property
    def size(self) -> int:
        """Uncompressed size in bytes, as the archive's directory declares it."""
        return self.entry.file_size

    def open(self) -> IO[bytes]:
        """Returns a binary stream of the uncompressed content. Raises `InputError` for a damaged archive."""
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
    """Returns a name in Unicode form NFC, in which names are compared."""
    return unicodedata.normalize("NFC", text)


def path_parts(name: str) -> PathParts:
    """Returns the parts of an untrusted file name, without empty parts, "." and ".."."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return tuple(parts) or ("upload",)


def is_hidden(place: Iterable[str]) -> bool:
    """Returns whether a path (as its parts) is hidden or was added by an operating system, such as __MACOSX/._x and
    .DS_Store.
    """
    return any(part.startswith(".") or part == "__MACOSX" for part in place)


def files_of_path(path: Path, reading: UploadReader) -> Files:
    """Returns the files of a file or folder on this machine as a mapping from path parts to `Source`; links are not
    followed. Raises `InputError`.
    """
    limits = reading.limits
    if path.is_file():
        limits.check_size(path.stat().st_size)
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
                limits.check_size(total)
                found.append((place.relative_to(path.parent).parts, DiskFile(place, size)))
                limits.check_sample_count(len(found))
    reading.record_conversion(
        "links", links, f"{count_with_noun(links, 'link')} or other things that are no files were not followed."
    )
    return _gathered(found, hidden, reading)


def files_of_upload(given: Mapping[str, bytes | Path], reading: UploadReader) -> Files:
    """Returns uploaded files as a mapping from path parts to `Source`; `given` maps untrusted names to bytes or to
    files on this machine.

    Raises `InputError` where limits are exceeded.
    """
    named: list[tuple[PathParts, Source]] = [
        (path_parts(name), InMemoryFile(raw) if isinstance(raw, bytes) else DiskFile(raw, raw.stat().st_size))
        for name, raw in given.items()
    ]
    reading.limits.check_size(sum(source.size for _, source in named))
    reading.limits.check_sample_count(len(named))
    shown = [(place, source) for place, source in named if not is_hidden(place)] if len(named) > 1 else named
    return _gathered(shown, len(named) - len(shown), reading)


def files_of_archive(raw: IO[bytes], size: int, reading: UploadReader) -> Files:
    """Returns the files of a zip archive of `size` bytes as a mapping from path parts to `Source`, without unpacking
    them.

    Raises `InputError` for damaged archives and for those that would unpack to far more than arrived (zip bombs).
    """
    try:
        archive = zipfile.ZipFile(raw)
        inner = [entry for entry in archive.infolist() if not entry.is_dir()]
    except MemoryError:
        raise
    except Exception as error:  # as in `ArchiveMember`
        raise InputError("upload", "be a whole zip or .npz", Unquoted(short_error(error))) from None
    reading.limits.check_sample_count(len(inner))
    reading.limits.check_unpacked_size(sum(entry.file_size for entry in inner), size)
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
    reading.record_conversion(
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
    """Returns the end of a path, at most 60 characters, for an error message."""
    name = "/".join(place)[-60:]
    return name if name.isprintable() else repr(name)[1:-1]


def short_error(error: Exception) -> str:
    """Returns the message of a library's exception on one line of at most 60 characters."""
    return " ".join(str(error).split())[:60] or type(error).__name__
