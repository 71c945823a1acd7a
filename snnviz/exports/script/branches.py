"""The shortcut branches of a script (Guo et al. 2024): auxiliary classifiers, of which training alone knows."""

from __future__ import annotations

import math
from collections.abc import Mapping

from snnviz.catalog.inits import is_data_dependent, weight_distribution
from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.errors import InputError
from snnviz.graph.branches import branch_layers
from snnviz.graph.layers import Architecture

CLASS = '''
# Layers that shortcut branches read: the branch's name, its inputs, and the {what} of its weights.
BRANCHES = {{
{rows}}}


class Branches(nn.Module):
    """Shortcut branches (Guo et al. 2024): linear classifiers on the mean output of hidden layers, for training."""

    def __init__(self):
        super().__init__()
        for layer, (name, inputs, size) in BRANCHES.items():
            linear = nn.Linear(inputs, {classes})
            with torch.no_grad():
                weight = linear.weight
                weight.copy_({drawn})
                linear.bias.zero_()
            self.add_module(layer, linear)

    def forward(self, branch_inputs, labels):
        """The sum of the branches' losses."""
        return sum(F.cross_entropy(self.get_submodule(layer)(mean), labels) for layer, mean in branch_inputs.items())


def branch_weight(epoch):
    """The factor lambda of the branches' losses in an epoch, counted from 0."""
    return {factor}
'''

LOSS = """            branch_inputs = {{}}
            main = F.cross_entropy(network(x{mask}, branch_inputs=branch_inputs), labels[chosen])
            loss = {main}main + {branch} * branches(branch_inputs, labels[chosen])
"""


def branches_text(design: Design, architecture: Architecture, names: Mapping[str, str]) -> str:
    """Returns the class of the branches and their schedule; "" for a design without any. Raises `InputError`."""
    layers = [architecture.layers[index] for index in branch_layers(design)]
    if not layers:
        return ""
    readout = architecture.layers[-1]
    classes = readout.out_shape[0] // readout.voters
    drawn = change(design, {"init": "variance-preserving"}) if is_data_dependent(design.init) else design
    rows, uniform = "", False
    for layer in layers:
        law = weight_distribution(drawn.init, layer.out_shape[0], classes, design.neuron, None)
        uniform = law.uniform
        size = law.limit if uniform else math.sqrt(law.variance)
        rows += f'    "{names[layer.name]}": ("shortcut.{layer.name}", {layer.out_shape[0]}, {size!r}),\n'
    text = 'torch.randn(weight.shape, generator=draw("weight", name)) * size'
    if uniform:
        text = '(2 * torch.rand(weight.shape, generator=draw("weight", name)) - 1) * size'
    what = "limit" if uniform else "standard deviation"
    return CLASS.format(what=what, rows=rows, classes=classes, drawn=text, factor=_factor(design))


def loss_text(design: Design, mask: str, branches: int) -> str:
    """Returns the lines of the training loop that compute the loss, with branches."""
    if design.training.shortcut.weighting == "plain":
        return LOSS.format(mask=mask, main="", branch="branch_weight(epoch)")
    factor = "share = branch_weight(epoch) / (1 + branch_weight(epoch))"
    return f"            {factor}\n" + LOSS.format(mask=mask, main="(1 - share) * ", branch=f"share / {branches}")


def _factor(design: Design) -> str:
    choice = design.training.shortcut.schedule
    weight = repr(choice.get("weight"))
    known = {
        "constant": weight,
        "linear": f"{weight} * (1 - epoch / EPOCHS)",
        "cosine": f"{weight} * (1 + math.cos(math.pi * epoch / EPOCHS)) / 2",
        "exponential": f"{weight} * math.exp(-{choice.get('rate')!r} * epoch / EPOCHS)",
        "step": f"{weight} * {choice.get('factor')!r} ** (epoch // {choice.get('every')!r})",
    }
    if choice.kind not in known:
        raise InputError("run", f"have a schedule of branches that a script can write: {', '.join(known)}", choice.kind)
    return known[choice.kind]
