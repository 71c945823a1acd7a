"""The tabs of the Activity page: why layers fall silent, over time, the shape of u, thresholds, widths."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from snnviz.design import Choice
from snnviz.theory.activity import Setting, Trace, expected
from snnviz.ui import activity_setting as at
from snnviz.ui import state
from snnviz.ui.activity_work import Abandoned, Kept, traces
from snnviz.ui.components.charts import charts, payload
from snnviz.views import activity as views
from snnviz.views import survival
from snnviz.views.chart import Chart

KEPT: Kept[Any] = Kept(200, lambda _: 1)
"""Charts as bytes, by what they show: many look at the link of a lesson."""

THRESHOLDS = (0.0, 0.25, 0.5, 0.75, 0.85, 1.0)
WIDTHS = (50, 100, 300, 600, 1000)
STEPS = 20


def name(init: Choice) -> str:
    """An initialisation in a menu."""
    return views.label(init).replace("-", " ")


def keyed(kind: str, setting: Setting) -> str:
    """A kind of initialisation with the colour of its curves before it, in Markdown."""
    own = next((init for init in setting.inits if init.kind == kind), None)
    words = kind.replace("-", " ")
    return words if own is None else f':color[●]{{foreground="{views.colour(own, setting)}"}} {words}'


def without_legend(chart: Chart, setting: Setting, height: int) -> Chart:
    """The chart for a page whose buttons show the colours; where one kind has several curves it keeps its legend."""
    kinds = [init.kind for init in setting.inits]
    layout = {**chart.figure["layout"], "showlegend": len(set(kinds)) < len(kinds)}
    layout["xaxis"] = {**layout["xaxis"], "range": [-0.5, setting.layers - 0.5]}
    return replace(chart, figure={**chart.figure, "layout": layout}, height=height)


def _show(key: Hashable, make: Callable[[], Sequence[Chart]], *, place: str) -> None:
    try:
        drawn = KEPT.made(key, lambda: payload(make()))
    except Abandoned:
        return
    charts(drawn, key=f"activity-{place}")


def _why(setting: Setting, init: Choice) -> None:
    own = at.own_point(state.design())

    def make() -> list[Chart]:
        drawn = traces(setting)
        return [
            survival.survival_chart(setting, own),
            survival.cobweb_chart(setting, init),
            views.dead_chart(setting, drawn, [expected(setting, one) for one in setting.inits]),
        ]

    _show(("why", setting, init, own), make, place="why")
    st.caption(
        "The star is your design on the Design page: the gain n Var[w] of its initialisation at a typical hidden "
        "layer, and the threshold of its neurons."
    )


def _time(setting: Setting, init: Choice) -> None:
    if setting.steps == 1:
        st.write("A single time step has no course over time.")
        st.button(f"Show {STEPS} time steps", key="more-steps", on_click=at.put_steps, args=(STEPS,))
        return
    alone = setting.model_copy(update={"inits": (init,)})
    _show(("time", alone), lambda: views.time_charts(alone, traces(alone)[0]), place="time")


def _shape(setting: Setting, _init: Choice) -> None:
    last = setting.layers - 1
    layer = min(st.session_state.get("layer-looked-at") or 1, last)
    layer = int(st.slider("Layer", 0, last, layer, key="layer-looked-at"))

    def make() -> list[Chart]:
        drawn = traces(setting, shape=True, look=layer)
        return [views.density_chart(setting, drawn, layer), *views.shape_charts(setting, drawn)]

    _show(("shape", setting, layer), make, place="shape")


def _thresholds(setting: Setting, init: Choice) -> None:
    def make() -> list[Chart]:
        return [views.threshold_chart(_each(setting, init, "threshold", THRESHOLDS))]

    alone = setting.model_copy(update={"inits": (init,), "threshold": 1.0})
    _show(("thresholds", alone), make, place="thresholds")


def _widths(setting: Setting, init: Choice) -> None:
    def make() -> list[Chart]:
        by_width = [(each.width, trace) for each, trace in _each(setting, init, "width", WIDTHS)]
        return [survival.width_chart(setting, init), survival.width_variance_chart(setting, by_width)]

    alone = setting.model_copy(update={"inits": (init,), "width": WIDTHS[-1]})
    _show(("widths", alone), make, place="widths")


def _each(setting: Setting, init: Choice, field: str, values: Sequence[float]) -> list[tuple[Setting, Trace]]:
    """One initialisation at each of several values, with as few seeds as all of them together can be afforded with."""
    settings = [setting.model_copy(update={field: value, "inits": (init,)}) for value in values]
    work = sum(each.work for each in settings)
    seeds = max(1, min(setting.seeds, int(setting.seeds * 1e8 / work)))
    settings = [each.model_copy(update={"seeds": seeds}) for each in settings]
    return [(each, traces(each)[0]) for each in settings]


SECTIONS: dict[str, Callable[[Setting, Choice], None]] = {
    "Why does it die?": _why,
    "Over time": _time,
    "Shape of u": _shape,
    "Thresholds": _thresholds,
    "Width": _widths,
}
