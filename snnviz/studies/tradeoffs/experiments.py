"""Experiments to start from; the page opens with the first."""

from __future__ import annotations

from snnviz.design.design import Design
from snnviz.design.experiment import Experiment
from snnviz.design.links import from_sparse

SMALL = from_sparse(
    {
        "data.train_samples": 400,
        "data.test_samples": 400,
        "network.channels": 8,
        "training.epochs": 6,
        "training.learning_rate": 0.006,
    }
)
"""The small block on some of the digits: seconds of training."""

DEFAULT = Experiment(
    base=SMALL,
    vary=("neuron.threshold=0.5,1,1.5,2", "init=variance-preserving,kaiming,glorot"),
    seeds=3,
)

PRESETS: dict[str, Experiment] = {"threshold x initialisation": DEFAULT}


def asked_of(base: Design) -> Experiment:
    """The first question that is asked of a design."""
    return Experiment(base=base, vary=("neuron.threshold=0.5,1,1.5",), seeds=3)
