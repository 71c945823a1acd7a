"""Section of the TTFS page's view on naive training: four networks trained side by side, in the background."""

from __future__ import annotations

import streamlit as st

from snnviz.studies.ttfs.charts import naive as views
from snnviz.studies.ttfs.page.setting import DESIGN, LINK, VIEW
from snnviz.studies.ttfs.page.spectra import NAIVE
from snnviz.studies.ttfs.trajectories import Course, Trajectories
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.kit import fields, notices, task_runs
from snnviz.ui.kit.actions import Verb, actions
from snnviz.ui.kit.fields import Binding
from snnviz.ui.kit.rows import Revisions, read, revisions
from snnviz.ui.kit.shared import shared

TRAIN = Verb("Train", "Training", "All trained", "comparison")


def setting() -> Trajectories:
    """Returns the task that trains the page's network side by side as ReLUs, with slope B = 1 and with ramp alpha =
    1.
    """
    return Trajectories.from_sparse({"design": DESIGN.value, "slower": NAIVE.value.slower})


def panel() -> None:
    """Draws the widgets, the Train and Cancel buttons, and the curves, updated live."""
    chosen = setting()
    runs = task_runs.runs_of([chosen])
    left, right = st.columns([14, 86], vertical_alignment="bottom")
    fields.number(
        left, NAIVE.value, "slower", Binding(NAIVE.widget_key("slower"), _put), disabled=task_runs.is_active(runs)
    )
    with right:
        actions([chosen], runs, NAIVE.key, verb=TRAIN, what="all four")
    done = any(run.state == "done" for run in runs.values())
    drawn = _course_charts(chosen, revisions(runs), done=done)
    if drawn is None:
        st.caption(
            "The network above, four times on the same batches: ReLUs, B = 1, α = 1, and α = 1 with a smaller learning "
            f"rate. The curves are drawn while they learn; you may leave meanwhile.{_shallow()}"
        )
        return
    st.markdown(drawn[0])
    charts(drawn[1], key="ttfs-naive-courses")


def _shallow() -> str:
    """With few factors 1/B not much happens."""
    few = (DESIGN.value.network.hidden_layers or 4) < 4
    return " What docs/ttfs.md tells of α = 1 is of 7 hidden layers; fewer have fewer factors 1/B." if few else ""


@shared(16)
def _course_charts(setting: Trajectories, shown: Revisions, *, done: bool) -> tuple[str, bytes] | None:
    found = views.by_model(read(shown, Course).get(setting.digest, ()), done=done)
    if not found or not found["relu"][-1].step:
        return None
    return views.course_verdict(found, setting.slower), payload(views.course_charts(found))


def _put() -> None:
    NAIVE.update("slower")
    notices.rerun_fragments(VIEW, LINK)
