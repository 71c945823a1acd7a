"""A script put together: its docstring, its imports, its network, and what is around it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from textwrap import wrap

from snnviz import __version__
from snnviz.data.datasets import dataset_card
from snnviz.design.design import Design
from snnviz.design.links import one_line_summary
from snnviz.errors import InputError
from snnviz.exports.script import ttfs
from snnviz.exports.script.names import identifiers
from snnviz.exports.script.network import NetworkText
from snnviz.exports.script.neurons import NeuronText, neuron_text
from snnviz.exports.script.training import White, constants_text, training_text
from snnviz.graph.architectures import build_architecture


@dataclass(frozen=True)
class Script:
    """A script, and by which names a proof finds the output of each layer.

    neurons: the module of a layer's neurons by the layer's name, of layers that spike. names: the identifiers of
    layers.
    """

    text: str
    neurons: dict[str, str]
    names: dict[str, str]


def write_script(design: Design, run: str, white: White, test_batch: int) -> Script:
    """Returns the script of a design. Raises `InputError` for what cannot be written yet, which it names."""
    check(design)
    if design.network.code == "ttfs":
        return _ttfs_script(design, run, white, test_batch)
    neurons = neuron_text(design)
    network = NetworkText(design, neurons)
    body = network.text()
    after = training_text(design, network.architecture, network.names, neurons)
    constants = constants_text(design, white, test_batch)
    code = (
        constants
        + neurons.definitions
        + body.replace("\n\nclass Network", f"{neurons.function}\n\nclass Network", 1)
        + "\n"
        + after
    )
    text = f"{_about(design, run)}\n{_imports(code)}\n{code}"
    spiking = {layer.name: f"{network.names[layer.name]}_lif" for layer in network.layers if layer.spiking}
    return Script(re.sub(r"\n{4,}", "\n\n\n", text), spiking, network.names)


def _ttfs_script(design: Design, run: str, white: White, test_batch: int) -> Script:
    """The script of a TTFS network."""
    architecture = build_architecture(design)
    names = identifiers(architecture)
    after = training_text(design, architecture, names, NeuronText("", "", ()))
    code = constants_text(design, white, test_batch) + ttfs.network_text(design) + "\n" + after
    text = f"{_about(design, run).replace(' and snntorch', '', 1)}\n{_imports(code)}\n{code}"
    spiking = {layer.name: f"{names[layer.name]}_spikes" for layer in architecture.layers[:-1]}
    return Script(re.sub(r"\n{4,}", "\n\n\n", text), spiking, names)


def check(design: Design) -> None:
    """Raises `InputError` with one sentence for a design that cannot be written as a script yet."""
    rule = "be one that can be written as a script"
    if design.network.code == "ttfs":
        ttfs.check(design)
    if design.data.augment.drop:
        raise InputError("run", f"{rule}: events left out in training are not yet", "data.augment.drop")
    if design.training.precision != "float32":
        raise InputError("run", f"{rule}: bfloat16 is not yet", f"training.precision = {design.training.precision}")
    if design.training.loss.kind not in ("rate", "count"):
        raise InputError("run", f"{rule}: this loss is not", f"training.loss = {design.training.loss.kind}")


def _about(design: Design, run: str) -> str:
    card = dataset_card(design.data.name)
    lines = [
        '"""A spiking network in PyTorch and snntorch.',
        "",
        *_plain(one_line_summary(design)),
        "",
        "    pip install torch snntorch safetensors numpy",
        "    python network.py            loads weights.safetensors and tests it",
        "    python network.py --train    trains anew, and writes trained.safetensors",
        "",
        f"Written by snnviz {__version__} from run {run} of design {design.digest}. Before it was handed out, it was",
        "run beside the network of that run on 64 test images: they spike alike.",
        "",
        *_plain(f"Images: {card.title}, {card.licence}."),
        '"""',
    ]
    return "\n".join(lines) + "\n"


def _imports(code: str) -> str:
    """The imports that the code needs, in the order of import sorters."""
    standard = [name for name, word in (("hashlib", "hashlib."), ("math", "math."), ("sys", "sys.")) if word in code]
    lines = [f"import {name}" for name in standard] + ["from pathlib import Path", ""]
    if "np." in code:
        lines.append("import numpy as np")
    if "snn." in code:
        lines.append("import snntorch as snn")
    lines += ["import torch", "import torch.nn.functional as F", "from safetensors.torch import load_file, save_file"]
    parts = [name for name in ("spikegen", "surrogate") if f"{name}." in code]
    if parts:
        lines.append(f"from snntorch import {', '.join(parts)}")
    lines += ["from torch import nn", "", "HERE = Path(__file__).parent"]
    return "\n".join(lines) + "\n"


def _plain(text: str) -> list[str]:
    """Lines of text that may stand in a docstring: what a person named something is no code."""
    plain = re.sub(r"[^\w .,:()/+*=<>-]", ";", text, flags=re.ASCII)
    return wrap(plain.replace(" ;", ";"), 110)
