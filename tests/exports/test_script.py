"""A script does what the run's network does: every spike, of every kind that can be written."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from snnviz.catalog.examples import get_example
from snnviz.core import data, train
from snnviz.core.execute import execute
from snnviz.core.module import as_module
from snnviz.core.randomness import generator
from snnviz.core.shortcuts import shortcut_branches
from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.errors import InputError
from snnviz.events import Checkpoint, EpochEnd
from snnviz.exports import EXPORTS
from snnviz.exports.compute import files, harness, proving, reference
from snnviz.exports.compute.proving import prove
from snnviz.exports.compute.reference import round_neuron_to_float32
from snnviz.exports.report import Proof, ProofFailed
from snnviz.exports.script import assembly
from snnviz.exports.script.assembly import Script, write_script
from snnviz.exports.script.names import weight_name
from snnviz.exports.writing import export
from snnviz.graph.nearest import nearest_design
from tests.exports.conftest import Trained
from tests.exports.kinds import KINDS, design, loud
from tests.recorded import put


def made(wanted: Design, arrays: Mapping[str, Any], folder: Path) -> Script:
    found = files.split(wanted)
    script = write_script(wanted, "0" * 16, files.white(found), files.test_batch(wanted))
    (folder / "network.py").write_text(script.text)
    (folder / "data.safetensors").write_bytes(files.images_file(found, {}))
    files.write_weights(folder / "weights.safetensors", files.script_weights(wanted, arrays, script.names), {})
    return script


def module(folder: Path) -> Any:
    spec = importlib.util.spec_from_file_location("exported_network", folder / "network.py")
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def proven(wanted: Design, arrays: Mapping[str, Any], folder: Path, alter: Callable[[str], str] = str) -> Proof:
    """By the harness, in this process."""
    script = made(wanted, arrays, folder)
    place = folder / "network.py"
    place.write_text(alter(script.text))
    loaded = module(folder)
    return prove(
        wanted,
        arrays,
        script.neurons,
        lambda given, _: harness.script_outputs(loaded, script.neurons, dict(given), folder),
    )


def imported(text: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {each.name.partition(".")[0] for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


QUICK = {
    "mlp, T = 1", "ASC and DSC, T = 10", "backward", "batch normalisation", "batch-normalised mlp", "no reset",
    "learnt threshold in a cycle", "PLIF, one a neuron", "synaptic, reset to zero, learnt", "spiking readout",
    "rate coded", "sigmoid", "ReLU", "vgg, max pooling, normalised", "resnet18", "cell with backward connections",
    "cell", "shortcut branches", "TTFS", "TTFS, vgg, max pooling",
}  # fmt: skip
"""Kinds that between them have every part of a script; all of them are proven by `make study`."""


def some(kinds: Iterable[str]) -> list[Any]:
    return [kind if kind in QUICK else pytest.param(kind, marks=pytest.mark.slow) for kind in kinds]


@pytest.mark.parametrize("kind", some(KINDS))
def test_every_spike_is_equal(kind: str, tmp_path: Path) -> None:
    wanted = design(kind)
    arrays = loud(wanted)
    proof = proven(wanted, arrays, tmp_path)
    assert proof.equal
    assert proof.images == 64
    assert all(one.equal_share == 1 or one.near_threshold for one in proof.layers)
    text = (tmp_path / "network.py").read_text()
    assert [line for line in text.splitlines() if len(line) > 120] == []
    assert imported(text) <= {"torch", "snntorch", "safetensors", "numpy", *sys.stdlib_module_names}


WRONG: dict[str, tuple[str, Callable[[str], str], str]] = {
    "a skip is left out": ("ASC", lambda text: text.replace("l1 + stem", "l1"), "of layer L2 are not"),
    "other channels": (
        "DSC of half the channels",
        lambda text: re.sub(r"(_FROM_STEM = )\[.*\]", r"\1[0, 1, 2]", text),
        "of layer L2 are not",
    ),
    "what was said a step ago": (
        "backward",
        lambda text: text.replace("l2_before = l2", "pass"),
        "of layer L1 are not",
    ),
    "another threshold": (
        "mlp",
        lambda text: text.replace("THRESHOLD = 1.0", "THRESHOLD = 1.001"),
        "of layer L1 are not",
    ),
    "another reset": ("mlp", lambda text: text.replace('"subtract"', '"zero"'), "of layer L1 are not"),
    "a mean that is no mean": ("mlp", lambda text: text.replace("total / STEPS", "total"), "its logits differ"),
    "a window that ends later": (
        "TTFS",
        lambda text: text.replace("end - u", "end + 1e-6 - u"),
        "of layer stem are not",
    ),
    "another encoding": ("mlp", lambda text: text.replace("/ STD", "/ (STD + 1e-7)"), "encodes the images otherwise"),
    "statistics of the batch": (
        "batch normalisation",
        lambda text: text.replace("class Network(nn.Module):", "class Network(nn.Module):\n    eval = nn.Module.train"),
        "of layer stem are not",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_script_that_is_wrong_is_not_handed_out(wrong: str, tmp_path: Path) -> None:
    kind, alter, said = WRONG[wrong]
    wanted = design(kind)
    plain = made(wanted, loud(wanted), tmp_path).text
    assert alter(plain) != plain
    with pytest.raises(ProofFailed, match=said):
        proven(wanted, loud(wanted), tmp_path, alter)


TRAINED: dict[str, dict[str, Any]] = {
    "TTFS": {"training.epochs": 2},
    "TTFS, vgg, max pooling": {},
    "shortcut branches": {"training.shortcut.weighting": "normalised"},
    "shortcut branches, normalised": {},
    "default": {},
    "backward": {},
    "batch normalisation": {},
    "learnt threshold in a cycle": {},
    "PLIF": {},
    "synaptic, reset to zero, learnt": {},
    "spiking readout": {"training.optimizer.kind": "sgd", "training.schedule.kind": "step"},
    "rate coded": {"training.optimizer.kind": "adamw", "data.augment.flip": "on", "data.augment.shift": 1},
    "sigmoid": {"init.kind": "reset-aware", "seed": 3},
    "triangle": {"data.validation": 0.2},
    "cell": {},
    "cell with backward connections": {"training.batch_size": 30},
}


@pytest.mark.parametrize("kind", some(TRAINED))
def test_trained_anew_it_learns_what_the_run_learnt(kind: str, tmp_path: Path, capsys: Any) -> None:
    """By the same draws, images and steps: the first step's gradients agree in float64, and the weights after some
    steps in float32 where no batch normalisation makes one spike more of all the others.
    """
    wanted = change(design(kind), TRAINED[kind])
    *_, kept = [event for event in execute(wanted) if isinstance(event, Checkpoint)]
    script = made(wanted, kept.arrays, tmp_path)
    if (before := files.initial_weights(wanted, script.names)) is not None:
        files.write_weights(tmp_path / "initial.safetensors", before, {})
    loaded = module(tmp_path)
    if wanted.network.code != "ttfs":  # whose training is in float64
        first_gradients(wanted, loaded, script)
    network = loaded.initialise(loaded.Network())
    loaded.train(network)
    assert "test accuracy" in capsys.readouterr().out
    ours, theirs = files.script_weights(wanted, kept.arrays, script.names), network.state_dict()
    start = loaded.initialise(loaded.Network()).state_dict()
    for name, value in ours.items() if wanted.network.norm == "none" else ():
        far = float(np.abs(theirs[name].numpy() - value).max())
        moved = float(np.abs(start[name].numpy() - value).max())
        close = 1e-9 if wanted.network.code == "ttfs" else 1e-5 + 0.05 * moved
        assert far <= close * max(1.0, float(np.abs(value).max())), name


def first_gradients(wanted: Design, loaded: Any, script: Script) -> None:
    network = as_module(round_neuron_to_float32(wanted)).double().network
    images, _ = data.load(wanted)
    size = wanted.training.batch_size
    chosen = torch.randperm(len(images), generator=generator(wanted.seed, "order", 0))[:size]
    masks = network.draw_dropout_masks(size, 0, 0)
    x, labels = data.training_input(images, chosen, wanted, 0, 0), images.labels[chosen]
    beside = shortcut_branches(network)
    for name, value in beside.parameters.items() if beside else ():
        beside.parameters[name] = value.detach().double().requires_grad_()
    objective = beside.objective(0) if beside else None
    ours = train.loss_and_gradients(network, x.double(), labels, dropout_masks=masks, objective=objective)
    model = loaded.initialise(loaded.Network()).double().train()
    for module in script.neurons.values():  # snntorch's spikes are float32
        model.get_submodule(module).register_forward_hook(lambda _, __, said: tuple(each.double() for each in said))
    shown = load_file(Path(loaded.__file__).parent / "data.safetensors")["train_images"][chosen]
    shown = loaded.augment(shown, 0, 0) if hasattr(loaded, "augment") else shown
    encoded = loaded.encode(shown, 0, 0)
    assert torch.equal(encoded, x)
    heard: dict[str, Any] = {}
    more = {"branch_inputs": heard} if beside else {}
    said = model(encoded.double(), *([loaded.dropout(size, 0, 0)] if masks else []), **more)
    loss = torch.nn.functional.cross_entropy(said, labels)
    if beside:
        value = loaded.branch_weight(0)
        share, each = (value, value) if objective and objective.main == 1 else (value / (1 + value), 0.0)
        loss = loss * (1 if each else 1 - share) + (each or share / len(heard)) * loaded.Branches().double()(
            heard, labels
        )
    loss.backward()
    theirs, layers = dict(model.named_parameters()), {one.name: one for one in network.architecture.layers}
    for name, gradient in zip(network.parameters, ours.gradients, strict=not beside):
        layer, _, kind = name.rpartition(".")
        found = theirs[weight_name(layers[layer], kind, script.names[layer])].grad
        assert found is not None
        far = (found.reshape(-1) - gradient.reshape(-1)).norm()
        assert far <= 1e-12 + 1e-5 * gradient.norm(), name


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (change(nearest_design(Design(), code="ttfs").design, {"ttfs.slope": "alpha-one"}), "slopes of alpha = 1"),
        (change(nearest_design(Design(), code="ttfs").design, {"ttfs.penalty": 0.1}), "the activity penalty is not"),
        (change(Design(), {"training.precision": "bfloat16"}), "bfloat16 is not yet"),
        (change(get_example("nmnist-small"), {"data.augment.drop": 0.1}), "events left out in training are not yet"),
    ],
)
def test_what_cannot_be_written_is_named(wanted: Design, said: str) -> None:
    with pytest.raises(InputError, match=said):
        write_script(wanted, "0" * 16, 16, 64)


def test_a_run_is_exported_and_runs_without_snnviz(trained: Trained, tmp_path: Path) -> None:
    """In a process of its own, from which nothing of snnviz can be imported."""
    source = trained(design("ASC and DSC, T = 10"))
    to, shares = tmp_path / "out", []
    report = export(EXPORTS["script"], source, to, progress=shares.append)
    assert report.proof is not None
    assert [one.name for one in report.proof.layers] == ["stem", "L1", "L2", "L3", "L4"]
    assert shares[-1] == 1.0
    assert {path.name for path in to.iterdir()} == {"network.py", "weights.safetensors", "data.safetensors"}
    assert "<" not in (to / "network.py").read_text().split('"""')[1]
    done = subprocess.run([sys.executable, "-I", "network.py"], cwd=to, capture_output=True, text=True, timeout=120)
    last = source.store.last_rows(EpochEnd, [source.run.run])[source.run.run]
    assert done.stdout == f"test accuracy {last.test_accuracy:.4f}\n", done.stderr


def test_snnviz_cannot_be_imported_beside_a_script(tmp_path: Path) -> None:
    wanted = design("mlp")
    script = made(wanted, loud(wanted), tmp_path)
    (tmp_path / "network.py").write_text("import snnviz\n" + script.text)
    with pytest.raises(ProofFailed, match=r"cannot be run \(ModuleNotFoundError: import of snnviz halted"):
        proving.prove_script(wanted, loud(wanted), tmp_path, script.neurons)


@pytest.mark.parametrize("encoding", ["direct", "lif"])
def test_a_script_of_recordings_sees_their_frames(
    encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNNVIZ_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path / "cache"))
    put(tmp_path / "data" / "NMNIST", 30, 20)
    monkeypatch.setattr(reference, "MOST_NUMBERS", 50_000)  # several parts, and fewer test images than are asked for
    settings = {"data.name": "nmnist", "data.encoding": encoding, "data.steps": 4, "training.batch_size": 20}
    wanted = change(design("ASC and DSC, T = 10", train_samples=0, test_samples=0), settings)
    proof = proven(wanted, loud(wanted), tmp_path)
    assert proof.images == 20
    assert all(one.equal_share == 1 or (one.near_threshold and one.equal_share > 0.9999) for one in proof.layers)
    loaded = module(tmp_path)
    first_gradients(wanted, loaded, made(wanted, loud(wanted), tmp_path))
    network = loaded.load(loaded.Network(), tmp_path / "weights.safetensors")
    assert 0 <= loaded.test(network) <= 1


def test_what_a_person_named_something_is_no_code() -> None:
    said = "\n".join(assembly._plain('mine""" \\ \nimport os; os.system("x") # {x} \u202e'))
    text = f'"""{said}"""'
    (node,) = ast.parse(text).body
    assert ast.unparse(node).count("import os") == 1
    assert isinstance(node, ast.Expr)
    assert isinstance(node.value, ast.Constant)
    assert not {*said} & {'"', "\\", "\u202e", "#", "{"}
