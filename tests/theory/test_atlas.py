"""The atlas of all matrices of a small block: read as written, and right where the truth is known."""

from __future__ import annotations

import gzip
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnviz.design import adjacency
from snnviz.errors import StoreError
from snnviz.graph.atlas import (
    KINDS,
    SEEDS,
    atlas_design,
    matrix_count,
    matrix_from_number,
    neighbours,
    number_from_matrix,
)
from snnviz.theory.atlas import COLUMNS, Atlas, AtlasInfo, RankRange, read_atlas, write_atlas
from snnviz.views import atlas as views

ABOUT = AtlasInfo("0123", ("a machine",), "2026-11-30", 60.0)


def rows(depth: int, seeds: int = 5, noise: float = 0.0, seed: int = 0) -> list[dict[str, Any]]:
    """DSC at the first position adds 10 points, ASC takes 4; nothing else does anything."""
    rng = np.random.default_rng(seed)
    unit = matrix_count(depth) // KINDS
    found = []
    for number in range(matrix_count(depth)):
        for at in range(seeds):
            truth = 0.7 + (0.0, 0.1, -0.04)[number // unit] + 0.01 * at
            value = truth + noise * rng.standard_normal()
            told = dict.fromkeys(COLUMNS, value)
            found.append({"matrix": number, "seed": at, **told})
    return found


def atlas_of(path: Path, depth: int, several: list[dict[str, Any]]) -> Atlas:
    write_atlas(path, ABOUT, several)
    return read_atlas(path, depth)


@pytest.mark.parametrize("depth", [3, 4])
def test_each_matrix_has_a_number_and_twice_as_many_neighbours_as_skips(depth: int) -> None:
    matrices = [matrix_from_number(depth, number) for number in range(matrix_count(depth))]
    assert len({*matrices}) == matrix_count(depth)
    assert [number_from_matrix(edges) for edges in matrices] == [*range(matrix_count(depth))]
    for number in range(0, matrix_count(depth), 7):
        for (i, j), kind, other in neighbours(depth, number):
            differ = [
                (r, c)
                for r in range(depth + 1)
                for c in range(depth + 1)
                if matrices[number][r][c] != matrices[other][r][c]
            ]
            assert differ == [(i, j)]
            assert matrices[other][i][j] == kind
        assert len(neighbours(depth, number)) == 2 * len(adjacency.skip_positions(depth))
    designs = {atlas_design(depth, number, seed).digest for number in range(3) for seed in SEEDS}
    assert len(designs) == 3 * len(SEEDS)


def test_it_is_read_as_it_was_written_and_the_same_rows_are_the_same_file(tmp_path: Path) -> None:
    several = rows(3, noise=0.01)
    atlas = atlas_of(tmp_path / "one", 3, several)
    assert (atlas.about, atlas.trained, atlas.seeds) == (ABOUT, 135, (0, 1, 2, 3, 4))
    for row in several:
        assert atlas.values["accuracy"][row["matrix"], row["seed"]] == row["accuracy"]
    write_atlas(tmp_path / "two", ABOUT, several[::-1])
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_effects_are_those_that_were_planted_and_others_are_not_told_apart(tmp_path: Path) -> None:
    atlas = atlas_of(tmp_path / "atlas", 3, rows(3, noise=0.01))
    first = {effect.kind: effect.interval for effect in atlas.effects if effect.position == (0, 2)}
    for kind, truth in ((1, 0.1), (2, -0.04)):
        assert first[kind].low < truth < first[kind].high
        assert first[kind].excludes_zero
    assert len(atlas.effects) == 6
    beside = atlas.neighbour_differences(0)
    assert beside[(0, 2), 1][1].verdict == "better"
    assert beside[(0, 2), 1][0] == 9
    assert beside[(0, 2), 1][1].compared == 6
    assert beside[(0, 3), 1][1].verdict == "not told apart"


def test_ranks_hold_what_is_true_for_all_matrices_at_once(tmp_path: Path) -> None:
    """9 matrices are best, 9 in the middle, 9 worst: a rank is wrong where its interval meets none of those that they
    share."""
    true = {0: (10, 18), 1: (1, 9), 2: (19, 27)}
    wrong = 0
    for seed in range(40):
        atlas = atlas_of(tmp_path / "atlas", 3, rows(3, noise=0.02, seed=seed))
        places = [atlas.rank_range(number) for number in range(27)]
        for number, place in enumerate(places):
            assert place is not None
            low, high = true[number // 9]
            if place.best > low or place.worst < high:
                wrong += 1
                break
    assert wrong <= 6  # 5 % of 40, and what chance adds to that
    sure = atlas_of(tmp_path / "atlas", 3, rows(3, noise=0.001))
    assert sure.rank_range(9) == RankRange(1, 9, 27)
    assert sure.rank_range(26) == RankRange(19, 27, 27)


def test_of_one_seed_no_interval_is_claimed(tmp_path: Path) -> None:
    atlas = atlas_of(tmp_path / "atlas", 3, rows(3, seeds=1))
    assert atlas.rank_range(3) == RankRange(1, 27, 27)
    assert all(not effect.interval.excludes_zero for effect in atlas.effects)
    assert views.completeness_text(atlas) == "27 of 135 networks are trained, 1 of 5 seeds are whole"
    assert views.sentence(atlas, 9) == (
        "In the atlas's small setting (8 channels, 1,000 images, 6 epochs) this matrix reaches **80.0 % (1 seed)**; "
        "ranked by images held out for that, its place among all 27 is not told."
    )


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    atlas = atlas_of(tmp_path / "atlas", 3, rows(3)[:7])
    assert (atlas.seeds, atlas.effects, atlas.rank_range(0)) == ((), (), None)
    assert atlas.mean_over_seeds(2) is None
    assert math.isnan(atlas.neighbour_differences(0)[(0, 2), 1][1].difference)
    assert views.sentence(atlas, 2).startswith("This matrix is not trained yet: 7 of 135 networks")
    assert views.neighbours_table(atlas, 0)["reached"].notna().sum() == 1
    assert views.effects_table(atlas).empty


@pytest.mark.parametrize(
    "content",
    [b"", b"no gzip", gzip.compress(b"# {}\nmatrix", mtime=0), gzip.compress(b"# []\n", mtime=0)],
    ids=["empty", "no gzip", "no setting", "a list"],
)
def test_a_damaged_file_is_a_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "atlas").write_bytes(content)
    with pytest.raises(StoreError, match=r"The atlas .* cannot be read: make it anew"):
        read_atlas(tmp_path / "atlas", 3)
    strange = [{"matrix": 27, "seed": 0, **dict.fromkeys(COLUMNS, 0.5)}]
    write_atlas(tmp_path / "atlas", ABOUT, strange)
    with pytest.raises(StoreError, match="cannot be read"):
        read_atlas(tmp_path / "atlas", 3)
