"""Data sets whose truth is known, brought in many forms: what is kept equals it, or a sentence before Keep says what
was done, or asks. Each kind is drawn 20 times, with seeds fixed beforehand."""

from __future__ import annotations

import gzip
import io
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from snnviz.data import uploads
from snnviz.data.uploads import CheckedDataset, ChoiceNeeded, UploadChoices
from snnviz.errors import InputError
from tests.data.aedat import MAGIC, flat, packet
from tests.data.idx import idx
from tests.data.test_event_files import h5
from tests.packed import npz, zipped
from tests.recorded import packed

DRAWS = 20


def npy(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


@dataclass
class Truth:
    """What a data set is: samples with the name of their class and their part (0 train, 1 test), in any order."""

    samples: list[tuple[Any, str, int]]
    drawn: bool
    answers: dict[str, str] = field(default_factory=dict)
    """What its owner answers when asked."""

    tolerance: float = 0
    """Of pixels from 0 to 1."""


def answered(source: Any, truth: Truth) -> tuple[CheckedDataset, set[str]]:
    """What is kept, and what was asked; each question is one that the truth's owner can answer."""
    given: dict[str, str] = {}
    while True:
        try:
            return uploads.check_upload(source, choices=UploadChoices(**given)), set(given)
        except ChoiceNeeded as asked:
            option, choices = asked.option, asked.choices
        assert option not in given
        assert truth.answers[option] in choices, (option, choices)
        given[option] = truth.answers[option]


def holds(found: CheckedDataset, truth: Truth) -> None:
    """Every sample is there once, with its class and in its part."""
    assert found.count == len(truth.samples)
    assert found.drawn == truth.drawn
    key: Callable[[int], Any]
    if found.kind == "images":

        def key(number: int) -> Any:
            return found.image(number)
    else:

        def key(number: int) -> Any:
            one = found.events(number)
            return np.stack([one[axis].astype(np.int64) for axis in "xytp"], 1)

    left = list(truth.samples)
    for number in range(found.count):
        label = unicodedata.normalize("NFC", found.labels[found.label(number)])
        part = 0 if truth.drawn else int(number >= found.train)
        image = key(number)
        match = next(
            (
                place
                for place, (sample, name, wanted) in enumerate(left)
                if name[:40] == label
                and wanted == part
                and sample.shape == image.shape
                and np.abs(sample - image).max() <= truth.tolerance
            ),
            None,
        )
        assert match is not None, (number, label, part)
        del left[match]


# -- images in arrays: scales, orders, names ---------------------------------------------------------------------------

STEP = 1 / 255


def pictures(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """(N, C, H, W) from 0 to 1 with both ends in each, in 256 levels."""
    channels = int(rng.choice([1, 3]))
    found = rng.integers(0, 256, (count, channels, int(rng.integers(4, 9)), int(rng.integers(4, 9)))) / 255
    found[:, :, 0, 0], found[:, :, 0, 1] = 0, 1
    return found


SCALES: dict[str, tuple[Callable[[Any, Any], Any], str]] = {
    "bytes": (lambda x, _: np.round(x * 255).astype(np.uint8), ""),
    "whole floats": (lambda x, _: np.round(x * 255).astype(np.float32), ""),
    "wide whole numbers": (lambda x, _: np.round(x * 255).astype(np.int64), ""),
    "unit": (lambda x, _: x.astype(np.float32), ""),
    "unit, doubles": (lambda x, _: x, ""),
    "overshot": (lambda x, rng: (x + rng.choice([0, 0.004, -0.004], x.shape)).astype(np.float32), ""),
    "bytes, overshot": (lambda x, rng: (x * 255 + rng.choice([0, 0.9, -0.9], x.shape)).astype(np.float32), ""),
    "divided by the deviation": (lambda x, _: x / 0.31, "max"),
    "from -1 to 1": (lambda x, _: 2 * x - 1, "range"),
    "normalised": (lambda x, _: (x - 0.13) / 0.31, "range"),
    "16 bits": (lambda x, _: np.round(x * 65535).astype(np.uint16), "max"),
}


@pytest.mark.parametrize("scale", SCALES)
def test_images_of_every_scale_and_order(scale: str) -> None:
    make, answer = SCALES[scale]
    for seed in range(DRAWS):
        rng = np.random.default_rng([seed, 1])
        images = pictures(rng, 6)
        labels = np.arange(6) % 3
        split = bool(rng.integers(2))
        given = make(images, rng)
        if images.shape[1] == 1 and rng.integers(2):
            given = given[:, 0]
        elif rng.integers(2):
            given = given.transpose(0, 2, 3, 1)
        if rng.integers(2):
            given = np.asfortranarray(given)
        names = ("x_train", "y_train", "x_test", "y_test") if split else [("images", "labels"), ("X", "y")][seed % 2]
        arrays = dict(zip(names, (given, labels, given, labels), strict=False))
        samples = [(image, str(label), 0) for image, label in zip(images, labels, strict=True)]
        samples += [(image, name, 1) for image, name, _ in samples] if split else []
        truth = Truth(samples, not split, {"scale": answer}, 2.1 * STEP if "shot" in scale else 0.51 * STEP)
        found, asked = answered(npz(**arrays), truth)
        holds(found, truth)
        assert asked == ({"scale"} if answer else set())
        lossy = any(one.what in ("clipped", "levels") for one in found.done)
        assert lossy or given.dtype.kind != "f" or scale == "whole floats"
        assert "from" in found.scale


def test_parts_on_different_scales() -> None:
    scales = ("bytes", "unit", "16 bits", "divided by the deviation")
    for seed in range(DRAWS):
        rng = np.random.default_rng([seed, 2])
        images, labels = pictures(rng, 6), np.arange(6) % 3
        one, other = rng.choice(scales, 2, replace=False)
        raw = npz(
            x_train=SCALES[one][0](images, rng), y_train=labels, x_test=SCALES[other][0](images, rng), y_test=labels
        )
        samples = [(image, str(label), part) for part in (0, 1) for image, label in zip(images, labels, strict=True)]
        truth = Truth(samples, False, {"scale": "each"}, 0.51 * STEP)
        found, asked = answered(raw, truth)
        assert asked == {"scale"}
        holds(found, truth)


# -- recordings and pictures in folders: depths, names, splits, archives -----------------------------------------------

WORDS = ["left", "caf\u00e9", "wave 2", "\u4e2d\u6587", "train", "x" * 70, "a.b", "Ros\u00e9"]


def recording(rng: np.random.Generator) -> NDArray[np.int64]:
    count = int(rng.integers(5, 30))
    times = np.sort(rng.integers(0, 200_000, count))
    times -= times[0]
    events = np.stack([rng.integers(0, 34, count), rng.integers(0, 34, count), times, rng.integers(0, 2, count)], 1)
    events[:2, 3] = 0, 1
    return events


def aedat(events: NDArray[np.int64]) -> bytes:
    raw = packet(events)
    header = flat(b"IOHE", [(0, bytes(4)), (0, (-1).to_bytes(8, "little", signed=True))])
    return MAGIC + header + bytes(4) + len(raw).to_bytes(4, "little") + raw


def drawing(rng: np.random.Generator) -> NDArray[np.uint8]:
    return rng.integers(0, 256, (8, 6, 3), np.uint8)


def picture(array: NDArray[np.uint8], form: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(array).save(file, form)
    return file.getvalue()


FORMS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], bytes], Callable[[Any], Any]]] = {
    ".npy": (recording, npy, lambda one: one),
    ".bin": (recording, packed, lambda one: one),
    ".aedat4": (recording, aedat, lambda one: one),
    ".png": (drawing, lambda one: picture(one, "PNG"), lambda one: one.transpose(2, 0, 1) / 255),
    ".bmp": (drawing, lambda one: picture(one, "BMP"), lambda one: one.transpose(2, 0, 1) / 255),
}

PARTS = {
    "none": (),
    "as MNIST": ("Train", "Test"),
    "small": ("train", "test"),
    "with validation": ("training", "testing", "val"),
    "by words": ("train_images", "test_images", "validation set"),
    "no test": ("train", "valid"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("parts", PARTS)
def test_folders_of_every_depth_name_and_split(form: str, parts: str) -> None:
    draw, write, read = FORMS[form]
    for seed in range(DRAWS // 5):  # 30 pairs of form and split
        rng = np.random.default_rng([seed, 3, len(form), list(PARTS).index(parts)])
        classes = rng.choice(WORDS, int(rng.integers(2, 4)), replace=False).tolist()
        people = [f"p{n}" for n in range(int(rng.integers(0, 3)))]
        before = rng.choice(["", "mine/", "my/deep/folder/of/data/", "test/"])
        names = PARTS[parts]
        inner = bool(rng.integers(2))  # Train below the class
        files: dict[str, bytes] = {}
        samples = []
        for part in names or ("",):
            for label in classes:
                for person in people or [""]:
                    for number in range(2):
                        one = draw(rng)
                        written = unicodedata.normalize(str(rng.choice(["NFC", "NFD"])), label)
                        order = [person, written, part] if inner else [part, person, written]
                        files[before + "/".join([*filter(None, order), f"{number:03}{form}"])] = write(one)
                        place = list(names).index(part) if part else 0
                        if len(names) == 2 or place < 2:
                            samples.append((read(one), unicodedata.normalize("NFC", label), place))
        extra = rng.integers(3)
        if extra:
            files |= {f"__MACOSX/._{n}{form}": bytes(120) for n in range(3)} | {".DS_Store": b"x"}
        truth = Truth(samples, not names, {"classes": "1", "split": "folders"})
        source: Any = zipped(files) if extra else files
        if extra == 2:
            source = zipped({"all.zip": source})
        found, asked = answered(source, truth)
        holds(found, truth)
        said = {one.what for one in found.done}
        assert ("hidden" in said) == bool(extra)
        assert ("validation" in said) == (len(names) == 3)
        assert asked <= {"classes", "split"}
        assert ("split" in asked) == (parts == "no test")
        assert len(people) < 2 or "classes" in asked | said
        assert ("cut" in said) == ("x" * 70 in classes)


def test_columns_of_every_order() -> None:
    orders = ("xytp", "txyp", "xypt", "ptxy", "tpxy", "pxyt")
    for seed in range(DRAWS):
        rng = np.random.default_rng([seed, 4])
        order = orders[seed % len(orders)]
        samples, files = [], {}
        for number in range(6):
            one = np.concatenate([recording(rng) for _ in range(3)])
            one[:, 2] = np.sort(one[:, 2])
            one[:, 2] -= one[0, 2]
            name = "ab"[number % 2]
            samples.append((one, name, 0))
            shifted = one + np.array([0, 0, 10_000, 0])
            kind = rng.choice(["<i8", "<i4", "<f8"])
            files[f"{name}/{number}.npy"] = npy(shifted[:, ["xytp".index(axis) for axis in order]].astype(kind))
        truth = Truth(samples, True, {"columns": order})
        found, _ = answered(files, truth)
        holds(found, truth)
        assert found.order == f"columns {', '.join(order)}"
        assert found.facts()["order"] == f"columns {', '.join(order)}, one class after another"
        assert order == "xytp" or [one.what for one in found.done] == ["columns"]


def test_what_is_no_data_set_is_a_sentence() -> None:
    for seed in range(DRAWS):
        rng = np.random.default_rng([seed, 5])
        name = str(rng.choice(["a.txt", "x/y.csv", "model.pt", "x.npz", "a/b.npy", "z.png", "r/s.h5"]))
        with pytest.raises(InputError):
            uploads.check_upload({name: rng.bytes(int(rng.integers(0, 200)))})


NAMES = st.sampled_from(["a", "b", "c", "Train", "test", "val", "caf\u00e9", "cafe\u0301", "1", "01", ".x", "__MACOSX"])
LEFT_OUT = {"hidden", "validation", "others", "strays"}


@settings(max_examples=60, deadline=None)
@given(
    st.sets(st.tuples(st.lists(NAMES, max_size=4).map(tuple), st.integers(0, 3)), min_size=1, max_size=12), st.data()
)
def test_every_file_is_kept_or_said_to_be_left_out(
    places: set[tuple[tuple[str, ...], int]], data: st.DataObject
) -> None:
    """Whatever the folders: each recording is of another length, so that it is known by it."""
    files, lengths = {}, {}
    for count, (folder, number) in enumerate(sorted(places), 5):
        name = "/".join([*folder, f"{number}.npy"])
        files[name] = npy(
            np.stack([np.arange(count) % 30, np.arange(count) % 30, np.arange(count), np.arange(count) % 2], 1)
        )
        lengths[count] = folder
    given: dict[str, str] = {}
    while True:
        try:
            found = uploads.check_upload(files, choices=UploadChoices(**given))
        except ChoiceNeeded as asked:
            given[asked.option] = data.draw(st.sampled_from(sorted(asked.choices)))
        except InputError as error:
            assert "each file once" in str(error) or "no file" in str(error)  # noqa: PT017
            return
        else:
            break
    kept = [len(found.events(number)) for number in range(found.count)]
    assert len(set(kept)) == len(kept)
    assert len(kept) + sum(one.count for one in found.done if one.what in LEFT_OUT) == len(files)
    for number, length in enumerate(kept):
        label, folder = found.labels[found.label(number)], lengths[length]
        assert nfc(label) in {*map(nfc, folder), *(str(int(part)) for part in folder if part.isdecimal()), "0"}
        assert not {".x", "__MACOSX"} & set(folder) or len(files) == 1
        if not found.drawn and number >= found.train:
            assert {"test", "val"} & set(folder)


def nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def damaged(raw: bytes, rng: np.random.Generator) -> bytes:
    """Bytes changed, cut off, doubled or moved."""
    found = bytearray(raw)
    for _ in range(int(rng.integers(1, 6))):
        at, size = int(rng.integers(len(found) + 1)), int(rng.integers(1, 9))
        way = rng.integers(4)
        if way == 0:
            found[at : at + size] = rng.bytes(size)
        elif way == 1 and at > 20:
            del found[at:]
        elif way == 2:
            found[at:at] = found[at : at + 50]
        else:
            found[at : at + 4] = int(rng.choice([0, 1, 2**16, 2**31 - 1, 2**32 - 1])).to_bytes(4, "little")
    return bytes(found)


def brought(rng: np.random.Generator) -> dict[str, bytes]:
    """A small data set of any form that is read."""
    images, labels = np.round(pictures(rng, 6) * 255).astype(np.uint8), (np.arange(6) % 2).astype(np.uint8)
    forms: dict[str, Callable[[], bytes]] = {
        **{ending: (lambda ending=ending: FORMS[ending][1](FORMS[ending][0](rng))) for ending in FORMS},
        ".h5": lambda: h5({axis: column.tolist() for axis, column in zip("xytp", recording(rng).T, strict=True)}),
        ".gif": lambda: picture(drawing(rng), "GIF"),
        ".tif": lambda: picture(drawing(rng), "TIFF"),
        ".jpg": lambda: picture(drawing(rng), "JPEG"),
    }
    kind = rng.choice([*forms, "npz", "idx"])
    if kind == "npz":
        return {"x.npz": npz(images=images, labels=labels)}
    if kind == "idx":
        files = {"train-images-idx3-ubyte.gz": idx(images[:, 0]), "train-labels-idx1-ubyte.gz": idx(labels)}
        return {name: gzip.compress(raw, mtime=0) for name, raw in files.items()}
    return {f"{name}/{number}{kind}": forms[kind]() for name in "ab" for number in range(2)}


@pytest.mark.parametrize("packed_first", [True, False])
def test_no_damage_to_any_form_is_more_than_a_sentence(packed_first: bool) -> None:
    for seed in range(100):
        rng = np.random.default_rng([seed, 6])
        files = brought(rng)
        if packed_first:
            files = {"x.zip": damaged(zipped(files), rng)}
        else:
            name = str(rng.choice(list(files)))
            files[name] = damaged(files[name], rng)
        try:
            assert uploads.check_upload(files).facts()
        except InputError as error:
            assert str(error).isprintable()  # noqa: PT017
