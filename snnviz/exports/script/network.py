"""The class `Network` of a script, from an architecture.

Time is the outer loop, as in snntorch's tutorials; where batch normalisation has statistics over all time steps
together, each layer sees all of them before the next one does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from textwrap import wrap

from snnviz.data.datasets import dataset_card
from snnviz.design.design import Design
from snnviz.exports.script.names import identifiers
from snnviz.exports.script.neurons import NeuronText
from snnviz.graph.architectures import build_architecture
from snnviz.graph.branches import branch_layers
from snnviz.graph.layers import INPUT, Architecture, Layer, Source
from snnviz.views.joining import join_with_and

WIDTH = 100
"""Longest line of code, without its indentation, that is not broken."""

JOINED = 44
"""Longest expression of joined sources that stands inside another one; a longer one has a line of its own."""

FOLDED = '''
def each_step(layer, x):
    """What a layer without time says at each time step, all of them at once; x is (T, B, ...)."""
    return layer(x.flatten(0, 1)).unflatten(0, x.shape[:2])


def fire({arguments}):
    """The spikes of neurons over time, (T, B, ...), for a current (T, B, ...), or (1, B, ...) if it stays the same."""
    {states} = neurons.reset_mem()
    spikes = []
    for t in range(STEPS):
        spike, {states} = neurons(current[t if len(current) > 1 else 0], {states})
        spikes.append(spike)
    return torch.stack(spikes)
'''


@dataclass(frozen=True)
class Line:
    """A line of the forward pass, and a comment above it."""

    text: str
    comment: str = ""


class NetworkText:
    """Writes the network of a design as a class."""

    def __init__(self, design: Design, neurons: NeuronText) -> None:
        self.design, self.neurons = design, neurons
        self.architecture: Architecture = build_architecture(design)
        self.layers = self.architecture.layers
        self.names = identifiers(self.architecture)
        self.folded = any(layer.normed and not layer.by_step for layer in self.layers)
        self.late = {source.layer for layer in self.layers for source in layer.sources if source.delay}
        self.channels: dict[str, tuple[int, ...]] = {}
        self.dropped = next((layer for layer in self.layers if layer.dropout), None)
        self.branches = set(branch_layers(design))
        self.constant = self._constant()

    def _constant(self) -> set[int]:
        """Layers whose input is the same at all time steps, where the encoded image is."""
        data = self.design.data
        if self.folded or data.encoding.kind != "direct" or dataset_card(data.name).counts is not None:
            return set()
        found, same = set(), {INPUT}
        for index, layer in enumerate(self.layers):
            if layer.kind != "neurons" and all(s.layer in same and not s.delay for s in layer.sources):
                found.add(index)
                if layer.plain or layer.kind == "merge":
                    same.add(index)
        return found - {len(self.layers) - 1}

    def text(self) -> str:
        """Returns the class, the constants that it needs, and the functions before it."""
        body = self._init() + "\n" + self._forward()
        constants = "".join(_listing(name, some) for name, some in self.channels.items())
        if constants:
            constants = "\n# Channels that a concatenated skip carries, drawn from the seed.\n" + constants
        before = FOLDED.format(states=", ".join(self.neurons.states), arguments="neurons, current")
        if self.neurons.states and self.folded:
            constants += "\n" + before
        elif self.folded:
            constants += "\n" + before[: before.index("\n\ndef fire")]
        about = '    """The network: images over time in, one number for each class out."""\n'
        return f"{constants}\n\nclass Network(nn.Module):\n{about}\n{body}"

    def _init(self) -> str:
        lines = ["def __init__(self):", "    super().__init__()"]
        for layer in self.layers:
            name = self.names[layer.name]
            if layer.kind == "conv":
                more = f", stride={layer.stride}" if layer.stride > 1 else ""
                more += f", padding={layer.kernel // 2}" if layer.kernel > 1 else ""
                more += f", groups={layer.groups}" if layer.groups > 1 else ""
                more += ", bias=False" if layer.normed else ""
                lines.append(
                    f"    self.{name} = nn.Conv2d({layer.in_shape[0]}, {layer.out_shape[0]}, {layer.kernel}{more})"
                )
            elif layer.kind == "linear":
                more = ", bias=False" if layer.normed or not layer.biased else ""
                lines.append(f"    self.{name} = nn.Linear({math.prod(layer.in_shape)}, {layer.out_shape[0]}{more})")
            if layer.normed:
                kind = "BatchNorm1d" if layer.kind == "linear" else "BatchNorm2d"
                lines.append(f"    self.{name}_norm = nn.{kind}({layer.out_shape[0]})")
            if not layer.plain:
                lines.append(f"    self.{name}_lif = {self.neurons.constructor_call(layer)}")
        return _indented(lines, 1)

    def _forward(self) -> str:
        mask = ", mask=None" if self.dropped else ""
        mask += ", branch_inputs=None" if self.branches else ""
        lines = [f"def forward(self, x{mask}):"]
        lines.append(
            '    """The logits (B, classes) for encoded images, (T, B, C, H, W) or, if constant, (1, B, C, H, W)."""'
        )
        lines += [f"    {line}" for line in (self._in_layers() if self.folded else self._in_steps())]
        return _indented(lines, 1)

    def _in_layers(self) -> list[str]:
        lines: list[str] = []
        for layer in self.layers[:-1]:
            for line in (*self._before(layer), self._output_line(layer)):
                _add(lines, line)
        if self.branches:
            lines.append("if branch_inputs is not None:  # for the shortcut branches: means over time and positions")
            for index in sorted(self.branches):
                layer = self.layers[index]
                axes = "0" if layer.kind == "linear" else "(0, 3, 4)"
                lines.append(f'    branch_inputs["{self.names[layer.name]}"] = {self.names[layer.name]}.mean({axes})')
        readout, name = self.layers[-1], self.names["readout"]
        current = self._current(readout)
        for line in self._before(readout):
            _add(lines, line)
        if readout.spiking:
            _add(lines, Line(f"{name} = fire(self.{name}_lif, {current})"))
            lines.append(f"return {self._answer(f'{name}.sum(0)')}")
        else:
            _add(lines, Line(f"{name} = {current}"))
            lines.append(f"return {self._answer(f'{name}.mean(0)', averaged=True)}")
        return lines

    def _output_line(self, layer: Layer) -> Line:
        name, current = self.names[layer.name], self._current(layer)
        comment = "" if self._before(layer) else self._comment(layer)
        if layer.plain or layer.kind == "merge":
            return Line(f"{name} = {current}", comment)
        if not self.neurons.states:
            return Line(f"{name} = self.{name}_lif({current})", comment)
        return Line(f"{name} = fire(self.{name}_lif, {current})", comment)

    def _in_steps(self) -> list[str]:
        lines: list[str] = []
        for layer in self.layers:
            if not layer.plain and layer.kind != "merge" and self.neurons.states:
                states = ", ".join(self._states(layer))
                lines.append(f"{states} = self.{self.names[layer.name]}_lif.reset_mem()")
        for index in sorted(self.late):
            name, shape = self.names[self.layers[index].name], self.layers[index].out_shape
            sizes = ", ".join(map(str, shape[:1] if self.layers[index].kind == "linear" else shape))
            lines.append(f"{name}_before = x.new_zeros(x.shape[1], {sizes})  # its output of a time step ago")
        if self.constant:
            lines.append("image = x[0]  # the same at all time steps, and so is what reaches the first neurons")
            for index in sorted(self.constant):
                layer = self.layers[index]
                ending = "" if layer.plain or layer.kind == "merge" else "_current"
                target, before = f"{self.names[layer.name]}{ending}", self._before(layer)
                line = Line(f"{target} = {self._current(layer)}", "" if before else self._comment(layer))
                for each in (*before, line):
                    _add(lines, each)
        lines += ["total = 0", "for t in range(STEPS):"]
        inner: list[str] = []
        if not self.constant:
            inner.append("image = x[t if len(x) > 1 else 0]")
        for index, layer in enumerate(self.layers):
            for line in self._step(index, layer):
                _add(inner, line)
        if self.branches:
            inner.append("if branch_inputs is not None:  # for the shortcut branches: means over time and positions")
            for index in sorted(self.branches):
                name, layer = self.names[self.layers[index].name], self.layers[index]
                mean = name if layer.kind == "linear" else f"{name}.mean((2, 3))"
                inner.append(f'    branch_inputs["{name}"] = branch_inputs.get("{name}", 0) + {mean} / STEPS')
        inner += [
            f"{self.names[self.layers[k].name]}_before = {self.names[self.layers[k].name]}" for k in sorted(self.late)
        ]
        lines += [f"    {line}" for line in inner]
        lines.append(f"return {self._answer('total')}")
        return lines

    def _step(self, index: int, layer: Layer) -> list[Line]:
        name, last = self.names[layer.name], index == len(self.layers) - 1
        fires = not layer.plain and layer.kind != "merge"
        if index in self.constant and not fires:
            return []
        current = f"{name}_current" if index in self.constant else self._current(layer)
        before = [] if index in self.constant else self._before(layer)
        comment = "" if index in self.constant or before else self._comment(layer)
        if not fires:
            return [*before, Line(f"total = total + {current}" if last else f"{name} = {current}", comment)]
        if not self.neurons.states:
            return [*before, Line(f"{name} = self.{name}_lif({current})", comment)]
        states = ", ".join(self._states(layer))
        lines = [*before, Line(f"{name}, {states} = self.{name}_lif({current}, {states})", comment)]
        return [*lines, Line(f"total = total + {name}")] if last else lines

    def _states(self, layer: Layer) -> list[str]:
        return [f"{self.names[layer.name]}_{state}" for state in self.neurons.states]

    def _answer(self, total: str, *, averaged: bool = False) -> str:
        found = total if self.design.training.loss.kind == "count" or averaged else f"{total} / STEPS"
        voters = self.layers[-1].voters
        if voters == 1:
            return found
        return f"({found}).unflatten(1, (-1, {voters})).mean(2)  # the mean over each class's {voters} outputs"

    def _before(self, layer: Layer) -> list[Line]:
        """The line that joins a layer's sources, where there is much to join, with a comment on its skips."""
        joined, comment = self._joined(layer), self._comment(layer)
        short = len(joined) <= JOINED and "each_step" not in joined and not layer.dropout
        if short or layer.kind == "merge":
            return []
        target = f"{self.names[layer.name]}_in"
        if not layer.dropout:
            return [Line(f"{target} = {joined}", comment)]
        flat = f"{_operand(joined)}.flatten({2 if self.folded else 1})"
        dropped = Line(f"{target} = {target} if mask is None else {target} * mask")
        return [Line(f"{target} = {flat}", comment), dropped]

    def _current(self, layer: Layer) -> str:
        """The expression of a layer's current: its joined sources, weighted and normalised."""
        joined, name = self._joined(layer), self.names[layer.name]
        if self._before(layer):
            joined = f"{name}_in"
        if layer.kind == "linear":
            wide = any(math.prod(self._shape(source)[1:]) > 1 for source in layer.sources)
            wide = wide or any(s.layer == INPUT or self.layers[s.layer].kind != "linear" for s in layer.sources)
            if wide and not layer.dropout:
                joined = f"{_operand(joined)}.flatten({2 if self.folded else 1})"
        parts = [f"self.{name}"] if layer.weighted else []
        parts += [f"self.{name}_norm"] if layer.normed else []
        for part in parts:
            joined = f"each_step({part}, {joined})" if self.folded else f"{part}({joined})"
        return joined

    def _shape(self, source: Source) -> tuple[int, int, int]:
        return self.architecture.input_shape if source.layer == INPUT else self.layers[source.layer].out_shape

    def _joined(self, layer: Layer) -> str:
        summed = [self._read(layer, source) for source in layer.sources if source.merge != "concat"]
        beside = [self._read(layer, source) for source in layer.sources if source.merge == "concat"]
        parts = [" + ".join(summed), *beside] if summed else beside
        return parts[0] if len(parts) == 1 else f"torch.cat([{', '.join(parts)}], {2 if self.folded else 1})"

    def _read(self, layer: Layer, source: Source) -> str:
        """The expression of what a source says."""
        image = "x" if self.folded else "image"
        x = image if source.layer == INPUT else self.names[self.layers[source.layer].name]
        x += "_before" if source.delay else ""
        before = ":, " if self.folded else ""
        if source.stride > 1:
            x = f"{x}[{before}:, :, ::{source.stride}, ::{source.stride}]"
        if source.enlarge > 1:
            first = 3 if self.folded else 2
            x = f"{x}.repeat_interleave({source.enlarge}, {first}).repeat_interleave({source.enlarge}, {first + 1})"
        if source.pool > 1:
            x = self._pooled(x, "MaxPool2d" if source.pooling == "max" else "AvgPool2d", f"{source.pool}")
        if source.smooth > 1:
            x = self._pooled(x, "AvgPool2d", f"{source.smooth}, 1, {source.smooth // 2}")
        count = self.architecture.channels(source.layer)
        if source.channels is not None and source.channels != tuple(range(count)):
            of = "input" if source.layer == INPUT else self.names[self.layers[source.layer].name]
            constant = f"{self.names[layer.name]}_from_{of}".upper()
            self.channels[constant] = source.channels
            x = f"{x}[{before}:, {constant}]"
        return x

    def _pooled(self, x: str, kind: str, how: str) -> str:
        if self.folded:
            return f"each_step(nn.{kind}({how}), {x})"
        return f"F.{'max' if kind == 'MaxPool2d' else 'avg'}_pool2d({x}, {how})"

    def _comment(self, layer: Layer) -> str:
        """What a layer with skips reads, in words."""
        words_of_merges = []
        for merge, words in (("add", "adds"), ("concat", "puts beside it")):
            found = [s for s in layer.sources if s.merge == merge]
            if found:
                of = ["the input" if s.layer == INPUT else self.layers[s.layer].name for s in found]
                late = ["" if not s.delay else " (a step late)" for s in found]
                words_of_merges.append(f"{words} {join_with_and([a + b for a, b in zip(of, late, strict=True)])}")
        return f"{layer.name} {join_with_and(words_of_merges)}" if words_of_merges else ""


def _operand(text: str) -> str:
    """An expression of which a method is called."""
    return f"({text})" if " + " in text and not text.startswith(("torch.cat", "F.", "each_step")) else text


def _add(lines: list[str], line: Line) -> None:
    lines.extend(f"# {each}" for each in wrap(line.comment, WIDTH))
    lines.extend(_broken(line.text))


def _broken(text: str) -> list[str]:
    """A long assignment, over several lines."""
    target, _, value = text.partition(" = ")
    if len(text) <= WIDTH or not value:
        return [text]
    if value.startswith("fire(") and "each_step" in value:
        neurons, _, current = value.removeprefix("fire(").removesuffix(")").partition(", ")
        return [f"current = {current}", f"{target} = fire({neurons}, current)"]
    if value.startswith("torch.cat([") and "]," in value:
        inner, _, end = value.removeprefix("torch.cat([").rpartition("], ")
        return [f"{target} = torch.cat([", *(f"    {part}," for part in _parts(inner, ", ")), f"], {end}"]
    parts = _parts(value, " + ")
    if len(parts) > 1:
        return [f"{target} = (", f"    {parts[0]}", *(f"    + {part}" for part in parts[1:]), ")"]
    return [text]


def _parts(text: str, between: str) -> list[str]:
    """Splits an expression at `between`, outside of brackets."""
    found, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        depth += (letter in "([") - (letter in ")]")
        if depth == 0 and text.startswith(between, place):
            found.append(text[start:place])
            start = place + len(between)
    return [*found, text[start:]]


def _indented(lines: list[str], depth: int) -> str:
    return "".join(f"{'    ' * depth}{line}\n" if line else "\n" for line in lines)


def _listing(name: str, numbers: tuple[int, ...]) -> str:
    """A list of numbers, over several lines where it is long."""
    text = f"{name} = {list(numbers)}"
    if len(text) <= WIDTH:
        return text + "\n"
    rows = [numbers[k : k + 20] for k in range(0, len(numbers), 20)]
    inner = "".join(f"    {', '.join(map(str, row))},\n" for row in rows)
    return f"{name} = [\n{inner}]\n"
