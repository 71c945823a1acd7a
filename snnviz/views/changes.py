"""Texts on the fields of a design or a study, their values, and differences between two of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from snnviz.data import datasets
from snnviz.design import adjacency, links
from snnviz.design.design import Design
from snnviz.errors import InputError
from snnviz.graph.nearest import NearestDesign
from snnviz.views.words import option, word

NONE = {
    "data.train_samples": "all",
    "data.test_samples": "all",
    "train_samples": "all",
    "training.shortcut.layers": "the usual ones",
    "network.blocks": "the original",
}
"""Texts for fields that are empty or 0."""


def value(path: str, given: object) -> str:
    """Returns the value of a design's or study's field, given by its path, as text for people.

    >>> value("network.code", "ttfs"), value("network.edges", "001/000/000"), value("data.train_samples", 0)
    ('when it spikes once', '1 DSC', 'all')
    >>> value("training.learning_rate", "0.003"), value("init.kind", "variance-preserving"), value("network.norm", None)
    ('0.003', 'variance preserving', 'none')
    """
    if given in ("", 0, "0") and path in NONE:
        return NONE[path]
    if path in ("network.edges", "edges"):
        return _skips(given)
    if given is None:
        return "none"
    if isinstance(given, float):
        return f"{given:.6g}"
    text = str(given)
    if path in ("data.name", "data") and text in datasets.dataset_names():
        return datasets.dataset_card(text).title
    return option(path, text.replace("-", " ") if path.endswith("kind") else text)


def label(path: str) -> str:
    """Returns the label of a field by its path; "init.kind" has the label of the part, "Initialisation".

    >>> label("init.kind"), label("neuron.kind"), label("training.optimizer.momentum")
    ('Initialisation', 'Kind of neuron', 'Momentum')
    """
    if path.endswith(".kind") and path not in ("network.kind", "neuron.kind"):
        path = path.removesuffix(".kind")
    return word(path).label


def describe_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Returns a text on each difference between two dictionaries of fields by path: new and old value, kinds first.

    Fields that a new kind lacks are left out.

    >>> before = {"data.steps": 5, "init.kind": "kaiming", "init.gain": 2.0}
    >>> describe_changes(before, {"data.steps": 1, "init.kind": "glorot"})
    ['Initialisation glorot instead of kaiming', 'Time steps T 1 instead of 5']
    """
    changed = [path for path in after if path not in before or before[path] != after[path]]
    found = []
    for path in sorted(changed, key=lambda path: not path.endswith(".kind")):
        now = f"{label(path)} {value(path, after[path])}"
        was = f" instead of {value(path, before[path])}" if path in before else ""
        if was != f" instead of {value(path, after[path])}":
            found.append(now + was)
    return found


def design_changes(before: Design, after: Design, left_out: Callable[[str], bool] | None = None) -> list[str]:
    """Returns a text on each difference between two designs (`describe_changes`), without the fields that are
    `left_out`.

    Fields that came with a new kind are left out where they have their defaults.
    """
    was, now = links.flatten(before), links.flatten(after)
    usual = links.flatten(links.default_of_same_kinds(after))
    new = {path.removesuffix("kind") for path in now if path.endswith(".kind") and was.get(path) != now[path]}
    as_usual = {path for path in now if path.startswith(tuple(new)) and now[path] == usual.get(path)}
    shown = {path: each for path, each in now.items() if path.endswith(".kind") or path not in as_usual}
    return describe_changes(was, {path: each for path, each in shown.items() if left_out is None or not left_out(path)})


def nearest_changes(found: NearestDesign) -> str:
    """Returns text on what the nearest allowed design changes, on one line.

    >>> from snnviz.graph.nearest import nearest_design
    >>> nearest_changes(nearest_design(Design(network={"kind": "mlp"}), code="ttfs"))[:107] + " ..."
    'Kind of neuron ReLU instead of LIF; Initialisation kaiming instead of variance preserving; Time steps T 1 ...'
    """
    return "; ".join(describe_changes(found.before, found.changes))


def _skips(given: object) -> str:
    if given in (None, "none"):
        return "none"
    try:
        return adjacency.summary(adjacency.parse(given)).replace("no skips", "none")
    except InputError:
        return str(given)
