"""What is looked at stands for all classes, also where samples lie ordered by class: dark ones, then bright ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from snnviz.core import data, gradients, measured_inits, observe
from snnviz.core.execute import execute
from snnviz.core.networks import Network
from snnviz.data import uploads
from snnviz.design.design import Design
from snnviz.events import Checkpoint, LayerState
from snnviz.studies.skips.compute.candidates import CandidateTrainer
from snnviz.studies.skips.search import Search
from snnviz.studies.ttfs.compute import equivalence, trajectories
from snnviz.studies.ttfs.trajectories import Trajectories
from snnviz.theory.operations import operations_per_image
from tests.packed import npz

EACH = 100
ENTERING: dict[str, Any] = {"kind": "mlp", "depth": 2, "width": 50}
COUNTED: dict[str, Any] = {"data": {"encoding": "rate", "steps": 10}, "network": ENTERING}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path / "cache"))


def kept(*, shuffled: bool) -> str:
    """A data set of one's own."""
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], EACH)
    images = np.concatenate([rng.integers(0, 52, (EACH, 8, 8)), rng.integers(150, 241, (EACH, 8, 8))]).astype(np.uint8)
    order = rng.permutation(2 * EACH) if shuffled else np.arange(2 * EACH)
    return uploads.store_upload(uploads.check_upload(npz(images=images[order], labels=labels[order])))


def design(*, shuffled: bool = False, **parts: Any) -> Design:
    document = {"training": {"epochs": 1, "batch_size": 20}, "network": ENTERING} | parts
    return Design.check(document | {"data": {"name": kept(shuffled=shuffled)} | document.get("data", {})})


def literal(made: Design, arrays: dict[str, Any]) -> tuple[float, list[float]]:
    """Additions of an image, and rates, over all training images: an own loop."""
    training, _ = data.load(made)
    torch.manual_seed(1)
    x = torch.bernoulli((training.images.flatten(1) / training.white).repeat(10, 1, 1))
    additions, rates = 0.0, []
    for name in ("L1", "L2", "readout"):
        weight, bias = (torch.tensor(arrays[f"{name}.{part}"]) for part in ("weight", "bias"))
        additions += float((x != 0).sum()) / len(training) * len(weight)
        u = spikes = torch.zeros(1)
        said = []
        for step in F.linear(x, weight, bias):
            u = made.neuron.beta * u + step - spikes
            spikes = (u > 1).float()
            said.append(spikes)
        x = torch.stack(said)
        rates.append(float(x.mean()))
    return additions, rates[:2]


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize("shuffled", [False, True])
def test_additions_and_rates_are_those_of_all_classes(shuffled: bool) -> None:
    """On the first 64 images: less than a third of the additions, and half of the first layer's rate."""
    made = design(shuffled=shuffled, **COUNTED)
    events = list(execute(made))
    arrays = next(event.arrays for event in events if isinstance(event, Checkpoint))
    states = [event for event in events if isinstance(event, LayerState)]
    assert {state.probe for state in states} == {64}
    additions, rates = literal(made, dict(arrays))
    assert operations_per_image(made, states).additions == pytest.approx(additions, rel=0.05)
    assert [state.rate for state in states[-3:-1]] == pytest.approx(rates, rel=0.08)


@pytest.mark.usefixtures("cache")
def test_measured_weights_see_all_classes() -> None:
    """Var[u] of the first layer over all training images: 1 at its aim, several times that if measured on dark ones."""
    found = []
    for shuffled in (False, True):
        made = design(shuffled=shuffled, init="fluctuation-driven", **COUNTED)
        training, _ = data.load(made)
        network = Network(made)
        measured_inits.initialise_from_data(network, data.encoded_probe(training, made)[0])
        every = data.encode(training.images, training.white, made, "every")
        found.append(
            next(observe.observe_layers(network, every, observe.RunningSums(network.parameters), 0, 0.0)).var_u
        )
    assert found[0] == pytest.approx(found[1], rel=0.1)
    assert 0.5 < found[0] < 2


Record = list[tuple[Tensor, Tensor | None]]
"""Images, and labels where they are given."""


def noted(record: Record, keep: Callable[..., tuple[Tensor, Tensor | None]], stop: type[Exception]) -> Any:
    def note(*arguments: Any, **_: Any) -> None:
        record.append(keep(*arguments))
        raise stop

    return note


class Enough(Exception):
    """What was to be seen has been seen."""


def of_a_run(made: Design, patch: pytest.MonkeyPatch, record: Record) -> None:
    patch.setattr(observe, "observe_layers", noted(record, lambda _, probe, *__: (probe[0], None), Enough))
    list(execute(made))


def of_a_measured_run(made: Design, patch: pytest.MonkeyPatch, record: Record) -> None:
    patch.setattr(measured_inits, "initialise_from_data", noted(record, lambda _, probe: (probe[0], None), Enough))
    list(execute(made))


def of_branches_in_a_run(made: Design, patch: pytest.MonkeyPatch, record: Record) -> None:
    patch.setattr(gradients, "branch_shares", noted(record, lambda _, image, labels, __: (image[0], labels), Enough))
    list(execute(made))


def of_a_profile(made: Design, patch: pytest.MonkeyPatch, record: Record) -> None:
    patch.setattr(gradients, "gradient_norms", noted(record, lambda _, image, labels, __: (image[0], labels), Enough))
    gradients.gradient_profile(made)


def of_a_survey(made: Design, patch: pytest.MonkeyPatch, record: Record) -> None:
    patch.setattr(gradients, "gradient_norms", noted(record, lambda _, image, labels, __: (image[0], labels), Enough))
    next(gradients.gradient_profiles(made, depths=[3]))


def of_a_candidate(made: Design, patch: pytest.MonkeyPatch, record: Record) -> None:
    block = {"kind": "block", "edges": "000/000/000", "channels": 2}
    searched = Design.check(made.document() | {"network": block})
    patch.setattr(observe, "observe_layers", noted(record, lambda _, probe, *__: (probe[0], None), Enough))
    CandidateTrainer(Search(design=searched, validation=70, shared_epochs=1, iterations=1, parallel=1)).train_twin(
        lambda: None, None
    )


def of_trajectories(made: Design, patch: pytest.MonkeyPatch, record: Record) -> None:
    relu = Design.check(made.document() | {"neuron": {"kind": "relu"}, "data": made.data.model_dump() | {"steps": 1}})
    patch.setattr(trajectories.Learner, "add_batch", noted(record, lambda _, shown, labels: (shown, labels), Enough))
    list(trajectories.run_trajectories(Trajectories(design=relu)))


def of_a_twin(made: Design, patch: pytest.MonkeyPatch, record: Record) -> None:
    relu = Design.check(made.document() | {"neuron": {"kind": "relu"}, "data": made.data.model_dump() | {"steps": 1}})
    patch.setattr(measured_inits, "initialise_from_data", noted(record, lambda _, probe: (probe[0], None), Enough))
    equivalence.compare_with_twin(relu)


def of_the_twins_test_images(made: Design, patch: pytest.MonkeyPatch, record: Record) -> None:
    relu = Design.check(made.document() | {"neuron": {"kind": "relu"}, "data": made.data.model_dump() | {"steps": 1}})
    patch.setattr(equivalence, "max_activations", lambda network, *_: [1.0] * (len(network.architecture.layers) - 1))
    patch.setattr(equivalence.ttfs.Network, "run", noted(record, lambda _, shown: (shown, None), Enough))
    equivalence.compare_with_twin(relu, images=10)


LOOKS = {
    look.__name__: (look, images)
    for look, images in (
        (of_a_run, 64),
        (of_a_measured_run, 64),
        (of_branches_in_a_run, 16),
        (of_a_profile, 32),
        (of_a_survey, 32),
        (of_a_candidate, 64),
        (of_trajectories, 64),
        (of_a_twin, 64),
        (of_the_twins_test_images, 10),
    )
}


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize(("look", "images"), LOOKS.values(), ids=LOOKS)
def test_whatever_is_looked_at_has_as_many_of_each_class(
    look: Callable[[Design, pytest.MonkeyPatch, Record], None], images: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, record = design(), []
    with pytest.raises(Enough):
        look(made, monkeypatch, record)
    shown, labels = record[0]
    bright = shown.flatten(1).mean(1) > shown.mean()
    assert (len(shown), int(bright.sum())) == (images, images // 2)
    if labels is not None:
        assert torch.equal(labels.bool(), bright)


@pytest.mark.usefixtures("cache")
def test_where_there_are_fewer_images_all_of_them_are_looked_at() -> None:
    made = design(data={"train_samples": 30})
    images, _ = data.load(made)
    probe = data.probe_images(images, made.seed)
    assert sorted(map(bytes, probe.images.numpy())) == sorted(map(bytes, images.images.numpy()))
    state = next(event for event in execute(made) if isinstance(event, LayerState))
    assert state.probe == 30


@pytest.mark.usefixtures("cache")
def test_the_order_in_which_a_run_learns_is_as_it_was() -> None:
    """The probe is looked at beside the training images, which stay where they are."""
    made = design()
    images, _ = data.load(made)
    before = images.images.clone()
    data.probe_images(images, made.seed)
    assert torch.equal(images.images, before)
    assert images.labels.tolist() == sorted(images.labels.tolist())
