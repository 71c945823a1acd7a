"""What runs come to, made up or read from their rows."""

from __future__ import annotations

from collections.abc import Sequence

from snnviz.design.design import Design
from snnviz.events import EpochEnd, LayerState
from snnviz.theory.metrics import METRICS, Outcome
from snnviz.theory.operations import OperationCounts
from snnviz.views.results import Result


def made_result(
    accuracy: float, rate: float | None, before: float | None, counts: OperationCounts, probe: int | None = None
) -> Result:
    """Of a run that nobody had to make: energies by Horowitz's table, written once more."""
    values: dict[str, float | None] = dict.fromkeys(METRICS.names)
    for name in ("dense", "macs", "additions", "eff_macs", "eff_acs"):
        values[name] = float(getattr(counts, name))
    values |= {"accuracy": accuracy, "rate": rate, "rate_before": before, "probe": probe}
    values |= {"operations": counts.macs + counts.additions, "synops": counts.eff_macs + counts.eff_acs}
    values["energy"] = (4.6 * counts.macs + 0.9 * counts.additions) / 1000
    values["energy_neurobench"] = (4.6 * counts.eff_macs + 0.9 * counts.eff_acs) / 1000
    return Result(values | {"dense_energy": 4.6 * counts.dense / 1000, "estimated": float(counts.estimated)})


def changed(result: Result, **values: float | None) -> Result:
    """The same with other values of some metrics."""
    return Result({**result.metrics, **values})


def result_of(design: Design, end: EpochEnd, layers: Sequence[LayerState]) -> Result:
    """From the rows of a run."""
    return Result(METRICS.read(Outcome(design, {EpochEnd: [end], LayerState: layers})))
