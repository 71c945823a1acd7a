"""Part of the TTFS page: one image in time, and what one spike a neuron costs."""

from __future__ import annotations

from functools import lru_cache

import streamlit as st

from snnviz.catalog.ttfsstudies import networks
from snnviz.design import Design
from snnviz.events import EpochEnd, LayerState
from snnviz.places import cache_dir
from snnviz.store import Run
from snnviz.theory import costs
from snnviz.theory.twins import Pair
from snnviz.ui import many, services, ttfs_twin
from snnviz.ui.components.charts import charts, payload, picked
from snnviz.ui.trouble import told
from snnviz.ui.ttfs_setting import KEY, VIEW, design, put_study, redraw, study, train
from snnviz.views import ttfs_time as views
from snnviz.views.ttfs_time import Told

CHART = "ttfs-time"


def panel() -> None:
    """The raster with potentials, spikes by layer, and the table of costs; the rate-coded network's run, live."""
    active = many.is_active(many.runs_of([_all()["rate"]]))
    st.fragment(_figures, key=VIEW, run_every=many.EVERY if active else None)(active)


def _all() -> dict[str, Design]:
    return networks(design(), study().steps)


@told()
def _figures(was_active: bool) -> None:
    rate = _all()["rate"]
    if many.is_active(many.runs_of([rate])) != was_active:
        st.rerun()
    made = ttfs_twin.panel()
    if made is None:
        return
    st.markdown(views.verdict(made))
    ttfs_twin.looks(made)
    image, layer, neurons = ttfs_twin.image(made), ttfs_twin.layer(made), ttfs_twin.neurons(made)
    charts(payload([views.time_chart(made, image, layer, neurons)]), key=CHART, on_pick=_pick)
    left, right = st.columns([4, 7], gap="medium")
    with left:
        charts(payload([views.spikes_chart(made, image)]), key="ttfs-spikes")
    with right:
        _costs(made)


def _pick() -> None:
    """A spike was clicked: its neuron is looked at."""
    found = picked(CHART)
    if found is None or not all(text.isascii() and text.isdecimal() and len(text) <= 6 for text in found):
        return
    layer, neuron = found
    document = {**study().model_dump(), "layer": max(1, min(200, int(layer))), "neurons": neuron}
    st.session_state.ttfs = type(study()).check(document)
    many.renew(KEY)
    redraw()


def _costs(made: Pair) -> None:
    several = _all()
    runs = many.runs_of(list(several.values()))
    done = {name: _told(each, runs[each.digest]) for name, each in several.items() if _is_done(runs, each)}
    if "ttfs" not in done and "relu" in done and study().weights == "relu":
        done["ttfs"] = Told(done["relu"].accuracy)  # its logits are the same
    number = st.column_config.NumberColumn
    st.markdown("**Synaptic operations and energy of one image, in three networks of the same layers**")
    st.dataframe(
        views.cost_table(made, several, done),
        hide_index=True,
        key="ttfs-costs",
        placeholder="–",
        column_config={
            "accuracy": number(
                "test accuracy",
                format="%.1f %%",
                help="Of finished runs; a mapped TTFS network has its ReLU network's.",
            ),
            "spikes": number("spikes per neuron", format="%.2f", help="Of one image, over all hidden neurons."),
            "latency": st.column_config.TextColumn(help="Until the readout is read."),
            "macs": number("MACs", format="compact", help="Multiply-accumulates."),
            "additions": number("additions", format="compact", help="One for each synapse that a spike arrives at."),
            "energy": number("energy", format="%.2f nJ"),
            "share": number("of ReLU's", format="percent"),
        },
    )
    st.caption(
        "Energy is 4.6 pJ a MAC and 0.9 pJ an addition (45 nm, 32 bit; Horowitz 2014): of the arithmetic alone, for "
        "comparison, not the measurement of a chip: moving data, ramps and leaks are not in it. TTFS: every spike, the "
        "input's too, adds its weight once at each neuron that reads it. ReLU: every product. Rate-coded: counted in "
        "its run; a static image's first layer multiplies, once."
    )
    row, widget = st.columns([8, 2], vertical_alignment="bottom")
    with widget:
        many.numbers(study(), {"steps": "Time steps T"}, KEY, put_study)
    with row:
        train("rate", several["rate"], runs, (6, 4, 8))


def _is_done(runs: dict[str, Run], of: Design) -> bool:
    return of.digest in runs and runs[of.digest].state == "done"


def _told(of: Design, run: Run) -> Told:
    return _read(str(cache_dir()), of, run.finished)


@lru_cache(maxsize=200)
def _read(_place: str, of: Design, _finished: float | None) -> Told:
    store = services.store()
    end = store.last(EpochEnd, [of.digest])[of.digest]
    operations = costs.spent(of, [row for _, row in store.rows(of.digest, LayerState)])
    steps = of.data.steps if of.network.code == "rate" else 1
    return Told(end.test_accuracy, None if end.rate is None else end.rate * steps, operations)
