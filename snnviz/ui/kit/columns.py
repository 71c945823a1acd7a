"""Columns of tables on pages: what they are called, what that means, and the form of their numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from snnviz.views.numbers import NANOJOULES, PERCENT, SECONDS
from snnviz.views.words import NAMES, word

FORMS = {
    "accuracy": PERCENT,
    "rate": PERCENT,
    "energy": NANOJOULES,
    "seconds": SECONDS,
    "dense": "localized",
    "MACs": "localized",
    "additions": "localized",
    "operations": "localized",
}
"""Whole operations are read digit by digit in a table; elsewhere `numbers.count` rounds them."""


def column(name: str, form: str | None = None, help: str = "", **more: Any) -> Any:
    """A `NumberColumn` with the label, help and format that this number has on every page; `help` replaces the help."""
    known = word(name)
    return st.column_config.NumberColumn(
        known.label, format=form or FORMS.get(name), help=help or known.help or None, **more
    )


def column_config(table: pd.DataFrame, columns: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Streamlit's `column_config` for a table: each column's label with a capital, and its help, in the terms of
    `views.words`.

    columns: by name, made by `column` or `st.column_config`; their own labels and sentences stand.
    """
    found = {}
    for name in map(str, table.columns):
        one = (columns or {}).get(name) or st.column_config.Column()
        known = NAMES.get(name)
        label = one["label"] if one["label"] is not None else known.label if known else name
        found[name] = {
            **one,
            "label": capitalised(label),
            "help": one["help"] or (known.help if known else None) or None,
        }
    return found


def capitalised(label: str) -> str:
    """A label with a capital where it begins with a word, not with a symbol.

    >>> capitalised("spikes per neuron"), capitalised("t_min"), capitalised("± seeds"), capitalised("")
    ('Spikes per neuron', 't_min', '± seeds', '')
    """
    return label[:1].upper() + label[1:] if re.match("[a-z]{2}", label) else label
