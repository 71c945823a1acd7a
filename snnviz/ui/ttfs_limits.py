"""Part of the TTFS page: limits of hardware on sliders, training on through them, and accuracy as curves over each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

import streamlit as st

from snnviz.catalog import datasets
from snnviz.catalog.ttfslimits import AXES, FineTuning, Limits, LimitSetting, networks, points, tuning
from snnviz.design import Design, MlpNetwork
from snnviz.errors import DataMissing, InputError
from snnviz.events import Tuned
from snnviz.places import cache_dir
from snnviz.registry import Range
from snnviz.store import Run, Task
from snnviz.theory.ttfs import ZETA
from snnviz.theory.ttfslimits import accuracy, trained
from snnviz.theory.twins import span
from snnviz.ui import many, services
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.shortcuts_rows import versions
from snnviz.ui.trouble import told
from snnviz.ui.ttfs_setting import KEY as PAGE
from snnviz.ui.ttfs_setting import NAMES, VIEW, design, put_study, redraw, study, twin
from snnviz.ui.ttfs_work import Source, both, source
from snnviz.ui.words import plain, some
from snnviz.views import ttfslimits as views
from snnviz.views.ttfslimits import Rows

KEY = "ttfs_limits"
TUNE = many.Verb("Fine-tune", "Fine-tuning", "Fine-tuned", "fine-tuning")
DRAW = many.Verb("Draw", "Drawing", "Drawn", "run")

SLIDERS = {
    "weight_bits": "Bits of a weight (0: no limit)",
    "outliers": "Outliers: share of weights beyond their range",
    "time_bits": "Bits of a spike's time (0: no limit)",
    "jitter": "Jitter of spikes, in τ_c",
    "latency": "Latency: windows so many times shorter",
}


def setting() -> LimitSetting:
    """What is limited, and of what a curve is drawn."""
    found: LimitSetting = st.session_state.ttfs_limits
    return found


def panel() -> None:
    """The sliders with what they cost; below them the curves."""
    active = many.is_active(many.runs_of(_tasks()))
    st.fragment(_draw, key=VIEW, run_every=many.EVERY if active else None)(active)


def _kind() -> str:
    return "ttfs" if study().weights == "ttfs" else "relu"


def _base() -> Design:
    return twin() if _kind() == "ttfs" else design()


def _one() -> FineTuning:
    return tuning(_base(), setting().limits, setting())


def _tasks() -> list[Task]:
    now = setting()
    curve = points(_base(), now, [now.axis])
    return [_one(), *networks(_base(), now.seeds), *(point.task for point in curve)]


@told()
def _draw(was_active: bool) -> None:
    runs = many.runs_of(_tasks())
    if many.is_active(runs) != was_active:
        st.rerun()
    left, right = st.columns([5, 7], gap="medium")
    of = source(design(), "ttfs" if _kind() == "ttfs" else "relu")
    with left:
        _sliders()
    with right:
        _now(of, runs)
    st.divider()
    _curve(runs)


def _sliders() -> None:
    now = setting()
    many.segments(
        st,
        "Weights of",
        "weights",
        ["relu", "ttfs"],
        study().model_copy(update={"weights": _kind()}),
        PAGE,
        put_study,
        format_func=lambda kind: NAMES[kind].removeprefix("the "),
        help="Both compute the same; the limits are those of a TTFS network with these weights.",
    )
    for name, label in SLIDERS.items():
        about = LimitSetting.model_fields[name]
        limits = next(item for item in about.metadata if isinstance(item, Range))
        kind = int if about.annotation is int else float
        st.slider(
            label,
            kind(limits.low),
            kind(limits.high),
            kind(getattr(now, name)),
            kind(limits.step or 1),
            format="%.3f" if name == "outliers" else None if kind is int else "%g",
            help=limits.help,
            disabled=name == "outliers" and not now.weight_bits,
            key=f"{KEY}-{name}@{many.revision(KEY)}",
            on_change=_put,
            args=(name,),
        )


def _put(name: str) -> None:
    many.put(name, "ttfs_limits", KEY, LimitSetting.check)
    redraw()


def _now(of: Source, runs: Mapping[str, Run]) -> None:
    """What the limits cost: at once on some images, and on all of them before and after training on."""
    task = _one()
    rows = _rows({task.digest: runs[task.digest]} if task.digest in runs else {}).get(task.digest, ())
    first, second, third = st.columns(3)
    first.metric("Without limits", _percent(of.accuracy), help="Accuracy of the finished run on all test images.")
    found, words = _at_once(of, task.limits)
    second.metric("Under these limits", _percent(rows[0].accuracy if rows else found), help=words or None)
    final = len(rows) == task.epochs + 1
    after = f"After {some(rows[-1].epoch, 'epoch')}" if rows and not final else "Fine-tuned"
    change = f"{100 * (rows[-1].accuracy - rows[0].accuracy):+.1f} points" if len(rows) > 1 else None
    third.metric(after, _percent(rows[-1].accuracy if len(rows) > 1 else None), change)
    if rows:
        st.caption("On all test images.")
    elif words:
        st.caption(words)
    many.actions(
        [task],
        {name: run for name, run in runs.items() if name == task.digest},
        f"{KEY}-one",
        verb=TUNE,
        what="it",
    )
    _failures([runs[task.digest]] if task.digest in runs else [])
    if rows:
        charts(payload([views.epochs_chart(rows, of.accuracy, task.epochs)]), key="ttfs-limits-epochs")
    else:
        st.caption(
            "Fine-tuning trains the network on with the limits in its way forward; on the way back they are taken for "
            "nothing (straight-through gradients). A network that is not trained yet is trained first."
        )


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _at_once(of: Source, limits: Limits) -> tuple[float | None, str]:
    """The accuracy on some test images, computed here; and what is to be said of it."""
    if of.run is None:
        return None, "Once the network is trained (above), its accuracy under any limits is here at once."
    if not isinstance(design().network, MlpNetwork):
        return None, "At once for fully connected networks alone: press Fine-tune for the accuracy before and after."
    try:
        found, count = _computed(str(cache_dir()), design(), of, limits)
    except (DataMissing, InputError) as error:
        return None, str(error)
    return found, f"At once, on {count} test images."


@lru_cache(maxsize=500)
def _computed(_place: str, of: Design, weights: Source, limits: Limits) -> tuple[float, int]:
    pair = both(of, study().model_copy(update={"zeta": ZETA, "slopes": "one"}), weights)
    network = trained(pair.relu, *span(datasets.card(of.data.name)), ZETA)
    return accuracy(network, limits, pair.relu.shown, pair.relu.labels, of.seed), len(pair.relu.shown)


def _curve(runs: Mapping[str, Run]) -> None:
    """Which curve, how its points are made, and what is there of it."""
    now, base = setting(), _base()
    which, numbers = st.columns([5, 5], vertical_alignment="bottom")
    many.segments(which, "Curve over", "axis", list(AXES), now, KEY, _put, format_func=views.NAMES.__getitem__)
    with numbers:
        many.numbers(now, {"epochs": "Epochs", "learning_rate": "Learning rate", "seeds": "Seeds"}, KEY, _put)
    if problem := st.session_state.get(f"{KEY}_problem"):
        st.error(plain(problem), icon=":material/error:")
    plain_networks = networks(base, now.seeds)
    curve = points(base, now, [now.axis])
    tasks: list[Task] = [*plain_networks, *(point.task for point in curve)]
    own = {task.digest: runs[task.digest] for task in tasks if task.digest in runs}
    many.actions(tasks, own, f"{KEY}-curve", verb=DRAW, what=f"the curve over {views.NAMES[now.axis].lower()}")
    _failures(own.values())
    ends = many.epochs_of(plain_networks)
    exact = [ends[name][-1].test_accuracy for name, run in own.items() if name in ends and run.state == "done"]
    rows = _rows({name: run for name, run in own.items() if run.task not in plain_networks})
    if said := views.verdict(now.axis, curve, rows, exact):
        st.markdown(said)
    if rows:
        charts(payload([views.curve_chart(now.axis, curve, rows, exact)]), key="ttfs-limits-curve")
    else:
        st.caption("A fine-tuning for each point, from the weights of the network, which is trained first.")


def _failures(runs: Iterable[Run]) -> None:
    for words in dict.fromkeys(run.error for run in runs if run.state == "failed" and run.error):
        st.error(plain(words), icon=":material/error:")


def _rows(runs: Mapping[str, Run]) -> Rows:
    """What fine-tunings have said, by digest."""
    place = str(cache_dir())
    found = {run: _read(place, run, created, version) for run, created, version in versions(runs.values())}
    return {run: rows for run, rows in found.items() if rows}


@lru_cache(maxsize=1000)
def _read(_place: str, run: str, _created: float, _version: str) -> tuple[Tuned, ...]:
    return tuple(row for _, row in services.store().rows(run, Tuned))
