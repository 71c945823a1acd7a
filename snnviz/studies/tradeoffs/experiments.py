"""Example experiments; the page opens with the first. None uses Sobol points, which would load scipy's statistics."""

from __future__ import annotations

from snnviz.design.design import Design
from snnviz.design.experiment import Experiment
from snnviz.design.links import flatten, from_sparse
from snnviz.studies.tradeoffs.offers import suggested_values

SMALL = from_sparse(
    {
        "data.train_samples": 600,
        "data.test_samples": 400,
        "network.channels": 8,
        "training.epochs": 8,
        "training.learning_rate": 0.01,
    }
)
"""The small block on some of the digits: seconds of training."""

DEFAULT = Experiment(
    base=SMALL,
    vary=("neuron.threshold=0.5,1,2,4", "init=variance-preserving,kaiming,glorot"),
    seeds=3,
)

PRESETS: dict[str, Experiment] = {
    "threshold × initialisation": DEFAULT,
    "threshold × leak": Experiment(base=SMALL, vary=("neuron.threshold=0.5..2/4", "neuron.beta=0..0.9/4"), seeds=3),
    "one skip": Experiment(base=SMALL, vary=("network.edges=all:0,all:1",), seeds=3),
    "where it learns": Experiment(
        base=SMALL, vary=("neuron.threshold=0.5,1,2,4", "training.learning_rate=0.001..0.1/5log"), seeds=2
    ),
}


def first_experiment(base: Design) -> Experiment:
    """Returns a default experiment on a design: it varies the neurons' threshold, or the learning rate if there is
    none.
    """
    path = next(path for path in ("neuron.threshold", "training.learning_rate") if path in flatten(base))
    return Experiment(base=base, vary=(f"{path}={suggested_values(base, path)}",), seeds=3)
