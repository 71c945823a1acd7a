"""Trajectories as a value: of any design with a TTFS twin the same ReLU network."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.errors import InputError
from snnviz.studies.ttfs.trajectories import USUAL, Trajectories


def test_designs_of_the_same_relu_network_share_them() -> None:
    mlp = Trajectories(design=change(Design(), {"network.kind": "mlp"}))
    others = [
        {"neuron.threshold": 0.5},
        {"data.steps": 9},
        {"network.norm": "batch"},
        {"training.shortcut.schedule": "linear"},
        {"training.gradients": "unwatched"},
        {"init": "kaiming"},
    ]
    for settings in others:
        assert Trajectories(design=change(Design(), {"network.kind": "mlp", **settings})) == mlp, settings
    assert mlp.design.neuron.kind == "relu"
    assert Trajectories(design=mlp.design).digest == mlp.digest
    for settings in ({"seed": 1}, {"network.width": 30}, {"training.learning_rate": 0.1}):
        found = Trajectories(design=change(Design(), {"network.kind": "mlp", **settings}))
        assert found.digest != mlp.digest, settings
    assert mlp.model_copy(update={"slower": 3.0}).digest != mlp.digest


@given(
    settings=st.fixed_dictionaries({"seed": st.integers(0, 2**31 - 1), "training.learning_rate": st.floats(1e-6, 10)}),
    looks=st.integers(1, 100),
    slower=st.floats(1, 1e4),
)
def test_they_survive_their_text(settings: dict[str, Any], looks: int, slower: float) -> None:
    setting = Trajectories(design=change(USUAL, settings), looks=looks, slower=slower)
    again = Trajectories.read(setting.canonical())
    assert (again, again.digest) == (setting, setting.digest)


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"design": {}}, "network.edges must have no skips for TTFS, got"),
        ({"design": {"network": {"kind": "resnet18"}}}, "network.kind must be mlp, cnn, vgg or a block without skips"),
        ({"design": {"network": {"kind": "mlp"}}, "looks": 0}, "looks must be a whole number from 1 to 100, got 0"),
        ({"design": {"network": {"kind": "mlp"}}, "slower": 0.5}, "slower must be a number from 1 to 10000, got 0.5"),
        ({"design": 3}, "design must be a JSON object"),
        ([], "setting of trajectories must be a JSON object"),
    ],
)
def test_what_is_wrong_is_a_sentence(document: Any, sentence: str) -> None:
    with pytest.raises(InputError) as error:
        Trajectories.check(document)
    assert str(error.value).startswith(sentence)


@pytest.mark.parametrize(("text", "sentence"), [("{", "be valid JSON"), (" " * 200_000, "be at most 131,072")])
def test_what_is_no_text_of_them_is_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        Trajectories.read(text)
