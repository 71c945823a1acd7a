"""Columns of tables on pages: what they are called, what that means, and the form of their numbers."""

from __future__ import annotations

from typing import Any

import streamlit as st

from snnviz.views.numbers import NANOJOULES, PERCENT, SECONDS
from snnviz.views.words import word

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
    """The column of a number, called and explained as everywhere; `help`: instead of its sentence."""
    known = word(name)
    return st.column_config.NumberColumn(
        known.label, format=form or FORMS.get(name), help=help or known.help or None, **more
    )
