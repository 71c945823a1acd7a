"""The network of a script whose neurons spike once (Stanojevic et al. 2023, the B1-model).

A value u is the time from a spike to the end of its layer's window; numbers in brackets are those of equations in
`theory.ttfs`.
"""

from __future__ import annotations

import math

from snnviz.design.design import Design
from snnviz.errors import InputError
from snnviz.exports.script.names import identifiers
from snnviz.graph.architectures import build_architecture
from snnviz.graph.layers import Layer
from snnviz.theory.ttfs import INPUT_WINDOW, MARGIN

ENCODE = '''
def encode(images, *purpose):
    """The intensities (B, C, H, W) of images (B, C, H, W) uint8, from 0 to 1: a bright pixel spikes early."""
    return images.double() / WHITE
'''

AFTER_STEP = """            network.widen()
        if epoch + 1 == EPOCHS:
            network.settle(images)
"""

SPIKES = '''
class Spikes(nn.Module):
    """Neurons that spike once, within their window: the larger the value u, the earlier; those of u <= 0 do not."""

    def forward(self, u, start, end):
        times = end - u
        return torch.where(times < end, times, end).clamp(min=start)
'''

METHODS = '''
    def note(self, number, values):
        """The largest value of a layer since the windows last moved."""
        if self.training:
            self.reached[number] = max(self.reached[number], values.max().item())

    def widen(self):
        """After a training step: a window is at least {margin} times as wide as the largest value."""
        ends = self.windows.tolist()
        found = [ends[0]]
        for start, end, reached in zip(ends, ends[1:], self.reached):
            found.append(found[-1] + max(end - start, {margin} * reached))
        self.windows.copy_(torch.tensor(found, dtype=torch.float64))
        self.reached = [0.0] * len(self.reached)

    @torch.no_grad()
    def settle(self, images):
        """After training: a window is {width} times as wide as the largest value of the training images."""
        self.reached = [0.0] * len(self.reached)
        for part in images.split(TEST_BATCH):
            self(encode(part))
        found = [{first}]
        for reached in self.reached:
            found.append(max(found[-1] + {width} * (reached or 1.0), math.nextafter(found[-1], math.inf)))
        self.windows.copy_(torch.tensor(found, dtype=torch.float64))
'''


def check(design: Design) -> None:
    """Raises `InputError` for what of a TTFS network cannot be written yet."""
    rule = "be one that can be written as a script"
    if design.ttfs.slope != "one":
        raise InputError("run", f"{rule}: slopes of alpha = 1 are not yet", f"ttfs.slope = {design.ttfs.slope}")
    if design.ttfs.penalty:
        raise InputError("run", f"{rule}: the activity penalty is not yet", f"ttfs.penalty = {design.ttfs.penalty:g}")
    if any(layer.normed for layer in build_architecture(design).layers):
        raise InputError("run", f"{rule}: a normalised TTFS network is not yet", "network.norm")


def network_text(design: Design) -> str:
    """Returns the constants and classes of a TTFS network."""
    architecture = build_architecture(design)
    names, hidden = identifiers(architecture), architecture.layers[:-1]
    lines = [
        "class Network(nn.Module):",
        '    """The network: intensities in, one number for each class out, in double precision."""',
        "",
        "    def __init__(self):",
        "        super().__init__()",
    ]
    for layer in architecture.layers:
        lines.append(f"        self.{names[layer.name]} = {_made(layer)}")
        if layer is not architecture.layers[-1]:
            lines.append(f"        self.{names[layer.name]}_spikes = Spikes()")
    widths = f"{INPUT_WINDOW.end} + {(1 + design.ttfs.zeta) * 1000.0!r} * k for k in range({len(hidden) + 1})"
    lines += [
        f"        self.reached = [0.0] * {len(hidden)}",
        f"        windows = torch.tensor([{widths}], dtype=torch.float64)",
        '        self.register_buffer("windows", windows)  # where each ends, the input\'s first',
        "        self.double()",
        "",
        "    def forward(self, x):",
        '        """Returns the logits (B, classes) for intensities x (B, C, H, W)."""',
        "        ends = self.windows.tolist()",
        "        times = 1 - x",
    ]
    for number, layer in enumerate(architecture.layers):
        (source,) = layer.sources
        times = "times"
        if source.pool > 1:
            mean = f"F.avg_pool2d(times, {source.pool})"
            times = mean if source.pooling == "average" else f"-F.max_pool2d(-times, {source.pool})"
        value = f"ends[{number}] - {times}" if not times.startswith("-") else f"ends[{number}] - ({times})"
        lines.append(f"        value = LOW + (HIGH - LOW) * ({value})" if number == 0 else f"        value = {value}")
        name = names[layer.name]
        value_text = f"self.{name}(value{'.flatten(1)' if layer.kind == 'linear' else ''})"
        if layer is architecture.layers[-1]:
            lines.append(f"        return {value_text}")
        else:
            lines.append(f"        times = self.{name}_spikes({value_text}, ends[{number}], ends[{number + 1}])")
            lines.append(f"        self.note({number}, ends[{number + 1}] - times)")
    range_ = "\nLOW, HIGH = -MEAN / STD, (1 - MEAN) / STD  # what black and white pixels are worth\n\n"
    methods = METHODS.format(margin=MARGIN, width=repr(1 + design.ttfs.zeta), first=INPUT_WINDOW.end)
    return range_ + SPIKES + "\n\n" + "\n".join(lines) + "\n" + methods


def _made(layer: Layer) -> str:
    if layer.kind == "linear":
        return f"nn.Linear({math.prod(layer.in_shape)}, {layer.out_shape[0]})"
    padding = f", padding={layer.kernel // 2}" if layer.kernel > 1 else ""
    return f"nn.Conv2d({layer.in_shape[0]}, {layer.out_shape[0]}, {layer.kernel}{padding})"
