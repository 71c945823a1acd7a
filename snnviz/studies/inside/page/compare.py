"""The view that compares two networks on the same image: a run with another one, or with itself before training."""

from __future__ import annotations

import streamlit as st

from snnviz.data import datasets
from snnviz.design.design import Design
from snnviz.errors import InputError, NotFound
from snnviz.graph.twins import ann_twin
from snnviz.store import Run
from snnviz.studies.inside.charts import compare as views
from snnviz.studies.inside.charts import maps
from snnviz.studies.inside.look import Answer
from snnviz.studies.inside.page import choosing, setting
from snnviz.studies.inside.page.asking import ask, asked_of
from snnviz.studies.inside.page.setting import LOOK
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.components.pictures import pictures
from snnviz.ui.kit import services, task_runs
from snnviz.ui.kit.actions import actions
from snnviz.ui.kit.columns import column_config

UNTRAINED = ""
"""In the menu: the run itself, before training."""


def panel(run: Run) -> None:
    """Draws the view: a menu of the other network, the image, both spike rasters and a table of spikes by layer."""
    now = LOOK.value
    twin = _twin(run.design)
    runs = {name: one for name, one in setting.choices().items() if name != run.run and have_same_test_images(run, one)}
    if (
        now.other
        and now.other not in runs
        and (found := _get(now.other)) is not None
        and have_same_test_images(run, found)
    ):
        runs[now.other] = found
    names = [UNTRAINED, *runs]
    if now.other and now.other not in runs:
        st.warning("The other run sees other images, or is not here: it is compared with the network before training.")
    chosen = now.other if now.other in runs else UNTRAINED
    key = f"{LOOK.widget_key('other')}/{chosen}"
    st.selectbox(
        "Compared with",
        names,
        index=names.index(chosen),
        format_func=lambda name: _words(runs.get(name), twin),
        help="Runs of the same data set with the same seed and as many test images, so that both see the same image.",
        key=key,
        on_change=_choose,
        args=(key,),
    )
    if twin is not None and all(one.design != twin for one in runs.values()):
        _train_twin(twin)
    left, right = choosing.columns()
    look = asked_of(now.unmodified, run)
    other = look.model_copy(update={"weights": "untrained"}) if not chosen else look.model_copy(update={"run": chosen})
    second = run if not chosen else _get(chosen)
    with right:
        one = ask("look", look, run)
        two = ask("look", other, second) if second is not None else None
        if one is not None and two is not None:
            name = "before training" if not chosen else "its ANN twin" if runs[chosen].design == twin else "the other"
            _shown(run, one, two, name)
    with left:
        choosing.panel(run, one)


def have_same_test_images(one: Run, other: Run) -> bool:
    """Returns whether two runs have the same test images in the same order; steps, encoding and windows may differ."""
    mine, theirs = ((run.design.data.name, run.design.data.test_samples, run.design.seed) for run in (one, other))
    return mine == theirs


def _twin(design: Design) -> Design | None:
    """The ANN twin; None of a network with backward connections, and of one that is an ANN."""
    try:
        found = ann_twin(design)
    except InputError:
        return None
    return None if found == design else found


def _words(run: Run | None, twin: Design | None) -> str:
    if run is None:
        return "the same network before training"
    return f"{'its ANN twin: ' if run.design == twin else ''}{setting.run_words(run)}"


def _train_twin(twin: Design) -> None:
    """A button that trains the ANN twin, which is then in the menu."""
    with st.expander("Its ANN twin, the same network with ReLUs and one time step, is not trained yet"):
        known = task_runs.runs_of([twin])
        task_runs.live(
            lambda: actions([twin], task_runs.runs_of([twin]), "inside-twin", what="the ANN twin"),
            "inside-twin",
            lambda: task_runs.is_active(task_runs.runs_of([twin])),
        )
        if any(one.state == "done" for one in known.values()):
            st.caption("It is trained, but its weights are not kept.")


def _get(name: str) -> Run | None:
    try:
        return services.store().get(name)
    except NotFound:
        return None


def _choose(key: str) -> None:
    if key in st.session_state:
        LOOK.change(other=st.session_state[key])
        LOOK.rerun()


def _shown(run: Run, one: Answer, two: Answer, name: str) -> None:
    names = setting.class_names(run.design)
    words = ("this one", name)
    charts(payload(views.charts_of(one, two, words, names)), key="inside-compared")
    recorded = datasets.dataset_card(run.design.data.name).counts is not None
    with st.expander("Feature maps of both", icon=":material/grid_on:"):
        for place, word, answer in zip(st.columns(2, gap="medium"), words, (one, two), strict=True):
            with place:
                st.markdown(f"**{word.capitalize()}**")
                pictures(maps.payload_of(answer, recorded), key=f"inside-maps-{word}")
    table = views.layer_table(one, two, words)
    if len(table):
        rates = [name for name in table.columns if name.startswith("rate")]
        own = {name: st.column_config.NumberColumn(name.capitalize(), format="%.1f %%") for name in rates}
        st.dataframe(table, hide_index=True, key="inside-compared-layers", column_config=column_config(table, own))
