"""What of the named designs comes with snnviz."""

from __future__ import annotations

from snnviz.catalog.examples import get_example
from snnviz.design.design import Design
from snnviz.store import Store


def named(_: Store, name: str) -> list[Design]:
    """Returns the design of this name."""
    return [get_example(name)]
