"""The figures of a sweep say what its results are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import plotly.graph_objects as go
import pytest

from snnviz.catalog.architectures import architecture
from snnviz.catalog.sweeps import Point, SkipSweep, points
from snnviz.events import EpochEnd, LayerState
from snnviz.theory.operations import Counts, estimated, spent
from snnviz.views.skips import Result, result, skip_charts, skip_means, skip_table

SWEEP = points(SkipSweep(seeds=2, most_skips=2))


def costs(point: Point) -> Counts:
    """Half of what an SNN adds up are sums of two spikes; NeuroBench has them multiply."""
    return Counts(9000, 1000, 0, 1000, 0) if point.ann else Counts(9000, 1000, 5000, 2500, 2000)


def made_up(point: Point) -> Result:
    """Accuracy 0.5 + 0.1 n_skip, 0.2 more for the twin, 0.02 less for seed 1."""
    accuracy = 0.5 + 0.1 * point.n_skip + 0.2 * point.ann - 0.02 * point.design.seed
    rate = None if point.ann else 0.1 + 0.01 * point.n_skip
    return Result(accuracy, rate, None if point.ann else 0.05, costs(point))


RESULTS = {point.design.digest: made_up(point) for point in SWEEP}


def traces(chart: Any) -> dict[str, dict[str, Any]]:
    return {trace["name"]: trace for trace in chart.figure["data"]}


def by_id(results: dict[str, Result] = RESULTS, sweep: tuple[Point, ...] = SWEEP) -> dict[str, Any]:
    return {chart.id: chart for chart in skip_charts(sweep, results)}


def test_every_chart_is_a_plotly_figure() -> None:
    found = by_id()
    assert list(found) == ["skips_accuracy", "skips_drop", "skips_rate", "skips_operations", "skips_energy"]
    for chart in found.values():
        plain = {**chart.figure, "data": [{**t, "line": {**t["line"], "color": "blue"}} for t in chart.figure["data"]]}
        go.Figure(plain)
    assert "not a chip measurement" in found["skips_energy"].caption


def test_accuracy_is_the_mean_over_seeds_with_its_deviation() -> None:
    found = traces(by_id()["skips_accuracy"])
    assert list(found) == ["DSC", "DSC, ANN", "ASC", "ASC, ANN"]
    assert found["DSC"]["y"] == pytest.approx([0.49, 0.59, 0.69])
    assert found["DSC"]["error_y"]["array"] == pytest.approx([0.014142] * 3, rel=1e-3)
    assert found["ASC, ANN"]["y"] == pytest.approx([0.69, 0.79, 0.89])
    assert (found["ASC"]["line"]["dash"], found["ASC, ANN"]["line"]["dash"]) == ("solid", "dash")
    assert [n for n, _ in found["ASC"]["customdata"]] == [0, 1, 2]


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
    without = points(SkipSweep(seeds=1, twins="without"))
    assert "skips_drop" not in by_id({p.design.digest: made_up(p) for p in without}, without)


def test_operations_and_energy() -> None:
    found = by_id()
    assert traces(found["skips_operations"])["DSC"]["y"] == [6000, 6000, 6000]
    assert traces(found["skips_operations"])["DSC, ANN"]["y"] == [1000, 1000, 1000]
    assert traces(found["skips_operations"])["DSC, ANN, dense"]["y"] == [9000, 9000, 9000]
    assert traces(found["skips_energy"])["ASC"]["y"] == pytest.approx([4.6 + 4.5] * 3)
    assert traces(found["skips_energy"])["ASC, ANN"]["y"] == pytest.approx([4.6] * 3)
    assert traces(found["skips_energy"])["ASC, ANN, dense"]["y"] == pytest.approx([9 * 4.6] * 3)


def test_the_convention_is_chosen_and_named() -> None:
    found = {chart.id: chart for chart in skip_charts(SWEEP, RESULTS, "neurobench")}
    assert traces(found["skips_operations"])["DSC"]["y"] == [4500, 4500, 4500]
    assert traces(found["skips_energy"])["DSC"]["y"] == pytest.approx([2.5 * 4.6 + 2 * 0.9] * 3)
    assert "a sum of m spikes is m additions" in by_id()["skips_operations"].caption
    assert "NeuroBench (Yik et al. 2025)" in found["skips_operations"].caption
    assert "5.7 % (arXiv 2409.08290 v4)" in found["skips_energy"].caption
    [row, *_] = skip_means(SWEEP, RESULTS, "neurobench")
    assert (row["convention"], row["energy"]) == ("neurobench", row["energy_neurobench"])
    assert row["energy_additions"] == pytest.approx(4.6 + 4.5)
    assert (row["macs"], row["additions"], row["eff_macs"], row["eff_acs"]) == (1000, 5000, 2500, 2000)


def test_what_was_estimated_is_called_so() -> None:
    assert "estimated" not in by_id()["skips_operations"].caption
    older = {k: replace(r, operations=replace(r.operations, estimated=True)) for k, r in list(RESULTS.items())[:3]}
    for name in ("skips_operations", "skips_energy"):
        assert "3 runs estimated: older than the count" in by_id(RESULTS | older)[name].caption


def test_a_result_is_read_from_the_rows_of_its_run() -> None:
    design = next(p.design for p in SWEEP if p.n_skip == 2 and not p.ann)
    names = [layer.name for layer in architecture(design).layers]
    last_rates = [0.1, 0.2, 0.3, 0.4, 0.5, None]

    densities = [1.0, 0.1, 0.25, 0.5, 0.6, 0.7]

    def look(step: int, rates: list[float | None], densities: list[float] | None = None) -> list[LayerState]:
        seen = densities or [None] * len(rates)
        return [LayerState(step, step / 10, k, names[k], rates[k], 1.0, None, seen[k]) for k in range(len(rates))]

    end = EpochEnd(6, 0.9, 0.8, 0.1, 0.2, 0.31, 0.003)
    rows = [*look(0, [0.01] * 5 + [None]), *look(5, [0.9] * 5 + [None]), *look(10, last_rates, densities)]
    found = result(design, end, rows)
    assert (found.accuracy, found.rate) == (0.8, 0.31)
    assert found.operations == estimated(design, last_rates, densities)  # runs of before
    assert result(design, end, look(10, last_rates)).operations == estimated(design, last_rates)
    counted = [replace(row, synops=7.0, macs=1.0, additions=2.0) for row in look(15, last_rates, densities)]
    own = result(design, end, [*rows, *counted]).operations
    assert (own.macs, own.additions, own.synops, own.estimated) == (6, 12, 42, False)
    assert spent(design, [*counted[:-1], replace(counted[-1], synops=None)]).estimated
    assert found.before == pytest.approx(0.01)
    twin = next(p.design for p in SWEEP if p.ann)
    assert result(twin, replace(end, rate=None), look(0, [None] * 6)).before is None


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
