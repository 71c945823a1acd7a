"""snnviz: design, train and understand spiking neural networks.

    import snnviz

    design = snnviz.load_design("digits", **{"neuron.threshold": 0.8})
    run = snnviz.train(design)
    run.accuracy, run.layers, run.look(7), run.network, run.figure("rate")

The functions are those of `snnviz.api` (docs/api.md), loaded when the first of them is asked for.
"""

from __future__ import annotations

from typing import Any

__version__ = "0.2.0"

__all__ = [
    "Comparison",
    "Look",
    "Pending",
    "Run",
    "__version__",
    "compare",
    "experiment",
    "load_design",
    "load_run",
    "runs",
    "submit",
    "train",
]


def __getattr__(name: str) -> Any:
    """Returns a function or class of `snnviz.api`."""
    if name not in __all__:
        raise AttributeError(f"module 'snnviz' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module("snnviz.api"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
