"""Changes that may help a design whose untrained networks are in trouble, each measured before it is offered."""

from __future__ import annotations

import streamlit as st

from snnviz.design.design import Design
from snnviz.design.links import change, flatten
from snnviz.theory import costs, trainability
from snnviz.theory.cures import Cure, cures, keeping_slope
from snnviz.theory.measured import MeasuredForecast
from snnviz.theory.roughness import overshoot
from snnviz.ui.kit import state, untrained
from snnviz.ui.kit.fragments import rerun_fragments_instead
from snnviz.ui.kit.refresh_rate import refresh_interval
from snnviz.ui.kit.words import escape_markdown
from snnviz.views.numbers import count, space_percents

EVERY = 0.5
"""Seconds between two looks while changes are measured."""

NEAR = 0.05
"""A slope that differs by less than this share is the same."""

MARKS = {"good": ":material/check_circle:", "warning": ":material/warning:", "bad": ":material/error:"}


def panel(design: Design, found: MeasuredForecast) -> None:
    """Draws what may help, folded; nothing where nothing is wrong or nothing is known to try."""
    offered = cures(design, found)
    if not offered:
        return
    with st.expander("What helps?", icon=":material/healing:", key="cures", on_change="rerun") as opened:
        if opened.open:
            pending = any(untrained.poll(cure.design) for cure in offered)
            st.fragment(_rows, key="cure-rows", run_every=refresh_interval(EVERY) if pending else None)(
                design, offered, pending
            )


def slope_button(design: Design) -> None:
    """Draws a button that sets the surrogate's slope so that gradients keep their size, where another does and layers
    were measured; nothing else.
    """
    found = untrained.measured(design)
    slope = None if found is None else keeping_slope(design, found)
    if slope is None or abs(slope / float(flatten(design)["neuron.surrogate.slope"]) - 1) < NEAR:
        return
    st.button(
        f"Use slope {slope:g}, which keeps gradients",
        icon=":material/straighten:",
        type="tertiary",
        key="keeping-slope",
        on_click=_apply,
        args=(Cure(change(design, {"neuron.surrogate.slope": slope}), f"surrogate slope {slope:g}"),),
        help="The slope at which a layer in the middle of the network neither shrinks nor grows a gradient that passes "
        "it in a single time step: n Var[w] E[σ'(u - θ)²] = 1, with its Var[u] as measured. Kept is not best: of "
        "the deep networks that we trained with Adam, those with a flatter slope learnt better, with a steeper worse.",
    )


def input_button(design: Design) -> None:
    """Draws a button that sets the input-preserving initialisation where the variance-preserving rule overshoots;
    nothing else.
    """
    found = overshoot(design)
    if found is None:
        return
    name, value = found
    st.button(
        f"Use input-preserving, which keeps Var[u] at 1 in a single step ({name}: {value:.2g})",
        icon=":material/straighten:",
        type="tertiary",
        key="input-preserving",
        on_click=_apply,
        args=(Cure(change(design, {"init": "input-preserving"}), "input-preserving initialisation"),),
        help="The variance-preserving rule takes a layer's inputs for single spikes. Pixels, projections, pooled or "
        "added spikes are none, and Var[u] overshoots. The input-preserving rule measures each layer's input first. "
        "Whether a network learns better by it is not said.",
    )


def _rows(design: Design, offered: tuple[Cure, ...], pending: bool) -> None:
    if pending and not any(untrained.poll(cure.design) for cure in offered):
        rerun_fragments_instead("preview")
    st.caption(
        "What each change alone does before training, measured on networks of its own; it does not say whether they "
        "learn better. A press applies it."
    )
    measured = [(cure, untrained.measured(cure.design)) for cure in offered]
    order = ("good", "warning", "bad")
    known = [(cure, trainability.judge(found)) for cure, found in measured if found is not None]
    for cure, verdict in sorted(known, key=lambda each: order.index(each[1].tone)):
        text, button = st.columns([5, 1], vertical_alignment="center")
        words = escape_markdown(space_percents(verdict.sentence))
        text.markdown(
            f"{MARKS[verdict.tone]} **{escape_markdown(cure.words)}**{_cost(design, cure.design)}: {words}",
        )
        button.button("Apply", key=f"cure-{cure.design.digest}", on_click=_apply, args=(cure,))
    if waiting := sum(found is None and untrained.can_measure(cure.design) for cure, found in measured):
        more = f"{waiting} more is" if waiting == 1 else f"{waiting} more are"
        st.caption(f":material/hourglass_top: {more} being measured ...")
    elif known and all(verdict.tone != "good" for _, verdict in known):
        st.caption("None of these alone makes it well: apply the one whose trouble is least, and look again.")


def _apply(cure: Cure) -> None:
    """A button's callback."""
    state.replace_with_notice(cure.design, f"Applied: {cure.words}.")
    st.rerun()


def _cost(design: Design, other: Design) -> str:
    """What it costs beside the design as it is, where it costs something else."""
    told = []
    for name, of in (("parameters", costs.parameter_count), ("multiplications a step", costs.macs_per_step)):
        before, after = of(design), of(other)
        if after != before:
            told.append(f"{count(before)} → {count(after)} {name}")
    return f" ({', '.join(told)})" if told else ""
