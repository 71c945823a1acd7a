"""Runs side by side: each line is the mean of its seeds, in the band of its interval."""

from __future__ import annotations

import json

import plotly.graph_objects as go
import pytest

from snnviz.events import EpochEnd
from snnviz.studies.activity.charts.study import accuracy_charts, study_table
from snnviz.studies.activity.study import TrainingStudy, study_runs
from snnviz.theory.operations import OperationCounts
from snnviz.views.styles import LineStyle
from tests.results import made_result


def end(epoch: int, train: float, test: float) -> EpochEnd:
    return EpochEnd(epoch, train, test, 1.0, 1.0, 0.1, 0.001)


def test_seeds_are_averaged_up_to_where_all_of_them_are() -> None:
    found = study_runs(TrainingStudy(seeds=2))
    first, second = (m for m in found if m.name == "kaiming")
    rows = {
        first.design.digest: [end(1, 0.1, 0.2), end(2, 0.3, 0.4), end(3, 0.5, 0.6)],
        second.design.digest: [end(1, 0.3, 0.2), end(2, 0.5, 0.8)],
    }
    train, test = accuracy_charts(found, rows, {m.name: LineStyle("#123456") for m in found})
    for chart, means in ((train, [0.2, 0.4]), (test, [0.2, 0.6])):
        *_, line = chart.figure["data"]
        assert (line["name"], line["x"], line["line"]["color"]) == ("kaiming", [1, 2], "#123456")
        assert line["y"] == pytest.approx(means)
        assert "2 seeds" in chart.caption
        go.Figure(chart.figure)
        json.dumps(chart.figure, allow_nan=False)
    band, _ = train.figure["data"]
    assert band["y"] == pytest.approx([1, 1, 0, 0])  # cut: t is 12.7, half the interval 1.27
    assert "95 % interval of the mean (Student's t)" in train.caption


def test_a_variation_is_shaded_by_its_value_and_kaiming_is_dashed() -> None:
    found = study_runs(TrainingStudy(compare="threshold"))
    rows = {m.design.digest: [end(1, 0.5, 0.5)] for m in found}
    lines = accuracy_charts(found, rows, {})[0].figure["data"]
    assert [line["line"]["dash"] for line in lines] == ["solid"] * 4 + ["dash"] * 4
    colours = [line["line"]["color"] for line in lines]
    assert colours[:4] == colours[4:]
    assert len(set(colours)) == 4


def test_the_table_has_a_row_for_every_member_trained_or_not() -> None:
    found = study_runs(TrainingStudy())
    table = study_table(found, {}, {found[2].design.digest: end(4, 0.25, 0.5)})
    assert table["state"].tolist() == ["not trained"] * 8
    assert table.loc[2, ["epoch", "train", "test"]].tolist() == [4, 25, 50]
    assert "energy" not in table
    done = {found[1].design.digest: made_result(0.5, 0.25, None, OperationCounts(9000, 1000, 500, 1200, 0))}
    table = study_table(found, {}, {}, done)
    assert table["energy"].dropna().to_dict() == {1: pytest.approx(5.05)}
    assert list(table)[:8] == ["run", "seed", "state", "epoch", "train", "test", "rate", "seconds"]
