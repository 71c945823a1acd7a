"""The figures of searches say what their candidates are."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from scipy import stats

from snnviz.store import Run
from snnviz.studies.skips.charts import gaussian_process
from snnviz.studies.skips.charts.search import (
    SearchHistory,
    baseline_charts,
    candidates_chart,
    edges_of,
    progress_charts,
    skip_count,
    trial_table,
)
from snnviz.studies.skips.charts.searches import phase_text, searches_table
from snnviz.studies.skips.charts.thumbnails import Thumbnail, thumbnails_chart
from snnviz.studies.skips.optimisation import OPTIMISATIONS, optimisation_searches
from snnviz.studies.skips.search import parse_code, search_space
from snnviz.theory.intervals import confidence_interval
from snnviz.theory.posterior import posterior
from snnviz.theory.ranks import kendall_tau
from snnviz.views.chart import Chart
from tests.made_up import ALL, codes, model, seen, trial

UCB, RANDOM = ALL[0], ALL[1]
STAGED = seen(optimisation_searches(OPTIMISATIONS["DenseNet-121"])[0])


def traces(chart: Chart) -> dict[str, dict[str, Any]]:
    return {trace["name"]: trace for trace in chart.figure["data"]}


def plotly(chart: Chart) -> None:
    """Plotly takes the figure, with the theme's colours in place."""
    go.Figure(json.loads(re.sub(r'"var\(--st-[\w-]+\)"', '"#123456"', json.dumps(chart.figure))))


@pytest.mark.parametrize(
    "shown", [ALL, (STAGED,), (seen(UCB.search, 1),), (seen(UCB.search, 3), seen(RANDOM.search, 2))]
)
def test_every_chart_is_a_plotly_figure(shown: tuple[SearchHistory, ...]) -> None:
    charts = [*progress_charts(shown, "iteration"), *progress_charts(shown, "epochs"), *baseline_charts(shown)]
    charts += [candidates_chart(shown, "firing rate", None), candidates_chart(shown, "operations", None)]
    charts += gaussian_process.belief_charts(shown[0])
    pictures = [Thumbnail(edges_of(s.search, parse_code(t.code)), ("a", "b")) for s in shown for t in s.trials[:6]]
    charts.append(thumbnails_chart(pictures[:6], "title", "caption", key="best"))
    for chart in charts:
        plotly(chart)
        assert chart.caption


def test_best_so_far_is_the_mean_of_each_searchs_minimum() -> None:
    group = [one for one in ALL if one.search.strategy == "ucb"]
    found = traces(progress_charts(ALL, "iteration")[0])
    values = np.array([[trial.value for trial in one.trials] for one in group])
    running = np.minimum.accumulate(values, axis=1)[:, 1::2]
    assert found["GP-UCB"]["x"] == [1, 2, 3]
    assert found["GP-UCB"]["y"] == pytest.approx(running.mean(0), rel=1e-4)
    half = stats.t.ppf(0.975, len(running) - 1) * stats.sem(running)
    assert found["GP-UCB, high"]["y"] == pytest.approx(running.mean(0) + half, rel=1e-4)
    assert found["GP-UCB, low"]["y"] == pytest.approx(running.mean(0) - half, rel=1e-4)
    assert "random, from scratch" in found


def test_against_epochs_it_is_what_was_spent_by_then() -> None:
    found = traces(progress_charts(ALL, "epochs")[1])
    assert found["GP-UCB"]["x"] == [14, 16, 18]


def test_accuracy_is_that_of_the_best_by_the_objective() -> None:
    one = SearchHistory(
        UCB.search, tuple(trial(UCB.search, n, code, value=2.0 - n) for n, code in enumerate(codes(UCB.search)[:4]))
    )
    best = traces(progress_charts([one], "iteration")[1])
    assert best["GP-UCB"]["y"] == pytest.approx([one.trials[1].accuracy, one.trials[3].accuracy])


def test_a_search_that_has_not_come_so_far_is_left_out_of_the_mean() -> None:
    found = traces(progress_charts([UCB, seen(ALL[2].search, 2)], "iteration")[0])
    assert found["GP-UCB"]["x"] == [1, 2, 3]
    assert [count for _, count in found["GP-UCB"]["customdata"]] == [2, 1, 1]
    assert found["GP-UCB"]["y"][-1] == pytest.approx(min(t.value for t in UCB.trials), rel=1e-4)


def test_every_candidate_is_a_point_that_can_be_chosen() -> None:
    chosen = (UCB.search.digest, UCB.trials[2].code)
    points = [t for t in candidates_chart(ALL, "operations", chosen).figure["data"] if "meta" in t]
    assert [t["meta"] for t in points] == [one.search.digest for one in ALL]
    assert [row[1] for row in points[0]["customdata"]] == [t.code for t in UCB.trials]
    assert points[0]["x"] == pytest.approx([t.macs + t.additions for t in UCB.trials])
    assert np.argmax(points[0]["marker"]["size"]) == 2
    assert "0 0 " in points[0]["customdata"][0][2]


def test_candidates_that_were_counted_as_before_are_said_to_be() -> None:
    older = SearchHistory(UCB.search, tuple(replace(t, eff_macs=None, eff_acs=None) for t in UCB.trials))
    for shown, words in ((UCB, False), (older, True)):
        captions = [candidates_chart([shown], "operations", None).caption, baseline_charts([shown])[1].caption]
        assert all((f"Of {len(UCB.trials)} older candidates" in caption) == words for caption in captions)
    assert "older" not in candidates_chart([older], "firing rate", None).caption


def test_the_baseline_is_taus_mean_over_the_searches() -> None:
    found = baseline_charts(ALL)[0].figure["data"]
    group = [one for one in ALL if one.search.strategy == "ucb"]
    taus = [
        kendall_tau([skip_count(one.search, t) for t in one.trials], [t.value for t in one.trials]) for one in group
    ]
    told = confidence_interval([tau for tau in taus if tau is not None])
    assert told is not None
    assert found[0]["name"] == f"GP-UCB, τ = {told.mean:+.2f} ± {told.high - told.mean:.2f}"  # 95 %, over the seeds


def test_additions_and_concatenations_are_counted_apart() -> None:
    random = [one for one in ALL if one.search.strategy == "random"]
    caption = baseline_charts(ALL)[0].caption
    for kind, name in ((1, "DSC"), (2, "ASC")):
        taus = [
            kendall_tau([t.code.count(str(kind)) for t in one.trials], [t.value for t in one.trials]) for one in random
        ]
        assert f"{name} alone τ = {np.mean([tau for tau in taus if tau is not None]):+.2f}" in caption


def test_calibration_compares_what_was_expected_with_what_came() -> None:
    chart = gaussian_process.calibration_chart(UCB)
    points = traces(chart)["candidates"]
    assert points["x"] == pytest.approx([t.value + 0.05 for t in UCB.trials[2:]], rel=1e-4)
    assert points["y"] == pytest.approx([t.value for t in UCB.trials[2:]], rel=1e-4)
    assert "4 of 4 measured within 95 % of what was expected" in chart.caption


def test_the_posterior_is_sorted_with_ten_that_were_not_trained() -> None:
    found = gaussian_process.latest_belief(UCB)
    assert found is not None
    chart = traces(gaussian_process.posterior_chart(UCB, *found))
    evaluated, new = chart["trained, expected"], chart["not trained, expected"]
    assert (len(evaluated["x"]), len(new["x"])) == (6, 10)
    ranks = dict(zip([*evaluated["x"], *new["x"]], [*evaluated["y"], *new["y"]], strict=True))
    assert [ranks[rank] for rank in sorted(ranks)] == sorted(ranks.values())
    mean, _ = posterior(*found, found[1])
    assert evaluated["y"] == pytest.approx(mean, rel=1e-3)
    assert not {code for _, code in new["customdata"]} & {t.code for t in UCB.trials}


def test_observations_are_those_of_the_models_iteration() -> None:
    one = SearchHistory(UCB.search, UCB.trials, (model(UCB.search, 1),))
    found = gaussian_process.latest_belief(one)
    assert found is not None
    assert found[2] == [t.value for t in UCB.trials[:4]]


def test_matrices_are_drawn_only_of_a_single_block() -> None:
    assert [chart.id for chart in gaussian_process.belief_charts(UCB)][2] == "search_importance"
    drawn = gaussian_process.belief_charts(UCB)[2].figure["data"][0]
    assert [row.count(None) for row in drawn["z"]] == [0, 1]
    assert sum(cell for row in drawn["z"] for cell in row if cell) == pytest.approx(1, abs=1e-3)
    ids = [chart.id for chart in gaussian_process.belief_charts(STAGED)]
    assert ids == ["search_calibration", "search_posterior", "search_effects"]
    assert gaussian_process.belief_charts(seen(UCB.search, 1)) == []


def test_effects_are_around_the_slots_average() -> None:
    drawn = gaussian_process.belief_charts(UCB)[-1].figure["data"][0]
    assert drawn["x"] == ["none", "DSC", "ASC"]
    assert len(drawn["z"]) == len(search_space(UCB.search).slots)
    assert [sum(row) for row in drawn["z"]] == pytest.approx([0, 0, 0], abs=1e-4)


def test_a_thumbnail_is_the_matrix_above_its_diagonal() -> None:
    (edges,) = edges_of(UCB.search, (1, 0, 2))
    cells = thumbnails_chart([Thumbnail((edges,), ("x",), "s", "102")], "", "", key="k").figure["data"][0]
    assert cells["z"] == [[3, edges[0][2], edges[0][3]], [None, 3, edges[1][3]], [None, None, 3]]
    assert (cells["meta"], cells["customdata"][0][0][1], cells["x0"]) == ("s", "102", 1)


def test_the_export_has_everything_of_every_candidate() -> None:
    table = trial_table(ALL)
    assert len(table) == sum(len(one.trials) for one in ALL)
    row = table.iloc[3]
    own = UCB.trials[3]
    assert (row["code"], row["value"], row["seed"], row["strategy"]) == (own.code, own.value, 0, "ucb")
    written = "; ".join(
        "/".join("".join(map(str, r)) for r in edges) for edges in edges_of(UCB.search, parse_code(own.code))
    )
    assert row["matrices"] == written


def run(one: SearchHistory, state: str, step: int = 0, **more: Any) -> Run:
    """Of 1 training step an epoch."""
    search, nothing = one.search, dict.fromkeys(("started", "finished", "eta_seconds", "doing", "error", "traceback"))
    whole = search.design.training.epochs
    shared, own = (search.shared_epochs, search.tuning_epochs) if search.weights == "frozen" else (0, whole)
    fields: dict[str, Any] = {"run": search.digest, "state": state, "title": "", "task": search, "attempt": 1}
    fields |= {"created": 0.0, "seconds": 2.0, "step": step, "steps": whole + shared + search.trials * own}
    fields |= {**nothing, "note": None, "cancel_requested": False, "heartbeat": None}
    return Run(**{**fields, **more})


def test_the_phase_follows_from_steps_and_rows() -> None:
    empty = SearchHistory(UCB.search, ())
    begun = SearchHistory(UCB.search, (), (), UCB.twin)
    assert phase_text(None, empty) == "not started"
    assert phase_text(run(empty, "cancelled"), empty) == "paused"
    assert phase_text(run(empty, "running", cancel_requested=True), empty) == "pausing"
    assert phase_text(run(empty, "running", 2), empty) == "ANN twin: epoch 3 of 6"
    assert phase_text(run(begun, "running", 6), begun) == "shared weights: epoch 1 of 12"
    assert phase_text(run(begun, "running", 17), begun) == "shared weights: epoch 12 of 12"
    assert phase_text(run(begun, "running", 18), begun) == "candidate 1 of 6"
    assert phase_text(run(UCB, "running", 21), seen(UCB.search, 3)) == "candidate 4 of 6"
    lone = SearchHistory(RANDOM.search, (), (), RANDOM.twin)
    assert phase_text(run(lone, "running", 7), lone) == "candidate 1 of 6"


def test_the_table_has_those_that_were_started() -> None:
    table = searches_table({UCB.search.digest: run(UCB, "cancelled")}, ALL)
    assert table["state"].tolist() == ["paused"]
    assert table["candidates"].tolist() == ["6 of 6"]
    assert table["best"][0] == min(t.value for t in UCB.trials)
    assert "trouble" not in table
    failed = searches_table({UCB.search.digest: run(UCB, "failed", error="It broke.")}, ALL)
    assert failed["trouble"].tolist() == ["It broke."]
