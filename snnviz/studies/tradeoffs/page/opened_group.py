"""Details of the group that is selected in the view Weigh, with actions on its runs."""

from __future__ import annotations

import math
from collections.abc import Callable
from html import unescape

import streamlit as st

from snnviz.places import TOP
from snnviz.studies.tradeoffs.charts.comparison_texts import metric_sentence
from snnviz.studies.tradeoffs.charts.naming import group_name, number_text
from snnviz.studies.tradeoffs.neighbours import neighbours
from snnviz.studies.tradeoffs.page import comparing
from snnviz.studies.tradeoffs.pairing import follows_from_design
from snnviz.studies.tradeoffs.theory.weighed import WeighedGroups
from snnviz.theory.comparison import paired_difference
from snnviz.theory.importance import ABSENT
from snnviz.theory.metrics import METRICS
from snnviz.ui.kit import state, task_runs
from snnviz.ui.kit.actions import Verb, actions
from snnviz.ui.kit.words import escape_markdown, pluralise
from snnviz.views.changes import label, value
from snnviz.views.numbers import metric_text

NEIGHBOURS = Verb("Queue", "Training", "All neighbours trained", "run")

ALSO = ("accuracy", "rate", "operations", "energy", "parameters")
"""Metrics that are told of a point beside the objectives."""

MOST_FIELDS = 12

MOST_OTHERS = 200
"""Groups to compare with: the front's first."""


def panel(found: WeighedGroups, key: str, close: Callable[[], None]) -> None:
    """Draws the details of the group (runs that differ only in the seed) with this key, if it is among the weighed
    ones; `close` is called by the close button.
    """
    place = found.group_index(key) if key else None
    if place is None:
        return
    group = found.groups[place]
    with st.container(border=True):
        head, away = st.columns([6, 1], vertical_alignment="center")
        where = "On the front" if found.front[place] else "Beaten by another" if found.left[place] else "Beyond a limit"
        head.subheader(where, anchor=False)
        away.button("Close", icon=":material/close:", width="stretch", key="weigh-close", on_click=close)
        told = [
            f"{escape_markdown(label(path))} **{escape_markdown(value(path, values[place]))}**"
            for path, values in found.fields.items()
            if values[place] is not ABSENT
        ]
        seeds = ", ".join(map(str, sorted(group.runs)))
        st.markdown(" · ".join([*told[:MOST_FIELDS], f"seeds {seeds}"]))
        _numbers(found, place)
        _buttons(found, place)
        _neighbours(found, place)


def _numbers(found: WeighedGroups, place: int) -> None:
    """The objectives with their intervals; then others, of which the test accuracy is told once."""
    names = {one.name for one in found.objectives}
    also = [name for name in ALSO if name not in names and found.groups[place].values.get(name)]
    columns = st.columns(len(found.objectives) + min(len(also), 4))
    for side, (column, one) in enumerate(zip(columns, found.objectives, strict=False)):
        mean, low, high = (float(each[place, side]) for each in (found.mean, found.low, found.high))
        interval = number_text(one.metric, mean, low, high).partition("(")[2].rstrip(")")
        column.metric(one.label, metric_text(one.metric, None if math.isnan(mean) else mean))
        column.caption(f"95 %: {interval}" if interval else "one seed, no interval")
    for column, name in zip(columns[len(found.objectives) :], also, strict=False):
        told = found.groups[place].interval(name)
        column.metric(METRICS[name].label, metric_text(METRICS[name], told.mean if told else None))
    if not found.told_apart[place] and found.left[place]:
        other = "may in truth be beaten by another" if found.front[place] else "may in truth belong on the front"
        st.caption(f"Not told apart: within the 95 % intervals over seeds it {other}. More seeds narrow them.")
    if found.chosen_on == "test" and found.front[place]:
        st.caption("Chosen on the test images: train it with other seeds before you trust it.")


def _buttons(found: WeighedGroups, place: int) -> None:
    left, right = st.columns([3, 5])
    if left.button("Edit on the Design page", icon=":material/hub:", width="stretch", key="weigh-edit"):
        state.replace_with_notice(found.groups[place].design, "Taken from Trade-offs.")
        st.switch_page(TOP / "pages" / "design.py")
    with right:
        _compare(found, place)


def _compare(found: WeighedGroups, place: int) -> None:
    """Beside another group, paired by seed."""
    others = [int(each) for each in (*found.front.nonzero()[0], *(found.left & ~found.front).nonzero()[0])]
    others = [each for each in others if each != place][:MOST_OTHERS]
    if not others:
        return
    own = found.groups[place]
    chosen = st.selectbox(
        "Compare with",
        others,
        index=None,
        format_func=lambda each: f"{'★ ' * bool(found.front[each])}{unescape(group_name(found, each))}",
        placeholder="Compare with ...",
        label_visibility="collapsed",
        key=f"weigh-other-{own.key}",
    )
    if chosen is None:
        return
    other = found.groups[chosen]
    for one in found.objectives:
        values = (each.values.get(one.name, {}) for each in (other, own))
        exact = follows_from_design(one.metric, own.design)
        difference = paired_difference(*values, better=one.direction, exact=exact)
        st.markdown(escape_markdown(metric_sentence(one.metric, difference, "This one")))
    st.caption("Paired by seed, 95 % t interval of the differences. More of it under **Compare**.")
    st.button(
        "Each seed, and more seeds", icon=":material/compare_arrows:", width="stretch", key="weigh-compare",
        on_click=comparing.turn_to, args=(other.design, own.design),
    )  # fmt: skip


def _neighbours(found: WeighedGroups, place: int) -> None:
    """One step along each axis, as ordinary runs with this group's seeds."""
    group = found.groups[place]
    near = neighbours(group.design, found.fields, place)
    if not near:
        return
    seeds = sorted(group.runs)
    tasks = [one.design.model_copy(update={"seed": seed}) for one in near for seed in seeds]
    runs = task_runs.runs_of(tasks)
    with st.expander(f"Its {pluralise(len(near), 'neighbour')}, one step along each axis", icon=":material/open_with:"):
        said = [f"{label(one.path)} {value(one.path, one.now)}{' (beyond all tried)' * one.beyond}" for one in near]
        st.caption(escape_markdown("; ".join(said)))
        actions(tasks, runs, "weigh-near", "its", verb=NEIGHBOURS)
