"""Rows of the Runs page: the runs or groups of a view, in its order, and one page of them as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean
from typing import Any, NamedTuple

import pandas as pd

from snnviz.design import links
from snnviz.store import Run, Store
from snnviz.store import metrics as store_metrics
from snnviz.store.columns import Column, metric_columns, values_of
from snnviz.store.filters import RunFilter, parse_filter
from snnviz.store.groups import filtered_groups
from snnviz.store.index import IndexedRun, IndexedRuns
from snnviz.theory.intervals import confidence_interval
from snnviz.theory.metrics import METRICS
from snnviz.ui.kit.columns import round_counts
from snnviz.ui.runs.view import RunsView
from snnviz.views import changes
from snnviz.views.numbers import table_value
from snnviz.views.runs import design_line, row, run_table

PER_PAGE = 100
"""Number of rows of a page, without the runs of unfolded groups."""

GUESSED = "estimated"
"""Name of the metric that tells whether operations were counted or estimated."""

FOLDED, UNFOLDED, INSIDE = "▸", "▾", "·"

Item = tuple[IndexedRun, ...]
"""One run, or the runs of a group ordered by seed."""


class Line(NamedTuple):
    """A row of the table of runs: the names of its runs, and the key of its group (runs that differ only in the seed),
    "" for a single run.
    """

    runs: tuple[str, ...]
    group: str = ""

    @property
    def name(self) -> str:
        """Unique name of the row: the group's key or the run's name."""
        return f"group {self.group}" if self.group else self.runs[0]


@dataclass(frozen=True)
class Listed:
    """One page of the table of runs, as a data frame; its rows correspond to `lines`."""

    lines: tuple[Line, ...]
    table: pd.DataFrame

    @cached_property
    def shown(self) -> pd.DataFrame:
        """The table with rounded counts, made once for all who look at this page."""
        return round_counts(self.table)


def needed_metrics(view: RunsView) -> tuple[str, ...]:
    """Returns the metrics that the settings of the Runs page need for all runs: for the filter, the order and the means
    of groups.
    """
    where = parse_filter(view.filter) if view.filter else None
    names = [*(where.metrics if where else ()), *([view.order] if view.order in METRICS else [])]
    return tuple(dict.fromkeys([*names, *([*view.shown, GUESSED] if view.grouped else [])]))


def select(store: Store, now: IndexedRuns, view: RunsView) -> tuple[Item, ...]:
    """Returns the runs or groups (runs that differ only in the seed) that the settings of the Runs page select, in
    their order; those without a value to sort by come last.
    """
    where = parse_filter(view.filter) if view.filter else None
    columns = metric_columns(store, now, needed_metrics(view))
    if view.grouped:
        items: list[Item] = [tuple(runs.values()) for runs in filtered_groups(now, columns, where).values()]
    else:
        items = [(run,) for run in _taken(now, columns, where)]
    if (view.order, view.descending) == ("created", True) and not view.grouped:
        return tuple(items)
    keys = [_order(item, view.order, columns) for item in items]
    known = [place for place, key in enumerate(keys) if key is not None]
    known.sort(key=lambda place: keys[place] or (0, 0), reverse=view.descending)
    return tuple(items[place] for place in [*known, *(n for n, key in enumerate(keys) if key is None)])


def _taken(now: IndexedRuns, columns: Mapping[str, Column], where: RunFilter | None) -> Sequence[IndexedRun]:
    if where is None:
        return now.runs
    asked = {name: columns[name] for name in where.metrics}
    return [run for run in now.runs if where.matches(run, values_of(asked, run.run))]


def _order(item: Item, by: str, columns: Mapping[str, Column]) -> tuple[int, Any] | None:
    if by in METRICS:
        mean = _mean(item, columns[by])
        return None if mean is None else (0, mean)
    if by == "created":
        return 0, max(run.created for run in item)
    value: Any = item[0].value(by) if by not in ("state", "title", "tags") else getattr(item[0], by)
    value = " ".join(value) if isinstance(value, tuple) else value
    if value is None or value == "":
        return None
    return (0, value) if isinstance(value, int | float) else (1, str(value).casefold())


def _values(item: Item, column: Column) -> list[float]:
    """Of a group those of runs that are done, of a single run what it has."""
    return [column[run.run] for run in item if run.run in column and (len(item) == 1 or run.state == "done")]


def _mean(item: Item, column: Column) -> float | None:
    values = _values(item, column)
    return fmean(values) if values else None


def page_table(
    store: Store, now: IndexedRuns, items: Sequence[Item], view: RunsView, unfolded: frozenset[str]
) -> Listed:
    """Returns the table with the rows of these items, and of the runs in the unfolded groups."""
    open_ = [run for item in items if view.grouped and item[0].design.key in unfolded for run in item]
    singles = [*open_, *([] if view.grouped else [item[0] for item in items])]
    heads = [item[0].run for item in items] if view.grouped else []
    whole = store.get_many([*dict.fromkeys([*heads, *(run.run for run in singles)])])
    names = [*dict.fromkeys([*view.shown, GUESSED])]
    reached = store_metrics.metrics(store, [whole[run.run] for run in singles if run.run in whole], names)
    columns = metric_columns(store, now, names) if view.grouped else {}
    lines: list[Line] = []
    rows: list[dict[str, Any]] = []
    for item in (item for item in items if item[0].run in whole):
        if not view.grouped:
            lines.append(Line((item[0].run,)))
            rows.append(_run_row(whole[item[0].run], reached, view))
            continue
        key = item[0].design.key
        lines.append(Line(tuple(run.run for run in item), key))
        rows.append(_group_row(item, whole[item[0].run], columns, view, UNFOLDED if key in unfolded else FOLDED))
        for run in item if key in unfolded else ():
            if run.run in whole:
                lines.append(Line((run.run,)))
                rows.append({**_run_row(whole[run.run], reached, view), "seeds": f"{INSIDE} seed {run.seed}"})
    return Listed(tuple(lines), _table(rows, names, view))


def _run_row(run: Run, reached: Mapping[str, Mapping[str, float | None]], view: RunsView) -> dict[str, Any]:
    fields = links.flatten(run.design) if view.fields else {}
    more = {path: fields.get(path) for path in view.fields}
    return row(run, reached[run.run]) | more | {"marks": _marks(run.starred, run.tags), "notes": run.notes}


def _group_row(item: Item, first: Run, columns: Mapping[str, Column], view: RunsView, sign: str) -> dict[str, Any]:
    done = sum(run.state == "done" for run in item)
    means = {name: table_value(name, _mean(item, column)) for name, column in columns.items()}
    tags = dict.fromkeys(tag for run in item for tag in run.tags)
    found = {
        "state": "done" if done == len(item) else f"{done} of {len(item)} done",
        "design": design_line(first.design.model_copy(update={"seed": 0})),
        "title": "",
        "created": max(run.created for run in item),
        "run": item[0].design.key,
        "seeds": f"{sign} {len(item)} seed{'s' if len(item) != 1 else ''}",
        "marks": _marks(any(run.starred for run in item), tuple(tags)),
        "notes": "",
        **means,
        **{path: item[0].value(path) if path != "seed" else None for path in view.fields},
    }
    if spread_of(view):
        values = _values(item, columns[spread_of(view)])
        half = confidence_interval(values).half if len(values) > 1 else None
        found["spread"] = table_value(spread_of(view), half)
    return found


def spread_of(view: RunsView) -> str:
    """Returns the metric whose confidence interval has a column in tables of groups (runs that differ only in the
    seed): the first one shown.
    """
    return view.shown[0] if view.grouped and view.shown else ""


def _marks(starred: bool, tags: Sequence[str]) -> str:
    return " ".join([*(["★"] if starred else []), *tags])


def _table(rows: Sequence[dict[str, Any]], names: Sequence[str], view: RunsView) -> pd.DataFrame:
    table = run_table(rows, names)
    more = ["marks", "notes", *(["seeds"] if view.grouped else []), *(["spread"] if spread_of(view) else [])]
    for name in more:
        table[name] = [line.get(name) for line in rows]
    for path in view.fields:
        table[path] = _field_column(path, [line[path] for line in rows])
    return table


def _field_column(path: str, values: Sequence[Any]) -> pd.Series[Any]:
    """Numbers as such, all else in words."""
    if all(value is None or isinstance(value, int | float) for value in values):
        return pd.Series(values, dtype=float)
    return pd.Series([None if value is None else changes.value(path, value) for value in values], dtype=object)


def csv_text(store: Store, now: IndexedRuns, items: Sequence[Item], view: RunsView) -> str:
    """Returns all selected rows of the Runs page as CSV with full precision: one line per run, or per group (runs that
    differ only in the seed) with means and intervals.
    """
    names, lines = view.shown, []
    columns = metric_columns(store, now, names)
    for start in range(0, len(items), 500):
        some = items[start : start + 500]
        whole = store.get_many([item[0].run for item in some])
        for item in some:
            if item[0].run in whole:
                told = _group_line if view.grouped else _run_line
                lines.append(told(item, whole[item[0].run], columns, view))
    text: str = pd.DataFrame(lines).to_csv(index=False)
    return text


def _run_line(item: Item, whole: Run, columns: Mapping[str, Column], view: RunsView) -> dict[str, Any]:
    told = row(whole, {name: columns[name].get(whole.run) for name in columns})
    title = told.pop("title")
    told["design"] = f"{title} ({told['design']})" if title else told["design"]
    told["created"] = pd.Timestamp(whole.created, unit="s", tz="UTC")
    marks = {"tags": " ".join(whole.tags), "notes": whole.notes, "starred": whole.starred}
    return told | {path: item[0].value(path) for path in view.fields} | marks


def _group_line(item: Item, whole: Run, columns: Mapping[str, Column], view: RunsView) -> dict[str, Any]:
    told: dict[str, Any] = {
        "group": item[0].design.key,
        "design": design_line(whole.design.model_copy(update={"seed": 0})),
        "seeds": " ".join(str(run.seed) for run in item),
        "done": sum(run.state == "done" for run in item),
    }
    for name, column in columns.items():
        values = [100 * value if METRICS[name].form == "share" else value for value in _values(item, column)]
        found = confidence_interval(values) if values else None
        told[name] = found.mean if found else None
        told[f"{name}_low"], told[f"{name}_high"] = (found.low, found.high) if found and found.half else (None, None)
    return told | {path: item[0].value(path) for path in view.fields if path != "seed"}
