"""Reading uploaded event recordings: folders named after classes, with files of one recording each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import partial

import numpy as np

from snnviz.data.files import aedat4, arrays, eventfiles, folders
from snnviz.data.files.archives import Files, PathParts, Source, short_path
from snnviz.data.files.checked import CheckedDataset, count_clipped_events, duration_range, missing_classes_remark
from snnviz.data.files.eventfiles import Array, ReadOptions
from snnviz.data.files.limits import UploadLimits
from snnviz.data.files.reading import GrowingArray, UploadReader, count_with_noun, join_names
from snnviz.errors import InputError, Unquoted

STORED_EVENT = np.dtype([("x", "<u2"), ("y", "<u2"), ("t", "<u4"), ("p", "u1")])
"""Dtype in which events are stored; times are microseconds from the recording's first event."""

MAGIC = {b"\x93NUMPY": ".npy", b"\x89HDF": ".h5", b"#!AER-DAT4": ".aedat4"}
"""First bytes of each file format. A .bin file can begin with any bytes."""

DEFAULT_ORDER = "xytp"
ORDERS = tuple(
    "".join(order)
    for order in ("xytp", "xypt", "txyp", "pxyt", "tpxy", "ptxy", "xtyp", "xpyt", "txpy", "pxty", "xtpy", "xpty")
)
"""Accepted orders of the columns x, y, t and p; x comes before y."""


def read_recording_folders(files: Files, reading: UploadReader) -> CheckedDataset:
    """Returns the recordings in class folders, with or without Train and Test folders, as a checked data set.

    Raises `InputError`, which names the file, and `ChoiceNeeded`.
    """
    known = {place: source for place, source in files.items() if file_suffix(place[-1]) in eventfiles.PARSERS}
    reading.limits.check_sample_count(len(known))
    forms = {place: _form(place, source) for place, source in known.items()}
    found = folders.folder_layout(known, reading, "recording")
    chosen = {place: known[place] for place in found.order}
    how, order = _columns(chosen, forms, reading)
    stream = _stream({place: source for place, source in chosen.items() if forms[place] == ".aedat4"}, reading)
    heap = reading.growing_array("events", STORED_EVENT)
    ends, signed = np.zeros(len(found.order), np.int64), 0
    for number, place in enumerate(found.order):
        before = heap.count
        way = ReadOptions(how, stream, partial(_fits_events, before, reading.limits))
        signed += _one(known[place], place, forms[place], way, heap, reading)
        ends[number] = heap.count
    reading.record_conversion(
        "signs", signed, f"Polarities of {count_with_noun(signed, 'recording')}, -1 and 1, became 0 and 1."
    )
    events = heap.whole()
    shape, sensor = _sensor(events, chosen, forms, stream, reading)
    classes, test = int(found.labels.max()) + 1, folders.test_count(found)
    remarks = missing_classes_remark(found.labels, classes)
    if len(found.order) == 1:
        remarks += ("One recording can be looked at; to train, give several in folders called by their label.",)
    left = len(files) - len(known)
    reading.record_conversion("others", left, f"{count_with_noun(left, 'other file')} left out.")
    return CheckedDataset(
        kind="events",
        form=f"recordings ({', '.join(sorted({file_suffix(place[-1]) for place in found.order}))})",
        shape=shape,
        classes=classes,
        train=len(found.order) - test,
        test=test,
        drawn=found.drawn,
        arrays={"events": events, "ends": ends, "labels": found.labels},
        labels=found.names,
        milliseconds=duration_range(events, ends),
        dropped=count_clipped_events(events, ends, shape),
        scale=sensor,
        order=order,
        done=tuple(reading.done),
        remarks=remarks,
    )


def _fits_events(before: int, limits: UploadLimits, more: int) -> None:
    limits.check_event_count(before + more)


def file_suffix(name: str) -> str:
    """Returns the suffix of a file name in lower case, such as ".npy", or ""."""
    stem, dot, last = name.rpartition(".")
    return f".{last.lower()}" if dot and stem else ""


def _form(place: PathParts, source: Source) -> str:
    """By what it begins with, and by its name where that says nothing."""
    begin = source(12)
    return next((known for magic, known in MAGIC.items() if begin.startswith(magic)), file_suffix(place[-1]))


def _named(error: InputError, place: PathParts) -> InputError:
    if error.field != "upload":
        error.args = (f"recording {short_path(place)} {str(error).removeprefix('recording ')}",)
    return error


def _columns(
    files: Mapping[PathParts, Source], forms: Mapping[PathParts, str], reading: UploadReader
) -> tuple[str, str]:
    """The order of columns without names, and what to say of it. Raises `InputError`, or `ChoiceNeeded`."""
    unnamed = []
    for place, source in files.items():
        if forms[place] != ".npy":
            continue
        try:
            array = arrays.open_npy(source, "recording")
        except InputError as error:
            raise _named(error, place) from None
        if array.dtype.kind in "iubf" and len(array.shape) == 2 and array.shape[1] == 4:
            unnamed.append(array)
    if not unnamed:
        return DEFAULT_ORDER, ""
    given = reading.choices.columns
    fits = [order for order in ORDERS if _fits(unnamed, order, reading)] if not given else []
    if DEFAULT_ORDER in fits or not fits:
        fits = [DEFAULT_ORDER]
    choices = {order: ", ".join(order) for order in (*fits, *(order for order in ORDERS if order not in fits))}
    if len(fits) > 1:
        choices = {order: choices[order] for order in fits}
    found = reading.choose("columns", "columns that fit several orders", choices, fits[0] if len(fits) == 1 else "")
    if found != DEFAULT_ORDER:
        reading.record_conversion(
            "columns", len(unnamed), f"Columns of {count_with_noun(len(unnamed), 'array')} read as {', '.join(found)}."
        )
    return found, f"columns {', '.join(found)}"


def _fits(several: Iterable[arrays.LazyArray], order: str, reading: UploadReader) -> bool:
    """Whether these columns can be pixels, times that never run backwards, and polarities."""
    x, y, t, p = (order.index(axis) for axis in "xytp")
    for array in several:
        last = -np.inf
        for piece in array.pieces():
            if not len(piece):
                continue
            pixels, times, signs = piece[:, [x, y]], piece[:, t], piece[:, p]
            if pixels.min() < 0 or pixels.max() >= reading.limits.side or not np.isin(signs, (-1, 0, 1)).all():
                return False
            if times[0] < last or (np.diff(times.astype(np.float64)) < 0).any():
                return False
            last = times[-1]
    return True


def _stream(files: Mapping[PathParts, Source], reading: UploadReader) -> int | None:
    """The stream to read of AEDAT 4 files. Raises `ChoiceNeeded` where one has several."""
    packets: Counter[int] = Counter()
    several = False
    for place, source in files.items():
        try:
            found = aedat4.stream_packet_counts(source())
        except InputError as error:
            raise _named(error, place) from None
        several = several or len(found) > 1
        packets.update(found.keys())
    if not several:
        return None
    choices = {str(number): f"in {count_with_noun(count, 'recording')}" for number, count in sorted(packets.items())}
    why = f"events of {len(choices)} cameras in one recording"
    chosen = int(reading.choose("stream", why, choices))
    others = ", ".join(number for number in choices if int(number) != chosen)
    reading.record_conversion("stream", len(choices) - 1, f"Stream {chosen} is read; left out: {others}.")
    return chosen


def _sensor(
    events: Array,
    files: Mapping[PathParts, Source],
    forms: Mapping[PathParts, str],
    stream: int | None,
    reading: UploadReader,
) -> tuple[tuple[int, int, int], str]:
    """(2, H, W): the camera's as the files tell it, or as far as there are events; and where it is from."""
    seen = max(4, int(events["y"].max()) + 1), max(4, int(events["x"].max()) + 1)
    told: Counter[tuple[int, int]] = Counter()
    for place, source in files.items():
        if forms[place] == ".aedat4":
            cameras = aedat4.stream_resolutions(source(65_536))
            if stream in cameras or len(set(cameras.values())) == 1:
                told[cameras[stream] if stream in cameras else next(iter(cameras.values()))] += 1
    words = f"{seen[0]}x{seen[1]}, as far as there are events"
    size = seen
    if told:
        largest = max(height for height, _ in told), max(width for _, width in told)
        named = join_names(f"{height}x{width} ({count:,})" for (height, width), count in sorted(told.items()))
        if max(largest) > reading.limits.side:
            words += f"; the files say {named}, more than the {reading.limits.side} pixels that are kept"
        elif largest[0] < seen[0] or largest[1] < seen[1]:
            words += f"; the files say {named}, less than that"
        else:
            size, words = largest, f"{largest[0]}x{largest[1]}, as the files say"
            if len(told) > 1:
                reading.record_conversion(
                    "sensors", len(files), f"Sensors of several sizes, {named}: all on the largest."
                )
    reading.limits.check_sides(*size)
    return (2, *size), words


def _one(
    source: Source, place: PathParts, form: str, how: ReadOptions, heap: GrowingArray, reading: UploadReader
) -> bool:
    """The events of a file as they are kept, onto a heap; whether polarities were -1 and 1. Raises `InputError`."""
    first = last = 0
    signs: set[int] = set()
    at = 0
    try:
        for piece in eventfiles.recording_chunks(source, form, how):
            if not len(piece):
                continue
            if not at:
                first = last = int(piece["t"][0])
            times = piece["t"]
            back = np.flatnonzero(np.diff(times, prepend=last) < 0)
            if len(back):
                place_ = int(back[0])
                before = times[place_ - 1] if place_ else last
                got = f"{times[place_]} us after {before} us at event {at + place_:,}"
                raise InputError("recording", "have times that never run backwards", Unquoted(got))
            last = int(times[-1])
            if last - first >= 2**32:
                rule = "last at most 4,294 s (times are microseconds)"
                raise InputError("recording", rule, Unquoted(f"{(last - first) / 1e6:,.0f} s"))
            signs.update(np.unique(piece["p"]).tolist())
            if signs - {-1, 0, 1} or {-1, 0} <= signs:
                wrong = max(signs, key=abs)
                raise InputError("recording", "hold polarities of 0 and 1", wrong)
            outside = int(max(piece["x"].max(), piece["y"].max()))
            if outside >= reading.limits.side:
                raise InputError("recording", f"hold x and y from 0 to {reading.limits.side - 1}", outside)
            kept = np.zeros(len(piece), STORED_EVENT)
            kept["x"], kept["y"], kept["p"] = piece["x"], piece["y"], piece["p"] == 1
            kept["t"] = times - first
            at += len(piece)
            how.count(at)
            heap.add(kept)
        if not at:
            raise InputError("recording", "hold events", Unquoted("none"))
    except InputError as error:
        raise _named(error, place) from None
    return -1 in signs
