"""A NIR graph says at every layer what the run's network says, in our interpreter and in snntorch."""

from __future__ import annotations

import contextlib
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from snnviz.exports.compute import reference as references
from snnviz.exports.compute.reference import reference
from snnviz.exports.nir.building import build_graph
from snnviz.exports.nir.files import from_nir, read_graph, write_graph
from snnviz.exports.nir.graph import Array, Graph, Node, graphs_equal
from snnviz.exports.nir.interpreter import compute
from snnviz.exports.nir.proving import compare_layers, graph_input, prove
from snnviz.exports.nir.readers import reader_warnings, snntorch_reads
from snnviz.exports.report import ProofFailed
from snnviz.graph.architectures import build_architecture
from tests.exports.nir.networks import NETWORKS, exported

PORTABLE = [
    "mlp, ten steps, zero", "asc, zero", "dsc, half, zero", "vgg, average, zero", "all leak", "plif, each, zero",
    "resnet18, zero",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(references, "IMAGES", 16)


@pytest.mark.parametrize("settings", NETWORKS.values(), ids=NETWORKS)
def test_every_spike_is_equal(settings: str, tmp_path: Path) -> None:
    nir = pytest.importorskip("nir")
    design, weights, made = exported(settings)
    path = tmp_path / "x.nir"
    write_graph(path, made.graph)
    read = read_graph(path)
    assert graphs_equal(read, made.graph)
    assert graphs_equal(from_nir(nir.read(path)), made.graph)
    single = reference(design, weights)
    spiking = {layer.name for layer in build_architecture(design).layers if layer.spiking}
    assert set(made.spiking_nodes) == spiking
    rates = [float(single.outputs[name].mean()) for name in spiking]
    assert min(rates) > 0.01, "a silent layer would be equal whatever it is"
    proof = prove(design, made, read, single, reference(design, weights, "float64"))
    assert proof.equal
    assert sum(layer.near_threshold for layer in proof.layers) <= 3
    assert proof.logits_difference < 1e-5 * np.abs(single.logits).max()
    assert proof.accuracy == single.accuracy


@pytest.mark.parametrize("name", PORTABLE)
def test_what_resets_to_zero_is_portable_and_snntorch_reads_it(name: str, tmp_path: Path) -> None:
    nir = pytest.importorskip("nir")
    pytest.importorskip("nirtorch")
    from snntorch.import_nir import import_from_nir

    design, weights, made = exported(NETWORKS[name])
    assert made.profile == "portable"
    assert made.reasons == ()
    assert snntorch_reads(made.graph)
    write_graph(tmp_path / "x.nir", made.graph)
    given = graph_input(made, design, reference(design, weights).input)[:, :2]
    ours = compute(made.graph, given, dtype=np.float32).output.sum(0)
    for image in range(2):
        with contextlib.redirect_stdout(io.StringIO()), torch.no_grad():
            theirs, state, total = import_from_nir(nir.read(tmp_path / "x.nir")), None, torch.zeros(10)
            for now in given[:, image]:
                said, state = theirs(torch.from_numpy(np.ascontiguousarray(now)), state)
                total += said
        np.testing.assert_allclose(total.numpy(), ours[image], rtol=1e-5, atol=1e-5)


def changed(graph: Graph, name: str, **fields: Array) -> Graph:
    node = graph.nodes[name]
    return replace(graph, nodes={**graph.nodes, name: Node(node.kind, {**node.fields, **fields}, node.metadata)})


def test_another_weight_leak_or_reset_is_an_error_that_names_the_layer() -> None:
    design, weights, made = exported(NETWORKS["asc, zero"])
    single, double = reference(design, weights), reference(design, weights, "float64")
    graph = made.graph
    weight = graph.nodes["L2_conv"]["weight"].copy()
    weight[0, 0, 1, 1] += 0.5
    lif = graph.nodes["L2_lif"]
    for wrong in (
        changed(graph, "L2_conv", weight=weight),
        changed(graph, "L2_lif", tau=lif["tau"] * 1.1),
        changed(graph, "L2_lif", v_reset=lif["v_reset"] - 0.5),
        replace(graph, edges=tuple(edge for edge in graph.edges if edge != ("stem_lif", "L2_conv"))),
    ):
        with pytest.raises(ProofFailed, match="spikes of layer L2 are not those of the run"):
            prove(design, made, wrong, single, double)


def test_a_float32_of_the_time_constant_is_no_longer_the_same_leak() -> None:
    """Why tau is written in float64."""
    beta = np.random.default_rng(0).random(10_000).astype(np.float32)
    double = 1e-4 / (1 - beta.astype(np.float64))
    assert ((1 - 1e-4 / double).astype(np.float32) == beta).all()
    single = double.astype(np.float32).astype(np.float64)
    assert ((1 - 1e-4 / single).astype(np.float32) != beta).mean() > 0.2


def test_a_spike_near_the_threshold_counts_once() -> None:
    design, weights, made = exported(NETWORKS["mlp, ten steps, zero"])
    single = reference(design, weights)
    true_outputs = {node: single.outputs[layer] for layer, node in made.spiking_nodes.items()}
    given = graph_input(made, design, single.input)
    computed = compute(made.graph, given, dtype=np.float32, recorded=list(true_outputs), true_outputs=true_outputs)
    node = made.spiking_nodes["L1"]
    other = computed.node_outputs[node].copy()
    other[3:, 0, 0] = 1 - other[3:, 0, 0]  # from a step on another course
    computed.node_outputs[node] = other
    with pytest.raises(ProofFailed, match="1 of 1,920 spikes of layer L1"):
        compare_layers(made, computed, single)
    near = {**single.potentials, "L1": single.potentials["L1"].copy()}
    near["L1"][3, 0, 0] = made.graph.nodes[node].threshold[0] + 1e-7
    assert [layer.near_threshold for layer in compare_layers(made, computed, replace(single, potentials=near))] == [
        1,
        0,
    ]


def test_what_a_graph_does_not_say_is_named() -> None:
    design, weights, made = exported(NETWORKS["dsc, half, zero"] + " network.norm=batch")
    notes = " ".join(made.notes)
    for word in ("logits are the sum", "encoding is outside", "weights of 0", "normalisation is folded"):
        assert word in notes
    said = " ".join(reader_warnings(made.graph))
    assert "snntorch 1.0.0 reads it" in said
    assert "nirtorch 2.6 drops the bias" in said
    assert "norse 1.1.0 refuses it or reads it wrongly: its from_nir follows one path" in said
    row = exported(NETWORKS["mlp, ten steps, zero"])[2].graph
    assert any(line.startswith("norse 1.1.0 reads it: from_nir(graph, dt=1e-4)") for line in reader_warnings(row))
    assert (row.nodes["L1_lif"]["r"] == 1).all()
    exact = exported(NETWORKS["backward"])[2]
    assert exact.profile == "exact"
    assert "snntorch 1.0.0 does not read it: it does not know Delay, LI, Scale and Threshold." in reader_warnings(
        exact.graph
    )
    assert any("Delay of one step" in reason for reason in exact.reasons)
    assert build_graph(design, build_architecture(design), weights, "portable").profile == "portable"
