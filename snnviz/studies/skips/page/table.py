"""The results table: ANN, SNN and optimised SNN, trained from scratch as ordinary runs, beside the paper's numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from snnviz.design.design import Design
from snnviz.graph.twins import ann_twin
from snnviz.store import Run
from snnviz.studies.skips.charts.comparison import DOUBT, SeedDesigns, comparison_table, gain_text, published
from snnviz.studies.skips.charts.search import SearchHistory
from snnviz.studies.skips.optimisation import Optimisation, optimisation_searches, starting_design
from snnviz.studies.skips.page import search_runs
from snnviz.studies.skips.search import candidate_design, parse_code
from snnviz.theory import probe
from snnviz.theory.operations import MEANING
from snnviz.ui.kit import measuring, task_runs
from snnviz.ui.kit.actions import actions
from snnviz.ui.kit.columns import column_config
from snnviz.ui.kit.words import escape_markdown, pluralise

KEY = "optimised"


def is_active(setting: Optimisation) -> bool:
    """Returns whether runs of the results table (ANN, SNN, optimised SNN) have not ended."""
    several = optimisation_searches(setting)
    runs = task_runs.runs_of(several)
    designs = _designs(_threes(setting, runs, search_runs.search_histories(several, runs)))
    return task_runs.are_active(designs) or measuring.is_active(designs)


def panel(setting: Optimisation, runs: Mapping[str, Run], histories: Sequence[SearchHistory]) -> None:
    """Draws the results table (ANN, SNN, optimised SNN), the button that trains its runs, and the paper's numbers."""
    st.header("Does it hold?", anchor=False)
    seed_designs = _threes(setting, runs, histories)
    designs = _designs(seed_designs)
    trained = task_runs.runs_of(designs)
    data = f"{setting.data}, T = {setting.steps}, {pluralise(setting.epochs, 'epoch')}"
    st.caption(
        "A candidate was judged on images kept apart, after little training of its own. Here the original, its ANN "
        "twin and the best candidate of each seed are trained from scratch on all training images and judged on the "
        "test images, as ordinary runs."
    )
    if any(three.optimised for three in seed_designs):
        actions(designs, trained, KEY, "the table's")
    else:
        st.caption("The runs of this table can be trained when a search has ended.")
    results = task_runs.results(designs, trained)
    ours, theirs = st.columns([10, 11])
    with ours:
        st.markdown(f"**Ours, small** ({escape_markdown(data)})")
        table = comparison_table(seed_designs, results)
        st.dataframe(table, hide_index=True, placeholder="–", key="optimise-table", column_config=column_config(table))
        if said := gain_text(seed_designs, results):
            st.caption(escape_markdown(said))
        if results:
            st.caption("±: half of the 95 % interval of the mean over seeds (Student's t); none of one seed.")
            looks = (found.probe for found in results.values())
            on = probe.describe_probes(designs[0], looks)
            counted = f"Operations of an image are counted on {on}, zeros of ReLUs skipped."
            st.caption(f"{counted} {MEANING['additions']}")
            measuring.offer_measuring(measuring.unmeasured(designs, results), KEY)
    with theirs:
        st.markdown("**The paper's Table I, full scale** (100 to 200 epochs; T = 25 on CIFAR-10)")
        paper = published(setting.network)
        st.dataframe(paper, hide_index=True, placeholder="–", key="optimise-paper", column_config=column_config(paper))
        own = "The paper has no such block; these are its three networks. " if setting.network == "block" else ""
        st.caption(f"{own}Other data, 10 to 100 times the scale: compare trends, not numbers. {DOUBT}")


def _threes(setting: Optimisation, runs: Mapping[str, Run], histories: Sequence[SearchHistory]) -> list[SeedDesigns]:
    """One for each seed; the best candidate of those whose search has ended."""
    found = []
    for one in histories:
        if one.search.strategy != "ucb":
            continue
        original, best = starting_design(setting, one.search.seed), None
        run = runs.get(one.search.digest)
        if run is not None and run.state == "done" and one.trials:
            best = candidate_design(one.search, parse_code(one.ranked[0].code))
        found.append(SeedDesigns(ann_twin(original), original, best))
    return found


def _designs(seed_designs: Sequence[SeedDesigns]) -> list[Design]:
    return list({design.digest: design for three in seed_designs for design in three.designs}.values())
