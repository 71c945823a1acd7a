"""What people bring: what is kept is what they have, or a sentence before Keep says what was done or is to be said."""

from __future__ import annotations

import io
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from snnviz.data import uploads
from snnviz.data.files import checked
from snnviz.data.uploads import CheckedDataset, ChoiceNeeded, UploadChoices
from snnviz.errors import InputError
from tests.data.aedat import MAGIC, flat, packet
from tests.data.idx import idx
from tests.packed import npz, zipped
from tests.recorded import packed, some

RNG = np.random.default_rng(5)
IMAGES = RNG.integers(0, 256, (30, 8, 6), np.uint8)
LABELS = np.arange(30) % 3


def npy(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def png(array: NDArray[np.uint8], form: str = "PNG", **more: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(array).save(file, form, **more)
    return file.getvalue()


def asked(source: Any, **choices: str) -> ChoiceNeeded:
    with pytest.raises(ChoiceNeeded) as caught:
        uploads.check_upload(source, choices=UploadChoices(**choices))
    assert f"--{caught.value.option}" in str(caught.value)
    return caught.value


def done(found: CheckedDataset) -> dict[str, int]:
    return {one.what: one.count for one in found.done}


def stated(found: CheckedDataset, *words: str) -> None:
    said = " ".join([*(one.words for one in found.done), *found.facts().values()])
    assert all(word in said for word in words), said


def recordings(*folders: str, files: int = 2) -> dict[str, bytes]:
    """In each folder so many, all of another length."""
    return {
        f"{folder}/{number}.npy": npy(some(number, place % 8, 20 + 7 * place + number))
        for place, folder in enumerate(folders)
        for number in range(files)
    }


# -- scales ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("over", [1.0000002, 1.001, 1.0099])
def test_floats_that_overshoot_1_by_less_than_a_hundredth_have_one_reading(over: float) -> None:
    gray = (IMAGES / 255).astype(np.float32)
    gray[3, 2, 1] = over
    found = uploads.check_upload(npz(images=gray, labels=LABELS))
    np.testing.assert_array_equal(found.arrays["images"][:, 0], np.round(np.minimum(gray, 1) * 255))
    assert found.white == 255
    assert done(found)["clipped"] == 1
    stated(found, f"to {np.float32(over):.7g}", "0 is black and 1 white")


def test_floats_from_0_to_4_are_asked_for_and_read_as_was_said() -> None:
    gray = (IMAGES / 255 * 4.3).astype(np.float32)
    raw = npz(images=gray, labels=LABELS)
    assert set(asked(raw).choices) == {"unit", "bytes", "max"}
    found = uploads.check_upload(raw, choices=UploadChoices(scale="max"))
    np.testing.assert_array_equal(found.arrays["images"][:, 0], np.round(gray.astype(np.float64) / gray.max() * 255))
    clipped = uploads.check_upload(raw, choices=UploadChoices(scale="unit"))
    assert done(clipped)["clipped"] == np.count_nonzero(gray > 1)


def test_negative_values_and_16_bits_are_asked_for() -> None:
    raw = npz(images=IMAGES / 127.5 - 1, labels=LABELS)
    assert set(asked(raw).choices) == {"unit", "range"}
    found = uploads.check_upload(raw, choices=UploadChoices(scale="range"))
    assert np.abs(found.arrays["images"][:, 0].astype(int) - IMAGES).max() <= 1
    wide = npz(images=IMAGES.astype(np.uint16) * 257, labels=LABELS)
    assert set(asked(wide).choices) == {"max"}
    assert (
        np.abs(
            uploads.check_upload(wide, choices=UploadChoices(scale="max")).arrays["images"][:, 0] - IMAGES.astype(int)
        ).max()
        <= 1
    )


def test_a_part_on_another_scale_is_asked_for() -> None:
    raw = npz(x_train=(IMAGES / 255).astype(np.float32), y_train=LABELS, x_test=IMAGES, y_test=LABELS)
    assert "x_train from 0 to 1 (float32) and x_test from 0 to 255 (uint8)" in str(asked(raw))
    found = uploads.check_upload(raw, choices=UploadChoices(scale="each"))
    np.testing.assert_array_equal(found.arrays["images"][:30], found.arrays["images"][30:])
    dark = npz(x_train=IMAGES, y_train=LABELS, x_test=IMAGES // 255, y_test=LABELS)
    assert asked(dark).option == "scale"


# -- folders -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("levels", [("u1", "u2"), ("a/u1", "b/u2"), ("x/y/u1", "x/z/u2")])
def test_no_recording_is_lost_however_deep_it_lies(levels: tuple[str, ...]) -> None:
    deep = [f"d/{part}/{level}/{name}" for part in ("Train", "Test") for level in levels for name in ("wave", "clap")]
    raw = recordings(*deep, files=4)
    assert asked(raw).option == "classes"
    found = uploads.check_upload(raw, choices=UploadChoices(classes="1"))
    assert (found.count, found.train, found.test, found.drawn) == (len(raw), len(raw) // 2, len(raw) // 2, False)
    assert found.labels == ("clap", "wave")
    assert sorted(map(len, map(found.events, range(found.count)))) == sorted(
        (len(one) - 128) // 32 for one in raw.values()
    )


def test_the_split_tells_people_from_classes() -> None:
    raw = recordings("Train/u1/wave", "Train/u1/clap", "Train/u2/wave", "Train/u2/clap", "Test/u3/wave", "Test/u3/clap")
    found = uploads.check_upload(raw)
    assert (found.labels, found.train, found.test) == (("clap", "wave"), 8, 4)
    stated(found, "Classes: clap, wave. No classes: u1, u2, u3.")


def test_validation_is_left_out_and_never_trained_on() -> None:
    raw = recordings(*(f"{part}/{name}" for part in ("Train", "Test", "Valid") for name in "ab"), files=4)
    found = uploads.check_upload(raw)
    assert (found.train, found.test, found.drawn, done(found)) == (8, 8, False, {"validation": 8})
    no_test = recordings(*(f"{part}/{name}" for part in ("train", "val") for name in "ab"))
    assert asked(no_test).option == "split"
    assert uploads.check_upload(no_test, choices=UploadChoices(split="folders")).test == 4
    drawn = uploads.check_upload(no_test, choices=UploadChoices(split="seed"))
    assert (drawn.count, drawn.drawn, done(drawn)) == (4, True, {"validation": 4})


def test_other_folders_beside_train_and_test_are_asked_for() -> None:
    raw = recordings("Train/a", "Train/b", "Test/a", "Test/b", "more/a", "more/b")
    assert set(asked(raw).choices) == {"seed", "folders"}
    found = uploads.check_upload(raw, choices=UploadChoices(split="folders"))
    assert (found.train, found.test, done(found)) == (4, 4, {"others": 4})
    assert uploads.check_upload(raw, choices=UploadChoices(split="seed")).count == 12


def test_a_class_may_be_called_train() -> None:
    found = uploads.check_upload(recordings("bus", "car", "train"))
    assert (found.labels, found.per_class, found.drawn) == (("bus", "car", "train"), (2, 2, 2), True)


def test_a_folder_of_the_split_below_the_class() -> None:
    found = uploads.check_upload(recordings("left/train", "left/test", "right/train", "right/test"))
    assert (found.labels, found.train, found.test) == (("left", "right"), 4, 4)


def test_a_recording_outside_of_the_classes_is_left_out_and_said() -> None:
    found = uploads.check_upload({**recordings("left", "right"), "sample.npy": npy(some(0, 1, 9))})
    assert (found.labels, done(found)) == (("left", "right"), {"strays": 1})


def test_names_are_compared_in_one_form_of_unicode() -> None:
    composed, apart = "caf\u00e9", unicodedata.normalize("NFD", "caf\u00e9")
    found = uploads.check_upload(recordings(f"Train/{composed}", "Train/b", f"Test/{apart}", "Test/b"))
    assert (found.classes, found.train, found.test) == (2, 4, 4)
    with pytest.raises(InputError, match="must hold each file once"):
        uploads.check_upload({f"{composed}/a.npy": npy(some(0, 1, 9)), f"{apart}/a.npy": npy(some(0, 2, 9))})


def test_long_names_are_no_ones_other() -> None:
    long = "x" * 90
    found = uploads.check_upload(zipped(recordings(f"{long}1", f"{long}2")))
    assert (found.classes, found.count) == (2, 4)


# -- archives ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [".npy", ".bin", ".npz", ".png"])
def test_what_macos_leaves_in_an_archive_is_left_out(ending: str, tmp_path: Path) -> None:
    if ending == ".npz":
        content = {"mine.npz": npz(images=IMAGES, labels=LABELS)}
    else:
        make = {
            ".npy": lambda n: npy(some(n, 1, 20)),
            ".bin": lambda n: packed(some(n, 1, 20)),
            ".png": lambda n: png(IMAGES[n]),
        }
        content = {f"m/{name}/{n}{ending}": make[ending](n) for name in "ab" for n in range(2)}
    resource = bytes.fromhex("0005160700020000") + bytes(112)
    beside = {f"__MACOSX/{'/'.join([*p.split('/')[:-1], '._' + p.split('/')[-1]])}": resource for p in content}
    found = uploads.check_upload(zipped({**content, **beside, "m/.DS_Store": b"x"}))
    assert found.count == (30 if ending == ".npz" else 4)
    assert done(found)["hidden"] == len(beside) + 1
    for name, raw in {**content, **beside}.items():
        (tmp_path / "f" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "f" / name).write_bytes(raw)
    again = uploads.check_upload(tmp_path / "f")
    assert (again.count, done(again)["hidden"]) == (found.count, len(beside))


# -- names of arrays and files -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "names",
    [("X", "y"), ("x", "y"), ("data", "target"), ("images", "targets"), ("arr_0", "arr_1"), ("X_train", "y_train")],
)
def test_arrays_by_the_names_that_people_give_them(names: tuple[str, str]) -> None:
    found = uploads.check_upload(npz(**{names[0]: IMAGES, names[1]: LABELS[:, None], "about": np.arange(3)}))
    np.testing.assert_array_equal(found.arrays["images"][:, 0], IMAGES)
    np.testing.assert_array_equal(found.arrays["labels"], LABELS)
    assert done(found) == {"arrays": 1}
    stated(found, f"{names[0]} with {names[1]}", "about")


def test_a_letter_before_the_part_says_what_an_array_is() -> None:
    """Beside it another number of each image, which could be labels by its shape."""
    found = uploads.check_upload(npz(xtrain=IMAGES, ytrain=LABELS, train_fold=np.arange(len(LABELS))))
    np.testing.assert_array_equal(found.arrays["labels"], LABELS)
    stated(found, "xtrain with ytrain", "train_fold")


def test_a_validation_part_of_an_npz_is_left_out() -> None:
    parts = {
        f"{axis}_{part}": (IMAGES if axis == "x" else LABELS) for part in ("train", "test", "val") for axis in "xy"
    }
    found = uploads.check_upload(npz(**parts))
    assert (found.train, found.test, done(found)) == (30, 30, {"validation": 30})


def test_arrays_that_are_no_images_are_refused_by_the_name_of_images() -> None:
    with pytest.raises(InputError, match=r"must hold the arrays images and labels.*got a, b"):
        uploads.check_upload(npz(a=np.zeros((5, 9)), b=np.zeros(5)))


@pytest.mark.parametrize("name", ["train-{0}.idx{1}-ubyte", "emnist-digits-train-{0}-idx{1}-ubyte.gz", "train_{0}"])
def test_idx_files_by_the_names_that_sites_give_them(name: str) -> None:
    content = {name.format("images", 3): idx(IMAGES), name.format("labels", 1): idx(LABELS.astype(np.uint8))}
    found = uploads.check_upload(content)
    np.testing.assert_array_equal(found.arrays["images"][:, 0], IMAGES)


def test_an_archive_in_an_archive() -> None:
    found = uploads.check_upload(zipped({"f.npz": npz(images=IMAGES, labels=LABELS), "README.txt": b"x"}))
    assert (found.count, done(found)) == (30, {"others": 1})
    stated(found, "1 other file beside the archive left out.")
    assert uploads.check_upload(zipped({"f.zip": zipped(recordings("left", "right"))})).count == 4


def test_cifar100s_binary_files_are_not_taken_for_recordings() -> None:
    record = bytes([3, 77]) + bytes(range(256)) * 12
    found = uploads.check_upload(
        zipped({"c/train.bin": 4 * record, "c/test.bin": record, "c/fine_label_names.txt": b"x"})
    )
    assert (found.form, found.shape, found.train, found.test) == ("CIFAR-100's binary files", (3, 32, 32), 4, 1)
    assert found.label(0) == 77
    assert set(done(found)) == {"coarse", "others"}


# -- cameras -----------------------------------------------------------------------------------------------------------


def camera(streams: dict[int, NDArray[np.int64]], size: tuple[int, int] | None = None) -> bytes:
    """An AEDAT 4 with packets of several streams, whose header tells (height, width)."""
    text = (
        b""
        if size is None
        else "".join(
            f'<node name="{n}"><attr key="sizeX" type="int">{size[1]}</attr>'
            f'<attr key="sizeY" type="int">{size[0]}</attr></node>'
            for n in streams
        ).encode()
    )
    header = flat(b"IOHE", [(0, bytes(4)), (0, (-1).to_bytes(8, "little", signed=True))], text)
    made = MAGIC + header
    for number, events in streams.items():
        raw = packet(events)
        made += number.to_bytes(4, "little") + len(raw).to_bytes(4, "little") + raw
    return made


def test_the_cameras_size_is_the_headers() -> None:
    files = {f"{name}/{n}.aedat4": camera({0: some(n, 1, 30)}, (240, 320)) for name in "ab" for n in range(2)}
    found = uploads.check_upload(files)
    assert found.shape == (2, 240, 320)
    stated(found, "240x320, as the files say")
    mixed = uploads.check_upload({**files, "a/9.aedat4": camera({0: some(0, 1, 30)}, (180, 240))})
    assert mixed.shape == (2, 240, 320)
    assert done(mixed) == {"sensors": 5}
    large = {name: camera({0: some(0, 1, 30)}, (720, 1280)) for name in files}
    stated(uploads.check_upload(large), "as far as there are events", "720x1280")


def test_several_cameras_are_asked_for() -> None:
    left, right = some(0, 1, 30), some(0, 2, 50)
    raw = camera({0: left, 3: right}, (240, 320))
    assert set(asked(raw).choices) == {"0", "3"}
    found = uploads.check_upload(raw, choices=UploadChoices(stream="3"))
    assert (len(found.events(0)), found.shape, done(found)) == (50, (2, 240, 320), {"stream": 1})
    with pytest.raises(InputError, match="stream must be 0 or 3"):
        uploads.check_upload(raw, choices=UploadChoices(stream="1"))


@pytest.mark.parametrize("order", ["txyp", "xypt", "ptxy"])
def test_columns_in_another_order_are_found_and_said(order: str) -> None:
    files = {}
    for name in ("a", "b"):
        for number in range(3):
            events = some(number, 4, 60)
            events[:, 2] += 1000
            files[f"{name}/{number}.npy"] = npy(events[:, ["xytp".index(axis) for axis in order]])
    found = uploads.check_upload(files)
    np.testing.assert_array_equal(found.events(0)["x"], some(0, 4, 60)[:, 0])
    np.testing.assert_array_equal(found.events(0)["p"], some(0, 4, 60)[:, 3])
    assert done(found) == {"columns": 6}
    stated(found, f"columns {', '.join(order)}")


# -- what is told ------------------------------------------------------------------------------------------------------


def test_lengths_and_what_the_limit_drops_are_told() -> None:
    many = np.array([[1, 2, t, 1] for t in range(0, 1_000_000, 1000)])
    found = uploads.check_upload({f"{name}/{n}.npy": npy(many) for name in "ab" for n in range(2)})
    assert found.milliseconds == (999, 999, 999)
    assert checked.count_clipped_events(found.arrays["events"], found.arrays["ends"], found.shape, frames=1) == 4 * (
        1000 - 255
    )
    assert found.dropped == 0
    short = uploads.check_upload({f"{name}/{n}.npy": npy(many // [1, 1, 1000, 1]) for name in "ab" for n in range(2)})
    stated(short, "1.0 to 1.0 ms")


def test_a_choice_that_nothing_was_asked_for_is_refused() -> None:
    with pytest.raises(InputError, match="stream must be left out: there is nothing to choose"):
        uploads.check_upload(npz(images=IMAGES, labels=LABELS), choices=UploadChoices(stream="1"))
