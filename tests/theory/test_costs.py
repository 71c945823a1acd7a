"""Costs of a design from its architecture alone. That real tensors agree is tested in tests/core."""

from __future__ import annotations

import math

import pytest
from hypothesis import given

from snnviz.catalog.examples import EXAMPLES, get_example
from snnviz.catalog.neurons import learnable_parameters
from snnviz.design.design import Design
from snnviz.graph.architectures import build_architecture
from snnviz.theory import costs
from tests.designs import DESIGNS


def design(**parts: object) -> Design:
    return Design.check(parts)


def test_the_costs_of_the_default_design_add_up() -> None:
    """By hand: stem 1 -> 16, four layers 16 -> 16 of 3x3, readout 16*4*4 -> 10."""
    stem, layer, readout = 16 * 9, 16 * 16 * 9, 256 * 10
    assert costs.parameter_count(Design()) == stem + 4 * layer + readout + 5 * 16 + 10
    assert costs.macs_per_step(Design()) == 64 * (stem + 4 * layer) + readout


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({}, (1437, 360)),
        ({"train_samples": 100}, (100, 360)),
        ({"train_samples": 1_000_000, "test_samples": 7}, (1437, 7)),
        ({"name": "mnist", "test_samples": 1000}, (60_000, 1000)),
    ],
)
def test_samples_are_what_is_asked_for_or_all_there_are(data: dict[str, object], expected: tuple[int, int]) -> None:
    assert costs.sample_counts(design(data=data)) == expected


def test_the_last_batch_of_an_epoch_may_be_partial() -> None:
    assert costs.training_steps(design(data={"train_samples": 300}, training={"epochs": 3, "batch_size": 64})) == 15
    assert costs.training_steps(design(data={"train_samples": 256}, training={"epochs": 1, "batch_size": 64})) == 4


@given(DESIGNS)
def test_every_design_has_positive_finite_costs(made: Design) -> None:
    plain = sum(layer.parameters for layer in build_architecture(made).layers)
    learns_more = bool(learnable_parameters(made.neuron))
    assert costs.parameter_count(made) >= plain + learns_more > 0
    assert learns_more or costs.parameter_count(made) == plain
    assert costs.macs_per_step(made) > 0
    assert costs.memory_bytes(made) > 4 * 9 * costs.parameter_count(made)
    assert 0 < costs.training_seconds(made) < float("inf")


@pytest.mark.parametrize(
    "larger",
    [
        {"data": {"steps": 10}},
        {"training": {"epochs": 30}},
        {"network": {"kind": "block", "channels": 32}},
        {"network": {"kind": "block", "edges": "00111/00011/00001/00000/00000"}},
        {"data": {"name": "fashion-mnist"}},
    ],
)
def test_a_larger_design_is_estimated_to_take_longer(larger: dict[str, object]) -> None:
    assert costs.training_seconds(design(**larger)) > 1.2 * costs.training_seconds(Design())


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_estimated_to_fit_a_small_machine(name: str) -> None:
    assert costs.memory_bytes(get_example(name)) < 1e9
    assert costs.training_seconds(get_example(name)) < 15 * 60


@given(DESIGNS)
def test_micro_batches_fit_the_cache_or_keep_64_rows_and_can_be_shared_by_two(made: Design) -> None:
    size, batch = costs.micro_batch(made), made.training.batch_size
    assert 1 <= size <= batch
    largest = max(max(layer.neurons, math.prod(layer.in_shape)) for layer in build_architecture(made).layers)
    rows = size * made.data.steps
    whole = made.network.norm == "batch"
    assert 4 * rows * largest <= costs.CACHE_BYTES or rows <= 64 + made.data.steps or whole
    assert not whole or size == batch
    parts = math.ceil(batch / size)
    assert parts == 1 or parts % 2 == 0 or batch - (parts - 1) * size <= size


def test_a_batch_that_is_worth_it_is_cut_in_two_and_a_small_one_is_not() -> None:
    assert costs.micro_batch(Design()) == Design().training.batch_size / 2
    assert costs.micro_batch(design(network={"kind": "mlp", "depth": 3, "width": 50})) == 64


@pytest.mark.parametrize("kind", ["mlp", "block"])
def test_to_measure_a_network_takes_as_long_however_long_it_was_trained(kind: str) -> None:
    """Less than an epoch takes."""
    short, long = (design(network={"kind": kind}, training={"epochs": epochs}) for epochs in (2, 40))
    assert costs.measurement_seconds(long) == pytest.approx(costs.measurement_seconds(short))
    assert 1 < costs.measurement_seconds(short) < 1 + costs.training_seconds(short) / 2
