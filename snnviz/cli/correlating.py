"""The command that asks whether scores of cells say what training reaches."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import click

from snnviz import links
from snnviz.catalog.cellstudies import CellStudy, distinct, members, searches
from snnviz.cells import in_words, write
from snnviz.cli.following import train, trouble
from snnviz.cli.printing import AS_JSON, print_json, table
from snnviz.errors import InputError
from snnviz.events import Candidate, EpochEnd
from snnviz.store import Run, Store


@click.command()
@click.option("--cells", help="Cells that are scored and trained.  [20]")
@click.option("--backward", is_flag=True, help="Cells with backward connections instead of forward ones alone.")
@click.option("--seeds", help="Runs of each cell.  [2]")
@click.option("--epochs", help="Passes over the training images.  [8]")
@click.option("--data", help="Data set.  [digits]")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="FIELD=VALUE",
    help="Another field of the study: connections=both, channels, steps, train_samples, score_channels, score_batch, "
    "score_repeats or seed.",
)
@AS_JSON
def correlate(backward: bool, settings: Sequence[str], as_json: bool, **options: str | None) -> None:
    """Score cells without training, train them, and compare the two: Kendall's tau for SAHD and HD.

    Trains what is missing in the background, as many runs at a time as there are cores, and waits for it.
    """
    study = read_study(backward, options, settings)
    store, quiet = Store(), as_json or not sys.stderr.isatty()
    hunts = list(searches(study).values())
    runs = train(store, hunts, quiet=quiet)
    if not trouble(runs):
        runs |= train(store, distinct(members(study, {})), quiet=quiet)
    report = found(store, study, runs)
    if as_json:
        print_json(report)
    else:
        print_report(report)
    if problem := trouble(runs):
        click.echo(problem, err=True)
        sys.exit(1)


def read_study(backward: bool, options: Mapping[str, str | None], settings: Sequence[str]) -> CellStudy:
    """The study of what was typed. Raises `InputError`."""
    given: dict[str, str] = {name: value for name, value in options.items() if value is not None}
    if backward:
        given["connections"] = "backward"
    more = links.read_settings(settings)
    for name in more.keys() & {"question", *given}:
        raise InputError(name, "be given once", more[name])
    return CellStudy.check({name: links.read_value(name, value) for name, value in (given | more).items()})


def found(store: Store, study: CellStudy, runs: Mapping[str, Run]) -> dict[str, Any]:
    """The cells with their scores and accuracies, and how far these agree; by the kind of their connections."""
    from snnviz.views import cellstudy  # numpy takes a while, and the bar need not wait for it

    done = [name for name, run in runs.items() if run.state == "done"]
    reached = {name: end.test_accuracy for name, end in store.last(EpochEnd, done).items()}
    candidates = {
        place: {row.number: row for _, row in store.rows(search.digest, Candidate) if not row.fine}
        for place, search in searches(study).items()
    }
    outcomes = cellstudy.outcomes(members(study, {}), candidates, reached)
    ways: dict[str, Any] = {}
    for way in study.ways:
        own = [one for one in outcomes if one.member.way == way]
        agreements: dict[str, Any] = {}
        for metric in cellstudy.METRICS:
            agreed = cellstudy.compared(own, metric)
            agreements[metric] = asdict(agreed) if agreed else None
        for name in cellstudy.COUNTED:
            agreed = cellstudy.of_count(own, name)
            agreements[name] = asdict(agreed) if agreed else None
        ways[way] = {
            "kendall": agreements,
            "cells": [
                {
                    "number": one.member.number,
                    "cell": write(one.member.cell),
                    "sahd": one.score("sahd"),
                    "hd": one.score("hd"),
                    "accuracy": one.accuracy,
                    "accuracies": list(one.accuracies),
                    **cellstudy.counted(one),
                    "run": one.member.design.digest,
                }
                for one in own
            ],
        }
    return {
        "study": study.model_dump(mode="json"),
        "paper": cellstudy.FIGURE4,
        "noise": cellstudy.noise(outcomes),
        "connections": ways,
    }


def print_report(report: Mapping[str, Any]) -> None:
    """The cells, the most accurate first, and the agreements."""
    for way, one in report["connections"].items():
        rows = [
            {
                "cell": cell["cell"],
                "accuracy": f"{cell['accuracy']:.1%}",
                "SAHD": _number(cell["sahd"]),
                "HD": _number(cell["hd"]),
                "what": in_words(tuple(tuple(map(int, row)) for row in cell["cell"].split())),
            }
            for cell in sorted(one["cells"], key=lambda cell: -cell["accuracy"])
        ]
        if not rows:
            continue
        click.echo(f"{way} connections")
        click.echo(table(rows))
        agreed = [
            {
                "accuracy against": name,
                "tau": f"{found['tau']:+.3f}",
                "95 %": f"{found['low']:+.2f} to {found['high']:+.2f}",
                "p": f"{found['p']:.3g}",
                "the paper's": f"{report['paper'][name]:+.3f}" if name in report["paper"] else "",
            }
            for name, found in one["kendall"].items()
            if found
        ]
        click.echo(table(agreed))
    click.echo(f"{report['noise']} The paper's are at full scale, on 50 cells trained for 300 epochs.")


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
