"""Section of the Shortcuts page: gradients at initialisation for many depths, computed in the background."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from snnviz.catalog.inits import parse_init
from snnviz.data import datasets
from snnviz.design.links import change
from snnviz.design.menus import INITS
from snnviz.store import Run
from snnviz.studies.shortcuts.charts import initialgradients as views
from snnviz.studies.shortcuts.page.expectation import expectation
from snnviz.studies.shortcuts.page.expectation import panel as expected_before
from snnviz.studies.shortcuts.page.setting import DESIGN, RUNS, STUDY
from snnviz.studies.shortcuts.study import GradientSurvey, InitialGradient, gradient_survey
from snnviz.theory import probe
from snnviz.theory.backward import ExpectedGradients
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.kit import task_runs
from snnviz.ui.kit.actions import Verb, actions, repeat
from snnviz.ui.kit.rows import Revisions, read, revisions
from snnviz.ui.kit.shared import shared
from snnviz.views.words import initialisation

BEFORE = "shortcuts-before"
COMPUTE = Verb("Compute", "Computing", "Computed", "survey")


def panel() -> None:
    """Draws the choice of networks, a button that computes their gradients at initialisation, and the results, updated
    live.
    """
    task_runs.live(_figures, RUNS, lambda: task_runs.are_active([gradient_survey(DESIGN.value, STUDY.value)]))


def _figures() -> None:
    _choices()
    setting = gradient_survey(DESIGN.value, STUDY.value)
    runs = task_runs.runs_of([setting])
    actions([setting], runs, BEFORE, verb=COMPUTE, what="the gradients before training")
    expected_before(DESIGN.value)
    shown = revisions(runs)
    found = read(shown, InitialGradient).get(setting.digest, ())
    if not found:
        st.caption("Random networks of these depths and initialisations see one batch of images: no training.")
        return
    depth = _depth(views.depths(found))
    if said := views.verdict(found, depth):
        st.markdown(said)
    on = probe.describe_probes(setting.design, (row.probe for row in found))
    profile, *beside = views.profile_charts(found, depth, on, _expected(setting, views.inits(found), depth))
    charts(payload([profile]), key="shortcuts-before-profile")
    charts(payload(beside), key="shortcuts-before-beside")
    if setting.depths:
        charts(_depth_charts(setting, shown), key="shortcuts-before-depths")
    if found[0].probe is None and not task_runs.is_active(runs):
        _offer(setting, list(runs.values()))


def _expected(setting: GradientSurvey, inits: Sequence[str], depth: int) -> dict[str, ExpectedGradients]:
    """By initialisation, of networks of this depth."""
    deep = {"network.depth": depth, "training.shortcut.layers": ""} if setting.depths else {}
    found = {init: expectation(change(setting.design, {"init": dict(parse_init(init)), **deep})) for init in inits}
    return {init: one for init, one in found.items() if one is not None}


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
        disabled=not datasets.is_available(setting.design.data.name),
        help=again,
        on_click=repeat,
        args=([setting], runs, BEFORE),
    )


def _choices() -> None:
    first, second = st.columns([9, 3], vertical_alignment="bottom")
    others = [kind for kind in INITS.kinds if kind != DESIGN.value.init.kind]
    first.multiselect(
        "Initialisations beside the design's own",
        others,
        default=[kind for kind in STUDY.value.kinds if kind in others],
        format_func=initialisation,
        key=STUDY.widget_key("inits"),
        on_change=_put_inits,
    )
    if DESIGN.value.network.hidden_layers is not None:
        STUDY.number(second, "deepest")


def _put_inits() -> None:
    if STUDY.has_widget("inits"):
        STUDY.change(inits=",".join(STUDY.widget_value("inits")))
    STUDY.rerun()


def _depth(known: list[int]) -> int:
    """Which of them is shown: at first the design's own, or the nearest."""
    if len(known) < 2:
        return known[0]
    own = getattr(DESIGN.value.network, "depth", known[0])
    nearest = min(known, key=lambda depth: abs(depth - own))
    # By what there is, because a slider's options must not change under it while rows come in.
    key = f"shortcuts-depth-{known[-1]}-{len(known)}"
    chosen: int = st.select_slider("Hidden layers of the network below", known, nearest, key=key)
    return chosen


@shared(16)
def _depth_charts(setting: GradientSurvey, shown: Revisions) -> bytes:
    found = read(shown, InitialGradient)[setting.digest]
    return payload(views.depth_charts(found, probe.describe_probes(setting.design, (row.probe for row in found))))
