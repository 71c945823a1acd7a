"""The command `experiment`, which trains an experiment and prints a row for each group."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from snnviz.cli.designing import query_of, read_design
from snnviz.cli.following import exit_with_status, state_of, train
from snnviz.cli.printing import AS_JSON, SETTING, print_json, table
from snnviz.design import links
from snnviz.design.experiment import Experiment, from_query
from snnviz.errors import InputError
from snnviz.jobs import durations
from snnviz.store import Run, Store
from snnviz.store.metrics import Values, metrics
from snnviz.studies.tradeoffs import previewing
from snnviz.studies.tradeoffs.experiments import DEFAULT
from snnviz.theory.intervals import confidence_interval
from snnviz.theory.metrics import METRICS
from snnviz.views.numbers import NO_NUMBER, metric_text

SHOWN = ("accuracy", "rate", "operations", "energy", "seconds")
"""Metrics that have a column; all are in ``--json``."""


@click.command()
@click.argument("base", required=False)
@click.option("--vary", multiple=True, metavar="PATH=VALUES", help="An axis, such as neuron.threshold=0.5..1.5/5,")
@click.option(
    "--how", default=None, help="every combination, each axis by itself, or points that spread evenly.  [every]"
)
@click.option("--points", default=None, help="How many, where they are spread.  [16]")
@click.option("--seeds", default=None, help="Runs of each group.  [3]")
@click.option("--without-silent", is_flag=True, help="Leave out designs that are forecast to be silent in a layer.")
@click.option("--preview", is_flag=True, help="Print what it would be, and train nothing.")
@SETTING
@AS_JSON
def experiment(
    base: str | None,
    vary: Sequence[str],
    settings: Sequence[str],
    without_silent: bool,
    preview: bool,
    as_json: bool,
    **options: str | None,
) -> None:
    """Train a design with other values of any fields, and print what that changes.

    BASE is a named design, a file, or the link of an experiment ("?vary.1=..."); without it, the page's first
    experiment. VALUES: a list (0.5,1,2), a range (0.5..1.5/5, 0.001..0.1/5log, of whole numbers 1..4), * for all kinds,
    matrices (all:2, dsc:2, asc:2: with two skips; random:5); fields that move together are joined by ~. Trains what is
    missing in the background, as many runs at a time as there are cores, and waits for it.
    """
    asked = read_experiment(base, vary, settings, {**options, "silent": "without" if without_silent else None})
    store = Store()
    designs = [run.design for run in asked.runs()]
    stored = store.get_many(design.digest for design in designs)
    if not as_json or preview:
        _print_preview(asked, store, stored, as_json)
    if preview:
        return
    runs = train(store, designs, quiet=as_json or not sys.stderr.isatty())
    done = {name: run for name, run in runs.items() if run.state == "done"}
    reached = metrics(store, list(done.values()))
    values = {name: reached[run.run] for name, run in done.items()}
    groups = group_rows(asked, values)
    if as_json:
        print_json({"experiment": asked.to_query(), "runs": run_rows(asked, runs, values), "groups": groups})
    else:
        click.echo(table([_line(row) for row in groups]))
        if any(row["metrics"]["accuracy"]["low"] is not None for row in groups):
            click.echo("Mean and 95 % t interval over seeds.")
        before = {name: reached["silent_before"] for name, reached in values.items()}
        if words := previewing.check_forecast(asked, before).words:
            click.echo(words)
    exit_with_status(runs)


def read_experiment(
    base: str | None, vary: Sequence[str], settings: Sequence[str], options: Mapping[str, str | None]
) -> Experiment:
    """Returns the experiment given by the arguments of the command. Raises `InputError`.

    base: a named design, a file or a link; None for the page's first experiment. vary: texts ``path=values``, one per
    axis. settings: texts ``path=value`` that change the base. options: other fields of `Experiment`, None if not
    given.
    """
    given = {name: links.parse_value(name, value) for name, value in options.items() if value is not None}
    if base is None and not vary:
        start = DEFAULT
    elif base is not None and (query := query_of(base)) is not None:
        start = from_query(query)
    else:
        if not vary:
            raise InputError("--vary", "be given at least once, such as neuron.threshold=0.5,1", vary)
        start = Experiment(base=read_design(base, ()), vary=tuple(vary))
    document = {**start.document(), **given}
    if vary:
        document["vary"] = list(vary)
    if settings:
        document["base"] = links.change(start.base, links.parse_settings(settings)).document()
    return Experiment.check(document)


def _print_preview(asked: Experiment, store: Store, stored: Mapping[str, Run], as_json: bool) -> None:
    groups, designs = asked.groups(), [run.design for run in asked.runs()]
    known = previewing.forecasts(groups)
    seconds = durations.remaining_seconds(designs, stored, durations.fit_durations(store))
    done = sum(run.state == "done" for run in stored.values())
    if as_json:
        told = [{"count": one.count, "why": one.why} for one in asked.left_out]
        silent = sum(bool(one.silent) for one in known.values())
        counts = {"runs": len(designs), "groups": len(groups), "stored": done, "left_out": told}
        print_json({"experiment": asked.to_query(), **counts, "silent": silent, "seconds": seconds})
        return
    here = f"{done:,} in the store" if done else "none in the store"
    click.echo(f"{previewing.groups_text(asked)}; {here}")
    for sentence in previewing.left_out_texts(asked):
        click.echo(sentence)
    click.echo(previewing.costs_text(known))
    if silent_words := previewing.silent_text(known, len(groups)):
        click.echo(silent_words)
    if seconds:
        click.echo(f"About {durations.format_duration(seconds)} on this machine.")
    click.echo(f"As a link: /tradeoffs?{asked.to_query()}")


def run_rows(asked: Experiment, runs: Mapping[str, Run], values: Mapping[str, Values]) -> list[dict[str, Any]]:
    """Returns a dictionary for each run of an experiment: its values along the axes, seed, state and metrics.

    runs: existing runs by digest. values: metrics of runs by run name.
    """
    rows = []
    for run in asked.runs():
        name = run.design.digest
        told = {
            "run": name,
            "seed": run.seed,
            "state": state_of(runs, name),
            "settings": settings_of(asked, run.levels),
        }
        rows.append({**told, "metrics": values.get(name)})
    return rows


def settings_of(asked: Experiment, levels: Sequence[int]) -> dict[str, Any]:
    """Returns the values of one combination of levels along an experiment's axes, by path; the base's value for an axis
    that is not varied in it.

    levels: level index on each axis.
    """
    flat = links.flatten(asked.base)
    found: dict[str, Any] = {}
    for axis, level in zip(asked.axes, levels, strict=True):
        found |= axis.levels[level] if level >= 0 else {path: flat.get(path) for path in axis.fields}
    return found


def group_rows(asked: Experiment, values: Mapping[str, Values]) -> list[dict[str, Any]]:
    """Returns a dictionary for each group (runs that differ only in the seed): its settings, seeds and runs, and each
    metric's mean and interval over runs done.
    """
    members: dict[tuple[int, ...], list[tuple[int, str]]] = {}
    for run in asked.runs():
        members.setdefault(run.levels, []).append((run.seed, run.design.digest))
    rows = []
    for levels, several in members.items():
        found = {}
        for name in METRICS.names:
            numbers = [values[run][name] for _, run in several if run in values]
            numbers = [number for number in numbers if number is not None]
            interval = confidence_interval(numbers).document() if numbers else None  # type: ignore[arg-type]
            found[name] = interval or {"mean": None, "low": None, "high": None, "count": 0}
        forecast = previewing.forecasts({levels: asked.groups()[levels]})[levels]
        told = {"settings": settings_of(asked, levels), "seeds": [seed for seed, _ in several]}
        rows.append(
            {
                **told,
                "runs": [run for _, run in several],
                "forecast": forecast.words,
                "silent_forecast": list(forecast.silent),
                "metrics": found,
            }
        )
    return rows


def _line(row: Mapping[str, Any]) -> dict[str, str]:
    cells = {path: _short(value) for path, value in row["settings"].items()}
    done = row["metrics"]["accuracy"]["count"]
    cells["seeds"] = str(len(row["seeds"])) if done == len(row["seeds"]) else f"{done} of {len(row['seeds'])}"
    for name in SHOWN:
        found = row["metrics"][name]
        cells[METRICS[name].label.lower()] = _interval(name, found)
    cells["forecast"] = row["forecast"]
    return cells


def _short(value: Any) -> str:
    return links.format_number(value) if isinstance(value, int | float) else str(value)


def _interval(name: str, found: Mapping[str, Any]) -> str:
    mean = metric_text(METRICS[name], found["mean"]).replace(NO_NUMBER, "-")
    if found["low"] is None or found["mean"] is None:
        return mean
    return f"{mean} ± {metric_text(METRICS[name], found['high'] - found['mean'])}"
