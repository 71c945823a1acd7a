"""Section of the TTFS page: accuracy over one hardware limit, before and after fine-tuning, as runs of the store."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from snnviz.store import Run, Task
from snnviz.studies.ttfs.charts import limits as views
from snnviz.studies.ttfs.curves import curve_points, pretrained_designs
from snnviz.studies.ttfs.limits import AXES, Tuned
from snnviz.studies.ttfs.page.limits_setting import base
from snnviz.studies.ttfs.page.setting import LIMITS
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.kit import task_runs
from snnviz.ui.kit.actions import Verb, actions
from snnviz.ui.kit.rows import rows_of

DRAW = Verb("Draw", "Drawing", "Drawn", "run")


def panel(runs: Mapping[str, Run]) -> None:
    """Draws the choice of the hardware limit for a curve, the settings of its fine-tunings, and the points that are
    finished.
    """
    now, network = LIMITS.value, base()
    which, numbers = st.columns([5, 5], vertical_alignment="bottom")
    LIMITS.segments(which, "axis", "Curve over", options=list(AXES), names=views.NAMES)
    with numbers:
        LIMITS.numbers(["epochs", "learning_rate", "seeds"])
    LIMITS.show_problem()
    alone = pretrained_designs(network, now.seeds)
    curve = curve_points(network, now, [now.axis])
    tasks: list[Task] = [*alone, *(point.task for point in curve)]
    own = {task.digest: runs[task.digest] for task in tasks if task.digest in runs}
    actions(tasks, own, f"{LIMITS.key}-curve", verb=DRAW, what=f"the curve over {views.NAMES[now.axis].lower()}")
    ends = task_runs.epochs_of(alone)
    done = [name for name, run in own.items() if name in ends and run.state == "done"]
    exact = {name: ends[name][-1].test_accuracy for name in done}
    rows = rows_of({name: run for name, run in own.items() if run.task not in alone}, Tuned)
    if said := views.verdict(now.axis, curve, rows, exact):
        st.markdown(said)
    if rows:
        charts(payload([views.curve_chart(now.axis, curve, rows, list(exact.values()))]), key="ttfs-limits-curve")
    else:
        st.caption("A fine-tuning for each point, from the weights of the network, which is trained first.")
