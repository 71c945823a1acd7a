"""`ttfs check`: a ReLU network beside its twin, as a table and as JSON."""

from __future__ import annotations

import pytest

from snnviz.catalog.examples import get_example
from snnviz.design.design import Design
from snnviz.graph.ttfs import ttfs_network
from snnviz.studies.ttfs.compute.equivalence import compare_with_twin
from tests.cli.conftest import Snnviz

SMALL = ("--set", "network.width=40", "--images", "64")


@pytest.mark.parametrize("layers", [2, 3, 8])
def test_the_twin_agrees_at_any_depth(snnviz: Snnviz, layers: int) -> None:
    found = snnviz("ttfs", "check", *SMALL, "--layers", str(layers), "--json").json
    assert found["max_relative_difference"] < 1e-10
    assert found["argmax_agreement"] == 1
    assert (found["images"], found["comparison"]["layers"], len(found["layers"])) == (64, layers, layers - 1)
    assert 0 < found["spikes_per_neuron"] < 1
    assert found["latency"] == found["layers"][-1]["end"]
    assert found["layers"][0]["start"] == 1


def test_it_is_the_cores(snnviz: Snnviz) -> None:
    found = snnviz("ttfs", "check", "digits-mlp", "--layers", "4", "--slopes", "0.5..2", "--zeta", "3", "--json").json
    expected = compare_with_twin(Design.check(found["design"]), slopes=(0.5, 2.0), zeta=3)
    assert found["design"]["neuron"]["kind"] == "relu"
    assert found["comparison"] == {
        "layers": 4, "images": 256, "zeta": 3, "precision": "float64", "slopes": [0.5, 2.0], "trained": False,
        "silent": "clock",
    }  # fmt: skip
    assert found["max_relative_difference"] == expected.max_relative_difference < 1e-10
    assert found["spikes_per_neuron"] == expected.spikes_per_neuron


def test_convolutions_in_single_precision(snnviz: Snnviz) -> None:
    arguments = ("--set", "network.kind=cnn", "--set", "network.channels=4", "--precision", "float32")
    found = snnviz("ttfs", "check", *arguments, "--json").json
    assert 1e-10 < found["max_relative_difference"] < 1e-4
    assert found["argmax_agreement"] == 1


def test_a_trained_network_has_a_twin_too(snnviz: Snnviz) -> None:
    arguments = (*SMALL, "--set", "network.norm=batch", "--set", "training.epochs=2", "--trained")
    found = snnviz("ttfs", "check", *arguments, "--json").json
    assert found["max_relative_difference"] < 1e-10
    assert found["argmax_agreement"] == 1
    untrained = snnviz("ttfs", "check", *arguments[:-1], "--json").json
    assert untrained["spikes_per_neuron"] != found["spikes_per_neuron"]


def test_a_table_for_people(snnviz: Snnviz) -> None:
    said = snnviz("ttfs", "check", *SMALL).out.splitlines()
    assert said[0].split()[:4] == ["layer", "neurons", "t_min", "t_max"]
    assert [line.split()[0] for line in said[1:3]] == ["L1", "L2"]
    assert "over 64 images" in said[3]
    assert said[4] == "both say the same of 100.00%"
    assert said[5].startswith("accuracy on these images ")
    assert "spikes per neuron, read after" in said[6]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--layers", "1"), "layers must be a whole number from 2 to 201, got 1"),
        (("--layers", "many"), "layers must be a whole number from 2 to 201, got 'many'"),
        (("--layers", "3", "--set", "network.depth=4"), "network.depth must be left out where layers are given"),
        (("--images", "0"), "images must be a whole number from 1 to 1000000, got 0"),
        (("--zeta", "-1"), "zeta must be a number from 0 to 10000, got -1"),
        (("--slopes", "0"), "slopes must be a number from 1e-06 to 1e+06, or two such as 0.5..2, got '0'"),
        (("--slopes", "2..1"), "slopes must be a number"),
        (("--slopes", "nan"), "slopes must be a number"),
        (("--precision", "float16"), "precision must be one of float64, float32, got 'float16'"),
        (("--set", "data.steps=3"), "data.steps must be 1 where neuron.kind is relu"),
        (("digits", "--layers", "4"), "network.kind must be mlp or cnn where layers are given, got 'block'"),
        (("digits",), "network.edges must have no skips for TTFS, got '00200/00000/00002/00000/00000'; the nearest"),
        (("resnet18-digits",), "network.kind must be mlp, cnn, vgg or a block without skips for TTFS, got 'resnet18'"),
        (("--layers", "201", "--set", "network.width=4096"), "design must fit into the "),
        (
            ("--layers", "99", "--precision", "float32", "--set", "init.gain=20", "--set", "network.width=50"),
            "Logits became infinite in float32: smaller weights or fewer layers help.",
        ),
        (("digit",), "design must be one of"),
    ],
)
def test_bad_input_gets_a_sentence(snnviz: Snnviz, arguments: tuple[str, ...], sentence: str) -> None:
    assert snnviz("ttfs", "check", *arguments).sentence.startswith(sentence)


def test_neurons_as_printed_collapse_where_silent_ones_send_nothing(snnviz: Snnviz) -> None:
    """Trained on digits. With the layers' clock the same network says what its ReLU network says."""
    given = ("ttfs", "check", "ttfs-digits", "--set", "ttfs.penalty=0", "--trained", "--images", "200", "--json")
    exact, printed = snnviz(*given).json, snnviz(*given, "--silent", "nothing").json
    assert (exact["argmax_agreement"], exact["accuracy"]) == (1, exact["relu_accuracy"])
    assert max(layer["lateness"] for layer in exact["layers"]) < 1e-12
    assert printed["relu_accuracy"] == exact["accuracy"] > 0.9
    assert printed["accuracy"] < 0.75
    assert min(layer["lateness"] for layer in printed["layers"]) > 0.1
    assert printed["comparison"]["silent"] == "nothing"


def test_what_tells_of_silent_neurons_is_one_of_two(snnviz: Snnviz) -> None:
    said = snnviz("ttfs", "check", "--silent", "never")
    assert said.code == 2
    assert said.err.startswith("silent must be one of clock, nothing, got 'never'")


def test_the_whole_list_is_in_the_error_and_an_option_takes_it(snnviz: Snnviz) -> None:
    asked = ("design", "vgg-digits", "--set", "network.code=ttfs")
    refused = snnviz(*asked)
    near = "data.steps=1, network.norm=none, neuron.kind=relu, neuron.threshold=1.0, init.kind=kaiming"
    assert refused.sentence.endswith(f"; the nearest has {near}; --nearest takes it")
    taken = snnviz(*asked, "--nearest")
    assert taken.code == 0
    assert Design.read(taken.out) == ttfs_network(get_example("vgg-digits"))
    assert "changed to data.steps=1 (was 4), network.norm=none (was batch), neuron.kind=relu (was lif)" in taken.err
    as_told = [part for text in near.split(", ") for part in ("--set", text)]
    assert snnviz(*asked, *as_told).out == taken.out
    assert snnviz("design", "digits-mlp", "--nearest").err == ""  # nothing is in the way
    given = ("ttfs", "check", "digits", "--set", "network.channels=2", "--images", "8", "--json")
    assert "--nearest takes it" in snnviz(*given).sentence
    assert snnviz(*given, "--nearest").json["argmax_agreement"] == 1
