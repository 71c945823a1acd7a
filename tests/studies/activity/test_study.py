"""A study is ordinary designs: what differs between them is what is compared, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from snnviz.catalog.inits import COMPARED
from snnviz.design.design import Design
from snnviz.design.links import change, differences
from snnviz.design.menus import INITS, Choice
from snnviz.errors import InputError
from snnviz.graph.architectures import build_architecture
from snnviz.studies.activity.study import COMPARED_INITS, PRESETS, VARIED, TrainingStudy, study_runs


def test_the_eight_are_compared_on_one_network() -> None:
    found = study_runs(TrainingStudy())
    assert [m.init.kind for m in found] == [entry.kind for entry in INITS if COMPARED in entry.traits]
    assert all(path.startswith("init") for path in differences([m.design for m in found]))
    assert len({m.design.digest for m in found}) == 8


def test_it_is_the_papers_setting() -> None:
    """10 layers of 600, T = 3, threshold 1, leak 0.5, soft reset; spike counts; Adam at 1e-3, cosine; 150 epochs."""
    design = study_runs(PRESETS["paper's mlp"])[0].design
    assert (design.data.name, design.data.steps, design.data.encoding.kind) == ("mnist", 3, "lif")
    assert (design.network.kind, design.network.depth) == ("mlp", 10)
    assert (design.neuron.threshold, design.neuron.beta, design.neuron.reset) == (1.0, 0.5, "subtract")
    assert (design.training.loss.kind, design.training.optimizer.kind) == ("count", "adam")
    assert (design.training.learning_rate, design.training.schedule.kind, design.training.epochs) == (
        1e-3,
        "cosine",
        150,
    )
    conv = study_runs(PRESETS["paper's cnn"])[0].design
    assert (conv.network.kind, conv.network.depth, conv.data.encoding.kind) == ("cnn", 6, "direct")
    maps = {layer.out_shape[1:] for layer in build_architecture(conv).layers if layer.kind == "conv"}
    assert maps == {(28, 28)}  # the paper keeps the size
    ours = study_runs(PRESETS["paper's cnn, pooled"])[0].design
    assert set(differences([conv, ours])) == {"network.pool_every"}


@pytest.mark.parametrize(
    ("fields", "changed"),
    [
        ({}, {}),
        ({"data": "mnist"}, {"data.name": "mnist", "training.batch_size": 128}),
        ({"network": "cnn"}, {"network": {"kind": "cnn", "channels": 300, "depth": 10, "pool_every": 2}}),
        ({"batch_size": 32, "optimizer": "sgd"}, {"training.batch_size": 32, "training.optimizer": "sgd"}),
    ],
)
def test_what_a_study_leaves_out_means_what_it_meant(fields: Any, changed: Any) -> None:
    """The designs of before studies had fields for how networks learn, written out."""
    before: dict[str, Any] = {
        "data": {"steps": 3, "encoding": "lif" if "network" not in fields else "direct"},
        "network": {"kind": "mlp", "width": 300, "depth": 10},
        "neuron": {"threshold": 1.0, "beta": 0.5, "reset": "subtract"},
        "training": {"learning_rate": 0.001, "loss": "count", "batch_size": 64, "epochs": 12},
        "init": "variance-preserving",
    }
    before |= {"network": changed["network"]} if "network" in changed else {}
    whole = change(Design.check(before), {path: value for path, value in changed.items() if path != "network"})
    assert study_runs(TrainingStudy.check(fields))[0].design == whole


@pytest.mark.parametrize("compare", VARIED)
@pytest.mark.parametrize("network", ["mlp", "cnn"])
def test_a_variation_pairs_ours_with_kaiming_at_every_value(compare: Any, network: Any) -> None:
    found = study_runs(TrainingStudy(compare=compare, network=network))
    count = len(VARIED[compare][1])
    assert [m.init.kind for m in found] == [kind for kind in COMPARED_INITS for _ in range(count)]
    assert [m.place for m in found] == [*range(count)] * 2
    for ours, kaiming in zip(found[:count], found[count:], strict=True):
        assert all(path.startswith("init") for path in differences([ours.design, kaiming.design]))
    assert len(list(differences([m.design for m in found[:count]]))) == 1
    assert len({m.name for m in found}) == len(found)


def test_seeds_share_a_name() -> None:
    found = study_runs(TrainingStudy(seeds=3))
    assert len(found) == 24
    assert {m.design.seed for m in found} == {0, 1, 2}
    assert len({m.name for m in found}) == 8


def test_chosen_initialisations_are_named_with_their_parameters() -> None:
    chosen = [Choice(INITS.choose("init", kind)) for kind in ("glorot", "input-preserving")]
    found = study_runs(TrainingStudy(), [*chosen, Choice({"kind": "kaiming", "gain": 3.0})])
    assert [m.name for m in found] == ["glorot", "input-preserving", "kaiming, gain 3"]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("depth", 0, "depth must be a whole number from 1 to 100, got 0"),
        (
            "data",
            "minst",
            "data must be one of digits, mnist, fashion-mnist, ",
        ),
        ("compare", "init", "compare must be one of initialisations, depth, width, leak, threshold, got 'init'"),
        ("epoch", 3, "epoch must be a field of a training study, got 3; did you mean 'epochs'?"),
    ],
)
def test_bad_studies_get_a_sentence(field: str, value: object, sentence: str) -> None:
    with pytest.raises(InputError) as error:
        TrainingStudy.check({field: value})
    assert str(error.value).startswith(sentence)
