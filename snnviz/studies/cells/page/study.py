"""Part of the Cells page: whether scores predict what training reaches. Searches first, then ordinary runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from snnviz.design import links
from snnviz.design.cells import drawn, is_backward
from snnviz.design.design import Design
from snnviz.errors import InputError
from snnviz.places import ROOT, cache_dir
from snnviz.store import Run
from snnviz.studies.cells.charts import counts, tables
from snnviz.studies.cells.charts import study as views
from snnviz.studies.cells.scoring import NORMALISATIONS, Candidate, CellSearch
from snnviz.studies.cells.study import STUDIES, CellStudy, Place, Way, distinct, members, samples, searches, taken
from snnviz.ui.components.address import address
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.kit import notices, questions, recipe, services, state
from snnviz.ui.kit.actions import Verb, actions
from snnviz.ui.kit.columns import column, column_config
from snnviz.ui.kit.linked import rest_kept
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.ui.kit.words import as_sentence, escape_markdown, pluralise
from snnviz.views.numbers import count

KEY = "cells_study"
SEARCHES = "cells_study_search"
SETTINGS, CURVES = "cells-study-settings", "cells-study-curves"
PREFIX = "study."
"""Of the setting's fields in a link."""

QUESTIONS = {"scores": "Score and accuracy", "search": "Best of many", "steps": "Time steps", "transfer": "Transfer"}
WHAT = {
    "scores": "Different cells, drawn at random, are scored and trained: does accuracy follow the score (Figs. 4, 7)?",
    "search": "The best of more and more candidates is trained, and random cells beside it (Figs. 8 and 9).",
    "steps": "The best cell of a search is trained with more and more time steps (Table 4).",
    "transfer": "The best cell for one data set is trained on another, and the other way round (Table 2).",
}
OWN = {
    "scores": {"cells": "Cells"},
    "search": {"samples": "Candidates", "random": "Random cells", "searches": "Searches"},
    "steps": {"samples": "Candidates", "searches": "Searches"},
    "transfer": {"samples": "Candidates", "searches": "Searches"},
}
SHOWN = {
    "seeds": "Seeds",
    "epochs": "Epochs",
    "channels": "Channels",
    "steps": "Time steps T",
    "train_samples": "Training images",
}
MORE = {
    "score_channels": "Channels scored",
    "score_batch": "Images scored",
    "score_repeats": "Repetitions",
    "seed": "Seed",
}
KEPT = {"all": "all that differ", "backward": "those that have one"}
SCORE = Verb("Score", "Scoring", "All scored", "search")

PAPER = (
    "**The paper's numbers, full scale** (Kim et al. 2022; 300 epochs): CIFAR-10 93.12 ± 0.42 % forward and "
    "93.73 ± 0.32 % with backward connections, CIFAR-100 70.06 ± 0.45 and 73.04 ± 0.36 %; accuracy and score of 50 "
    "random cells agree by τ = 0.646 (SAHD) and 0.519 (HD). **What is trained here is small**, and a correlation of "
    "few cells after few epochs says little: read the interval, not the number."
)

Candidates = dict[Place, dict[int, Candidate]]


def begin(query: Mapping[str, str]) -> None:
    """At the first visit: take the study from the address."""
    session = st.session_state
    session.cells_study, session.cells_study_link_problem = CellStudy(), ""
    try:
        session.cells_study, session.cells_study_link_problem = rest_kept(_from_link, query)
    except InputError as error:
        session.cells_study_link_problem = f"{PREFIX}{as_sentence(error)} The default study is shown instead."


def _from_link(query: Mapping[str, str]) -> CellStudy:
    return CellStudy.check(links.read_part(CellStudy, query, PREFIX))


def to_link(study: CellStudy) -> str:
    """The query string: the view, and what differs from the default study.

    >>> to_link(CellStudy(question="steps"))
    'view=study&study.question=steps'
    """
    changed = links.write_part(study, PREFIX)
    return f"view=study&{changed}" if changed else "view=study"


def panel() -> None:
    """The widgets of the study; below them the searches, the runs and their results, live."""
    if problem := st.session_state.cells_study_link_problem:
        st.error(escape_markdown(problem), icon=":material/error:")
    with st.container():
        _settings()
    active = _is_active()
    with st.container():  # of its own, so that a tick during a full run does not shift what stands beside it
        st.fragment(_answers, key=CURVES, run_every=questions.EVERY if active else None)(active)
    st.caption(PAPER)


def _study() -> CellStudy:
    found: CellStudy = st.session_state.cells_study
    return found


@st.fragment(key=SETTINGS)
@show_store_errors()
def _settings() -> None:
    study = _study()
    row = st.columns([47, 27, 20, 18, 13], vertical_alignment="bottom")
    questions.segments(row[0], "Question", "question", list(QUESTIONS), study, KEY, _ask, format_func=QUESTIONS.get)
    questions.segments(row[1], "Connections", "connections", ["forward", "backward", "both"], study, KEY, _put)
    questions.data(row[2], study.data, KEY, _put)
    if study.question == "transfer":
        questions.data(row[3], study.other, KEY, _put, "other", "Second data set")
    else:
        help = "By which the best of a search is chosen; both are shown."
        questions.segments(
            row[3], "Score", "metric", ["sahd", "hd"], study, KEY, _put, help=help, format_func=str.upper
        )
    with row[4].popover("More", icon=":material/tune:", width="stretch"):
        questions.numbers(study, MORE, KEY, _put)
        if study.question == "scores" and "backward" in study.ways:
            about = "Cells that may have backward connections often have none."
            questions.segments(
                st, "With backward", "kept", list(KEPT), study, KEY, _put, help=about, format_func=KEPT.get
            )
        about = "Of the SAHD score: the paper's, an early code's or the published code's."
        questions.segments(st, "Normalisation", "normalisation", list(NORMALISATIONS), study, KEY, _put, help=about)
        st.markdown("**Training**")
        recipe.fields(study, KEY, _put, _take)
    held = ["steps"] if study.question == "steps" else []
    questions.numbers(study, OWN[study.question] | SHOWN, KEY, _put, held=held)
    st.caption(f"{WHAT[study.question]} {_in_numbers(study)}")
    address(to_link(study), key="cells-study-address", steps=True)


def _in_numbers(study: CellStudy) -> str:
    """What it amounts to.

    >>> _in_numbers(CellStudy(connections="backward", cells=30))
    '30 different cells of 44 draws with backward connections (18 have one); 60 runs.'
    """
    cells, ways = study.cells, len(study.ways)
    if study.question == "scores":
        words = [f"{cells} different cells of {_draws(study, way)}" for way in study.ways]
        return f"{', '.join(words)}; {pluralise(cells * ways * study.seeds, 'run')}."
    runs = {
        "search": len(samples(study)) + study.random,
        "steps": 4,
        "transfer": len(study.sets) ** 2,
    }[study.question]
    hunts = len(searches(study))
    most = pluralise(runs * ways * study.seeds * study.searches, "run")
    return f"{pluralise(hunts, 'search')} of {count(study.samples)}, at most {most}."


def _draws(study: CellStudy, way: Way) -> str:
    """How many candidates it takes until enough cells differ."""
    numbers = taken(study, way)
    if way == "forward":
        return f"{pluralise(numbers[-1] + 1, 'draw')} with forward connections alone"
    back = sum(is_backward(drawn(study.seed, number, backward=True)) for number in numbers)
    return f"{pluralise(numbers[-1] + 1, 'draw')} with backward connections ({back} have one)"


def _put(name: str) -> None:
    questions.put(name, "cells_study", KEY, CellStudy.check)
    notices.rerun_fragments(SETTINGS, CURVES)


def _take(study: CellStudy) -> None:
    """With a paper's recipe."""
    questions.replace(study, "cells_study", KEY, recipe.TAKEN)
    notices.rerun_fragments(SETTINGS, CURVES)


def _ask(_: str) -> None:
    """Another question begins as its study does, with the data that are shown."""
    start = STUDIES[questions.chosen("question", KEY)]
    questions.replace(start.model_copy(update={"data": _study().data}), "cells_study", KEY)
    notices.rerun_fragments(SETTINGS, CURVES)


def _is_active() -> bool:
    study = _study()
    found, _ = _found(study)
    runs = questions.runs_of(_designs(study, found))
    return questions.is_active(runs) or questions.is_active(questions.runs_of(list(searches(study).values())))


def _found(study: CellStudy) -> tuple[Candidates, dict[str, Run]]:
    """Candidates of each search by number, and the searches' runs by digest."""
    several = searches(study)
    runs = questions.runs_of(list(several.values()))
    return {place: candidates_of(search) if search.digest in runs else {} for place, search in several.items()}, runs


def candidates_of(search: CellSearch) -> dict[int, Candidate]:
    """The candidates that a search has scored so far, by number, without those scored a second time."""

    def read() -> dict[int, Candidate]:
        return {row.number: row for _, row in services.store().rows(search.digest, Candidate) if not row.fine}

    return services.CACHE.get((str(cache_dir()), "candidates", search.digest), read)


def _designs(study: CellStudy, found: Candidates) -> tuple[Design, ...]:
    return distinct(_members(study, found))


def _members(study: CellStudy, found: Candidates) -> tuple[Any, ...]:
    """Where the best of a search is trained, once the search is done."""
    whole = {}
    for place, search in searches(study).items():
        if len(found[place]) == search.candidates:
            whole[search.digest] = list(found[place].values())
    return members(study, whole)


@show_store_errors()
def _answers(was_active: bool) -> None:
    """What changes while it goes on; whether it looks again by itself is settled by a run of the whole page."""
    if _is_active() != was_active:
        st.rerun()
    study = _study()
    found, runs = _found(study)
    hunts = list(searches(study).values())
    chosen = _members(study, found)
    designs = distinct(chosen)
    searched = all(search.digest in runs and runs[search.digest].state == "done" for search in hunts)
    st.markdown(f"**1. Score** {'the cells' if study.question == 'scores' else 'many cells'}, without training")
    cells = sum(search.candidates for search in hunts)
    actions(hunts, runs, SEARCHES, verb=SCORE, what=f"{cells:,} cells")
    st.markdown("**2. Train** " + ("them" if study.question == "scores" else "the best of them"))
    trained = questions.runs_of(designs)
    if designs:
        actions(designs, trained, KEY)
    elif not searched:
        st.caption("Which cells these are is known when they are scored.")
    results = questions.results(designs, trained)
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
        rows = questions.epochs_of(distinct(chosen))
        st.markdown(escape_markdown(views.gain_text(study, outcomes)))
        charts(payload(views.sample_charts(study, outcomes, found)), key="cells-study-samples")
        charts(payload(views.curve_charts(chosen, rows)), key="cells-study-curves-charts")
    else:
        _tables(study, outcomes)
    _table(outcomes)


def _counts(study: CellStudy, outcomes: Sequence[views.Outcome]) -> None:
    direction: counts.Direction = "all"
    if "backward" in study.ways:
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
    data = ", ".join(study.sets)
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
    table = tables.study_table(outcomes)
    number = st.column_config.NumberColumn
    picked = st.dataframe(
        table,
        hide_index=True,
        height=min(38 + 35 * len(table), 420),
        key="cells-study-table",
        placeholder="–",
        on_select="rerun",
        selection_mode="single-row",
        column_order=[name for name in table.columns if name != "run"],
        column_config=column_config(
            table,
            {
                "candidate": number("candidate no."),
                "best of": st.column_config.TextColumn(help="Of how many candidates it has the best score."),
                "SAHD": number(format="%.2f"),
                "HD": number(format="%.2f"),
                "accuracy": column("accuracy"),
                "sd": number("± seeds", format="%.1f"),
            },
        ),
    )
    rows = [row for row in picked["selection"]["rows"] if row < len(table)]
    if not rows:
        st.caption("Tick a cell to open its network on the Design page, with its curves.")
    elif st.button("Open", type="primary", icon=":material/open_in_new:", key="cells-study-open"):
        state.open_run(str(table["run"][rows[0]]))
        st.switch_page(ROOT / "pages" / "design.py")
