"""Printing of fine-tunings under hardware limits: tables of curves, and a single fine-tuning."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import click

from snnviz.cli.printing import DEVIATION, print_json, table
from snnviz.design import links
from snnviz.store import Run, Store
from snnviz.studies.ttfs.limits import Axis, FineTuning, Tuned

TITLES: dict[Axis, str] = {
    "weight_bits": "bits of a weight",
    "time_bits": "bits of a time",
    "jitter": "jitter (tau_c)",
    "latency": "windows shorter by",
}


def show(store: Store, run: Run, as_json: bool) -> None:
    """Prints a fine-tuning under hardware limits, as far as it has come."""
    task = run.task
    assert isinstance(task, FineTuning)
    told = [tuned for _, tuned in store.rows(run.run, Tuned)]
    if as_json:
        print_json({"run": run.run, "state": run.state, "task": task.model_dump(mode="json"), "error": run.error}
                   | {"epochs": [asdict(tuned) for tuned in told]})  # fmt: skip
        return
    click.echo(f"fine-tuning of {links.one_line_summary(run.design)} through {task.limits.text}: {run.state}")
    for tuned in told:
        when = f"epoch {tuned.epoch}" if tuned.epoch else "before"
        click.echo(f"  {when:9} accuracy {tuned.accuracy:.2%}, {tuned.spikes:.3f} spikes per neuron")


def show_curves(found: Sequence[Mapping[str, Any]], exact: Sequence[float]) -> None:
    """Prints the curves of fine-tunings, a table for each limit, and the accuracy without limits."""
    click.echo(f"test accuracy without limits {mean_and_deviation(exact)}")
    for axis in dict.fromkeys(row["axis"] for row in found):
        click.echo(f"\n{table([_line(row) for row in found if row['axis'] == axis])}")
    if any(len(row["seeds"]) > 1 for row in found):
        click.echo(DEVIATION)


def _line(row: Mapping[str, Any]) -> dict[str, str]:
    """Of a table of one axis."""
    axis, seeds = row["axis"], row["seeds"]
    line = {TITLES[axis]: f"{row['value']:g}"}
    if axis == "jitter":
        line["of a window"] = mean_and_deviation([row["value"] / each["mean_window"] for each in seeds])
    return line | {
        "before": mean_and_deviation([each["before"] for each in seeds]),
        "after": mean_and_deviation([each["after"] for each in seeds]),
        "read after": mean_and_deviation([each["latency"] for each in seeds], 1, " tau_c", 1),
        "spikes per neuron": mean_and_deviation([each["spikes_after"] for each in seeds], 1, "", 3),
    }


def mean_and_deviation(values: Sequence[float], scale: float = 100, unit: str = " %", places: int = 2) -> str:
    """Returns the mean of values as text and, for several values, their standard deviation."""
    if not values:
        return "-"
    mean = f"{scale * statistics.fmean(values):.{places}f}"
    sd = f" ± {scale * statistics.stdev(values):.{places}f}" if len(values) > 1 else ""
    return f"{mean}{sd}{unit}"
