"""A script as a notebook: the same lines, in cells, with what they are about between them."""

from __future__ import annotations

import ast
from typing import Any

NUMBERS = "## Numbers of the design\n\nOf the data, the training and the neurons."
NETWORK = """## The network

Each layer is a convolution or a linear map, and the neurons that it drives. Spiking ones are snntorch's: time is a
loop, at each step a layer's current moves the potentials of its neurons, and those above the threshold spike. Where
they are reset, it acts one step later. Skips are the sums and concatenations of what layers say; comments name them."""
IMAGES = "## The images\n\nEvery random draw has a generator of its own, seeded by what it is for."
TESTING = "## Weights and accuracy"
LOOKING = """## What it does with an image

A dot is a spike: time steps from left to right, neurons from bottom to top."""
TRAINING = (
    "## Training\n\nThe same initial weights, images, order and steps as the run's. To train anew, run the last cell."
)

LOADED = """network = load(Network(), HERE / "weights.safetensors")
print(f"test accuracy {test(network):.1%}")"""

RASTER = '''from IPython.display import SVG, display


def spikes_of(network, image):
    """The spikes (T, neurons) of each layer, for one encoded image."""
    recorded = {}

    def record(name):
        def hook(module, given, found):
            spikes = found[0] if isinstance(found, tuple) else found
            recorded.setdefault(name, []).append(spikes.detach().flatten())

        return hook

    layers = {name: module for name, module in network.named_children() if name.endswith("_lif")}
    hooks = [module.register_forward_hook(record(name)) for name, module in layers.items()]
    with torch.no_grad():
        answer = network(image).argmax(1).item()
    for hook in hooks:
        hook.remove()
    return {name.removesuffix("_lif"): torch.stack(spikes) for name, spikes in recorded.items()}, answer


def raster(spikes, title, most=200):
    """A picture of the first neurons' spikes."""
    shown = spikes[:, :most]
    steps, neurons = shown.shape
    width, height = 60 * steps, max(40, 2 * neurons)
    dots = "".join(
        f'<circle cx="{60 * t + 30}" cy="{height - (n + 0.5) * height / neurons:.1f}" r="2"/>'
        for t, n in shown.nonzero().tolist()
    )
    text = f'<text x="4" y="14" font-size="12">{title}: {int(spikes.sum())} spikes of {spikes.shape[1]} neurons</text>'
    frame = f'<rect width="{width}" height="{height + 20}" fill="white"/>'
    return SVG(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height + 20}">{frame}{text}'
        f'<g transform="translate(0 20)">{dots}</g></svg>'
    )


data = load_file(HERE / "data.safetensors")
spikes, answer = spikes_of(network.eval(), encode(data["test_images"][:1], "test", 0))
print(f"an image of class {data['test_labels'][0].item()}: the network says {answer}")
for name, found in spikes.items():
    display(raster(found, name))'''

AGAIN = """# network = initialise(Network())
# train(network)
# save_file(network.state_dict(), HERE / "trained.safetensors")"""


def notebook(text: str) -> dict[str, Any]:
    """Returns a script as the JSON of a notebook (nbformat 4.5)."""
    parts = _parts(text)
    cells = [
        ("markdown", parts["about"]),
        ("code", parts["imports"]),
        ("markdown", NUMBERS),
        ("code", parts["numbers"]),
        ("markdown", NETWORK),
        ("code", parts["network"]),
        ("markdown", IMAGES),
        ("code", parts["images"]),
        ("markdown", TESTING),
        ("code", parts["testing"]),
        ("code", LOADED),
        ("markdown", LOOKING),
        ("code", RASTER),
        ("markdown", TRAINING),
        ("code", parts["training"]),
        ("code", AGAIN),
    ]
    return {
        "cells": [_cell(kind, source, number) for number, (kind, source) in enumerate(cells)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _cell(kind: str, source: str, number: int) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": kind, "id": f"cell-{number}", "metadata": {}, "source": source}
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})


IMAGES_FUNCTIONS = {"seed_of", "draw", "encode", "augment", "dropout"}
TESTING_FUNCTIONS = {"test", "load"}


def _parts(text: str) -> dict[str, str]:
    """The lines of a script by what they are about; comments go with what follows them."""
    lines, start = text.splitlines(), 0
    found: dict[str, str] = {}
    for node in ast.parse(text).body:
        part = _part_of(node, found)
        end = node.end_lineno or node.lineno
        found[part] = found.get(part, "") + "\n".join(lines[start:end]) + "\n"
        start = end
    about = ast.literal_eval(found["about"].strip())
    title, _, rest = about.partition("\n")
    kept = [line for line in rest.splitlines() if "python network.py" not in line]
    here = found["imports"].replace("HERE = Path(__file__).parent", "HERE = Path()  # the folder of this notebook")
    parts = {name: part.strip("\n") for name, part in found.items() if name != "main"}
    parts["about"] = f"# {title}\n" + "\n".join(kept).strip("\n")
    parts["imports"] = here.replace("import sys\n", "").strip("\n")
    return parts


def _part_of(node: ast.stmt, found: dict[str, str]) -> str:
    if isinstance(node, ast.Expr):
        return "about"
    if isinstance(node, ast.Import | ast.ImportFrom) or ast.unparse(node).startswith("HERE = "):
        return "imports"
    if isinstance(node, ast.If):
        return "main"
    if isinstance(node, ast.FunctionDef) and node.name in IMAGES_FUNCTIONS:
        return "images"
    if isinstance(node, ast.FunctionDef) and node.name in TESTING_FUNCTIONS:
        return "testing"
    if "testing" in found:
        return "training"
    return "network" if isinstance(node, ast.ClassDef | ast.FunctionDef) or "network" in found else "numbers"
