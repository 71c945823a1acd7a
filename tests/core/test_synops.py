"""Operations are what a literal count finds that sees the input of every convolution and linear map at every step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from snnviz.catalog.encodings import is_static
from snnviz.core import data
from snnviz.core.activity import Activity
from snnviz.core.counting import counting_plans, merges_to_count
from snnviz.core.networks import Network
from snnviz.core.observe import RunningSums, observe_layers
from snnviz.core.trainable_ttfs import TtfsNetwork
from snnviz.data.datasets import dataset_card
from snnviz.design.adjacency import ASC, DSC, backward_positions, edges_from_skips, with_n_skip
from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.events import LayerState
from snnviz.graph.architectures import INPUT, build_architecture
from snnviz.graph.twins import ann_twin
from snnviz.theory import costs, operations
from snnviz.theory.operations import ENERGY, OperationCounts, Operations
from tests.core import slow, taps
from tests.made_up import rows_of_before

IMAGES = 3


def small(**parts: Any) -> Design:
    """Spiking well in every layer."""
    return Design.check({"data": {"steps": 3}, "neuron": {"threshold": 0.4}, **parts})


def block(edges: Any, **more: Any) -> dict[str, Any]:
    return {"kind": "block", "edges": edges, "channels": 3, **more}


def cell(text: str) -> dict[str, Any]:
    return {"kind": "cell", "cell": text, "channels": 3, "hidden": 20, "enlarge": 2, "norm": "none"}


def staged(kind: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "width": 0.03125, "depth": 0.3, "norm": "none"} | more


def encoded(design: Design) -> Tensor:
    """(T or 1, B, C, H, W); of recordings made-up frames, as the card's numbers are enough for an architecture."""
    about = dataset_card(design.data.name)
    if about.counts is not None:
        draw = torch.Generator().manual_seed(3)
        shape = (design.data.steps, IMAGES, *build_architecture(design).input_shape)
        return torch.poisson(torch.full(shape, 0.3, dtype=torch.float64), draw) - 0.3
    images, _ = data.load(design)
    return data.encode(images.images[:IMAGES], images.white, design, "test").double()


def seen(network: Network, image: Tensor) -> list[Activity]:
    found: dict[int, Activity] = {}
    with torch.no_grad():
        network(image, found.__setitem__)
    return [found[index] for index in sorted(found)]


def rows(design: Design, activities: Sequence[Activity]) -> list[LayerState]:
    """As a look reports them."""
    names = [layer.name for layer in build_architecture(design).watched]
    return [
        LayerState(0, 0.0, k, names[k], x.rate, x.var_u, None, x.density, None, None, None, *x.operations)
        for k, x in enumerate(activities)
    ]


BACKWARD = block("00211/00021/02002/00000/00120")
DESIGNS = {
    "without skips": small(network=block(edges_from_skips(3, {}))),
    "ASC": small(network=block(with_n_skip(4, 3, ASC, 0))),
    "DSC of all channels": small(network=block(with_n_skip(4, 3, DSC, 0), dsc_fraction=1)),
    "DSC of some channels": small(network=block(with_n_skip(4, 3, DSC, 0), dsc_fraction=0.4)),
    "both, a count loss": small(
        network=block("00211/00021/00002/00000/00000", dsc_fraction=1), training={"loss": "count"}
    ),
    "two blocks with a pool between": small(
        network=block("0020/0002/0000/0000", blocks=2, dsc_fraction=1), training={"loss": "count"}
    ),
    "rate coded": small(network=block(with_n_skip(3, 2, ASC, 0)), data={"encoding": "rate", "steps": 4}),
    "latency coded": small(network=block(with_n_skip(3, 2, DSC, 0)), data={"encoding": "latency", "steps": 4}),
    "LIF coded": small(network={"kind": "cnn", "depth": 3, "channels": 4, "pool_every": 2}, data={"encoding": "lif"}),
    "recordings": small(network=block("00211/00021/00002/00000/00000"), data={"name": "digits-saccades"}),
    "backward": small(network=BACKWARD, data={"steps": 4}),
    "one backward DSC": small(
        network=block(edges_from_skips(3, dict.fromkeys(backward_positions(3)[:1], DSC)), dsc_fraction=1)
    ),
    "mlp": small(network={"kind": "mlp", "depth": 3, "width": 30}),
    "vgg, largest of a square": small(network={"kind": "vgg", "width": 0.05, "stages": 2, "norm": "none"}),
    "vgg, average of a square": small(
        network={"kind": "vgg", "width": 0.05, "stages": 2, "norm": "none", "pooling": "average"}
    ),
    "resnet": small(network=staged("resnet18", depth=1.0)),
    "densenet": small(network=staged("densenet121")),
    "mobilenet": small(network=staged("mobilenetv2", blocks=";001/000/000;;;;;", dsc_fraction=0.5)),
    "cell": small(network=cell("0341 0014 0002 0000")),
    "backward cell": small(network=cell("0303 0030 2002 0200")),
    "ReLU twin of ASC": ann_twin(small(network=block(with_n_skip(4, 3, ASC, 0)))),
    "ReLU twin of a resnet": ann_twin(small(network=staged("resnet18"))),
}


def expected(design: Design, said: Sequence[dict[int, Any]]) -> tuple[OperationCounts, dict[str, taps.Counted]]:
    """The literal count of an image, and by layer of all."""
    real = design.data.encoding.kind == "direct"
    found = taps.literal(build_architecture(design).layers, said, static=is_static(design), real_input=real)
    total = {name: sum(getattr(one, name) for one in found.values()) for name in ("dense", "macs", "additions")}
    by_kind = [sum(one.synops for one in found.values() if one.binary is which) for which in (False, True)]
    per_image = (total["macs"], total["additions"], *by_kind)
    return OperationCounts(total["dense"], *(n / IMAGES for n in per_image)), found


def check(design: Design, activities: Sequence[Activity], said: Sequence[dict[int, Any]]) -> None:
    """To the last digit, layer by layer and in all."""
    counts, found = expected(design, said)
    layers = build_architecture(design).watched
    for layer, activity in zip(layers, activities, strict=True):
        if layer.weighted:
            own = found[layer.name]
            assert activity.counted == (own.synops, own.macs, own.additions), layer.name
            assert operations.reads_spikes(design, layer) == own.binary, layer.name
        else:
            assert activity.counted is None
    ours = operations.operations_per_image(design, rows(design, activities))
    assert (ours.dense, ours.estimated) == (counts.dense, False)
    for name in ("macs", "additions", "eff_macs", "eff_acs"):
        assert getattr(ours, name) == pytest.approx(getattr(counts, name), rel=1e-13)


@pytest.mark.parametrize("design", DESIGNS.values(), ids=DESIGNS)
def test_operations_are_those_counted_tap_by_tap(design: Design) -> None:
    network, image = slow.loud(design), encoded(design)
    heard: list[dict[int, Tensor]] = []
    with torch.no_grad():
        slow.literal_logits(network, image, heard=heard)
    check(design, seen(network, image), [{k: x.numpy() for k, x in now.items()} for now in heard])


@pytest.mark.parametrize("name", ["both, a count loss", "two blocks with a pool between", "mobilenet", "backward cell"])
def test_so_they_are_in_single_precision(name: str) -> None:
    """Where kernels count; of what the network itself says."""
    design = DESIGNS[name]
    network, image = slow.loud(design, torch.float32), encoded(design).float()
    with torch.no_grad():
        outputs = network.initial_outputs(image)
        for stage in network.stages:
            network.run(stage, outputs)
    whole = {INPUT: image.numpy()}
    for index in range(len(network.architecture.layers) - 1):
        x = outputs[index]
        whole[index] = (x.permute(0, 1, 4, 2, 3) if x.dim() == 5 else x).numpy()
    steps = [{k: x[t if len(x) > 1 else 0] for k, x in whole.items()} for t in range(network.steps)]
    check(design, seen(network, image), steps)


@pytest.mark.parametrize("pooling", ["average", "max"])
def test_so_are_those_of_spikes_that_come_once(pooling: str) -> None:
    design = Design.check(
        {
            "network": {"kind": "vgg", "width": 0.05, "stages": 2, "norm": "none", "pooling": pooling, "code": "ttfs"},
            "neuron": {"kind": "relu"},
            "data": {"steps": 1},
        }
    )
    network, (training, _) = TtfsNetwork(design), data.load(design)
    shown = data.intensities(training.images[:IMAGES], training.white)
    ends = [1.0, *(window.end for window in network.windows)]
    with torch.no_grad():
        times = network.inner.run(shown).times
        activities = seen(network, shown[None])
    for index, (layer, t, end) in enumerate(zip(network.architecture.layers, times, ends, strict=True)):
        fired = (t < end).double().numpy()
        spikes = taps.arriving(layer, fired)
        count = int(taps.taps(layer, spikes).sum())
        assert activities[index].counted == (count, 0, count), layer.name
        assert activities[index].density == spikes.sum() / spikes.size
    ours = operations.operations_per_image(design, rows(design, activities))
    assert (ours.macs, ours.eff_macs, ours.dense) == (0, 0, costs.macs_per_step(design))
    assert ours.additions == ours.eff_acs == sum(x.operations[0] or 0 for x in activities)


def test_looks_report_what_was_counted() -> None:
    design = DESIGNS["both, a count loss"]
    network, image = Network(design), encoded(design).float()
    found = list(observe_layers(network, image, RunningSums(network.parameters), 0, 0.0))
    assert [(row.synops, row.macs, row.additions) for row in found] == [x.operations for x in seen(network, image)]
    assert [row.density for row in found] == [x.density for x in seen(network, image)]
    assert found[0].density == 1  # a normalised image is nowhere 0
    assert found[1].density == pytest.approx(found[0].rate)  # one source, as it is


def test_padding_is_no_input() -> None:
    """8x8 maps, 3x3 kernels: of 9 * 64 taps 92 lie outside, so that no network uses more than 84 % of them."""
    design = DESIGNS["without skips"]
    whole = {
        index: np.ones((IMAGES, *layer.out_shape)) for index, layer in enumerate(build_architecture(design).layers)
    }
    counts, _ = expected(design, [whole | {INPUT: np.ones((IMAGES, 1, 8, 8))}] * 3)
    inside = (9 * 64 - 92) / (9 * 64)
    stem, layer, readout = 64 * 9 * 3, 64 * 9 * 9, 48 * 10
    assert counts.macs == pytest.approx(inside * stem)
    assert counts.dense == stem + 3 * (3 * layer + readout)
    assert counts.additions == pytest.approx(3 * (inside * 3 * layer + 4 * readout))  # 4 spikes in an average


@pytest.mark.parametrize("name", [name for name in DESIGNS if "backward" not in name])
def test_rows_of_before_give_an_estimate(name: str) -> None:
    """Runs of before operations were counted, with densities and without."""
    design = DESIGNS[name]
    network, image = slow.loud(design), encoded(design)
    found = seen(network, image)
    rates, densities = [x.rate for x in found], [x.density for x in found]
    counted = operations.operations_per_image(design, rows(design, found))
    for known in (None, densities):
        estimate = operations.operations_per_image(design, rows_of_before(design, rates, known))
        assert estimate.estimated
        assert estimate.dense == counted.dense
        if design.neuron.kind == "relu" and estimate.macs > 1.2 * counted.macs:
            continue  # of before densities were counted: nobody knows which ReLUs were silent
        assert estimate.by("additions").effective == pytest.approx(counted.by("additions").effective, rel=0.35)
    assert estimate.synops == pytest.approx(counted.synops, rel=0.12)


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_what_comes_a_step_late_is_missing_once(steps: int) -> None:
    """Where all neurons spike at all steps an estimate is exact; a map that is a step late is silent at the first."""
    design = change(DESIGNS["one backward DSC"], {"data.steps": steps})
    built = build_architecture(design)
    (index,) = [k for k, layer in enumerate(built.layers) if any(source.delay for source in layer.sources)]
    late = sum(len(source.channels or ()) for source in built.layers[index].sources if source.delay)
    rates = [1.0 if layer.spiking else None for layer in built.watched]
    found = operations.operations_per_image(design, rows_of_before(design, rates)).eff_acs
    adding = [layer for layer in built.layers if operations.reads_spikes(design, layer)]
    each = {layer.name: int(operations.connections_per_position(layer).sum()) for layer in adding}
    whole = steps * sum(layer.in_shape[0] * each[layer.name] for layer in adding)
    assert late > 0
    assert found == pytest.approx(whole - late * each[built.layers[index].name])


@pytest.mark.parametrize("name", DESIGNS)
def test_only_what_joins_is_told_how_many_spikes_it_is_made_of(name: str) -> None:
    """What a neuron says is one spike or none, and of an image there is nothing to count."""
    design = DESIGNS[name]
    layers, asked = build_architecture(design).layers, merges_to_count(design, counting_plans(design))
    assert {layers[index].kind for index in asked} <= {"merge"}
    assert bool(asked) == (name == "densenet")  # whose transitions join before they average


def test_energy_is_by_named_process_and_convention() -> None:
    counts = OperationCounts(900, 10.0, 30.0, 40.0, 5.0)
    assert counts.by("additions") == Operations(900, 10.0, 30.0)
    found = counts.by("neurobench")
    assert (found.macs, found.additions, found.convention, counts.synops) == (40, 5, "neurobench", 45)
    assert (found.effective, counts.by("additions").effective) == (45, 40)
    assert found.picojoules() == pytest.approx(4.6 * 40 + 0.9 * 5)
    assert counts.by("additions").picojoules("45 nm") == pytest.approx(4.6 * 10 + 0.9 * 30)
    assert found.dense_picojoules() == pytest.approx(4.6 * 900)
    assert list(ENERGY) == ["45 nm"]


@pytest.mark.parametrize(
    ("name", "binary"),
    [
        ("without skips", [False, True, True, True, False]),  # the readout reads averages over squares
        ("ASC", [False, True, False, False, False, False]),
        ("DSC of some channels", [False, True, True, True, True, False]),
        ("rate coded", [True, True, False, False, False]),
        ("mlp", [False, True, True, True]),
        ("LIF coded", [True, True, False, True]),
        (
            "vgg, largest of a square",
            [False, True, True, True, True, True],
        ),  # spikes of squares
    ],
)
def test_only_what_reads_nothing_but_spikes_adds(name: str, binary: list[bool]) -> None:
    design = DESIGNS[name]
    assert [operations.reads_spikes(design, layer) for layer in build_architecture(design).layers] == binary
    twin = Design.check({"neuron": {"kind": "relu"}, "data": {"steps": 1}})
    assert not any(operations.reads_spikes(twin, layer) for layer in build_architecture(twin).layers)
