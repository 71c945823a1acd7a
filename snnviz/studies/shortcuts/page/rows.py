"""What the runs of a comparison have said, fetched as it comes, for everybody who watches them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from snnviz.places import cache_dir
from snnviz.studies.shortcuts.charts.shortcuts import compare_charts, profile_chart, why_charts
from snnviz.studies.shortcuts.study import Member
from snnviz.ui.components.charts import payload
from snnviz.ui.kit.rows import Versions, rows


def charts_of(several: Sequence[Member], shown: Versions) -> tuple[bytes, bytes]:
    """The charts above the profile, and those below it, drawn once for all who watch."""
    return _charts(str(cache_dir()), tuple(several), shown)


@lru_cache(maxsize=16)
def _charts(_place: str, several: tuple[Member, ...], shown: Versions) -> tuple[bytes, bytes]:
    found = rows(shown)
    return payload(compare_charts(several, found)), payload(why_charts(several, found))


def profile_of(several: Sequence[Member], shown: Versions, epoch: float) -> bytes:
    """The profile at an epoch."""
    return _profile(str(cache_dir()), tuple(several), shown, epoch)


@lru_cache(maxsize=64)
def _profile(_place: str, several: tuple[Member, ...], shown: Versions, epoch: float) -> bytes:
    return payload([profile_chart(several, rows(shown), epoch)])
