"""The kinds of task "run", which trains a design, and "measurement" of an earlier run."""

from __future__ import annotations

from snnviz.catalog.examples import EXAMPLES
from snnviz.design.design import Design
from snnviz.design.measurement import Measurement
from snnviz.events import Branch, EpochEnd, LayerState, Predictions, Sample, Timing
from snnviz.tasks import Cost, GalleryEntry, TaskKind
from snnviz.theory import costs


def run_cost(design: Design) -> Cost:
    """Returns the estimated cost of training a design; its steps are training steps."""
    return Cost(costs.training_steps(design), costs.training_seconds(design), costs.memory_bytes(design))


def run_sample() -> Design:
    """Returns a small design for tests, of two epochs."""
    return Design.check(
        {
            "data": {"train_samples": 60, "test_samples": 20, "steps": 2},
            "network": {"kind": "mlp", "depth": 2, "width": 20},
            "training": {"epochs": 2, "batch_size": 20},
        }
    )


def measurement_cost(task: Measurement) -> Cost:
    """Returns the estimated cost of a measurement, in one step."""
    return Cost(1, costs.measurement_seconds(task.design), costs.memory_bytes(task.design))


KINDS = (
    TaskKind(
        value=Design,
        rows=(Sample, LayerState, Branch, Timing, EpochEnd, Predictions),
        cost=run_cost,
        run="snnviz.core.execute:run",
        show="snnviz.cli.running:show_run",
        measure="snnviz.studies.training.command.measuring:measure_run",
        page="design",
        sample=run_sample,
        warm="snnviz.core.execute:warm_up",
        design=lambda design: design,
        summed=lambda design: design,
        trained=True,
    ),
    TaskKind(
        value=Measurement,
        rows=(LayerState, Timing),
        cost=measurement_cost,
        run="snnviz.studies.training.compute.measuring:run_measurement",
        show="snnviz.studies.training.command.measuring:show",
        page="design",
        sample=lambda: Measurement(design=run_sample()),
        design=lambda task: task.design,
        summed=lambda task: task.design,
    ),
)

NAMED = "snnviz.studies.training.gallery:named"
LONG = ("fashion-cnn", "fashion-saccades")
"""Named designs that take more than a minute of an idle core."""

GALLERY = tuple(GalleryEntry(name, name, "design", NAMED, (name,), slow=name in LONG) for name in EXAMPLES)
