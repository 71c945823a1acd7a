"""Metrics of runs by name (`theory.metrics.METRICS`): read from the stored summary of ended runs, else computed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from snnviz.design.design import Design
from snnviz.design.measurement import Measurement, measurement_digest
from snnviz.events import LayerState, Row
from snnviz.store.layer_states import merge_remeasured
from snnviz.store.store import Store
from snnviz.store.summaries import StoredMetric, Summary
from snnviz.store.values import Run
from snnviz.tasks import KINDS
from snnviz.theory.metrics import METRICS, Outcome

BATCH = 100
"""Number of runs whose rows are read at once if they have no summary."""

PROBE = "probe"
"""Name of the metric that tells apart runs of earlier releases, which may have been measured again."""

Values = dict[str, float | None]


def metrics(store: Store, runs: Sequence[Run], names: Sequence[str] | None = None) -> dict[str, Values]:
    """Returns the metrics of each run of a design, all or those in `names`, by the run's own name; two queries in all.

    For ended runs without a summary, and for runs that have not ended, they are computed from the rows; the former then
    get a summary.
    """
    names = METRICS.names if names is None else names
    found: dict[str, Values] = {}
    of_designs = [run for run in runs if _is_of_design(run)]
    kept = store.summaries([run.run for run in of_designs if run.ended], {*names, PROBE})
    unsure: list[Run] = []
    for run in of_designs:
        known = kept_values(run.finished, kept.get(run.run, {}), names)
        if known is None:
            unsure.append(run)
        else:
            found[run.run] = known
    measured = _measured(store, unsure)  # before the rows: they may come to it
    missing: list[Run] = []
    for run in unsure:
        known = _fresh(run.finished, kept.get(run.run, {}), measured.get(run.run), names)
        if known is None:
            missing.append(run)
        else:
            found[run.run] = known
    for start in range(0, len(missing), BATCH):
        several = missing[start : start + BATCH]
        ended = [run for run in several if run.ended and run.finished is not None]
        read = _read(store, several)
        store.summarise({run.run: _summary(run, read[run.run], measured.get(run.run)) for run in ended})
        found |= {run: {name: values[name] for name in names} for run, values in read.items()}
    return {run.run: found[run.run] for run in of_designs}


def summarise(store: Store, design: Design) -> None:
    """Computes and stores the summary of a design's run; called when the run has ended or was measured again."""
    metrics(store, [*store.get_many([design.digest]).values()])


def _is_of_design(run: Run) -> bool:
    kind = KINDS.kind_of(run.task)
    return kind.design is not None and kind.design(run.task) is run.task


def kept_values(finished: float | None, kept: Summary, names: Sequence[str]) -> Values | None:
    """Returns a run's metrics in `names` from its stored summary `kept`, or None if the summary is incomplete or out of
    date.

    It does not suffice if a metric is missing or was stored at another end of the run than `finished`, or if the run
    may have been measured again since. `kept` must also contain the metric `PROBE`.
    """
    return _fresh(finished, kept, None, names) if _never_measured(kept) else None


def _fresh(finished: float | None, kept: Summary, measured: float | None, names: Sequence[str]) -> Values | None:
    """What is kept, if it is all there and of this end of the run; None else."""
    values: Values = {}
    for name in names:
        one = kept.get(name)
        if one is None or one[1:] != (METRICS[name].revision, finished, measured):
            return None
        values[name] = one.value
    return values


def _never_measured(kept: Summary) -> bool:
    """Whether nobody measures it anew, as far as is known: runs of before looked at the first training images."""
    probe = kept.get(PROBE)
    return probe is not None and probe.value is not None and probe.measured is None


def _measured(store: Store, runs: Iterable[Run]) -> dict[str, float | None]:
    """When those that ended were measured anew."""
    names = {run.run: measurement_digest(run.design) for run in runs if run.ended}
    ends = store.finished_times(names.values()) if names else {}
    return {run: ends.get(name) for run, name in names.items()}


def _summary(run: Run, values: Values, measured: float | None) -> Summary:
    assert run.finished is not None
    return {name: StoredMetric(value, METRICS[name].revision, run.finished, measured) for name, value in values.items()}


def _read(store: Store, runs: Sequence[Run]) -> dict[str, Values]:
    """From their rows; of those that have not begun from their designs alone."""
    begun = [run.run for run in runs if run.attempt]
    names = {run.run: measurement_digest(run.design) for run in runs if run.attempt}
    said: dict[type[Row], dict[str, list[Any]]] = {}
    for kind in METRICS.row_types if begun else ():
        also = names.values() if kind in KINDS.kind_of(Measurement).rows else ()
        said[kind] = store.rows_of([*begun, *also], kind)
    found = {}
    for run in runs:
        rows: dict[type[Row], Sequence[Any]] = {}
        for kind, several in said.items():
            own, anew = several.get(run.run, []), several.get(names.get(run.run, ""), [])
            rows[kind] = merge_remeasured(own, anew) if kind is LayerState else anew or own
        seconds = run.seconds if run.machine is None else 0.0  # of another machine: no time is compared with it
        values = METRICS.read(Outcome(run.design, rows, seconds))
        found[run.run] = {name: values.get(name) for name in METRICS.names}
    return found
