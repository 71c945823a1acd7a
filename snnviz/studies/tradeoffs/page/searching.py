"""The view Search of the Trade-offs page: a strategy chooses which few of an experiment's combinations are trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from snnviz.design.design import Design
from snnviz.errors import InputError
from snnviz.places import TOP
from snnviz.store import Run
from snnviz.studies.tradeoffs.charts.searching import NAMES, front_table, search_charts
from snnviz.studies.tradeoffs.page.setting import EXPERIMENT, to_link
from snnviz.studies.tradeoffs.page.validation_offer import hold_out_button
from snnviz.studies.tradeoffs.search import (
    FrontSearch,
    FrontSetting,
    FrontTrial,
    front_searches,
    offered_costs,
)
from snnviz.studies.tradeoffs.theory.fronts import FrontHistory
from snnviz.theory.metrics import METRICS
from snnviz.ui.components.address import address
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.kit import state, task_runs
from snnviz.ui.kit.actions import ResultWords, Verb, actions
from snnviz.ui.kit.columns import column_config, metric_columns, round_counts
from snnviz.ui.kit.rows import rows_of
from snnviz.ui.kit.settings import PageSettings
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.ui.kit.words import define_terms, escape_markdown, pluralise
from snnviz.views.numbers import NO_NUMBER

CONTROLS, FIGURES = "search-controls", "search-figures"
"""Fragments."""

SEARCHING = PageSettings(FrontSetting(), "front", prefix="search.", fragments=(CONTROLS, FIGURES), noun="search")

ABOUT = (
    "**Which designs are accurate at little cost?** Of all combinations of the experiment's fields few are trained: "
    "qLogNEHVI (Ament et al. 2023) learns from each where the front may move; as many random ones stand beside it."
)
SEARCH = Verb("Start", "Searching", "All searched", "search")
NO_SECOND = ""
OTHER_SEEDS = 3
"""With which the designs of the front are trained as ordinary runs."""


def begin(query: Mapping[str, str], *, keep: bool) -> None:
    """Sets the view Search from a link's parameters. `keep`: if the link is invalid, keep the current settings."""
    SEARCHING.begin({name: text for name, text in query.items() if name.startswith(SEARCHING.prefix)}, keep=keep)


def panel() -> None:
    """Draws the view Search: the settings of searches for a Pareto front, and the searches, updated while they are
    active.
    """
    if SEARCHING.name not in st.session_state:
        SEARCHING.begin({})
    st.caption(define_terms(ABOUT))
    SEARCHING.show_problem(linked=True)
    with st.container():
        _controls()
    task_runs.live(_figures, FIGURES, _is_active)


def _searches() -> tuple[FrontSearch, ...]:
    """None where the experiment is none that can be searched, which `_controls` says."""
    try:
        return front_searches(EXPERIMENT.value.base, EXPERIMENT.value.vary, SEARCHING.value)
    except InputError:
        return ()


@st.fragment(key=CONTROLS)
@show_store_errors()
def _controls() -> None:
    now = SEARCHING.value
    chosen = [*now.costs.split(","), NO_SECOND][:2]
    row = st.columns([30, 30, 18, 18, 18, 16], vertical_alignment="bottom")
    for place, words in enumerate(("Accuracy against", "and against")):
        others = [NO_SECOND] * place + [name for name in offered_costs() if name != chosen[1 - place]]
        key = f"{SEARCHING.widget_key('cost')}-{place}-{now.costs}"
        row[place].selectbox(
            words,
            others,
            index=others.index(chosen[place]),
            format_func=lambda name: METRICS[name].label if name else "no second cost",
            key=key,
            on_change=_put_cost,
            args=(place, key),
        )
    for column, name in zip(row[2:], ("iterations", "parallel", "repeats", "searches"), strict=True):
        SEARCHING.number(column, name)
    SEARCHING.show_problem()
    try:
        search = front_searches(EXPERIMENT.value.base, EXPERIMENT.value.vary, now)[0]
    except InputError as error:
        st.error(escape_markdown(f"{error}. It is changed under Ask."), icon=":material/error:")
    else:
        _says(search)
    address(to_link(SEARCHING.link), key="search-address", steps=True)


def _says(search: FrontSearch) -> None:
    """How much of the space is trained, and by which images candidates are judged."""
    space = 1
    for size in search.sizes:
        space *= size
    sizes = " × ".join(map(str, search.sizes))
    said = f"**{search.trials:,} of {space:,} combinations** ({sizes}) in each search, from the experiment under Ask."
    left, right = st.columns([72, 34], vertical_alignment="center")
    left.markdown(f"{said} Each candidate is {search.criterion.words}.")
    if not search.criterion.held_out:
        hold_out_button(right, "search-hold-out", (CONTROLS, FIGURES))


def _put_cost(place: int, key: str) -> None:
    chosen = SEARCHING.value.costs.split(",")
    chosen = [*chosen[:place], st.session_state[key], *chosen[place + 1 :]]
    SEARCHING.change(costs=",".join(name for name in chosen if name))
    SEARCHING.rerun()


def _is_active() -> bool:
    several = _searches()
    return task_runs.are_active(several) or task_runs.are_active(_again(_histories(task_runs.runs_of(several))))


def _histories(runs: Mapping[str, Run]) -> list[FrontHistory]:
    trials = rows_of(runs, FrontTrial)
    return [FrontHistory.from_rows(one, trials[one.digest]) for one in _searches() if one.digest in trials]


def _figures() -> None:
    several = _searches()
    runs = task_runs.runs_of(several)
    histories = _histories(runs)
    if not several:
        return
    _buttons(several, runs, histories)
    if not any(one.known for one in histories):
        st.caption("Candidates appear here as they are trained: leaving the page stops nothing.")
        return
    charts(payload(search_charts(histories)), key="search-charts")
    _front(histories)


def _buttons(several: Sequence[FrontSearch], runs: Mapping[str, Run], histories: Sequence[FrontHistory]) -> None:
    done = [run for run in runs.values() if run.state == "done"]
    trained = sum(len(one.candidates) for one in histories)
    lost = sum(not each.values for one in histories for each in one.candidates)
    kept = pluralise(trained, "candidate") + (f", of which {lost} came to nothing" if lost else "")
    words = ResultWords(
        partial=f"{len(done)} of {pluralise(len(several), 'search')} done, {kept}",
        complete=f"{pluralise(len(done), 'search')}, {kept}",
        kept=kept,
    )
    actions(several, runs, SEARCHING.key, verb=SEARCH, result_words=words)


def _front(histories: Sequence[FrontHistory]) -> None:
    """The fronts as a table; what is ticked opens, and all of it can be trained as ordinary runs."""
    st.subheader("On the front", anchor=False)
    table = round_counts(front_table(histories))
    names = [name for name in ("validation_accuracy", "accuracy", *histories[0].search.objectives[1:]) if name in table]
    picked = st.dataframe(
        table,
        hide_index=True,
        key="search-front",
        on_select="rerun",
        selection_mode="single-row",
        placeholder=NO_NUMBER,
        column_config=column_config(table, {**metric_columns(names), "seed": st.column_config.NumberColumn(width=60)}),
    )
    chosen = [(history, one) for history in histories for one in history.front]
    rows = picked["selection"]["rows"]
    if st.button("Open in the editor", icon=":material/hub:", key="search-open", disabled=not rows) and rows:
        history, one = chosen[rows[0]]
        state.replace_with_notice(one.design, f"Candidate no. {one.number + 1} of {NAMES[history.search.strategy]}.")
        st.switch_page(TOP / "pages" / "design.py")
    again = _again(histories)
    if again:
        st.caption(
            "The best of many looks a little better than it is, on any images. What is on the front by qLogNEHVI, "
            f"trained again with {OTHER_SEEDS} other seeds as ordinary runs, does not: it is compared and weighed like "
            "all others."
        )
        what = f"the front: {pluralise(len(again), 'run')}"
        actions(again, task_runs.runs_of(again), "search-again", what=what, widths=(4, 2, 6))


def _again(histories: Sequence[FrontHistory]) -> list[Design]:
    """The designs on the fronts of searches that have ended, with other seeds."""
    found = {}
    for history in histories:
        search = history.search
        if search.strategy != "qlognehvi" or len(history.candidates) < search.trials:
            continue
        for one in history.front:
            for seed in range(search.seeds().stop, search.seeds().stop + OTHER_SEEDS):
                design = one.design.model_copy(update={"seed": seed})
                found[design.digest] = design
    return list(found.values())
