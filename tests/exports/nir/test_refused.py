"""What NIR cannot say is refused in a sentence, before anything is written."""

from __future__ import annotations

import pytest

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.errors import InputError
from snnviz.exports.nir.building import Profile, build_graph
from snnviz.graph.architectures import build_architecture
from tests.exports.nir.networks import NETWORKS, network

TTFS = "network.kind=mlp network.code=ttfs neuron.kind=relu data.steps=1 init.kind=kaiming"


@pytest.mark.parametrize(
    ("settings", "profile", "sentence"),
    [
        (TTFS, None, "network.code must be rate for NIR, whose neurons have no time to first spike, got 'ttfs'"),
        ("neuron.kind=relu data.steps=1 init.kind=kaiming", None, "neuron.kind must be one of lif, plif, synaptic for"),
        ("training.precision=bfloat16", None, "training.precision must be float32 for NIR"),
        (
            NETWORKS["mlp, one step"],
            "portable",
            "profile must be exact for this network: a nir.LIF resets",
        ),
    ],
)
def test_one_sentence(settings: str, profile: Profile | None, sentence: str) -> None:
    design, weights = network(settings)
    with pytest.raises(InputError) as error:
        build_graph(design, build_architecture(design), weights, profile)
    assert str(error.value).startswith(sentence)
    assert "\n" not in str(error.value)


def test_weights_of_another_network() -> None:
    _, weights = network(NETWORKS["mlp, one step"])
    deeper = links.change(Design(), {"network.kind": "mlp", "network.depth": "3", "network.width": "12"})
    with pytest.raises(InputError, match=r"weights must be of this network, got some without L3.bias"):
        build_graph(deeper, build_architecture(deeper), weights)
