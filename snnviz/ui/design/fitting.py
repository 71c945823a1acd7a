"""Does it fit? The limits of neuromorphic chips that the drawn design is beyond, folded."""

from __future__ import annotations

import streamlit as st

from snnviz.catalog.targets import TARGETS, Target
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
        st.caption("Limits are public figures, and no promise; `python -m snnviz fit` says the same, layer by layer.")


def _draw(found: Fit) -> None:
    icon = ":material/cancel:" if found.misfits else ":material/check_circle:"
    lines = [f"{icon} **{escape_markdown(found.sentence)}**", ""]
    layers: dict[tuple[str, str], list[str]] = {}
    for misfit in found.misfits:
        layers.setdefault((misfit.why, misfit.source), []).append(misfit.layer)
    for (why, source), names in list(layers.items())[:MOST]:
        said = escape_markdown(f"{', '.join(names)}: {why}" if any(names) else why)
        lines.append(f"- {said} [source]({_address(source)})")
    if len(layers) > MOST:
        lines.append(f"- and {count(len(layers) - MOST)} more, which `python -m snnviz fit` names")
    st.markdown("\n".join(lines))
    rest = [f"Not known: {found.target.unknown}.", *found.target.notes]
    st.caption(f"{escape_markdown(' '.join(rest))} {_sources(found.target)}")


def _sources(target: Target) -> str:
    addresses = dict.fromkeys(_address(limit.source) for limit in target.limits)
    links = ", ".join(f"[{number}]({address})" for number, address in enumerate(addresses, 1))
    return f"Sources, read on {target.read}: {links}."


def _address(source: str) -> str:
    return source.split()[0]
