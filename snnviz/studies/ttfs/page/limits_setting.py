"""Part of the TTFS page: which limits are on which network, as sliders, and what fine-tunings have said."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import streamlit as st

from snnviz.design.design import Design
from snnviz.design.registry import Range
from snnviz.places import cache_dir
from snnviz.store import Run
from snnviz.studies.ttfs.charts.limits import Rows
from snnviz.studies.ttfs.curves import LimitSetting
from snnviz.studies.ttfs.limits import Tuned
from snnviz.studies.ttfs.page.setting import KEY as PAGE
from snnviz.studies.ttfs.page.setting import NAMES, design, put_study, redraw, study, twin
from snnviz.studies.ttfs.study import Weights
from snnviz.ui.kit import questions, services
from snnviz.ui.kit.rows import versions

KEY = "ttfs_limits"
SLIDERS = {
    "weight_bits": "Bits of a weight (0: no limit)",
    "outliers": "Outliers: share of weights beyond their range",
    "time_bits": "Bits of a spike's time (0: no limit)",
    "jitter": "Jitter of spikes, in τ_c",
    "latency": "Latency: windows so many times shorter",
}
LEVELS = {"without-zero": "2^b, none is 0", "with-zero": "2^b − 1, one is 0"}


def setting() -> LimitSetting:
    """What is limited, and of what a curve is drawn."""
    found: LimitSetting = st.session_state.ttfs_limits
    return found


def kind() -> Weights:
    """Whose weights are limited."""
    return "ttfs" if study().weights == "ttfs" else "relu"


def base() -> Design:
    """The network without limits."""
    return twin() if kind() == "ttfs" else design()


def sliders() -> None:
    """The widgets."""
    now = setting()
    questions.segments(
        st,
        "Weights of",
        "weights",
        ["relu", "ttfs"],
        study().model_copy(update={"weights": kind()}),
        PAGE,
        put_study,
        format_func=lambda kind: NAMES[kind].removeprefix("the "),
        help="Both compute the same; the limits are those of a TTFS network with these weights.",
    )
    for name, label in SLIDERS.items():
        about = LimitSetting.model_fields[name]
        limits = next(item for item in about.metadata if isinstance(item, Range))
        number = int if about.annotation is int else float
        st.slider(
            label,
            number(limits.low),
            number(limits.high),
            number(getattr(now, name)),
            number(limits.step or 1),
            format="%.3f" if name == "outliers" else None if number is int else "%g",
            help=limits.help,
            disabled=name == "outliers" and not now.weight_bits,
            key=f"{KEY}-{name}@{questions.revision(KEY)}",
            on_change=put,
            args=(name,),
        )
        if name == "weight_bits":
            questions.segments(
                st,
                "Levels of a weight",
                "levels",
                list(LEVELS),
                now,
                KEY,
                put,
                format_func=LEVELS.get,
                help="Between the ends of each layer's range. 2^b, evenly spaced: none of them is 0, so that every "
                "synapse does something. One fewer, and 0 is in the middle.",
                disabled=not now.weight_bits,
            )


def put(name: str) -> None:
    """A field of the setting."""
    questions.put(name, "ttfs_limits", KEY, LimitSetting.check)
    redraw()


def rows_of(runs: Mapping[str, Run]) -> Rows:
    """What fine-tunings have said, by digest."""
    place = str(cache_dir())
    found = {run: _read(place, run, created, version) for run, created, version in versions(runs.values())}
    return {run: rows for run, rows in found.items() if rows}


@lru_cache(maxsize=1000)
def _read(_place: str, run: str, _created: float, _version: str) -> tuple[Tuned, ...]:
    return tuple(row for _, row in services.store().rows(run, Tuned))
