"""Training images that are held out: nothing learns from them, and they are scored as by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from snnviz.core import data, train
from snnviz.core.execute import execute
from snnviz.core.trainable_ttfs import build_network
from snnviz.data import datasets
from snnviz.data.datasets import Split
from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.errors import InputError
from snnviz.events import Checkpoint, EpochEnd, Event, LayerState, Sample
from snnviz.studies.ttfs.compute.finetune import finetune
from snnviz.studies.ttfs.compute.trajectories import run_trajectories
from snnviz.studies.ttfs.curves import default_design
from snnviz.studies.ttfs.limits import FineTuning, HardwareLimits, Tuned
from snnviz.studies.ttfs.trajectories import USUAL, Course, Trajectories
from snnviz.theory import costs
from tests.recorded import put

RELU: dict[str, Any] = {"neuron": {"kind": "relu"}, "data": {"steps": 1}}
EVERY: Mapping[str, dict[str, Any]] = {
    "block": {"network": {"kind": "block", "edges": "0021/0001/0000/0000", "channels": 2}},
    "normalised": {"network": {"kind": "block", "edges": "0021/0001/0000/0000", "channels": 2, "norm": "batch"}},
    "backward": {"network": {"kind": "block", "edges": "000/000/010", "channels": 2}},
    "stacked": {"network": {"kind": "block", "edges": "002/000/000", "channels": 2, "blocks": 2}},
    "mlp": {"network": {"kind": "mlp", "depth": 2, "width": 12}},
    "cnn": {"network": {"kind": "cnn", "depth": 2, "channels": 2}, "data": {"encoding": "rate"}},
    "vgg": {"network": {"kind": "vgg", "width": 0.0625, "stages": 2}},
    "resnet18": {"network": {"kind": "resnet18", "width": 0.05, "depth": 0.5}},
    "cell": {"network": {"kind": "cell", "cell": "0303 0030 2002 0200", "channels": 2, "hidden": 20}},
    "relu": {"network": {"kind": "mlp", "depth": 2, "width": 12}, **RELU},
    "ttfs": {"network": {"kind": "mlp", "depth": 2, "width": 12, "code": "ttfs"}, **RELU},
    "measured initialisation": {
        "network": {"kind": "mlp", "depth": 2, "width": 12},
        "init": {"kind": "fluctuation-driven"},
    },
}


def design(share: float = 0.25, **parts: Any) -> Design:
    """Of 120 training images."""
    document: dict[str, Any] = {
        "data": {"train_samples": 120, "test_samples": 40, "steps": 2, "validation": share, **parts.pop("data", {})},
        "network": parts.pop("network", EVERY["mlp"]["network"]),
        "training": {"epochs": 2, "batch_size": 20, **parts.pop("training", {})},
        **parts,
    }
    return Design.check(document)


def rows(images: data.Images) -> Counter[tuple[int, ...]]:
    table = torch.cat([images.labels[:, None], images.take(slice(None)).flatten(1).long()], 1)
    return Counter(tuple(row) for row in table.tolist())


def learnt(events: list[Event]) -> list[Event]:
    """All but what is measured on the images that are held out."""
    return [
        replace(event, validation_accuracy=None, validation_loss=None) if isinstance(event, EpochEnd) else event
        for event in events
        if isinstance(event, EpochEnd | Sample | LayerState)
    ]


def same_weights(one: list[Event], other: list[Event]) -> bool:
    pairs = zip(*([e for e in events if isinstance(e, Checkpoint)] for events in (one, other)), strict=True)
    return all(
        list(a.arrays) == list(b.arrays) and all(np.array_equal(a.arrays[name], b.arrays[name]) for name in a.arrays)
        for a, b in pairs
    )


# Which images


@pytest.mark.parametrize(("share", "count"), [(0.25, 30), (0.5, 60), (0.01, 1), (0.004, 1)])
def test_the_images_held_out_and_the_rest_are_all_training_images(share: float, count: int) -> None:
    every, test = data.load(design(0))
    training, held, again = data.load_split(design(share))
    assert held is not None
    assert (len(training), len(held)) == (120 - count, count)
    assert rows(training) + rows(held) == rows(every)
    assert rows(again) == rows(test)
    assert costs.sample_counts(design(share)) == (len(training), 40)
    assert costs.split_counts(design(share)) == (120, count, 40)


def held_out(made: Design) -> data.Images:
    found = data.load_split(made).validation
    assert found is not None
    return found


def test_they_are_drawn_by_the_seed_alone() -> None:
    one = held_out(design())
    assert torch.equal(one.images, held_out(design(network=EVERY["block"]["network"])).images)
    assert rows(one) != rows(held_out(design(seed=1)))


def test_without_a_share_there_are_none_and_all_is_as_it_was() -> None:
    training, held, _ = data.load_split(design(0))
    assert held is None
    assert len(training) == 120
    ends = [event for event in execute(design(0)) if isinstance(event, EpochEnd)]
    assert [(end.validation_accuracy, end.validation_loss) for end in ends] == [(None, None)] * 2
    assert design(0).digest == Design.check({**design(0).document(), "data": _without_validation(design(0))}).digest
    assert design(0).digest != design(0.25).digest


def _without_validation(made: Design) -> dict[str, Any]:
    return {name: value for name, value in made.document()["data"].items() if name != "validation"}


def test_of_one_image_none_can_be_held_out(machine: Path) -> None:
    for share in (0.6, -0.1, 1, "some"):
        with pytest.raises(InputError, match=r"data\.validation must be a number from 0 to 0\.5"):
            Design.check({"data": {"validation": share}})
    put(machine / "NMNIST", train=1, test=1)
    made = Design.check({"data": {"name": "nmnist", "validation": 0.5}, "network": {"kind": "mlp"}})
    with pytest.raises(InputError, match=r"data\.validation must be 0 where one image is all"):
        data.load_split(made)


# What is learnt, and what is measured


@pytest.mark.parametrize("kind", EVERY)
def test_nothing_depends_on_what_the_images_held_out_show(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are replaced by noise with other labels: every weight, look and score stays, but for their own."""
    made = design(**{name: dict(value) for name, value in EVERY[kind].items()})
    before = list(execute(made))
    plant(made, monkeypatch)
    after = list(execute(made))
    assert learnt(before) == learnt(after)
    assert same_weights(before, after)
    ends = [[e.validation_loss for e in events if isinstance(e, EpochEnd)] for events in (before, after)]
    assert all(a != b for a, b in zip(*ends, strict=True))


def plant(made: Design, monkeypatch: pytest.MonkeyPatch) -> None:
    """Noise with labels of its own in the place of each image that is held out."""
    split = datasets.load_images("digits", made.seed)
    held = held_out(made)
    mine = {image.tobytes() for image in held.images[:, 0].numpy()}
    places = [place for place, image in enumerate(split.train_images) if image.tobytes() in mine]
    assert len(places) >= len(held)
    noise = np.random.default_rng(5)
    images, labels = split.train_images.copy(), split.train_labels.copy()
    images[places] = noise.integers(0, 17, (len(places), *images.shape[1:]))
    labels[places] = (labels[places] + 3) % 10
    planted = Split(images, labels, split.test_images, split.test_labels, split.white)
    monkeypatch.setattr(datasets, "load_images", lambda *_: planted)


def test_what_is_planted_changes_a_network_that_holds_nothing_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the test above could not fail."""
    before = list(execute(design(0)))
    plant(design(), monkeypatch)
    assert not same_weights(before, list(execute(design(0))))


@pytest.mark.parametrize("kind", ["block", "normalised", "ttfs", "vgg"])
def test_accuracy_and_loss_are_those_of_the_network_on_the_images_held_out(kind: str) -> None:
    made = design(**{name: dict(value) for name, value in EVERY[kind].items()})
    every, training = data.load(design(0))[0], data.load(made)[0]
    left = rows(every) - rows(training)
    table = torch.tensor([list(row) for row in left.elements()])
    labels, images = table[:, 0], table[:, 1:].view(-1, 1, 8, 8).to(torch.uint8)
    events = list(execute(made))
    ends = [event for event in events if isinstance(event, EpochEnd)]
    for end, checkpoint in zip(ends, (e for e in events if isinstance(e, Checkpoint)), strict=True):
        network = build_network(made)
        for kept in (network.parameters, network.buffers):
            for name, value in kept.items():
                value.data.copy_(torch.from_numpy(checkpoint.arrays[name]))
        with torch.no_grad():
            found = train.logits(network, data.encode(images, 16, made, "test"), statistics="running")
        assert end.validation_accuracy == (found.argmax(1) == labels).double().mean().item()
        assert end.validation_loss == pytest.approx(F.cross_entropy(found, labels).item(), rel=1e-5)


@pytest.mark.parametrize("kind", ["block", "ttfs"])
def test_a_resumed_run_says_the_same_bit_for_bit(kind: str) -> None:
    made = design(**{name: dict(value) for name, value in EVERY[kind].items()}, training={"epochs": 3})
    whole = list(execute(made))
    first = next(event for event in whole if isinstance(event, Checkpoint))
    rest = list(execute(made, resume=first))
    ends = [event for event in whole if isinstance(event, EpochEnd)]
    assert ends[1:] == [event for event in rest if isinstance(event, EpochEnd)]
    assert all(end.validation_accuracy is not None and end.validation_loss is not None for end in ends)


def test_a_recording_that_is_held_out_stays_in_its_file_and_is_never_shown(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(machine / "NMNIST", train=20, test=4)
    parts = {"network": {"kind": "mlp", "depth": 2, "width": 12}, "training": {"epochs": 2, "batch_size": 4}}
    made, whole = (
        Design.check({"data": {"name": "nmnist", "steps": 2, "validation": share}, **parts}) for share in (0.25, 0.0)
    )
    training, held = data.load(made)[0], held_out(made)
    every, _ = data.load(whole)
    assert (len(training), len(held)) == (15, 5)
    assert held.images.shape == training.images.shape == every.images.shape  # the file's, of all of them
    assert rows(training) + rows(held) == rows(every)
    assert training.white == every.white

    shown: list[tuple[int, ...]] = []
    fetch = data.fetch_batch

    def remember(*given: Any) -> torch.Tensor:
        found = fetch(*given)
        shown.extend(tuple(row) for row in found.flatten(1).tolist())
        return found

    monkeypatch.setattr(data, "fetch_batch", remember)
    ends = [event for event in execute(made) if isinstance(event, EpochEnd)]
    mine = {row[1:] for row in rows(held)}
    assert len(shown) == 30
    assert not mine & set(shown)
    assert set(shown) == {row[1:] for row in rows(training)}
    assert all(end.validation_accuracy in {n / 5 for n in range(6)} for end in ends)


# Other kinds of task that train


def test_a_fine_tuning_learns_from_the_others_and_says_what_it_reaches_on_them(monkeypatch: pytest.MonkeyPatch) -> None:
    small = {"network.depth": 2, "network.width": 12, "data.train_samples": 120, "data.test_samples": 40}
    made = change(default_design(), {**small, "data.validation": 0.25, "training.epochs": 1})
    task = FineTuning(design=made, limits=HardwareLimits(weight_bits=2), epochs=1)
    before = [event for event in finetune(task) if isinstance(event, Tuned)]
    assert all(tuned.validation_accuracy is not None and tuned.validation_loss is not None for tuned in before)
    plant(made, monkeypatch)
    after = [event for event in finetune(task) if isinstance(event, Tuned)]
    blind = [[replace(t, validation_accuracy=None, validation_loss=None) for t in each] for each in (before, after)]
    assert blind[0] == blind[1]
    assert before != after
    none = FineTuning(design=change(made, {"data.validation": 0}), limits=HardwareLimits(weight_bits=2), epochs=1)
    assert all(t.validation_accuracy is None for t in finetune(none) if isinstance(t, Tuned))


def test_trajectories_learn_from_the_others_too(monkeypatch: pytest.MonkeyPatch) -> None:
    small = {"network.depth": 2, "network.width": 12, "data.train_samples": 120, "data.test_samples": 40}
    made = change(USUAL, {**small, "data.validation": 0.25, "training.epochs": 3, "training.batch_size": 30})
    before = [event for event in run_trajectories(Trajectories(design=made, looks=1)) if isinstance(event, Course)]
    told = {course.step: course.validation_accuracy for course in before if course.model == "relu"}
    assert told[0] is None
    assert told[3] is not None  # 90 images in batches of 30
    plant(made, monkeypatch)
    after = [event for event in run_trajectories(Trajectories(design=made, looks=1)) if isinstance(event, Course)]
    assert [replace(c, validation_accuracy=None) for c in before] == [
        replace(c, validation_accuracy=None) for c in after
    ]
    assert before != after


# What it costs


def test_less_is_learnt_and_as_much_is_looked_at() -> None:
    whole, less = design(0), design(0.5)
    assert costs.training_steps(whole) == 12
    assert costs.training_steps(less) == 6
    assert 0.5 < costs.training_seconds(less) / costs.training_seconds(whole) < 0.75
