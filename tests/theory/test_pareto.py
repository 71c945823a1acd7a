"""The front and its volume: against brute force, and against BoTorch's."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from snnviz.theory.directions import Direction
from snnviz.theory.pareto import hypervolume, hypervolumes, nadir, pareto_front, possible_front


def _brute(values: np.ndarray, better: list[Direction]) -> list[bool]:
    """A literal reading of the definition: every row against every other."""

    def beats(a: np.ndarray, b: np.ndarray) -> bool:
        ways = [(x, y) if way == "more" else (-x, -y) for x, y, way in zip(a, b, better, strict=True)]
        return all(x >= y for x, y in ways) and any(x > y for x, y in ways)

    whole = [not any(np.isnan(row)) for row in values]
    return [
        mine and not any(theirs and beats(other, row) for other, theirs in zip(values, whole, strict=True))
        for row, mine in zip(values, whole, strict=True)
    ]


@pytest.mark.parametrize("seed", range(300))
def test_the_front_is_that_of_brute_force_with_ties_and_what_is_missing(seed: int) -> None:
    """Few different numbers, so that rows tie in some columns and in all; a tenth of the numbers is missing."""
    rng = np.random.default_rng(seed)
    count, columns = int(rng.integers(0, 40)), int(rng.integers(1, 5))
    values = rng.integers(0, int(rng.choice([3, 8, 1000])), (count, columns)).astype(float)
    values[rng.random(values.shape) < 0.1] = np.nan
    better: list[Direction] = [str(way) for way in rng.choice(["more", "less"], columns)]  # type: ignore[misc]
    assert pareto_front(values, better).tolist() == _brute(values, better)


@pytest.mark.parametrize("seed", range(20))
def test_what_intervals_leave_open_of_a_front_is_what_drawn_values_show(seed: int) -> None:
    """All corners of the intervals of four rows: a row may be on the front where it is at some corner, and certainly is
    where it is at all."""
    rng = np.random.default_rng(seed)
    low = rng.integers(0, 6, (4, 2)).astype(float)
    high = low + rng.integers(0, 4, (4, 2))
    better: list[Direction] = ["more", "less"]
    corners = [
        pareto_front(np.where(np.reshape(ends, (4, 2)), high, low), better) for ends in product((False, True), repeat=8)
    ]
    possible, certain = possible_front(low, high, better)
    assert possible.tolist() == np.any(corners, axis=0).tolist()
    assert certain.tolist() == np.all(corners, axis=0).tolist()


def test_an_open_interval_leaves_everything_open_and_a_missing_row_nothing() -> None:
    low, high = [[-np.inf, 1.0], [5.0, 2.0], [np.nan, 0.0]], [[np.inf, 1.0], [6.0, 2.0], [np.nan, 0.0]]
    possible, certain = possible_front(low, high, ["more", "less"])
    assert (possible.tolist(), certain.tolist()) == ([True, True, False], [True, False, False])


@pytest.mark.parametrize("columns", [2, 3, 4])
def test_the_hypervolume_is_that_of_botorch(columns: int) -> None:
    """On random sets, with rows beyond the reference point, ties, and columns of which less is better."""
    torch = pytest.importorskip("torch")
    box = pytest.importorskip("botorch.utils.multi_objective.hypervolume")
    for seed in range(20):
        rng = np.random.default_rng(seed)
        values = np.round(rng.random((int(rng.integers(1, 40)), columns)), 2)
        better: list[Direction] = [str(way) for way in rng.choice(["more", "less"], columns)]  # type: ignore[misc]
        signs = np.array([1.0 if way == "more" else -1.0 for way in better])
        reference = np.where(signs > 0, 0.1, 0.9)
        front = torch.from_numpy((values * signs)[pareto_front(values, better)])
        theirs = box.Hypervolume(torch.from_numpy(reference * signs)).compute(front)
        assert hypervolume(values, reference.tolist(), better) == pytest.approx(theirs, rel=1e-9, abs=1e-12)


def test_the_hypervolume_of_three_is_the_share_of_points_that_some_row_beats() -> None:
    """Counted on a grid, without anybody's algorithm."""
    rng = np.random.default_rng(3)
    values = np.round(rng.random((12, 3)) * 20) / 20
    middles = (np.stack(np.meshgrid(*[np.arange(20)] * 3, indexing="ij"), -1).reshape(-1, 3) + 0.5) / 20
    beaten = (values[:, None] >= middles).all(-1).any(0)
    assert hypervolume(values, [0, 0, 0], ["more"] * 3) == pytest.approx(beaten.mean())


def test_the_volume_grows_with_rows_as_if_each_were_computed_anew() -> None:
    """`hypervolumes` keeps only the front, and says the same."""
    rng = np.random.default_rng(0)
    values, better = rng.random((60, 3)), ["more", "less", "less"]
    reference = nadir(values, better)  # type: ignore[arg-type]
    counts = list(range(0, 61, 5))
    anew = [hypervolume(values[:count], reference, better) for count in counts]  # type: ignore[arg-type]
    found = hypervolumes(values, reference, better, counts)  # type: ignore[arg-type]
    assert found == pytest.approx(anew)
    assert found == sorted(found)
    assert found[-1] > found[1]


def test_what_is_missing_is_on_no_front_and_has_no_volume() -> None:
    """Nor does it stand in the way of another row."""
    values = [[np.nan, 100.0], [1.0, 1.0]]
    assert pareto_front(values, ["more", "more"]).tolist() == [False, True]
    assert hypervolume(values, [0.0, 0.0], ["more", "more"]) == 1.0
    assert nadir([[np.nan, 1.0]], ["more", "more"]) == []
