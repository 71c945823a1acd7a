"""The figures of a sweep say what its results are."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from unittest.mock import ANY

import numpy as np
import plotly.graph_objects as go
import pytest
from scipy import stats

from snnviz.events import EpochEnd, LayerState
from snnviz.graph.architectures import build_architecture
from snnviz.studies.skips.charts.controls import (
    control_differences,
    forecast_text,
    initial_activity_text,
    sentence,
    sentences,
)
from snnviz.studies.skips.charts.skips import skip_charts, skip_means, skip_table
from snnviz.studies.skips.sweep import SkipSweep, SweepPoint, sweep_points
from snnviz.theory.operations import OperationCounts, operations_per_image
from snnviz.views.results import Result
from tests.made_up import rows_of_before
from tests.results import changed, made_result, result_of

SWEEP = sweep_points(SkipSweep(seeds=2, most_skips=2))


def costs(point: SweepPoint) -> OperationCounts:
    """Half of what an SNN adds up are sums of two spikes; NeuroBench has them multiply."""
    return OperationCounts(9000, 1000, 0, 1000, 0) if point.ann else OperationCounts(9000, 1000, 5000, 2500, 2000)


def made_up(point: SweepPoint) -> Result:
    """Accuracy 0.5 + 0.1 n_skip, 0.2 more for the twin, 0.02 less for seed 1."""
    accuracy = 0.5 + 0.1 * point.n_skip + 0.2 * point.ann - 0.02 * point.design.seed
    rate = None if point.ann else 0.1 + 0.01 * point.n_skip
    return made_result(accuracy, rate, None if point.ann else 0.05, costs(point))


RESULTS = {point.design.digest: made_up(point) for point in SWEEP}


def traces(chart: Any) -> dict[str, dict[str, Any]]:
    return {trace["name"]: trace for trace in chart.figure["data"]}


def by_id(results: dict[str, Result] = RESULTS, sweep: tuple[SweepPoint, ...] = SWEEP) -> dict[str, Any]:
    return {chart.id: chart for chart in skip_charts(sweep, results)}


def test_every_chart_is_a_plotly_figure() -> None:
    found = by_id()
    assert list(found) == ["skips_accuracy", "skips_drop", "skips_rate", "skips_operations", "skips_energy"]
    for chart in found.values():
        plain = {**chart.figure, "data": [{**t, "line": {**t["line"], "color": "blue"}} for t in chart.figure["data"]]}
        go.Figure(plain)
    assert "not a chip measurement" in found["skips_energy"].caption


def test_accuracy_is_the_mean_over_seeds_with_its_interval() -> None:
    found = traces(by_id()["skips_accuracy"])
    assert list(found) == ["DSC", "DSC, ANN", "ASC", "ASC, ANN"]
    assert found["DSC"]["y"] == pytest.approx([0.49, 0.59, 0.69])
    assert found["DSC"]["error_y"]["array"] == pytest.approx([0.12706] * 3, rel=1e-3)  # t = 12.706
    assert found["ASC, ANN"]["y"] == pytest.approx([0.69, 0.79, 0.89])
    assert (found["ASC"]["line"]["dash"], found["ASC, ANN"]["line"]["dash"]) == ("solid", "dash")
    assert [n for n, *_ in found["ASC"]["customdata"]] == [0, 1, 2]


def test_the_drop_is_taken_seed_by_seed() -> None:
    found = traces(by_id()["skips_drop"])
    assert found["ASC"]["y"] == pytest.approx([20, 20, 20])
    assert found["ASC"]["error_y"]["array"] == pytest.approx([0, 0, 0], abs=1e-6)


def test_half_a_pair_and_half_a_sweep_are_drawn_as_far_as_they_go() -> None:
    first = {p.design.digest: made_up(p) for p in SWEEP if p.n_skip < 2 and not p.ann and p.design.seed == 0}
    found = by_id(first)
    assert traces(found["skips_accuracy"])["DSC"]["y"] == [0.5, 0.6]
    assert traces(found["skips_accuracy"])["DSC"]["error_y"]["array"] == [0, 0]
    assert found["skips_drop"].figure["data"] == []
    without = sweep_points(SkipSweep(seeds=1, twins="without"))
    assert "skips_drop" not in by_id({p.design.digest: made_up(p) for p in without}, without)


def test_operations_and_energy() -> None:
    found = by_id()
    assert traces(found["skips_operations"])["DSC"]["y"] == [6000, 6000, 6000]
    assert traces(found["skips_operations"])["DSC, ANN"]["y"] == [1000, 1000, 1000]
    assert traces(found["skips_operations"])["DSC, ANN, all"]["y"] == [9000, 9000, 9000]
    assert traces(found["skips_energy"])["ASC"]["y"] == pytest.approx([4.6 + 4.5] * 3)
    assert traces(found["skips_energy"])["ASC, ANN"]["y"] == pytest.approx([4.6] * 3)
    assert traces(found["skips_energy"])["ASC, ANN, all"]["y"] == pytest.approx([9 * 4.6] * 3)


def test_the_convention_is_chosen_and_named() -> None:
    found = {chart.id: chart for chart in skip_charts(SWEEP, RESULTS, "neurobench")}
    assert traces(found["skips_operations"])["DSC"]["y"] == [4500, 4500, 4500]
    assert traces(found["skips_energy"])["DSC"]["y"] == pytest.approx([2.5 * 4.6 + 2 * 0.9] * 3)
    assert "A sum of m spikes is m additions" in by_id()["skips_operations"].caption
    assert "NeuroBench (Yik et al. 2025)" in found["skips_operations"].caption
    assert "5.7 % (arXiv 2409.08290 v4)" in found["skips_energy"].caption
    [row, *_] = skip_means(SWEEP, RESULTS, "neurobench")
    over = row["energy_over_ann_additions"]
    assert [over[name] for name in ("mean", "low", "high", "count")] == [pytest.approx(4.5), None, None, 2]
    assert row["energy_over_ann_neurobench"]["mean"] == pytest.approx(1.5 * 4.6 + 2 * 0.9)
    assert (row["convention"], row["energy"]) == ("neurobench", row["energy_neurobench"])
    assert row["energy_additions"] == pytest.approx(4.6 + 4.5)
    assert (row["macs"], row["additions"], row["eff_macs"], row["eff_acs"]) == (1000, 5000, 2500, 2000)


def test_what_was_estimated_is_called_so() -> None:
    assert "estimated" not in by_id()["skips_operations"].caption
    older = {k: changed(r, estimated=1.0) for k, r in list(RESULTS.items())[:3]}
    for name in ("skips_operations", "skips_energy"):
        assert "3 runs estimated: older than the count" in by_id(RESULTS | older)[name].caption


def test_an_estimate_is_no_difference_with_an_interval() -> None:
    """Of runs of before, estimated, three ASC were 42 ± 24 nJ below their twins; counted, 20 ± 48."""
    older = {k: changed(r, estimated=1.0) for k, r in RESULTS.items()}
    [row, *_] = skip_means(SWEEP, older)
    assert (row["energy_over_ann_additions"], row["estimated"]) == (None, True)
    assert row["energy_additions"] is not None
    first = next(point.design.digest for point in SWEEP if not point.n_skip and not point.ann)
    [row, *_] = skip_means(SWEEP, RESULTS | {first: older[first]})
    assert row["energy_over_ann_additions"]["count"] == 1


def test_a_result_is_read_from_the_rows_of_its_run() -> None:
    design = next(p.design for p in SWEEP if p.n_skip == 2 and not p.ann)
    names = [layer.name for layer in build_architecture(design).layers]
    last_rates = [0.1, 0.2, 0.3, 0.4, 0.5, None]

    densities = [1.0, 0.1, 0.25, 0.5, 0.6, 0.7]

    def look(step: int, rates: list[float | None], densities: list[float] | None = None) -> list[LayerState]:
        seen = densities or [None] * len(rates)
        return [LayerState(step, step / 10, k, names[k], rates[k], 1.0, None, seen[k]) for k in range(len(rates))]

    end = EpochEnd(6, 0.9, 0.8, 0.1, 0.2, 0.31, 0.003)
    rows = [*look(0, [0.01] * 5 + [None]), *look(5, [0.9] * 5 + [None]), *look(10, last_rates, densities)]
    found = result_of(design, end, rows)
    assert (found.accuracy, found.rate) == (0.8, 0.31)
    assert found.operations == operations_per_image(design, rows_of_before(design, last_rates, densities))
    assert result_of(design, end, look(10, last_rates)).operations == operations_per_image(
        design, rows_of_before(design, last_rates)
    )
    counted = [replace(row, synops=7.0, macs=1.0, additions=2.0) for row in look(15, last_rates, densities)]
    own = result_of(design, end, [*rows, *counted]).operations
    assert (own.macs, own.additions, own.synops, own.estimated) == (6, 12, 42, False)
    assert operations_per_image(design, [*counted[:-1], replace(counted[-1], synops=None)]).estimated
    assert found.rate_before == pytest.approx(0.01)
    twin = next(p.design for p in SWEEP if p.ann)
    assert result_of(twin, replace(end, rate=None), look(0, [None] * 6)).rate_before is None


def test_the_table_has_a_row_for_each_run_there_is() -> None:
    assert skip_table(SWEEP, {}, {}).empty


def test_means_have_a_row_for_each_count_and_type() -> None:
    rows = skip_means(SWEEP, RESULTS)
    assert [(row["n_skip"], row["type"]) for row in rows] == [(0, None), (1, "DSC"), (1, "ASC"), (2, "DSC"), (2, "ASC")]
    for row in rows:
        assert row["seeds"] == 2
        assert row["accuracy"] == pytest.approx(0.49 + 0.1 * row["n_skip"])
        assert row["accuracy_sd"] == pytest.approx(0.02 / 2**0.5)
        assert (row["drop"], row["drop_sd"]) == (pytest.approx(20), pytest.approx(0, abs=1e-9))
        assert (row["dense"], row["eff_macs"], row["eff_acs"], row["ann_eff_acs"]) == (9000, 2500, 2000, 0)
        assert row["energy"] == pytest.approx(4.6 + 4.5)
    half = {p.design.digest: made_up(p) for p in SWEEP if p.n_skip == 1 and p.type == "DSC" and not p.ann}
    [none, dsc, *_] = skip_means(SWEEP, half)
    assert (none["seeds"], none["accuracy"], none["drop"]) == (0, None, None)
    assert (dsc["seeds"], dsc["ann_accuracy"], dsc["drop"]) == (2, None, None)


CONTROLLED = sweep_points(SkipSweep(seeds=4, most_skips=2, controls="with"))
GAINS = {("DSC", 1): (2, 4, 0, 2), ("DSC", 2): (5, 7, 6, 6), ("ASC", 1): (1, 0, -1, 0), ("ASC", 2): (2, 4, 3, 3)}
"""Points of accuracy over the plain blocks, by seed."""


def controlled(point: SweepPoint) -> Result:
    """Plain blocks reach 0.5, their twins 0.6; skips as said above, and nothing of it in twins."""
    gain = 0 if point.control or not point.n_skip else GAINS[point.type, point.n_skip][point.design.seed]
    found = made_up(point)
    return changed(found, accuracy=0.6 if point.ann else 0.5 + gain / 100)


LEFT = {point.design.digest: controlled(point) for point in CONTROLLED}


def test_what_is_left_is_the_paired_difference_with_its_t_interval() -> None:
    found = {(one.kind, one.n_skip, one.equal): one for one in control_differences(CONTROLLED, LEFT)}
    assert list(found) == [
        *(("DSC", n, control) for n in (1,) for control in ("parameters", "operations")),
        ("ASC", 1, "parameters and operations"),
        *(("DSC", 2, control) for control in ("parameters", "operations")),
        ("ASC", 2, "parameters and operations"),
    ]
    for (kind, n_skip, _), one in found.items():
        gains = GAINS[kind, n_skip]
        assert one.accuracy is not None
        assert one.drop is not None
        assert one.ann_accuracy is not None
        half = stats.t.ppf(0.975, 3) * np.std(gains, ddof=1) / 2
        assert one.accuracy.mean == pytest.approx(np.mean(gains))
        assert one.accuracy.high - one.accuracy.mean == pytest.approx(half, abs=1e-6)
        assert one.drop.mean == pytest.approx(-np.mean(gains))
        assert one.ann_accuracy.mean == 0
        assert one.accuracy.count == 4


def test_sentences_say_whether_it_is_told_apart() -> None:
    dsc, _, asc = sentences(CONTROLLED, LEFT)
    over = "over a plain block of equal parameters"
    assert dsc.startswith(f"2 DSC skips {over}: +6.0 points (95 %: +4.7 to +7.3, 4 seeds), told apart")
    assert asc.startswith(f"2 ASC skips {over} and operations: +3.0 points (95 %: +1.7 to +4.3, 4 seeds), told apart")
    [none] = [x for x in control_differences(CONTROLLED, LEFT) if (x.kind, x.n_skip) == ("ASC", 1)]
    assert sentence(none).startswith(
        f"1 ASC skip {over} and operations: +0.0 points (95 %: -1.3 to +1.3, 4 seeds), not told apart"
    )
    assert sentences(SWEEP, RESULTS)[0].startswith("No control: ")
    assert sentences(CONTROLLED, {}) == []


def test_a_silent_start_is_called_one() -> None:
    rates = {point.design.digest: 0.004 for point in CONTROLLED}
    assert initial_activity_text(CONTROLLED, rates).startswith(
        "Before training 0.4 % of the neurons of the network without skips spike"
    )
    assert "nearly silent" in initial_activity_text(CONTROLLED, rates)
    assert "silent" not in initial_activity_text(CONTROLLED, dict.fromkeys(rates, 0.085))
    assert initial_activity_text(CONTROLLED, {}) == ""


def test_before_any_run_theory_says_how_active_it_will_be() -> None:
    """Four seeds have 12.7 % as the page opens, 3.0 % with torch's weights (`sweep`); theory is rough here."""

    def said(sweep: SkipSweep) -> list[float]:
        return [float(share) for share in re.findall(r"([\d.]+) %", forecast_text(sweep_points(sweep)))]

    whole, last = said(SkipSweep(gain=2, seeds=1))
    assert whole == pytest.approx(12.7, abs=3)
    assert 0 < last < whole
    weak, silent = said(SkipSweep(seeds=1))
    assert weak == pytest.approx(3.0, abs=1)
    assert silent == 0
    assert forecast_text([point for point in sweep_points(SkipSweep(seeds=1)) if point.n_skip]) == ""


def test_controls_are_lines_of_their_own() -> None:
    found = by_id(LEFT, CONTROLLED)
    assert list(found)[:3] == ["skips_accuracy", "skips_drop", "skips_left"]
    for name in ("skips_accuracy", "skips_operations", "skips_energy"):
        names = set(traces(found[name]))
        assert {"plain (DSC, par.)", "plain (DSC, op.)", "plain (ASC)"} <= names
        assert "plain (ASC, op.)" not in names
    accuracy = traces(found["skips_accuracy"])
    assert accuracy["plain (DSC, par.)"]["y"] == [0.5, 0.5, 0.5]
    assert accuracy["DSC"]["y"] == pytest.approx([0.5, 0.52, 0.56])
    assert accuracy["plain (DSC, par.)"]["marker"]["symbol"] == "square"
    assert traces(found["skips_drop"])["plain (ASC)"]["y"] == pytest.approx([10, 10, 10])
    bars = traces(found["skips_left"])
    assert set(bars) == {"DSC, equal parameters", "DSC, equal operations", "ASC, equal parameters and operations"}
    assert bars["DSC, equal parameters"]["y"] == pytest.approx([2, 6])
    assert bars["DSC, equal parameters"]["error_y"]["array"] == pytest.approx([2.598, 1.299], abs=0.01)
    go.Figure(
        {
            **found["skips_left"].figure,
            "data": [{**t, "marker": {**t["marker"], "color": "blue"}} for t in bars.values()],
        }
    )


def test_means_hold_the_controls_and_what_is_left() -> None:
    rows = skip_means(CONTROLLED, LEFT)
    assert [row["controls"] for row in rows if row["n_skip"] == 0] == [[]]
    two = next(row for row in rows if (row["n_skip"], row["type"]) == (2, "DSC"))
    assert (two["accuracy"], two["channels"]) == (pytest.approx(0.56), 8)
    one, other = two["controls"]
    assert (one["equal"], other["equal"], one["channels"], other["channels"]) == ("parameters", "operations", 11, 12)
    assert (one["parameters"], two["parameters"]) == (6280, 6586)
    assert one["mismatch"] == pytest.approx(6280 / 6586 - 1)
    assert (one["accuracy"], one["ann_accuracy"], one["seeds"]) == (0.5, 0.6, 4)
    assert one["left"]["accuracy"] == {"mean": pytest.approx(6), "low": ANY, "high": ANY, "count": 4}


def test_a_run_that_is_many_controls_is_one_row() -> None:
    run = SimpleNamespace(state="done", seconds=None)
    table = skip_table(CONTROLLED, {point.design.digest: run for point in CONTROLLED}, LEFT)  # type: ignore[dict-item]
    assert len(table) == len({point.design.digest for point in CONTROLLED})
    shared = table[table["channels"] == 11]["control for"]
    assert set(shared) == {"1 DSC operations, 2 DSC parameters"}
    plain = table[table["n_skip"] == 0]
    assert plain["type"].isna().all()
    assert "1 ASC parameters" in plain[plain["channels"] == 8]["control for"].iloc[0]
