"""Does it fit? The limits of neuromorphic chips that the drawn design is beyond, folded."""

from __future__ import annotations

import streamlit as st

from snnviz.catalog.targets import TARGETS
from snnviz.design.design import Design
from snnviz.theory.fitting import Fit, fit
from snnviz.ui.kit.words import escape_markdown
from snnviz.views.numbers import count

MOST = 12
"""Sentences of a target at most."""


def panel(design: Design) -> None:
    """Draws the targets, each with what of the design does not fit and why; nothing is computed while it is closed."""
    with st.expander("Does it fit a chip?", icon=":material/developer_board:", key="fits", on_change="rerun") as opened:
        if not opened.open:
            return
        for target in TARGETS.values():
            _draw(fit(design, target))
        st.caption("Limits are public figures, and no promise; `python -m snnviz fit` says the same, with sources.")


def _draw(found: Fit) -> None:
    icon = ":material/cancel:" if found.misfits else ":material/check_circle:"
    lines = [f"{icon} **{escape_markdown(found.sentence)}**"]
    for misfit in found.misfits[:MOST]:
        said = escape_markdown(f"{misfit.layer}: {misfit.why}" if misfit.layer else misfit.why)
        lines.append(f"- {said} [source]({misfit.source.split()[0]})")
    if len(found.misfits) > MOST:
        lines.append(f"- and {count(len(found.misfits) - MOST)} more, which `python -m snnviz fit` names")
    st.markdown("\n".join([lines[0], "", *lines[1:]]))
    rest = [f"Not known: {found.target.unknown}.", *found.target.notes, f"Sources read on {found.target.read}."]
    st.caption(escape_markdown(" ".join(rest)))
