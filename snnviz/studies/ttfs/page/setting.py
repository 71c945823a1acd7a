"""State of the TTFS page: a ReLU network and the conversion to its twin, with widgets and link."""

from __future__ import annotations

import streamlit as st

from snnviz.design.design import Design
from snnviz.graph.ttfs import relu_network, ttfs_network
from snnviz.places import TOP
from snnviz.studies.ttfs.curves import LimitSettings
from snnviz.studies.ttfs.penalty import PenaltyStudy
from snnviz.studies.ttfs.study import STARTS, TtfsStudy
from snnviz.ui.design import nearest
from snnviz.ui.kit import state
from snnviz.ui.kit.designs import PageDesign
from snnviz.ui.kit.settings import PageSettings
from snnviz.ui.kit.store_errors import show_store_errors

SETTINGS, RUNS, VIEW, LINK = "ttfs-settings", "ttfs-runs", "ttfs-view", "ttfs-link"
"""Keys of the page's fragments. Each view is one with the key `VIEW`."""

ALL = (SETTINGS, RUNS, VIEW, LINK)

USUAL = next(iter(STARTS))
"""Name of the design that a link leaves out."""

SHOWN = {
    "network.depth": "Hidden layers",
    "network.width": "Neurons a layer",
    "network.channels": "",
    "network.stages": "",
    "network.pool_every": "",
    "data.train_samples": "",
    "training.learning_rate": "",
    "training.epochs": "",
    "seed": "",
}
"""Fields of the network, with labels where they differ from other pages."""

NAMES = {"relu": "the ReLU network", "ttfs": "the TTFS network", "rate": "the rate-coded network"}

STUDY = PageSettings(TtfsStudy(), "ttfs", prefix="study.", fragments=ALL, noun="study")
"""State: which weights, which twin, and what is selected."""

LIMITS = PageSettings(LimitSettings(), "ttfs_limits", prefix="limits.", fragments=ALL)
"""State: the hardware limits, and the limit over which a curve is drawn."""

PENALTY = PageSettings(PenaltyStudy(), "ttfs_penalty", prefix="penalty.", fragments=ALL)
"""State: the compared penalties, and the number of seeds."""

DESIGN = PageDesign(
    "ttfs",
    STARTS,
    fragments=ALL,
    other_prefixes=["study.", "naive.", "limits.", "penalty."],
    from_edited=lambda own, _: relu_network(own),
    convert=relu_network,
    refusal="The Design page's design has no TTFS twin: ",
)
"""State: the ReLU network. Its twin is `twin()`."""


def twin() -> Design:
    """Returns the design of the TTFS (time-to-first-spike) network that is trained from the same weights, images and
    seed as the page's ReLU network.
    """
    return ttfs_network(DESIGN.value)


@st.fragment(key=SETTINGS)
@show_store_errors()
def panel() -> None:
    """Draws the widgets of the ReLU network."""
    now = DESIGN.value
    top = st.columns([58, 22, 20], vertical_alignment="bottom")
    DESIGN.start_menu(top[0])
    DESIGN.data(top[1], still=True)
    if top[2].button("Edit it", icon=":material/hub:", width="stretch", key="ttfs-edit", help="On the Design page."):
        state.replace_with_notice(twin(), "Taken from TTFS.")
        st.switch_page(TOP / "pages" / "design.py")
    fields = type(now.network).model_fields
    shown = [path for path in SHOWN if not path.startswith("network.") or path[8:] in fields]
    for column, path in zip(st.columns(len(shown)), shown, strict=True):
        share = path == "network.width" and now.network.scaled
        DESIGN.number(column, path, label="Width (original: 1)" if share else SHOWN[path])
    DESIGN.show_problem()
    nearest.offer_nearest(
        DESIGN.key,
        DESIGN.offer,
        now,
        lambda found: DESIGN.replace(found.design),
        DESIGN.replace,
        lambda: DESIGN.value,
        DESIGN.rerun,
    )
