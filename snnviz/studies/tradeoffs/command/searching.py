"""The command `front`, which searches along the axes of an experiment for a Pareto front and prints it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from snnviz.cli.designing import query_of, read_design
from snnviz.cli.following import exit_with_status, train
from snnviz.cli.printing import AS_JSON, SETTING, print_json, table
from snnviz.design import links
from snnviz.design.design import Design
from snnviz.design.experiment import from_query
from snnviz.store import Run, Store
from snnviz.studies.tradeoffs.experiments import DEFAULT
from snnviz.studies.tradeoffs.search import (
    Candidate,
    FrontSearch,
    FrontSetting,
    FrontTrial,
    format_code,
    front_searches,
)
from snnviz.studies.tradeoffs.theory.fronts import FrontHistory, covered_shares, value_box
from snnviz.theory.metrics import METRICS
from snnviz.views.numbers import metric_text


@click.command()
@click.argument("base", required=False)
@click.option("--vary", multiple=True, metavar="PATH=VALUES", help="An axis, such as neuron.threshold=0.5..1.5.")
@click.option("--costs", help="One or two metrics that are weighed against accuracy.  [operations]")
@click.option("--iterations", help="How often candidates are chosen.  [10]")
@click.option("--parallel", help="Candidates chosen at a time.  [2]")
@click.option("--repeats", help="Trainings of each candidate.  [1]")
@click.option("--searches", help="Searches of each kind, each with a seed of its own.  [1]")
@click.option("--without-random", is_flag=True, help="No random search beside each.")
@SETTING
@AS_JSON
def front(
    base: str | None,
    vary: Sequence[str],
    settings: Sequence[str],
    without_random: bool,
    as_json: bool,
    **options: str | None,
) -> None:
    """Search for designs that are accurate at little cost: by qLogNEHVI, and at random beside it.

    BASE and VALUES as in `experiment`; a range without a count (0.5..1.5) has nine values. Of all combinations few are
    trained. Candidates are judged by the images that the design holds out (--set data.validation=0.15), else by the
    test images, which is said. What is trained is kept: the same command goes on from there.
    """
    given = {name: links.parse_value(name, value) for name, value in options.items() if value is not None}
    setting = FrontSetting.check({**given, "random": "without" if without_random else "with"})
    asked = front_searches(*read_axes(base, vary, settings), setting)
    store = Store()
    runs = train(store, asked, quiet=as_json or not sys.stderr.isatty())
    found = [runs[one.digest] for one in asked if one.digest in runs]
    if as_json:
        print_json({"setting": setting.model_dump(mode="json"), "searches": reports(store, found)})
    elif found:
        print_searches(store, found)
    exit_with_status(runs)


def read_axes(base: str | None, vary: Sequence[str], settings: Sequence[str]) -> tuple[Design, tuple[str, ...]]:
    """Returns the base design and the axes given by the arguments of the command. Raises `InputError`.

    base: a named design, a file or a link. vary: texts ``path=values``. settings: texts ``path=value`` that change
    the base.
    """
    query = None if base is None else query_of(base)
    if (base is None and not vary) or query is not None:
        asked = DEFAULT if query is None else from_query(query)
        design, vary = asked.base, vary or asked.vary
    else:
        design = read_design(base, ())
    return links.change(design, links.parse_settings(settings)), tuple(vary)


def show(store: Store, run: Run, as_json: bool) -> None:
    """Prints the candidate designs and the Pareto front of a search as far as it has progressed, for the command
    `show`.
    """
    if as_json:
        print_json(reports(store, [run])[0])
        return
    click.echo(f"a search for a front, from {links.one_line_summary(run.design)}: {run.state}")
    print_searches(store, [run])


def history_of(store: Store, run: Run) -> FrontHistory:
    """Returns the history of a search for a Pareto front from the rows that its run has stored so far."""
    assert isinstance(run.task, FrontSearch)
    return FrontHistory.from_rows(run.task, [row for _, row in store.rows(run.run, FrontTrial)])


def reports(store: Store, runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Returns the results of searches for a Pareto front as dictionaries for JSON, with candidate designs in the order
    in which they were chosen.
    """
    histories = [history_of(store, run) for run in runs]
    box = value_box(histories)
    found = []
    for run, one in zip(runs, histories, strict=True):
        found.append(
            {
                "search": run.run,
                "strategy": one.search.strategy,
                "seed": one.search.seed,
                "state": run.state,
                "seconds": round(run.seconds, 1),
                "objectives": list(one.search.objectives),
                "chosen_by": one.search.criterion.metric,
                "candidates": [_candidate(one, each) for each in one.candidates],
                "front": [each.number for each in one.front],
                "hypervolume": covered_shares(one, box) if box else None,
            }
        )
    return found


def _candidate(history: FrontHistory, one: Candidate) -> dict[str, Any]:
    search = history.search
    told = dict(zip(("judged", *search.costs.split(",")), one.values, strict=False))
    return {
        "number": one.number,
        "iteration": one.iteration,
        "code": format_code(one.code),
        "settings": settings_of(search, one),
        "accuracy": one.accuracy,
        **told,
        "run": one.design.digest,
        "why": one.why or None,
    }


def settings_of(search: FrontSearch, one: Candidate) -> dict[str, Any]:
    """Returns a candidate design's values along the axes of its search, by path."""
    found: dict[str, Any] = {}
    for axis, level in zip(search.axes, one.code, strict=True):
        found |= axis.levels[level]
    return found


def print_searches(store: Store, runs: Sequence[Run]) -> None:
    """Prints the Pareto front of each search, and its hypervolume as a share of the objectives' range."""
    histories = [history_of(store, run) for run in runs]
    box = value_box(histories)
    for run, one in zip(runs, histories, strict=True):
        search = one.search
        share = f", {covered_shares(one, box)[-1]:.1%} covered" if box and one.candidates else ""
        lost = sum(not each.values for each in one.candidates)
        nothing = f", {lost} came to nothing" if lost else ""
        trained = f"{len(one.candidates)} of {search.trials} candidates{nothing}{share}"
        click.echo(f"{search.strategy}, seed {search.seed}: {run.state}, {trained}")
        if one.front:
            click.echo(table([_line(search, each) for each in one.front]))
    if histories:
        words = histories[0].search.criterion.words
        click.echo(f"{words[:1].upper()}{words[1:]}. Covered: of the box between the best and worst values of all.")


def _line(search: FrontSearch, one: Candidate) -> Mapping[str, str]:
    cells = {axis.name: axis.label(level) for axis, level in zip(search.axes, one.code, strict=True)}
    if search.criterion.held_out:
        cells["validation"] = metric_text(METRICS["validation_accuracy"], one.values[0])
    cells["test accuracy"] = metric_text(METRICS["accuracy"], one.accuracy)
    for name, value in zip(search.costs.split(","), one.values[1:], strict=True):
        cells[METRICS[name].label.lower()] = metric_text(METRICS[name], value)
    return cells
