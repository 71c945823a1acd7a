"""Results in the view Compare: of two designs, or of several designs against one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd
import streamlit as st

from snnviz.store import Run
from snnviz.studies.tradeoffs.charts.compare import curve_charts, difference_charts, look_chart, verdict_row
from snnviz.studies.tradeoffs.charts.comparison_texts import (
    combination_row,
    comparison_row,
    listed_metrics,
    metric_sentence,
    stopped_sentence,
)
from snnviz.studies.tradeoffs.pairing import Pair, PairedRuns, better_direction, compare_several
from snnviz.studies.tradeoffs.pooling import pooled_runs
from snnviz.theory.comparison import Comparison
from snnviz.theory.metrics import METRICS, Metric
from snnviz.theory.sequential import FIRST_LOOK, comparisons_by_look
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.kit import services
from snnviz.ui.kit.columns import column_config
from snnviz.ui.kit.shared import shared
from snnviz.ui.kit.words import escape_markdown, pluralise
from snnviz.views.numbers import NO_NUMBER

Asked = tuple[Pair, ...]
Ended = tuple[tuple[str, float | None], ...]
"""Runs that are done, and when."""


class Looks(NamedTuple):
    """State of a sequential comparison: the number of seeds compared so far, whether the result is decided, and whether
    it cannot be decided because the first pair lacks the metric.
    """

    seeds: int
    decided: bool
    lacking: bool = False


def _ended(asked: Sequence[Pair], runs: Mapping[str, Run]) -> Ended:
    digests = dict.fromkeys(design.digest for pair in asked for design in (pair.a, pair.b))
    return tuple((name, runs[name].finished) for name in digests if name in runs and runs[name].state == "done")


class Pooled(NamedTuple):
    """What a comparison of two levels is pooled over: the names of the combinations of the other axes, and how many
    groups have no partner, since only one of the two levels is run in their combination.
    """

    names: Sequence[str]
    alone: int


@shared(maxsize=64)
def _found(asked: Asked, ended: Ended, whole: bool = False) -> PairedRuns:  # noqa: ARG001
    return pooled_runs(services.store(), asked, curves=True, whole=whole)


@shared(maxsize=64)
def _known(asked: Asked, ended: Ended, anytime: bool, by: str) -> dict[str, Comparison]:
    found = _found(asked, ended, anytime)
    listed = listed_metrics(found)
    more = [METRICS[by]] if METRICS[by] not in listed and found.differences(by) else []
    return {metric.name: found.compare(metric, anytime=anytime) for metric in (*listed, *more)}


@shared(maxsize=64)
def _figures(asked: Asked, ended: Ended, anytime: bool, by: str) -> tuple[bytes, bytes]:
    found = _found(asked, ended, anytime)
    first = difference_charts(found, _by_metric(_known(asked, ended, anytime, by)))
    if anytime and (seen := _looks(asked, ended, by)):
        first.insert(1, look_chart(seen, METRICS[by]))
    return payload(first), payload(curve_charts(found))


def _by_metric(known: Mapping[str, Comparison]) -> dict[Metric, Comparison]:
    return {METRICS[name]: one for name, one in known.items()}


def _in_order(asked: Asked, ended: Ended, by: str) -> list[float]:
    """Differences of a metric from the first seed on, as far as no seed is missing."""
    by_seed = _found(asked, ended, True).differences(by)
    found: list[float] = []
    for seed in dict.fromkeys(pair.seed for pair in asked):
        if seed not in by_seed:
            break
        found.append(by_seed[seed])
    return found


def _looks(asked: Asked, ended: Ended, by: str) -> list[Comparison]:
    """What each look found, up to that which decided."""
    seen: list[Comparison] = []
    for one in comparisons_by_look(_in_order(asked, ended, by), better=better_direction(METRICS[by])):
        seen.append(one)
        if one.verdict != "not told apart":
            break
    return seen


def looked_at(asked: Sequence[Pair], runs: Mapping[str, Run], by: str) -> Looks:
    """Returns how far a sequential comparison of two designs has come.

    asked: all its pairs. runs: the existing runs by digest. by: name of the metric that decides.
    """
    pairs, ended = tuple(asked), _ended(asked, runs)
    seen, known = _looks(pairs, ended, by), _in_order(pairs, ended, by)
    decided = bool(seen) and seen[-1].verdict != "not told apart"
    lacking = not known and bool(pairs) and _are_done([pair for pair in pairs if pair.seed == pairs[0].seed], runs)
    return Looks(seen[-1].seeds if decided else len(known), decided, lacking)


def _are_done(pairs: Sequence[Pair], runs: Mapping[str, Run]) -> bool:
    digests = {design.digest for pair in pairs for design in (pair.a, pair.b)}
    return all(digest in runs and runs[digest].state == "done" for digest in digests)


def draw_two(
    asked: Sequence[Pair], runs: Mapping[str, Run], *, by: str, most: int | None, pooled: Pooled | None = None
) -> None:
    """Draws the result of comparing two designs: a sentence, a figure for each metric, curves and a table.

    asked: the pairs of runs. runs: the existing runs by digest. by: name of the metric of the sentence, and that
    decides. most: largest number of seeds of a sequential comparison, whose intervals are valid at every look; None for
    a fixed number of seeds. pooled: what two levels are pooled over.
    """
    pairs, ended = tuple(asked), _ended(asked, runs)
    found = _found(pairs, ended, most is not None)
    if not found.done:
        st.caption("Nothing is known before A and B are trained with one seed.")
        return
    if most is not None:
        decided = looked_at(asked, runs, by)
        seeds = [*dict.fromkeys(pair.seed for pair in pairs)][: max(decided.seeds, FIRST_LOOK)]
        pairs = tuple(pair for pair in pairs if pair.seed in seeds)
        ended = _ended(pairs, runs)
        found = _found(pairs, ended, True)
    known = _known(pairs, ended, most is not None, by)
    if by in known:
        st.markdown(f"#### {escape_markdown(metric_sentence(METRICS[by], known[by]))}")
    else:
        st.warning(
            escape_markdown(f"{METRICS[by].label}: no seed has it of both A and B. {METRICS[by].none}".strip()),
            icon=":material/info:",
        )
    alone = pooled.alone if pooled else 0
    unmatched = f"{pluralise(alone, 'group')} of one of the two levels {'have' if alone > 1 else 'has'} no partner."
    for words in (
        *found.notes,
        unmatched if alone else "",
        found.test_image_sentence,
        stopped_sentence(known[by], most) if by in known else "",
    ):
        if words:
            st.caption(escape_markdown(words))
    first, curves = _figures(pairs, ended, most is not None, by)
    charts(first, key="compare-differences")
    charts(curves, key="compare-curves")
    _table(found, known, anytime=most is not None)
    if pooled and found.each:
        _combinations(found, METRICS[by], pooled.names)


def _table(found: PairedRuns, known: Mapping[str, Comparison], *, anytime: bool) -> None:
    rows = [comparison_row(found, METRICS[name], one) for name, one in known.items()]
    table = pd.DataFrame(rows).rename(columns={"": "metric", "B - A": "B − A", "95 %": "95 % interval"})
    st.dataframe(table, hide_index=True, key="compare-table", placeholder=NO_NUMBER, column_config=column_config(table))
    how = "which holds at every look" if anytime else "by Student's t of the differences at each seed"
    st.caption(
        f"Of the mean difference, {how}. Of what has no direction of its own, "
        "such as the firing rate, less is called better."
    )


def _combinations(found: PairedRuns, metric: Metric, names: Sequence[str]) -> None:
    """A row for each combination, so that one that goes the other way is seen."""
    st.markdown(f"##### {escape_markdown(metric.label)} in each combination")
    table = pd.DataFrame([combination_row(name, each, metric) for name, each in zip(names, found.each, strict=True)])
    st.dataframe(
        table, hide_index=True, key="compare-combinations", placeholder=NO_NUMBER, column_config=column_config(table)
    )
    st.caption("Intervals by Student's t of the differences at each seed, of each combination by itself: not corrected "
               "for how many they are.")  # fmt: skip


def draw_several(all_pairs: Mapping[str, tuple[Pair, ...]], runs: Mapping[str, Run], names: Mapping[str, str]) -> None:
    """Draws a table that compares several designs with A, with intervals corrected for their number.

    all_pairs: the pairs of each design with A. runs: the existing runs by digest. names: what each design is called.
    """
    found = {text: _found(each, _ended(each, runs)) for text, each in all_pairs.items()}
    found = {text: one for text, one in found.items() if one.done}
    if not found:
        st.caption("Nothing is known before A and another group are trained with one seed.")
        return
    corrected = compare_several(found, len(all_pairs))
    rows = [verdict_row(names.get(text, text), known) for text, known in corrected.items()]
    table = pd.DataFrame(rows)
    number = st.column_config.NumberColumn
    columns = {
        "B": st.column_config.TextColumn("B", width=330),
        "difference": number("B − A, points", format="%+.2f", help="Of the test accuracy."),
        "low": number("from", format="%+.2f", help="The lower end of its interval, corrected."),
        "high": number("to", format="%+.2f", help="The upper end of its interval, corrected."),
        "p": number("p, Holm", format="%.2g", help="Of no difference in accuracy; corrected."),
        "verdict": st.column_config.TextColumn("Accuracy"),
        "rate": st.column_config.TextColumn("Firing rate"),
        "operations": st.column_config.TextColumn("Operations"),
        "energy": st.column_config.TextColumn("Energy"),
    }
    st.dataframe(
        table, hide_index=True, key="compare-several", placeholder=NO_NUMBER,
        column_config=column_config(table, columns),
    )  # fmt: skip
    for words in next(iter(found.values())).notes[:1]:
        st.caption(escape_markdown(words))
    st.caption(
        f"{pluralise(len(all_pairs), 'comparison')} with A, of which {len(found)} have runs; corrected for their "
        "number: 95 % intervals of Student's t by Bonferroni, p by Holm."
    )
