"""The forecast of activity holds for real networks at initialisation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from snnviz.catalog.examples import get_example
from snnviz.core import data, measured_inits, observe
from snnviz.core.networks import Network
from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.events import LayerState
from snnviz.graph.architectures import build_architecture
from snnviz.graph.twins import ann_twin
from snnviz.theory.variance import forecast_layers, share_inside
from snnviz.theory.verdicts import SILENT_RATE, activity_verdict
from tests.core.test_staged import any_matrices


def measured(document: dict[str, Any], seeds: int, images: int = 32) -> list[LayerState]:
    """Every layer before training, averaged over seeds."""
    looks = []
    for seed in range(seeds):
        design = Design.check({**document, "seed": seed})
        train, _ = data.load(design)
        network = Network(design)
        probe = data.encode(train.images[:images], train.white, design, "probe")
        measured_inits.initialise_from_data(network, probe)
        looks.append(list(observe.observe_layers(network, probe, observe.RunningSums(network.parameters), 0, 0.0)))

    def mean(values: list[float | None]) -> float | None:
        return None if values[0] is None else float(np.mean([value for value in values if value is not None]))

    return [
        LayerState(0, 0.0, layers[0].layer, layers[0].name, mean([x.rate for x in layers]),
                   mean([x.var_u for x in layers]) or 0.0, None)
        for layers in zip(*looks, strict=True)
    ]  # fmt: skip


WIDE = {"kind": "mlp", "depth": 5, "width": 1000}
DEFAULT = {"threshold": 1, "beta": 0.5}


@pytest.mark.parametrize("neuron", [DEFAULT, {"threshold": 0.5, "beta": 0.9, "reset": "zero"}], ids=["soft", "hard"])
@pytest.mark.parametrize("init", ["variance-preserving", "kaiming"])
@pytest.mark.parametrize(
    "shown",
    [{"steps": 1}, *({"steps": 5, "encoding": kind} for kind in ("direct", "rate", "latency", "lif"))],
    ids=str,
)
def test_wide_fully_connected_networks_do_what_is_forecast(
    shown: dict[str, Any], init: str, neuron: dict[str, Any]
) -> None:
    agrees(shown, init, neuron)


@pytest.mark.parametrize("encoding", ["direct", "lif"])
@pytest.mark.parametrize("init", ["fluctuation-driven", "input-preserving", "lee-2016"])
def test_so_do_those_with_measured_or_uniform_weights(encoding: str, init: str) -> None:
    agrees({"steps": 5, "encoding": encoding}, init, DEFAULT)


def agrees(shown: dict[str, Any], init: str, neuron: dict[str, Any]) -> None:
    """Three seeds of 1,000 neurons: variances within 15 %, rates within 2 percentage points."""
    document = {"network": WIDE, "data": shown, "init": init, "neuron": neuron}
    for expected, found in zip(forecast_layers(Design.check(document)), measured(document, seeds=3), strict=True):
        if expected.rate is None:  # ten neurons say little
            continue
        assert found.var_u == pytest.approx(expected.var_u, rel=0.15, abs=0.02), expected.name
        assert found.rate == pytest.approx(expected.rate, abs=0.02), expected.name


@pytest.mark.parametrize("init", ["variance-preserving", "kaiming", "fluctuation-driven"])
@pytest.mark.parametrize("skip", [0, 1, 2], ids=["sequential", "DSC", "ASC"])
def test_blocks_on_digits_do_what_is_forecast_within_a_quarter(skip: int, init: str) -> None:
    """Five seeds of 48 channels: positions of a map share weights and differ in brightness, which theory leaves out."""
    edges = [[0, 0, skip, 0], [0, 0, 0, skip], [0] * 4, [0] * 4]
    document = {"network": {"kind": "block", "edges": edges, "channels": 48}, "init": init, "data": {"steps": 3}}
    for expected, found in zip(forecast_layers(Design.check(document)), measured(document, 5, images=16), strict=True):
        if expected.rate is None:
            continue
        assert found.var_u == pytest.approx(expected.var_u, rel=0.25, abs=0.02), expected.name
        assert found.rate == pytest.approx(expected.rate, rel=0.25, abs=0.02), expected.name


@pytest.mark.parametrize("init", ["variance-preserving", "kaiming", "fluctuation-driven"])
@pytest.mark.parametrize("edge", [1, 2], ids=["DSC", "ASC"])
def test_blocks_with_a_backward_connection_do_what_is_forecast_within_a_quarter(edge: int, init: str) -> None:
    edges = [[0] * 4, [0] * 4, [0] * 4, [0, edge, 0, 0]]
    network = {"kind": "block", "edges": edges, "channels": 48, "dsc_fraction": 1}
    document = {"network": network, "init": init, "data": {"steps": 4}}
    for expected, found in zip(forecast_layers(Design.check(document)), measured(document, 5, images=16), strict=True):
        if expected.rate is None:
            continue
        assert found.var_u == pytest.approx(expected.var_u, rel=0.25, abs=0.02), expected.name
        assert found.rate == pytest.approx(expected.rate, rel=0.25, abs=0.02), expected.name


@pytest.mark.parametrize("network", [{"kind": "block"}, {"kind": "mlp", "width": 300}, {"kind": "cnn"}], ids=str)
def test_normalised_networks_do_what_is_forecast_within_a_quarter(network: dict[str, Any]) -> None:
    document = {"network": {**network, "norm": "batch"}, "init": "kaiming"}
    for expected, found in zip(forecast_layers(Design.check(document)), measured(document, 3), strict=True):
        if expected.rate is None:
            continue
        assert found.var_u == pytest.approx(expected.var_u, rel=0.25), expected.name
        assert found.rate == pytest.approx(expected.rate, rel=0.25), expected.name


@pytest.mark.parametrize("encoding", ["direct", "rate"])
@pytest.mark.parametrize("cell", ["0333 0033 0003 0000", "0303 0030 2002 0200", "0134 0012 0003 0000"])
def test_cells_do_what_is_forecast_within_a_quarter(cell: str, encoding: str) -> None:
    """Five seeds of 16 channels: neurons behind sums, skips and pools; the hidden layer reads means of spikes."""
    made = change(
        get_example("snasnet-digits"), {"network.cell": cell, "network.channels": 16, "data.encoding": encoding}
    )
    expected, found = forecast_layers(made), measured(made.document(), 5)
    assert [layer.name for layer in expected] == [layer.name for layer in found]
    for layer, real in zip(expected[:-2], found[:-2], strict=True):
        assert real.var_u == pytest.approx(layer.var_u, rel=0.25), layer.name
        assert (real.rate is None) == (layer.rate is None)
        assert layer.rate is None or real.rate == pytest.approx(layer.rate, rel=0.25, abs=0.02), layer.name
    assert found[-2].var_u == pytest.approx(expected[-2].var_u, rel=0.6)
    assert activity_verdict(made)[0] == "good"


STAGED = {"resnet18": 0.5, "densenet121": 0.25, "mobilenetv2": 0.25}
"""Kinds and the share of their layers."""


@pytest.mark.parametrize("twin", [False, True], ids=["spikes", "ReLUs"])
@pytest.mark.parametrize("seed", [None, 1], ids=["original", "drawn"])
@pytest.mark.parametrize("kind", STAGED)
def test_architectures_from_papers_do_what_is_forecast_within_a_quarter(
    kind: str, seed: int | None, twin: bool
) -> None:
    """A neuron behind a depthwise convolution has nine inputs, too few to be normal: rates within 30 %."""
    network = {"kind": kind, "width": 0.25, "depth": STAGED[kind], "dsc_fraction": 0.5}
    design = Design.check({"network": network, "data": {"steps": 3}})
    design = design if seed is None else any_matrices(design, seed)
    design = ann_twin(design) if twin else design
    for expected, found in zip(
        forecast_layers(design)[:-1], measured(design.document(), 3, images=16)[:-1], strict=True
    ):
        assert expected.name == found.name
        assert found.var_u == pytest.approx(expected.var_u, rel=0.05 if twin else 0.25), expected.name
        assert (found.rate is None) == (expected.rate is None)
        if expected.rate is not None:
            assert found.rate == pytest.approx(expected.rate, rel=0.3), expected.name


@pytest.mark.parametrize("init", ["fluctuation-driven", "input-preserving"])
@pytest.mark.parametrize("kind", STAGED)
def test_so_do_those_with_measured_weights_within_a_half(kind: str, init: str) -> None:
    """Without normalisation, which would hide what was measured."""
    network = {"kind": kind, "width": 0.25, "depth": 0.25, "norm": "none"}
    document = {"network": network, "init": init, "data": {"steps": 3}}
    for expected, found in zip(
        forecast_layers(Design.check(document))[:-1], measured(document, 3, images=16)[:-1], strict=True
    ):
        assert found.var_u == pytest.approx(expected.var_u, rel=0.5), expected.name


def test_so_does_resnet18_without_normalisation() -> None:
    """Var[u] grows a hundredfold along the additions, which is forecast too."""
    document = {"network": {"kind": "resnet18", "width": 0.25, "norm": "none"}, "data": {"steps": 3}}
    found, expected = measured(document, 3, images=16)[:-1], forecast_layers(Design.check(document))[:-1]
    for one, other in zip(expected, found, strict=True):
        assert other.var_u == pytest.approx(one.var_u, rel=0.3), one.name
        assert other.rate is None or other.rate == pytest.approx(one.rate, rel=0.3), one.name
    assert max(layer.var_u for layer in found) > 100 * found[0].var_u


@pytest.mark.parametrize("kind", STAGED)
def test_taps_on_zero_padding_are_those_of_a_convolution_of_ones(kind: str) -> None:
    """Maps of 7 points a side, read at every second, have more padding than maps of 28."""
    design = Design.check({"network": {"kind": kind, "width": 0.1, "depth": 0.25}, "data": {"name": "mnist"}})
    for layer in build_architecture(design).layers:
        if layer.kind == "conv":
            ones, taps = torch.ones(1, 1, *layer.in_shape[1:]), torch.ones(1, 1, layer.kernel, layer.kernel)
            met = F.conv2d(ones, taps, stride=layer.stride, padding=layer.kernel // 2)
            assert met.shape[2:] == layer.out_shape[1:]
            assert share_inside(layer) == pytest.approx(met.mean().item() / layer.kernel**2)


@pytest.mark.parametrize("steps", [1, 4])
def test_the_layers_that_the_verdict_calls_silent_are_silent_and_the_others_are_not(steps: int) -> None:
    document = {"network": {"kind": "mlp", "depth": 8, "width": 400}, "init": "kaiming", "data": {"steps": steps}}
    design = Design.check(document)
    predicted = {
        layer.name: (layer.rate or 0) < SILENT_RATE for layer in forecast_layers(design) if layer.rate is not None
    }
    found = {layer.name: layer.rate or 0 for layer in measured(document, seeds=3) if layer.rate is not None}
    assert activity_verdict(design)[0] == "bad"
    assert set(predicted.values()) == {True, False}
    for name, silent in predicted.items():
        assert (found[name] < 0.002) if silent else (found[name] > SILENT_RATE / 4), name


def test_variance_preserving_reaches_the_last_of_thirty_layers_and_kaiming_does_not() -> None:
    """Micheli et al. 2024, Fig. 3, on digits: over seeds, because one run may die by chance."""
    document: dict[str, Any] = {"network": {"kind": "mlp", "depth": 30, "width": 500}, "data": {"steps": 3}}
    ours, kaiming = (measured({**document, "init": init}, 4, 16) for init in ("variance-preserving", "kaiming"))
    assert (ours[29].rate or 0) > 0.02
    assert (kaiming[9].rate or 0) == 0
    assert kaiming[29].var_u == 0
