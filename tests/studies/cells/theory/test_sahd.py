"""Distances between the spikes of two images, and the score of a kernel."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from snnviz.errors import InputError
from snnviz.studies.cells.scoring import Metric, Normalisation
from snnviz.studies.cells.theory.sahd import (
    EPSILON,
    METRICS,
    KernelMatrix,
    LayerSparsity,
    Score,
    Scores,
    ScoringResult,
    expected_hamming_distance,
    hamming_distance,
    sparsity_aware_distance,
)

BATCH, NEURONS = 7, 40
SPIKES = arrays(np.int64, (3, BATCH, NEURONS), elements=st.integers(0, 1))
NORMALISATIONS: tuple[Normalisation, ...] = get_args(Normalisation)
WAYS: list[tuple[Metric, Normalisation]] = [(metric, way) for metric in METRICS for way in NORMALISATIONS]


def common(spikes: Any) -> Any:
    return spikes @ spikes.swapaxes(-1, -2)


def aware(both: Any, neurons: int) -> Any:
    return sparsity_aware_distance(hamming_distance(both), both, neurons, "paper")


def random(rate: float, seed: int = 0, steps: int = 3, neurons: int = 400) -> Any:
    return (np.random.default_rng(seed).random((steps, BATCH, neurons)) < rate).astype(np.int64)


@given(SPIKES)
def test_hamming_counts_the_neurons_that_differ(spikes: Any) -> None:
    slow = (spikes[:, :, None, :] != spikes[:, None, :, :]).sum(-1)
    np.testing.assert_array_equal(hamming_distance(common(spikes)), slow)
    rate = (spikes == 0).mean(-1)
    p = rate[:, :, None] * (1 - rate[:, None]) + (1 - rate[:, :, None]) * rate[:, None]
    np.testing.assert_allclose(expected_hamming_distance(common(spikes), NEURONS), NEURONS * p, atol=1e-12)
    literal: dict[Normalisation, Any] = {
        "paper": NEURONS / 2 * slow / (NEURONS * p + EPSILON),
        "code": 0.5 * slow / (NEURONS * p + EPSILON),
        "published": 0.5 * slow / (p + EPSILON),
    }
    assert set(literal) == set(NORMALISATIONS)
    for normalisation, due in literal.items():
        np.testing.assert_allclose(sparsity_aware_distance(slow, common(spikes), NEURONS, normalisation), due)


@given(SPIKES, st.sampled_from(WAYS))
def test_a_kernel_is_symmetric_with_all_neurons_on_its_diagonal(spikes: Any, way: tuple[Metric, Normalisation]) -> None:
    kernel = KernelMatrix(way[1])
    kernel.add(common(spikes), NEURONS, copies=2)
    kernel.add(common(spikes[:1]), NEURONS)
    total = (2 * 3 + 1) * NEURONS / (1 if way[1] == "paper" else 7)
    np.testing.assert_allclose(np.diag(kernel.matrix(way[0])), total)
    np.testing.assert_array_equal(kernel.matrix(way[0]), kernel.matrix(way[0]).T)
    again = KernelMatrix(way[1])
    for layer in (spikes, spikes, spikes[:1]):
        again.add(common(layer), NEURONS)
    np.testing.assert_allclose(again.matrix(way[0]), kernel.matrix(way[0]))
    assert again.terms == kernel.terms


@given(st.integers(0, 10**6), st.sampled_from(WAYS))
def test_the_order_of_images_and_neurons_does_not_matter(seed: int, way: tuple[Metric, Normalisation]) -> None:
    spikes, draw = random(0.2, seed), np.random.default_rng(seed)
    mixed = spikes[:, draw.permutation(BATCH)][:, :, draw.permutation(spikes.shape[2])]
    scores = []
    for several in (spikes, mixed):
        kernel = KernelMatrix(way[1])
        kernel.add(common(several), spikes.shape[2])
        scores.append(kernel.score(way[0]).value)
    assert scores[0] == pytest.approx(scores[1], rel=1e-9)


@pytest.mark.parametrize("silent", [10, 30])
def test_images_of_equal_rates_have_a_sahd_in_proportion_to_hd(silent: int) -> None:
    draw = np.random.default_rng(0)
    spikes = np.array([draw.permutation([0] * silent + [1] * (NEURONS - silent)) for _ in range(BATCH)])[None]
    r = silent / NEURONS
    ratio = (NEURONS / 2) / (NEURONS * 2 * r * (1 - r))
    assert ratio == pytest.approx(4 / 3)
    found = aware(common(spikes), NEURONS)
    np.testing.assert_allclose(found, ratio * hamming_distance(common(spikes)), rtol=1e-4)


def test_a_silent_image_is_half_of_the_neurons_away_from_any_other() -> None:
    spikes = random(0.3)
    spikes[:, 0] = 0
    found = aware(common(spikes), spikes.shape[2])
    np.testing.assert_allclose(found[:, 0, 1:], spikes.shape[2] / 2, rtol=1e-4)
    spikes[:, 1] = 0
    assert np.all(aware(common(spikes), spikes.shape[2])[:, 0, 1] == 0)


def test_independent_spikes_are_as_far_apart_as_expected() -> None:
    spikes = random(0.1, neurons=200_000)
    off = ~np.eye(BATCH, dtype=bool)
    np.testing.assert_allclose(aware(common(spikes), 200_000)[:, off], 100_000, rtol=0.02)


@pytest.mark.parametrize("way", WAYS)
def test_what_has_no_score_says_why(way: tuple[Metric, Normalisation]) -> None:
    silent, alike, fine = KernelMatrix(way[1]), KernelMatrix(way[1]), KernelMatrix(way[1])
    silent.add(common(random(0.0)), 400)
    assert (silent.score(way[0]).value, silent.score(way[0]).invalid) == (None, "no neuron spikes")
    spikes = random(0.2)
    fine.add(common(spikes), 400)
    assert fine.score(way[0]).value is not None
    assert fine.score(way[0]).invalid == ""
    spikes[:, 4] = spikes[:, 1]
    alike.add(common(spikes), 400)
    assert (alike.score(way[0]).value, alike.score(way[0]).invalid) == (
        None,
        "images 2 and 5 of the batch make the same spikes",
    )


def test_silent_terms_only_add_a_constant() -> None:
    spikes = random(0.2)
    with_silence, without = KernelMatrix(), KernelMatrix()
    for kernel in (with_silence, without):
        kernel.add(common(spikes), 400)
    with_silence.add(common(random(0.0)), 400)
    np.testing.assert_allclose(with_silence.matrix() - without.matrix(), 3 * 400)


def findings(seed: int = 0) -> ScoringResult:
    """Made up."""
    draw = np.random.default_rng(seed)

    def layer(name: str, steps: int) -> LayerSparsity:
        return LayerSparsity(name, 12, 2, draw.random((steps, BATCH), np.float32))

    return ScoringResult(
        {"sahd": Scores((Score(1.5), Score(-2.25e-3))), "hd": Scores((Score(7.0), Score(None, "why ‘not’")))},
        (layer("cell 1, node 0", 3), layer("last", 3)),
        (layer("cell 1, node 0", 1),),
        draw.integers(0, 2**31, (BATCH, BATCH)).astype(np.int32),
        draw.random((BATCH, BATCH), np.float32),
        draw.integers(0, 10, BATCH).astype(np.int32),
        120,
        10,
    )


def test_findings_come_back_as_they_were_written() -> None:
    found = findings()
    again = ScoringResult.read(found.write())
    assert again.write() == found.write()
    assert again.scores == found.scores
    assert (again.scores["hd"].mean, again.scores["hd"].invalid) == (None, "why ‘not’")
    for one, other in zip(found.layers + found.relu, again.layers + again.relu, strict=True):
        assert (one.name, one.neurons, one.copies) == (other.name, other.neurons, other.copies)
        np.testing.assert_array_equal(one.silent, other.silent)
    for field in fields(ScoringResult):
        if isinstance(value := getattr(found, field.name), np.ndarray):
            np.testing.assert_array_equal(value, getattr(again, field.name))
            assert value.dtype == getattr(again, field.name).dtype
    for metric in METRICS:
        np.testing.assert_array_equal(again.kernel(metric, "code") * found.terms, found.kernel(metric))


def broken() -> list[str]:
    """What a scoring does not write."""
    text = findings().write()

    def changed(*path: str | int, to: Any) -> str:
        document = json.loads(text)
        at = document
        for name in path[:-1]:
            at = at[name]
        at[path[-1]] = to
        return json.dumps(document)

    return [
        "",
        "null",
        "[]",
        "{}",
        text[:-1],
        "[" * 100_000,
        changed("version", to=2),
        changed("scores", "hd", to=None),
        changed("scores", "hd", 0, to={"value": None, "invalid": ""}),
        changed("scores", "hd", 0, to={"value": 1.0, "invalid": "why"}),
        changed("scores", "hd", 0, to={"value": "high", "invalid": ""}),
        changed("hamming", "shape", to=[BATCH, BATCH + 1]),
        changed("hamming", "shape", to=[-BATCH, -BATCH]),
        changed("hamming", "shape", to=[10**9, 10**9]),
        changed("hamming", "data", to="!"),
        changed("hamming", "data", to="AAAA"),
        changed("hamming", "type", to="float32"),
        changed("labels", "shape", to=[True]),
        changed("layers", 0, "silent", "shape", to=[BATCH, 3]),
        changed("layers", 0, "neurons", to=-1),
        changed("layers", to={"name": 1}),
        changed("neurons", to=1.5),
    ]


@pytest.mark.parametrize("text", broken())
def test_what_no_scoring_wrote_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(InputError, match=r"^report must be what a scoring writes \(\w+: .*\), got ") as raised:
        ScoringResult.read(text)
    assert "\n" not in str(raised.value)


def test_how_much_a_layers_activity_varies_over_images() -> None:
    silent = np.array([[0.9, 0.7], [0.9, 0.7]], np.float32)
    assert LayerSparsity("", 1, 1, silent).variation == pytest.approx(0.1 / 0.2)
    assert LayerSparsity("", 1, 1, np.ones_like(silent)).variation is None
