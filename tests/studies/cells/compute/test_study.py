"""What training makes of cells that were drawn at random, as Kim et al. 2022 ask it. The trainings: `make study`."""

from __future__ import annotations

from statistics import fmean

import pytest

from snnviz.core.execute import execute
from snnviz.design.cells import Cell, count_connections
from snnviz.design.design import Design
from snnviz.events import EpochEnd
from snnviz.studies.cells.study import CellStudy, study_runs
from snnviz.theory.ranks import rank_correlation


def accuracy(design: Design) -> float:
    ends = [event for event in execute(design) if isinstance(event, EpochEnd)]
    return ends[-1].test_accuracy


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_convolutions_of_3x3_are_worth_more_than_others() -> None:
    """30 forward cells on all digits, enlarged to 16x16, three seeds, 8 epochs: tau +.33, p .021 when it was written.

    That the score itself predicts accuracy is not asserted: in networks of this size it does not show.
    """
    several = study_runs(CellStudy(cells=30, seeds=3, train_samples=0), {})
    reached: dict[Cell, list[float]] = {}
    for member in several:
        reached.setdefault(member.cell, []).append(accuracy(member.design))
    many = tuple(float(count_connections(cell)["conv3"]) for cell in reached)
    found = rank_correlation(many, tuple(map(fmean, reached.values())))
    assert found is not None
    assert found.tau > 0.2
    assert found.p < 0.05
