"""The figures and tables of a study of cells say what its scores and its runs are."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from scipy import stats

from snnviz.design.cells import OPERATION_CODES, count_connections
from snnviz.events import EpochEnd
from snnviz.studies.cells.charts import counts as cellcounts
from snnviz.studies.cells.charts import study as cellstudy
from snnviz.studies.cells.charts import tables
from snnviz.studies.cells.charts.study import Outcome
from snnviz.studies.cells.study import CellStudy, StudyRun, study_runs, study_searches
from snnviz.theory.intervals import confidence_interval
from snnviz.theory.ranks import kendall_tau
from snnviz.views.bands import SHARES, error_bars
from tests.made_up import candidates


def answered(study: CellStudy) -> tuple[tuple[StudyRun, ...], list[Outcome], cellstudy.Candidates]:
    """As if all of it had been trained: 3x3 convolutions and time steps help, seeds differ by 2 points."""
    known = study_searches(study)
    listed = {search.digest: candidates(search) for search in known.values()}
    found = {place: {c.number: c for c in listed[search.digest]} for place, search in known.items()}
    several = study_runs(study, listed)
    reached = {
        m.design.digest: 0.5
        + 0.05 * count_connections(m.cell)["conv3"]
        + 0.01 * m.design.data.steps
        - 0.02 * m.design.seed
        for m in several
    }
    return several, cellstudy.outcomes(several, found, reached), found


def plain(figure: dict[str, Any]) -> go.Figure:
    """Checked by Plotly, which does not know the theme's colours."""
    data = []
    for trace in figure["data"]:
        colours = {
            name: {**trace[name], "color": "blue"} if "color" in trace[name] else trace[name]
            for name in ("line", "marker") if name in trace
        }  # fmt: skip
        filled = {"fillcolor": "blue"} if "fillcolor" in trace else {}
        data.append({**trace, **colours, **filled})
    return go.Figure({"data": data, "layout": figure["layout"]})


def test_every_chart_is_a_plotly_figure() -> None:
    study = CellStudy(cells=6, seeds=2, connections="both")
    _, some, _ = answered(study)
    charts = [*cellstudy.score_charts(study, some), *cellcounts.count_charts(study, some)]
    hunt = CellStudy(question="search", samples=60, seeds=2)
    several, best, found = answered(hunt)
    rows = {
        m.design.digest: [EpochEnd(e, 0.5, 0.5 + 0.1 * e, 1.0 / e, 1.0, 0.1, 0.01) for e in (1, 2)] for m in several
    }
    charts += [*cellstudy.sample_charts(hunt, best, found), *cellstudy.curve_charts(several, rows)]
    assert len({chart.id for chart in charts}) == len(charts) == 2 + 7 + 2 + 2
    for chart in charts:
        assert chart.figure["data"], chart.id
        plain(chart.figure)


def test_the_table_has_half_of_the_interval_over_seeds() -> None:
    """Of two seeds that are 2 points apart 12.7 points (Student's t); of one seed there is none."""
    table = tables.study_table(answered(CellStudy(cells=3, seeds=2))[1])
    assert table["half"].tolist() == pytest.approx([12.706] * 3, rel=1e-4)
    assert "half" not in tables.study_table(answered(CellStudy(cells=3, seeds=1))[1])


def test_a_point_is_a_cell_with_its_score_and_mean_accuracy() -> None:
    study = CellStudy(cells=8, seeds=2)
    several, some, found = answered(study)
    assert len(some) == 8
    chart = cellstudy.score_charts(study, some)[0]
    (trace,) = chart.figure["data"]
    first = found["digits", "forward", 0][0]
    assert trace["x"][0] == pytest.approx(first.sahd, rel=1e-5)
    assert trace["y"][0] == pytest.approx(0.53 + 0.05 * count_connections(several[0].cell)["conv3"])
    assert trace["error_y"]["array"] == pytest.approx([min(0.12706, 1 - y) for y in trace["y"]], abs=1e-4)
    tau = kendall_tau([o.score("sahd") or 0 for o in some], [o.accuracy for o in some])
    assert f"τ = {tau:+.2f}" in chart.caption
    assert "0.646" in chart.caption


def test_the_verdict_is_what_the_interval_says() -> None:
    study = CellStudy(cells=30, seeds=2)
    _, some, _ = answered(study)
    assert "higher score tend to reach a higher accuracy" in cellstudy.verdict(study, some)
    turned = [Outcome(o.member, o.candidate, tuple(1 - a for a in o.accuracies)) for o in some]
    assert "tend to reach a lower accuracy" in cellstudy.verdict(study, turned)
    flat = [Outcome(o.member, o.candidate, (0.5 + 0.01 * (i * 7919 % 30),)) for i, o in enumerate(some)]
    assert "do not show whether" in cellstudy.verdict(study, flat)
    assert "One seed each" in cellstudy.verdict(study, flat)
    assert "Another seed moves a cell by 1.4 points" in cellstudy.verdict(study, some)


def test_a_cell_without_a_score_is_left_out_of_the_score_alone() -> None:
    study = CellStudy(cells=6)
    _, some, _ = answered(study)
    some[0] = Outcome(some[0].member, None, some[0].accuracies)
    assert len(cellstudy.score_charts(study, some)[0].figure["data"][0]["x"]) == 5
    assert len(cellcounts.count_charts(study, some)[0].figure["data"][0]["x"]) == 6
    assert tables.study_table(some)["SAHD"].isna().sum() == 1


def test_counts_are_those_of_the_cell() -> None:
    study = CellStudy(cells=5, connections="backward")
    _, some, _ = answered(study)
    for one in some:
        found = cellcounts.connection_counts(one)
        ones = sum(operation > 0 for row in one.member.cell for operation in row)
        assert found["edges"] == found["forward"] + found["backward"] == ones
        assert found["edges"] == sum(found[name] for name in ("skip", "conv1", "conv3", "pool"))


def test_more_candidates_take_more_time() -> None:
    study = CellStudy(question="search", samples=60)
    _, some, found = answered(study)
    accuracy, seconds = cellstudy.sample_charts(study, some, found)
    assert seconds.figure["data"][0]["x"] == [1, 10, 50, 60]
    assert seconds.figure["data"][0]["y"] == pytest.approx([0.02, 0.2, 1.0, 1.2])
    best, chance = accuracy.figure["data"]
    assert best["x"] == [1, 10, 50, 60]
    assert chance["marker"]["symbol"] == "circle-open"


def test_the_tables_have_the_papers_form() -> None:
    study = CellStudy(question="steps", samples=20, connections="both", seeds=2)
    _, some, _ = answered(study)
    ours, theirs = tables.steps_table(study, some), tables.published_steps()
    assert list(ours.columns) == list(theirs.columns)
    assert ours["cell"].tolist() == theirs["cell"].tolist()
    assert theirs["T = 20"].tolist() == ["70.52 %", "74.24 %"]
    assert ours["T = 5"][0].startswith(f"{100 * some[0].accuracy:.1f} % (")
    moved = CellStudy(question="transfer", samples=20, other="mnist", seeds=1)
    _, some, _ = answered(moved)
    table = tables.transfer_table(moved, some)
    assert table["change"].isna().tolist() == [True, False, False, True]
    assert len(tables.published_transfer()) == 6


def test_a_half_trained_study_shows_what_is_there() -> None:
    study = CellStudy(cells=4, seeds=2)
    several, _, found = answered(study)
    some = cellstudy.outcomes(several, found, {several[1].design.digest: 0.7})
    assert [(one.member.number, one.accuracies) for one in some] == [(1, (0.7,))]
    assert "τ needs three cells" in cellstudy.score_charts(study, some)[0].caption
    assert cellstudy.outcomes(several, found, {}) == []


def test_a_mean_stands_at_each_number_over_the_cells_that_have_it() -> None:
    study = CellStudy(cells=20, connections="backward", seeds=2)
    _, some, _ = answered(study)
    for direction in cellcounts.DIRECTIONS:
        for chart in cellcounts.count_charts(study, some, direction):
            name = chart.id.removeprefix("cells_")
            line = chart.figure["data"][1]
            numbers = [cellcounts.connection_counts(one, direction)[name] for one in some]
            assert line["x"] == sorted(set(numbers))
            for number, value, half in zip(line["x"], line["y"], line["error_y"]["array"], strict=True):
                own = [one.accuracy for one, each in zip(some, numbers, strict=True) if each == number]
                assert value == pytest.approx(np.mean(own), abs=1e-5)
                if len(own) > 1:
                    due = stats.t.ppf(0.975, len(own) - 1) * stats.sem(own)
                    assert half == pytest.approx(min(due, 1 - np.mean(own)), abs=2e-5), "no accuracy is above 1"
    assert len(cellcounts.count_charts(study, some)) == 7
    assert len(cellcounts.count_charts(study, some, "backward")) == 4, "operations alone"


def test_operations_are_counted_by_direction_too() -> None:
    study = CellStudy(cells=20, connections="backward", kept="backward", seeds=1)
    _, some, _ = answered(study)
    for one in some:
        ways = [cellcounts.connection_counts(one, "forward"), cellcounts.connection_counts(one, "backward")]
        whole = cellcounts.connection_counts(one)
        assert sum(ways[0][name] for name in OPERATION_CODES) == whole["forward"]
        assert sum(ways[1][name] for name in OPERATION_CODES) == whole["backward"] > 0
        assert all(ways[0][name] + ways[1][name] == whole[name] for name in OPERATION_CODES)


def test_intervals_are_over_searches_where_there_are_several() -> None:
    study = CellStudy(question="search", samples=20, searches=3, seeds=2)
    _, some, found = answered(study)
    best = [one for one in some if one.member.samples == 20]
    assert [one.member.time for one in best] == [0, 1, 2]
    over = cellstudy.search_accuracy(best)
    low, high = stats.t.interval(0.95, 2, over.mean, stats.sem([one.accuracy for one in best]))
    assert (over.low, over.high) == (pytest.approx(low, rel=1e-4), pytest.approx(high, rel=1e-4))
    points = cellstudy.sample_charts(study, some, found)[0].figure["data"][0]
    assert points["error_y"]["array"][-1] == pytest.approx(over.half, abs=1e-5)
    alone = cellstudy.search_accuracy(best[:1])
    assert alone.count == 2, "one search: over its seeds"
    assert "over 3 searches" in cellstudy.interval_note(study)
    assert "another search would find another cell" in cellstudy.interval_note(study.model_copy(update={"searches": 1}))


def test_the_best_is_compared_with_random_cells_of_the_same_search_and_seeds() -> None:
    study = CellStudy(question="search", samples=20, searches=3, seeds=2, random=2)
    _, some, _ = answered(study)
    differences = []
    for time in range(3):
        own = [one for one in some if one.member.time == time]
        (best,) = (one.accuracy for one in own if one.member.samples == 20)
        chance = [one.accuracy for one in own if not one.member.samples]
        assert len(chance) == 2
        differences.append(best - np.mean(chance))
    gained = cellstudy.gain_over_random(study, some)["forward"]
    assert gained is not None
    assert gained.mean == pytest.approx(np.mean(differences))
    assert gained.count == 3
    told = cellstudy.gain_text(study, some)
    assert f"{100 * gained.mean:+.1f} points" in told
    assert ("not told apart" in told) == (abs(gained.mean) <= (gained.half or 0))


def test_a_cell_that_is_the_best_of_several_numbers_stands_once() -> None:
    study = CellStudy(question="search", samples=60, seeds=2)
    several, some, _ = answered(study)
    table = tables.study_table(some)
    assert table["run"].is_unique
    assert sorted(table["run"]) == sorted({m.design.digest for m in several if m.design.seed == 0})
    numbers = ", ".join(table["best of"].dropna()).split(", ")
    assert sorted(map(int, numbers)) == [1, 10, 50, 60]


def test_as_many_tests_as_there_are_rows_are_corrected_for() -> None:
    study = CellStudy(cells=12, seeds=2)
    _, some, _ = answered(study)
    found = cellcounts.agreements(some)
    known = [pair for pair in found.values() if pair]
    least = min(known, key=lambda pair: pair[0].p)
    assert found["edges"] == found["forward"], "one test: all connections are forward ones"
    assert least[1] == pytest.approx(min(1, (len(known) - 1) * least[0].p))
    assert all(pair[1] >= pair[0].p for pair in known)
    assert found["backward"] is None, "all alike"
    assert f"{5} figures are as many tests" in cellcounts.caption(5)


def test_bars_do_not_leave_what_an_accuracy_can_be() -> None:
    """Of two cells, whose interval is twelve times as wide as they are apart, and of one."""
    bars = error_bars(
        [confidence_interval([0.9, 0.98]), confidence_interval([0.02, 0.1]), confidence_interval([0.5])], SHARES
    )
    assert (bars["array"][0], bars["arrayminus"][1]) == (0.06, 0.06)
    assert (bars["array"][2], bars["arrayminus"][2], bars["visible"]) == (0, 0, True)
    assert not error_bars([confidence_interval([0.5])])["visible"]
