"""Part of the Shortcuts page: gradients at initialisation, for many depths, computed in the background in seconds."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import streamlit as st

from snnviz.data import datasets
from snnviz.design.menus import INITS
from snnviz.design.networks import CnnNetwork, MlpNetwork
from snnviz.places import cache_dir
from snnviz.store import Run
from snnviz.studies.shortcuts.charts import initialgradients as views
from snnviz.studies.shortcuts.page.setting import KEY, RUNS, design, put_study, study
from snnviz.studies.shortcuts.study import GradientSurvey, InitialGradient, survey
from snnviz.theory import probe
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.kit import questions, services
from snnviz.ui.kit.actions import Verb, actions, repeat
from snnviz.ui.kit.rows import versions
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.views.words import initialisation

BEFORE = "shortcuts-before"
COMPUTE = Verb("Compute", "Computing", "Computed", "survey")


def panel() -> None:
    """Which networks are looked at; below them Compute, and what was found, live."""
    active = questions.is_active(questions.runs_of([survey(design(), study())]))
    with st.container():
        st.fragment(_figures, key=RUNS, run_every=questions.EVERY if active else None)(active)


@show_store_errors()
def _figures(was_active: bool) -> None:
    _choices()
    setting = survey(design(), study())
    runs = questions.runs_of([setting])
    if questions.is_active(runs) != was_active:
        st.rerun()
    actions([setting], runs, BEFORE, verb=COMPUTE, what="the gradients before training")
    shown = versions(runs.values())
    found = _rows(setting, shown[0][2]) if shown else ()
    if not found:
        st.caption("Random networks of these depths and initialisations see one batch of images: no training.")
        return
    depth = _depth(views.depths(found))
    if said := views.verdict(found, depth):
        st.markdown(said)
    on = probe.said(setting.design, (row.probe for row in found))
    profile, *beside = views.profile_charts(found, depth, on)
    charts(payload([profile]), key="shortcuts-before-profile")
    charts(payload(beside), key="shortcuts-before-beside")
    if setting.depths:
        charts(_depth_charts(str(cache_dir()), setting, shown[0][2]), key="shortcuts-before-depths")
    if found[0].probe is None and not questions.is_active(runs):
        _offer(setting, list(runs.values()))


def _offer(setting: GradientSurvey, runs: Sequence[Run]) -> None:
    """Computed before images were drawn from every class."""
    words, button = st.columns([9, 3], vertical_alignment="center")
    words.caption("These gradients are those **on the first 64 training images**, which may be of one class.")
    again = "Computes them once more, on images drawn by the seed from every class."
    button.button(
        "Measure anew",
        icon=":material/refresh:",
        width="stretch",
        key=f"{BEFORE}-anew",
        disabled=not datasets.is_here(setting.design.data.name),
        help=again,
        on_click=repeat,
        args=([setting], runs, BEFORE),
    )


def _choices() -> None:
    first, second = st.columns([9, 3], vertical_alignment="bottom")
    others = [kind for kind in INITS.kinds if kind != design().init.kind]
    first.multiselect(
        "Initialisations beside the design's own",
        others,
        default=[kind for kind in study().kinds if kind in others],
        format_func=initialisation,
        key=f"{KEY}-inits-chosen@{questions.revision(KEY)}",
        on_change=_put_inits,
    )
    if isinstance(design().network, MlpNetwork | CnnNetwork):
        with second:
            questions.numbers(study(), {"deepest": "Deepest network"}, KEY, put_study)


def _put_inits() -> None:
    if not questions.is_said("inits-chosen", KEY):
        return
    st.session_state[f"{KEY}-inits@{questions.revision(KEY)}"] = ",".join(questions.chosen("inits-chosen", KEY))
    put_study("inits")


def _depth(known: list[int]) -> int:
    """Which of them is shown: at first the design's own, or the nearest."""
    if len(known) < 2:
        return known[0]
    own = getattr(design().network, "depth", known[0])
    nearest = min(known, key=lambda depth: abs(depth - own))
    # By what there is, because a slider's options must not change under it while rows come in.
    key = f"shortcuts-depth-{known[-1]}-{len(known)}"
    chosen: int = st.select_slider("Hidden layers of the network below", known, nearest, key=key)
    return chosen


def _rows(setting: GradientSurvey, version: str) -> tuple[InitialGradient, ...]:
    return _read(str(cache_dir()), setting.digest, version)


@lru_cache(maxsize=16)
def _read(_place: str, run: str, _version: str) -> tuple[InitialGradient, ...]:
    return tuple(row for _, row in services.store().rows(run, InitialGradient))


@lru_cache(maxsize=16)
def _depth_charts(place: str, setting: GradientSurvey, version: str) -> bytes:
    found = _read(place, setting.digest, version)
    return payload(views.depth_charts(found, probe.said(setting.design, (row.probe for row in found))))
