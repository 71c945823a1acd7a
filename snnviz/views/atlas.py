"""Texts and tables on an atlas (results of training a small block with every adjacency matrix)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from snnviz.graph.atlas import SEEDS, SETTING, matrix_count
from snnviz.theory.atlas import Atlas, RankRange
from snnviz.theory.intervals import ConfidenceInterval
from snnviz.views.numbers import range_text, share

if TYPE_CHECKING:
    import pandas as pd

KINDS = ("none", "DSC", "ASC")


def skip_name(position: tuple[int, int], kind: int) -> str:
    """Returns a skip connection as text, with the layer names of the block editor.

    >>> skip_name((0, 2), 1), skip_name((1, 3), 0)
    ('in → L2 DSC', 'L1 → L3 none')
    """
    source, target = (f"L{vertex}" if vertex else "in" for vertex in position)
    return f"{source} → {target} {KINDS[kind]}"


def reached_text(found: ConfidenceInterval) -> str:
    """Returns a mean test accuracy over seeds with its interval as text.

    >>> reached_text(ConfidenceInterval(0.932, 0.92, 0.944, 5)), reached_text(ConfidenceInterval(0.9, -1e400, 1e400, 1))
    ('93.2 % (95 %: 92.0 to 94.4, 5 seeds)', '90.0 % (1 seed)')
    """
    ends = range_text(found.low, found.high, signed=False, scale=100)
    seeds = f"{found.count} seed{'s' * (found.count != 1)}"
    return f"{share(found.mean)} ({f'95 %: {ends}, ' if ends else ''}{seeds})"


def rank_text(found: RankRange) -> str:
    """Returns a range of ranks of an adjacency matrix as text, such as "it has place 3 to 9 of 27".

    >>> rank_text(RankRange(1, 27, 27)), rank_text(RankRange(3, 9, 27)), rank_text(RankRange(4, 4, 27))
    ('its place among all 27 is not told', 'it has place 3 to 9 of 27', 'it has place 4 of 27')
    """
    if (found.best, found.worst) == (1, found.count):
        return f"its place among all {found.count} is not told"
    ranks = f"{found.best}" if found.best == found.worst else f"{found.best} to {found.worst}"
    return f"it has place {ranks} of {found.count}"


def sentence(atlas: Atlas, number: int) -> str:
    """Returns a sentence on the test accuracy that matrix `number` reached, and on its rank among all matrices."""
    reached, place = atlas.mean_over_seeds(number), atlas.rank_range(number)
    if reached is None:
        return f"This matrix is not trained yet: {completeness_text(atlas)}."
    placed = f"; ranked by images held out for that, {rank_text(place)}" if place is not None else ""
    images, channels, epochs = (SETTING[name] for name in ("data.train_samples", "network.channels", "training.epochs"))
    small = f"{channels} channels, {images:,} images, {epochs} epochs"
    return f"In the atlas's small setting ({small}) this matrix reaches **{reached_text(reached)}**{placed}."


def completeness_text(atlas: Atlas) -> str:
    """Returns a text on how many of the atlas's networks have been trained."""
    whole = matrix_count(atlas.depth)
    if atlas.trained == whole * len(SEEDS):
        return f"All {whole} matrices, {len(SEEDS)} seeds"
    done = len(atlas.seeds)
    return f"{atlas.trained:,} of {whole * len(SEEDS):,} networks are trained, {done} of {len(SEEDS)} seeds are whole"


def provenance_text(atlas: Atlas) -> str:
    """Returns a text on when, on which machine and in what time the atlas was computed."""
    hours = atlas.about.seconds / 3600
    took = f"{atlas.about.seconds / 60:.0f} min" if hours < 1.5 else f"{hours:.1f} h"
    when = f"{took} of training, on one core each, until {atlas.about.made}"
    return f"{completeness_text(atlas)}; {when}, on {'; '.join(atlas.about.machines)}"


def neighbours_table(atlas: Atlas, number: int) -> pd.DataFrame:
    """Returns a table of the matrices that differ from matrix `number` in one skip: the difference of their test
    accuracy in points, with its interval.
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for (position, kind), (other, found) in atlas.neighbour_differences(number).items():
        reached = atlas.mean_over_seeds(other)
        rows.append(
            {
                "skip": skip_name(position, kind),
                "reached": None if reached is None else 100 * reached.mean,
                "difference": _points(found.difference),
                "low": _points(found.low),
                "high": _points(found.high),
                "verdict": found.verdict,
            }
        )
    return pd.DataFrame(rows)


def effects_table(atlas: Atlas) -> pd.DataFrame:
    """Returns a table of the average effect of each skip on test accuracy, over all matrices of the other skips, in
    points, with its interval.
    """
    import pandas as pd

    rows = [
        {
            "skip": skip_name(effect.position, effect.kind),
            "difference": _points(effect.interval.mean),
            "low": _points(effect.interval.low),
            "high": _points(effect.interval.high),
            "verdict": "told apart" if effect.interval.excludes_zero else "not told apart",
        }
        for effect in atlas.effects
    ]
    return pd.DataFrame(rows)


def _points(value: float) -> float | None:
    return 100 * value if math.isfinite(value) else None
