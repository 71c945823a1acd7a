"""The command `tradeoffs`, which prints all groups of runs against objectives, and the Pareto front."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from typing import Any

import click

from snnviz.cli.printing import AS_JSON, print_json, table
from snnviz.design.links import format_value
from snnviz.errors import InputError
from snnviz.store import Store
from snnviz.store.filters import parse_filter
from snnviz.store.groups import run_groups
from snnviz.studies.tradeoffs.charts.front import certainty_words, chosen_words
from snnviz.studies.tradeoffs.charts.naming import number_text
from snnviz.studies.tradeoffs.theory.weighed import WeighedGroups, weigh_groups
from snnviz.studies.tradeoffs.weighing import Weighing
from snnviz.theory.importance import ABSENT
from snnviz.views.changes import label, value
from snnviz.views.numbers import NO_NUMBER

MOST_FIELDS = 5
"""Columns of fields in a terminal, the most important ones."""

MOST_ROWS = 40


@click.command()
@click.option("--filter", "where", default="", help="Which runs, such as 'init.kind = kaiming and tag = homework'.")
@click.option("--objectives", default="accuracy,operations", show_default=True, help="Two or three metrics.")
@click.option("--limits", default="", help="Such as 'rate<6%,parameters<50000'.")
@AS_JSON
@click.option("--csv", "as_csv", is_flag=True, help="Print a table, numbers in full.")
def tradeoffs(where: str, objectives: str, limits: str, as_json: bool, as_csv: bool) -> None:
    """Weigh all that was trained: groups over seeds, and the Pareto front.

    A group is runs that differ in their seed alone, its numbers means over seeds with 95 % t intervals. On the front is
    what no other group beats in every objective; `reference` lists the metrics. Nothing is trained.
    """
    if as_json and as_csv:
        raise InputError("--json", "not be together with --csv", "both")
    asked = Weighing.check({"objectives": objectives, "limits": limits, "where": where})
    store = Store()
    groups = run_groups(store, parse_filter(asked.where) if asked.where else None)
    found = weigh_groups(groups[::-1], asked.parsed_objectives, asked.bounds)
    if as_json:
        print_json(document(found))
    elif as_csv:
        click.echo(csv_text(found), nl=False)
    else:
        _print(found)
    store.close()


def document(found: WeighedGroups) -> dict[str, Any]:
    """Returns the groups (runs that differ only in the seed) with settings and objectives, and the front, as the JSON
    object of ``--json``.
    """
    return {
        "objectives": [{"name": one.name, "label": one.label, "better": one.direction} for one in found.objectives],
        "chosen_on": found.chosen_on or None,
        "groups": [_group(found, place) for place in range(len(found.groups))],
        "importances": {
            one.name: [
                {"field": each.field, "importance": each.value, "chance": each.chance}
                for each in found.importances(side)
            ]
            for side, one in enumerate(found.objectives)
        },
    }


def _group(found: WeighedGroups, place: int) -> dict[str, Any]:
    group = found.groups[place]
    numbers = {
        one.name: {"mean": _number(found, 0, place, side), "low": _number(found, 1, place, side),
                   "high": _number(found, 2, place, side)}
        for side, one in enumerate(found.objectives)
    }  # fmt: skip
    return {
        "key": group.key,
        "settings": dict(group.settings),
        "seeds": sorted({seed for told in group.values.values() for seed in told}),
        "runs": {str(seed): run for seed, run in sorted(group.runs.items())},
        "objectives": numbers,
        "within_limits": bool(found.left[place]),
        "front": bool(found.front[place]),
        "told_apart": bool(found.told_apart[place]),
    }


def _number(found: WeighedGroups, part: int, place: int, side: int) -> float | None:
    number = float((found.mean, found.low, found.high)[part][place, side])
    return number if math.isfinite(number) else None


def csv_text(found: WeighedGroups) -> str:
    """Returns CSV text with a row per group (runs that differ only in the seed): varying fields, each objective's mean
    and interval, seeds, whether on the front.
    """
    text = io.StringIO()
    write = csv.writer(text, lineterminator="\n")
    numbers = [f"{one.name}{end}" for one in found.objectives for end in ("", "_low", "_high")]
    write.writerow([*found.fields, *numbers, "seeds", "within_limits", "front", "told_apart", "key"])
    for place, group in enumerate(found.groups):
        fields = ["" if values[place] is ABSENT else format_value(values[place]) for values in found.fields.values()]
        ends = [_number(found, part, place, side) for side in range(len(found.objectives)) for part in range(3)]
        told = ["" if one is None else one for one in ends]
        flags = (found.left[place], found.front[place], found.told_apart[place])
        row = [found.seeds[place], *map(int, flags), group.key]
        write.writerow([*fields, *told, *row])
    return text.getvalue()


def _print(found: WeighedGroups) -> None:
    if not found.groups:
        click.echo("No run that is done fits.")
        return
    ranked = [one.field for one in found.importances(0)][:MOST_FIELDS]
    front = sorted(found.front.nonzero()[0].tolist(), key=lambda place: -float(found.mean[place, 0]))
    if front:
        click.echo(table([_row(found, place, ranked) for place in front[:MOST_ROWS]]))
    left, every = int(found.left.sum()), len(found.groups)
    more = f" The first {MOST_ROWS} are shown." if len(front) > MOST_ROWS else ""
    said = f"{len(front)} of {every} groups are on the front, {left} within limits.{more}"
    words = ["Means over seeds, with 95 % t intervals.", certainty_words(found), chosen_words(found)]
    click.echo(" ".join([said, *filter(None, words)]))


def _row(found: WeighedGroups, place: int, fields: Sequence[str]) -> dict[str, str]:
    row = {}
    for name in fields:
        given = found.fields[name][place]
        row[label(name)] = NO_NUMBER if given is ABSENT else value(name, given)
    for side, one in enumerate(found.objectives):
        mean, low, high = (float(each[place, side]) for each in (found.mean, found.low, found.high))
        row[one.label] = number_text(one.metric, mean, low, high)
    return row | {"seeds": str(found.seeds[place])}
