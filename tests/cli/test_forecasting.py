"""The command `forecast`: what a design's networks do before training."""

from __future__ import annotations

from tests.cli.conftest import Snnviz

NARROW = ("--set", "network=mlp", "--set", "network.depth=20", "--set", "network.width=50", "--set", "data.steps=1")


def test_a_network_that_falls_silent_is_said_to(snnviz: Snnviz) -> None:
    found = snnviz("forecast", "digits", *NARROW, "--seconds", "1", "--json").json
    layers = {layer["name"]: layer for layer in found["layers"]}
    last = layers["L20"]
    assert last["rate"] < 0.1  # wide layers of the same kind: 16 %
    assert abs(last["theory_rate"] - last["rate"]) < 0.04
    assert last["rate_low"] <= last["rate"] <= last["rate_high"]
    assert last["silent_share"] > 0.3
    assert (layers["readout"]["rate"], layers["readout"]["gradient"]) == (None, None)
    assert found["verdict"] in ("warning", "bad")
    assert "silent for" in found["sentence"]
    assert found["how"] == f"measured on {found['networks']} untrained networks with 64 training images each"
    assert found["alike_from"] in layers
    text = snnviz("forecast", "digits", *NARROW, "--seconds", "0").out
    assert "L20" in text
    assert "Measured on 2 untrained networks" in text


def test_layers_are_read_before_training_and_after(snnviz: Snnviz) -> None:
    short = (*NARROW[:2], "--set", "network.depth=2", "--set", "network.width=20", "--set", "training.epochs=1")
    before = snnviz("forecast", "digits", *short, "--probe", "--seconds", "0", "--json").json["probe"]
    assert [*before["before"]] == ["input", "L1", "L2"]
    assert (before["after"], before["epoch"]) == (None, None)
    snnviz("run", "digits", *short)
    after = snnviz("forecast", "digits", *short, "--probe", "--seconds", "0", "--json").json["probe"]
    assert after["before"] == before["before"]
    assert after["epoch"] == 1
    assert after["after"]["L2"] != before["before"]["L2"]
    text = snnviz("forecast", "digits", *short, "--probe", "--seconds", "0").out
    assert "Read by a linear classifier, fitted to 1000 training images" in text


def test_bad_input_is_a_sentence(snnviz: Snnviz) -> None:
    assert "neuron.threshold must" in snnviz("forecast", "digits", "--set", "neuron.threshold=-1").sentence
    assert "design must be one of" in snnviz("forecast", "digit").sentence
