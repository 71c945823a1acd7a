"""One small page for each component, wired as a real page wires it: the editor in one keyed fragment, its preview in another."""

import json
from functools import partial

import plotly.graph_objects as go
import streamlit as st

from snnviz import adjacency
from snnviz.ui.components.address import address
from snnviz.ui.components.block_editor import block_editor, drawn, new_revision
from snnviz.ui.components.charts import Chart, charts, payload

state = st.session_state


def on_draw() -> None:
    state.edges = drawn("editor", state.edges, state.rev)
    st.rerun("preview")


def replace() -> None:
    state.edges, state.rev = adjacency.resnet_like(6), new_revision()


def block() -> None:
    if "edges" not in state:
        state.edges, state.rev = adjacency.parse("00120/00010/00002/00000/00000"), new_revision()
    st.session_state.setdefault("ticks", 0)

    @st.fragment(key="design")
    def design() -> None:
        state.edges = block_editor(state.edges, rev=state.rev, key="editor", on_change=on_draw)

    @st.fragment(key="preview")
    def preview() -> None:
        st.markdown(f"matrix `{adjacency.write(state.edges)}`")

    @st.fragment(run_every=1.0)
    def ticker() -> None:
        state.ticks += 1
        st.markdown(f"tick {state.ticks}")

    design()
    preview()
    ticker()
    st.button("Replace from Python", on_click=replace)
    st.button("Run everything again")
    st.text_input("a field", key="field")


def readonly() -> None:
    block_editor(adjacency.densenet_like(8), rev="fixed", key="shown", readonly=True)


def chart_page() -> None:
    step = state.setdefault("step", 0)

    def figure(name: str, points: int) -> go.Figure:
        lines = [go.Scatter(y=[k * n + points for k in range(100)], name=f"{name} {n}") for n in (1, 2)]
        axes = {"xaxis": {"title": {"text": "epoch"}}, "yaxis": {"title": {"text": "loss"}}}
        return go.Figure(lines, axes)

    heat = go.Figure(go.Heatmap(z=[[(i * j + step) % 7 for i in range(30)] for j in range(8)]))
    shown = [
        Chart("loss", "Loss", "Cross-entropy over epochs.", figure("train", step)),
        Chart("still", "Accuracy", "It never changes.", figure("test", 0)),
        Chart("heat", "Var[u]", "Layer by epoch.", heat, height=220, wide=True),
    ]
    if step >= 2:
        shown.insert(1, Chart("late", "Firing rate", "Appears later.", figure("rate", 1), height=240))
    charts(payload(shown), key="plots")
    st.button("Next step", on_click=partial(state.update, step=step + 1))
    st.button("Fewer", on_click=partial(state.update, step=0))
    st.markdown(f"step {step}")


def broken_charts() -> None:
    bad = {"id": "bad", "title": "Bad", "caption": "", "traces": [{"type": "scatter"}, 3], "layout": None, "height": 200}
    charts(json.dumps({"lib": "/nowhere.js", "charts": [bad]}).encode(), key="broken")


def address_page() -> None:
    query = st.text_input("query", key="query", value="a=0012&seed=3")
    address(query, key="address")
    st.markdown(f"python sees `{dict(st.query_params)}`")


st.set_page_config(layout="wide")
PAGES = {"block": block, "readonly": readonly, "charts": chart_page, "broken": broken_charts, "address": address_page}
home = st.Page(lambda: st.write("scratch"), title="home", url_path="home", default=True)
st.navigation(
    [home, *(st.Page(function, title=name, url_path=name) for name, function in PAGES.items())], position="top"
).run()
