"""The command that trains a sweep over skips and prints what the Skips page draws."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from snnviz import links
from snnviz.catalog.sweeps import Point, SkipSweep, distinct, points
from snnviz.cli.following import train, trouble
from snnviz.cli.printing import AS_JSON, print_json, table
from snnviz.errors import InputError
from snnviz.events import EpochEnd, LayerState
from snnviz.store import Run, Store
from snnviz.theory.operations import CAVEAT, ESTIMATED, MEANING, Convention, convention

MOST = 7


@click.command()
@click.option("--type", "types", help="Skips that concatenate or add: dsc, asc or both.  [both]")
@click.option("--n-skip", "n_skip", help="Skips into each layer: a range such as 1..3, or 3 for 0..3.  [0..3]")
@click.option("--seeds", help="Networks of each kind.  [4]")
@click.option("--data", help="Data set.  [digits]")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="FIELD=VALUE",
    help="Another field of the sweep: depth, channels, dsc_fraction, norm, steps, threshold, beta, gain, "
    "train_samples, epochs, downsample (of recordings), or twins=without.",
)
@click.option(
    "--count",
    default="additions",
    metavar="NAME",
    help="What a sum of m spikes is: m additions, or by neurobench a multiplication.  [additions]",
)
@AS_JSON
def sweep(as_json: bool, count: str, n_skip: str | None, settings: Sequence[str], **options: str | None) -> None:
    """Accuracy, firing rate and cost against the number of skips, beside ANN twins.

    Trains what is missing in the background, as many runs at a time as there are cores, and waits for it.
    """
    way = convention(count, "count")
    low, high = (0, None) if n_skip is None else read_range(n_skip)
    chosen = read_sweep({**options, "most_skips": None if high is None else str(high)}, settings)
    if low > (most := chosen.counts[-1]):
        raise InputError("n_skip", f"be at most {most} in a block of {chosen.depth} layers", n_skip)
    swept = [point for point in points(chosen) if point.n_skip >= low]
    if chosen.most_skips > most and not as_json:
        click.echo(f"A block of {chosen.depth} layers has room for n_skip up to {most}.", err=True)

    store = Store()
    runs = train(store, distinct(swept), quiet=as_json or not sys.stderr.isatty())
    _print_sweep(chosen, swept, runs, _rows(store, swept, runs, way), as_json)
    if problem := trouble(runs):
        click.echo(problem, err=True)
        sys.exit(1)


def read_range(text: str) -> tuple[int, int]:
    """``1..3`` as (1, 3), ``3`` as (0, 3). Raises `InputError`."""
    found = re.fullmatch(r"(?:(\d)\.\.)?(\d)", text.strip(), re.ASCII)
    low, high = (int(found[1] or 0), int(found[2])) if found else (1, 0)
    if not low <= high <= MOST:
        raise InputError("n_skip", f"be a number from 0 to {MOST} or a range of them such as 0..3", text)
    return low, high


def read_sweep(options: Mapping[str, str | None], settings: Sequence[str]) -> SkipSweep:
    """The sweep of what was typed: options by field, and FIELD=VALUE. Raises `InputError`."""
    given = {name: value for name, value in options.items() if value is not None}
    if "types" in given:
        given["types"] = given["types"].lower()
    more = links.read_settings(settings)
    for name in more.keys() & given.keys():
        raise InputError(name, "be given once", more[name])
    return SkipSweep.check({name: links.read_value(name, value) for name, value in (given | more).items()})


def _rows(store: Store, swept: Sequence[Point], runs: Mapping[str, Run], way: Convention) -> list[dict[str, Any]]:
    from snnviz.views.skips import result, skip_means  # pandas takes half a second, and the bar need not wait for it

    done = {name: run.design for name, run in runs.items() if run.state == "done"}
    ends = store.last(EpochEnd, list(done))
    results = {
        name: result(design, ends[name], [row for _, row in store.rows(name, LayerState)])
        for name, design in done.items()
    }
    return skip_means(swept, results, way)


def _print_sweep(
    chosen: SkipSweep, swept: Sequence[Point], runs: Mapping[str, Run], rows: Sequence[dict[str, Any]], as_json: bool
) -> None:
    if as_json:
        for row in rows:
            own = {p.design.digest: p for p in swept if p.n_skip == row["n_skip"] and row["type"] in (None, p.type)}
            row["runs"] = [
                {"run": name, "seed": p.design.seed, "ann": p.ann, "state": runs[name].state} for name, p in own.items()
            ]
        print_json({"sweep": chosen.model_dump(mode="json"), "points": rows})
        return
    twins = chosen.twins == "with"
    columns = {title: say for title, say in COLUMNS.items() if twins or title not in OF_TWINS}
    click.echo(table([{title: say(row) for title, say in columns.items()} for row in rows]))
    if any(row["estimated"] for row in rows):
        click.echo(f"Operations of some runs are {ESTIMATED}.")
    click.echo(MEANING[rows[0]["convention"]])
    click.echo(CAVEAT)


def _spread(row: Mapping[str, Any], name: str, unit: str = "%", scale: float = 100) -> str:
    """Mean and standard deviation, as far as there are any."""
    mean, sd = row[name], row[f"{name}_sd"]
    if mean is None:
        return "-"
    return f"{scale * mean:.1f}{'' if sd is None else f' ± {scale * sd:.1f}'} {unit}"


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
    "ANN MACs": lambda row: _number(row["ann_macs"]),
    "ANN nJ": lambda row: _number(row["ann_energy"], 1),
    "ANN nJ, dense": lambda row: _number(row["ann_dense_energy"], 1),
}
OF_TWINS = {"ANN accuracy", "drop", "ANN MACs", "ANN nJ", "ANN nJ, dense"}
