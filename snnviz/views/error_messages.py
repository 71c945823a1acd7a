"""Error messages for visitors: the sentences of `errors` with the labels that pages use for fields and values."""

from __future__ import annotations

import re

from snnviz.errors import InputError, short_repr
from snnviz.graph.nearest import ONE_SPIKE, RELU, IncompatibleDesign
from snnviz.views.changes import label, value

ONCE = "Neurons that spike once"
REASONS = {
    ("data.name", "once"): f"{ONCE} are shown images, and {{value}} are recordings of events",
    ("network.edges", "once"): f"{ONCE} stand in layers in a row, without skips, and this block has {{value}}",
    ("network.kind", "once"): f"{ONCE} stand in layers in a row: an mlp, a cnn, a vgg or a block without skips, not "
    "{value}",
    ("neuron.kind", "once"): f"{ONCE} compute what ReLUs do: the kind of neuron is ReLU then, not {{value}}",
    ("network.norm", "once"): f"{ONCE} have no batch normalisation",
    ("training.shortcut.schedule", "once"): f"{ONCE} have no shortcut branches",
    ("training.precision", "once"): f"{ONCE} compute in double precision, whatever the precision says: it stays as "
    "it is",
    ("neuron.learn", "relu"): "ReLUs have neither leak nor threshold that could be learnt",
    ("data.steps", "relu"): "ReLUs know no time: they are shown an image for 1 time step, not {value}",
    ("data.encoding", "relu"): "ReLUs are shown the image itself: its encoding is direct, not {value}",
    ("training.loss", "relu"): "ReLUs do not spike, and this loss counts spikes",
    ("network.edges", "relu"): "ReLUs know no time: there are no backward connections",
    ("network.cell", "relu"): "ReLUs know no time: there are no backward connections",
}
"""Messages by the field that breaks a rule and what requires the rule."""

PATH = re.compile(r"\b(?:data|network|neuron|training|ttfs|init)(?:\.[a-z_]+)+\b")

KIND = re.compile(r"\b([a-z_.]+\.kind) is ([\w-]+)")
"""Matches a mention of a kind in a rule."""

OPTIONS = re.compile(r"(?<=^be one of )[\w-]+(?:, [\w-]+)*")
"""Matches the options listed in a rule."""


def error_text(error: Exception) -> str:
    """Returns the message of an error for visitors of the page, without a full stop.

    >>> from snnviz.design.design import Design
    >>> from snnviz.design.links import change
    >>> def refused(**settings):
    ...     try:
    ...         change(Design(), {name.replace("_", ".", 1): value for name, value in settings.items()})
    ...     except InputError as error:
    ...         return error_text(error)
    >>> refused(network_code="ttfs")
    'Neurons that spike once stand in layers in a row, without skips, and this block has 2 ASC'
    >>> refused(neuron_threshold=12)
    'Threshold θ must be a number from 0 to 10, not 12'
    """
    if not isinstance(error, InputError):
        return str(error)
    reason = REASONS.get((error.field, _asked_by(error.rule)))
    shown = value(error.field, error.value) if isinstance(error.value, str | int | float) else short_repr(error.value)
    if reason:
        return reason.format(value=shown)
    if isinstance(error, IncompatibleDesign) and error.field.startswith("ttfs."):
        return f"{label(error.field)} says something of neurons that spike once alone"
    rule = KIND.sub(lambda found: f"{found[1]} is {value(found[1], found[2])}", error.rule)
    if error.field.endswith(".kind"):
        rule = OPTIONS.sub(lambda found: ", ".join(value(error.field, one) for one in found[0].split(", ")), rule)
    rule = PATH.sub(lambda found: label(found.group()), rule)
    name = label(error.field) if PATH.fullmatch(error.field) or "." not in error.field else error.field
    return f"{name[:1].upper()}{name[1:]} must {rule}, not {shown[:60]}"


def _asked_by(rule: str) -> str:
    return "once" if ONE_SPIKE in rule or "TTFS" in rule else "relu" if RELU in rule else ""
