"""The same numbers, bit for bit: however often, on however many cores, and after whatever pause a design is run."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from snnviz.core import observe
from snnviz.core.execute import execute
from snnviz.core.networks import Network
from snnviz.design.design import Design
from snnviz.design.menus import ENCODINGS, OPTIMIZERS
from snnviz.events import Checkpoint, Event, LayerState, Progress, Sample
from tests.core.test_execute import BACK, BLOCK, CELL, checkpoints, design, equal, rows


@pytest.mark.parametrize(
    "network", [BLOCK, {"kind": "mlp", "depth": 2, "width": 20}, {"kind": "cnn", "channels": 4}, CELL, BACK]
)
def test_the_same_design_reports_the_same_rows(network: dict[str, Any]) -> None:
    made = design(network=network)
    first, second = list(execute(made)), list(execute(made))
    assert rows(first) == rows(second)
    assert all(equal(a, b) for a, b in zip(checkpoints(first), checkpoints(second), strict=True))
    assert rows(first) != rows(list(execute(made.model_copy(update={"seed": 1}))))


@pytest.mark.parametrize("encoding", ["direct", "rate"])
@pytest.mark.parametrize("network", [BLOCK, {"kind": "mlp", "depth": 2, "width": 20}, CELL, {**BACK, "norm": "none"}])
def test_a_second_core_changes_nothing(network: dict[str, Any], encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Network, "micro_batch", 20)  # four to a batch
    made, used = design(network=network, data={"encoding": encoding}), set()

    def remember(self: Network, image: Tensor, *rest: Any) -> Tensor:
        used.add(threading.current_thread())
        return forward(self, image, *rest)

    forward = Network.__call__
    monkeypatch.setattr(Network, "__call__", remember)
    alone = list(execute(made))
    assert len(used) == 1
    turn = itertools.cycle((2, 1, 2, 2))
    shared = list(execute(made, threads=lambda: next(turn)))
    assert len(used) == 3
    assert rows(alone) == rows(shared)
    assert all(equal(a, b) for a, b in zip(checkpoints(alone), checkpoints(shared), strict=True))


def test_small_numbers_are_normal_again_after_a_run() -> None:
    events = execute(design())
    next(events)
    tiny = torch.tensor([1e-39]) * 0.5
    events.close()
    assert tiny.item() == 0
    assert (torch.tensor([1e-39]) * 0.5).item() > 0


@pytest.mark.parametrize("encoding", ENCODINGS.kinds)
@pytest.mark.parametrize(
    "optimizer", [*OPTIMIZERS.kinds, {"kind": "sgd", "momentum": 0}, {"kind": "sgd", "weight_decay": 0.01}], ids=str
)
def test_a_run_resumed_after_any_epoch_goes_on_as_if_it_had_never_stopped(optimizer: Any, encoding: str) -> None:
    training = {"optimizer": optimizer, "schedule": {"kind": "step", "every": 1}}
    goes_on(design(data={"encoding": encoding}, training=training))


@pytest.mark.parametrize("encoding", ["direct", "rate"])
@pytest.mark.parametrize("network", [CELL, BACK], ids=["forward", "backward"])
def test_so_does_a_cell_with_its_dropout_and_its_running_averages(network: dict[str, Any], encoding: str) -> None:
    goes_on(design(network=network, data={"encoding": encoding}))
    whole = design(network={**network, "dropout": 0}, data={"encoding": encoding})
    assert rows(list(execute(whole))) != rows(list(execute(design(network=network, data={"encoding": encoding}))))


def goes_on(made: Design) -> None:
    undisturbed = list(execute(made))
    for checkpoint in checkpoints(undisturbed):
        stored = {name: np.array(array) for name, array in checkpoint.arrays.items()}
        resumed = list(execute(made, resume=Checkpoint(checkpoint.epoch, stored)))
        after = undisturbed.index(checkpoint) + 1
        assert rows(resumed) == rows(undisturbed[after:])
        assert all(map(equal, checkpoints(resumed), checkpoints(undisturbed[after:])))
        assert [e for e in resumed if isinstance(e, Progress)] == [
            Progress(checkpoint.epoch * 5, 15),
            *(e for e in undisturbed[after:] if isinstance(e, Progress)),
        ]
        assert all(np.array_equal(checkpoint.arrays[name], stored[name]) for name in stored)  # resuming only reads


def test_two_runs_in_turns_do_not_disturb_each_other() -> None:
    a, b = design(data={"encoding": "rate"}), design(data={"encoding": "rate"}, seed=1)
    turns: tuple[list[Event], list[Event]] = ([], [])
    for one, other in zip(execute(a), execute(b), strict=True):
        turns[0].append(one)
        turns[1].append(other)
    assert rows(turns[0]) == rows(list(execute(a)))
    assert rows(turns[1]) == rows(list(execute(b)))


def test_no_global_random_stream_is_read_or_moved() -> None:
    made = design(data={"encoding": "rate"})
    expected = rows(list(execute(made)))
    torch.manual_seed(123)
    np.random.seed(123)
    random.seed(123)
    before = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()
    assert rows(list(execute(made))) == expected
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.random.get_state()[1].tolist() == before[1]
    assert random.getstate() == before[2]


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    list(execute(design()))
    assert capfd.readouterr() == ("", "")


def nothing(*_: Any) -> Iterator[LayerState]:
    yield from ()


@pytest.mark.parametrize("network", [BLOCK, CELL, BACK], ids=["block", "forward", "backward"])
@pytest.mark.parametrize("encoding", ["direct", "rate"])
def test_being_looked_at_changes_nothing_in_training(
    monkeypatch: pytest.MonkeyPatch, encoding: str, network: dict[str, Any]
) -> None:
    made = design(data={"encoding": encoding}, network=network)
    seen = list(execute(made))
    monkeypatch.setattr(observe, "observe_layers", nothing)
    unseen = list(execute(made))
    monkeypatch.undo()
    monkeypatch.setattr(observe, "is_observation_step", lambda *_: True)
    stared_at = list(execute(made))
    assert not any(isinstance(event, LayerState) for event in unseen)
    assert len([event for event in stared_at if isinstance(event, Sample)]) == 15
    for other in (unseen, stared_at):
        assert all(map(equal, checkpoints(seen), checkpoints(other)))
