"""Every part of a task or of a page's setting, and every catalogue: whose fields need a line in `absent.json`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import snnviz
from snnviz.design import menus
from snnviz.design.part import Part
from snnviz.design.registry import Registry

WITHOUT = ("snnviz.core", "snnviz.jobs", "snnviz.search.", "snnviz.__main__", "snnviz.ui.main")
"""What loads torch, or runs when it is loaded, and has no part."""


def _below(part: type[Part]) -> Iterator[type[Part]]:
    for one in part.__subclasses__():
        yield one
        yield from _below(one)


for module in pkgutil.walk_packages(snnviz.__path__, "snnviz."):
    if not module.name.startswith(WITHOUT) and not module.name.endswith("__main__"):
        importlib.import_module(module.name)

PARTS = [part for part in dict.fromkeys(_below(Part)) if part.__module__.startswith("snnviz.")]

REGISTRIES: list[Registry[Any]] = [
    each for each in vars(menus).values() if isinstance(each, Registry) and each is not menus.NEURONS
]
"""A neuron's numbers are the fields of its part."""
