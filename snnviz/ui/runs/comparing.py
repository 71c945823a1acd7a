"""Comparison of the selected runs: their differing settings, results and curves."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from snnviz.events import EpochEnd
from snnviz.places import TOP
from snnviz.store import Run
from snnviz.store import metrics as store_metrics
from snnviz.store.groups import group_key
from snnviz.tasks import pair_buttons, resolve
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.kit import services
from snnviz.ui.kit.columns import column_config, metric_columns, round_counts
from snnviz.views.numbers import NO_NUMBER, table_value
from snnviz.views.run import MOST_NAMED, overlay_charts
from snnviz.views.runs import difference_table, short_names

MOST_COMPARED = 60


def compare(chosen: Sequence[Run], count: int, shown: Sequence[str]) -> None:
    """Draws the comparison of the selected runs: a table of their differing settings and metrics, and curves of test
    accuracy, loss and rate.

    count: number of selected runs, of which `chosen` may be a part. shown: names of the metrics in the table.
    """
    st.header("What differs", anchor=False)
    if count > MOST_COMPARED:
        st.warning(f"The first {MOST_COMPARED} of {count} chosen runs are compared.", icon=":material/info:")
        chosen = chosen[:MOST_COMPARED]
    _pair_buttons(chosen)
    table = difference_table([run.design for run in chosen])
    reached = store_metrics.metrics(services.store(), chosen, shown)
    for name in shown:
        values = [table_value(name, reached[run.run][name]) for run in chosen]
        if any(value is not None for value in values):
            table[name] = pd.Series(values, dtype=float)
    st.dataframe(
        round_counts(table),
        hide_index=True,
        placeholder=NO_NUMBER,
        column_config=column_config(table, metric_columns(shown)),
    )
    if len(chosen) > MOST_NAMED:
        st.caption(
            f"Of more than {MOST_NAMED} runs, lines are named where the pointer is on them, by the numbers above."
        )
    names = short_names([run.design for run in chosen], [run.title for run in chosen])
    found = services.store().rows_of([run.run for run in chosen], EpochEnd)
    rows = [found.get(run.run, []) for run in chosen]
    charts(payload(overlay_charts(dict(zip(names, rows, strict=True)))), key="overlay")


def _pair_buttons(chosen: Sequence[Run]) -> None:
    """What studies offer where the chosen runs are of two designs, whatever their seeds."""
    first = min(run.design.seed for run in chosen)
    groups = {group_key(run.design): run.design.model_copy(update={"seed": first}) for run in chosen}
    if len(groups) != 2:
        return
    for offer in pair_buttons():
        if st.button(offer.label, type="tertiary", icon=offer.icon, key=offer.key, help=offer.help):
            resolve(offer.open)(*groups.values())
            st.switch_page(TOP / "pages" / f"{offer.page}.py")
