"""Which named designs are shipped already trained."""

from __future__ import annotations

from snnviz.catalog.examples import get_example
from snnviz.design.design import Design
from snnviz.store import Store


def named(_: Store, name: str) -> list[Design]:
    """Returns the design called `name`, as the list of runs to train and ship."""
    return [get_example(name)]
