"""From a NIR graph to a design and its weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from snnviz.errors import InputError
from snnviz.exports.nir.building import build_graph
from snnviz.exports.nir.files import read_graph, write_graph
from snnviz.exports.nir.graph import Graph, Node
from snnviz.graph.architectures import build_architecture
from snnviz.imports.nir.importing import import_graph
from tests.exports.nir.networks import NETWORKS, exported


@pytest.mark.parametrize("name", NETWORKS)
def test_a_graph_of_ours_gives_back_its_design_and_weights(name: str) -> None:
    design, weights, made = exported(NETWORKS[name])
    found = import_graph(made.graph, {})
    assert found.design == design
    assert found.weights.keys() == weights.keys()
    folded = any(key.endswith(".gain") for key in weights)
    for key, value in weights.items():
        assert found.weights[key].shape == value.shape
        if not folded:
            np.testing.assert_array_equal(found.weights[key], value)
    if folded:  # the same network, said without statistics
        assert "normalisation was folded" in " ".join(found.notes)
    again = build_graph(found.design, build_architecture(design), found.weights).graph
    for node, other in zip(again.nodes.values(), made.graph.nodes.values(), strict=True):
        for field, value in other.fields.items():
            if not isinstance(value, str):
                np.testing.assert_allclose(node[field], value, rtol=1e-4, atol=1e-4)


def from_elsewhere(graph: Graph) -> Graph:
    """Other names, no metadata, another resistance and as much smaller weights, and a scalar for each layer."""
    names = {name: f"n{place}" for place, name in enumerate(graph.nodes)}
    nodes = {}
    for name, node in graph.nodes.items():
        fields = dict(node.fields)
        if node.kind in ("LIF", "LI"):
            fields["r"] = fields["r"] / 4
        elif node.kind in ("Affine", "Conv2d") and "readout" not in name:
            fields["weight"], fields["bias"] = fields["weight"] * 4.0, fields["bias"] * 4.0
        elif node.kind == "Scale":
            fields["scale"] = fields["scale"] * 4
        elif node.kind == "Flatten":
            fields["start_dim"] = np.int64(1)
        nodes[names[name]] = Node(node.kind, fields)
    return Graph(nodes, tuple((names[a], names[b]) for a, b in graph.edges))


@pytest.mark.parametrize(
    "name", ["mlp, ten steps, zero", "mlp, one step", "learnt", "cnn, count", "mlp, normed, none", "cnn, pooled"]
)
def test_a_row_of_layers_from_elsewhere(name: str) -> None:
    pooled = "network.kind=cnn network.depth=4 network.channels=3 network.pool_every=2 neuron.reset=zero"
    design, weights, made = exported(NETWORKS.get(name, pooled))
    if name in ("cnn, count", "learnt"):  # the readout spikes, or leaks differ
        found = import_graph(replace(made.graph, metadata={}), {})
    else:
        found = import_graph(from_elsewhere(made.graph), {})
    plain = design.network.model_copy(update={"norm": "none"})
    assert found.design.network == plain
    assert found.design.training.loss == design.training.loss
    assert found.design.neuron.model_dump(exclude={"learn"}).items() <= {
        **design.neuron.model_dump(), "beta": found.design.neuron.beta, "threshold": found.design.neuron.threshold,
    }.items()  # fmt: skip
    if name != "mlp, normed, none":
        for key in found.weights:
            np.testing.assert_allclose(found.weights[key], weights[key], rtol=1e-6)


CHANGES: dict[str, tuple[str, Callable[[Graph], Graph], str]] = {}


def refused(
    sentence: str, settings: str = NETWORKS["mlp, ten steps, zero"]
) -> Callable[[Callable[[Graph], Graph]], None]:
    def add(change: Callable[[Graph], Graph]) -> None:
        CHANGES[change.__name__] = (settings, change, sentence)

    return add


def with_node(graph: Graph, name: str, kind: str | None = None, **fields: object) -> Graph:
    node = graph.nodes[name]
    return replace(
        graph, nodes={**graph.nodes, name: Node(kind or node.kind, {**node.fields, **fields}, node.metadata)}
    )


def bare(graph: Graph) -> Graph:
    return replace(graph, metadata={})


@refused("the node L1_linear must be read by one node in a row of layers, got 2 that read it")
def branch(graph: Graph) -> Graph:
    return bare(replace(graph, edges=(*graph.edges, ("L1_linear", "L2_lif"))))


@refused("the node L1_lif must have a v_leak of 0")
def rest(graph: Graph) -> Graph:
    return bare(with_node(graph, "L1_lif", v_leak=np.full(12, 0.1)))


@refused("the node L1_lif must have one leak and threshold for its layer")
def leaks(graph: Graph) -> Graph:
    return bare(with_node(graph, "L1_lif", v_threshold=np.linspace(0.5, 1, 12)))


@refused("the node L2_lif must have the shape (12,) of what its layer says, got (1, 3)")
def shapes(graph: Graph) -> Graph:
    node = graph.nodes["L2_lif"]
    return bare(with_node(graph, "L2_lif", **{name: np.ones((1, 3)) for name in node.fields}))


@refused("the graph must fit a data set that is here (--set data.name=), got inputs of the shape (3, 8, 8)")
def data(graph: Graph) -> Graph:
    return bare(with_node(graph, "input", shape=np.array([3, 8, 8])))


@refused("the node L1_linear must be a Affine, as its design has it", NETWORKS["mlp, one step"])
def kinds(graph: Graph) -> Graph:
    return with_node(graph, "L1_linear", "Linear")


@refused("the node L2_conv must read what the design that the file names has it read", NETWORKS["asc, zero"])
def skips(graph: Graph) -> Graph:
    return replace(graph, edges=tuple(edge for edge in graph.edges if edge != ("stem_lif", "L2_conv")))


@refused("the node L2_conv_of_stem must read no channels but those", NETWORKS["dsc, half, zero"])
def channels(graph: Graph) -> Graph:
    return with_node(graph, "L2_conv_of_stem", weight=graph.nodes["L2_conv_of_stem"]["weight"] + 1)


@refused("beta of L1 must be 0.5, as its design has it")
def other_leak(graph: Graph) -> Graph:
    return with_node(graph, "L1_lif", tau=graph.nodes["L1_lif"]["tau"] * 2)


@refused("the graph must hold the 3,338,969,088 weights of its design")
def vast(graph: Graph) -> Graph:
    link = "network.kind=mlp&network.depth=200&network.width=4096"
    return replace(graph, metadata={**graph.metadata, "design": link})


@refused("data.steps must be")
def another_link(graph: Graph) -> Graph:
    return replace(graph, metadata={**graph.metadata, "design": "data.steps=ten"})


@refused("the graph must say what a design says, got one that says something else", NETWORKS["mlp, one step"])
def resistance(graph: Graph) -> Graph:
    return with_node(graph, "L1_li", r=graph.nodes["L1_li"]["r"] * 3)


@pytest.mark.parametrize("name", CHANGES)
def test_what_no_design_says_is_a_sentence(name: str) -> None:
    settings, change, sentence = CHANGES[name]
    with pytest.raises(InputError) as error:
        import_graph(change(exported(settings)[2].graph), {})
    assert str(error.value).startswith(sentence)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_snntorch_exports_is_read(tmp_path: Path) -> None:
    pytest.importorskip("nir")
    pytest.importorskip("nirtorch")
    import snntorch
    import torch
    from snntorch.export_nir import export_to_nir

    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Linear(64, 20),
        snntorch.Leaky(beta=torch.full((20,), 0.9), threshold=torch.full((20,), 1.0), init_hidden=True),
        torch.nn.Linear(20, 10),
    )
    import nir

    graph = export_to_nir(network, torch.rand(1, 64), ignore_dims=[0])
    nir.write(tmp_path / "x.nir", graph)
    found = import_graph(read_graph(tmp_path / "x.nir"), {})
    assert found.design.network.kind == "mlp"
    assert found.design.data.name == "digits"
    assert found.design.neuron.beta == pytest.approx(0.9)  # type: ignore[attr-defined]
    np.testing.assert_array_equal(found.weights["L1.weight"], network[0].weight.detach().numpy())


def test_a_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    pytest.importorskip("nir")
    design, weights, made = exported(NETWORKS["dsc, half, zero"])
    write_graph(tmp_path / "x.nir", made.graph)
    found = import_graph(read_graph(tmp_path / "x.nir"), {"training.epochs": "7"})
    assert found.design.training.epochs == 7
    assert found.design.network == design.network
    np.testing.assert_array_equal(found.weights["L2.weight"], weights["L2.weight"])
