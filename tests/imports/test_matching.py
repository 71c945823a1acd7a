"""State dicts of torch and snntorch networks for a design: names are matched, shapes are checked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import snntorch
import torch
from torch import nn

from snnviz.core.module import as_module
from snnviz.design import links
from snnviz.design.design import Design
from snnviz.errors import InputError
from snnviz.exports.nir.graph import Array
from snnviz.imports.matching import match_state
from tests.exports.nir.networks import NETWORKS, network

MLP = {"network.kind": "mlp", "network.depth": "2", "network.width": "12", "neuron.reset": "zero"}


def design(**others: str) -> Design:
    return links.change(Design(), MLP | others)


class Theirs(nn.Module):
    """As in snntorch's tutorials; layers are told apart by numbers."""

    def __init__(self, beta: float, *, learn: bool = False, norm: bool = False) -> None:
        super().__init__()
        self.fc1, self.fc2, self.fc10 = nn.Linear(64, 12), nn.Linear(12, 12), nn.Linear(12, 10)
        self.lif1 = snntorch.Leaky(beta=beta, reset_mechanism="zero", learn_beta=learn)
        self.lif2 = snntorch.Leaky(beta=beta, reset_mechanism="zero", learn_beta=learn)
        if norm:
            self.bn1, self.bn2 = nn.BatchNorm1d(12), nn.BatchNorm1d(12)
            for each in (self.bn1, self.bn2):
                for value in (each.weight, each.bias, each.running_mean, each.running_var):
                    value.data.uniform_(0.5, 1.5)
        self.normed = norm

    def forward(self, x: torch.Tensor, steps: int) -> torch.Tensor:
        m1, m2, total = self.lif1.init_leaky(), self.lif2.init_leaky(), 0.0
        for _ in range(steps):
            a = self.fc1(x)
            s, m1 = self.lif1(self.bn1(a) if self.normed else a, m1)
            b = self.fc2(s)
            s, m2 = self.lif2(self.bn2(b) if self.normed else b, m2)
            total = total + self.fc10(s)
        return total / steps


def arrays(module: nn.Module, prefix: str = "") -> dict[str, Array]:
    return {prefix + name: value.detach().numpy() for name, value in module.state_dict().items()}


@pytest.mark.parametrize("norm", [False, True])
@pytest.mark.parametrize("learn", [False, True])
def test_the_network_of_a_design_says_what_theirs_says(norm: bool, learn: bool) -> None:
    torch.manual_seed(0)
    theirs = Theirs(0.7, learn=learn, norm=norm).eval()
    if learn:
        theirs.lif2.beta.data.fill_(0.4)
    others = {
        "neuron.beta": "0.7",
        "neuron.learn": "beta" if learn else "none",
        "network.norm": "batch" if norm else "none",
    }
    found = match_state(design(**others), arrays(theirs, "module."))
    assert found.notes[0] == "Layers: fc1 is L1, fc2 is L2, fc10 is readout."
    image = torch.rand(5, 1, 1, 8, 8)
    ours = as_module(found.design, found.weights).eval()
    with torch.no_grad():
        torch.testing.assert_close(ours(image.transpose(0, 1)), theirs(image.flatten(1), found.design.data.steps))


@pytest.mark.parametrize("name", NETWORKS)
def test_a_checkpoint_of_ours_is_taken_as_it_is(name: str) -> None:
    made, weights = network(NETWORKS[name])
    found = match_state(made, {**weights, "optimizer/step": np.array(1), "shortcut.0.weight": np.ones((2, 2))})
    assert found.weights.keys() == weights.keys()
    for key, value in weights.items():
        np.testing.assert_array_equal(found.weights[key], value)


def test_which_layer_is_which_can_be_said() -> None:
    given = arrays(Theirs(0.5))
    given["zero.weight"], given["zero.bias"] = given.pop("fc1.weight"), given.pop("fc1.bias")
    with pytest.raises(InputError, match=r"fc2.weight must have the shape \(12, 64\), as L1 has, got \(12, 12\)"):
        match_state(design(), given)
    found = match_state(design(), given, {"zero": "L1"})
    np.testing.assert_array_equal(found.weights["L1.weight"], given["zero.weight"])
    with pytest.raises(InputError, match="map must name a module with weights"):
        match_state(design(), given, {"fc9": "L1"})
    with pytest.raises(InputError, match="map must name a layer of the design"):
        match_state(design(), given, {"zero": "L9"})


@pytest.mark.parametrize(
    ("change", "others", "sentence"),
    [
        ({"fc2.weight": None}, {}, "the state dict must have 3 layers with weights, as the design has, got 2: fc1"),
        ({"fc2.weight": np.ones((12, 13))}, {}, "fc2.weight must have the shape (12, 12), as L2 has, got (12, 13)"),
        ({"fc2.bias": np.ones(3)}, {}, "fc2.bias must have the shape (12,), as L2 has, got (3,)"),
        ({}, {"neuron.beta": "0.9"}, "lif1.beta must be 0.9, as the design has it (--set neuron.beta=0.5 takes"),
        ({"lif2.threshold": np.array(2.0)}, {}, "lif2.threshold must be 1, as the design has it (--set"),
        ({"lif2.beta": np.zeros(0)}, {}, "lif2.beta must be 0.5"),
        ({}, {"network.norm": "batch"}, "the state dict must have 2 batch normalisations, as the design has, got 0"),
        ({"bn.running_mean": np.ones(12)}, {}, "the state dict must have 0 batch normalisations, as the design has"),
        ({}, {"neuron.learn": "both"}, None),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_a_sentence(change: dict[str, Any], others: dict[str, str], sentence: str | None) -> None:
    given = arrays(Theirs(0.5)) | {name: value for name, value in change.items() if value is not None}
    given = {name: value for name, value in given.items() if change.get(name, 0) is not None}
    if sentence is None:
        assert match_state(design(**others), given).weights["L2.threshold"] == 1
        return
    with pytest.raises(InputError) as error:
        match_state(design(**others), given)
    assert str(error.value).startswith(sentence)


def test_what_was_left_out_is_said() -> None:
    found = match_state(design(), arrays(Theirs(0.5)) | {"head.scale": np.ones(3)})
    assert found.notes[-1] == "Left out: head.scale."
