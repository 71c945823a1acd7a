"""Part of the TTFS page's view on naive training: four networks that learn side by side, in the background."""

from __future__ import annotations

from functools import lru_cache

import streamlit as st

from snnviz.places import cache_dir
from snnviz.studies.ttfs.charts import naive as views
from snnviz.studies.ttfs.page.setting import LINK, VIEW, design
from snnviz.studies.ttfs.page.spectra import KEY, STATE, NaiveSettings, naive_settings
from snnviz.studies.ttfs.trajectories import Course, Trajectories
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.kit import notices, questions, services
from snnviz.ui.kit.actions import Verb, actions
from snnviz.ui.kit.store_errors import show_store_errors

TRAIN = Verb("Train", "Training", "All trained", "comparison")


def setting() -> Trajectories:
    """The page's network, four times."""
    return Trajectories.meant({"design": design(), "slower": naive_settings().slower})


@show_store_errors()
def panel(was_active: bool) -> None:
    """How much more slowly one network learns, Train and Cancel; below them the curves, live."""
    chosen = setting()
    runs = questions.runs_of([chosen])
    if questions.is_active(runs) != was_active:
        st.rerun()
    left, right = st.columns([14, 86], vertical_alignment="bottom")
    with left:
        questions.numbers(naive_settings(), {"slower": "Slower by"}, KEY, _put, held=["slower"] if was_active else ())
    with right:
        actions([chosen], runs, KEY, verb=TRAIN, what="all four")
    run = runs.get(chosen.digest)
    glance = services.run_and_version(chosen.digest) if run is not None and run.state != "queued" else None
    drawn = _course_charts(str(cache_dir()), chosen, glance[1], done=glance[0].state == "done") if glance else None
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
    few = (design().network.hidden_layers or 4) < 4
    return " What docs/ttfs.md tells of α = 1 is of 7 hidden layers; fewer have fewer factors 1/B." if few else ""


@lru_cache(maxsize=16)
def _course_charts(_place: str, setting: Trajectories, _version: str, *, done: bool) -> tuple[str, bytes] | None:
    found = views.by_model([row for _, row in services.store().rows(setting.digest, Course)], done=done)
    if not found or not found["relu"][-1].step:
        return None
    return views.course_verdict(found, setting.slower), payload(views.course_charts(found))


def _put(name: str) -> None:
    questions.put(name, STATE, KEY, NaiveSettings.check)
    notices.rerun_fragments(VIEW, LINK)
