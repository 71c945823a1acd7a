"""The two networks of the TTFS page, in numpy, against the same two in torch."""

from __future__ import annotations

import numpy as np
import pytest

from snnviz.data import datasets
from snnviz.data.datasets import Split
from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.errors import Diverged, InputError
from snnviz.studies.ttfs.compute.equivalence import compare_with_twin
from snnviz.studies.ttfs.study import STARTS
from snnviz.studies.ttfs.theory import relus
from snnviz.studies.ttfs.theory.relus import Arrays
from snnviz.studies.ttfs.theory.twins import (
    ReluOutputs,
    TwinPair,
    draw_images,
    image_budget,
    input_range,
    make_twin_pair,
    relu_outputs,
)
from snnviz.theory import ttfs

SMALL = {"network.width": 20}


def seen(design: Design, arrays: Arrays | None = None, count: int = 64) -> ReluOutputs:
    split = datasets.load_images(design.data.name, design.seed)
    return relu_outputs(design, arrays, *draw_images(split, design.seed, len(split.train_images), count))


def one(design: Design, arrays: Arrays | None = None) -> TwinPair:
    return make_twin_pair(seen(design, arrays), 0.5, "one", 1, 1, 0)


@pytest.mark.parametrize("start", list(STARTS))
def test_windows_spikes_and_logits_are_those_of_the_computation_in_torch(start: str) -> None:
    small = {"mlp": {"network.width": 20}, "cnn": {"network.channels": 3}, "vgg": {"network.width": 0.0625}}
    design = change(STARTS[start], small[STARTS[start].network.kind] | {"data.name": "digits"})
    low, high = input_range(datasets.dataset_card("digits"))
    arrays = relus.random_parameters(design, np.full((1, 64), low + high))
    made, expected = one(design, arrays), compare_with_twin(design, 64, arrays=arrays)
    assert (made.agreement, expected.argmax_agreement) == (1, 1)
    assert made.latency == pytest.approx(expected.latency, rel=1e-9)
    assert made.spikes_per_neuron == pytest.approx(expected.spikes_per_neuron, abs=1e-9)
    assert max(made.differences) < 1e-10
    for layer, window, spikes in zip(expected.layers, made.hidden, made.spikes, strict=True):
        assert (window.window.start, window.window.end) == pytest.approx((layer.start, layer.end), rel=1e-9)
        assert spikes == pytest.approx(layer.spikes_per_neuron, abs=1e-9)


def test_spikes_are_the_share_of_activations_above_0_and_fit_where_windows_are_wide() -> None:
    made = one(change(STARTS["digits mlp"], SMALL))
    assert made.spikes == pytest.approx([float((said > 0).mean()) for said in made.relu.outputs[:-1]])
    assert made.missed_events == pytest.approx(sum((said == 0).sum(1).mean() for said in made.relu.outputs[:-1]))
    assert max(made.saturated) == 0
    assert made.latency == pytest.approx(1 + 1.5 * sum(made.relu.largest))


def test_saturated_are_the_activations_that_a_narrow_window_cuts() -> None:
    """In the first layer, which reads what the ReLU network reads."""
    network = seen(change(STARTS["digits mlp"], SMALL))
    made = make_twin_pair(network, -0.9, "one", 1, 1, 0)
    cut = float((network.outputs[0] >= made.hidden[0].window.width).mean())
    assert made.saturated[0] == pytest.approx(cut)
    assert 0.1 < cut < 0.9


@pytest.mark.parametrize("slopes", ["drawn", "one"])
def test_logits_do_not_depend_on_slopes_or_windows(slopes: str) -> None:
    network = seen(change(STARTS["digits mlp"], SMALL))
    made = make_twin_pair(network, 3.0, "drawn" if slopes == "drawn" else "one", 0.5, 2.0, 7)
    np.testing.assert_allclose(made.passed.logits, network.outputs[-1], rtol=1e-9, atol=1e-9)
    steepness = np.concatenate([layer.slope for layer in made.hidden])
    assert (steepness.min() < 0.7 and steepness.max() > 1.8) == (slopes == "drawn")


def test_ramps_of_1_need_rows_that_add_up_to_less_than_1() -> None:
    design = change(STARTS["digits mlp"], SMALL)
    network = seen(design)
    with pytest.raises(InputError, match="rows that add up to less than 1 where alpha is 1"):
        make_twin_pair(network, 0.5, "alpha-one", 1, 1, 0)
    low, high = input_range(datasets.dataset_card("digits"))
    arrays = dict(relus.random_parameters(design, np.zeros((1, 64))))
    for name in ("L1", "L2"):
        arrays[f"{name}.weight"] = ttfs.center_rows(arrays[f"{name}.weight"]) - 0.01
    made = make_twin_pair(seen(design, arrays), 0.5, "alpha-one", 1, 1, 0)
    assert all(np.allclose(layer.ramp, 1) for layer in made.hidden)
    np.testing.assert_allclose(made.hidden[0].slope, 1 / (1 + 0.01 * 64 * (high - low)), rtol=1e-6)
    assert made.differences[-1] < 1e-10


def test_what_explodes_is_a_sentence_and_what_vanishes_still_has_a_twin() -> None:
    deep = {"network.depth": 200, "network.width": 10, "init": "kaiming"}
    weak = change(STARTS["digits mlp"], deep | {"init.gain": 0.1})
    made = one(weak)
    assert np.isfinite(made.passed.logits).all()
    assert all(layer.window.width > 0 for layer in made.hidden)
    arrays = {name: 1e10 * value for name, value in relus.random_parameters(weak, np.zeros((1, 64))).items()}
    with pytest.raises(Diverged, match="smaller weights or fewer layers help"):
        one(weak, arrays)


def test_as_many_images_as_fit() -> None:
    layers = seen(change(STARTS["digits mlp"], SMALL), count=8).layers
    assert image_budget(layers, 256) == 256
    assert image_budget(layers * 1000, 256) < 60


def test_images_are_of_all_classes_where_they_lie_ordered_by_class() -> None:
    """Also any beginning of them, such as the one that fits into memory."""
    labels = np.repeat([0, 1, 2], 50)
    pixels = np.broadcast_to(labels[:, None, None].astype(np.uint8), (150, 2, 2))
    training, shown, of = draw_images(Split(pixels, labels, pixels, labels, 2), 3, 90, 30)
    assert (training.shape, shown.shape, training.max()) == ((90, 4), (30, 4), 1)
    np.testing.assert_array_equal(2 * shown[:, 0], of)
    for some in (9, 30):
        assert np.bincount(of[:some]).tolist() == [some // 3] * 3
        assert np.bincount((2 * training[:some, 0]).astype(int)).tolist() == [some // 3] * 3
