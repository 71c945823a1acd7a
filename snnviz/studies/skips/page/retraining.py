"""Training the best candidates of searches again: the spread between trainings, and the gain over the original."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from snnviz.design.design import Design
from snnviz.graph.controls import can_be_plain
from snnviz.studies.skips.charts.retraining import Groups, Retraining, retraining, retraining_text
from snnviz.studies.skips.charts.search import SearchHistory
from snnviz.studies.skips.optimisation import BEST, TIMES, retraining_designs
from snnviz.studies.skips.search import parse_code
from snnviz.ui.kit import task_runs
from snnviz.ui.kit.actions import TRAIN, actions
from snnviz.ui.kit.words import escape_markdown

KEY = "optimise-again"


def _groups(one: SearchHistory) -> Groups:
    """Only of a search that has ended: before, the best may change."""
    if len(one.trials) < one.search.trials or one.search.strategy != "ucb":
        return {}
    return retraining_designs(one.search, [parse_code(trial.code) for trial in one.ranked])


def _designs(found: Sequence[SearchHistory]) -> list[Design]:
    several = [design for one in found for designs in _groups(one).values() for design in designs]
    return list({design.digest: design for design in several}.values())


def is_active(found: Sequence[SearchHistory]) -> bool:
    """Returns whether some of the runs that train the best candidate networks again have not ended."""
    return task_runs.are_active(_designs(found))


def known_spread(found: Sequence[SearchHistory]) -> Retraining | None:
    """Returns the spread of the objective between trainings of one network; None if too few networks were trained
    again.
    """
    designs = _designs(found)
    done = task_runs.results(designs, task_runs.runs_of(designs))
    ends = {digest: rows[-1] for digest, rows in task_runs.epochs_of(designs).items() if digest in done}
    return retraining([(one.search, _groups(one)) for one in found], ends, done)


def panel(found: Sequence[SearchHistory]) -> None:
    """Draws the button that trains the best candidate networks again, and the results; nothing before a search has
    ended.
    """
    designs = _designs(found)
    if not designs:
        return
    block = can_be_plain(designs[0])
    beside = "the original and a plain block of equal parameters" if block else "the original"
    st.caption(
        f"The best {BEST} candidates of each seed and {beside}, from scratch, with {TIMES} other seeds: how far two "
        "trainings of one network lie apart belongs to the noise, and the best of many looks better than it is."
    )
    runs = task_runs.runs_of(designs)
    actions(designs, runs, KEY, "again", verb=TRAIN._replace(do="Train again:"), what=f"{len(designs)} runs")
    done = task_runs.results(designs, runs)
    for one in found:
        said = retraining_text(_groups(one), done)
        if said:
            st.markdown("\n".join(f"- Seed {one.search.seed}: {escape_markdown(words)}" for words in said))
