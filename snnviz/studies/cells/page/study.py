"""The view "Does it predict?" of the Cells page: searches, then ordinary runs of the found cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from snnviz.design.cells import has_backward, random_cell
from snnviz.design.design import Design
from snnviz.store import Run
from snnviz.studies.cells.charts import counts, tables
from snnviz.studies.cells.charts import study as views
from snnviz.studies.cells.scoring import Candidate
from snnviz.studies.cells.study import (
    STUDIES,
    CellStudy,
    Place,
    Way,
    distinct_designs,
    sample_sizes,
    study_runs,
    study_searches,
    trained_candidates,
)
from snnviz.ui.components.address import address
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.kit import fields, recipe, task_runs
from snnviz.ui.kit import tables as of_runs
from snnviz.ui.kit.actions import Verb, actions
from snnviz.ui.kit.columns import column, column_config, half_interval
from snnviz.ui.kit.fields import Binding
from snnviz.ui.kit.rows import rows_of
from snnviz.ui.kit.settings import PageSettings
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.ui.kit.words import escape_markdown, pluralise
from snnviz.views.numbers import count

SEARCHES = "cells_study_search"
SETTINGS, CURVES = "cells-study-settings", "cells-study-curves"

QUESTIONS = {"scores": "Score and accuracy", "search": "Best of many", "steps": "Time steps", "transfer": "Transfer"}
WHAT = {
    "scores": "Different cells, drawn at random, are scored and trained: does accuracy follow the score (Figs. 4, 7)?",
    "search": "The best of more and more candidates is trained, and random cells beside it (Figs. 8 and 9).",
    "steps": "The best cell of a search is trained with more and more time steps (Table 4).",
    "transfer": "The best cell for one data set is trained on another, and the other way round (Table 2).",
}
OWN = {
    "scores": ["cells"],
    "search": ["samples", "random", "searches"],
    "steps": ["samples", "searches"],
    "transfer": ["samples", "searches"],
}
SHOWN = ["seeds", "epochs", "channels", "steps", "train_samples"]
MORE = ["score_channels", "score_batch", "score_repeats", "seed"]
KEPT = {"all": "all that differ", "backward": "those that have one"}
SCORE = Verb("Score", "Scoring", "All scored", "search")

PAPER = (
    "**The paper's numbers, full scale** (Kim et al. 2022; 300 epochs): CIFAR-10 93.12 ± 0.42 % forward and "
    "93.73 ± 0.32 % with backward connections, CIFAR-100 70.06 ± 0.45 and 73.04 ± 0.36 %; accuracy and score of 50 "
    "random cells agree by τ = 0.646 (SAHD) and 0.519 (HD). **What is trained here is small**, and a correlation of "
    "few cells after few epochs says little: read the interval, not the number."
)

Candidates = dict[Place, dict[int, Candidate]]


STUDY = PageSettings(
    CellStudy(), "cells_study", prefix="study.", lead="view=study", fragments=(SETTINGS, CURVES), noun="study"
)
"""State of the study on the page."""

begin = STUDY.begin


def panel() -> None:
    """Draws the view "Does it predict?": widgets of the study of scores, its cell searches, its trainings and their
    charts, updated live.
    """
    STUDY.show_problem(linked=True)
    with st.container():
        _settings()
    task_runs.live(_answers, CURVES, _is_active)
    st.caption(PAPER)


@st.fragment(key=SETTINGS)
@show_store_errors()
def _settings() -> None:
    study = STUDY.value
    row = st.columns([47, 27, 20, 18, 13], vertical_alignment="bottom")
    fields.segments(row[0], study, "question", Binding(STUDY.widget_key("question"), _ask), names=QUESTIONS)
    STUDY.segments(row[1], "connections", options=["forward", "backward", "both"])
    STUDY.data(row[2])
    if study.question == "transfer":
        STUDY.data(row[3], "other", label="Second data set")
    else:
        about = "By which the best of a search is chosen; both are shown."
        names = {"sahd": "SAHD", "hd": "HD"}
        STUDY.segments(row[3], "metric", "Score", options=list(names), names=names, help=about)
    with row[4].popover("More", icon=":material/tune:", width="stretch"):
        STUDY.numbers(MORE)
        if study.question == "scores" and "backward" in study.directions:
            about = "Cells that may have backward connections often have none."
            STUDY.segments(st, "kept", "With backward", names=KEPT, help=about)
        about = "Of the SAHD score: the paper's, an early code's or the published code's."
        STUDY.segments(st, "normalisation", help=about)
        st.markdown("**Training**")
        recipe.widgets(STUDY)
    STUDY.numbers(OWN[study.question] + SHOWN, disabled=["steps"] if study.question == "steps" else [])
    st.caption(f"{WHAT[study.question]} {_in_numbers(study)}")
    address(STUDY.link, key="cells-study-address", steps=True)


def _in_numbers(study: CellStudy) -> str:
    """What it amounts to.

    >>> _in_numbers(CellStudy(connections="backward", cells=30))
    '30 different cells of 44 draws with backward connections (18 have one); 60 runs.'
    """
    cells, ways = study.cells, len(study.directions)
    if study.question == "scores":
        words = [f"{cells} different cells of {_draws(study, way)}" for way in study.directions]
        return f"{', '.join(words)}; {pluralise(cells * ways * study.seeds, 'run')}."
    runs = {
        "search": len(sample_sizes(study)) + study.random,
        "steps": 4,
        "transfer": len(study.data_sets) ** 2,
    }[study.question]
    hunts = len(study_searches(study))
    most = pluralise(runs * ways * study.seeds * study.searches, "run")
    return f"{pluralise(hunts, 'search')} of {count(study.samples)}, at most {most}."


def _draws(study: CellStudy, way: Way) -> str:
    """How many candidates it takes until enough cells differ."""
    numbers = trained_candidates(study, way)
    if way == "forward":
        return f"{pluralise(numbers[-1] + 1, 'draw')} with forward connections alone"
    back = sum(has_backward(random_cell(study.seed, number, backward=True)) for number in numbers)
    return f"{pluralise(numbers[-1] + 1, 'draw')} with backward connections ({back} have one)"


def _ask() -> None:
    """Another question begins as its study does, with the data that are shown."""
    start = STUDIES[STUDY.widget_value("question")]
    STUDY.replace(start.model_copy(update={"data": STUDY.value.data}))
    STUDY.rerun()


def _is_active() -> bool:
    study = STUDY.value
    found, _ = _found(study)
    runs = task_runs.runs_of(_designs(study, found))
    return task_runs.is_active(runs) or task_runs.are_active(list(study_searches(study).values()))


def _found(study: CellStudy) -> tuple[Candidates, dict[str, Run]]:
    """Candidates of each search by number, those scored again left out; and the searches' runs by digest."""
    several = study_searches(study)
    runs = task_runs.runs_of(list(several.values()))
    rows = rows_of(runs, Candidate)
    coarse = {name: {row.number: row for row in each if not row.fine} for name, each in rows.items()}
    return {place: coarse.get(search.digest, {}) for place, search in several.items()}, runs


def _designs(study: CellStudy, found: Candidates) -> tuple[Design, ...]:
    return distinct_designs(_members(study, found))


def _members(study: CellStudy, found: Candidates) -> tuple[Any, ...]:
    """Where the best of a search is trained, once the search is done."""
    whole = {}
    for place, search in study_searches(study).items():
        if len(found[place]) == search.candidates:
            whole[search.digest] = list(found[place].values())
    return study_runs(study, whole)


def _answers() -> None:
    study = STUDY.value
    found, runs = _found(study)
    hunts = list(study_searches(study).values())
    chosen = _members(study, found)
    designs = distinct_designs(chosen)
    searched = all(search.digest in runs and runs[search.digest].state == "done" for search in hunts)
    st.markdown(f"**1. Score** {'the cells' if study.question == 'scores' else 'many cells'}, without training")
    cells = sum(search.candidates for search in hunts)
    actions(hunts, runs, SEARCHES, verb=SCORE, what=f"{cells:,} cells")
    st.markdown("**2. Train** " + ("them" if study.question == "scores" else "the best of them"))
    trained = task_runs.runs_of(designs)
    if designs:
        actions(designs, trained, STUDY.key)
    elif not searched:
        st.caption("Which cells these are is known when they are scored.")
    results = task_runs.results(designs, trained)
    outcomes = views.outcomes(chosen, found, {name: one.accuracy for name, one in results.items()})
    _figures(study, chosen, outcomes, found)


def _figures(study: CellStudy, chosen: Sequence[Any], outcomes: Sequence[views.Outcome], found: Candidates) -> None:
    if not outcomes:
        if study.question == "scores" and any(found.values()):
            st.info("The figures appear when the first networks are trained.", icon=":material/hourglass_top:")
        return
    if study.question == "scores":
        st.markdown(escape_markdown(views.verdict(study, outcomes)))
        charts(payload(views.score_charts(study, outcomes)), key="cells-study-scores")
        st.markdown("**What cells are made of**, and what training reached (Fig. 7)")
        _counts(study, outcomes)
    elif study.question == "search":
        rows = task_runs.epochs_of(distinct_designs(chosen))
        st.markdown(escape_markdown(views.gain_text(study, outcomes)))
        charts(payload(views.sample_charts(study, outcomes, found)), key="cells-study-samples")
        charts(payload(views.curve_charts(chosen, rows)), key="cells-study-curves-charts")
    else:
        _tables(study, outcomes)
    _table(outcomes)


def _counts(study: CellStudy, outcomes: Sequence[views.Outcome]) -> None:
    direction: counts.Direction = "all"
    if "backward" in study.directions:
        direction = st.segmented_control(
            "Connections counted",
            counts.DIRECTIONS,
            default="all",
            required=True,
            wrap=True,
            key="cells-study-direction",
        )
    shown = counts.count_charts(study, outcomes, direction)
    charts(payload(shown), key="cells-study-counts")
    st.caption(escape_markdown(counts.caption(len(shown))))


def _tables(study: CellStudy, outcomes: Sequence[views.Outcome]) -> None:
    ours, theirs = st.columns(2)
    steps = study.question == "steps"
    data = ", ".join(study.data_sets)
    with ours:
        st.markdown(
            f"**Ours, small** ({escape_markdown(data)}, {pluralise(study.epochs, 'epoch')}, "
            f"{pluralise(study.seeds, 'seed')})"
        )
        table = tables.steps_table(study, outcomes) if steps else tables.transfer_table(study, outcomes)
        st.dataframe(
            table, hide_index=True, placeholder="–", key="cells-study-ours", column_config=column_config(table)
        )
        st.caption(escape_markdown(f"{views.interval_note(study)} {views.seed_noise_text(outcomes)}"))
    with theirs:
        st.markdown(f"**The paper's Table {4 if steps else 2}, full scale**" + (" (CIFAR-100)" if steps else ""))
        published = tables.published_steps() if steps else tables.published_transfer()
        st.dataframe(published, hide_index=True, key="cells-study-paper", column_config=column_config(published))


def _table(outcomes: Sequence[views.Outcome]) -> None:
    number = st.column_config.NumberColumn
    columns = {
        "candidate": number("candidate no."),
        "best of": st.column_config.TextColumn(help="Of how many candidates it has the best score."),
        "SAHD": number(format="%.2f"),
        "HD": number(format="%.2f"),
        "accuracy": column("accuracy"),
        "half": half_interval("%.1f"),
    }
    words = "Tick a cell to open its network on the Design page, with its curves."
    of_runs.runs_table(tables.study_table(outcomes), "cells-study", columns, words)
