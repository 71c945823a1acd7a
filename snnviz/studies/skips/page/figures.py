"""Figures of searches for skip connections, updated as candidates finish; a candidate can be opened in the editor."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import lru_cache
from typing import get_args

import streamlit as st

from snnviz.places import TOP
from snnviz.studies.skips.charts.findings import against_original_text, against_random_text, order_text, winner_text
from snnviz.studies.skips.charts.gaussian_process import belief_charts
from snnviz.studies.skips.charts.search import (
    NAMES,
    Against,
    Cost,
    SearchHistory,
    baseline_charts,
    candidates_chart,
    edges_of,
    operations,
    progress_charts,
    skip_count,
    trial_table,
)
from snnviz.studies.skips.charts.thumbnails import Thumbnail, thumbnails_chart
from snnviz.studies.skips.page import retraining as optimise_again
from snnviz.studies.skips.page.setting import count_text
from snnviz.studies.skips.search import Search, Trial, candidate_design, count_skips, parse_code, search_space
from snnviz.ui.components.charts import charts, payload, picked
from snnviz.ui.kit import services, state
from snnviz.ui.kit.words import escape_markdown, pluralise
from snnviz.views.numbers import count as count_of
from snnviz.views.numbers import share

SHOWN = 6
"""Number of networks whose matrices are drawn."""


def preview(search: Search) -> None:
    """Draws a preview of a skip search before it has results: the original network and a few random candidate
    networks.
    """
    draw, sizes = random.Random(search.seed), search_space(search).sizes
    codes = [tuple(draw.randrange(size) for size in sizes) for _ in range(SHOWN - 1)]
    own = search.design.network.matrices
    own = (own[search.block - 1],) if search.block else own
    shown = [Thumbnail(own, ("<b>the original</b>", f"{count_skips(search.design)} skips"))]
    for code in codes:
        shown.append(
            Thumbnail(edges_of(search, code), ("for example", f"{count_skips(candidate_design(search, code))} skips"))
        )
    words = (
        f"Start trains weights that all {count_text(search_space(search).count)} candidates share, then "
        f"{search.trials} candidates from them, {search.parallel} at a time. "
        f"After each batch a Gaussian process says what it expects "
        "of the others, and where it is unsure; the next ones are those that may be the best."
    )
    chart = thumbnails_chart(shown, "What is searched", words, key="search_preview", columns=SHOWN)
    charts(payload([chart]), key="optimise-preview")


def figures(histories: Sequence[SearchHistory]) -> None:
    """Draws all charts and sentences on the candidate networks so far."""
    found = tuple(histories)
    row = st.columns([3, 3, 4, 4], vertical_alignment="bottom")
    against: Against = row[0].segmented_control(
        "Best so far against", get_args(Against), default="iteration", required=True, wrap=True, key="optimise-against"
    )
    cost: Cost = row[1].segmented_control(
        "Candidates against", get_args(Cost), default="firing rate", required=True, wrap=True, key="optimise-cost"
    )
    own = _one(row[2], found)
    chosen = _chosen(found, own)
    marked = (chosen[0].search.digest, chosen[1].code) if chosen else None
    charts(_overview(found, against, cost, marked), key="optimise-overview", on_pick=lambda: _pick("optimise-overview"))
    if own.trials:
        _sentences(own, found)
        charts(_best(own, marked), key="optimise-best", on_pick=lambda: _pick("optimise-best"))
    if chosen:
        _open(*chosen)
    if own.models:
        st.header("What the search believes, and whether something simpler would have said so", anchor=False)
        charts(_belief(own, found), key="optimise-belief", on_pick=lambda: _pick("optimise-belief"))
    candidates = sum(len(one.trials) for one in found)
    st.download_button(
        f"{pluralise(candidates, 'candidate')} as CSV",
        lambda: trial_table(found).to_csv(index=False),
        "snnviz-candidates.csv",
        "text/csv",
        icon=":material/download:",
        key="optimise-download",
    )


def _one(place: st.delta_generator.DeltaGenerator, found: Sequence[SearchHistory]) -> SearchHistory:
    """The search that is looked at closely: one with UCB, by its seed."""
    mine = [one for one in found if one.search.strategy == "ucb"]
    if len(mine) == 1:
        return mine[0]
    seeds = [one.search.seed for one in mine]
    seed = place.segmented_control(
        "A closer look at seed", seeds, default=0, required=True, wrap=True, key="optimise-seed"
    )
    return next((one for one in mine if one.search.seed == seed), mine[0])


@lru_cache(maxsize=64)
def _overview(found: tuple[SearchHistory, ...], against: Against, cost: Cost, chosen: tuple[str, str] | None) -> bytes:
    return payload([*progress_charts(found, against), candidates_chart(found, cost, chosen)])


@lru_cache(maxsize=64)
def _belief(own: SearchHistory, found: tuple[SearchHistory, ...]) -> bytes:
    return payload([*belief_charts(own), *baseline_charts(found)])


@lru_cache(maxsize=64)
def _best(own: SearchHistory, marked: tuple[str, str] | None) -> bytes:
    shown = []
    for rank, trial in enumerate(own.ranked[:SHOWN], 1):
        lines = (
            f"<b>{rank}. {share(trial.accuracy)}</b>, no. {trial.number + 1}",
            f"{skip_count(own.search, trial)} skips, rate {share(trial.rate)}",
            f"{count_of(operations(trial))} operations",
        )
        edges, digest = edges_of(own.search, parse_code(trial.code)), own.search.digest
        shown.append(Thumbnail(edges, lines, digest, trial.code, marked=marked == (digest, trial.code)))
    words = "By the objective, on the images kept apart. Blue: DSC, orange: ASC, grey: the sequential path, which is "
    words += "always there. From a row to a column; a click chooses."
    title = f"The best candidates of GP-UCB, seed {own.search.seed}"
    return payload([thumbnails_chart(shown, title, words, key="search_best", columns=SHOWN)])


def _sentences(own: SearchHistory, found: Sequence[SearchHistory]) -> None:
    """What was found, and whether it can be believed."""
    again = optimise_again.known_spread(found)
    said = [winner_text(own, again), order_text(own), against_original_text(own, again)]
    beside = [one for one in found if one.search.strategy == "random" and one.search.seed == own.search.seed]
    if beside and beside[0].trials:
        said.append(against_random_text(own, beside[0], again))
    ended = len(own.trials) == own.search.trials
    if ended:
        said.append("Only networks that are trained anew, on several seeds, tell whether it holds.")
    heading = "What was found" if ended else "What was found so far"
    with st.container(border=True):
        lines = [f"**{heading}**, seed {own.search.seed}", "", *(f"- {escape_markdown(one)}" for one in said if one)]
        st.markdown("\n".join(lines))
        optimise_again.panel(found)


def _pick(board: str) -> None:
    if told := picked(board):
        st.session_state.optimise_chosen = told


def _chosen(found: Sequence[SearchHistory], own: SearchHistory) -> tuple[SearchHistory, Trial] | None:
    """The candidate that was clicked, if it is one of these; else the best of the search."""
    digest, code = st.session_state.get("optimise_chosen", ("", ""))
    for one in found:
        for trial in one.trials:
            if (one.search.digest, trial.code) == (digest, code):
                return one, trial
    return (own, own.ranked[0]) if own.trials else None


def _open(one: SearchHistory, trial: Trial) -> None:
    best = trial.number == one.ranked[0].number
    button, words = st.columns([3, 9], vertical_alignment="center")
    if button.button(
        "Open the best in the editor" if best else "Open in the editor",
        type="primary",
        icon=":material/open_in_new:",
        width="stretch",
        key="optimise-open",
    ):
        design = candidate_design(one.search, parse_code(trial.code))
        if services.run_and_version(design.digest):
            state.open_run(design.digest)
        else:
            state.replace_with_notice(design, f"Candidate no. {trial.number + 1} of {NAMES[one.search.strategy]}.")
            state.watch_run(None)
        st.switch_page(TOP / "pages" / "design.py")
    which = f"{NAMES[one.search.strategy]}, seed {one.search.seed}, no. {trial.number + 1}"
    words.caption(
        f"{which}: {share(trial.accuracy)} of {one.search.validation_count} images, "
        f"{skip_count(one.search, trial)} skips, firing rate {share(trial.rate)}, {count_of(operations(trial))} "
        "operations. The editor opens it with weights of its own, to be trained from scratch."
    )
