"""The ANN twin differs from its design in what it must, and in nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given

from snnviz.design import adjacency, cells
from snnviz.design.adjacency import ASC, DSC
from snnviz.design.binning import LONGEST_MS
from snnviz.design.design import Design
from snnviz.design.links import change, differences, from_query, to_query
from snnviz.design.networks import BlockNetwork, CellNetwork
from snnviz.design.parts import Neuron
from snnviz.errors import InputError
from snnviz.graph.architectures import build_architecture
from snnviz.graph.twins import ann_twin
from snnviz.theory import costs
from tests.designs import DESIGNS

MAY_DIFFER = ("neuron.", "data.steps", "data.encoding", "init", "training.loss", "network.code", "ttfs")
WINDOW = "data.events.window_ms"
"""Of recordings: the twin's only frame is as long as all of the design's."""


@given(DESIGNS)
def test_it_differs_only_in_what_it_must(design: Design) -> None:
    if isinstance(design.network, BlockNetwork) and adjacency.has_backward(design.network.edges):
        with pytest.raises(InputError, match=r"network\.edges must have no backward connections where neuron\.kind"):
            ann_twin(design)
        return
    if isinstance(design.network, CellNetwork) and cells.has_backward(design.network.cell):
        with pytest.raises(InputError, match=r"network\.cell must have no backward connections where neuron\.kind"):
            ann_twin(design)
        return
    twin = ann_twin(design)
    assert all(path.startswith(MAY_DIFFER) for path in differences([design, twin]) if path != WINDOW)
    window = design.data.events.window_ms * design.data.steps
    assert twin.data.events.window_ms == min(window, LONGEST_MS)
    assert (twin.neuron, twin.data.steps, twin.data.encoding.kind) == (Neuron(kind="relu"), 1, "direct")
    assert (twin.init.kind, twin.training.loss.kind) == ("kaiming", "rate")
    assert ann_twin(twin) == twin
    mine, theirs = build_architecture(design).layers, build_architecture(twin).layers
    assert [(one.name, one.sources, one.in_shape) for one in mine] == [(o.name, o.sources, o.in_shape) for o in theirs]
    assert not any(layer.spiking for layer in theirs)
    assert costs.macs_per_step(twin) == costs.macs_per_step(design)
    assert from_query(to_query(twin)) == twin


def test_designs_that_differ_in_their_neurons_alone_share_it() -> None:
    one, other = Design(neuron=Neuron(beta=0.9)), Design(neuron=Neuron(threshold=0.5))
    assert ann_twin(one).digest == ann_twin(other).digest != ann_twin(Design(seed=1)).digest


def test_its_dsc_skips_carry_the_same_channels() -> None:
    design = Design(network=BlockNetwork(edges=adjacency.with_n_skip(4, 3, DSC, 5)), seed=5)
    mine, theirs = build_architecture(design), build_architecture(ann_twin(design))
    assert [layer.sources for layer in mine.layers] == [layer.sources for layer in theirs.layers]


BAD = [
    ({"data.steps": 5}, "data.steps must be 1 where neuron.kind is relu, got 5"),
    ({"data.encoding": "rate"}, "data.encoding must be direct where neuron.kind is relu, got 'rate'"),
    ({"training.loss": "count"}, "training.loss must not count spikes where neuron.kind is relu, got 'count'"),
    ({"neuron.learn": "beta"}, "neuron.learn must be none where neuron.kind is relu, got 'beta'"),
    (
        {"network.edges": adjacency.edges_from_skips(2, {(2, 1): ASC})},
        "network.edges must have no backward connections where neuron.kind is relu, got '0 0 0 / 0 0 0 / 0 2 0'",
    ),
]


@pytest.mark.parametrize(("settings", "sentence"), BAD)
def test_what_has_no_meaning_without_time_is_refused_in_any_order(settings: dict[str, object], sentence: str) -> None:
    relu: dict[str, object] = {"neuron.kind": "relu", "data.steps": 1}
    for order in ({**relu, **settings}, {**settings, "neuron.kind": "relu", **({"data.steps": 1} | settings)}):
        with pytest.raises(InputError) as error:
            change(Design(), order)
        assert str(error.value).partition("; the nearest has")[0] == sentence
    with pytest.raises(InputError) as error:
        change(ann_twin(Design()), settings)
    assert str(error.value).partition("; the nearest has")[0] == sentence
