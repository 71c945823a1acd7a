"""The one door into the computation: what a run reports, and when."""

from __future__ import annotations

import inspect
import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from snntorch import functional
from torch import Tensor

from snnviz.catalog.examples import get_example
from snnviz.core import data, train
from snnviz.core.activity import Activity
from snnviz.core.execute import execute
from snnviz.core.networks import Network
from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.errors import Diverged
from snnviz.events import Checkpoint, EpochEnd, Event, LayerState, Predictions, Progress, Row, Sample
from snnviz.theory.predictions import correct_images, predicted_classes
from tests.core import slow


def design(**parts: Any) -> Design:
    """A design that trains in a tenth of a second: 5 steps an epoch, the last of them on 44 images."""
    document: dict[str, Any] = {
        "data": {"train_samples": 300, "test_samples": 80, "steps": 3, **parts.pop("data", {})},
        "network": parts.pop("network", {"kind": "mlp", "depth": 2, "width": 20}),
        "training": {"epochs": 3, **parts.pop("training", {})},
        **parts,
    }
    return Design.check(document)


BLOCK = {"kind": "block", "edges": "0021/0001/0000/0000", "channels": 4}
CNN = {"kind": "cnn", "channels": 4}
CELL = {"kind": "cell", "cell": "0340 0001 0002 0000", "channels": 2, "hidden": 20, "norm": "none"}
BACK = {"kind": "cell", "cell": "0303 0030 2002 0200", "channels": 2, "hidden": 20}


def rows(events: list[Event]) -> list[Row]:
    return [event for event in events if isinstance(event, (Sample, LayerState, EpochEnd))]


def checkpoints(events: list[Event]) -> list[Checkpoint]:
    return [event for event in events if isinstance(event, Checkpoint)]


def equal(one: Checkpoint, other: Checkpoint) -> bool:
    return (
        one.epoch == other.epoch
        and list(one.arrays) == list(other.arrays)
        and all(np.array_equal(one.arrays[name], other.arrays[name]) for name in one.arrays)
    )


# What is reported, and when


def test_progress_goes_step_by_step_to_the_end() -> None:
    events = [event for event in execute(design()) if isinstance(event, Progress)]
    assert events == [Progress(step, 15) for step in range(16)]


def test_every_epoch_ends_with_its_summary_and_a_checkpoint() -> None:
    events = list(execute(design()))
    assert [event.epoch for event in events if isinstance(event, EpochEnd)] == [1, 2, 3]
    assert [checkpoint.epoch for checkpoint in checkpoints(events)] == [1, 2, 3]
    for before, event in pairwise(events):
        assert isinstance(event, Checkpoint) == isinstance(before, EpochEnd)


def test_a_run_is_looked_at_before_training_every_40_steps_and_after_every_epoch() -> None:
    made = design(training={"batch_size": 3, "epochs": 2})  # 100 steps an epoch
    events = list(execute(made))
    expected = [40, 80, 100, 140, 180, 200]
    assert [event.step for event in events if isinstance(event, Sample)] == expected
    looks = [event for event in events if isinstance(event, LayerState)]
    assert [(look.step, look.layer) for look in looks] == [(s, layer) for s in [0, *expected] for layer in range(3)]
    assert {look.name for look in looks} == {"L1", "L2", "readout"}
    for event in events:
        if isinstance(event, (Sample, LayerState)):
            assert event.epoch == pytest.approx(event.step / 100)
        if isinstance(event, LayerState):
            assert (event.rate is None) == (event.name == "readout")
            assert (event.grad_norm is None) == (event.step == 0)


def test_nothing_is_computed_until_the_first_event_is_asked_for() -> None:
    assert inspect.getgeneratorstate(execute(design())) == inspect.GEN_CREATED  # type: ignore[arg-type]


def literally(made: Design, arrays: Any) -> Network:
    network = Network(made)
    for name, parameter in network.parameters.items():
        parameter.data.copy_(torch.from_numpy(arrays[name]))
    return network


def test_a_layers_state_is_the_variance_over_its_neurons_and_its_rate() -> None:
    """Potentials from snntorch, then the definition, one step and image after another."""
    made = design(network={"kind": "mlp", "depth": 1, "width": 20})
    events = list(execute(made))
    network = literally(made, checkpoints(events)[-1].arrays)
    images, _ = data.load(made)
    image, _ = data.encoded_probe(images, made)
    with torch.no_grad():
        current = F.linear(image.flatten(2), network.parameters["L1.weight"], network.parameters["L1.bias"])
        spikes, u = slow.run(current, made.neuron, 3)
        variances = [np.var(u[t, b].numpy()) for t in range(3) for b in range(64)]
    state = [event for event in events if isinstance(event, LayerState) and event.name == "L1"][-1]
    assert state.step == 15
    assert state.var_u == pytest.approx(np.mean(variances), rel=1e-5)
    assert state.rate == pytest.approx(spikes.mean().item(), rel=1e-6)


@pytest.mark.parametrize("loss", ["rate", "count"])
def test_the_end_of_an_epoch_reports_accuracy_loss_and_rate_on_all_test_images(loss: str) -> None:
    made = design(network=BLOCK, training={"loss": loss, "learning_rate": 0.01})
    events = list(execute(made))
    _, test = data.load(made)
    for end, checkpoint in zip([e for e in events if isinstance(e, EpochEnd)], checkpoints(events), strict=True):
        network = literally(made, checkpoint.arrays)
        fired, possible = 0.0, 0

        def count(_: int, seen: Activity) -> None:
            nonlocal fired, possible
            if seen.spiking:
                fired, possible = fired + seen.spikes.sum(), possible + seen.spikes.size * seen.neurons

        with torch.no_grad():
            total = network(data.encode(test.images, 16, made, "test"), count)
        logits = total if loss == "count" else total / 3
        assert end.test_accuracy == (logits.argmax(1) == test.labels).double().mean().item()
        assert end.test_loss == pytest.approx(F.cross_entropy(logits, test.labels).item(), rel=1e-5)
        assert end.rate == pytest.approx(fired / possible, rel=1e-9)


def test_the_training_loss_is_the_mean_over_images_as_they_were_met(monkeypatch: pytest.MonkeyPatch) -> None:
    made = design()
    met: list[tuple[float, int, int]] = []
    slope = train.loss_and_gradients

    def listen(network: Network, image: Tensor, labels: Tensor, *given: Any) -> train.LossAndGradients:
        found = slope(network, image, labels, *given)
        met.append((found.loss.item(), len(labels), int((found.logits.argmax(1) == labels).sum())))
        return found

    monkeypatch.setattr(train, "loss_and_gradients", listen)
    ends = [event for event in execute(made) if isinstance(event, EpochEnd)]
    assert [size for _, size, _ in met] == [64, 64, 64, 64, 44] * 3
    for epoch, end in enumerate(ends):
        mine = met[5 * epoch : 5 * epoch + 5]
        assert end.train_loss == pytest.approx(sum(loss * size for loss, size, _ in mine) / 300, rel=1e-6)
        assert end.train_accuracy == sum(hits for *_, hits in mine) / 300


def test_every_epoch_shows_each_training_image_once_in_another_order(monkeypatch: pytest.MonkeyPatch) -> None:
    made = design()
    shown: dict[Any, list[Tensor]] = {}
    encode = data.encode

    def remember(images: Tensor, white: int, which: Design, *purpose: str | int) -> Tensor:
        if isinstance(purpose[0], int):
            shown.setdefault(purpose[0], []).append(images.flatten(1))
        return encode(images, white, which, *purpose)

    monkeypatch.setattr(data, "encode", remember)
    list(execute(made))
    orders = [[tuple(row) for row in torch.cat(parts).tolist()] for parts in shown.values()]
    images = [tuple(row) for row in data.load(made)[0].images.flatten(1).tolist()]
    assert len(orders) == 3
    for order in orders:
        assert sorted(order) == sorted(images)
    assert len({tuple(order) for order in [images, *orders]}) == 4


def test_the_learning_rate_follows_the_schedule() -> None:
    made = design(training={"learning_rate": 0.01, "schedule": {"kind": "step", "every": 2, "factor": 0.1}})
    ends = [event for event in execute(made) if isinstance(event, EpochEnd)]
    assert [end.learning_rate for end in ends] == pytest.approx([0.01, 0.01, 0.001])


# Losses


def test_the_count_loss_is_snntorchs() -> None:
    made = design(network=BLOCK, training={"loss": "count"}, neuron={"threshold": 0.5})
    images, _ = data.load(made)
    image, labels = data.encode(images.images[:32], 16, made, "probe"), images.labels[:32]
    network = Network(made)
    with torch.no_grad():
        counts = slow.block_logits(network, image)
        logits = train.logits(network, image)
        expected = functional.ce_count_loss()(counts[None], labels)  # of counts, as it makes them itself
    assert counts.sum() > 0
    assert F.cross_entropy(logits, labels).item() == pytest.approx(expected.item(), rel=1e-6)


def test_the_rate_loss_is_cross_entropy_of_the_mean_over_time() -> None:
    made = design(network=BLOCK)
    images, _ = data.load(made)
    image, labels = data.encode(images.images[:32], 16, made, "probe"), images.labels[:32]
    network = Network(made)
    with torch.no_grad():
        expected = F.cross_entropy(slow.block_logits(network, image) / 3, labels).item()
        found = F.cross_entropy(train.logits(network, image), labels).item()
    assert found == pytest.approx(expected, rel=1e-6)


# Learning, and failing to


def test_a_design_learns() -> None:
    made = design(
        data={"train_samples": 1000, "test_samples": 300}, network={"kind": "mlp", "depth": 2, "width": 100},
        training={"epochs": 5, "learning_rate": 0.005},
    )  # fmt: skip
    ends = [event for event in execute(made) if isinstance(event, EpochEnd)]
    assert ends[-1].train_loss < 0.5 * ends[0].train_loss
    assert ends[-1].test_accuracy > 0.85


def test_ten_layers_learn_from_variance_preserving_weights_and_not_from_kaimings() -> None:
    """Micheli et al. 2024, Fig. 8, in three seconds; `make study` holds all eight of them to it.

    Measured with seeds 0 to 4: .46 to .60 and, because no spike reaches the readout, exactly chance.
    """

    def accuracy(init: str) -> float:
        settings = {"init": init, "data.test_samples": 50, "network.width": 150}
        settings |= {"training.epochs": 8, "training.learning_rate": 0.0015}
        made = change(get_example("activity"), settings)
        return [event for event in execute(made) if isinstance(event, EpochEnd)][-1].train_accuracy

    assert accuracy("variance-preserving") > 0.35
    assert accuracy("kaiming") < 0.15


def test_a_learning_rate_that_is_too_large_ends_in_one_sentence_and_until_then_every_number_is_finite() -> None:
    optimizer = {"kind": "sgd", "momentum": 0.9, "weight_decay": 1}
    made = design(training={"optimizer": optimizer, "learning_rate": 10, "epochs": 50, "schedule": "constant"})
    seen: list[Event] = []
    with pytest.raises(Diverged) as caught:
        seen.extend(execute(made))
    assert str(caught.value).isprintable()
    assert str(caught.value).endswith("a smaller learning rate or a smaller gain may help.")

    assert any(isinstance(event, EpochEnd) for event in seen)
    for event in seen:
        if isinstance(event, Sample):
            assert math.isfinite(event.loss)
        if isinstance(event, EpochEnd):
            assert math.isfinite(event.train_loss)
            assert math.isfinite(event.test_loss)
        if isinstance(event, LayerState):
            assert not math.isnan(event.var_u)


def test_the_last_epoch_says_what_is_predicted_for_each_test_image() -> None:
    events = list(execute(design()))
    said = [event for event in events if isinstance(event, Predictions)]
    last = [event for event in events if isinstance(event, EpochEnd)][-1]
    test = data.load(design())[1]
    assert [row.epoch for row in said] == [3]
    right = predicted_classes(said[0]) == test.labels.numpy()
    assert right.mean() == pytest.approx(last.test_accuracy)
    assert right.tolist() == correct_images(said[0]).tolist()
    assert 0 < right.sum() < len(right)
    resumed = [*execute(design(), resume=checkpoints(events)[1])]
    assert [event for event in resumed if isinstance(event, Predictions)] == said


def test_each_operation_takes_one_thread_whatever_the_process_has_and_leaves_it_as_it_was() -> None:
    """With two, sums come in another order: a bundle that is repeated would differ."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        assert {torch.get_num_threads() for _ in execute(design())} == {1}
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
