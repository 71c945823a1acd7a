"""Checking and storing uploaded data sets; nothing is stored before the user has seen the result of the check.

Images: an .npz of `images` and `labels` (or x_train, y_train, x_test, y_test), IDX files as MNIST's, or pictures in
class folders. Event recordings: class folders with .bin, .npy, .h5 or .aedat4 files; a single recording can be checked
but not stored. Several files may be zipped. Nothing is unpickled, no name becomes part of a path, sizes are read before
anything is unpacked, and nothing is written before `store_upload`. Conversions are reported, and where a file has
several readings the user is asked. Each fault is an `InputError` of one sentence.
"""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnviz.data import owndata, owners
from snnviz.data.files import archives, eventfiles, eventfolders, imagefiles, pictures
from snnviz.data.files.archives import Files, PathParts
from snnviz.data.files.checked import CheckedDataset as CheckedDataset
from snnviz.data.files.eventfolders import MAGIC
from snnviz.data.files.limits import UploadLimits as UploadLimits
from snnviz.data.files.reading import ChoiceNeeded as ChoiceNeeded
from snnviz.data.files.reading import UploadChoices as UploadChoices
from snnviz.data.files.reading import UploadReader, count_with_noun, join_names
from snnviz.data.owners import Owner
from snnviz.errors import InputError, Unquoted

MAX_NAMES = 10
"""Ratio of recordings to pictures, or the reverse, from which on the rarer kind is ignored without asking."""

PICKLE_MAGIC = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


def check_upload(
    source: Path | bytes | Mapping[str, bytes | Path],
    limits: UploadLimits | None = None,
    choices: UploadChoices | None = None,
    folder: Path | None = None,
) -> CheckedDataset:
    """Returns the checked data set in a file or folder on this machine, in the bytes of one file, or in several named
    files.

    Samples are in memory, or in files of `folder`. Raises `InputError`, and its subclass `ChoiceNeeded` where there are
    several readings.
    """
    reading = UploadReader(limits or UploadLimits.here(), choices or UploadChoices(), folder)
    try:
        if isinstance(source, Path):
            files = archives.files_of_path(source, reading)
        else:
            files = archives.files_of_upload({"upload": source} if isinstance(source, bytes) else source, reading)
        found = _read(files, reading)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:  # while a part of it was read
        raise InputError("upload", "be a whole zip or .npz", Unquoted(archives.short_error(error))) from None
    except MemoryError:
        raise reading.limits.too_large() from None
    except OSError as error:
        raise InputError("upload", "be readable", Unquoted(type(error).__name__)) from None
    reading.check_unused_choices()
    return found


def store_upload(
    checked: CheckedDataset, title: str = "", limits: UploadLimits | None = None, maker: Owner | None = None
) -> str:
    """Stores a checked data set and returns its name, own-<12 hex digits>. Raises `InputError` or `DataMissing`.

    The same samples under the same title are one data set. `maker`: the visitor who owns it and has a quota; None: the
    host.
    """
    limits = limits or UploadLimits.here()
    if not checked.trainable:
        got = f"{checked.train} and {checked.test} samples, {checked.classes} class{'es' * (checked.classes > 1)}"
        raise InputError("data set", "have samples to train and to test with, of two classes", Unquoted(got))
    if len(title) > 60 or not title.isprintable():
        raise InputError("title", "be at most 60 printable characters", title)
    told: dict[str, Any] = {
        "kind": checked.kind,
        "title": title.strip() or f"Own {'images' if checked.kind == 'images' else 'recordings'}",
        "shape": list(checked.shape),
        "classes": checked.classes,
        "labels": list(checked.labels),
        "train": checked.train,
        "test": checked.test,
        "drawn": checked.drawn,
        "white": checked.white,
    }
    if checked.kind == "images":
        told |= _statistics(checked.arrays["images"], checked.white)
    name, size = owndata.content_name(told, checked.arrays), sum(array.nbytes for array in checked.arrays.values())
    with owndata.exclusive_lock():
        sizes, new = owndata.own_dataset_sizes(), not owndata.is_available(name)
        if new and len(sizes) >= limits.sets:
            advice = "; whose machine it is can remove some"
            raise InputError(
                "data set", f"be one of at most {limits.sets} on this machine", Unquoted("one more"), advice
            )
        if new and sum(sizes.values()) + size > limits.kept * 10**6:
            rule = f"fit into the {limits.kept:,} MB that are kept on this machine for all of them"
            raise InputError("data set", rule, Unquoted(f"{size / 1e6:,.0f} MB more"))
        if maker is not None and maker.visitor not in owners.read_owners(owndata.dataset_folder(name)):
            owners.check_quota(maker, size, sizes, limits)
        owndata.store_dataset(name, told, checked.arrays, maker)
    return name


remove = owndata.remove_dataset
"""Deletes the samples of an uploaded data set; runs that used it keep their results. Raises `NotFound`."""


def _statistics(images: NDArray[np.uint8], white: int) -> dict[str, Any]:
    """Mean, standard deviation and histogram of the intensities, as a card has them."""
    levels = np.zeros(256, np.int64)
    for start in range(0, len(images), 1024):
        levels += np.bincount(images[start : start + 1024].ravel(), minlength=256)
    share, level = levels / levels.sum(), np.minimum(np.arange(256) / white, 1)
    # Exactly rounded sums: a product of vectors rounds by the processor, and the name of the set holds these numbers.
    mean = math.fsum(share * level)
    std = max(math.fsum(share * level**2) - mean**2, 0.0) ** 0.5
    histogram = np.bincount(np.round(level * 16).astype(int), weights=share, minlength=17)
    return {"mean": mean, "std": max(std, 1e-3), "histogram": histogram.tolist()}


def _read(files: Files, reading: UploadReader, depth: int = 0) -> CheckedDataset:
    """By what the files begin with, and by what they are called where that says nothing."""
    if not files:
        raise InputError("upload", "hold a data set", Unquoted("no file"))
    if packed := _archive(files, depth):
        reading.record_conversion(
            "others", len(files) - 1, f"{count_with_noun(len(files) - 1, 'other file')} beside the archive left out."
        )
        with files[packed].open() if depth == 0 else io.BytesIO(files[packed]()) as raw:
            inner = archives.files_of_archive(raw, files[packed].size, reading)
            return imagefiles.read_npz(inner, reading) or _read(inner, reading, depth + 1)
    if len(files) == 1:
        place, source = next(iter(files.items()))
        ending = next((known for magic, known in MAGIC.items() if source(12).startswith(magic)), "")
        if eventfolders.file_suffix(place[-1]) != ending:
            files = {(*place[:-1], place[-1] + ending): source}
    roles = imagefiles.idx_roles(files, reading)
    if set(imagefiles.ROLES[:2]) <= set(roles):
        return imagefiles.read_idx(files, roles, reading)
    if found := imagefiles.read_cifar_binary(files, reading):
        return found
    endings = Counter(eventfolders.file_suffix(place[-1]) for place in files)
    recorded, drawn = (sum(endings[one] for one in known) for known in (eventfiles.PARSERS, pictures.ENDINGS))
    if not recorded and not drawn:
        raise _refused(files, roles)
    kinds = {"recordings": f"{recorded:,} files", "images": f"{drawn:,} pictures"}
    usual = "recordings" if recorded >= MAX_NAMES * drawn else "images" if drawn >= MAX_NAMES * recorded else ""
    if not (recorded and drawn):
        kinds = {usual: kinds[usual]}
    kind = reading.choose(
        "kind", f"{count_with_noun(recorded, 'recording')} and {count_with_noun(drawn, 'picture')}", kinds, usual
    )
    return (
        eventfolders.read_recording_folders(files, reading)
        if kind == "recordings"
        else pictures.read_image_folders(files, reading)
    )


def _archive(files: Files, depth: int) -> PathParts | None:
    """The archive that is all there is to read, or None. Raises `InputError` where there are several."""
    data = {*eventfiles.PARSERS, *pictures.ENDINGS}
    if len(files) > 1 and any(eventfolders.file_suffix(place[-1]) in data for place in files):
        return None
    packed = [place for place, source in list(files.items())[:1000] if source(4) == b"PK\x03\x04"]
    if not packed:
        return None
    if len(packed) > 1 or depth > 1:
        got = Unquoted(join_names(map(archives.short_path, packed)))
        raise InputError("upload", "hold one archive, and in it no other but an .npz", got)
    return packed[0]


def _refused(files: Files, roles: Mapping[str, object]) -> InputError:
    """What to say of files that are nothing that is known."""
    if roles:
        missing = [role for role in imagefiles.ROLES[:2] if role not in roles]
        return InputError("upload", f"hold {' and '.join(missing)}", Unquoted(join_names(roles)))
    if broken := [place for place in files if eventfolders.file_suffix(place[-1]) in (".npz", ".zip")]:
        return InputError("upload", "be a whole zip or .npz", Unquoted(join_names(map(archives.short_path, broken))))
    begin = next(iter(files.values()))(2)
    got = "a pickle, which is never opened" if begin in PICKLE_MAGIC else ""
    known = f"recordings ({', '.join(eventfiles.PARSERS)})"
    rule = f"be an .npz, IDX files, pictures (.png, .jpg) or {known}"
    return InputError("upload", rule, Unquoted(got or join_names((place[-1] for place in files), 3, 30)))
