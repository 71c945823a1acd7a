"""Images in memory and their encodings over time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from snntorch import spikegen
from torch import Tensor

from snnviz.catalog.encodings import second_moments
from snnviz.core import data
from snnviz.core.randomness import derive_seed
from snnviz.data import datasets
from snnviz.design.design import Design
from snnviz.design.menus import ENCODINGS
from tests.core import slow


def design(encoding: str = "direct", steps: int = 5, **fields: Any) -> Design:
    parts = {name: fields.pop(name) for name in ("seed", "neuron") if name in fields}
    return Design.check({"data": {"encoding": encoding, "steps": steps, **fields}, **parts})


def digits(count: int = 40) -> Tensor:
    return data.load(design())[0].images[:count]


def test_all_images_are_loaded_unless_fewer_are_asked_for() -> None:
    assert [len(part) for part in data.load(design())] == [1437, 360]
    assert [len(part) for part in data.load(design(train_samples=100, test_samples=7))] == [100, 7]
    assert [len(part) for part in data.load(design(train_samples=1, test_samples=1))] == [1, 1]
    assert [len(part) for part in data.load(design(train_samples=1_000_000, test_samples=360))] == [1437, 360]


def rows(images: data.Images) -> list[tuple[int, ...]]:
    table = torch.cat([images.labels[:, None], images.images.flatten(1).long()], 1)
    return [tuple(row) for row in table.tolist()]


def test_a_subset_is_drawn_from_the_seed_without_repetition() -> None:
    every, _ = data.load(design())
    first, again, other = (data.load(design(train_samples=200, seed=seed))[0] for seed in (0, 0, 1))
    assert torch.equal(first.images, again.images)
    assert torch.equal(first.labels, again.labels)
    assert set(rows(first)) <= set(rows(every))
    assert len(set(rows(first))) > 195  # a few digits are drawn twice in the data set itself
    assert rows(first) != rows(every)[:200]
    assert len(set(rows(first)) & set(rows(other))) < 100


def test_the_seed_draws_the_subset_of_a_data_set_whose_split_is_fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    fixed = datasets.load_images("digits")
    monkeypatch.setattr(datasets, "load_images", lambda *_: fixed)
    first, again, other = (data.load(design(train_samples=100, seed=seed))[0] for seed in (0, 0, 1))
    assert torch.equal(first.images, again.images)
    assert not torch.equal(first.images, other.images)


def test_images_have_a_channel_and_their_brightest_value() -> None:
    train, test = data.load(design())
    assert train.images.shape == (1437, 1, 8, 8)
    assert train.images.dtype == torch.uint8
    assert (train.white, test.white) == (16, 16)
    assert train.labels.dtype == torch.int64


@pytest.mark.parametrize("steps", [1, 2, 25])
@pytest.mark.parametrize("encoding", ENCODINGS.kinds)
def test_an_encoding_has_time_first_and_single_precision(encoding: str, steps: int) -> None:
    encoded = data.encode(digits(), 16, design(encoding, steps), "test")
    assert encoded.shape == (1 if encoding == "direct" else steps, 40, 1, 8, 8)
    assert encoded.dtype == torch.float32
    assert torch.isfinite(encoded).all()


def test_direct_pixels_have_mean_0_and_variance_1() -> None:
    train, test = data.load(design())
    encoded = data.encode(torch.cat([train.images, test.images]), 16, design(), "test")
    assert encoded.mean().item() == pytest.approx(0, abs=1e-3)
    assert encoded.std().item() == pytest.approx(1, abs=1e-3)


def test_a_rate_coded_pixel_spikes_as_often_as_it_is_bright() -> None:
    images = torch.arange(17, dtype=torch.uint8).repeat(50).reshape(50, 1, 1, 17)
    encoded = data.encode(images, 16, design("rate", 100), "test")
    assert set(encoded.unique().tolist()) == {0.0, 1.0}
    rates = encoded.mean((0, 1)).flatten()
    torch.testing.assert_close(rates, torch.arange(17) / 16, rtol=0, atol=0.035)  # 5 sigma of 5,000 draws
    assert not rates[0]
    assert rates[16] == 1
    together = (encoded[1:] * encoded[:-1])[..., 8].mean().item()
    assert together == pytest.approx(0.25, abs=0.035)  # steps are drawn apart


def test_rate_coding_is_spikegens() -> None:
    made = design("rate", seed=4)
    encoded = data.encode(digits(), 16, made, "probe")
    state = torch.get_rng_state()
    try:
        torch.manual_seed(derive_seed(4, "encode", "probe"))
        expected = spikegen.rate(digits().float() / 16, num_steps=5)
    finally:
        torch.set_rng_state(state)
    assert torch.equal(encoded, expected)


def test_rate_coding_depends_on_seed_and_purpose_alone() -> None:
    def encoded(seed: int, *purpose: str | int) -> Tensor:
        return data.encode(digits(), 16, design("rate", seed=seed), *purpose)

    first = encoded(0, 3, 7)
    torch.rand(5)  # somebody else draws
    assert torch.equal(first, encoded(0, 3, 7))
    assert not torch.equal(first, encoded(0, 3, 8))
    assert not torch.equal(first, encoded(1, 3, 7))


def test_latency_is_spikegens_and_each_pixel_spikes_once_the_brighter_the_earlier() -> None:
    encoded = data.encode(digits(), 16, design("latency", 5), "test")
    intensity = digits().float() / 16
    expected = spikegen.latency(intensity, num_steps=5, linear=True, normalize=True, clip=True)
    assert torch.equal(encoded, expected)
    assert torch.equal(encoded.sum(0), (intensity > 0).float())
    times = (encoded * torch.arange(5).reshape(5, 1, 1, 1, 1)).sum(0)
    lit = intensity > 0
    assert torch.equal(times[lit], torch.round(4 * (1 - intensity))[lit])


@pytest.mark.parametrize("encoding", ["direct", "latency", "lif"])
def test_an_image_is_encoded_alike_in_any_company(encoding: str) -> None:
    made = design(encoding)
    alone = torch.cat([data.encode(image[None], 16, made, "test") for image in digits(20)], 1)
    assert torch.equal(alone, data.encode(digits(20), 16, made, "test"))


@pytest.mark.parametrize("encoding", ENCODINGS.kinds)
def test_the_global_random_stream_is_left_alone(encoding: str) -> None:
    before = torch.get_rng_state()
    data.encode(digits(), 16, design(encoding), "test")
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("steps", [1, 4, 5])
@pytest.mark.parametrize("encoding", ENCODINGS.kinds)
def test_theory_has_the_second_moments_of_real_encoded_images(encoding: str, steps: int) -> None:
    """E[x_s x_t] over every pixel of every digit; direct input is one frame that stands for all steps."""
    made = design(encoding, steps)
    atol = 0.003 if encoding == "rate" else 1e-4
    np.testing.assert_allclose(measured_moments(made), second_moments(made), atol=atol, rtol=1e-3)


def measured_moments(made: Design) -> NDArray[np.float64]:
    """Over both parts of the data set, (T, T)."""
    train, test = data.load(made)
    encoded = data.encode(torch.cat([train.images, test.images]), 16, made, "test").double().flatten(1)
    steps = made.data.steps
    found: NDArray[np.float64] = (encoded @ encoded.T / encoded.shape[1]).expand(steps, steps).numpy()
    return found


NEURONS: list[dict[str, Any]] = [
    {},
    {"beta": 0.9, "threshold": 0.6, "reset": "zero"},
    {"beta": 0.8, "threshold": 1.7},
    {"beta": 0.3, "threshold": 0.45, "reset": "none"},
    {"beta": 1.0, "threshold": 2.3, "learn": "both"},
    {"beta": 0.0, "threshold": 0.0},
]


@pytest.mark.parametrize("neuron", NEURONS, ids=str)
def test_a_spiking_encoder_is_snntorchs_neuron_on_the_normalised_image(neuron: dict[str, Any]) -> None:
    made = design("lif", 12, neuron=neuron)
    encoded = data.encode(digits(), 16, made, "test")
    current = (digits().float() / 16 - 0.3053) / 0.3760
    with torch.no_grad():
        spikes, _ = slow.run(current[None], made.neuron, 12)
    assert torch.equal(encoded, spikes)
    assert set(encoded.unique().tolist()) == {0.0, 1.0}
    assert not encoded.requires_grad


@pytest.mark.parametrize("neuron", NEURONS, ids=str)
def test_theory_has_the_second_moments_of_any_spiking_encoder(neuron: dict[str, Any]) -> None:
    made = design("lif", 20, neuron=neuron)
    found = measured_moments(made)
    assert found.max() > 0.1
    np.testing.assert_allclose(found, second_moments(made), rtol=0.01, atol=1e-6)


def test_noise_is_the_same_whoever_else_draws_at_the_same_time() -> None:
    """Two threads test at once, each a part of the test images."""
    made = design("rate", 50)

    def encoded(part: int) -> Tensor:
        return data.encode(digits(200), 16, made, "test", part)

    alone = [encoded(part) for part in range(20)]
    with ThreadPoolExecutor(2) as crew:
        assert all(map(torch.equal, alone, crew.map(encoded, range(20))))
