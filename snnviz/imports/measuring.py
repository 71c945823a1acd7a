"""What imported weights reach on the test images of their design."""

from __future__ import annotations

from snnviz.imports.imported import Imported


def accuracy(found: Imported) -> tuple[float, int]:
    """Returns the share of the test images that the network gets right, and their number. Raises `DataMissing`."""
    from snnviz.core import data, train
    from snnviz.core.module import as_module

    _, test = data.load(found.design)
    return train.evaluate(as_module(found.design, found.weights).network, test).accuracy, len(test)
