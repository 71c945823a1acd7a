"""The command that searches for skips and prints what it found."""

from __future__ import annotations

import math
import statistics
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from snnviz import adjacency, links
from snnviz.catalog.optimisations import OPTIMISATIONS, Optimisation, searches
from snnviz.catalog.searches import Search, candidate, matrices, read_code, skips_of, space
from snnviz.cli.following import train, trouble
from snnviz.cli.printing import AS_JSON, print_json, table
from snnviz.errors import InputError
from snnviz.events import Trial, Twin
from snnviz.store import Run, Store

STARTS: dict[str, Optimisation] = {setting.network: setting for setting in OPTIMISATIONS.values()}


@click.command()
@click.option("--arch", help="block, resnet18, densenet121 or mobilenetv2.  [block]")
@click.option("--strategy", default="ucb", help="ucb, with shared weights, or random, from scratch.  [ucb]")
@click.option("--iterations", help="How often candidates are chosen.  [10]")
@click.option("--parallel", help="Candidates chosen at a time.  [2]")
@click.option("--seeds", help="Searches, each with a seed of its own.  [2 for a block, else 1]")
@click.option("--data", help="Data set.  [digits]")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="FIELD=VALUE",
    help="Another field of the setting, such as objective=accuracy, epochs=10, shared_epochs=20, weights=carried, "
    "optimizer=sgd:momentum=0.95, learning_rate, schedule, batch_size, flip or shift.",
)
@AS_JSON
def search(arch: str | None, strategy: str, settings: Sequence[str], as_json: bool, **options: str | None) -> None:
    """Search for the skips that suit a network best, by Gaussian-process optimisation or at random.

    Works in the background and waits for it. Candidates that are trained are kept: the same command goes on from there.
    """
    setting = read_setting(arch, strategy, options, settings)
    chosen = [one for one in searches(setting) if one.strategy == strategy]
    store = Store()
    runs = train(store, chosen, quiet=as_json or not sys.stderr.isatty())
    found = [runs[one.digest] for one in chosen]
    if as_json:
        reports = [report(store, run) for run in found]
        print_json({"setting": setting.model_dump(mode="json"), "strategy": strategy, "searches": reports})
    else:
        print_searches(store, found)
    if problem := trouble(runs):
        click.echo(problem, err=True)
        sys.exit(1)


def read_setting(
    arch: str | None, strategy: str, options: Mapping[str, str | None], settings: Sequence[str]
) -> Optimisation:
    """The setting of what was typed. Raises `InputError`."""
    if strategy not in ("ucb", "random"):
        raise InputError("strategy", "be one of ucb, random", strategy)
    given = {name: value for name, value in options.items() if value is not None}
    if "seeds" in given:
        given["repeats"] = given.pop("seeds")
    more = links.read_settings(settings)
    for name in more.keys() & given.keys():
        raise InputError(name, "be given once", more[name])
    start = STARTS.get(arch or more.get("network", "block"), Optimisation()).model_dump(mode="json")
    if arch is not None:
        start["network"] = arch
    start["random"] = "with" if strategy == "random" else "without"
    return Optimisation.check(start | {name: links.read_value(name, value) for name, value in (given | more).items()})


def report(store: Store, run: Run) -> dict[str, Any]:
    """What a search found, its candidates in the order in which they were chosen."""
    search = searched(run)
    trials = sorted((row for _, row in store.rows(run.run, Trial)), key=lambda trial: trial.number)
    twins = [row for _, row in store.rows(run.run, Twin)]
    shown = [_candidate(search, trial) for trial in trials]
    best = min(trials, key=lambda trial: trial.value, default=None)
    told: dict[str, Any] = {
        "search": run.run,
        "seed": search.seed,
        "state": run.state,
        "seconds": round(run.seconds, 1),
        "candidates": space(search).count,
        "ann_accuracy": twins[0].accuracy if twins else None,
        "trials": shown,
        "best": None if best is None else _candidate(search, best),
        "winner": False,
    }
    if best is not None and len(trials) > 1:
        second = sorted(trials, key=lambda trial: trial.value)[1]
        told["winner"] = second.value - best.value > 2 * math.hypot(best.error, second.error)
    return told


def searched(run: Run) -> Search:
    """The search that a run is."""
    assert isinstance(run.task, Search)
    return run.task


def _candidate(search: Search, trial: Trial) -> dict[str, Any]:
    design, older = candidate(search, read_code(trial.code)), trial.eff_macs is None
    return {
        "number": trial.number,
        "iteration": trial.iteration,
        "value": trial.value,
        "error": trial.error,
        "accuracy": trial.accuracy,
        "loss": trial.loss,
        "rate": trial.rate,
        "macs": None if older else trial.macs,
        "additions": None if older else trial.additions,
        "eff_macs": trial.macs if older else trial.eff_macs,
        "eff_acs": trial.additions if older else trial.eff_acs,
        "padding_counted": older,
        "skips": skips_of(design),
        "epochs": trial.epochs,
        "seconds": round(trial.seconds, 2),
        "edges": [adjacency.compact(edges) for edges in matrices(design)],
    }


def print_searches(store: Store, runs: Sequence[Run]) -> None:
    """A table of searches of one kind, and the matrices of the best candidates."""
    search, reports = searched(runs[0]), [report(store, run) for run in runs]
    rows, best = [], [told["best"] for told in reports if told["best"]]
    for told in reports:
        if (found := told["best"]) is None:
            continue
        rows.append(
            {
                "seed": str(told["seed"]),
                "trained": str(len(told["trials"])),
                "epochs": f"{told['trials'][-1]['epochs']:g}",
                search.objective: f"{found['value']:.4g} ± {found['error']:.2g}",
                "accuracy": f"{found['accuracy']:.1%}",
                "ANN": f"{told['ann_accuracy']:.1%}",
                "rate": f"{found['rate']:.1%}",
                "skips": str(found["skips"]),
                "found at": str(found["number"] + 1),
                "search": told["search"],
            }
        )
    if not rows:
        return
    click.echo(f"{reports[0]['candidates']:,} candidates; judged by {search.validation} images kept apart")
    click.echo(table(rows))
    if len(best) > 1:
        accuracies = [found["accuracy"] for found in best]
        click.echo(f"best accuracy {statistics.mean(accuracies):.1%} ± {statistics.stdev(accuracies):.1%}")
    for told in reports:
        if told["best"]:
            sure = "" if told["winner"] else "  (its lead is within 2 standard errors: no winner)"
            click.echo(f"seed {told['seed']}: {' ; '.join(told['best']['edges'])}{sure}")
