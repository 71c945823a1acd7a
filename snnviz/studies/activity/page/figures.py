"""The tabs of the Activity page: why layers fall silent, over time, the shape of u, thresholds, widths."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from snnviz.catalog.neurons import surrogate
from snnviz.design.menus import Choice
from snnviz.studies.activity.charts import activity as views
from snnviz.studies.activity.charts import information, survival
from snnviz.studies.activity.page import setting as at
from snnviz.studies.activity.page.computing import Superseded, run_in_thread, traces
from snnviz.studies.activity.theory.activity import ActivityConfig, LayerStatistics, expected_statistics
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.kit import state
from snnviz.ui.kit.lru import LruCache
from snnviz.ui.kit.words import define_terms
from snnviz.views.chart import Chart

KEPT: LruCache[Any] = LruCache(200, lambda _: 1)
"""Cache of charts as bytes, by their content, as a whole class opens the link of a lesson."""

THRESHOLDS = (0.0, 0.25, 0.5, 0.75, 0.85, 1.0)
WIDTHS = (50, 100, 300, 600, 1000)
STEPS = 20
ALL_WORK = 1e8
"""Limit of the work for all thresholds, or all widths, together."""


def name(init: Choice) -> str:
    """Returns the text of an initialisation for a menu, such as "kaiming, gain 3"."""
    return views.label(init)


def legend_label(kind: str, setting: ActivityConfig) -> str:
    """Returns the name of a kind of initialisation in Markdown, with the colour and marker of its curves."""
    own = next((init for init in setting.inits if init.kind == kind), None)
    words = kind.replace("-", " ")
    if own is None:
        return words
    look = views.init_style(own, setting)
    return f':color[{look.glyph}]{{foreground="{look.colour}"}} {words}'


def without_legend(chart: Chart, setting: ActivityConfig, height: int) -> Chart:
    """Returns the chart without a legend, as the page's buttons show the colours; kept if a kind has several curves."""
    kinds = [init.kind for init in setting.inits]
    layout = {**chart.figure["layout"], "showlegend": len(set(kinds)) < len(kinds)}
    layout["xaxis"] = {**layout["xaxis"], "range": [-0.5, setting.layers - 0.5]}
    return replace(chart, figure={**chart.figure, "layout": layout}, height=height)


Drawing = Callable[[DeltaGenerator], Sequence[Chart]]
"""A function that returns the charts of a tab and shows its progress in a slot of the page."""


def _show(key: Hashable, make: Drawing, *, place: str) -> None:
    slot, shown = st.empty(), st.session_state.setdefault("details_shown", {})
    try:
        shown[place] = KEPT.get_or_make(key, lambda: payload(make(slot)))
    except Superseded:  # what is asked for now is drawn next; until then nothing leaves its place
        if place not in shown:
            return
    board = f"activity-{place}"
    charts(shown[place], key=board, on_pick=lambda: at.select_on_map(board))


STAR = (
    "The star is your design on the Design page: the gain n Var[w] of its initialisation at a typical hidden "
    "layer, and the threshold of its neurons. Click it to open the design here, or click an initialisation to look "
    "closer at it."
)


def _why(setting: ActivityConfig, init: Choice) -> None:
    own = at.design_point(state.design())

    def make(slot: DeltaGenerator) -> list[Chart]:
        return [
            run_in_thread(lambda: survival.survival_chart(setting, own)),
            survival.cobweb_chart(setting, init),
            views.dead_chart(
                setting, traces(setting, slot), [expected_statistics(setting, one) for one in setting.inits]
            ),
        ]

    _show(("why", setting, init, own), make, place="why")
    st.caption(define_terms(STAR))


def _told(setting: ActivityConfig, init: Choice) -> None:
    chosen = surrogate(state.design().neuron)

    def make(_: DeltaGenerator) -> list[Chart]:
        gradients = [information.gradient_chart(setting, chosen)] if chosen is not None else []
        alike, left, depth = run_in_thread(
            lambda: (
                information.alike_chart(setting, init),
                information.left_chart(setting),
                information.depth_scale_chart(setting),
            )
        )
        return [alike, left, *gradients, depth]

    _show(("told", setting, init, chosen), make, place="told")


def _time(setting: ActivityConfig, init: Choice) -> None:
    alone = setting.model_copy(update={"inits": (init,)})
    if setting.steps == 1:
        alone = alone.model_copy(update={"steps": STEPS}).affordable()
        words, button = st.columns([8, 3], vertical_alignment="center")
        words.caption(f"Drawn for {STEPS} time steps: the figures above are of a single one, which has no course.")
        button.button(
            f"{STEPS} time steps above, too", key="more-steps", width="stretch", on_click=at.put_steps, args=(STEPS,)
        )
    _show(("time", alone), lambda slot: views.time_charts(alone, traces(alone, slot)[0]), place="time")


def _shape(setting: ActivityConfig, _init: Choice) -> None:
    last = setting.layers - 1
    layer = min(st.session_state.get("layer_looked_at", 1), last)
    key = f"layer-of-{last}"
    layer = int(st.slider("Layer", 0, last, layer, key=key, on_change=at.select_layer, args=(key,)))

    def make(slot: DeltaGenerator) -> list[Chart]:
        drawn = traces(setting, slot, shape=True, look=layer)
        return [views.density_chart(setting, drawn, layer), *views.shape_charts(setting, drawn)]

    _show(("shape", setting, layer), make, place="shape")


def _thresholds(setting: ActivityConfig, init: Choice) -> None:
    alone = setting.model_copy(update={"inits": (init,), "threshold": 1.0})

    def make(slot: DeltaGenerator) -> list[Chart]:
        return [views.threshold_chart(_each(alone, slot, "threshold", THRESHOLDS))]

    _show(("thresholds", alone), make, place="thresholds")


def _widths(setting: ActivityConfig, init: Choice) -> None:
    alone = setting.model_copy(update={"inits": (init,), "width": WIDTHS[-1]})

    def make(slot: DeltaGenerator) -> list[Chart]:
        by_width = [(each.width, trace) for each, trace in _each(alone, slot, "width", WIDTHS)]
        return [
            run_in_thread(lambda: survival.width_chart(alone, init)),
            survival.width_variance_chart(alone, by_width),
        ]

    _show(("widths", alone), make, place="widths")


def _each(
    setting: ActivityConfig, slot: DeltaGenerator, field: str, values: Sequence[float]
) -> list[tuple[ActivityConfig, LayerStatistics]]:
    """A setting at each of several values, with as few seeds as all of them together can be afforded with."""
    settings = [setting.model_copy(update={field: value}) for value in values]
    affordable = int(setting.seeds * ALL_WORK / sum(each.work for each in settings))
    seeds = max(1, min(setting.seeds, affordable))
    settings = [each.model_copy(update={"seeds": seeds}) for each in settings]
    return [(each, traces(each, slot)[0]) for each in settings]


SECTIONS: dict[str, Callable[[ActivityConfig, Choice], None]] = {
    "Why does it die?": _why,
    "What is told apart?": _told,
    "Over time": _time,
    "Shape of u": _shape,
    "Thresholds": _thresholds,
    "Width": _widths,
}
