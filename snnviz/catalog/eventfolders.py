"""Recordings of one's own: folders called by their label, in them files of one recording each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from snnviz.catalog import eventfiles, owndata
from snnviz.catalog.checked import Checked, Files, Limits, unseen
from snnviz.catalog.eventfiles import Array
from snnviz.errors import Described, InputError

KEPT = np.dtype([("x", "<u2"), ("y", "<u2"), ("t", "<u4"), ("p", "u1")])
"""Of an event; times are from a recording's first on."""

MAGIC = {b"\x93NUMPY": ".npy", b"\x89HDF": ".h5", b"#!AER-DAT4": ".aedat4"}
"""What files begin with. A .bin begins with anything."""

PARTS = {"train": 0, "training": 0, "test": 1, "testing": 1}


def recordings(files: Files, limits: Limits) -> Checked:
    """Recordings below folders of a label, and perhaps of Train and Test. Raises `InputError`, which names the file."""
    known = {place: source for place, source in files.items() if _ending(place[-1]) in eventfiles.PARSERS}
    if not known:
        begin = next(iter(files.values()))()[:2]
        got = "a pickle, which is never opened" if begin in (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05") else ""
        rule = f"be an .npz, IDX files, or recordings ({', '.join(eventfiles.PARSERS)})"
        raise InputError("upload", rule, Described(got or ", ".join(place[-1][:30] for place in list(files)[:3])))
    order = sorted(known, key=lambda place: (_part(place) or 0, place))
    limits.fit_samples(len(order))
    names = sorted({_label(place) for place in order}, key=lambda name: (not name.isdecimal(), len(name), name))
    numbered = all(name.isascii() and name.isdecimal() and len(name) < 6 for name in names)
    if numbered and (highest := max(map(int, names))) >= limits.classes:
        raise InputError("labels", f"be whole numbers from 0 to {limits.classes - 1}", highest)
    labels = np.array([int(_label(p)) if numbered else names.index(_label(p)) for p in order], np.int64)
    found, total = [], 0
    for place in order:
        found.append(_one(known[place](), place, limits))
        total += len(found[-1])
        if total > limits.events:
            raise InputError("upload", f"hold at most {limits.events:,} events", Described("more"))
    events = np.concatenate(found)
    shape = 2, max(4, int(events["y"].max()) + 1), max(4, int(events["x"].max()) + 1)
    limits.fit_sides(*shape[1:])
    return _checked(order, events, np.cumsum([len(one) for one in found]), labels, names, numbered, shape, files)


def _checked(
    order: list[tuple[str, ...]],
    events: Array,
    ends: NDArray[np.int64],
    labels: NDArray[np.int64],
    names: list[str],
    numbered: bool,
    shape: tuple[int, int, int],
    files: Files,
) -> Checked:
    classes = int(labels.max()) + 1
    parts = [_part(place) for place in order]
    drawn = not ({0, 1} <= set(parts) and None not in parts)
    test = owndata.tested(len(order)) if drawn else parts.count(1)
    remarks = unseen(labels, classes)
    if len(order) == 1:
        remarks += ("One recording can be looked at; to train, give several in folders called by their label.",)
    if left := len(files) - len(order):
        remarks += (f"{left:,} other files were left out.",)
    endings = sorted({_ending(place[-1]) for place in order})
    return Checked(
        kind="events",
        form=f"recordings ({', '.join(endings)})",
        shape=shape,
        classes=classes,
        train=len(order) - test,
        test=test,
        drawn=drawn,
        arrays={"events": events, "ends": ends.astype(np.int64), "labels": labels},
        labels=tuple(map(str, range(classes))) if numbered else tuple(name[:40] for name in names),
        remarks=remarks,
    )


def _one(raw: bytes, place: tuple[str, ...], limits: Limits) -> Array:
    """The events of a file as they are kept. Raises `InputError`."""
    ending = next((known for magic, known in MAGIC.items() if raw.startswith(magic)), _ending(place[-1]))
    try:
        found = eventfiles.parse(raw, ending)
        if not len(found):
            raise InputError("recording", "hold events", Described("none"))
        back = np.flatnonzero(np.diff(found["t"]) < 0)
        if len(back):
            first = int(back[0])
            got = f"{found['t'][first + 1]} us after {found['t'][first]} us at event {first + 1:,}"
            raise InputError("recording", "have times that never run backwards", Described(got))
        if (last := int(found["t"][-1] - found["t"][0])) >= 2**32:
            raise InputError(
                "recording", "last at most 4,294 s (times are microseconds)", Described(f"{last / 1e6:,.0f} s")
            )
        if found["p"].max() > 1:
            raise InputError("recording", "hold polarities of 0 and 1", int(found["p"].max()))
        if max(found["x"].max(), found["y"].max()) >= limits.side:
            outside = int(max(found["x"].max(), found["y"].max()))
            raise InputError("recording", f"hold x and y from 0 to {limits.side - 1}", outside)
    except InputError as error:
        name = "/".join(place)[-60:]
        name = name if name.isprintable() else repr(name)[1:-1]
        error.args = (f"recording {name} {str(error).removeprefix('recording ')}",)
        raise
    kept = np.zeros(len(found), KEPT)
    for axis in ("x", "y", "p"):
        kept[axis] = found[axis]
    kept["t"] = found["t"] - found["t"][0]
    return kept


def _ending(name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    return f".{ending.lower()}" if dot and stem else ""


def _label(place: tuple[str, ...]) -> str:
    return place[-2] if len(place) > 1 and place[-2].lower() not in PARTS else "0"


def _part(place: tuple[str, ...]) -> int | None:
    return next((PARTS[name.lower()] for name in place[:-1] if name.lower() in PARTS), None)
