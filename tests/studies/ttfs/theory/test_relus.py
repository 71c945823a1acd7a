"""ReLU networks as dense matrices say what the same networks say in torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from snnviz.catalog.inits import weight_distribution
from snnviz.data import datasets
from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.errors import InputError
from snnviz.graph.architectures import build_architecture
from snnviz.studies.ttfs.compute.equivalence import load_relu_network as in_torch
from snnviz.studies.ttfs.theory import relus

RELU = {"neuron.kind": "relu", "data.steps": 1, "init": "kaiming"}
NETWORKS = {
    "mlp": {"network.kind": "mlp", "network.depth": 2, "network.width": 9},
    "cnn": {"network.kind": "cnn", "network.depth": 3, "network.channels": 3, "network.pool_every": 1},
    "normed cnn": {"network.kind": "cnn", "network.depth": 2, "network.channels": 3, "network.norm": "batch"},
    "vgg": {"network.kind": "vgg", "network.width": 0.03125, "network.stages": 4},
    "block": {"network.kind": "block", "network.edges": "000/000/000", "network.channels": 3, "network.blocks": 2},
}


@pytest.mark.parametrize("name", NETWORKS)
def test_matrices_say_what_the_network_says_in_torch(name: str) -> None:
    design = change(Design(), RELU | NETWORKS[name])
    rng = np.random.default_rng(1)
    arrays = {}
    for layer, value in relus.random_parameters(design, rng.normal(size=(5, 64))).items():
        arrays[layer] = value + rng.uniform(0.1, 0.5, value.shape)  # biases, gains and statistics of their own
    network = in_torch(design, arrays, torch.float64)
    heard: list[torch.Tensor] = []
    x = rng.normal(size=(7, 1, 8, 8))
    logits = network(torch.tensor(x)[None], statistics="running", forward_hook=lambda _, said: heard.append(said))
    layers = relus.dense_layers(design, arrays)
    found = relus.forward(layers, x.reshape(7, -1))
    np.testing.assert_allclose(found[-1], logits.detach().numpy(), rtol=1e-10, atol=1e-10)
    assert [layer.shape for layer in layers] == [layer.out_shape for layer in build_architecture(design).layers]
    for said, expected in zip(found, heard, strict=False):
        assert np.isclose(said.max(), float(expected.max()))
        assert np.isclose(said.mean(), float(expected.mean()))


@pytest.mark.parametrize("name", NETWORKS)
def test_what_a_layer_reads_is_torchs_pooling_of_what_the_one_before_says(name: str) -> None:
    built, rng, kinds = build_architecture(change(Design(), RELU | NETWORKS[name])), np.random.default_rng(2), set()
    for index, layer in enumerate(built.layers):
        source, shape = layer.sources[0], relus.source_shape(built, index)
        x = rng.normal(size=(3, *shape))
        found = relus.layer_input(built, index, x.reshape(3, -1) if source.pool > 1 else x)
        if source.pool > 1:
            kinds.add(source.linear)
            pool = F.avg_pool2d if source.linear else F.max_pool2d
            np.testing.assert_allclose(found, pool(torch.tensor(x), source.pool).numpy(), rtol=1e-12)
        else:
            np.testing.assert_array_equal(found, x)
    assert kinds or name in ("mlp", "normed cnn")


@pytest.mark.parametrize("init", ["kaiming", "zenke-2021", "input-preserving"])
def test_weights_are_drawn_by_the_law_of_the_initialisation(init: str) -> None:
    design = change(Design(), RELU | {"network.kind": "mlp", "network.width": 200, "init": init})
    split = datasets.load_images("digits")
    x = split.train_images[:200].reshape(200, -1) / split.white
    arrays = relus.random_parameters(design, x)
    layers = build_architecture(design).layers
    said = [x, *relus.forward(relus.dense_layers(design, arrays), x)]
    for layer, before, current in zip(layers[1:-1], said[1:], said[2:], strict=False):
        weight = arrays[f"{layer.name}.weight"]
        if init == "input-preserving":
            assert weight.var() == pytest.approx(1 / (200 * np.square(before).mean()), rel=0.05)
            assert np.square(current).mean() == pytest.approx(0.5, rel=0.35)
        else:
            law = weight_distribution(design.init, layer.fan_in, layer.fan_out, design.neuron)
            assert weight.var() == pytest.approx(law.variance, rel=0.05)
            assert not law.uniform or np.abs(weight).max() <= law.limit
    again, other = relus.random_parameters(design, x), relus.random_parameters(change(design, {"seed": 1}), x)
    assert (again["L1.weight"] == arrays["L1.weight"]).all()
    assert (other["L1.weight"] != arrays["L1.weight"]).any()


def test_what_is_too_large_is_refused_before_any_of_it_is_made() -> None:
    design = change(Design(), RELU | {"data.name": "mnist", "network.kind": "cnn"})
    with pytest.raises(InputError, match="network must have at most 8,000,000 numbers in its layers' dense matrices"):
        relus.random_parameters(design, np.zeros((1, 784)))
    with pytest.raises(InputError, match="got 216,390,272"):
        relus.dense_layers(design, {})
