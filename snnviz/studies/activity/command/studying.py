"""The command `study`: trains a study of initialisations and prints the accuracies that the Activity page draws."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any

import click

from snnviz.catalog.inits import format_init
from snnviz.cli.following import exit_with_status, state_of, train
from snnviz.cli.printing import AS_JSON, print_json, settings_option, table
from snnviz.design import links
from snnviz.errors import InputError
from snnviz.events import EpochEnd
from snnviz.store import Run, Store
from snnviz.store.metrics import metrics
from snnviz.studies.activity.study import StudyRun, TrainingStudy, equivalent_inits, study_runs
from snnviz.studies.activity.theory.activity import describe_equivalent_inits
from snnviz.theory.metrics import METRICS


@click.command()
@click.option("--data", help="Data set, such as nmnist.  [digits]")
@click.option("--network", help="mlp or cnn.  [mlp]")
@click.option("--compare", help="initialisations, depth, width, leak or threshold.  [initialisations]")
@click.option("--seeds", help="Runs of each.  [1]")
@settings_option(
    "Another field of the study: depth, width, threshold, beta, steps, train_samples, window_ms, epochs, "
    "pool_every (of a cnn; 0 as in the paper), optimizer (such as sgd:momentum=0.95), learning_rate, schedule, "
    "batch_size, flip, shift or drop_events."
)
@AS_JSON
def study(as_json: bool, settings: Sequence[str], **options: str | None) -> None:
    """Compare how well deep networks learn with different initialisations, by training them (Micheli et al. 2024).

    Trains what is missing in the background, as many runs at a time as there are cores, and waits for it.
    """
    chosen = _read(options, settings)
    found = study_runs(chosen)
    store = Store()
    runs = train(store, [member.design for member in found], quiet=as_json or not sys.stderr.isatty())
    rows = _rows(store, found, runs)
    if as_json:
        same = [[format_init(init) for init in group] for group in equivalent_inits(found)]
        print_json({"study": chosen.model_dump(mode="json"), "members": rows, "same_law": same})
    else:
        click.echo(table([_shown(row) for row in rows]))
        if words := describe_equivalent_inits(equivalent_inits(found)):
            click.echo(words)
    exit_with_status(runs)


def _read(options: Mapping[str, str | None], settings: Sequence[str]) -> TrainingStudy:
    given = {name: value for name, value in options.items() if value is not None}
    more = links.parse_settings(settings)
    for name in more.keys() & given.keys():
        raise InputError(name, "be given once", more[name])
    return TrainingStudy.check({name: links.parse_value(name, value) for name, value in (given | more).items()})


def _rows(store: Store, found: Sequence[StudyRun], runs: Mapping[str, Run]) -> list[dict[str, Any]]:
    """A row for each name, over its seeds."""
    done = [name for name, run in runs.items() if run.state == "done"]
    ends, costs = store.last_rows(EpochEnd, done), metrics(store, [runs[name] for name in done])
    rows: dict[str, dict[str, Any]] = {}
    for member in found:
        row = rows.setdefault(member.name, {"name": member.name, "init": dict(member.init), "runs": []})
        name = member.design.digest
        end = ends.get(name)
        told: dict[str, Any] = {"run": name, "seed": member.design.seed, "state": state_of(runs, name)}
        for field in ("train_accuracy", "test_accuracy", "rate"):
            told[field] = getattr(end, field) if end else None
        row["runs"].append({**{metric: costs.get(name, {}).get(metric) for metric in METRICS.names}, **told})
    for row in rows.values():
        for field in ("train_accuracy", "test_accuracy", "rate"):
            values = [run[field] for run in row["runs"] if run[field] is not None]
            row[field] = mean(values) if values else None
    return list(rows.values())


def _shown(row: Mapping[str, Any]) -> dict[str, str]:
    def percent(value: float | None) -> str:
        return "-" if value is None else f"{value:.1%}"

    return {
        "": row["name"],
        "seeds": str(len(row["runs"])),
        "train": percent(row["train_accuracy"]),
        "test": percent(row["test_accuracy"]),
        "firing rate": percent(row["rate"]),
    }
