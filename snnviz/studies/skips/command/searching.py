"""The command `search`: searches for skips and prints the result."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import click

from snnviz.cli.following import exit_with_status, train
from snnviz.cli.printing import AS_JSON, print_json, settings_option, table
from snnviz.design import adjacency, links
from snnviz.design.design import Design
from snnviz.errors import InputError
from snnviz.events import EpochEnd
from snnviz.store import Run, Store
from snnviz.store.metrics import metrics
from snnviz.studies.skips.optimisation import OPTIMISATIONS, Optimisation, optimisation_searches
from snnviz.studies.skips.optimisation import retraining_designs as again_of
from snnviz.studies.skips.search import Search, Trial, Twin, candidate_design, count_skips, parse_code, search_space

STARTS: dict[str, Optimisation] = {setting.network: setting for setting in OPTIMISATIONS.values()}


@click.command()
@click.option("--arch", help="block, resnet18, densenet121 or mobilenetv2.  [block]")
@click.option("--strategy", default="ucb", help="ucb, with shared weights, or random, from scratch.  [ucb]")
@click.option("--iterations", help="How often candidates are chosen.  [10]")
@click.option("--parallel", help="Candidates chosen at a time.  [2]")
@click.option("--seeds", help="Searches, each with a seed of its own.  [2 for a block, else 1]")
@click.option("--data", help="Data set.  [digits]")
@settings_option(
    "Another field of the setting, such as objective=accuracy, epochs=10, shared_epochs=20, weights=carried, "
    "optimizer=sgd:momentum=0.95, learning_rate, schedule, batch_size, flip or shift."
)
@click.option(
    "--again",
    is_flag=True,
    help="Then train the best, the original and a plain block of equal parameters anew, from scratch with four other "
    "seeds: how far trainings lie apart belongs to the noise.",
)
@AS_JSON
def search(
    arch: str | None, strategy: str, settings: Sequence[str], again: bool, as_json: bool, **options: str | None
) -> None:
    """Search for the best skip connections of a network, by Gaussian-process optimisation or at random.

    The work is done in the background. Trained candidates are kept: after an interruption the same command continues.
    """
    setting = read_setting(arch, strategy, options, settings)
    chosen = [one for one in optimisation_searches(setting) if one.strategy == strategy]
    store = Store()
    runs = train(store, chosen, quiet=as_json or not sys.stderr.isatty())
    found = [runs[one.digest] for one in chosen if one.digest in runs]
    if again and not runs.stopped:
        anew = {one.digest: one for run in found if run.state == "done" for one in _anew(store, run)}
        runs.add(train(store, list(anew.values()), quiet=as_json or not sys.stderr.isatty()))
    if as_json:
        reports = [report(store, run) for run in found]
        print_json({"setting": setting.model_dump(mode="json"), "strategy": strategy, "searches": reports})
    elif found:
        print_searches(store, found)
    exit_with_status(runs)


def read_setting(
    arch: str | None, strategy: str, options: Mapping[str, str | None], settings: Sequence[str]
) -> Optimisation:
    """Returns the setting of searches for skips that command-line options describe. Raises `InputError`."""
    if strategy not in ("ucb", "random"):
        raise InputError("strategy", "be one of ucb, random", strategy)
    given = {name: value for name, value in options.items() if value is not None}
    if "seeds" in given:
        given["repeats"] = given.pop("seeds")
    more = links.parse_settings(settings)
    for name in more.keys() & given.keys():
        raise InputError(name, "be given once", more[name])
    start = STARTS.get(arch or more.get("network", "block"), Optimisation()).model_dump(mode="json")
    if arch is not None:
        start["network"] = arch
    start["random"] = "with" if strategy == "random" else "without"
    return Optimisation.check(start | {name: links.parse_value(name, value) for name, value in (given | more).items()})


def show(store: Store, run: Run, as_json: bool) -> None:
    """Prints a skip search, as far as it has come."""
    if as_json:
        print_json(report(store, run))
        return
    click.echo(f"a search of {links.one_line_summary(run.design)}: {run.state}")
    print_searches(store, [run])


def report(store: Store, run: Run) -> dict[str, Any]:
    """Returns the result of a skip search as a dictionary for JSON, candidate networks in the order in which they were
    chosen.
    """
    search = search_of(run)
    trials = sorted((row for _, row in store.rows(run.run, Trial)), key=lambda trial: trial.number)
    twins = [row for _, row in store.rows(run.run, Twin)]
    shown = [_candidate(search, trial) for trial in trials]
    best = min(trials, key=lambda trial: trial.value, default=None)
    told: dict[str, Any] = {
        "search": run.run,
        "seed": search.seed,
        "state": run.state,
        "seconds": round(run.seconds, 1),
        "candidates": search_space(search).count,
        "ann_accuracy": twins[0].accuracy if twins else None,
        "trials": shown,
        "best": None if best is None else _candidate(search, best),
        "winner": False,
        "retraining": None,
        "anew": [],
    }
    if best is not None and run.state == "done":
        told |= _judged(store, search, trials)
    return told


def _groups(search: Search, trials: Sequence[Trial]) -> dict[str, tuple[Design, ...]]:
    """What is trained anew of a search that is done."""
    ranked = sorted(trials, key=lambda trial: (trial.value, trial.number))
    return again_of(search, [parse_code(trial.code) for trial in ranked])


def _anew(store: Store, run: Run) -> list[Design]:
    trials = [row for _, row in store.rows(run.run, Trial)]
    return [design for designs in _groups(search_of(run), trials).values() for design in designs]


def _judged(store: Store, search: Search, trials: Sequence[Trial]) -> dict[str, Any]:
    """Whether one candidate wins, by the images and by how far trainings lie apart, if some were trained anew."""
    from snnviz.studies.skips.charts.findings import has_winner  # pandas takes half a second
    from snnviz.studies.skips.charts.retraining import retraining, retraining_text
    from snnviz.studies.skips.charts.search import SearchHistory
    from snnviz.views.results import Result

    groups = _groups(search, trials)
    known = {design.digest: design for designs in groups.values() for design in designs}
    done = {name: run for name, run in store.get_many(known).items() if run.state == "done"}
    ends, reached = store.last_rows(EpochEnd, list(done)), metrics(store, list(done.values()))
    results = {name: Result(reached[run.run]) for name, run in done.items()}
    spread = retraining([(search, groups)], ends, results)
    return {
        "winner": has_winner(SearchHistory(search, tuple(trials)), spread),
        "retraining": asdict(spread) if spread else None,
        "anew": retraining_text(groups, results),
    }


def search_of(run: Run) -> Search:
    """Returns the `Search` task of a run."""
    assert isinstance(run.task, Search)
    return run.task


def _candidate(search: Search, trial: Trial) -> dict[str, Any]:
    design, older = candidate_design(search, parse_code(trial.code)), trial.eff_macs is None
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
        "skips": count_skips(design),
        "epochs": trial.epochs,
        "seconds": round(trial.seconds, 2),
        "edges": [adjacency.to_compact_text(edges) for edges in design.network.matrices],
    }


def print_searches(store: Store, runs: Sequence[Run]) -> None:
    """Prints a table of skip searches of one kind, and the matrices of their best candidate networks."""
    search, reports = search_of(runs[0]), [report(store, run) for run in runs]
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
                "ANN": "-" if told["ann_accuracy"] is None else f"{told['ann_accuracy']:.1%}",
                "rate": f"{found['rate']:.1%}",
                "skips": str(found["skips"]),
                "found at": str(found["number"] + 1),
                "search": told["search"],
            }
        )
    if not rows:
        return
    click.echo(
        f"{reports[0]['candidates']:,} candidates; judged by {search.validation_count} images kept apart; "
        "the test images have no say"
    )
    click.echo(table(rows))
    if len(best) > 1:
        accuracies = [found["accuracy"] for found in best]
        over = f"(standard deviation over {len(best)} searches)"
        click.echo(f"best accuracy {statistics.mean(accuracies):.1%} ± {statistics.stdev(accuracies):.1%} {over}")
    for told in reports:
        if told["best"]:
            why = (
                "its lead is within the noise"
                if told["retraining"]
                else "how far trainings differ is not known: --again"
            )
            sure = "" if told["winner"] else f"  (no winner: {why})"
            click.echo(f"seed {told['seed']}: {' ; '.join(told['best']['edges'])}{sure}")
            for said in told["anew"]:
                click.echo(f"  {said}")
