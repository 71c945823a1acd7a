"""The command `cells search`: searches cells without training, and printing of such searches."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import click

from snnviz.cli.following import exit_with_status, train
from snnviz.cli.printing import AS_JSON, print_json, settings_option, table
from snnviz.design import links
from snnviz.design.cells import canonical_form, count_connections, parse, summary
from snnviz.errors import InputError
from snnviz.jobs import durations
from snnviz.store import Run, Store
from snnviz.studies.cells.scoring import Candidate, CellSearch
from snnviz.studies.cells.theory.candidates import RankedCandidate, rank_candidates
from snnviz.studies.cells.theory.sahd import METRICS

SHOWN = 20
"""Number of rows of the table, unless more cells were scored again."""


@click.command()
@click.option("--candidates", help="Cells that are drawn and scored.  [500]")
@click.option("--backward", is_flag=True, help="Cells may have backward connections.")
@click.option("--metric", help="sahd or hd: what the best are best at.  [sahd]")
@click.option("--data", help="Data set.  [digits]")
@settings_option("Another field, such as channels=32, batch=64, best=50, fine_channels=64, fine_repeats=4 or seed=1.")
@click.option("--compare", is_flag=True, help="Also score the first cells by the other normalisations of SAHD.")
@AS_JSON
def search(backward: bool, settings: Sequence[str], compare: bool, as_json: bool, **options: str | None) -> None:
    """Draw many random cells, score each without training, and score the best again, more precisely.

    The work is done in the background. Scored candidates are kept: after an interruption the same command continues.
    """
    setting = read_setting(backward, options, settings)
    store = Store()
    quiet = as_json or not sys.stderr.isatty()
    runs = train(
        store, [setting], quiet=quiet, label="scoring", progress_text=lambda runs: _progress(store, setting, runs)
    )
    run, others = runs.get(setting.digest), list(setting.other_normalisations) if compare else []
    if others and run is not None and run.state == "done":
        runs.add(train(store, others, quiet=quiet, label="scoring"))
    agreed = _compared(store, setting) if compare else {}
    if run is None:
        pass  # Ctrl-C came before it was queued
    elif as_json:
        print_json(report(store, run) | ({"normalisations": agreed} if compare else {}))
    else:
        print_search(store, run)
        for name, found in agreed.items():
            between = f"95 %: {found['low']:+.2f} to {found['high']:+.2f}"
            click.echo(f"{name}: tau {found['tau']:+.2f} ({between}), {found['count']} different cells")
    exit_with_status(runs)


def read_setting(backward: bool, options: Mapping[str, str | None], settings: Sequence[str]) -> CellSearch:
    """Returns the cell search given by command-line options. Raises `InputError`."""
    given = {name: value for name, value in options.items() if value is not None}
    if backward:
        given["connections"] = "backward"
    more = links.parse_settings(settings)
    for name in more.keys() & given.keys():
        raise InputError(name, "be given once", more[name])
    return CellSearch.check({name: links.parse_value(name, value) for name, value in (given | more).items()})


def search_of(run: Run) -> CellSearch:
    """Returns the `CellSearch` task of a run."""
    assert isinstance(run.task, CellSearch)
    return run.task


def show(store: Store, run: Run, as_json: bool) -> None:
    """Prints a cell search, as far as it has come."""
    if as_json:
        print_json(report(store, run))
        return
    click.echo(f"a search of {search_of(run).candidates:,} cells: {run.state}")
    print_search(store, run)


def report(store: Store, run: Run) -> dict[str, Any]:
    """Returns the result of a cell search as a dictionary for JSON: its candidate cells in order, and the best
    of them.
    """
    setting = search_of(run)
    rows = [row for _, row in store.rows(run.run, Candidate)]
    standings = rank_candidates(rows, setting.metric)
    return {
        "search": run.run,
        "state": run.state,
        "setting": setting.model_dump(mode="json"),
        "seconds": round(run.seconds, 2),
        "candidates": [_row(row) for row in rows if not row.fine],
        "different": len(standings),
        "invalid": sum(not one.valid for one in standings),
        "best": [_standing(rank, one) for rank, one in enumerate(_best(standings), 1)],
    }


def print_search(store: Store, run: Run) -> None:
    """Prints a table of the best cells of a cell search."""
    setting = search_of(run)
    rows = [row for _, row in store.rows(run.run, Candidate)]
    standings = rank_candidates(rows, setting.metric)
    scored = sum(not row.fine for row in rows)
    dead = [one for one in standings if not one.valid]
    parts = [
        f"{scored:,} of {setting.candidates:,} candidates, {len(standings):,} scored (the others came before), "
        f"{len({canonical_form(parse(one.coarse.cell)) for one in standings}):,} different cells",
        f"{run.seconds:.1f} s of scoring",
        f"{setting.batch} images of {setting.data}, {setting.channels} channels",
    ]
    if any(one.fine for one in standings):
        again = f"{setting.fine_batch} images, {setting.fine_channels} channels, {setting.fine_repeats} repeats"
        parts.append(f"the best again with {again}")
    click.echo("; ".join(parts))
    if dead:
        click.echo(f"{len(dead):,} cells have no score, the first of them because: {dead[0].coarse.invalid}")
    if best := _best(standings):
        click.echo(table([_line(rank, one) for rank, one in enumerate(best, 1)]))
        if setting.fine_repeats > 1 and any(one.fine for one in best):
            click.echo("±: standard deviation between repeats.")


def _compared(store: Store, setting: CellSearch) -> dict[str, dict[str, float]]:
    """Kendall's tau between the scores of each two normalisations, by their names."""
    from snnviz.studies.cells.charts.normalisations import rank_agreements

    rows = {
        each.normalisation: [row for _, row in store.rows(each.digest, Candidate)]
        for each in (setting, *setting.other_normalisations)
    }
    return {f"{one}, {other}": asdict(found) for (one, other), found in rank_agreements(rows).items()}


def _best(standings: Sequence[RankedCandidate]) -> list[RankedCandidate]:
    again = sum(one.fine is not None for one in standings)
    return [one for one in standings if one.valid][: again or SHOWN]


def _line(rank: int, one: RankedCandidate) -> dict[str, str]:
    line = {"": str(rank)}
    for metric in sorted(METRICS, key=lambda metric: metric != one.metric):
        fine, spread = (getattr(one.fine, name, None) for name in (metric, f"{metric}_sd"))
        line[metric.upper()] = "-" if fine is None else f"{fine:.2f}" + ("" if spread is None else f" ± {spread:.2f}")
        coarse = getattr(one.coarse, metric)
        line[f"{metric.upper()} at first"] = "-" if coarse is None else f"{coarse:.2f}"
    return line | {"no.": str(one.coarse.number), "cell": one.coarse.cell, "has": summary(parse(one.coarse.cell))}


def _row(row: Candidate) -> dict[str, Any]:
    return {name: value for name, value in asdict(row).items() if name != "fine"}


def _standing(rank: int, one: RankedCandidate) -> dict[str, Any]:
    cell = one.coarse.cell
    return {
        "rank": rank,
        "number": one.coarse.number,
        "cell": cell,
        "words": summary(parse(cell)),
        **count_connections(parse(cell)),
        "drawn": one.times,
        "score": one.value,
        "coarse": {metric: getattr(one.coarse, metric) for metric in METRICS},
        "fine": None if one.fine is None else _precise(one.fine),
    }


def _precise(row: Candidate) -> dict[str, Any]:
    return {name: getattr(row, name) for metric in METRICS for name in (metric, f"{metric}_sd")}


def _progress(store: Store, setting: CellSearch, runs: Mapping[str, Run]) -> str:
    run = runs[setting.digest]
    last = store.last_rows(Candidate, [run.run]).get(run.run)
    if last is None or not run.seconds:
        return run.doing or "queued"
    left = f"about {durations.format_duration(run.eta_seconds)} left" if run.eta_seconds is not None else ""
    if last.fine:
        return f"scoring the best again, {left}".rstrip(", ")
    many = f"{last.number + 1:,} of {setting.candidates:,} cells, {(last.number + 1) / run.seconds:.0f} a second"
    return f"{many}, {left}".rstrip(", ")
