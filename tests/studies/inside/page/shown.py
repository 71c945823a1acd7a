"""A small design, and what the Look inside page draws of its run."""

from __future__ import annotations

from typing import Any

from snnviz.design.design import Design
from tests.pages.visit import Visit

TINY = Design.check(
    {
        "network": {"kind": "block", "edges": "002/000/000", "channels": 4},
        "neuron": {"threshold": 0.5},
        "data": {"train_samples": 200, "test_samples": 40, "steps": 4},
        "training": {"epochs": 1, "batch_size": 20, "learning_rate": 0.01},
    }
)


def charts(visit: Visit, key: str) -> dict[str, Any]:
    return {chart["id"]: chart for chart in visit.component("snnviz_charts", key)["charts"]}
