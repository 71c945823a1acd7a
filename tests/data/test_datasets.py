"""Data sets: their cards, the files they are read from, and what happens when those are missing or damaged."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from snnviz.data import datasets
from snnviz.data.cards import Archive
from snnviz.data.datasets import ROLES, DatasetCard, Split
from snnviz.design.menus import DATASETS, EVENTS
from snnviz.errors import DataMissing, InputError
from tests.data.idx import Published, packed, published

NAMES = [entry.kind for entry in DATASETS if EVENTS not in entry.traits]
"""Those of images; of recordings see test_recordings."""


def is_a_sentence(error: DataMissing) -> bool:
    text = str(error)
    return text.isprintable() and text.endswith(".") and len(text) < 400


@pytest.fixture(params=NAMES, scope="module")
def real(request: pytest.FixtureRequest) -> tuple[DatasetCard, Split]:
    """A card and the images it is about; skipped where this machine does not have them."""
    name: str = request.param
    if not datasets.is_available(name):
        pytest.skip(f"the files of {name} are not on this machine (SNNVIZ_DATA names their folder)")
    return datasets.dataset_card(name), datasets.load_images(name)


def test_a_card_states_sizes_shape_and_classes_of_the_real_images(real: tuple[DatasetCard, Split]) -> None:
    card, split = real
    assert split.train_images.shape == (card.train, *card.shape[1:])
    assert split.test_images.shape == (card.test, *card.shape[1:])
    assert split.train_images.dtype == np.uint8
    for labels, count in ((split.train_labels, card.train), (split.test_labels, card.test)):
        assert labels.shape == (count,)
        assert labels.dtype == np.int64
        assert set(labels.tolist()) == set(range(card.classes))
    assert len(card.labels) == card.classes
    assert split.white == max(split.train_images.max(), split.test_images.max())


def test_a_card_states_mean_deviation_and_histogram_of_the_real_images(real: tuple[DatasetCard, Split]) -> None:
    card, split = real
    images = split.train_images
    if not card.download:  # digits: over all images, whatever the split
        images = np.concatenate([images, split.test_images])
    share = np.bincount(images.ravel(), minlength=split.white + 1) / images.size
    levels = np.arange(split.white + 1) / split.white
    assert card.mean == pytest.approx(share @ levels, abs=5e-5)
    assert card.std == pytest.approx(np.sqrt(share @ levels**2 - (share @ levels) ** 2), abs=5e-5)
    histogram = np.bincount(np.round(levels * 16).astype(int), weights=share)
    np.testing.assert_allclose(card.histogram, histogram, atol=5.1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_a_card_is_complete(name: str) -> None:
    card = datasets.dataset_card(name)
    assert sum(card.histogram) == pytest.approx(1, abs=2e-5)
    assert len(card.histogram) == 17
    assert 0 < card.likeness < 1
    assert all([card.title, card.about.endswith("."), card.licence, card.citation, card.home])
    assert f"{card.train:,}" in card.about or "80 %" in card.about
    assert len(card.files) == {"idx": 4, "table": 1, "cifar": 0}[card.layout]
    assert card.split.endswith(".")


@pytest.mark.parametrize("name", NAMES)
def test_a_cards_histogram_has_the_mean_and_the_deviation_that_the_card_states(name: str) -> None:
    """As far as 17 steps of brightness can tell, or what stands in for a histogram."""
    card, level, share = (
        datasets.dataset_card(name),
        np.arange(17) / 16,
        np.array(datasets.dataset_card(name).histogram),
    )
    mean = share @ level
    assert (share >= 0).all()
    assert card.mean == pytest.approx(mean, abs=0.02)
    assert card.std == pytest.approx(np.sqrt(share @ level**2 - mean**2), rel=0.06)


def test_an_unknown_data_set_is_a_sentence() -> None:
    with pytest.raises(InputError, match=r"^data set must be one of digits, mnist, "):
        datasets.dataset_card("cifar")


def rows(images: np.ndarray, labels: np.ndarray) -> list[tuple[int, ...]]:
    return sorted(tuple(row) for row in np.column_stack([labels, images.reshape(len(images), -1)]).astype(int).tolist())


@pytest.mark.parametrize("seed", [0, 1, 2**31 - 1])
def test_digits_are_those_of_scikit_learn_split_by_the_seed(seed: int) -> None:
    split, bunch = datasets.load_images("digits", seed), load_digits()
    ours = rows(
        np.concatenate([split.train_images, split.test_images]), np.concatenate([split.train_labels, split.test_labels])
    )
    assert ours == rows(bunch.images, bunch.target)


def test_the_same_seed_splits_digits_alike_and_another_does_not() -> None:
    first, again, other = (datasets.load_images("digits", seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first.train_images, again.train_images)
    np.testing.assert_array_equal(first.test_labels, again.test_labels)
    shared = set(rows(first.test_images, first.test_labels)) & set(rows(other.test_images, other.test_labels))
    assert len(shared) < 0.5 * len(first.test_images)


def test_damaged_digits_are_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "datasets" / "data"
    folder.mkdir(parents=True)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: type("Spec", (), {"origin": str(tmp_path / "init.py")}))
    for content in (None, b"", gzip.compress(b"0,0,5\n"), b"1,2,3"):
        if content is not None:
            (folder / "digits.csv.gz").write_bytes(content)
        with pytest.raises(DataMissing) as caught:
            datasets.load_images("digits")
        assert is_a_sentence(caught.value)


# Small files in the format of MNIST, so that reading and searching are tested on every machine.


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Published:
    """A published data set of a few images under the name mnist, and a machine that has nothing and no network."""
    monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SNNVIZ_DATA", raising=False)
    made = published(size=(4, 4))
    monkeypatch.setattr(datasets, "dataset_card", lambda _: made.card("http://127.0.0.1:9/"))
    return made


def put(made: Published, folder: Path, gzipped: bool = True) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for role in ROLES:
        name = f"{role}.gz" if gzipped else role
        (folder / name).write_bytes(packed(made.content[role]) if gzipped else made.content[role])


@pytest.mark.parametrize("gzipped", [True, False])
@pytest.mark.parametrize("place", ["data/mnist", "data", "cache/datasets/mnist"])
def test_files_are_found_packed_or_not_in_every_place(
    small: Published, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, gzipped: bool
) -> None:
    monkeypatch.setenv("SNNVIZ_DATA", str(tmp_path / "data"))
    assert not datasets.is_available("mnist")
    put(small, tmp_path / place, gzipped)
    assert datasets.is_available("mnist")
    split = datasets.load_images("mnist")
    np.testing.assert_array_equal(split.train_images, small.arrays[ROLES[0]])
    np.testing.assert_array_equal(split.train_labels, small.arrays[ROLES[1]])
    np.testing.assert_array_equal(split.test_images, small.arrays[ROLES[2]])
    np.testing.assert_array_equal(split.test_labels, small.arrays[ROLES[3]])
    assert split.train_labels.dtype == np.int64


def test_another_data_sets_files_of_the_same_name_are_passed_over(
    small: Published, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNNVIZ_DATA", str(tmp_path / "data"))
    put(published(size=(4, 4), seed=1), tmp_path / "data")
    put(small, tmp_path / "cache" / "datasets" / "mnist")
    np.testing.assert_array_equal(datasets.load_images("mnist").train_images, small.arrays[ROLES[0]])


def damaged(raw: bytes, how: str) -> bytes:
    whole = packed(raw)
    return {
        "empty": b"",
        "another content": packed(raw + b"\0"),
        "one bit flipped": packed(bytes([*raw[:-1], raw[-1] ^ 1])),
        "truncated": whole[: len(whole) // 2],
        "only a header": whole[:5],
        "no gzip at all": raw[:-1],
        "rubbish inside": whole[:20] + b"\xff" * 20 + whole[40:],
        "a web page": b"<html>404</html>",
    }[how]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "how",
    [
        *("empty", "another content", "one bit flipped", "truncated", "only a header"),
        *("no gzip at all", "rubbish inside", "a web page"),
    ],
)
def test_a_damaged_file_is_a_sentence_that_names_it(small: Published, tmp_path: Path, role: str, how: str) -> None:
    folder = tmp_path / "cache" / "datasets" / "mnist"
    put(small, folder)
    (folder / f"{role}.gz").write_bytes(damaged(small.content[role], how))
    with pytest.raises(DataMissing) as caught:
        datasets.load_images("mnist")
    assert is_a_sentence(caught.value)
    assert str(folder / f"{role}.gz") in str(caught.value)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.floats(0, 1), byte=st.integers(1, 255))
def test_no_flipped_byte_goes_unnoticed(small: Published, tmp_path: Path, position: float, byte: int) -> None:
    raw = bytearray(packed(small.content[ROLES[0]]))
    spot = int(position * (len(raw) - 1))
    raw[spot] ^= byte
    path = tmp_path / "file.gz"
    path.write_bytes(raw)
    try:
        content = datasets.read_verified(path, small.card("").files[0].content, "mnist")
    except DataMissing:
        return
    assert content == small.content[ROLES[0]]  # gzip's own header has bytes that mean nothing


def test_missing_files_are_a_sentence_that_says_what_to_do(small: Published, tmp_path: Path) -> None:
    put(small, tmp_path / "cache" / "datasets" / "mnist")
    (tmp_path / "cache" / "datasets" / "mnist" / f"{ROLES[2]}.gz").unlink()
    assert not datasets.is_available("mnist")
    with pytest.raises(DataMissing) as caught:
        datasets.load_images("mnist")
    assert is_a_sentence(caught.value)
    assert f"put {ROLES[2]}.gz" in str(caught.value)
    assert str(tmp_path / "cache" / "datasets" / "mnist") in str(caught.value)


def test_what_nobody_knows_the_size_of_is_fetched_only_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Large archives, too."""
    card, most = datasets.dataset_card("fashion-mnist"), datasets.AUTOMATIC_DOWNLOAD_MEGABYTES
    for size, expected in ((1, True), (most, True), (most + 1, False), (0, False)):
        sized = replace(card, archives=(Archive("a.zip", "https://a.example/a.zip", "md5:0", size),))
        monkeypatch.setattr(datasets, "dataset_card", lambda _, card=sized: card)
        assert datasets.is_downloaded_automatically("fashion-mnist") == expected
