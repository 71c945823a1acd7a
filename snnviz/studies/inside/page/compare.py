"""The view that compares two networks on the same image: a run with another one, or with itself before training."""

from __future__ import annotations

import streamlit as st

from snnviz.errors import NotFound
from snnviz.store import Run
from snnviz.studies.inside.charts import compare as views
from snnviz.studies.inside.look import Answer
from snnviz.studies.inside.page import choosing, setting
from snnviz.studies.inside.page.asking import ask, asked_of
from snnviz.studies.inside.page.setting import LOOK
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.kit import services
from snnviz.ui.kit.columns import column_config

UNTRAINED = ""
"""In the menu: the run itself, before training."""


def panel(run: Run) -> None:
    """Draws the view: a menu of the other network, the image, both spike rasters and a table of spikes by layer."""
    now = LOOK.value
    runs = {
        name: one for name, one in setting.choices().items() if one.design.data == run.design.data and name != run.run
    }
    names = [UNTRAINED, *runs]
    if now.other and now.other not in runs:
        st.warning("The other run sees other data, or is not here: it is compared with the network before training.")
    chosen = now.other if now.other in runs else UNTRAINED
    key = f"{LOOK.widget_key('other')}/{chosen}"
    st.selectbox(
        "Compared with",
        names,
        index=names.index(chosen),
        format_func=lambda name: setting.run_words(runs[name]) if name else "the same network before training",
        help="Runs of the same data, so that both see the same image.",
        key=key,
        on_change=_choose,
        args=(key,),
    )
    left, right = st.columns([3, 9], gap="medium")
    look = asked_of(now.plain, run)
    other = look.model_copy(update={"weights": "untrained"}) if not chosen else look.model_copy(update={"run": chosen})
    second = run if not chosen else _get(chosen)
    with right:
        one = ask("look", look, run)
        two = ask("look", other, second) if second is not None else None
        if one is not None and two is not None:
            _shown(run, one, two, "before training" if not chosen else "the other")
    with left:
        choosing.panel(run, one)


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
    table = views.layer_table(one, two, words)
    if len(table):
        st.dataframe(table, hide_index=True, key="inside-compared-layers", column_config=column_config(table, {}))
