"""SynOps are what a count, spike by spike, finds in a network that is run."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from snnviz.adjacency import ASC, DSC, back_slots, build, with_n_skip
from snnviz.catalog.twins import ann_twin
from snnviz.core import data
from snnviz.core.networks import Network
from snnviz.design import Design
from snnviz.theory import costs

IMAGES = 6


def small(**parts: Any) -> Design:
    """Spiking well in every layer."""
    return Design.check({"data": {"steps": 3}, "neuron": {"threshold": 0.4}, **parts})


def block(edges: Any, **more: Any) -> dict[str, Any]:
    return {"kind": "block", "edges": edges, "channels": 5, **more}


def counted(design: Design) -> tuple[float, float, list[float | None]]:
    """Additions of an image as MACs count them, additions that fall on a map, and the rates of the layers.

    Literally: every value that a layer's weights see in a time step is as many additions as it says, each for each
    weight that it meets.
    """
    network = Network(design)
    rates: list[float | None] = []
    images, _ = data.load(design)
    encoded = data.encode(images.images[:IMAGES], images.white, design, "test")
    padded, met = 0.0, 0.0
    with torch.no_grad():
        network(encoded, lambda _, activity: rates.append(activity.rate))
        outputs = network.opened(encoded)
        for stage in network.stages:
            network.run(stage, outputs)
    for index, layer in enumerate(network.architecture.layers):
        reads_image = any(source.layer == -1 for source in layer.sources)
        if reads_image and design.data.encoding.kind == "direct":
            continue
        x = outputs.read(network.merges[index])  # (T, B, H, W, C)
        for step in x.expand(design.data.steps, *x.shape[1:]):
            padded += float(step.sum()) * layer.fan_out
            met += _met(step, layer.kernel) * layer.out_shape[0] if layer.kind == "conv" else float(step.sum()) * 10
    return padded / IMAGES, met / IMAGES, rates


def _met(maps: Tensor, kernel: int) -> float:
    """The values of (B, H, W, C), each as often as a kernel that stands on the map covers it."""
    total, reach = 0.0, kernel // 2
    height, width = maps.shape[1:3]
    for i in range(height):
        for j in range(width):
            rows = min(height, i + reach + 1) - max(0, i - reach)
            columns = min(width, j + reach + 1) - max(0, j - reach)
            total += float(maps[:, i, j].sum()) * rows * columns
    return total


DESIGNS = {
    "without skips": small(network=block(build(3, {}))),
    "ASC": small(network=block(with_n_skip(4, 3, ASC, 0))),
    "DSC of all channels": small(network=block(with_n_skip(4, 3, DSC, 0), dsc_fraction=1)),
    "both": small(network=block("00211/00021/00002/00000/00000", dsc_fraction=1)),
    "two blocks, count loss": small(
        network=block("0020/0001/0000/0000", blocks=2, dsc_fraction=1), training={"loss": "count"}
    ),
    "rate coded": small(network=block(with_n_skip(3, 2, ASC, 0)), data={"encoding": "latency", "steps": 4}),
}


@pytest.mark.parametrize("design", DESIGNS.values(), ids=DESIGNS)
def test_additions_are_those_counted_spike_by_spike(design: Design) -> None:
    padded, met, rates = counted(design)
    found = costs.synops(design, rates)
    exact = 1e-5 if design.data.encoding.kind == "direct" else 0.15  # there the data set's mean brightness is taken
    assert found.additions == pytest.approx(padded, rel=exact)
    assert found.additions > 1000
    assert 0.8 < met / found.additions <= 1.15  # zero padding counts, as it does among MACs


def test_a_share_of_channels_is_taken_to_spike_like_all_of_them() -> None:
    """Exact on average over the draw of channels."""
    ratios = []
    for seed in range(12):
        design = small(network=block(with_n_skip(4, 3, DSC, 0), dsc_fraction=0.4), seed=seed)
        padded, _, rates = counted(design)
        ratios.append(costs.synops(design, rates).additions / padded)
    assert all(0.7 < ratio < 1.4 for ratio in ratios)
    assert sum(ratios) / len(ratios) == pytest.approx(1, abs=0.06)


def test_backward_connections_say_nothing_in_the_first_step() -> None:
    design = small(network=block(build(3, dict.fromkeys(back_slots(3)[:1], DSC)), dsc_fraction=1))
    padded, _, rates = counted(design)
    assert costs.synops(design, rates).additions == pytest.approx(padded, rel=0.15)


def test_only_what_reads_the_image_multiplies() -> None:
    design = small(network=block(build(3, {})))
    stem = 64 * 5 * 9
    silent = costs.synops(design, [0.0] * 4 + [None])
    assert (silent.macs, silent.additions, silent.picojoules) == (stem, 0, 4.6 * stem)
    busy = costs.synops(design, [1.0] * 4 + [None])
    assert busy.additions == 3 * (costs.macs(design) - stem)
    assert busy.picojoules == pytest.approx(4.6 * stem + 0.9 * busy.additions)


def test_a_twin_multiplies_everywhere_and_once() -> None:
    twin = ann_twin(small(network=block(with_n_skip(4, 3, ASC, 0))))
    found = costs.synops(twin, [None] * 6)
    assert (found.macs, found.additions) == (costs.macs(twin), 0)
