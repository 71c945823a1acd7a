"""The kinds of task: a run, which trains a design, and a measurement of a run of before."""

from __future__ import annotations

from snnviz.catalog.measuring import Measurement
from snnviz.design import Design
from snnviz.events import Branch, EpochEnd, LayerState, Sample, Timing
from snnviz.tasks import Cost, TaskKind
from snnviz.theory import costs


def _run(design: Design) -> Cost:
    return Cost(costs.training_steps(design), costs.training_seconds(design), costs.memory_bytes(design))


def _measurement(task: Measurement) -> Cost:
    return Cost(1, costs.measurement_seconds(task.design), costs.memory_bytes(task.design))


KINDS = (
    TaskKind(
        name="run",
        value=Design,
        rows=(Sample, LayerState, Branch, Timing, EpochEnd),
        cost=_run,
        run="snnviz.core.execute:run",
        show="snnviz.cli.running:show_run",
        measure="snnviz.cli.measuring:measure_run",
        page="design",
        warm="snnviz.core.execute:warm",
        design=lambda design: design,
        trained=True,
    ),
    TaskKind(
        name="measurement",
        value=Measurement,
        rows=(LayerState, Timing),
        cost=_measurement,
        run="snnviz.jobs.measuring:measured",
        show="snnviz.cli.measuring:show",
        page="design",
        design=lambda task: task.design,
    ),
)
