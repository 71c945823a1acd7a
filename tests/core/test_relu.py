"""Networks of ReLUs: the same graph without time, against a literal network of torch's own functions."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from snnviz.core import data, measured_inits, observe, train
from snnviz.core.activity import Activity
from snnviz.core.execute import execute
from snnviz.core.networks import Network
from snnviz.design.design import Design
from snnviz.events import EpochEnd, LayerState
from snnviz.graph.architectures import INPUT, build_architecture
from snnviz.graph.twins import ann_twin
from snnviz.theory.variance import forecast_layers
from snnviz.theory.verdicts import activity_verdict

MIXED = "00211/00021/00002/00000/00000"

NETWORKS: dict[str, dict[str, Any]] = {
    "skips": {"kind": "block", "edges": MIXED, "channels": 6},
    "two blocks of skips": {"kind": "block", "edges": MIXED, "channels": 4, "blocks": 2, "dsc_fraction": 0.3},
    "skips, normalised": {"kind": "block", "edges": MIXED, "channels": 6, "norm": "batch"},
    "mlp": {"kind": "mlp", "depth": 3, "width": 20},
    "cnn": {"kind": "cnn", "depth": 3, "channels": 4},
    "vgg": {"kind": "vgg", "width": 0.0625, "stages": 2},
}


def twin(**parts: Any) -> Design:
    """Of a small design."""
    return ann_twin(Design.check(parts))


def literal(network: Network, image: Tensor) -> tuple[Tensor, list[Tensor]]:
    """Logits (B, classes) and each layer's pre-activation, channels first, from an image (B, C, H, W)."""
    said, seen = {INPUT: image}, []
    layers = network.architecture.layers
    for index, layer in enumerate(layers):

        def read(source: Any) -> Tensor:
            x = said[source.layer]
            pooling = F.max_pool2d if source.pooling == "max" else F.avg_pool2d
            return pooling(x, source.pool) if source.pool > 1 else x

        total = sum(read(source) for source in layer.sources if source.merge != "concat")
        beside = [read(source)[:, list(source.channels or ())] for source in layer.sources if source.merge == "concat"]
        x = torch.cat([total, *beside], 1) if beside else total
        weight, bias = network.parameters[f"{layer.name}.weight"], network.parameters[f"{layer.name}.bias"]
        u = F.conv2d(x, weight, padding=1) if layer.kind == "conv" else F.linear(x.flatten(1), weight)
        if f"{layer.name}.gain" in network.parameters:
            u = F.batch_norm(u, None, None, network.parameters[f"{layer.name}.gain"], training=True)
        u = u + (bias.view(-1, 1, 1) if u.dim() == 4 else bias)
        seen.append(u)
        said[index] = F.relu(u)
    return seen[-1], seen


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_its_output_gradients_and_variances_equal_torchs(network: dict[str, Any]) -> None:
    made = twin(network=network)
    ours = Network(made)
    generator = torch.Generator().manual_seed(0)
    for name, parameter in ours.parameters.items():
        parameter.data = parameter.data.double()
        if name.endswith("bias"):
            parameter.data += 0.1 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
    for name in ours.buffers:
        ours.buffers[name] = ours.buffers[name].double()
    images, _ = data.load(made)
    image = data.encode(images.images[:7], images.white, made, "test").double()
    looked: list[Activity] = []
    mine = ours(image, lambda _, activity: looked.append(activity))
    theirs, seen = literal(ours, image[0])
    torch.testing.assert_close(mine, theirs, rtol=1e-9, atol=1e-9)

    def gradients(logits: Tensor) -> tuple[Tensor, ...]:
        loss = F.cross_entropy(logits, images.labels[:7])
        return torch.autograd.grad(loss, list(ours.parameters.values()))

    for one, other in zip(gradients(mine), gradients(theirs), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)
    for activity, u in zip(looked, seen, strict=True):
        assert activity.rate is None
        expected = u.detach().flatten(1).var(1, correction=0).mean().item()
        assert activity.var_u == pytest.approx(expected, rel=1e-9)


def test_it_trains_and_reports_no_rate() -> None:
    made = twin(data={"train_samples": 600}, training={"epochs": 3})
    events = list(execute(made))
    ends = [event for event in events if isinstance(event, EpochEnd)]
    assert all(end.rate is None for end in ends)
    assert ends[-1].test_accuracy > 0.75
    assert all(event.rate is None for event in events if isinstance(event, LayerState))


@pytest.mark.parametrize("init", ["kaiming", "input-preserving", "variance-preserving"])
def test_its_forecast_is_what_many_networks_show(init: str) -> None:
    """Var[u] of each layer, the mean of eight networks, within a third."""
    wide = twin(network={"kind": "block", "edges": MIXED, "channels": 32})
    designs = [Design.check({**wide.document(), "init": {"kind": init}, "seed": seed}) for seed in range(8)]
    found = torch.zeros(len(build_architecture(designs[0]).layers))
    for made in designs:
        images, _ = data.load(made)
        probe, _ = data.encoded_probe(images, made)
        network = Network(made)
        measured_inits.initialise_from_data(network, probe)
        window = observe.RunningSums(network.parameters)
        found += torch.tensor([state.var_u for state in observe.observe_layers(network, probe, window, 0, 0.0)]) / len(
            designs
        )
    expected = forecast_layers(designs[0])
    for state, layer in zip(found.tolist()[:-1], expected[:-1], strict=True):
        assert layer.rate is None
        assert state == pytest.approx(layer.var_u, rel=1 / 3)
        assert layer.single_step == pytest.approx(layer.var_u, rel=0.1)


def test_the_verdict_speaks_of_no_spikes() -> None:
    made = twin()
    assert activity_verdict(made)[0] == "good"
    assert "without spikes" in activity_verdict(made)[1]
    deep = Design.check({**twin(network={"kind": "mlp", "depth": 30}).document(), "init": {"kind": "glorot"}})
    kind, sentence = activity_verdict(deep)
    assert kind == "warning"
    assert "Kaiming" in sentence


def test_its_score_has_no_rate() -> None:
    made = twin(data={"test_samples": 50})
    _, test = data.load(made)
    assert train.evaluate(Network(made), test).rate is None
