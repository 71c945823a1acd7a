"""The view of a network's results on all test images."""

from __future__ import annotations

import streamlit as st

from snnviz.store import Run
from snnviz.studies.inside.charts import all_images as views
from snnviz.studies.inside.look import Answer, Look, parse_neurons
from snnviz.studies.inside.page import choosing, exports, network_changes, setting
from snnviz.studies.inside.page.asking import ask, asked_of
from snnviz.studies.inside.page.setting import LOOK, VIEWS
from snnviz.studies.inside.theory.diagnosis import diagnose
from snnviz.theory.operations import Operations
from snnviz.ui.components.charts import charts, payload, picked
from snnviz.ui.kit.columns import column_config
from snnviz.ui.kit.words import escape_markdown
from snnviz.views.numbers import energy, share, space_percents

CHARTS = "inside-many"
ENERGY_HELP = (
    "Of the arithmetic, counted on all test images: 4.6 pJ a multiplication, 0.9 pJ an addition; inputs that are 0 "
    "cost nothing."
)


def panel(run: Run) -> None:
    """Draws the view: changes to the network, accuracy and spikes with and without them, figures, and a table of
    layers.
    """
    network_changes.panel(run)
    look = asked_of(LOOK.value, run).network
    answer = ask("overview", look, run)
    if answer is None:
        return
    plain = Look(run=run.run, weights=look.weights)
    before = ask("overview", plain, run) if look != plain else None
    columns = st.columns(5)
    about = answer.about
    delta = None if before is None else f"{100 * (about['accuracy'] - before.about['accuracy']):+.1f} points"
    columns[0].metric("Accuracy", share(about["accuracy"]), delta, help="Of all test images, in evaluation mode.")
    wrong = round(about["images"] * (1 - about["accuracy"]))
    columns[1].metric("Misread", f"{wrong:,} of {about['images']:,}")
    spikes = sum(one["rate"] * one["neurons"] for one in about["layers"]) * about["steps"]
    change = None
    if before is not None:
        old = sum(one["rate"] * one["neurons"] for one in before.about["layers"]) * before.about["steps"]
        change = f"{spikes / old - 1:+.0%}" if old else None
    columns[2].metric("Spikes an image", f"{spikes:,.0f}", change, delta_color="off")
    cost, usual = (None if each is None else energy_of(each) for each in (answer, before))
    change = None if not usual or cost is None else f"{cost / usual - 1:+.0%}"
    columns[3].metric("Energy an image", energy(cost), change, delta_color="off", help=ENERGY_HELP)
    columns[4].metric(
        "Steps until its answer stays",
        f"{float(answer.arrays['steps_needed'].mean()):.1f} of {about['steps']}",
        help="After so many time steps, in the mean over test images, what the network answers changes no more.",
    )
    if before is not None:
        _broken(run, look, answer, before)
    names = setting.class_names(run.design)
    charts(payload(views.charts_of(answer, names)), key=CHARTS, on_pick=lambda: pick_cell(CHARTS, look))
    exports.overview_panel(answer, look)
    if about["layers"]:
        table = views.layer_table(answer)
        shares = [name for name in table.columns if name in ("never spike", "always spike", "surrogate gradient")]
        own = {name: st.column_config.NumberColumn(name.capitalize(), format="%.1f %%") for name in shares}
        rest = [name for name in table.columns if name.startswith("u /") or name == "synchrony"]
        own |= {name: st.column_config.NumberColumn(name.capitalize(), format="%.2f") for name in rest}
        own |= {name: st.column_config.NumberColumn(name, format="%.2f") for name in rest if name.startswith("u /")}
        st.dataframe(table, hide_index=True, key="inside-layers", column_config=column_config(table, own))
        st.caption(
            "Synchrony is 0 where neurons spike independently of each other and 1 where all do at once. The surrogate "
            "gradient is the mean of its derivative, in percent of its largest value."
        )
        _which(answer)


def _broken(run: Run, look: Look, answer: Answer, before: Answer) -> None:
    """What the changes break: the troubles that the diagnosis finds now, and did not before; layers that were silenced
    by hand are none.
    """
    by_hand = {name for name, numbers in parse_neurons(look.silenced).items() if not numbers}
    others = [one for one in answer.about["layers"] if one["name"] not in by_hand]
    answer = Answer({**answer.about, "layers": others}, answer.arrays)
    known = {one.title for one in diagnose(before, run.design)}
    found = [one for one in diagnose(answer, run.design) if one.title not in known]
    for one in found:
        st.markdown(
            f":material/heart_broken: **{escape_markdown(one.title)}.** {escape_markdown(space_percents(one.sentence))}"
        )
    if found:
        st.caption("This is what the changes break, as the diagnosis of the page's last view says it.")


def energy_of(answer: Answer) -> float:
    """Returns the energy in nJ of the arithmetic for the image of an answer, or in the mean over all test images: see
    `theory.operations`.
    """
    return Operations(0, answer.about["macs"], answer.about["additions"]).nanojoules()


def _which(answer: Answer) -> None:
    """Which neurons never spike, and which always do."""
    table = views.stuck_neurons_table(answer)
    if len(table):
        with st.expander("Which neurons never spike, or always", icon=":material/volume_off:"):
            st.dataframe(table, hide_index=True, key="inside-still", column_config=column_config(table, {}))


def pick_cell(key: str, network: Look) -> None:
    """Callback of the charts with this key, of a network: after a click on a cell of the confusion matrix its images
    are offered.
    """
    found = picked(key)
    if found is None or found[0] != "confusion":
        return
    numbers = found[1].split(" ")
    if len(numbers) == 2 and all(text.isascii() and text.isdecimal() and len(text) < 5 for text in numbers):
        choosing.show_cell(int(numbers[0]), int(numbers[1]), network)
        VIEWS.show("time")
        st.rerun()
