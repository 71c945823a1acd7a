"""One small page for each component, wired as a real page wires it.

"Begin again" puts a fresh component on the page, as a new visitor has it, without the cost of a new visit.
"""

import json
from functools import partial

import plotly.graph_objects as go
import streamlit as st

from snnviz.design import adjacency, cells
from snnviz.ui.components.address import address
from snnviz.ui.components.block_editor import block_editor, drawn, new_revision
from snnviz.ui.components.cell_editor import cell_editor
from snnviz.ui.components.cell_editor import drawn as drawn_cell
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.server.routes import plotly_url
from snnviz.views.chart import Chart, Figure

state = st.session_state


START = adjacency.parse("00120/00010/00002/00000/00000")


def begin() -> None:
    state.edges, state.rev, state.key = START, new_revision(), f"editor-{new_revision()}"
    state.step, state.cell = 0, cells.parse("0303 0030 2002 0200")


def on_draw() -> None:
    state.edges = drawn(state.key, state.edges, state.rev)
    st.rerun("preview")


def replace() -> None:
    state.edges, state.rev = adjacency.resnet_like(6), new_revision()


def block() -> None:
    state.setdefault("ticks", 0)

    @st.fragment(key="design")
    def design() -> None:
        state.edges = block_editor(state.edges, rev=state.rev, key=state.key, on_change=on_draw)

    @st.fragment(key="preview")
    def preview() -> None:
        st.markdown(f"matrix `{adjacency.to_text(state.edges)}`")

    @st.fragment(run_every=1.0)
    def ticker() -> None:
        state.ticks += 1
        st.markdown(f"tick {state.ticks}")

    for fragment in (design, preview, ticker):
        with st.container():  # holds the fragment's place where a full run and a fragment's run overlap
            fragment()
    st.button("Begin again", on_click=begin)
    st.button("Replace from Python", on_click=replace)
    st.button("Run everything again")
    st.text_input("a field", key="field")


def on_draw_cell() -> None:
    state.cell = drawn_cell(state.key, state.cell, state.rev)
    st.rerun("preview")


def cell() -> None:
    @st.fragment(key="design")
    def design() -> None:
        state.cell = cell_editor(state.cell, rev=state.rev, key=state.key, on_change=on_draw_cell)

    @st.fragment(key="preview")
    def preview() -> None:
        st.markdown(f"matrix `{cells.to_text(state.cell)}`")

    for fragment in (design, preview):
        with st.container():
            fragment()
    st.button("Begin again", on_click=begin)


def readonly() -> None:
    block_editor(adjacency.densenet_like(8), rev="fixed", key="shown", readonly=True)


def stage() -> None:
    blocks = {26: adjacency.sequential(25), 3: adjacency.sequential(2)}
    size = st.radio("vertices", list(blocks))
    shown = block_editor(
        blocks[size],
        rev=f"rev-{size}",
        key="stage",
        fixed=True,
        labels=["in", *(f"L{k}" for k in range(1, size - 1)), "out"],
        presets={"all": ("DSC everywhere", adjacency.densenet_like(size - 1))},
        no_back="not in this stage",
    )
    st.markdown(f"matrix `{adjacency.to_compact_text(shown)}`")


def chart_page() -> None:
    step = state.step

    def figure(name: str, points: int) -> Figure:
        lines = [go.Scatter(y=[k * n + points for k in range(100)], name=f"{name} {n}") for n in (1, 2)]
        axes = {"xaxis": {"title": {"text": "epoch"}}, "yaxis": {"title": {"text": "loss"}}}
        return go.Figure(lines, axes).to_plotly_json()

    heat = go.Figure(go.Heatmap(z=[[(i * j + step) % 7 for i in range(30)] for j in range(8)])).to_plotly_json()
    shown = [
        Chart("loss", "Loss", "Cross-entropy over epochs.", figure("train", step), height=300),
        Chart("still", "Accuracy", "It never changes.", figure("test", 0), height=300),
        Chart("heat", "Var[u]", "Layer by epoch.", heat, height=220, wide=True),
    ]
    if step >= 2:
        shown.insert(1, Chart("late", "Firing rate", "Appears later.", figure("rate", 1), height=240))
    charts(payload(shown), key=f"plots-{state.key}")
    st.button("Begin again", on_click=begin)
    st.button("Next step", on_click=partial(state.update, step=step + 1))
    st.button("Fewer", on_click=partial(state.update, step=0))
    st.markdown(f"step {step}")


def broken_charts() -> None:
    state.setdefault("lib", "/nowhere.js")
    fine = {"id": "fine", "title": "Fine", "caption": "", "traces": [{"y": [1, 2]}], "layout": {}, "height": 200}
    bad = {**fine, "id": "bad", "title": "Bad", "traces": "none"}
    charts(json.dumps({"lib": state.lib, "charts": [bad, fine]}).encode(), key="broken")
    st.button("Mend the library", on_click=partial(state.update, lib=plotly_url()))


def address_page() -> None:
    query = st.text_input("query", key="query", value="a=0012&seed=3")
    address(query, key="address")
    st.markdown(f"python sees `{dict(st.query_params)}`")


st.set_page_config(layout="wide")
if "edges" not in state:
    begin()
PAGES = {
    "block": block,
    "cell": cell,
    "readonly": readonly,
    "stage": stage,
    "charts": chart_page,
    "broken": broken_charts,
    "address": address_page,
}
home = st.Page(lambda: st.write("scratch"), title="home", url_path="home", default=True)
st.navigation(
    [home, *(st.Page(function, title=name, url_path=name) for name, function in PAGES.items())], position="top"
).run()
