"""Results in the view Ask: the experiment's forecast, progress, and a table of its groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from snnviz.design.design import Design
from snnviz.store import Run
from snnviz.studies.tradeoffs import previewing
from snnviz.studies.tradeoffs.charts.asking import group_table
from snnviz.studies.tradeoffs.page import comparing, validation_offer
from snnviz.studies.tradeoffs.page.setting import EXPERIMENT, RUNS
from snnviz.ui.kit import task_runs
from snnviz.ui.kit.actions import actions
from snnviz.ui.kit.columns import column, column_config, half_interval, round_counts
from snnviz.ui.kit.words import escape_markdown, pluralise
from snnviz.views.error_messages import error_text
from snnviz.views.numbers import NO_NUMBER
from snnviz.views.results import Result

BUDGET = 0.3
"""Seconds of a look that forecasts may take; the rest comes with the next looks."""

HEIGHT = 458
"""Of the table, in pixels: 12 rows."""


def is_active() -> bool:
    """Returns whether runs are queued or running, or forecasts are still being computed."""
    asked = EXPERIMENT.value
    if len(previewing.cached_forecasts(asked.groups())) < len(asked.groups()):
        return True
    return task_runs.are_active(_designs())


def _designs() -> list[Design]:
    return [run.design for run in EXPERIMENT.value.runs()]


def panel() -> None:
    """Draws what the experiment will cost, the button that trains it, and a table of its groups (runs that differ only
    in the seed) with forecast and results.
    """
    asked, designs = EXPERIMENT.value, _designs()
    groups, runs = asked.groups(), task_runs.runs_of(designs)
    known = previewing.forecasts(groups, BUDGET)
    _summary(runs, known)
    actions(designs, runs, RUNS, widths=(4, 2, 6))
    validation_offer.offer(runs)
    results = task_runs.results(designs, runs)
    before = {digest: found.metrics["silent_before"] for digest, found in results.items()}
    if words := previewing.check_forecast(asked, before).words:
        st.markdown(escape_markdown(words))
    _table(known, results)


def _summary(runs: Mapping[str, Run], known: Mapping[tuple[int, ...], previewing.Forecast]) -> None:
    asked = EXPERIMENT.value
    groups = len(asked.groups())
    done = sum(run.state == "done" for run in runs.values())
    here = f"{done:,} of them in the store" if done else "none of them in the store yet"
    lines = [f"**{previewing.groups_text(asked)}**; {here}. {previewing.costs_text(known)}"]
    lines += [escape_markdown(one) for one in previewing.left_out_texts(asked, error_text)]
    if len(known) < groups:
        lines.append(f"Activity is forecast of {len(known):,} of {pluralise(groups, 'group')} so far.")
    st.markdown("  \n".join(lines))
    if words := previewing.silent_text(known, groups):
        left, right = st.columns([72, 34], vertical_alignment="center")
        left.warning(escape_markdown(words), icon=":material/warning:")
        silent = sum(bool(one.silent) for one in known.values())
        if silent < groups:
            right.button(
                f"Leave {'it' if silent == 1 else f'these {silent:,}'} out",
                icon=":material/volume_off:",
                key="tradeoffs-silent",
                on_click=_leave_out,
                args=("without",),
                help="Designs with a layer that is forecast not to spike before training. The forecast can be wrong: "
                "when runs are done it is said how often.",
            )
    elif asked.silent == "without":
        st.button(
            "Take in what is forecast to be silent",
            icon=":material/volume_up:",
            key="tradeoffs-silent",
            on_click=_leave_out,
            args=("with",),
        )


def _leave_out(silent: str) -> None:
    now = EXPERIMENT.value
    EXPERIMENT.take(now.model_copy(update={"silent": silent}), "Changed what is run.")


def _table(known: Mapping[tuple[int, ...], previewing.Forecast], results: Mapping[str, Result]) -> None:
    table = round_counts(group_table(EXPERIMENT.value, known, results))
    groups = list(EXPERIMENT.value.groups().values())
    picked = st.dataframe(
        table,
        hide_index=True,
        key=f"tradeoffs-groups-{hash(EXPERIMENT.link)}",  # ticks are rows of this experiment
        on_select="rerun",
        selection_mode="multi-row",
        height=min(38 + 35 * max(1, len(table)), HEIGHT),
        placeholder=NO_NUMBER,
        column_config=column_config(
            table,
            {
                "forecast": st.column_config.TextColumn("Theory, before training", width=190),
                "done": st.column_config.TextColumn("Runs done", width="small"),
                "parameters": column("parameters", "localized"),
                "macs": column("macs", "localized"),
                "accuracy": column("accuracy"),
                "± accuracy": half_interval("%.1f"),
                "rate": column("rate"),
                "energy": column("energy"),
            },
        ),
    )
    if len(groups) > 1:
        _compare([groups[row] for row in picked["selection"]["rows"] if row < len(groups)])


def _compare(ticked: Sequence[Design]) -> None:
    """Any two rows, paired by seed."""
    left, right = st.columns([26, 80], vertical_alignment="center")
    left.button(
        "Compare by seed",
        icon=":material/compare_arrows:",
        width="stretch",
        key="tradeoffs-pair",
        disabled=len(ticked) != 2,
        on_click=comparing.turn_to,
        args=(*ticked, EXPERIMENT.value.seeds),
    )
    said = "They are compared seed by seed." if len(ticked) == 2 else "Tick two rows to compare them seed by seed."
    right.caption(said)
