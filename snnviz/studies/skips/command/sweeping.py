"""The command `sweep`: trains a sweep over skips and prints what the Skips page draws."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from snnviz.cli.following import exit_with_status, state_of, train
from snnviz.cli.printing import AS_JSON, DEVIATION, print_json, settings_option, table
from snnviz.design import links
from snnviz.design.experiment import distinct_designs
from snnviz.errors import InputError
from snnviz.store import Run, Store
from snnviz.store.metrics import metrics
from snnviz.studies.skips.sweep import SkipSweep, SweepPoint, sweep_points
from snnviz.theory.metrics import METRICS, Metric
from snnviz.theory.operations import CAVEAT, ESTIMATED, MEANING, Convention, parse_convention
from snnviz.views.numbers import NO_NUMBER, metric_text

MOST = 7


@click.command()
@click.option("--type", "types", help="Skips that concatenate or add: dsc, asc or both.  [both]")
@click.option("--n-skip", "n_skip", help="Skips into each layer: a range such as 1..3, or 3 for 0..3.  [0..3]")
@click.option("--seeds", help="Networks of each kind.  [4]")
@click.option("--data", help="Data set.  [digits]")
@settings_option(
    "Another field of the sweep: controls=with (plain blocks of equal parameters and of equal operations beside), "
    "twins=without, depth, channels, dsc_fraction, norm, steps, threshold, beta, gain, twin_gain, train_samples, "
    "epochs, downsample (of recordings), optimizer (such as sgd:momentum=0.95), learning_rate, schedule, batch_size, "
    "flip, shift or drop_events."
)
@click.option(
    "--count",
    default="additions",
    metavar="NAME",
    help="What a sum of m spikes is: m additions, or by neurobench a multiplication.  [additions]",
)
@AS_JSON
def sweep(as_json: bool, count: str, n_skip: str | None, settings: Sequence[str], **options: str | None) -> None:
    """Print accuracy, firing rate and cost for blocks with different numbers of skips, compared with equal ANNs.

    Trains what is missing in the background, as many runs at a time as there are cores, and waits for it.
    """
    way = parse_convention(count, "count")
    low, high = (0, None) if n_skip is None else read_range(n_skip)
    chosen = read_sweep({**options, "most_skips": None if high is None else str(high)}, settings)
    if low > (most := chosen.counts[-1]):
        raise InputError("n_skip", f"be at most {most} in a block of {chosen.depth} layers", n_skip)
    swept = [point for point in sweep_points(chosen) if point.n_skip >= low]
    if chosen.most_skips > most and not as_json:
        click.echo(f"A block of {chosen.depth} layers has room for n_skip up to {most}.", err=True)

    store = Store()
    runs = train(store, distinct_designs(swept), quiet=as_json or not sys.stderr.isatty())
    rows, remarks, on = _rows(store, swept, runs, way)
    _print_sweep(chosen, swept, runs, rows, remarks, on, as_json)
    exit_with_status(runs)


def read_range(text: str) -> tuple[int, int]:
    """Returns the smallest and largest number of skips in text such as ``1..3``, (1, 3), or ``3``, (0, 3). Raises
    `InputError`.
    """
    found = re.fullmatch(r"(?:(\d)\.\.)?(\d)", text.strip(), re.ASCII)
    low, high = (int(found[1] or 0), int(found[2])) if found else (1, 0)
    if not low <= high <= MOST:
        raise InputError("n_skip", f"be a number from 0 to {MOST} or a range of them such as 0..3", text)
    return low, high


def read_sweep(options: Mapping[str, str | None], settings: Sequence[str]) -> SkipSweep:
    """Returns the sweep over the number of skips given by command-line options, by field, and FIELD=VALUE settings.
    Raises `InputError`.
    """
    given = {name: value for name, value in options.items() if value is not None}
    if "types" in given:
        given["types"] = given["types"].lower()
    more = links.parse_settings(settings)
    for name in more.keys() & given.keys():
        raise InputError(name, "be given once", more[name])
    return SkipSweep.check({name: links.parse_value(name, value) for name, value in (given | more).items()})


def _rows(
    store: Store, swept: Sequence[SweepPoint], runs: Mapping[str, Run], way: Convention
) -> tuple[list[dict[str, Any]], list[str], str]:
    """A row for each n_skip and type, what can be said of them, and which images operations were counted on."""
    from snnviz.studies.skips.charts.controls import (  # pandas takes half a second, and the bar need not wait
        initial_activity_text,
        sentences,
    )
    from snnviz.studies.skips.charts.skips import probe_text, skip_means
    from snnviz.views.results import Result

    done = {name: run for name, run in runs.items() if run.state == "done"}
    reached = metrics(store, list(done.values()))
    results = {name: Result(reached[run.run]) for name, run in done.items()}
    befores = {name: one.rate_before for name, one in results.items()}
    said = (
        [initial_activity_text(swept, befores), *sentences(swept, results)]
        if any(point.control for point in swept)
        else []
    )
    return skip_means(swept, results, way), [one for one in said if one], probe_text(swept, results)


def _print_sweep(
    chosen: SkipSweep,
    swept: Sequence[SweepPoint],
    runs: Mapping[str, Run],
    rows: Sequence[dict[str, Any]],
    remarks: Sequence[str],
    on: str,
    as_json: bool,
) -> None:
    def told(row: Mapping[str, Any], control: str | None) -> list[dict[str, Any]]:
        own = [p for p in swept if p.n_skip == row["n_skip"] and row["type"] in (None, p.type) and p.control == control]
        several = {p.design.digest: p for p in own}
        return [
            {"run": name, "seed": p.design.seed, "ann": p.ann, "state": state_of(runs, name)}
            for name, p in several.items()
        ]

    if as_json:
        for row in rows:
            row["runs"] = told(row, None)
            for control in row["controls"]:
                control["runs"] = told(row, control["equal"].split(" and ")[0])
        print_json({"sweep": chosen.model_dump(mode="json"), "points": rows, "probe": on or None})
        return
    twins = chosen.twins == "with"
    columns = {title: say for title, say in sweep_columns().items() if twins or title not in OF_TWINS}
    click.echo(table([{title: say(row) for title, say in columns.items()} for row in rows]))
    if plain := [(row, control) for row in rows for control in row["controls"]]:
        shown = {title: say for title, say in CONTROL_COLUMNS.items() if twins or title not in OF_TWINS}
        click.echo("\nPlain blocks of equal size, and what skips leave over them (95 % t interval over the same seeds)")
        click.echo(table([{title: say(*pair) for title, say in shown.items()} for pair in plain]))
        click.echo()
    if any(row["seeds"] > 1 for row in rows):
        click.echo(DEVIATION)
    for said in remarks:
        click.echo(said)
    if any(row["estimated"] for row in rows):
        click.echo(f"Operations of some runs are {ESTIMATED}.")
    click.echo(MEANING[rows[0]["convention"]] + (f" Counted on {on}." if on else ""))
    click.echo(CAVEAT)


def _spread(row: Mapping[str, Any], name: str, unit: str = "%", scale: float = 100) -> str:
    """Mean and standard deviation, as far as there are any."""
    mean, sd = row[name], row[f"{name}_sd"]
    if mean is None:
        return "-"
    return f"{scale * mean:.1f}{'' if sd is None else f' ± {scale * sd:.1f}'} {unit}"


def _over(found: Mapping[str, float] | None) -> str:
    """Mean and interval, as far as there are any."""
    if found is None:
        return "-"
    sure = "" if found["low"] is None else f" ({found['low']:+.0f} to {found['high']:+.0f})"
    return f"{found['mean']:+.0f}{sure}"


def _number(value: float | None, places: int = 0) -> str:
    return "-" if value is None else f"{value:,.{places}f}"


COLUMNS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "n_skip": lambda row: str(row["n_skip"]),
    "type": lambda row: row["type"] or "-",
    "seeds": lambda row: str(row["seeds"]),
    "SNN accuracy": lambda row: _spread(row, "accuracy"),
    "ANN accuracy": lambda row: _spread(row, "ann_accuracy"),
    "drop": lambda row: _spread(row, "drop", "pp", 1),
    "firing rate": lambda row: _spread(row, "rate"),
    "dense": lambda row: _number(row["dense"]),
    "MACs": lambda row: _number(row["macs" if row["convention"] == "additions" else "eff_macs"]),
    "additions": lambda row: _number(row["additions" if row["convention"] == "additions" else "eff_acs"]),
    "nJ": lambda row: _number(row["energy"], 1),
    "nJ over ANN": lambda row: _over(row[f"energy_over_ann_{row['convention']}"]),
    "ANN MACs": lambda row: _number(row["ann_macs"]),
    "ANN nJ": lambda row: _number(row["ann_energy"], 1),
    "ANN nJ, dense": lambda row: _number(row["ann_dense_energy"], 1),
}
KNOWN = ("accuracy", "rate", "spikes", "operations", "energy", "parameters", "seconds")
"""Metrics that have columns of their own in the table, or are only in ``--json``."""


def sweep_columns() -> dict[str, Callable[[Mapping[str, Any]], str]]:
    """Returns the columns of the table that `sweep` prints: title to a function that formats a row's value; also one
    for each further listed metric.
    """

    def say(metric: Metric) -> Callable[[Mapping[str, Any]], str]:
        return lambda row: metric_text(metric, row["metrics"][metric.name]["mean"]).replace(NO_NUMBER, "-")

    return COLUMNS | {metric.label.lower(): say(metric) for metric in METRICS.listed if metric.name not in KNOWN}


OF_TWINS = {"ANN accuracy", "drop", "nJ over ANN", "ANN MACs", "ANN nJ", "ANN nJ, dense", "ANN over it", "drop over it"}


def _left(control: Mapping[str, Any], name: str) -> str:
    """Mean and interval in percentage points."""
    if (found := control["left"][name]) is None:
        return "-"
    sure = "" if found["low"] is None else f" ({found['low']:+.1f} to {found['high']:+.1f})"
    return f"{found['mean']:+.1f}{sure} pp"


def _matched(row: Mapping[str, Any], control: Mapping[str, Any]) -> str:
    """What is to be equal: of the plain block, and of the one with skips."""
    name = "parameters" if "parameters" in control["equal"] else "dense"
    return f"{_number(control[name])} for {_number(row[name])}"


CONTROL_COLUMNS: dict[str, Callable[[Mapping[str, Any], Mapping[str, Any]], str]] = {
    "n_skip": lambda row, _: str(row["n_skip"]),
    "type": lambda row, _: row["type"] or "-",
    "equal": lambda _, control: control["equal"],
    "channels": lambda _, control: str(control["channels"]),
    "of them": lambda row, control: _matched(row, control),
    "mismatch": lambda _, control: f"{control['mismatch']:+.1%}",
    "seeds": lambda _, control: str(control["seeds"]),
    "SNN accuracy": lambda _, control: _spread(control, "accuracy"),
    "ANN accuracy": lambda _, control: _spread(control, "ann_accuracy"),
    "nJ": lambda _, control: _number(control["energy"], 1),
    "skips over it": lambda _, control: _left(control, "accuracy"),
    "ANN over it": lambda _, control: _left(control, "ann_accuracy"),
    "drop over it": lambda _, control: _left(control, "drop"),
}
