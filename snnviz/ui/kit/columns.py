"""Columns of tables on pages: labels, help texts and number formats."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
import streamlit as st
from pandas.api.types import is_numeric_dtype

from snnviz.theory.metrics import METRICS, Metric
from snnviz.views.numbers import IN_TABLES
from snnviz.views.words import word, word_by_name

NAMED_ELSEWHERE = {"MACs": "macs"}
"""Metrics by the names of columns that differ from the metric's."""


def column(name: str, form: str | None = None, help: str = "", **more: Any) -> Any:
    """Returns a Streamlit `NumberColumn` with the label, help and format that this number has on every page."""
    known, metric = word(name), METRICS.get(NAMED_ELSEWHERE.get(name, name))
    if form is None and metric is not None:
        form = _form(metric)
    return st.column_config.NumberColumn(known.label, format=form, help=help or known.help or None, **more)


def half_interval(form: str, label: str = "± 95 %", **more: Any) -> Any:
    """Returns a Streamlit `NumberColumn` of half the 95 % t interval of a mean over seeds, with the help that says so.

    form: of its numbers, such as "%.1f". more: see `st.column_config.NumberColumn`.
    """
    return st.column_config.NumberColumn(
        label, format=form, help="Half of the 95 % interval of the mean over seeds (Student's t).", **more
    )


def _form(metric: Metric) -> str:
    """With the unit, where the kind of number does not have it."""
    form = IN_TABLES[metric.form]
    return f"{form} {metric.unit}" if metric.form == "number" and metric.unit else form


def metric_columns(names: Iterable[str]) -> dict[str, Any]:
    """Returns Streamlit's column settings of metrics by name, with help texts that also say when a value is missing."""
    return {name: column(name, help=f"{METRICS[name].help} {METRICS[name].none}".strip()) for name in names}


def round_counts(table: pd.DataFrame) -> pd.DataFrame:
    """Returns a table in which counts are rounded for a page; they are means over images and stay unrounded in CSV."""
    counts = [name for name in map(str, table.columns) if name in METRICS and METRICS[name].form == "count"]
    return table.assign(**{name: pd.to_numeric(table[name]).round() for name in counts})


def column_config(table: pd.DataFrame, columns: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Returns Streamlit's `column_config` for a table: labels and help texts as in `views.words`.

    columns: by name, made by `column` or `st.column_config`, whose own labels and help stay. Metrics need none.
    """
    found = {}
    for name in map(str, table.columns):
        usual = column(name) if name in METRICS and is_numeric_dtype(table[name]) else st.column_config.Column()
        one, known = (columns or {}).get(name) or usual, word_by_name(name)
        label = one["label"] if one["label"] is not None else known.label if known else name
        found[name] = {
            **one,
            "label": capitalised(label),
            "help": one["help"] or (known.help if known else None) or None,
        }
    return found


def capitalised(label: str) -> str:
    """Returns a label with a capital if it begins with a word, not with a symbol.

    >>> capitalised("spikes per neuron"), capitalised("t_min"), capitalised("± seeds"), capitalised("")
    ('Spikes per neuron', 't_min', '± seeds', '')
    """
    return label[:1].upper() + label[1:] if re.match("[a-z]{2}", label) else label
