"""Data sets of one's own: what is good is kept and found again; each fault is one sentence, and writes nothing."""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnviz.data import datasets, owndata, uploads
from snnviz.data.files.imagefiles import ROLES
from snnviz.data.uploads import UploadLimits
from snnviz.design.design import Design
from snnviz.design.menus import DATASETS, EVENTS
from snnviz.errors import DataMissing, InputError, NotFound
from tests.data.aedat import aedat4
from tests.data.idx import idx
from tests.packed import npz, zipped
from tests.recorded import packed, put, some

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (30, 8, 6), np.uint8)
LABELS = np.arange(30) % 3
SMALL = UploadLimits(megabytes=1, samples=50, events=5000, side=64, classes=20, sets=3)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def refused(source: Any, limits: UploadLimits = SMALL) -> str:
    with pytest.raises(InputError) as caught:
        uploads.check_upload(source, limits)
    text = str(caught.value)
    assert text.isprintable()
    assert " must " in text
    assert ", got " in text
    assert len(text) < 300
    return text


GOOD = npz(images=IMAGES, labels=LABELS)


def test_an_npz_is_checked_kept_found_and_removed(cache: Path) -> None:
    found = uploads.check_upload(GOOD)
    assert (found.kind, found.shape, found.classes, found.train, found.test) == ("images", (1, 8, 6), 3, 24, 6)
    assert found.drawn
    assert found.trainable
    assert not cache.exists()  # nothing is written before it is kept
    name = uploads.store_upload(found, "Mine")
    assert owndata.is_own_name(name)
    assert uploads.store_upload(uploads.check_upload(GOOD), "Mine") == name
    assert owndata.own_dataset_names() == (name,)
    assert datasets.dataset_names()[-1] == name
    card = datasets.dataset_card(name)
    assert (card.title, card.shape, card.classes, card.train, card.test) == ("Mine", (1, 8, 6), 3, 24, 6)
    assert card.mean == pytest.approx((IMAGES / 255).mean(), abs=1e-6)
    assert card.std == pytest.approx((IMAGES / 255).std(), abs=1e-6)
    assert sum(card.histogram) == pytest.approx(1)

    design = Design.check({"data": {"name": name}})
    assert Design.read(design.canonical()) == design
    split = datasets.load_images(name, seed=1)
    assert split.train_images.shape == (24, 1, 8, 6)
    both = np.concatenate([split.train_images, split.test_images])[:, 0]
    assert sorted(map(bytes, both)) == sorted(map(bytes, IMAGES))
    assert not np.array_equal(datasets.load_images(name, seed=2).test_images, split.test_images)

    uploads.remove(name)
    assert not datasets.is_available(name)
    assert owndata.own_dataset_names() == ()
    assert Design.read(design.canonical()) == design  # its runs can still be read
    with pytest.raises(DataMissing, match="was removed from this machine"):
        datasets.load_images(name)
    assert uploads.store_upload(found, "Mine") == name
    assert datasets.is_available(name)


@pytest.mark.parametrize("name", ["own-000000000000", "own-00000000000g", "own-", "own-../../etc", "OWN-000000000000"])
def test_a_name_that_nothing_was_kept_under_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=r"^data.name must be one of digits, "):
        Design.check({"data": {"name": name}})
    assert name not in DATASETS
    with pytest.raises(NotFound):
        uploads.remove(name)


def test_colours_first_or_last_intensities_or_bytes_and_a_test_part() -> None:
    colours = RNG.integers(0, 256, (10, 3, 5, 4), np.uint8)
    labels = np.arange(10) % 2
    first = uploads.check_upload(npz(x_train=colours, y_train=labels, x_test=colours[:4], y_test=labels[:4]))
    last = uploads.check_upload(npz(images=colours.transpose(0, 2, 3, 1), labels=labels))
    assert first.shape == last.shape == (3, 5, 4)
    assert (first.train, first.test, first.drawn) == (10, 4, False)
    np.testing.assert_array_equal(first.arrays["images"][:10], last.arrays["images"])
    shares = uploads.check_upload(npz(images=colours / 255, labels=labels.astype(float)))
    np.testing.assert_array_equal(shares.arrays["images"], last.arrays["images"])
    name = uploads.store_upload(first)
    assert datasets.load_images(name).test_images.shape == (4, 3, 5, 4)
    np.testing.assert_array_equal(datasets.load_images(name, seed=5).test_images, colours[:4])


def test_idx_files_alone_in_a_folder_and_zipped(tmp_path: Path) -> None:
    content = {ROLES[0]: idx(IMAGES), ROLES[1]: idx(LABELS.astype(np.uint8))}
    alone = uploads.check_upload(content)
    assert (alone.kind, alone.shape, alone.count, alone.drawn) == ("images", (1, 8, 6), 30, True)
    folder = tmp_path / "idx"
    folder.mkdir()
    both = {**content, ROLES[2]: idx(IMAGES[:7]), ROLES[3]: idx(LABELS[:7].astype(np.uint8))}
    for role, raw in both.items():
        (folder / f"{role}.gz").write_bytes(gzip.compress(raw))
    found = uploads.check_upload(folder)
    assert (found.train, found.test, found.drawn) == (30, 7, False)
    inside = uploads.check_upload(zipped({f"some/where/{role}": raw for role, raw in both.items()}))
    np.testing.assert_array_equal(inside.arrays["images"], found.arrays["images"])


def test_cifar10s_binary_files_are_not_taken_for_recordings() -> None:
    record = bytes([3]) + bytes(range(256)) * 12
    files = {**{f"x/data_batch_{n}.bin": 2 * record for n in range(1, 6)}, "x/test_batch.bin": b"\x01" + record[1:]}
    found = uploads.check_upload(zipped(files))
    assert (found.form, found.shape, found.train, found.test) == ("CIFAR-10's binary files", (3, 32, 32), 10, 1)
    assert "must hold records of 3,073 bytes, got 30,729 bytes" in refused(
        {**files, "x/data_batch_2.bin": 2 * record[:-1] + b"1"}
    )


def test_recordings_in_folders_of_labels(tmp_path: Path) -> None:
    put(tmp_path / "mine", 20, 10, 40)
    found = uploads.check_upload(tmp_path / "mine")
    assert (found.kind, found.train, found.test, found.drawn, found.classes) == ("events", 20, 10, False, 10)
    assert len(found.events(3)) == 40
    assert found.events(3)["t"][0] == 0
    name = uploads.store_upload(found, "Moves")
    assert EVENTS in DATASETS[name].traits
    assert datasets.dataset_card(name).counts is not None
    assert datasets.dataset_card(name).shape == found.shape


def test_recordings_of_every_form_zipped_with_names_for_labels() -> None:
    file = io.BytesIO()
    np.save(file, some(0, 1, 30))
    files = {
        "left/a.bin": packed(some(0, 1, 30)),
        "left/b.npy": file.getvalue(),
        "right/c.aedat4": aedat4(some(0, 1, 30)),
        "right/d.aedat4": aedat4(some(1, 1, 30), "lz4"),
        "README.md": b"mine",
    }
    found = uploads.check_upload(zipped(files))
    assert (found.labels, found.count, found.classes) == (("left", "right"), 4, 2)
    assert [done.words for done in found.done] == ["1 other file left out."]
    for number in (1, 2):
        np.testing.assert_array_equal(found.events(0), found.events(number))
    assert uploads.check_upload({"0/a.bin": files["left/a.bin"], "3/b.bin": files["left/a.bin"]}).remarks == (
        "No sample has the label 1, 2.",
    )


def test_one_recording_can_be_looked_at_but_not_kept(cache: Path) -> None:
    found = uploads.check_upload(aedat4(some(0, 1, 30)))
    assert (found.count, found.trainable) == (1, False)
    assert found.remarks[0].startswith("One recording can be looked at")
    with pytest.raises(InputError, match="must have samples to train and to test with, of two classes, got 1 and 0"):
        uploads.store_upload(found)
    assert not cache.exists()


def test_images_of_one_class_can_be_looked_at_but_not_kept(cache: Path) -> None:
    found = uploads.check_upload(npz(images=IMAGES, labels=np.zeros(len(IMAGES), np.int64)))
    assert (found.classes, found.trainable) == (1, False)
    assert min(found.train, found.test) > 0
    with pytest.raises(InputError, match="of two classes"):
        uploads.store_upload(found)
    assert not cache.exists()


BACKWARDS = some(0, 1, 30)[::-1].copy()


def bomb() -> bytes:
    """2 MB of zeros in 2 kB."""
    return zipped({"images.npy": bytes(2_000_000)})


def lying() -> bytes:
    """Declares 100 bytes and unpacks to 2 MB."""
    raw = bytearray(zipped({"images.npy": bytes(2_000_000), "labels.npy": b"x"}))
    size = (2_000_000).to_bytes(4, "little")
    return bytes(raw.replace(size, (100).to_bytes(4, "little")))


def array(**changed: Any) -> bytes:
    return npz(**{"images": IMAGES, "labels": LABELS, **changed})


FAULTS: dict[str, tuple[Any, str]] = {
    "a pickle": (pickle.dumps({"images": 1}), "got a pickle, which is never opened"),
    "a pickle in an npz": (array(images=np.array([{}], object)), "images must be an array of numbers, got pickled"),
    "pickled labels": (array(labels=np.array([{}] * 30, object)), "labels must be an array of numbers, got pickled"),
    "a bomb": (bomb(), "must be at most 1 MB, got 2 MB"),
    "a bomb that lies": (lying(), "must be "),
    "too many bytes": (bytes(1_000_001), "must be at most 1 MB, got 1 MB"),
    "half a file": (GOOD[:700], "must be a whole zip or .npz"),
    "only called an npz": ({"bad.npz": b"<html>404</html>"}, "must be a whole zip or .npz, got bad.npz"),
    "nothing": (b"", "must be an .npz, IDX files, pictures (.png, .jpg) or recordings"),
    "a web page": (b"<html>404</html>", "must be an .npz, IDX files, pictures (.png, .jpg) or recordings"),
    "no labels": (npz(images=IMAGES), "must hold the arrays images and labels, got images"),
    "fewer labels": (array(labels=LABELS[:7]), "labels must be as many as the 30 images, got 7"),
    "a label below 0": (array(labels=LABELS - 1), "labels must be whole numbers from 0 to 19, got -1"),
    "a label above": (array(labels=LABELS * 10), "labels must be whole numbers from 0 to 19, got 20"),
    "half a label": (array(labels=LABELS + 0.5), "must hold whole numbers as labels, got fractions"),
    "labels as words": (array(labels=np.array(["a"] * 30)), "labels must be whole numbers from 0, one for each"),
    "labels one-hot": (array(labels=np.eye(3)[LABELS]), "labels must be whole numbers from 0, one for each"),
    "flat images": (array(images=IMAGES.reshape(30, -1)), "must be numbers of shape (N, height, width)"),
    "four colours": (array(images=np.zeros((30, 4, 8, 8), np.uint8)), "images must have 1 or 3 colours"),
    "tiny images": (array(images=IMAGES[:, :2]), "images must be of 4 to 64 pixels a side, got 2x6"),
    "large images": (array(images=np.zeros((30, 8, 65), np.uint8)), "images must be of 4 to 64 pixels a side"),
    "too many images": (npz(images=np.zeros((51, 8, 8)), labels=np.zeros(51)), "at most 50 samples, got 51"),
    "not a number": (array(images=np.full((30, 8, 8), np.nan)), "images must hold finite numbers"),
    "negative pixels": (array(images=IMAGES.astype(int) - 5), "scale must be chosen by --scale: range (-5 is black"),
    "complex": (array(images=IMAGES.astype(complex)), "must be numbers of shape"),
    "no images": (npz(images=IMAGES[:0], labels=LABELS[:0]), "must be at least one, got none"),
    "no zip in a zip in a zip": (zipped({"a.zip": zipped({"b.zip": GOOD})}), "must hold one archive"),
    "idx cut off": ({ROLES[0]: idx(IMAGES)[:-3], ROLES[1]: idx(LABELS.astype(np.uint8))}, "must hold 1,440 bytes as"),
    "no idx": ({ROLES[0]: b"abcd" * 9, ROLES[1]: b""}, "must be an IDX file of bytes"),
    "gz cut off": ({ROLES[0]: gzip.compress(idx(IMAGES))[:-9], ROLES[1]: b""}, "must be whole"),
    "gz bomb": ({ROLES[0]: gzip.compress(idx(np.zeros((40, 250, 250), np.uint8))), ROLES[1]: b""}, "at most 1 MB"),
    "gz of zeros": ({ROLES[0]: gzip.compress(bytes(2_000_000)), ROLES[1]: b""}, "must be an IDX file of bytes"),
    "a recording cut off": ({"0/a.bin": packed(some(0, 1, 30))[:-1]}, "recording 0/a.bin must hold whole events"),
    "an empty recording": ({"0/a.bin": b""}, "recording 0/a.bin must hold whole events, got 0 bytes"),
    "time runs backwards": ({"0/a.bin": packed(BACKWARDS)}, "must have times that never run backwards, got "),
    "too many events": ({f"0/{n}.bin": packed(some(0, 1, 1500)) for n in range(4)}, "at most 5,000 events"),
    "too large a sensor": ({"0/a.bin": packed(some(0, 1, 30)) + bytes([70, 0, 127, 255, 255])}, "from 0 to 63, got 70"),
    "a class too many": ({"20/a.bin": packed(some(0, 1, 30))}, "labels must be whole numbers from 0 to 19, got 20"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_one_sentence_and_nothing_is_written(fault: str, cache: Path) -> None:
    source, words = FAULTS[fault]
    assert words in refused(source)
    assert not cache.exists()


def test_a_file_of_ten_gigabytes_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.npz"
    with path.open("wb") as file:
        os.truncate(file.fileno(), 10 * 2**30)  # takes no room
    tracemalloc.start()
    assert "must be at most 512 MB, got 10,737 MB" in refused(path, UploadLimits())
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


def test_a_bomb_takes_no_memory() -> None:
    raw = zipped({"images.npy": bytes(100_000_000), "labels.npy": bytes(10)})
    tracemalloc.start()
    refused(raw)
    assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
    tracemalloc.stop()


@pytest.mark.parametrize("name", ["../../etc/passwd.bin", "/etc/0/a.bin", "..\\..\\0\\a.bin", "a\n/\u2028.bin"])
def test_a_name_is_no_path(name: str, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    found = uploads.check_upload(zipped({name: packed(some(0, 1, 30)), "1/b.bin": packed(some(1, 1, 30))}))
    uploads.store_upload(found, "Mine")
    assert {path.name for path in tmp_path.rglob("*")} - {path.name for path in before} == {
        *("cache", "datasets", owndata.own_dataset_names()[0], "events.npy", "ends.npy", "labels.npy", "card.json"),
    }
    assert "a\n" not in refused({name: b"x"})


def test_a_link_in_a_folder_is_not_followed(tmp_path: Path) -> None:
    put(tmp_path / "mine", 5, 5, 20)
    secret = tmp_path / "secret.bin"
    secret.write_bytes(packed(some(0, 1, 30)))
    (tmp_path / "mine" / "Train" / "0" / "link.bin").symlink_to(secret)
    assert uploads.check_upload(tmp_path / "mine").count == 10


def test_no_more_sets_than_a_host_allows_and_no_long_titles() -> None:
    for seed in range(3):
        uploads.store_upload(uploads.check_upload(npz(images=IMAGES + np.uint8(seed), labels=LABELS)), limits=SMALL)
    with pytest.raises(InputError, match="must be one of at most 3 on this machine"):
        uploads.store_upload(uploads.check_upload(npz(images=IMAGES + np.uint8(9), labels=LABELS)), limits=SMALL)
    with pytest.raises(InputError, match="title must be at most 60 printable characters"):
        uploads.store_upload(uploads.check_upload(GOOD), "x" * 61)


def test_all_sets_together_fit_into_what_is_kept(cache: Path) -> None:
    large = npz(images=np.zeros((50, 64, 64, 3), np.uint8), labels=np.arange(50) % 3)
    wide, some = UploadLimits(kept=1), uploads.check_upload(large)
    uploads.store_upload(some, "first", wide)
    assert 614_400 < sum(owndata.own_dataset_sizes().values()) < 620_000
    frames = cache / "datasets" / owndata.own_dataset_names()[0] / "frames-0.npy"
    frames.write_bytes(bytes(10**6))  # not the set's own
    uploads.store_upload(uploads.check_upload(GOOD), "small", wide)
    with pytest.raises(
        InputError, match=r"must fit into the 1 MB that are kept on this machine for all of them, got 1 MB"
    ):
        uploads.store_upload(some, "second", wide)
    assert len(owndata.own_dataset_names()) == 2


def test_limits_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert UploadLimits.here() == UploadLimits()
    monkeypatch.setenv("SNNVIZ_UPLOAD_MEGABYTES", "7")
    assert UploadLimits.here().megabytes == 7
    monkeypatch.setenv("SNNVIZ_UPLOAD_MEGABYTES", "-7")
    with pytest.raises(InputError, match="SNNVIZ_UPLOAD_MEGABYTES must be a whole number, got '-7'"):
        UploadLimits.here()


def test_a_damaged_set_is_a_sentence(cache: Path) -> None:
    name = uploads.store_upload(uploads.check_upload(GOOD))
    place = cache / "datasets" / name
    (place / "images.npy").write_bytes(b"\x93NUMPY rubbish")
    with pytest.raises(DataMissing, match="is damaged"):
        datasets.load_images(name)
    (place / "card.json").write_text("{")
    with pytest.raises(InputError, match=r"data.name must be one of"):
        Design.check({"data": {"name": name}})
    assert json.dumps(datasets.dataset_names())


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255), st.integers(0, len(GOOD)))
def test_no_damage_is_more_than_a_sentence(place: int, byte: int, cut: int) -> None:
    changed = bytearray(GOOD)
    changed[place] = byte
    for raw in (bytes(changed), GOOD[:cut]):
        try:
            assert uploads.check_upload(raw, SMALL).count > 0
        except InputError as error:
            assert str(error).isprintable()  # noqa: PT017
