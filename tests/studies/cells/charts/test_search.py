"""The figures of a search of cells say what its candidates are."""

from __future__ import annotations

import numpy as np
import pytest

from snnviz.design.cells import NODES, OPERATION_NAMES, PUBLISHED_CELLS, canonical_form, count_connections, parse
from snnviz.studies.cells.charts.search import (
    COUNTED,
    SearchHistory,
    _tied,
    best_table,
    candidates_table,
    connection_count,
    histogram_chart,
    rescored_chart,
    rewards_chart,
    sentences,
    tau,
)
from snnviz.studies.cells.charts.thumbnails import BACK, COLOURS, Drawing, cells_chart, drawing
from snnviz.studies.cells.scoring import CellSearch
from snnviz.theory.ranks import kendall_tau
from snnviz.views.chart import Chart
from tests.made_up import cell_rows
from tests.studies.skips.charts.test_search import plotly, traces

SEARCH = CellSearch(candidates=300, connections="backward", best=8)
SEEN = SearchHistory(SEARCH, cell_rows(SEARCH))
EARLY = SearchHistory(SEARCH, cell_rows(SEARCH)[:40])
DEAD = SearchHistory(SEARCH, cell_rows(SEARCH, dead=300))


def charts(seen: SearchHistory) -> list[Chart]:
    return [histogram_chart(seen), *(rewards_chart(seen, name) for name in COUNTED), rescored_chart(seen)]


@pytest.mark.parametrize(
    "seen", [SEEN, EARLY, DEAD, SearchHistory(SEARCH, ()), SearchHistory(SEARCH, cell_rows(SEARCH)[:1])]
)
def test_every_chart_is_a_plotly_figure(seen: SearchHistory) -> None:
    drawings = [Drawing(parse(one.coarse.cell), ("a", "b"), "s", "n") for one in seen.ranked[:7]]
    best = cells_chart(drawings, "title", "caption", key="best")
    assert best.least >= 6 * 180  # on a phone the words above six cells in a row would lie over each other
    for chart in [*charts(seen), best]:
        plotly(chart)
        assert chart.caption


def test_the_histogram_counts_every_different_cell_with_a_score() -> None:
    """300 draws with backward connections; one that came again, or is another by a node's name, is no other cell."""
    found = traces(histogram_chart(SEEN))
    cells = {canonical_form(parse(row.cell)) for row in SEEN.rows if row.sahd is not None}
    assert sum(found["others"]["y"]) + sum(found["the best"]["y"]) == len(cells) == len(SEEN.different) < 200
    assert f"Of {len(cells)} different cells in 300 draws" in histogram_chart(SEEN).caption
    best = sorted(SEEN.valid, key=lambda one: -(one.coarse.sahd or 0))[:8]
    assert sum(found["the best"]["y"]) == sum(one in best for one in SEEN.different)
    assert "The best 8 cells are scored again" in histogram_chart(SEEN).caption


def test_without_scoring_again_there_is_nothing_to_tell_apart() -> None:
    search = SEARCH.model_copy(update={"best": 0})
    chart = histogram_chart(SearchHistory(search, cell_rows(search)))
    assert [trace["name"] for trace in chart.figure["data"]] == ["cells"]
    assert "again" not in chart.caption


def test_cells_without_backward_connections_need_less_room() -> None:
    forward, backward = (Drawing(parse(cell), ()) for cell in ("0303 0030 0002 0000", "0303 0030 2002 0200"))
    flat, tall = (cells_chart([one], "", "", key="x") for one in (forward, backward))
    assert flat.height < tall.height
    named = [[trace.get("name") for trace in chart.figure["data"]] for chart in (flat, tall)]
    assert ["backward, heard one step later" in names for names in named] == [False, True]


def test_far_lower_scores_do_not_squeeze_the_others() -> None:
    rows = [
        row if row.number != 7 else type(row)(7, 0, row.cell, -1e6, 1.0, None, None, None, 0.0) for row in EARLY.rows
    ]
    chart = histogram_chart(SearchHistory(SEARCH, tuple(rows)))
    assert min(traces(chart)["others"]["x"]) > -1e5 or "far lower" not in chart.caption
    assert sum(sum(trace["y"]) for trace in chart.figure["data"]) == len(SearchHistory(SEARCH, tuple(rows)).different)


@pytest.mark.parametrize("name", COUNTED)
def test_boxes_are_of_different_cells_by_what_they_have(name: str) -> None:
    (box,) = rewards_chart(SEEN, name).figure["data"]
    for place, median, low, high, text in zip(
        box["x"], box["median"], box["lowerfence"], box["upperfence"], box["text"], strict=True
    ):
        scores = [one.coarse.sahd for one in SEEN.different if connection_count(one.coarse.cell, name) == place]
        assert text == f"{len(scores)} cells"
        assert median == pytest.approx(np.median(scores), rel=1e-4)
        assert (low, high) == (pytest.approx(min(scores), rel=1e-4), pytest.approx(max(scores), rel=1e-4))


def test_tau_is_of_first_scores() -> None:
    own = [(connection_count(one.coarse.cell, "conv3"), one.coarse.sahd) for one in SEEN.different]
    assert tau(SEEN, "conv3") == pytest.approx(kendall_tau(*zip(*own, strict=True)))
    assert f"{tau(SEEN, 'conv3'):+.2f}" in rewards_chart(SEEN, "conv3").caption
    assert tau(SearchHistory(SEARCH, ()), "conv3") is None


def test_what_was_scored_again_stands_beside_its_first_score() -> None:
    (points,) = rescored_chart(SEEN, SEEN.rescored[2].coarse.cell).figure["data"]
    assert len(points["x"]) == len(SEEN.rescored) == 8
    assert points["x"] == pytest.approx([one.coarse.sahd for one in SEEN.rescored], rel=1e-4)
    assert points["y"] == pytest.approx([one.fine.sahd for one in SEEN.rescored if one.fine], rel=1e-4)
    assert points["marker"]["size"].index(13) == 2
    assert [custom[:2] for custom in points["customdata"]] == [
        [SEARCH.digest, one.coarse.cell] for one in SEEN.rescored
    ]


def test_sentences_say_what_is_rewarded_how_sure_it_is_and_what_failed() -> None:
    said = sentences(SEEN)
    assert "convolutions 3x3, τ = +" in said[0]
    assert "Between repeats, with other weights and images, a score moves by 0.5 (standard deviation)" in said[1]
    assert said[1].endswith(("cannot be told apart.", "the first stands out."))
    assert said[2].endswith("have no score: no neuron spikes.") or said[2].endswith("has no score: no neuron spikes.")
    assert len(sentences(DEAD)) == 1
    assert sentences(SearchHistory(SEARCH, ())) == []


def test_the_table_has_the_best_first_and_counts_what_they_have() -> None:
    table = best_table(SEEN, 20)
    assert table["rank"].tolist() == list(range(1, 21))
    assert table["cell"].tolist() == [one.coarse.cell for one in SEEN.valid[:20]]
    assert table["sahd"][:8].tolist() == [one.value for one in SEEN.valid[:8]]
    assert table["sahd"][8:].isna().all()
    assert table["conv3"].tolist() == [count_connections(parse(cell))["conv3"] for cell in table["cell"]]
    assert len(candidates_table(SEEN)) == 308
    assert best_table(DEAD).empty


def test_a_drawing_has_a_curve_for_each_connection_above_or_below_the_nodes() -> None:
    cell = PUBLISHED_CELLS["SNASNet-Bw, CIFAR10"]
    found = drawing(Drawing(cell, ("line",), "search", "name"))
    *parts, nodes = found
    curves, marks = parts[::2], parts[1::2]
    assert len(curves) == len(marks) == count_connections(cell)["forward"] + count_connections(cell)["backward"]
    seen = {}
    for curve, mark in zip(curves, marks, strict=True):
        i, j = round(curve["x"][0]), round(curve["x"][-1])
        back = curve["line"]["color"] == BACK
        assert back == (j < i) == ("dash" in curve["line"])
        assert (min(curve["y"]) < 0) == back
        assert mark["marker"]["color"] == COLOURS[cell[i][j]]
        assert mark["hovertemplate"].startswith(f"{i} → {j}: {OPERATION_NAMES[cell[i][j]]}")
        seen[i, j] = cell[i][j]
    assert seen == {(i, j): cell[i][j] for i in range(NODES) for j in range(NODES) if cell[i][j]}
    assert nodes["meta"] == "search"
    assert nodes["customdata"] == [["search", "name"]] * NODES
    assert nodes["marker"]["opacity"] == [1] * NODES
    lonely = drawing(Drawing(parse("0001 0000 0000 0000"), ()))[-1]
    assert lonely["marker"]["opacity"] == [1, 0.3, 0.3, 1]
    assert "meta" not in lonely


@pytest.mark.parametrize("many", [3, 20])
def test_an_equal_cell_is_told_from_the_first_in_at_most_one_search_of_twenty(many: int) -> None:
    """2,000 searches of seed 0, four repeats of each cell. With two standard errors for each, 17 and 88 %."""
    repeats, draw, wrong = 4, np.random.default_rng(0), 0
    for _ in range(2000):
        found = draw.normal(size=(many, repeats))
        noise = float(np.sqrt(found.var(axis=1, ddof=1).mean()))
        wrong += _tied(sorted(found.mean(axis=1), reverse=True), noise, repeats) < many
    assert wrong <= 0.06 * 2000
