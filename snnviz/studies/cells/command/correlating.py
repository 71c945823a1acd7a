"""The command `cells correlate`: do the scores of cells predict their accuracy after training?"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from snnviz.cli.following import exit_with_status, failures_text, train
from snnviz.cli.printing import AS_JSON, print_json, settings_option, table
from snnviz.design import links
from snnviz.design.cells import counts_by_direction, parse, summary, to_text
from snnviz.errors import InputError
from snnviz.events import EpochEnd
from snnviz.store import Run, Store
from snnviz.store.metrics import metrics
from snnviz.studies.cells.scoring import Candidate
from snnviz.studies.cells.study import (
    STUDIES,
    TIMES,
    CellStudy,
    Place,
    Question,
    distinct_designs,
    study_runs,
    study_searches,
)

if TYPE_CHECKING:
    from snnviz.studies.cells.charts.study import Outcome
    from snnviz.theory.intervals import ConfidenceInterval

OWN: dict[str, tuple[Question, ...]] = {
    "cells": ("scores",),
    "kept": ("scores",),
    "samples": ("search", "steps", "transfer"),
    "searches": ("search", "steps", "transfer"),
    "random": ("search",),
    "other": ("transfer",),
}
"""Fields of a study that only some questions use."""


@click.command()
@click.option("--question", help="scores, search, steps or transfer.  [scores]")
@click.option("--cells", help="Different cells that are scored and trained, of the question scores.  [20]")
@click.option("--backward", is_flag=True, help="Cells with backward connections instead of forward ones alone.")
@click.option("--seeds", help="Runs of each cell.  [2, of the other questions 1, of five searches]")
@click.option("--epochs", help="Passes over the training images.  [8]")
@click.option("--data", help="Data set.  [digits]")
@settings_option(
    "Another field of the study: connections=both, kept=backward, samples, random, searches, other, metric, "
    "normalisation, channels, steps, train_samples, optimizer=sgd:momentum=0.9, learning_rate, schedule, batch_size, "
    "flip, shift, score_channels, score_batch, score_repeats or seed."
)
@AS_JSON
def correlate(backward: bool, settings: Sequence[str], as_json: bool, **options: str | None) -> None:
    """Score cells without training, train some, and print how well the scores predict the trained accuracy.

    The question scores takes different random cells and prints Kendall's tau of their accuracy with SAHD, HD and simple
    properties of cells; search takes the best of more and more candidates, beside random cells; steps takes the best
    with more time steps; transfer trains the best for one data set on another.

    Trains what is missing in the background, as many runs at a time as there are cores, and waits for it.
    """
    study = read_study(backward, options, settings)
    store, quiet = Store(), as_json or not sys.stderr.isatty()
    runs = train(store, list(study_searches(study).values()), quiet=quiet)
    scored = scored_candidates(store, study)
    if not runs.stopped and not failures_text(runs):
        runs.add(train(store, distinct_designs(study_runs(study, complete_searches(study, scored))), quiet=quiet))
    report = study_results(store, study, scored, runs)
    if as_json:
        print_json(report)
    else:
        print_report(report)
    exit_with_status(runs)


def read_study(backward: bool, options: Mapping[str, str | None], settings: Sequence[str]) -> CellStudy:
    """Returns the study of scores that command-line options describe, starting from the default of its question. Raises
    `InputError`.
    """
    given: dict[str, str] = {name: value for name, value in options.items() if value is not None}
    if backward:
        given["connections"] = "backward"
    more = links.parse_settings(settings)
    for name in more.keys() & given.keys():
        raise InputError(name, "be given once", more[name])
    told = {name: links.parse_value(name, value) for name, value in (given | more).items()}
    usual = STUDIES.get(told.get("question", "scores"), CellStudy()).model_dump()  # another question is told below
    study = CellStudy.check({**usual, **told})
    for name in told:
        if study.question not in (questions := OWN.get(name, (study.question,))):
            rule = f"be left out where question is {study.question} (it belongs to {', '.join(questions)})"
            raise InputError(name, rule, told[name])
    if "kept" in told and "backward" not in study.directions:
        raise InputError("kept", "be left out where no cell has backward connections", told["kept"])
    return study


def scored_candidates(store: Store, study: CellStudy) -> dict[Place, dict[int, Candidate]]:
    """Returns the candidate cells that the cell searches of a study of scores have scored so far, by search (data set,
    direction, repetition) and number.
    """
    return {
        place: {row.number: row for _, row in store.rows(search.digest, Candidate) if not row.fine}
        for place, search in study_searches(study).items()
    }


def complete_searches(study: CellStudy, scored: Mapping[Place, Mapping[int, Candidate]]) -> dict[str, list[Candidate]]:
    """Returns the candidate cells of finished cell searches by the digest of the search, as `study_runs` takes them."""
    known = study_searches(study)
    whole = {place: list(some.values()) for place, some in scored.items() if len(some) == known[place].candidates}
    return {known[place].digest: some for place, some in whole.items()}


def study_results(
    store: Store, study: CellStudy, scored: Mapping[Place, Mapping[int, Candidate]], runs: Mapping[str, Run]
) -> dict[str, Any]:
    """Returns the results of the study (do scores predict trained accuracy?) as a dictionary for JSON, by the direction
    of the cells' connections.
    """
    from snnviz.studies.cells.charts import study as cellstudy  # numpy takes a while, and the bar need not wait for it

    done = [name for name, run in runs.items() if run.state == "done"]
    reached = {name: end.test_accuracy for name, end in store.last_rows(EpochEnd, done).items()}
    costs = metrics(store, [runs[name] for name in done])
    outcomes = cellstudy.outcomes(study_runs(study, complete_searches(study, scored)), scored, reached)
    ways = {way: [one for one in outcomes if one.member.way == way] for way in study.directions}
    noise = cellstudy.seed_noise_text(outcomes)
    report: dict[str, Any] = {"study": study.model_dump(mode="json"), "noise": noise, "runs": costs}
    if study.question == "scores":
        agreed = {way: _scores(own) | {"draws": len(scored[study.data, way, 0])} for way, own in ways.items()}
        return report | {"paper": cellstudy.FIGURE4, "connections": agreed}
    connections: dict[str, Any] = {way: {"means": _means(study, own)} for way, own in ways.items()}
    if study.question == "search":
        for way, gained in cellstudy.gain_over_random(study, outcomes).items():
            connections[way]["best_less_random"] = _mean(gained)
    return report | {"over": cellstudy.interval_note(study), "connections": connections}


def _scores(own: Sequence[Outcome]) -> dict[str, Any]:
    """The cells with their scores and accuracies, and how far these agree."""
    from snnviz.studies.cells.charts import counts

    agreed = counts.agreements(own)
    return {
        "kendall": {name: pair and {**asdict(pair[0]), "holm": pair[1]} for name, pair in agreed.items()},
        "cells": [
            {
                **_scored(one),
                **counts.connection_counts(one),
                **counts_by_direction(one.member.cell),
                "run": one.member.design.digest,
            }
            for one in own
        ],
    }


def _means(study: CellStudy, own: Sequence[Outcome]) -> list[dict[str, Any]]:
    """A row for what was asked for alike: its mean over searches, or of one search over seeds, and its networks.

    Random cells are one row (`best_of` 0).

    `change`: of time steps from the fewest on; of a transfer from the best for the set that is trained on.
    """
    from snnviz.studies.cells.charts import study as cellstudy

    groups: dict[tuple[str, str, int, int], list[Outcome]] = {}
    for one in own:
        data = one.member.design.data
        groups.setdefault((one.member.source, data.name, data.steps, one.member.samples), []).append(one)
    rows = []
    for some in groups.values():
        member = some[0].member
        data = member.design.data
        before = {
            "steps": (member.source, data.name, TIMES[0], member.samples),
            "transfer": (data.name, data.name, data.steps, member.samples),
        }.get(study.question)
        beside = groups.get(before, some) if before else some
        rows.append(
            {
                "searched_on": member.source,
                "trained_on": data.name,
                "steps": data.steps,
                "best_of": member.samples,
                **_mean(cellstudy.search_accuracy(some)),
                "change": None
                if beside is some
                else _mean(cellstudy.paired_difference(some, [[one] for one in beside])),
                "networks": [_network(one) for one in some],
            }
        )
    return rows


def _network(one: Outcome) -> dict[str, Any]:
    return {"search": one.member.time, **_scored(one), "run": one.member.design.digest}


def _scored(one: Outcome) -> dict[str, Any]:
    return {
        "number": one.member.number,
        "cell": to_text(one.member.cell),
        "sahd": one.score("sahd"),
        "hd": one.score("hd"),
        "accuracy": one.accuracy,
        "accuracies": list(one.accuracies),
    }


def _mean(found: ConfidenceInterval | None) -> dict[str, Any]:
    if found is None:
        return {"mean": None, "low": None, "high": None, "count": 0}
    return found.document()


def print_report(report: Mapping[str, Any]) -> None:
    """Prints the results in `report`, as `study_results` returns them: the cells, the most accurate first, and how
    scores agree with accuracy; or the mean accuracies of searched cells.
    """
    for way, one in report["connections"].items():
        if "kendall" in one:
            _print_scores(report, way, one)
        else:
            _print_means(way, one)
    if "paper" in report:
        click.echo(f"{report['noise']} The paper's are at full scale, on 50 cells trained for 300 epochs.")
    else:
        click.echo(f"{report['over']} {report['noise']}")


def _print_scores(report: Mapping[str, Any], way: str, one: Mapping[str, Any]) -> None:
    rows = [
        {
            "cell": cell["cell"],
            "accuracy": f"{cell['accuracy']:.1%}",
            "SAHD": _number(cell["sahd"]),
            "HD": _number(cell["hd"]),
            "what": summary(parse(cell["cell"])),
        }
        for cell in sorted(one["cells"], key=lambda cell: -cell["accuracy"])
    ]
    if not rows:
        return
    click.echo(f"{way} connections: {len(rows)} different cells of {one['draws']} draws")
    click.echo(table(rows))
    agreed = [
        {
            "accuracy against": name,
            "tau": f"{found['tau']:+.3f}",
            "95 %": f"{found['low']:+.2f} to {found['high']:+.2f}",
            "p": f"{found['p']:.3g}",
            "of all rows": f"{found['holm']:.3g}",
            "the paper's": f"{report['paper'][name]:+.3f}" if name in report["paper"] else "",
        }
        for name, found in one["kendall"].items()
        if found
    ]
    if agreed:  # of too few cells, as after Ctrl-C, nothing agrees
        click.echo(table(agreed))
        click.echo("of all rows: p where one of these tests is looked for (Holm).")


def _print_means(way: str, one: Mapping[str, Any]) -> None:
    rows = [
        {
            "searched on": row["searched_on"],
            "trained on": row["trained_on"],
            "T": str(row["steps"]),
            "best of": f"{row['best_of']:,}" if row["best_of"] else "random",
            "accuracy": _told(row, ""),
            "change": _told(row["change"], "+") if row["change"] else "",
            "cells": ", ".join(dict.fromkeys(each["cell"] for each in row["networks"])),
        }
        for row in one["means"]
    ]
    if not rows:
        return
    click.echo(f"{way} connections")
    click.echo(table(rows))
    if one.get("best_less_random", {}).get("mean") is not None:
        click.echo(f"the best of all less the random cells: {_told(one['best_less_random'], '+')}")


def _told(found: Mapping[str, Any], sign: str) -> str:
    """With an interval that does not leave what can be."""
    between = ""
    if found["low"] is not None:
        low, high = max(-1.0 if sign else 0.0, found["low"]), min(1.0, found["high"])
        between = f" ({100 * low:{sign}.1f} to {100 * high:{sign}.1f})"
    return f"{100 * found['mean']:{sign}.1f} %{between}" if sign == "" else f"{100 * found['mean']:{sign}.1f}{between}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
