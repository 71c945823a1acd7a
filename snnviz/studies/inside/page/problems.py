"""The view that lists the problems found in a network, each with a figure as evidence."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import streamlit as st

from snnviz.store import Run
from snnviz.studies.inside.charts import all_images as views
from snnviz.studies.inside.look import Answer, Look
from snnviz.studies.inside.page import setting
from snnviz.studies.inside.page.all_images import pick_cell
from snnviz.studies.inside.page.asking import ask, asked_of
from snnviz.studies.inside.page.setting import LOOK
from snnviz.studies.inside.theory.diagnosis import Finding, diagnose
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.kit.words import escape_markdown
from snnviz.views.chart import Chart
from snnviz.views.numbers import space_percents

ICONS = {"silent": ":material/volume_off:", "class": ":material/block:", "steps": ":material/timer:"}


def panel(run: Run) -> None:
    """Draws a sentence for each problem of a run's network, with its evidence below it."""
    look = asked_of(LOOK.value, run).network
    asked = Look(run=run.run, weights=look.weights)
    answer = ask("overview", asked, run)
    if answer is None:
        return
    found = diagnose(answer, run.design)
    if not found:
        st.success("Nothing stands out: every layer spikes, no class is left out, and the answer settles in time.")
        st.markdown(space_percents(healthy_sentence(answer)))
        st.caption("Rules look for seven kinds of trouble; what none of them knows may still be wrong.")
    for number, one in enumerate(found):
        with st.container():  # without a frame: its figure has one, and phones are narrow
            st.markdown(f"{ICONS.get(one.kind, ':material/troubleshoot:')} **{escape_markdown(one.title)}**")
            st.markdown(escape_markdown(space_percents(one.sentence)))
            if one.advice:
                st.caption(escape_markdown(one.advice))
            with st.expander("Evidence", key=f"inside-evidence-{number}"):
                key = f"inside-why-{number}"
                shown = evidence(answer, one, setting.class_names(run.design))
                charts(payload([shown]), key=key, on_pick=partial(pick_cell, key, asked))


def healthy_sentence(answer: Answer) -> str:
    """Returns how a network without problems comes to its answers, with its layers' firing rates; "" if none spikes."""
    rates = [one["rate"] for one in answer.about["layers"]]
    if not rates:
        return ""
    low, high = min(rates), max(rates)
    how = f"{low:.1%} of a layer's neurons" if low == high else f"{low:.1%} to {high:.1%} of a layer's neurons"
    return (
        f"How it answers: spikes reach every layer ({how} spike in a time step, over all test images). The last layer "
        f"adds up, for each class, what reaches it in {answer.about['steps']} steps; the largest sum is the answer."
    )


def evidence(answer: Answer, one: Finding, names: tuple[str, ...]) -> Chart:
    """Returns the figure that shows a problem which `diagnose` found. `names`: names of the classes, if any."""
    drawn = {
        "potentials": views.potentials_chart,
        "rates": views.rates_chart,
        "steps": views.steps_chart,
    }
    chart = drawn[one.evidence](answer) if one.evidence in drawn else views.confusion_chart(answer, names)
    return replace(chart, caption=space_percents(chart.caption))
