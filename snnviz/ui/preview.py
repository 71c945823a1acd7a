"""What a design costs and what to expect of it, at once and without torch; and the button that trains it."""

from __future__ import annotations

from functools import lru_cache

import streamlit as st

from snnviz import links
from snnviz.design import Design
from snnviz.jobs.pace import in_words
from snnviz.places import ROOT
from snnviz.theory import costs, variance, verdicts
from snnviz.ui import activity_setting, services, state
from snnviz.ui.components.address import address
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.trouble import told
from snnviz.ui.words import plain
from snnviz.views.design import forecast_chart, layer_table
from snnviz.views.numbers import count

ICONS = {"good": ":material/check_circle:", "warning": ":material/warning:", "bad": ":material/error:"}


@st.fragment(key="preview")
@told()
def panel() -> None:
    """Costs, forecast, verdict, and Train."""
    design = state.design()
    parameters, macs, duration = st.columns([4, 4, 6])  # a time is more than a number
    parameters.metric("Parameters", count(costs.parameters(design)))
    macs.metric(
        "MACs / step",
        count(costs.macs(design)),
        help="Of an image at a time step, dense: zeros and padding count.",
    )
    estimate = services.pace().seconds(design)
    duration.metric(
        "Training time", f"≈ {in_words(estimate)}", help="On one core of this machine, from its own runs so far."
    )
    forecast = variance.forecast(design)
    kind, sentence = verdicts.verdict(design)
    show = {"good": st.success, "warning": st.warning, "bad": st.error}[kind]
    show(plain(sentence), icon=ICONS[kind])
    if rough := variance.roughness(design):
        st.caption(rough)
    _train(design)
    charts(_forecast(design), key="forecast")
    if design.neuron.kind == "lif" and st.button(
        "See its activity through 100 layers",
        type="tertiary",
        icon=":material/ssid_chart:",
        key="see-activity",
        help="Its neuron, time steps, initialisation and fan-in, beside other initialisations, on the Activity page.",
    ):
        activity_setting.open_design(layers=100)
        st.switch_page(ROOT / "pages" / "activity.py")
    layers = st.expander("Layers", key="layers", on_change="rerun")
    if layers.open:  # a table that nobody looks at would slow down every change
        layers.dataframe(layer_table(design, forecast), hide_index=True, placeholder="–")
    address(links.to_query(design), key="address")


def _train(design: Design) -> None:
    known = services.glance(design.digest)
    trained = known is not None and known[0].state == "done"
    busy = known is not None and known[0].state in ("queued", "running")
    label = "Show the trained result" if trained else "Watch its training" if busy else "Train"
    st.button(
        label,
        type="primary",
        icon=":material/play_arrow:",
        width="stretch",
        key="train",
        on_click=state.train,
        help="The same design is trained once; its result opens at once for everybody.",
    )


@lru_cache(maxsize=256)
def _forecast(design: Design) -> bytes:
    return payload([forecast_chart(variance.forecast(design))])
