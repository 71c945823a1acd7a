"""The command `compare`, which compares designs paired by seed."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from snnviz.cli.designing import read_design
from snnviz.cli.following import Runs, exit_with_status, train
from snnviz.cli.printing import AS_JSON, SETTING, print_json, table
from snnviz.design import links
from snnviz.design.design import Design
from snnviz.design.experiment import Experiment
from snnviz.errors import InputError
from snnviz.store import Store
from snnviz.studies.tradeoffs.charts.comparison_texts import (
    comparison_row,
    listed_metrics,
    metric_sentence,
    stopped_sentence,
)
from snnviz.studies.tradeoffs.pairing import MOST_SEEDS, Pair, PairedRuns, compare_several, pairs
from snnviz.studies.tradeoffs.pooling import match_experiments, pooled_runs
from snnviz.theory.comparison import Comparison
from snnviz.theory.metrics import METRICS, Metric
from snnviz.theory.sequential import FIRST_LOOK

SEEDS, MOST_UNTIL = 5, 20
"""Seeds where nobody says how many: of each, and at most until decided."""


@click.command()
@click.argument("a")
@click.argument("b", nargs=-1, required=True)
@click.option("--seeds", help="Runs of each, the first with A's seed; with --until-decided at most.  [5, 20]")
@click.option(
    "--until-decided", is_flag=True, help="Look after each seed from the third on, and stop when it is clear."
)
@click.option(
    "--vary", multiple=True, metavar="PATH=VALUES",
    help="Compare in every combination of these settings of both, pooled by seed; several make a grid.",
)  # fmt: skip
@click.option("--by", default="accuracy", show_default=True, help="The metric that decides; see `reference`.")
@SETTING
@AS_JSON
def compare(
    a: str,
    b: Sequence[str],
    seeds: str | None,
    until_decided: bool,
    vary: Sequence[str],
    by: str,
    settings: Sequence[str],
    as_json: bool,
) -> None:
    """What changes from A to B, seed by seed, with 95 % intervals.

    A and B are named designs, files, links ("?neuron.threshold=1.5") or runs; of a run its design counts, with all
    seeds. --set changes both. Several Bs are each compared with A, and corrected for their number. Trains what is
    missing in the background and waits for it; the intervals of --until-decided hold at every look. With --vary
    (--vary init=kaiming,glorot) A and B are compared in each combination: two levels of an axis over all others, say.
    """
    metric = METRICS.get(by)
    if metric is None:
        raise InputError("--by", f"be one of {', '.join(METRICS.names)}", by)
    if until_decided and len(b) > 1:
        raise InputError("--until-decided", "compare two designs", f"{1 + len(b)}")
    store = Store()
    first, others = _read(store, a, settings), [_read(store, name, settings) for name in b]
    wanted = _seeds(seeds, MOST_UNTIL if until_decided else SEEDS)
    quiet = as_json or not sys.stderr.isatty()
    asked = [_pairs(first, other, wanted, vary) for other in others]
    runs = Runs()
    if until_decided:
        found = _until_decided(store, asked[0], wanted, metric, runs, quiet=quiet)
        _tell(found, metric, until=wanted, as_json=as_json)
        exit_with_status(runs)
        return
    designs = [design for each in asked for pair in each for design in (pair.a, pair.b)]
    runs.add(train(store, list(dict.fromkeys(designs)), quiet=quiet))
    several = {name: pooled_runs(store, each) for name, each in zip(_names(b), asked, strict=True)}
    if len(several) == 1:
        _tell(next(iter(several.values())), metric, as_json=as_json)
    else:
        _tell_several(several, as_json=as_json)
    exit_with_status(runs)


def _pairs(a: Design, b: Design, seeds: int, vary: Sequence[str]) -> tuple[Pair, ...]:
    """Those of two designs, or of each combination of what is varied of both."""
    if not vary:
        return pairs(a, b, seeds)
    b = b.model_copy(update={"seed": a.seed})
    one, other = (Experiment.check({"base": design, "vary": [*vary], "seeds": 1}) for design in (a, b))
    return match_experiments(one, other).pairs(seeds)


def _until_decided(
    store: Store, asked: Sequence[Pair], most: int, metric: Metric, runs: Runs, *, quiet: bool
) -> PairedRuns:
    """Seed by seed. Ctrl-C, and a run that failed, end it."""
    numbers = list(dict.fromkeys(pair.seed for pair in asked))
    for seeds in range(min(FIRST_LOOK, most), most + 1):
        now = [pair for pair in asked if pair.seed in numbers[:seeds]]
        runs.add(train(store, [d for pair in now for d in (pair.a, pair.b)], quiet=quiet, label=f"{seeds} seeds"))
        found = pooled_runs(store, now, whole=True)
        lacking = len(found.differences(metric.name)) < seeds
        if runs.stopped or lacking or found.compare(metric, anytime=True).verdict != "not told apart":
            break
    return found


def _tell(found: PairedRuns, by: Metric, *, as_json: bool, until: int | None = None) -> None:
    anytime = until is not None
    if as_json:
        print_json(found.document(anytime=anytime) | ({"at_most": until} if until else {}))
        return
    known = {metric: found.compare(metric, anytime=anytime) for metric in listed_metrics(found)}
    _print_table(found, known)
    click.echo(metric_sentence(by, found.compare(by, anytime=anytime)))
    for sentence in (*found.notes, found.test_image_sentence, stopped_sentence(found.compare(by, anytime=True), until)):
        if sentence:
            click.echo(sentence)


def _tell_several(several: Mapping[str, PairedRuns], *, as_json: bool) -> None:
    corrected = compare_several(several)
    if as_json:
        told: list[dict[str, Any]] = [
            {"name": name, **found.document(several=corrected[name])} for name, found in several.items()
        ]
        print_json({"comparisons": told})
        return
    for name, found in several.items():
        click.echo(f"\n{name}")
        _print_table(found, {metric: corrected[name][metric.name] for metric in listed_metrics(found)}, corrected=True)
        click.echo(metric_sentence(METRICS["accuracy"], corrected[name]["accuracy"], name))
    for words in next(iter(several.values())).notes[:1]:
        click.echo(f"\n{words}")
    click.echo(f"\n{len(several)} comparisons with A: intervals by Bonferroni, p by Holm.")


def _print_table(found: PairedRuns, known: Mapping[Metric, Comparison], *, corrected: bool = False) -> None:
    if rows := [comparison_row(found, metric, each, corrected=corrected) for metric, each in known.items()]:
        click.echo(table(rows))


def _names(given: Sequence[str]) -> list[str]:
    """What the Bs are called: as they were typed, with a number where one was typed twice."""
    return [name if given.count(name) == 1 else f"{name} ({place})" for place, name in enumerate(given, 1)]


def _read(store: Store, name: str, settings: Sequence[str]) -> Design:
    """A design by name, file, link, or the run of it."""
    if len(name) >= 4 and not set(name) - set("0123456789abcdef"):
        run = store.get(name)
        if type(run.task) is not Design:
            raise InputError("design", "be a run of a design", name)
        return links.change(run.design, links.parse_settings(settings)) if settings else run.design
    return read_design(name, settings)


def _seeds(text: str | None, usual: int) -> int:
    if text is None:
        return usual
    number = links.parse_value("seeds", text)
    if type(number) is not int or not 1 <= number <= MOST_SEEDS:
        raise InputError("--seeds", f"be 1 to {MOST_SEEDS}", text)
    return number
