"""Rules for designs with ReLUs or time-to-first-spike coding, and the nearest design that keeps them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from snnviz.catalog.inits import is_valid_for
from snnviz.catalog.neurons import model
from snnviz.design import links, naming
from snnviz.design.design import Design
from snnviz.design.menus import DATASETS, EVENTS, INITS, SPIKING_READOUT
from snnviz.design.parts import AnyNeuron, Neuron, Shortcut, Ttfs
from snnviz.errors import InputError
from snnviz.graph.twins import ann_twin

CODE_PATH = "network.code"
"""Path of the neural code, which the nearest design never changes."""

KAIMING, BALANCED = "kaiming", "variance-preserving"
"""Usual initialisations: of ReLUs, and of neurons that spike above a threshold."""

ONE_SPIKE, RELU = "network.code is ttfs", "neuron.kind is relu"


@dataclass(frozen=True, slots=True)
class NearestDesign:
    """A valid design nearest to an invalid requested one, and how they differ: `changes` by path, as text that
    ``--set`` takes.

    Applying `changes` to the request gives `design`. `before`: the requested values at the same paths, where they
    exist.
    """

    design: Design
    changes: dict[str, str]
    before: dict[str, str]

    def __str__(self) -> str:
        return ", ".join(f"{path}={text}" for path, text in self.changes.items())

    @classmethod
    def between(cls, asked: dict[str, Any], design: Design) -> NearestDesign:
        """Returns the nearest design `design` with its differences from the requested document `asked`."""
        changes = _changes(asked, design)
        before = {
            path: links.format_value(value) for path, value in links.flatten_document(asked).items() if path in changes
        }
        return cls(design, changes, before)

    @property
    def summary(self) -> str:
        """The changes as one line of text, each with its value before."""
        pairs = ((f"{path}={text}", self.before.get(path)) for path, text in self.changes.items())
        return ", ".join(text if was is None else f"{text} (was {was})" for text, was in pairs)


class IncompatibleDesign(InputError):
    """`InputError` for a design that breaks a rule; `nearest` is the nearest allowed design.

    `why`: the sentence without the proposal.
    """

    def __init__(self, field: str, rule: str, value: object, nearest: NearestDesign) -> None:
        self.nearest = nearest
        super().__init__(field, rule, value)
        self.why, self.args = str(self), (f"{self}; the nearest has {nearest}",)


Violation = tuple[str, str, object]
"""The path of a field, the rule that it breaks, and its value."""


def check_design(design: Design) -> None:
    """Raises `IncompatibleDesign` if a design breaks a rule for its neurons or for time-to-first-spike coding."""
    for path, rule, value in violations(design):
        raise IncompatibleDesign(path, rule, value, nearest_design(design))


def violations(design: Design) -> Iterator[Violation]:
    """Yields the rules that a design breaks: path, rule and value of each.

    A TTFS network must be a plain sequence of ReLU layers; fields that its neurons or its code do not use must be
    unset.
    """
    network, training = design.network, design.training
    if network.code != "ttfs":
        for name, form in naming.field_schemas(Ttfs).items():
            value = getattr(design.ttfs, name)
            if value != form.absent and value != form.usual:  # a default that moved leaves old runs what they are
                yield f"ttfs.{name}", "be left as it is where network.code is rate", value
    else:
        yield from ttfs_violations(design)
        if design.neuron.kind != "relu":
            yield "neuron.kind", f"be relu where {ONE_SPIKE}", design.neuron.kind
        if network.norm != "none":
            yield "network.norm", f"be none where {ONE_SPIKE}", network.norm
        if training.shortcut.schedule.kind != "zero":
            yield "training.shortcut.schedule", f"be zero where {ONE_SPIKE}", training.shortcut.schedule.kind
        if training.precision != "float32":
            yield "training.precision", f"be left as it is where {ONE_SPIKE}", training.precision
    yield from _of_neurons(design)


def _of_neurons(design: Design) -> Iterator[Violation]:
    """What the neurons of a design ask for: those that know no time, do not spike, or are not LIF."""
    network, training, entry = design.network, design.training, model(design.neuron)
    where = f"neuron.kind is {design.neuron.kind}"
    if not entry.states:
        if isinstance(design.neuron, Neuron) and design.neuron.learn != "none":
            yield "neuron.learn", f"be none where {where}", design.neuron.learn
        if design.data.steps != 1:
            yield "data.steps", f"be 1 where {where}", design.data.steps
        if design.data.encoding.kind != "direct":
            yield "data.encoding", f"be direct where {where}", design.data.encoding.kind
    if not entry.spiking and training.loss.kind in SPIKING_READOUT:
        yield "training.loss", f"not count spikes where {where}", training.loss.kind
    if not entry.states:
        for name, text in network.backward_connections.items():
            yield f"network.{name}", f"have no backward connections where {where}", text
    if not is_valid_for(design.init.kind, design.neuron):
        fitting = ", ".join(each.kind for each in INITS if is_valid_for(each.kind, design.neuron))
        yield "init.kind", f"be one of {fitting} where {where}", design.init.kind


def ttfs_violations(design: Design) -> Iterator[Violation]:
    """Yields the rules for having a TTFS (time-to-first-spike) twin that a design breaks: it must be a plain sequence
    of layers, without skips, on images.
    """
    network, name = design.network, design.data.name
    if EVENTS in DATASETS[name].traits:
        yield "data.name", "be images for TTFS, not recordings of events", name
    for field, text in network.skips.items():
        yield f"network.{field}", "have no skips for TTFS", text
    if not network.has_row:
        yield "network.kind", "be mlp, cnn, vgg or a block without skips for TTFS", network.kind


def nearest_design(asked: Design, *, code: str | None = None, row: bool = False) -> NearestDesign:
    """Returns the valid design that is nearest to `asked`, and everything that it changes.

    `asked` may break rules. `code`: the neural code to use instead of its own. `row`: make it a plain sequence of
    layers, also for the rate code. Networks that have to become ReLUs become the `ann_twin`. Raises `InputError` for
    other errors.
    """
    document = asked.document()
    document["network"] |= {"code": code or asked.network.code}
    timed, static = document["network"]["code"] == "ttfs", not model(asked.neuron).states
    free = _copy(document)
    free["network"] |= {"code": "rate", **({"norm": "none"} if timed else {})}
    if isinstance(asked.neuron, Neuron):
        free["neuron"] |= {"kind": "lif"}
    elif timed or static:
        free["neuron"] = naming.absent_document(Neuron)
    elif not is_valid_for(asked.init.kind, asked.neuron):
        free["init"] = {"kind": BALANCED if is_valid_for(BALANCED, asked.neuron) else KAIMING}
    free |= {"ttfs": naming.absent_document(Ttfs)}
    if timed:
        free["training"] |= {"shortcut": naming.absent_document(Shortcut), "precision": "float32"}
    if timed or row:
        free = _in_a_row(Design.check(free))
    if timed or static:
        free = _without_time(Design.check(free), asked.neuron if static else None)
    if timed:
        free["network"] |= {"code": "ttfs"}
        free |= {"ttfs": document["ttfs"]}
    return NearestDesign.between(document, Design.check(free))


def _copy(document: dict[str, Any]) -> dict[str, Any]:
    return {name: dict(part) if isinstance(part, dict) else part for name, part in document.items()}


def _in_a_row(design: Design) -> dict[str, Any]:
    """The document of a network of as many channels without skips, that sees images."""
    document, network = design.document(), design.network
    if EVENTS in DATASETS[design.data.name].traits:
        document["data"] |= {"name": "mnist", "events": {}}
        document["data"]["augment"] |= {"drop": 0}
    document["network"] = network.as_sequence().model_dump(mode="json")
    if document["network"]["kind"] != network.kind:
        document["training"]["shortcut"] |= {"layers": []}
    return document


def _without_time(design: Design, neuron: AnyNeuron | None) -> dict[str, Any]:
    """The document of the same network of ReLUs, or of the neurons that were asked for, with what belongs to them."""
    document, network = design.document(), design.network
    document["network"] |= network.without_backward()
    if neuron is None:
        return ann_twin(Design.check(document)).document()
    document["data"] |= {"steps": 1, "encoding": {"kind": "direct"}}
    if design.training.loss.kind in SPIKING_READOUT:
        document["training"] |= {"loss": {"kind": "rate"}}
    document["neuron"] = neuron.model_dump(mode="json") | ({"learn": "none"} if isinstance(neuron, Neuron) else {})
    if not is_valid_for(design.init.kind, neuron):
        document["init"] = {"kind": KAIMING}
    return document


def _changes(asked: dict[str, Any], found: Design) -> dict[str, str]:
    """What to set: where a choice of kind differs, of its fields only those that are not as usual for the kind."""
    before, after = links.flatten_document(asked), links.flatten(found)
    was = {path: before.get(path) for path in after}
    anew = {path for path in after if after[path] != was[path] and links.resets_part(path, was[path], after[path])}
    usual = links.flatten(links.default_of_same_kinds(found))
    told = {}
    for path, value in after.items():
        begun = any(path.startswith(kind.removesuffix("kind")) and path != kind for kind in anew)
        if path != CODE_PATH and value != (usual.get(path) if begun else before.get(path)):
            told[path] = links.format_value(value)
    return told
