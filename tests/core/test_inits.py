"""Weights before training have the law of their rule, also where it must be measured layer by layer."""

from __future__ import annotations

import copy
import math
from itertools import pairwise
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from snnviz.catalog.inits import MEASURED, UNIFORM, weight_distribution
from snnviz.core import data, measured_inits, networks, observe
from snnviz.core.activity import Activity
from snnviz.core.execute import execute
from snnviz.core.inits import initial_weight
from snnviz.core.networks import Network
from snnviz.core.randomness import generator
from snnviz.design.design import Design
from snnviz.design.menus import INITS
from snnviz.events import Checkpoint, EpochEnd, Event, LayerState, Row, Sample
from snnviz.graph.architectures import INPUT, Architecture, Layer, Source, build_architecture
from snnviz.theory.probe import draw_balanced
from tests.core import slow

DRAWN = [entry.kind for entry in INITS if MEASURED not in entry.traits]
GAUSSIAN = [kind for kind in DRAWN if UNIFORM not in INITS[kind].traits]
FLAT = [kind for kind in DRAWN if UNIFORM in INITS[kind].traits]


def wide(init: Any, threshold: float = 1.0, seed: int = 3) -> tuple[Layer, Design]:
    """A layer of 1,000 neurons that reads 1,000."""
    network = {"kind": "mlp", "depth": 2, "width": 1000}
    made = Design.check({"network": network, "neuron": {"threshold": threshold}, "init": init, "seed": seed})
    return build_architecture(made).layers[1], made


def expected(layer: Layer, made: Design) -> float:
    return weight_distribution(made.init, layer.fan_in, layer.fan_out, made.neuron).variance


# Drawn


@pytest.mark.parametrize("threshold", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("init", DRAWN)
def test_initial_weights_have_mean_0_and_the_variance_of_the_rule(init: str, threshold: float) -> None:
    layer, made = wide(init, threshold)
    drawn = initial_weight(layer, made).double()
    assert drawn.shape == (1000, 1000)
    assert drawn.var().item() == pytest.approx(expected(layer, made), rel=0.03)  # of Ding's at threshold 0: none at all
    assert drawn.mean().item() == pytest.approx(0, abs=0.005 * drawn.std().item())


@pytest.mark.parametrize("init", GAUSSIAN)
def test_they_are_gaussian(init: str) -> None:
    layer, made = wide(init)
    drawn = initial_weight(layer, made).double() / math.sqrt(expected(layer, made))
    for z in (0.5, 1.0, 2.0, 3.0):
        assert (drawn > z).double().mean().item() == pytest.approx(1 - NormalDist().cdf(z), abs=0.003)


@pytest.mark.parametrize("init", FLAT)
def test_or_uniform_where_the_paper_says_so(init: str) -> None:
    """Excess kurtosis -1.2, and every weight within the root of three variances."""
    layer, made = wide(init)
    drawn = initial_weight(layer, made).double()
    limit = math.sqrt(3 * expected(layer, made))
    assert drawn.abs().max().item() == pytest.approx(limit, rel=1e-4)
    assert drawn.abs().max().item() <= limit * (1 + 1e-6)
    assert ((drawn**4).mean() / drawn.var() ** 2).item() - 3 == pytest.approx(-1.2, abs=0.02)
    for share in (-0.5, 0.0, 0.5):
        assert (drawn > share * limit).double().mean().item() == pytest.approx((1 - share) / 2, abs=0.003)


def test_the_paper_s_limits_of_uniform_weights() -> None:
    for init, limit in (("lee-2016", math.sqrt(3 / 1000)), ("zenke-2021", 1 / math.sqrt(1000))):
        assert initial_weight(*wide(init)).abs().max().item() == pytest.approx(limit, rel=1e-4)


@pytest.mark.parametrize("init", GAUSSIAN)
def test_gaussian_draws_are_the_ones_they_have_always_been(init: str) -> None:
    """What is drawn depends on the seed and the layer's name; the rule only scales it."""
    layer, made = wide(init)
    draw = torch.randn((1000, 1000), generator=generator(3, "weight", layer.name))
    assert torch.equal(initial_weight(layer, made), draw * math.sqrt(expected(layer, made)))


@pytest.mark.parametrize("init", ["kaiming", "zenke-2021"])
def test_the_fan_in_of_a_convolution_is_its_kernel_times_its_channels(init: str) -> None:
    made = Design.check({"network": {"kind": "cnn", "depth": 2, "channels": 100}, "init": init})
    drawn = initial_weight(build_architecture(made).layers[1], made).double()
    assert drawn.shape == (100, 100, 3, 3)
    assert drawn.var().item() * 900 == pytest.approx(2 if init == "kaiming" else 1 / 3, rel=0.03)


@pytest.mark.parametrize("init", ["kaiming", "lee-2016"])
def test_seeds_and_layers_are_drawn_apart(init: str) -> None:
    layer, made = wide(init)
    other = build_architecture(
        made.model_copy(update={"network": made.network.model_copy(update={"depth": 3})})
    ).layers[2]
    drawn = torch.stack(
        [
            initial_weight(layer, made).flatten(),
            initial_weight(layer, wide(init, seed=4)[1]).flatten(),
            initial_weight(other, made).flatten(),
        ]
    )
    assert other.name != layer.name
    assert (torch.corrcoef(drawn) - torch.eye(3)).abs().max() < 0.006  # six sigma of a million pairs
    assert torch.equal(initial_weight(layer, made), initial_weight(layer, made))


def test_variance_preserving_is_kaiming_at_threshold_zero() -> None:
    assert torch.equal(*(initial_weight(*wide(init, 0.0)) for init in ("variance-preserving", "kaiming")))


# Measured

MLP = {"kind": "mlp", "depth": 6, "width": 300}
LIF = {"encoding": "lif", "steps": 20, "train_samples": 300, "test_samples": 50}


def fluctuating(network: dict[str, Any] = MLP, **parts: Any) -> Design:
    document = {"init": {"kind": "fluctuation-driven", **parts.pop("init", {})}, "network": network, **parts}
    return Design.check({"data": LIF, **document})


def started(made: Design) -> tuple[Network, Tensor]:
    """A network as a run starts with it, and the probe batch."""
    seen: list[tuple[Network, Tensor]] = []

    def remember(network: Network, probe: Tensor, *_: Any) -> list[LayerState]:
        seen.append((copy.deepcopy(network), probe))
        return []

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(observe, "observe_layers", remember)
        patch.setattr(observe, "is_observation_step", lambda *_: False)
        events = execute(made)
        while not seen:
            next(events)
    return seen[0]


def variance(network: Network, layer: Layer) -> float:
    """Var[w] of the law that a layer's Gaussian weights were drawn from, without the chance of the draw."""
    weight = network.parameters[f"{layer.name}.weight"].detach().double()
    draw = torch.randn(weight.shape, generator=generator(network.design.seed, "weight", layer.name)).double()
    scale = weight.norm() / draw.norm()
    torch.testing.assert_close(weight, draw * scale, rtol=1e-5, atol=1e-6)
    return scale.item() ** 2


def fluctuation(network: Network, layer: Layer, moment: float) -> float:
    """n E[x^2] (sum of beta^2k) Var[w], which should be (theta / xi)^2 (Rossbroich et al. 2022)."""
    memory = sum(network.design.neuron.beta ** (2 * k) for k in range(network.steps))
    return layer.fan_in * moment * memory * variance(network, layer)


def literal_moments(network: Network, image: Tensor) -> list[float]:
    """E[x^2] of what each layer of a chain reads, from snntorch's neurons; maps may be pooled on the way."""
    seen: dict[str, list[Tensor]] = {}
    with torch.no_grad():
        slow.literal_logits(network, image, seen)
    found = [image.double().square().mean().item()]
    for layer in network.architecture.layers[1:]:
        (source,) = layer.sources
        before = network.architecture.layers[source.layer].name
        spikes = (torch.stack(seen[before]) > network.design.neuron.threshold).double().flatten(0, 1)
        spikes = F.avg_pool2d(spikes, source.pool) if source.pool > 1 else spikes
        found.append(spikes.square().mean().item())
    return found


def rates(network: Network, image: Tensor) -> dict[str, float]:
    """Spikes per neuron and step of each layer; for spikes that is E[x^2]."""
    seen: dict[str, float] = {}

    def see(index: int, activity: Activity) -> None:
        seen[network.architecture.layers[index].name] = activity.rate or 0.0

    with torch.no_grad():
        network(image, see)
    return seen


@pytest.mark.parametrize(
    "made",
    [
        fluctuating(),
        fluctuating(init={"xi": 2.0}, neuron={"threshold": 0.7, "beta": 0.9, "reset": "zero"}),
        fluctuating(training={"loss": "count"}),
        fluctuating(data={"steps": 4}),
        fluctuating(data={"steps": 4, "encoding": "rate"}),
        fluctuating({"kind": "cnn", "depth": 4, "channels": 12, "pool_every": 1}, data={**LIF, "steps": 4}),
    ],
    ids=["lif", "another neuron", "spiking readout", "direct", "rate", "pooled maps"],
)
def test_fluctuations_of_every_layer_reach_the_threshold_at_xi_standard_deviations(made: Design) -> None:
    """A convolution's fan-in counts its padding; pooled maps are no spikes, and E[x^2] is less than their rate."""
    network, probe = started(made)
    wanted = (made.neuron.threshold / float(made.init["xi"])) ** 2
    layers, moments = network.architecture.layers, literal_moments(network, probe)
    for layer, moment in zip(layers, moments, strict=True):
        assert fluctuation(network, layer, moment) == pytest.approx(wanted, rel=0.01), layer.name
    heard = rates(network, probe)
    assert all(heard[layer.name] > 0.005 for layer in layers if layer.spiking)


def test_a_told_rate_is_not_measured() -> None:
    network, _ = started(fluctuating(init={"nu": 0.25}))
    for layer in network.architecture.layers:
        assert fluctuation(network, layer, 0.25) == pytest.approx(1, rel=1e-4)


@pytest.mark.parametrize("encoding", ["lif", "direct", "rate"])
def test_input_preserving_weights_keep_the_variance_at_1_in_one_step(encoding: str) -> None:
    """Averaged over three seeds, because a thousand neurons stray by 5 %."""
    parts = {"network": {**MLP, "width": 1000}, "data": {"encoding": encoding, "steps": 1}, "init": "input-preserving"}
    found = []
    for seed in range(3):
        states = [event for event in first_look(Design.check({**parts, "seed": seed})) if event.name != "readout"]
        found.append([state.var_u for state in states])
    assert np.mean(found, 0) == pytest.approx(np.ones(6), rel=0.1)


def first_look(made: Design) -> list[LayerState]:
    """Every layer as a run reports it before training."""
    found: list[LayerState] = []
    for event in execute(made):
        if isinstance(event, LayerState):
            found.append(event)
        if found and not isinstance(event, LayerState):
            break
    return found


def test_a_normalised_network_is_measured_as_it_runs() -> None:
    """Batch normalisation makes of any weights a current of variance 1, so only the moments are to be seen."""
    network, probe = started(fluctuating({**MLP, "norm": "batch"}))
    layers, heard = network.architecture.layers, rates(network, probe)
    for before, layer in pairwise(layers):
        assert fluctuation(network, layer, heard[before.name]) == pytest.approx(1, rel=0.01)
    plain, _ = started(fluctuating())
    assert variance(network, layers[2]) != pytest.approx(variance(plain, layers[2]), rel=0.02)
    for name, buffer in network.buffers.items():  # measuring is not learning
        assert torch.equal(buffer, torch.zeros_like(buffer) if name.endswith("mean") else torch.ones_like(buffer))


def test_in_a_cycle_each_layer_is_set_while_those_behind_it_are_silent() -> None:
    """L3 adds to what L1 reads, a step late: nothing yet when L1, L2 and L3 are set, but for the readout it counts."""
    edges = [[0] * 4, [0] * 4, [0] * 4, [0, 2, 0, 0]]
    made = fluctuating({"kind": "block", "edges": edges, "channels": 12}, data={**LIF, "steps": 6})
    network, probe = started(made)
    layers = network.architecture.layers
    assert fluctuation(network, layers[0], probe.square().mean().item()) == pytest.approx(1, rel=0.01)
    for index in (1, 2, 3):
        partly = copy.deepcopy(network)
        for later in layers[index:]:
            partly.parameters[f"{later.name}.weight"].data.zero_()
        moment = rates(partly, probe)[layers[index - 1].name]
        assert fluctuation(network, layers[index], moment) == pytest.approx(1, rel=0.01), layers[index].name
    seen: dict[str, list[Tensor]] = {}
    with torch.no_grad():
        slow.literal_logits(network, probe, seen)
    pooled = F.avg_pool2d((torch.stack(seen["L3"]) > 1).float().flatten(0, 1), 2)
    assert fluctuation(network, layers[4], pooled.square().mean().item()) == pytest.approx(1, rel=0.01)
    alone = rates(partly, probe)["L1"]
    assert rates(network, probe)["L1"] > 1.05 * alone  # L3 is heard in the end


def test_what_was_read_of_a_cycle_before_it_was_set_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """No design draws it yet: L1 hears L2 a step late, and so does L3, which is not of their cycle."""
    maps = (6, 8, 8)
    layers = (
        Layer("stem", "conv", (Source(INPUT),), (1, 8, 8), maps, kernel=3),
        Layer("L1", "conv", (Source(0), Source(2, "add", delay=1)), maps, maps, kernel=3),
        Layer("L2", "conv", (Source(1),), maps, maps, kernel=3),
        Layer("L3", "conv", (Source(2, delay=1),), maps, maps, kernel=3),
        Layer("readout", "linear", (Source(3),), maps, (10, 1, 1), spiking=False),
    )
    monkeypatch.setattr(networks, "build_architecture", lambda _: Architecture((1, 8, 8), layers))
    network, probe = started(fluctuating(data={**LIF, "steps": 6}))
    seen: dict[str, list[Tensor]] = {}
    with torch.no_grad():
        slow.literal_logits(network, probe, seen)
    late = (torch.stack(seen["L2"])[:-1] > 1).double().mean().item() * 5 / 6  # silent in the first step
    assert fluctuation(network, layers[3], late) == pytest.approx(1, rel=0.01)


def test_a_silent_layer_gets_finite_weights_and_a_run_goes_on() -> None:
    made = fluctuating(
        {**MLP, "depth": 2, "width": 20}, neuron={"threshold": 9}, data={**LIF, "steps": 2}, training={"epochs": 1}
    )
    network, probe = started(made)
    assert not probe.any()
    assert all(parameter.isfinite().all() for parameter in network.parameters.values())
    assert any(isinstance(event, EpochEnd) for event in execute(made))


def test_other_initialisations_are_not_measured() -> None:
    made = Design.check({"network": MLP})
    network = Network(made)
    before = {name: value.detach().clone() for name, value in network.parameters.items()}
    measured_inits.initialise_from_data(network, torch.zeros(1, 1, 1, 8, 8))
    assert all(torch.equal(before[name], value) for name, value in network.parameters.items())


# A run with measured weights is as repeatable as any other

RUNS = {
    "mlp": fluctuating({"kind": "mlp", "depth": 2, "width": 20}, data={**LIF, "steps": 3}, training={"epochs": 2}),
    "cycle, rate coded": fluctuating(
        {"kind": "block", "edges": "000/000/020", "channels": 4},
        data={**LIF, "steps": 3, "encoding": "rate"},
        training={"epochs": 2},
    ),
    "normalised cnn": fluctuating(
        {"kind": "cnn", "depth": 2, "channels": 4, "norm": "batch"}, data={**LIF, "steps": 2}, training={"epochs": 2}
    ),
    "input-preserving": Design.check(
        {
            "network": {"kind": "mlp", "depth": 2, "width": 20}, "data": {**LIF, "encoding": "direct", "steps": 2},
            "init": "input-preserving", "training": {"epochs": 2},
        }
    ),
}  # fmt: skip


def rows(events: list[Event]) -> list[Row]:
    return [event for event in events if isinstance(event, (Sample, LayerState, EpochEnd))]


def arrays(events: list[Event]) -> list[dict[str, bytes]]:
    """Of every checkpoint, bit for bit."""
    kept = [event for event in events if isinstance(event, Checkpoint)]
    return [{name: array.tobytes() for name, array in checkpoint.arrays.items()} for checkpoint in kept]


@pytest.mark.parametrize("name", RUNS)
def test_it_is_the_same_again_resumed_unobserved_or_with_a_second_core(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = RUNS[name]
    if "norm" not in name:
        monkeypatch.setattr(Network, "micro_batch", 20)  # so that there is something to share
    undisturbed = list(execute(made))
    assert rows(undisturbed) == rows(list(execute(made)))
    assert rows(undisturbed) != rows(list(execute(made.model_copy(update={"seed": 1}))))

    shared = list(execute(made, threads=lambda: 2))
    assert (rows(shared), arrays(shared)) == (rows(undisturbed), arrays(undisturbed))

    first = next(event for event in undisturbed if isinstance(event, Checkpoint))
    resumed = list(execute(made, resume=first))
    after = undisturbed[undisturbed.index(first) + 1 :]
    assert (rows(resumed), arrays(resumed)) == (rows(after), arrays(after))

    monkeypatch.setattr(observe, "observe_layers", lambda *_: iter(()))
    assert arrays(list(execute(made))) == arrays(undisturbed)


def test_measured_weights_depend_on_the_data_and_not_on_the_training() -> None:
    def weights(**parts: Any) -> Tensor:
        return started(fluctuating(**parts))[0].parameters["L3.weight"].detach()

    here = weights()
    assert torch.equal(here, weights(training={"epochs": 3, "batch_size": 7, "learning_rate": 0.1}))
    assert not torch.equal(here, weights(data={**LIF, "steps": 19}))


def test_the_images_that_weights_are_measured_on_are_the_probe_batch() -> None:
    made = fluctuating()
    images, _ = data.load(made)
    _, probe = started(made)
    chosen = draw_balanced(images.labels.numpy(), 64, made.seed)
    assert sorted(np.bincount(images.labels.numpy()[chosen]).tolist()) == [6] * 6 + [7] * 4
    assert torch.equal(probe, data.encode(images.images[chosen], 16, made, "probe"))
