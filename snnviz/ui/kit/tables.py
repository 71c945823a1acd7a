"""A table of runs on a page, one of which can be opened on the Design page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from snnviz.places import TOP
from snnviz.ui.kit import state
from snnviz.ui.kit.columns import column_config
from snnviz.views.numbers import NO_NUMBER


def runs_table(table: pd.DataFrame, key: str, columns: Mapping[str, Any], words: str, *, empty: bool = True) -> None:
    """Draws a table with a row for each run, named in the column ``run``. `columns`: see `columns.column_config`.

    `words`: instruction while no row is selected. `empty`: also draw columns without values.
    """
    picked = st.dataframe(
        table,
        hide_index=True,
        height=min(38 + 35 * len(table), 420),
        key=f"{key}-table",
        placeholder=NO_NUMBER,
        on_select="rerun",
        selection_mode="single-row",
        column_order=[name for name in table.columns if name != "run" and (empty or not table[name].isna().all())],
        column_config=column_config(table, columns),
    )
    ticked = [row for row in picked["selection"]["rows"] if row < len(table)]
    if not ticked:
        st.caption(words)
    elif st.button("Open", type="primary", icon=":material/open_in_new:", key=f"{key}-open"):
        state.open_run(str(table["run"][ticked[0]]))
        st.switch_page(TOP / "pages" / "design.py")
