"""Designs by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from snnviz.catalog.examples import EXAMPLES, get_example
from snnviz.design import links
from snnviz.design.design import Design


def load_design(name: str = "digits", **settings: Any) -> Design:
    """Returns a named design, the one in a JSON file, or that of a link ("?neuron.threshold=2"), with other settings.

    settings: values by path. Raises `snnviz.errors.InputError`, with the path, the rule and the value, for what breaks
    a rule, and `NotFound` for a name that is none.

        import snnviz

        small = {"training.epochs": 2, "data.train_samples": 400, "network.depth": 2, "network.width": 60}
        design = snnviz.load_design("digits-mlp", **small)
        print(design.network.kind, design.digest)
    """
    if name.startswith("?"):
        found = links.from_query(name[1:])
    elif name not in EXAMPLES and name.endswith(".json"):
        found = Design.read(Path(name).read_text(encoding="utf-8-sig"))
    else:
        found = get_example(name)
    return links.change(found, settings) if settings else found
