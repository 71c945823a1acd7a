"""The Activity page: sliders, activity by layer, updated while they are dragged, and explanations below."""

from __future__ import annotations

import time
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from snnviz.catalog.inits import is_valid_for
from snnviz.design import links
from snnviz.design.menus import INITS
from snnviz.errors import InputError
from snnviz.places import TOP
from snnviz.studies.activity import neurons
from snnviz.studies.activity.charts.activity import spikes_chart, variance_chart
from snnviz.studies.activity.page import figures
from snnviz.studies.activity.page import setting as at
from snnviz.studies.activity.page.computing import Superseded, note_slider_fragment, traces
from snnviz.studies.activity.page.readings import LayerReadings, found_reading, layer_readings
from snnviz.studies.activity.page.setting import DETAILS, PANEL
from snnviz.studies.activity.page.words import verdict
from snnviz.studies.activity.theory.activity import ActivityConfig, expected_statistics
from snnviz.ui.components.address import address
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.components.sliders import sliders
from snnviz.ui.kit import readings, restrictions, state
from snnviz.ui.kit.fragments import rerun_fragments
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.ui.kit.words import escape_markdown

begin = at.begin

HEIGHT = 310
"""Height of the two main charts in pixels, so that charts and sliders fit on a screen."""


@st.fragment(key=PANEL)
@show_store_errors()
def panel() -> None:
    """Draws the sliders, the initialisations, and Var[u] and spikes of every layer."""
    note_slider_fragment()
    left, right = st.columns([3, 9], gap="medium")
    choices = left.container(key="activity-choices")
    with right:
        _inits()
        _figures()
    with choices:  # last: its answer to the browser says that all the rest is there
        _choices()
    address(at.link(), key="activity-address", steps=True)


@restrictions.hideable("choices")
def _choices() -> None:
    sliders(at.shown_sliders(), rev=at.revision(), key=at.SLIDERS, on_change=at.put_sliders)
    for name, label, words in CHOICES:
        key = f"{name}@{at.revision()}"
        st.segmented_control(
            label,
            at.options(name),
            default=getattr(at.SETTING.value, name),
            required=True,
            wrap=True,
            key=key,
            help=words,
            on_change=at.put,
            args=(name, key),
            disabled=restrictions.is_locked(name),
        )


CHOICES = (
    ("reset", "Reset", "After a spike, one step later: subtract the threshold, return to zero, or do nothing."),
    ("input", "Input", "The encoder's current, N(0, 1) for each neuron: one for all time steps, or another at each."),
)


@restrictions.hideable("initialisations")
def _inits() -> None:
    key = f"inits@{at.revision()}"
    shown = dict.fromkeys(init.kind for init in at.SETTING.value.inits)
    st.pills(
        "Initialisations",
        [kind for kind in INITS.kinds if is_valid_for(kind, at.SETTING.value.neuron)],
        selection_mode="multi",
        default=list(shown),
        format_func=lambda kind: figures.legend_label(kind, at.SETTING.value),
        key=key,
        wrap=True,
        label_visibility="collapsed",
        on_change=at.put_inits,
        args=(key,),
        disabled=restrictions.is_locked("inits"),
    )


@restrictions.hideable("figures")
def _figures() -> None:
    for problem in at.problems():
        st.error(escape_markdown(problem), icon=":material/error:")
    setting = at.drawn_setting()
    with st.container(key="activity-verdict"):
        words, slot = st.empty(), st.empty()
    try:
        st.session_state.figures_shown = _main(setting, slot)
    except Superseded:  # what is asked for now is drawn next; until then nothing leaves its place
        if "figures_shown" not in st.session_state:
            return
    sentence, drawn, numbers = st.session_state.figures_shown
    readings.publish(PANEL, links.flatten_document(setting.document()), partial(found_reading, numbers))
    if not any(map(restrictions.is_hidden, ("verdict", "threshold"))):  # which the sentence names
        words.markdown(sentence)
    charts(drawn, key="activity-charts")
    st.caption(_networks(setting) + _neurons(setting))


def _neurons(setting: ActivityConfig) -> str:
    """Which they are of, where they are not LIF."""
    if setting.kind == neurons.LIF:
        return ""
    return f" Their neurons: **{neurons.describe_neuron(setting.neuron)}**; *Start again* below leads back to LIF."


def _networks(setting: ActivityConfig) -> str:
    """How many are drawn, and why not as many as were asked for."""
    asked = at.SETTING.value.seeds
    if setting.seeds == asked:
        return f"{asked} network{'s' * (asked > 1)} of each initialisation, none of them trained."
    why = "while the slider moves" if at.dragging() else "to answer within two seconds"
    return f"{setting.seeds} of {asked} networks of each initialisation are drawn {why}; none of them is trained."


def _main(setting: ActivityConfig, slot: DeltaGenerator) -> tuple[str, bytes, LayerReadings]:
    """The sentence, the charts and the numbers of a setting, made once for all who look at it."""
    found = figures.KEPT.get(("main", setting))
    if found is None:
        drawn = traces(setting, slot)
        theory = [expected_statistics(setting, init) for init in setting.inits]
        both = [variance_chart(setting, drawn, theory), spikes_chart(setting, drawn)]
        shown = payload(figures.without_legend(one, setting, HEIGHT) for one in both)
        found = verdict(setting, drawn), shown, layer_readings(drawn, setting.width)
        figures.KEPT.put(("main", setting), found)
    return found


# -- below -------------------------------------------------------------------------------------------------------------


@st.fragment(key=DETAILS)
@show_store_errors()
@restrictions.hideable("details")
def details() -> None:
    """Draws the tabs that explain why a network falls silent (only the open one), and the buttons to the Design
    page.
    """
    start, drawn = time.perf_counter(), at.drawn_setting()
    _bridge()
    tabs = st.tabs(list(figures.SECTIONS), key="activity-tab", on_change=_open_tab)
    for tab, section in zip(tabs, figures.SECTIONS.values(), strict=True):
        if tab.open:
            with tab:
                section(drawn, drawn.inits[min(at.selected_init(), len(drawn.inits) - 1)])
    _glossary()
    st.session_state.details_seconds = time.perf_counter() - start


def _open_tab() -> None:
    rerun_fragments(DETAILS)


def _bridge() -> None:
    """The initialisation that the tabs are about, and the buttons to and from the Design page."""
    menu, use, bring, again = st.columns([4, 2, 2, 2], vertical_alignment="bottom")
    names = [figures.name(init) for init in at.SETTING.value.inits]
    key = f"looked@{at.revision()}/{names}"
    menu.selectbox(
        "Shown below",
        range(len(names)),
        index=at.selected_init(),
        format_func=names.__getitem__,
        key=key,
        on_change=at.select_init,
        args=(key,),
    )
    if use.button(
        "Send to Design",
        type="primary",
        icon=":material/arrow_forward:",
        width="stretch",
        key="use",
        help="The neuron, the time steps and this initialisation, to the network on the Design page. What that changes "
        "is said there, and undone by a click.",
    ):
        try:
            at.use_in_design()
        except InputError as error:
            st.error(escape_markdown(str(error)), icon=":material/error:")
        else:
            st.switch_page(TOP / "pages" / "design.py")
    bring.button(
        "Load from Design",
        icon=":material/hub:",
        width="stretch",
        key="bring",
        disabled=bool(other := at.refusal_text(state.design())),
        on_click=at.bring_design,
        help="Its neuron, time steps and initialisation, as many neurons as its hidden layers have inputs, and its "
        "depth. A convolution uses the same weights at every place; here every neuron draws its own.",
    )
    if other:
        st.caption(other)
    again.button("Start again", icon=":material/undo:", width="stretch", key="again", on_click=at.reset)
    if state.design().network.kind != "mlp":
        st.caption(
            "Your design has convolutions, whose weights are shared between places. What is drawn here is a fully "
            "connected stack with the same number of inputs to a neuron."
        )


def _glossary() -> None:
    """All initialisations, from what their catalogue says of them."""
    box = st.expander("What the initialisations are", key="activity-glossary", on_change=_open_tab)
    if not box.open:
        return
    with box:
        for entry in INITS:
            name, words = st.columns([1, 2])
            name.markdown(f"**{entry.kind.replace('-', ' ')}**  \n:small[{escape_markdown(entry.source)}]")
            words.markdown(entry.title)
            if entry.formula:
                words.latex(entry.formula)
            if entry.notes:
                words.caption(entry.notes)
