"""The view on hardware limits of the TTFS page: sliders, fine-tuning, and accuracy as curves over each limit."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from snnviz.data import datasets
from snnviz.design.design import Design
from snnviz.errors import DataMissing, InputError
from snnviz.store import Run, Task
from snnviz.studies.ttfs.charts import limits as views
from snnviz.studies.ttfs.curves import curve_points, finetuning_task, pretrained_designs
from snnviz.studies.ttfs.limits import FineTuning, HardwareLimits, Tuned
from snnviz.studies.ttfs.page import limits_curve
from snnviz.studies.ttfs.page.limits_setting import base, kind, sliders
from snnviz.studies.ttfs.page.setting import DESIGN, LIMITS, STUDY, VIEW
from snnviz.studies.ttfs.page.twin_computation import Source, build_pair, source
from snnviz.studies.ttfs.theory.limits import accuracy_under_limits, ttfs_weights_from_relu
from snnviz.studies.ttfs.theory.twins import input_range
from snnviz.theory.ttfs import ZETA
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.kit import task_runs
from snnviz.ui.kit.actions import Verb, actions
from snnviz.ui.kit.rows import rows_of
from snnviz.ui.kit.shared import shared
from snnviz.ui.kit.words import pluralise
from snnviz.views.numbers import share

TUNE = Verb("Fine-tune", "Fine-tuning", "Fine-tuned", "fine-tuning")


def panel() -> None:
    """Draws the sliders of hardware limits with the accuracy under them, and the curves."""
    task_runs.live(_draw, VIEW, lambda: task_runs.are_active(_tasks()))


def _one() -> FineTuning:
    return finetuning_task(base(), LIMITS.value.limits, LIMITS.value)


def _tasks() -> list[Task]:
    now = LIMITS.value
    curve = curve_points(base(), now, [now.axis])
    return [_one(), *pretrained_designs(base(), now.seeds), *(point.task for point in curve)]


def _draw() -> None:
    runs = task_runs.runs_of(_tasks())
    left, right = st.columns([5, 7], gap="medium")
    of = source(DESIGN.value, kind())
    with left:
        sliders()
    with right:
        _now(of, runs)
    st.divider()
    limits_curve.panel(runs)


def _now(of: Source, runs: Mapping[str, Run]) -> None:
    """What the limits cost: at once on some images, and on all of them before and after training on."""
    task = _one()
    rows = rows_of({task.digest: runs[task.digest]} if task.digest in runs else {}, Tuned).get(task.digest, ())
    first, second, third = st.columns(3)
    first.metric("Without limits", _percent(of.accuracy), help="Accuracy of the finished run on all test images.")
    found, words = _at_once(of, task.limits)
    second.metric("Under these limits", _percent(rows[0].accuracy if rows else found), help=words or None)
    final = len(rows) == task.epochs + 1
    after = f"After {pluralise(rows[-1].epoch, 'epoch')}" if rows and not final else "Fine-tuned"
    change = f"{100 * (rows[-1].accuracy - rows[0].accuracy):+.1f} points" if len(rows) > 1 else None
    third.metric(after, _percent(rows[-1].accuracy if len(rows) > 1 else None), change)
    if rows:
        st.caption("On all test images.")
    elif words:
        st.caption(words)
    actions(
        [task],
        {name: run for name, run in runs.items() if name == task.digest},
        f"{LIMITS.key}-one",
        verb=TUNE,
        what="it",
    )
    if rows:
        charts(payload([views.epochs_chart(rows, of.accuracy, task.epochs)]), key="ttfs-limits-epochs")
    else:
        st.caption(
            "Fine-tuning trains the network on with the limits in its way forward; on the way back they are taken for "
            "nothing (straight-through gradients). A network that is not trained yet is trained first."
        )


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{share(value)}"


def _at_once(of: Source, limits: HardwareLimits) -> tuple[float | None, str]:
    """The accuracy on some test images, computed here; and what is to be said of it."""
    if of.run is None:
        return None, "Once the network is trained (above), its accuracy under any limits is here at once."
    if not DESIGN.value.network.fully_connected:
        return None, "At once for fully connected networks alone: press Fine-tune for the accuracy before and after."
    try:
        found, count = _computed(DESIGN.value, of, limits)
    except (DataMissing, InputError) as error:
        return None, str(error)
    return found, f"At once, on {count} test images."


@shared(500)
def _computed(of: Design, weights: Source, limits: HardwareLimits) -> tuple[float, int]:
    pair = build_pair(of, STUDY.value.model_copy(update={"zeta": ZETA, "slopes": "one", "silent": "clock"}), weights)
    network = ttfs_weights_from_relu(pair.relu, *input_range(datasets.dataset_card(of.data.name)), ZETA)
    return accuracy_under_limits(network, limits, pair.relu.shown, pair.relu.labels, of.seed), len(pair.relu.shown)
