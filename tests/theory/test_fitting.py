"""Which layers are beyond the limits of a chip."""

from __future__ import annotations

import re
from datetime import date

import pytest

from snnviz.catalog.targets import TARGETS, Limit, Target, get_target
from snnviz.design import links
from snnviz.design.design import Design
from snnviz.errors import InputError
from snnviz.graph.architectures import build_architecture
from snnviz.theory.fitting import RULES, fit


def design(settings: str) -> Design:
    return links.change(Design(), dict(each.split("=") for each in settings.split()))


def told(rule: str, most: int | tuple[int | str, ...], settings: str) -> list[tuple[str, str]]:
    target = Target("x", "X", "", (Limit(rule, most, "https://x"),), "nothing")
    return [(misfit.layer, misfit.why) for misfit in fit(design(settings), target).misfits]


MLP = "network.kind=mlp network.depth=2 network.width=20"
SKIPS = "network.edges=0020/0002/0000/0000 network.channels=4"

# What is there of each, by hand: digits are 1x8x8, ten classes.
CASES: list[tuple[str, str, int, list[str]]] = [
    ("neurons", MLP, 20 + 20 + 10, [""]),
    ("hidden-neurons", MLP, 40, [""]),
    ("synapses", MLP, 64 * 20 + 20 * 20 + 20 * 10, [""]),
    ("written-out", MLP, 1880, [""]),
    ("weight-bytes", MLP, 1880, [""]),
    ("inputs", MLP, 64, ["input"]),
    ("outputs", MLP, 10, ["readout"]),
    ("classes", MLP, 10, ["readout"]),
    ("fan-in", MLP, 64, ["L1"]),
    ("fan-out", MLP, 20, ["L1"]),
    ("fan-out", SKIPS, 9 * 4 * 2, ["stem", "L1"]),
    ("layers", MLP, 3, ["readout"]),
    ("input-side", MLP, 8, ["input"]),
    ("map-side", SKIPS, 8, ["stem", "L1", "L2", "L3"]),
    ("channels", SKIPS, 10, ["readout"]),
    ("kernel", SKIPS, 4, ["readout"]),  # of the pooled maps, which the readout reads whole
    ("readers", SKIPS, 2, ["stem", "L1"]),
]


@pytest.mark.parametrize(("rule", "settings", "number", "layers"), CASES)
def test_a_limit_that_is_just_kept_and_one_that_is_not(
    rule: str, settings: str, number: int, layers: list[str]
) -> None:
    assert told(rule, number, settings) == []
    found = told(rule, number - 1, settings)
    assert [layer for layer, _ in found] == layers
    for _, why in found:
        assert re.fullmatch(r"[A-Z][^\n]*\.", why)
        assert f"{number - 1:,}" in why or rule == "weight-bytes"


def test_what_is_one_of_some() -> None:
    staged = "network.kind=resnet18 network.width=0.0625 network.depth=0.5"
    assert told("strides", (1, 2), staged) == []
    strided = [layer.name for layer in build_architecture(design(staged)).layers if layer.stride == 2]
    assert strided
    assert [layer for layer, _ in told("strides", (1,), staged)] == strided
    vgg = "network.kind=vgg network.width=0.03125 network.stages=2"
    assert told("pools", (1, 2), vgg) == []
    assert [layer for layer, _ in told("pools", (1,), vgg)] == ["S2.L1", "hidden"]
    assert [layer for layer, _ in told("sum-pooling", ("average",), vgg)] == ["S2.L1", "hidden"]
    assert told("sum-pooling", ("average",), f"{vgg} network.pooling=average") == []
    assert told("resets", ("subtract",), f"{MLP} neuron.reset=zero") == [
        ("", "The reset is zero, and on the chip it is subtract.")
    ]
    assert told("resets", ("subtract",), MLP) == []


def test_what_a_chip_sends_and_where_its_neurons_are() -> None:
    relu = f"{MLP} neuron.kind=relu data.steps=1 init.kind=kaiming"
    assert [layer for layer, _ in told("spikes-alone", (), relu)] == ["L1", "L2", "input"]
    assert told("spikes-alone", (), f"{MLP} data.encoding=rate") == []
    cell = "network.kind=cell network.channels=4 network.hidden=8"
    found = [layer for layer, _ in told("neurons-follow", (), cell)]
    assert {"stem", "reduction", "C1.out"} <= set(found)
    assert told("neurons-follow", (), SKIPS) == []
    smoothed = [layer for layer, why in told("pools", (1, 2), cell) if "overlap" in why]
    by_hand = [x.name for x in build_architecture(design(cell)).layers if any(s.smooth > 1 for s in x.sources)]
    assert smoothed == by_hand


def test_convolutions_share_their_weights_where_a_chip_can() -> None:
    written = sum(layer.macs for layer in build_architecture(design(SKIPS)).layers)
    ((_, why),) = told("synapses", written - 1, SKIPS)
    assert "fit only where they are shared" in why
    ((_, why),) = told("synapses", 100, SKIPS)
    assert "weights, and the chip at most 100 synapses" in why


def test_each_limit_has_a_rule_a_source_and_a_date() -> None:
    for target in TARGETS.values():
        assert target.limits
        assert date.fromisoformat(target.read) <= date(2026, 12, 31)
        for limit in target.limits:
            assert limit.rule in RULES
            assert limit.source.startswith("https://")
    assert {limit.rule for target in TARGETS.values() for limit in target.limits} == RULES.keys()
    with pytest.raises(InputError, match="target must be one of loihi2, spinnaker2, speck, xylo, got 'loihi'; did you"):
        get_target("loihi")


def test_a_network_for_each() -> None:
    small = "network.kind=mlp network.depth=1 network.width=40 data.encoding=rate"
    fitting = {name for name, target in TARGETS.items() if not fit(design(small), target).misfits}
    assert fitting == {"loihi2", "spinnaker2", "speck"}
    assert fit(design(small), TARGETS["xylo"]).sentence == "XyloAudio 2: does not fit (2 layers)."
    vast = "network.kind=mlp network.depth=200 network.width=4096"
    for name in ("loihi2", "spinnaker2"):
        assert fit(design(vast), TARGETS[name]).misfits
