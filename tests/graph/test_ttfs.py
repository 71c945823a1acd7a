"""Which designs have a TTFS twin, and what is said of those that have none."""

from __future__ import annotations

from typing import Any

import pytest

from snnviz.design.design import Design
from snnviz.errors import InputError
from snnviz.graph.ttfs import relu_network


@pytest.mark.parametrize(
    "network", [{"kind": "mlp"}, {"kind": "cnn", "norm": "batch"}, {"kind": "block", "edges": "000/000/000"}]
)
def test_layers_in_a_row_become_relus_of_the_same_sizes(network: dict[str, Any]) -> None:
    design = Design.check({"network": network, "neuron": {"threshold": 0.5}, "seed": 3})
    made = relu_network(design)
    assert (made.neuron.kind, made.network, made.seed) == ("relu", design.network, 3)
    assert relu_network(made) == made


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (
            {"network": {"kind": "block", "edges": "002/000/000"}},
            "network.edges must have no skips for TTFS, got '002/000/000'; the nearest has network.edges=000/000/000",
        ),
        (
            {"network": {"kind": "block", "edges": "000/000/010"}},
            "network.edges must have no skips for TTFS, got '000/000/010'; the nearest has network.edges=000/000/000",
        ),
        (
            {"network": {"kind": "resnet18", "width": 0.125}},
            "network.kind must be mlp, cnn, vgg or a block without skips for TTFS, got 'resnet18'; "
            "the nearest has network.kind=vgg, network.width=0.125",
        ),
        (
            {"network": {"kind": "cell", "channels": 12}},
            "network.kind must be mlp, cnn, vgg or a block without skips for TTFS, got 'cell'; "
            "the nearest has network.kind=cnn, network.channels=12, network.norm=batch",
        ),
        (
            {"network": {"kind": "mlp"}, "data": {"name": "nmnist"}},
            "data.name must be images for TTFS, not recordings of events, got 'nmnist'; "
            "the nearest has data.name=mnist",
        ),
    ],
)
def test_what_has_no_exact_mapping_is_refused_with_the_nearest_that_has(
    document: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(InputError) as refused:
        relu_network(Design.check(document))
    assert str(refused.value) == sentence
