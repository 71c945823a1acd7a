"""The settings of the Runs page (filter, order, grouping, columns), and their link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from snnviz.errors import InputError, did_you_mean
from snnviz.store.filters import field_paths, parse_filter
from snnviz.theory.metrics import METRICS

OWN_ORDERS = ("created", "state", "title", "seed", "tags")
"""Properties of runs, besides metrics and fields, by which they can be sorted."""

MOST_FIELDS = 20
"""Largest number of columns for fields."""


@dataclass(frozen=True, slots=True)
class RunsView:
    """The settings of the Runs page: which runs it shows, in which order, with which columns.

    filter: text for `parse_filter`, "" for all runs. order: name of the metric, field or property to sort by.
    descending: whether the largest comes first. grouped: one row per group of seeds. metrics, fields: those with a
    column; None for the default metrics.
    """

    filter: str = ""
    order: str = "created"
    descending: bool = True
    grouped: bool = False
    metrics: tuple[str, ...] | None = None
    fields: tuple[str, ...] = ()

    @property
    def shown(self) -> tuple[str, ...]:
        """The metrics that have a column in the table, in the order of the columns."""
        if self.metrics is None:
            return tuple(metric.name for metric in METRICS.listed)
        return tuple(name for name in METRICS.names if name in self.metrics)


def from_link(query: Mapping[str, str]) -> RunsView:
    """Returns the view for a link's parameters; unknown ones are ignored. Raises `InputError` for invalid values."""
    text = query.get("filter", "").strip()
    if text:
        parse_filter(text)
    order = query.get("sort", "-created")
    known = (*OWN_ORDERS, *METRICS.names, *field_paths())
    if order.removeprefix("-") not in known:
        raise InputError("sort", "be a field, a metric or created", order, did_you_mean(order.removeprefix("-"), known))
    grouped = query.get("group", "no")
    if grouped not in ("no", "seeds"):
        raise InputError("group", "be seeds or no", grouped)
    columns = _listed(query["columns"]) if "columns" in query else None
    for name in columns or ():
        if name not in known[len(OWN_ORDERS) :]:
            raise InputError("columns", "be metrics and fields", name, did_you_mean(name, known))
    fields = tuple(name for name in columns or () if name not in METRICS)
    if len(fields) > MOST_FIELDS:
        raise InputError("columns", f"be at most {MOST_FIELDS} fields", len(fields))
    metrics = None if columns is None else tuple(name for name in columns if name in METRICS)
    return RunsView(text, order.removeprefix("-"), order.startswith("-"), grouped == "seeds", metrics, fields)


def to_link(view: RunsView) -> str:
    """Returns the query string of a `RunsView`; "" for the default one."""
    told = {}
    if view.filter:
        told["filter"] = view.filter
    if (order := f"{'-' * view.descending}{view.order}") != "-created":
        told["sort"] = order
    if view.grouped:
        told["group"] = "seeds"
    if view.metrics is not None or view.fields:
        told["columns"] = ",".join((*view.shown, *view.fields))
    return "&".join(f"{name}={quote(text, safe='/,.')}" for name, text in told.items())


def _listed(text: str) -> list[str]:
    return [name for name in dict.fromkeys(part.strip() for part in text.split(",")) if name]
