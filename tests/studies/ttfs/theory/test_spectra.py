"""Random TTFS layers: with slope 1 a disc of eigenvalues, with alpha = 1 some far outside of it."""

from __future__ import annotations

import numpy as np
import pytest

from snnviz.errors import InputError
from snnviz.studies.ttfs.theory.spectra import (
    SLOPES,
    RandomLayers,
    gradient_norms_by_depth,
    layer_eigenvalues,
    random_layer,
    summarise_spectra,
)
from snnviz.theory import ttfs


def test_with_alpha_one_eigenvalues_lie_far_outside_the_unit_circle() -> None:
    found = summarise_spectra(RandomLayers(), 12)
    b1, alpha_one, chosen = found.models
    assert [each.slope for each in found.models] == list(SLOPES)
    assert 1 < b1.median < 1.1
    assert b1.outside < 0.01
    assert alpha_one.median / b1.median > 3
    assert alpha_one.outside == pytest.approx(0.347, abs=0.03)
    assert found.negative == pytest.approx(0.159, abs=0.02)  # Q(1)
    assert chosen.median == pytest.approx(1 / np.sqrt(0.5 * 1.5), rel=0.1)  # the mean of 1 / B^2 is 1 / (low high)


@pytest.mark.parametrize(
    ("setting", "radius"),
    [
        (RandomLayers(neurons=200, share=0.5), 0.5**0.5),
        (RandomLayers(neurons=200, weights="he"), 2**0.5),
        (RandomLayers(neurons=200, weights="he", share=0.5), 1),
    ],
)
def test_the_disc_of_slope_one_is_the_circular_laws(setting: RandomLayers, radius: float) -> None:
    assert setting.disc_radius == pytest.approx(radius)
    assert summarise_spectra(setting, 4).models[0].median == pytest.approx(radius, rel=0.08)


def test_eigenvalues_are_those_of_the_first_layer_of_the_summary() -> None:
    setting = RandomLayers(neurons=60, share=0.7, seed=4)
    found = layer_eigenvalues(setting)
    assert {name: len(values) for name, values in found.items()} == dict.fromkeys(SLOPES, 60)
    for each in summarise_spectra(setting, 1).models:
        assert each.median == each.least == pytest.approx(np.abs(found[each.slope]).max())


def test_what_passes_is_the_product_of_the_jacobians() -> None:
    setting = RandomLayers(neurons=20, low=0.3, high=0.9, seed=2)
    norms = gradient_norms_by_depth(setting, (1.0, 0.6), depth=5)
    assert set(norms) == {(name, share) for name in SLOPES for share in (1.0, 0.6)}
    for (name, share), norm in norms.items():
        draw = np.random.default_rng([2, 1])
        first = draw.normal(size=20)
        product, expected = np.eye(20), []
        for _ in range(5):
            weights, slopes, uniform = random_layer(setting, draw)
            product = ttfs.jacobian(weights, slopes[name], uniform < share).T @ product
            expected.append(np.linalg.norm(product @ first) / np.linalg.norm(first))
        np.testing.assert_allclose(norm, expected, rtol=1e-9)


def test_gradients_explode_with_alpha_one_and_stay_with_he_weights_of_which_half_spike() -> None:
    norms = gradient_norms_by_depth(RandomLayers(weights="he"), (0.5,))
    assert 0.05 < norms["b1", 0.5][-1] < 20
    assert norms["alpha-one", 0.5][-1] > 1e20


def test_it_tells_how_far_it_is() -> None:
    told: list[float] = []
    summarise_spectra(RandomLayers(neurons=10), 4, told.append)
    assert told == [0.25, 0.5, 0.75, 1.0]


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"neurons": 5}, "neurons must be a whole number from 10 to 600, got 5"),
        ({"low": 2, "high": 1}, "low must be at most the largest slope, 1, got 2"),
        ({"share": 0}, "share must be a number from 0.05 to 1, got 0"),
        ({"weights": "two"}, "weights must be one of one, he, got 'two'"),
    ],
)
def test_what_is_wrong_is_a_sentence(document: dict[str, object], sentence: str) -> None:
    with pytest.raises(InputError) as error:
        RandomLayers.check(document)
    assert str(error.value).startswith(sentence)
