"""State of the Shortcuts page: a design, its shortcut branches (auxiliary classifiers) and how many runs are compared,
with widgets, drawing and link.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from snnviz.catalog.neurons import model
from snnviz.design import links
from snnviz.design.design import Design
from snnviz.design.menus import SHORTCUTS
from snnviz.design.parts import Shortcut
from snnviz.graph.architectures import build_architecture
from snnviz.graph.branches import branch_layers, hidden_layers
from snnviz.places import TOP
from snnviz.studies.shortcuts.charts.net import network_boxes
from snnviz.studies.shortcuts.charts.shortcuts import lambda_chart
from snnviz.studies.shortcuts.study import STARTS, ShortcutStudy
from snnviz.ui.components.address import address
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.components.flow import flow
from snnviz.ui.kit import fields, state
from snnviz.ui.kit.designs import PageDesign
from snnviz.ui.kit.fields import Binding
from snnviz.ui.kit.settings import PageSettings
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.ui.kit.view_switch import Views
from snnviz.views.words import word

SETTINGS, RUNS = "shortcuts-settings", "shortcuts-runs"
"""Keys of the page's fragments."""

VIEWS = Views("shortcuts", {"compare": "While training", "before": "Before training"})

SHORTCUT = "training.shortcut"
_KIND = f"{SHORTCUT}.schedule"
NUMBERS = ("network.depth", "data.steps", "neuron.threshold", "data.train_samples", "training.epochs")


def with_own_branches(own: Design, before: Design) -> Design:
    """Returns the design `own`; if it has no shortcut branches (auxiliary classifiers), with the schedule of those of
    `before`.
    """
    if own.training.shortcut.schedule.kind != "zero":
        return own
    shown = before.training.shortcut.schedule
    return links.change(own, {_KIND: dict(shown) if shown.kind != "zero" else "linear"})


def _bare(of: Design) -> Design:
    """Without its branches, to be compared."""
    return of.model_copy(update={"training": of.training.model_copy(update={"shortcut": Shortcut()})})


STUDY = PageSettings(ShortcutStudy(), "shortcuts", prefix="study.", fragments=(SETTINGS, RUNS), noun="study")
"""State of the study on the page: how many runs, and which networks are surveyed."""

DESIGN = PageDesign(
    "shortcuts",
    STARTS,
    fragments=(SETTINGS, RUNS),
    other_prefixes=[STUDY.prefix],
    from_edited=with_own_branches,
    compare_by=_bare,
)
"""State of the design with branches on the page."""


def to_link(design: Design, study: ShortcutStudy, view: str = VIEWS.first) -> str:
    """Returns the query string of a link: design, study and view, leaving out defaults.

    >>> to_link(STARTS["deep mlp"], ShortcutStudy(seeds=5), "before")
    'study.seeds=5&view=before'
    >>> to_link(Design(), ShortcutStudy())
    'network.kind=block'
    """
    pieces = DESIGN.to_link(design), STUDY.to_link(study), VIEWS.write(view)
    return "&".join(piece for piece in pieces if piece)


@st.fragment(key=SETTINGS)
@show_store_errors()
def panel() -> None:
    """Draws the widgets, the network with its shortcut branches, and the weight of their losses over the epochs."""
    _widgets()
    now = DESIGN.value
    left, right = st.columns([17, 7], gap="small")
    names = [build_architecture(now).layers[index].name for index in branch_layers(now)]
    where = f"after {', '.join(names)}" if names else "none: with the schedule zero there are no branches"
    with left:
        caption = f"Solid: the network that is trained, and all that inference has. Dashed: branches, {where}."
        flow(network_boxes(now), "The network and its branches", caption, key="shortcuts-network")
    with right:
        charts(payload([lambda_chart(now)]), key="shortcuts-lambda")
    address(to_link(now, STUDY.value, VIEWS.current), key="shortcuts-address", steps=True)


def _widgets() -> None:
    now, shortcut = DESIGN.value, DESIGN.value.training.shortcut
    top = st.columns([46, 18, 22, 14], vertical_alignment="bottom")
    DESIGN.start_menu(top[0])
    DESIGN.data(top[1])
    _menu(top[2], "init")
    to_design = top[3].button("Edit it", icon=":material/hub:", width="stretch", key="shortcuts-edit")
    if to_design:
        state.replace_with_notice(now, "Taken from Shortcuts.")
        st.switch_page(TOP / "pages" / "design.py")
    weights = SHORTCUTS[shortcut.schedule.kind].parameters
    row = st.columns([13, *[10] * len(weights), 36, 18], vertical_alignment="bottom")
    _menu(row[0], _KIND, label="Schedule")
    for place, parameter in zip(row[1:], weights, strict=False):
        DESIGN.number(place, f"{_KIND}.{parameter.name}")
    layers = build_architecture(now).layers
    names = [layers[index].name for index in hidden_layers(now)]
    path = f"{SHORTCUT}.layers"
    row[-2].multiselect(
        "Branches after",
        range(1, len(names) + 1),
        default=[number for number in shortcut.layers if number <= len(names)],
        format_func=lambda number: names[number - 1] if number <= len(names) else str(number),
        placeholder="1/4, 1/2 and 3/4 of the depth, or each block",
        help=word(path).help,
        key=DESIGN.widget_key(path),
        on_change=_put_layers,
        args=(path,),
    )
    DESIGN.segments(row[-1], f"{SHORTCUT}.weighting", options=["plain", "normalised"])
    deep = now.network.hidden_layers is not None
    shown = [path for path in NUMBERS if deep or path != "network.depth"]
    columns = st.columns([*[10] * len(shown), 10, 12], vertical_alignment="bottom")
    for column, path in zip(columns, shown, strict=False):
        label = "Hidden layers" if path == "network.depth" else ""
        DESIGN.number(column, path, label=label, disabled=not model(now.neuron).states and path == "data.steps")
    STUDY.number(columns[-2], "seeds")
    about = "With: also runs without branches for more epochs, so that they take as many operations as branches do."
    columns[-1].selectbox(
        "Controls",
        ["without", "with"],
        index=["without", "with"].index(STUDY.value.controls),
        help=about,
        key=STUDY.widget_key("controls"),
        on_change=STUDY.put,
        args=("controls",),
    )
    DESIGN.show_problem()


def _menu(place: Any, path: str, label: str = "") -> None:
    fields.choice_menu(place, DESIGN.value, path, Binding(DESIGN.widget_key(path), _put_kind, (path,)), label=label)


def _put_kind(path: str) -> None:
    """Another entry; the weight of the branches stays."""
    if not DESIGN.has_widget(path):
        return
    given: dict[str, Any] = {"kind": DESIGN.widget_value(path)}
    before = DESIGN.value.training.shortcut.schedule.parameters
    entry = fields.registry(DESIGN.value, path)[given["kind"]]
    if path == _KIND and "weight" in before and any(p.name == "weight" for p in entry.parameters):
        given["weight"] = before["weight"]
    DESIGN.change({path: given}, renew=True)


def _put_layers(path: str) -> None:
    if DESIGN.has_widget(path):
        DESIGN.change({path: ",".join(map(str, sorted(DESIGN.widget_value(path))))})
