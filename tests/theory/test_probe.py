"""Which images stand for a data set: every class alike, whatever the order of the samples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnviz.data import datasets
from snnviz.design.design import Design
from snnviz.theory.probe import PROBE_SIZE, describe_probe, draw_balanced

SIZES = st.lists(st.integers(0, 40), min_size=1, max_size=12)


def labels_of(sizes: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.repeat(np.arange(len(sizes)), sizes)


def even(sizes: list[int], wanted: int) -> list[int]:
    """One after the other from whoever has given least and has one left: the sorted counts."""
    given = [0] * len(sizes)
    for _ in range(min(wanted, sum(sizes))):
        free = [k for k, size in enumerate(sizes) if given[k] < size]
        given[min(free, key=lambda k: given[k])] += 1
    return sorted(given)


@given(SIZES, st.integers(0, 100), st.integers(0, 3))
def test_class_counts_are_as_even_as_there_are_images(sizes: list[int], wanted: int, seed: int) -> None:
    labels = labels_of(sizes)
    chosen = draw_balanced(labels, wanted, seed)
    assert len(set(chosen.tolist())) == len(chosen) == min(wanted, len(labels))
    counts = np.bincount(labels[chosen], minlength=len(sizes))
    assert sorted(counts.tolist()) == even(sizes, wanted)
    enough = [count for count, size in zip(counts, sizes, strict=True) if size > count]
    assert max(enough, default=0) - min(enough, default=0) <= 1


@given(SIZES, st.integers(0, 60), st.integers(0, 40))
def test_fewer_are_the_beginning_of_more(sizes: list[int], wanted: int, more: int) -> None:
    labels = labels_of(sizes)
    assert draw_balanced(labels, wanted, 5).tolist() == draw_balanced(labels, wanted + more, 5)[:wanted].tolist()


def test_it_is_the_seeds_and_nothing_elses() -> None:
    labels = np.arange(1000) % 10
    assert draw_balanced(labels, PROBE_SIZE, 3).tolist() == draw_balanced(labels.copy(), PROBE_SIZE, 3).tolist()
    assert len({tuple(draw_balanced(labels, PROBE_SIZE, seed).tolist()) for seed in range(20)}) == 20
    firsts = {int(labels[draw_balanced(labels, 1, seed)][0]) for seed in range(200)}
    assert firsts == set(range(10))  # which class has one more is drawn, too


def test_of_more_classes_than_places_there_is_one_each() -> None:
    labels = np.repeat(np.arange(101), 20)
    one, other = (labels[draw_balanced(labels, PROBE_SIZE, seed)] for seed in (0, 1))
    assert len(set(one.tolist())) == len(set(other.tolist())) == PROBE_SIZE
    assert set(one.tolist()) != set(other.tolist())


def test_images_of_a_class_are_equally_likely() -> None:
    """The first 2,000 seeds: each of 20 images is among 5 drawn in a quarter of them, within four standard errors."""
    labels = np.repeat([0, 1], 20)
    hits = sum(np.bincount(draw_balanced(labels, 10, seed), minlength=40) for seed in range(2000))
    assert np.abs(hits / 2000 - 0.25).max() < 4 * (0.25 * 0.75 / 2000) ** 0.5


@pytest.mark.parametrize("name", ["digits", "mnist"])
def test_words_are_true_of_the_data_that_comes_along(name: str) -> None:
    if not datasets.is_available(name):
        pytest.skip(f"{name} is not here")
    labels = datasets.load_images(name, 0).train_labels
    counts = set(np.bincount(labels[draw_balanced(labels, PROBE_SIZE, 0)]).tolist())
    assert counts == {6, 7}
    assert "64 training images, 6 or 7 of each class" in describe_probe(
        Design.check({"data": {"name": name}}), PROBE_SIZE
    )


def test_words_for_more_classes_than_places_and_equal_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    design = Design()
    for classes, expected in ((101, "64 of the 101 classes"), (2, "32 of each class"), (64, "1 of each class")):
        about = datasets.dataset_card("digits")
        few = type(about)(**{name: getattr(about, name) for name in about.__slots__} | {"classes": classes})
        monkeypatch.setattr(datasets, "dataset_card", lambda _, few=few: few)
        assert expected in describe_probe(design, PROBE_SIZE)
        monkeypatch.undo()
