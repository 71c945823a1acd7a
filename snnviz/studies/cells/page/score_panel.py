"""The scoring of a cell on the page: buttons with progress, the result, and the button that trains the cell."""

from __future__ import annotations

import streamlit as st

from snnviz.catalog.examples import get_example
from snnviz.data import datasets
from snnviz.design.cells import canonical_form, parse, to_text, without_unused_connections
from snnviz.design.links import change
from snnviz.errors import InputError
from snnviz.places import TOP
from snnviz.store import Run
from snnviz.studies.cells.charts.cells import METRICS, distance_text, rank_text, score_charts, variation_text
from snnviz.studies.cells.page.setting import SCORING
from snnviz.studies.cells.scoring import Candidate, CellSearch, Metric, Report, Scoring
from snnviz.studies.cells.theory.candidates import candidate_score
from snnviz.studies.cells.theory.sahd import Scores, ScoringResult
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.kit import services, state
from snnviz.ui.kit.actions import Verb, actions
from snnviz.ui.kit.shared import shared
from snnviz.ui.kit.words import escape_markdown, pluralise
from snnviz.views.numbers import share

SCORE = Verb("Score", "Scoring", "Scored", "cell")

OTHER: dict[Metric, Metric] = {"sahd": "hd", "hd": "sahd"}

REWARDS = (
    "**What the score rewards:** different images that make different neurons spike. K counts, over layers and time "
    "steps, the neurons that do the same for two images; its determinant is large where its rows are far from each "
    "other."
)
HIGHER = (
    "log|det K|, the mean over repeats. Higher: different images make spikes that differ more. Whether training then "
    "reaches more is another question, of the view Does it predict?"
)
AWARE = " Sparsity-aware: a layer's distances are in units of what independent spikes of its rates would have."


def panel(setting: Scoring, run: Run | None) -> None:
    """Draws the buttons Score and Cancel with progress and errors, and the button that trains the cell."""
    left, right = st.columns([12, 3], vertical_alignment="bottom")
    with left:
        known = {setting.digest: run} if run is not None else {}
        actions([setting], known, SCORING.key, verb=SCORE, what="the cell", icon=":material/speed:", on_start=_pressed)
    if right.button("Train this cell", icon=":material/school:", width="stretch", key="cells-train"):
        train(setting)


def _pressed() -> None:
    st.session_state.scoring_pressed = True


def train(setting: Scoring) -> None:
    """Opens the Design page with a network of the cell, with the same images and size as in the scoring."""
    pixels = max(datasets.dataset_card(setting.data).shape[1:])
    fields = {
        "data.name": setting.data,
        "data.steps": setting.steps,
        "network.cell": to_text(setting.cell),
        "network.channels": setting.channels,
        "network.enlarge": min(4, setting.image_side // pixels),
    }
    try:
        state.replace_with_notice(change(get_example("snasnet-digits"), fields), "Taken from Cells.")
    except InputError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
    else:
        st.switch_page(TOP / "pages" / "design.py")


def figures(setting: Scoring, run: Run) -> None:
    """Draws the charts of a finished scoring of a cell."""
    try:
        found = _findings(run.run, run.finished)
    except InputError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return
    if found is None:
        st.error("The scoring left no report.", icon=":material/error:")
        return
    _scores(found, setting)
    charts(_charts(run.run, run.finished, setting), key="cells-charts")


def _scores(found: ScoringResult, setting: Scoring) -> None:
    mine = found.scores[setting.metric]
    first, second, third, words = st.columns([5, 5, 5, 19], vertical_alignment="top")
    for place, metric in ((first, setting.metric), (second, OTHER[setting.metric])):
        _number(place, metric, found.scores[metric])
    rate = 1 - sum(layer.silent.mean() * layer.neurons * layer.copies for layer in found.layers) / sum(
        layer.neurons * layer.copies for layer in found.layers
    )
    third.metric(
        "Firing rate", f"{share(rate)}", help="Spikes per neuron and time step before training, all LIF layers."
    )
    if mine.invalid:
        nowhere = (
            "" if any(map(any, without_unused_connections(setting.cell))) else " No path leads from node 0 to node 3."
        )
        words.error(f"No score: {escape_markdown(mine.invalid)}.{nowhere}", icon=":material/block:")
    words.markdown(REWARDS + (AWARE if setting.metric == "sahd" else ""))
    if mine.mean is not None and (others := _others(setting)):
        words.markdown(f"**{escape_markdown(rank_text(mine.mean, others))}**")
    words.caption(f"{escape_markdown(distance_text(found))} {escape_markdown(variation_text(found))}")


def _number(place: st.delta_generator.DeltaGenerator, metric: Metric, scores: Scores) -> None:
    shown = "invalid" if scores.mean is None else f"{scores.mean:.1f}"
    place.metric(f"Score by {METRICS[metric]}", shown, help=HIGHER)
    if scores.deviation is not None:
        each = ", ".join(f"{one:.1f}" for one in scores.values)
        spread = f"standard deviation {scores.deviation:.2g} over {pluralise(len(scores.each), 'repeat')}"
        place.caption(f"{spread}: {each}")
    elif scores.mean is not None:
        place.caption("one repeat")


def _others(setting: Scoring) -> list[float]:
    """The scores of other cells that a search here drew and scored in the same way, each cell's once."""

    def read() -> list[float]:
        found: dict[object, float] = {}
        for run in services.store().runs(limit=50, of=CellSearch):
            assert isinstance(run.task, CellSearch)
            if run.task.coarse.model_copy(update={"cell": setting.cell, "metric": setting.metric}) == setting:
                rows = (row for _, row in services.store().rows(run.run, Candidate) if not row.fine)
                for row in rows:
                    if (score := candidate_score(row, setting.metric)) is not None:
                        found.setdefault(canonical_form(parse(row.cell)), score)
        found.pop(canonical_form(setting.cell), None)
        return list(found.values())

    return services.CACHE.get(("others", setting), read)


@shared(32)
def _findings(run: str, _finished: float | None) -> ScoringResult | None:
    rows = sorted((row for _, row in services.store().rows(run, Report)), key=lambda row: row.part)
    return ScoringResult.read(rows[-1].text) if rows else None


@shared(32)
def _charts(run: str, finished: float | None, setting: Scoring) -> bytes:
    found = _findings(run, finished)
    assert found is not None
    return payload(score_charts(found, setting))
