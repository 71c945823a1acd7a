"""The reference of everything that can be chosen by name, as Markdown, from the docstrings of catalogue entries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from snnviz.design.menus import (
    DATASETS,
    ENCODINGS,
    INITS,
    LOSSES,
    NEURONS,
    OPTIMIZERS,
    SCHEDULES,
    SHORTCUTS,
    SURROGATES,
)
from snnviz.design.neurons import Model
from snnviz.design.registry import Entry, Registry
from snnviz.theory.metrics import METRICS

SHELVES: dict[str, tuple[str, Registry[Any]]] = {
    "Initialisations": ("init.kind", INITS),
    "Neurons": ("neuron.kind", NEURONS),
    "Surrogate gradients": ("neuron.surrogate.kind", SURROGATES),
    "Encodings": ("data.encoding.kind", ENCODINGS),
    "Losses": ("training.loss.kind", LOSSES),
    "Optimizers": ("training.optimizer.kind", OPTIMIZERS),
    "Schedules": ("training.schedule.kind", SCHEDULES),
    "Shortcut branches": ("training.shortcut.schedule.kind", SHORTCUTS),
    "Data sets": ("data.name", DATASETS),
}
"""Registries by heading, each with the field of a design that chooses from it."""

HEAD = """# Reference

What a design can choose by name, and the numbers each choice takes. Written by `python -m snnviz reference`: do not
edit.
"""


def reference() -> str:
    """Returns the reference as Markdown text.

    >>> "### kaiming" in reference()
    True
    """
    return "\n".join([HEAD, *_lines()])


def _lines() -> Iterator[str]:
    for title, (path, registry) in SHELVES.items():
        yield f"## {title}\n"
        example = f"{path}={registry.kinds[-1]}"
        yield f"Chosen by `{path}`, as in `--set {example}` or a link's `?{example}`.\n"
        for entry in registry:
            yield from _entry(entry, path.removesuffix(".kind"))
    yield from _metrics()


def _metrics() -> Iterator[str]:
    """What a run costs and reaches; hosts' own beside ours."""
    yield "## Metrics\n"
    yield "What a run costs and reaches: on the Runs page, in tables, as `metrics` in `--json` of `runs` and `show`.\n"
    for metric in METRICS:
        unit = f", {metric.unit}" if metric.unit else ""
        better = f" {metric.better.capitalize()} is better." if metric.better else ""
        none = f" {metric.none}" if metric.none else ""
        yield f"- `{metric.name}` ({metric.label}{unit}): {metric.help}{better}{none}"
    yield ""


def _entry(entry: Entry[Any], part: str) -> Iterator[str]:
    yield f"### {entry.kind}\n"
    yield f"{entry.title}\n"
    if entry.formula:
        yield f"$${entry.formula}$$\n"
    for parameter in entry.parameters:
        limits = parameter.range
        rule = f"{limits.low:.10g} to {limits.high:.10g}, {parameter.default:.10g} by default"
        yield f"- `{part}.{parameter.name}`: {rule}. {limits.help}".rstrip()
    options = entry.options if isinstance(entry, Model) else {}
    for name, (usual, *others) in options.items():
        yield f"- `{part}.{name}`: {usual} by default, or {', '.join(others)}."
    if entry.parameters or options:
        yield ""
    if entry.notes:
        yield f"{entry.notes}\n"
    yield f"Source: {entry.source}.\n"
