"""The view of one image over time: rasters, chosen neurons, feature maps and weights."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from snnviz.data import datasets
from snnviz.store import Run
from snnviz.studies.inside.charts import maps
from snnviz.studies.inside.charts import time as views
from snnviz.studies.inside.charts.learnt import learnt_table
from snnviz.studies.inside.look import Answer, Look
from snnviz.studies.inside.page import choosing, exports, network_changes, neurons, setting
from snnviz.studies.inside.page.all_images import energy_of
from snnviz.studies.inside.page.asking import ask, asked_of
from snnviz.studies.inside.page.setting import LOOK
from snnviz.ui.components.charts import charts, payload, picked
from snnviz.ui.components.pictures import pictures
from snnviz.ui.kit.columns import column_config
from snnviz.views.numbers import count, energy

RASTERS = "inside-rasters"
ENERGY_HELP = (
    "Of the arithmetic for this image, counted: 4.6 pJ a multiplication, 0.9 pJ an addition; inputs that are 0 cost "
    "nothing."
)


def panel(run: Run) -> None:
    """Draws the view: the images to choose from on the left, the network's activity on the right."""
    network_changes.panel(run)
    left, right = choosing.columns()
    look = asked_of(LOOK.value, run)
    with right:
        answer = ask("look", look, run)
        if answer is not None:
            _shown(run, look, answer)
        elif look.focus:
            st.button("Show it without chosen neurons", key="inside-no-focus", on_click=_show, args=("",))
    with left:
        choosing.panel(run, answer)


def _shown(run: Run, look: Look, answer: Answer) -> None:
    names = setting.class_names(run.design)
    before = ask("look", look.unmodified, run) if look.changes else None
    _numbers(answer, before, names)
    recorded = datasets.dataset_card(run.design.data.name).counts is not None
    shown = views.rasters_chart(answer, names, maps.input_pictures(answer, recorded))
    spiking = bool(views.spiking_layers(answer))  # ReLUs' figure is low: no room is kept for it
    charts(payload([shown]), key=RASTERS if spiking else "inside-readout", on_pick=_pick if spiking else None)
    neurons.panel(answer)
    for k in range(len(answer.about["focus"])):
        charts(payload([views.neuron_chart(answer, k)]), key=f"inside-neuron-{k}")
        _neuron_buttons(answer, k, look)
    with st.expander("Feature maps, weights and the input as the network receives it", icon=":material/grid_on:"):
        pictures(maps.payload_of(answer, recorded), key="inside-maps")
    _learnt(answer)
    exports.panel(answer, look)


def _learnt(answer: Answer) -> None:
    """Thresholds, leaks and time constants that were learnt, beside where they began."""
    table = learnt_table(answer)
    if not len(table):
        return
    marked = [f"{row['layer']} ({row['learnt']})" for row in table.to_dict("records") if row.get("mark")]
    st.markdown("**What neurons have learnt besides weights**")
    number = st.column_config.NumberColumn(format="%.4g")
    own = dict.fromkeys(("began", "now", "from", "to"), number)
    st.dataframe(table, hide_index=True, key="inside-learnt", column_config=column_config(table, own))
    if LOOK.value.leak != 1 or LOOK.value.threshold != 1:
        st.caption("*Now* is what acts here: leaks and thresholds as they were learnt, times the factors of *What if*.")
    if marked:
        st.warning(f"At the end of what a leak can be: {', '.join(marked)}.", icon=":material/flag:")


def _numbers(answer: Answer, before: Answer | None, names: tuple[str, ...]) -> None:
    about = answer.about
    label, given = about["label"], about["predicted"][-1]
    right = "" if label is None else ", right" if given == label else f", wrong: {views.class_name(label, names)}"
    old = given if before is None else before.about["predicted"][-1]
    first = about["first_right"]
    spikes, cost = spikes_of(answer), energy_of(answer)
    more = 0 if before is None else spikes - spikes_of(before)
    usual = None if before is None else energy_of(before)
    # of fixed widths: of one's own, each pushes the next ones aside when it arrives
    with st.container(horizontal=True, gap="small", key="inside-numbers"):
        st.metric(
            "Answer",
            f"{views.class_name(given, names)}{right}",
            None if old == given else f"was {views.class_name(old, names)}",
            delta_color="off",
            delta_arrow="off",
            width=250,
        )
        when = "-" if label is None else "never" if first is None else f"step {first}"
        about_first = "After how many time steps the answer is right for the first time."
        st.metric("First right", when, help=about_first, width=125)
        settled = f"step {about['settled']} of {about['steps']}"
        st.metric("Settled", settled, help="When the answer changes for the last time.", width=190)
        st.metric("Spikes", count(spikes), f"{more:+,}" if more else None, delta_color="off", width=110)
        change = f"{cost / usual - 1:+.1%}" if usual and cost != usual else None
        st.metric("Energy", energy(cost), change, delta_color="off", help=ENERGY_HELP, width=140)


def _pick() -> None:
    """A neuron was clicked: its potential is shown."""
    found = picked(RASTERS)
    if found is None:
        return
    layer, name = found
    number = name.split(" ")[0]
    if number.isascii() and number.isdecimal() and len(number) < 10 and " " not in layer and ";" not in layer:
        LOOK.change(focus=f"{layer} {number}")
        LOOK.rerun()


def _neuron_buttons(answer: Answer, k: int, look: Look) -> None:
    focus = answer.about["focus"][k]
    layer, number = str(focus["layer"]), int(focus["neuron"])
    shape = answer.about["layers"][focus["index"]]["shape"]
    _, height, width = shape
    offered = [("it", "silence", str(number))]
    if height * width > 1:
        channel = number // (height * width)
        offered.append((f"channel {channel}", "channel", f"c{channel}"))
    silenced = network_changes.silenced_of(look, layer, shape)
    with st.container(horizontal=True):
        for words, key, name in offered if f"potential.{k}" in answer.arrays else ():
            silent = name in silenced
            st.button(
                f"Let {words} speak" if silent else f"Silence {words}",
                icon=":material/volume_up:" if silent else ":material/volume_off:",
                key=f"inside-{key}-{k}",
                on_click=_toggle,
                args=(layer, shape, name),
            )
        st.button("Close", key=f"inside-close-{k}", type="tertiary", on_click=_close, args=(answer, k))


def _toggle(layer: str, shape: Sequence[int], number: str) -> None:
    network_changes.toggle_neuron(LOOK, layer, shape, number)
    LOOK.renew_widgets()
    LOOK.rerun()


def _close(answer: Answer, k: int) -> None:
    """The k-th chosen neuron is no longer shown."""
    left = [one for number, one in enumerate(answer.about["focus"]) if number != k]
    _show(neurons.focus_text([(one["layer"], one["neuron"]) for one in left]))


def _show(focus: str) -> None:
    LOOK.change(focus=focus)
    LOOK.rerun()


def spikes_of(answer: Answer) -> int:
    """Returns the number of spikes of all layers for the image of an answer."""
    return sum(one.get("spikes", 0) for one in answer.about["layers"])
