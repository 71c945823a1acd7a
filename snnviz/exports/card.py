"""The card of a trained network: what a stranger has to know of it before using it."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from statistics import fmean, stdev
from typing import Any

from snnviz import __version__
from snnviz.data.datasets import dataset_card
from snnviz.events import EpochEnd
from snnviz.exports.form import ExportedRun
from snnviz.store.groups import group_key

PACKAGES = ("torch", "snntorch", "numpy", "safetensors")

INTENDED_USE = (
    "Research and teaching: to look into the network, to compare it, and to repeat what was measured of it. It was "
    "tested on the data set's test images alone, and for nothing that anyone's safety or rights depend on."
)


def card(source: ExportedRun) -> dict[str, Any]:
    """Returns the card of a run as JSON has it.

    accuracy: of this run, and mean, standard deviation and number of the finished runs of the store whose designs
    differ in the seed alone.
    """
    design = source.design
    data = dataset_card(design.data.name)
    return {
        "run": source.run.run,
        "title": source.run.title,
        "design": design.document(),
        "digest": design.digest,
        "data": {"name": design.data.name, "title": data.title, "licence": data.licence, "citation": data.citation},
        "accuracy": accuracies(source),
        "intended_use": INTENDED_USE,
        "versions": versions(),
    }


def accuracies(source: ExportedRun) -> dict[str, Any]:
    """Returns the test accuracy of the run, 0 to 1 or None, and that of the runs that differ in the seed alone."""
    of_group = group_key(source.design)
    same = [run.run for run in source.store.runs(10_000, ("done",)) if group_key(run.design) == of_group]
    last = source.store.last_rows(EpochEnd, [*{*same, source.run.run}])
    found = [last[name].test_accuracy for name in same if name in last]
    own = last.get(source.run.run)
    return {
        "this_run": own.test_accuracy if own else None,
        "seeds": len(found),
        "mean": fmean(found) if found else None,
        "standard_deviation": stdev(found) if len(found) > 1 else None,
    }


def versions() -> dict[str, str]:
    """Returns the versions of snnviz, Python, and the packages that compute; packages that are absent are left out."""
    found = {"snnviz": __version__, "python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
