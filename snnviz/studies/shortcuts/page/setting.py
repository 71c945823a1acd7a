"""What the Shortcuts page is about: a design, its branches, and how many runs; as widgets, as a drawing, as a link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from snnviz.catalog.neurons import model
from snnviz.design import links
from snnviz.design.design import Design
from snnviz.design.menus import INITS, SHORTCUTS
from snnviz.design.networks import Part
from snnviz.design.parts import Shortcut
from snnviz.design.registry import Range
from snnviz.errors import InputError
from snnviz.graph.architectures import architecture
from snnviz.graph.branches import branching, hidden
from snnviz.places import ROOT
from snnviz.studies.shortcuts.charts.net import parts
from snnviz.studies.shortcuts.charts.shortcuts import lambda_chart
from snnviz.studies.shortcuts.study import STARTS, ShortcutStudy
from snnviz.ui.components.address import address
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.components.flow import flow
from snnviz.ui.kit import notices, questions, state
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.ui.kit.words import escape_markdown
from snnviz.views.changes import design_changes
from snnviz.views.refusals import error_text
from snnviz.views.words import word

KEY = "shortcuts"
SETTINGS, RUNS = "shortcuts-settings", "shortcuts-runs"
"""Fragments."""

PREFIX = "study."
"""Of the study's fields in a link."""

OWN = "Design page"
SHORTCUT = "training.shortcut"
NUMBERS = {
    "network.depth": "Hidden layers",
    "data.steps": "Time steps T",
    "neuron.threshold": "Threshold θ",
    "data.train_samples": "Training images",
    "training.epochs": "Epochs",
}


def design() -> Design:
    """The design with branches."""
    found: Design = st.session_state.shortcuts_design
    return found


def study() -> ShortcutStudy:
    """What is done with it."""
    found: ShortcutStudy = st.session_state.shortcuts
    return found


def to_link(design: Design, study: ShortcutStudy, view: str = "compare") -> str:
    """The query string: a design as on the Design page, unless it is the deep mlp; what differs in the study; the view.

    >>> to_link(STARTS["deep mlp"], ShortcutStudy(seeds=5), "before")
    'study.seeds=5&view=before'
    >>> to_link(Design(), ShortcutStudy())
    'network.kind=block'
    """
    first = "" if design == STARTS["deep mlp"] else links.to_query(design) or "network.kind=block"
    pieces = [first, links.write_part(study, PREFIX), "" if view == "compare" else f"view={view}"]
    return "&".join(piece for piece in pieces if piece)


@st.fragment(key=SETTINGS)
@show_store_errors()
def panel() -> None:
    """The widgets, and what follows from them: the network with its branches, and their weight over the epochs."""
    _widgets()
    now = design()
    left, right = st.columns([17, 7], gap="small")
    names = [architecture(now).layers[index].name for index in branching(now)]
    where = f"after {', '.join(names)}" if names else "none: with the schedule zero there are no branches"
    with left:
        caption = f"Solid: the network that is trained, and all that inference has. Dashed: branches, {where}."
        flow(parts(now), "The network and its branches", caption, key="shortcuts-network")
    with right:
        charts(payload([lambda_chart(now)]), key="shortcuts-lambda")
    address(to_link(now, study(), st.session_state.shortcuts_view), key="shortcuts-address", steps=True)


def _widgets() -> None:
    now, shortcut = design(), design().training.shortcut
    top = st.columns([46, 18, 22, 14], vertical_alignment="bottom")
    _starts(top[0])
    questions.data(top[1], now.data.name, KEY, _put_data)
    _menu(top[2], "init", "Initialisation", INITS.kinds, now.init.kind)
    to_design = top[3].button("Edit it", icon=":material/hub:", width="stretch", key="shortcuts-edit")
    if to_design:
        state.replace_with_notice(now, "Taken from Shortcuts.")
        st.switch_page(ROOT / "pages" / "design.py")
    weights = SHORTCUTS[shortcut.schedule.kind].parameters
    row = st.columns([13, *[10] * len(weights), 36, 18], vertical_alignment="bottom")
    _menu(row[0], f"{SHORTCUT}.schedule", "Schedule", SHORTCUTS.kinds, shortcut.schedule.kind)
    for place, parameter in zip(row[1:], weights, strict=False):
        path, value = f"{SHORTCUT}.schedule.{parameter.name}", shortcut.schedule.parameters[parameter.name]
        label = {"weight": "Weight λ₀"}.get(parameter.name, parameter.name.capitalize())
        _number(place, path, label, value, parameter.range, whole=parameter.whole)
    layers = architecture(now).layers
    names = [layers[index].name for index in hidden(now)]
    row[-2].multiselect(
        "Branches after",
        range(1, len(names) + 1),
        default=[number for number in shortcut.layers if number <= len(names)],
        format_func=lambda number: names[number - 1] if number <= len(names) else str(number),
        placeholder="1/4, 1/2 and 3/4 of the depth, or each block",
        help=word(f"{SHORTCUT}.layers").help,
        key=f"{KEY}-{SHORTCUT}.layers@{questions.revision(KEY)}",
        on_change=_put_layers,
    )
    row[-1].segmented_control(
        "Weighting",
        ["plain", "normalised"],
        default=shortcut.weighting,
        required=True,
        help=word(f"{SHORTCUT}.weighting").help,
        wrap=True,
        key=f"{KEY}-{SHORTCUT}.weighting@{questions.revision(KEY)}",
        on_change=_put,
        args=(f"{SHORTCUT}.weighting",),
    )
    _numbers(now)
    if problem := st.session_state.get("shortcuts_setting_problem"):
        st.error(escape_markdown(problem), icon=":material/error:")


def _numbers(now: Design) -> None:
    deep = now.network.hidden_layers is not None
    shown = {path: label for path, label in NUMBERS.items() if deep or path != "network.depth"}
    columns = st.columns([*[10] * len(shown), 10, 12], vertical_alignment="bottom")
    for column, (path, label) in zip(columns, shown.items(), strict=False):
        part, field = path.split(".")
        owner: Part = getattr(now, part)
        limits = _range(owner, field)
        whole = type(owner).model_fields[field].annotation is int
        held = not model(now.neuron).states and path == "data.steps"
        _number(column, path, label, getattr(owner, field), limits, whole=whole, disabled=held)
    seeds = _range(study(), "seeds")
    columns[-1].selectbox(
        "Controls",
        ["without", "with"],
        index=["without", "with"].index(study().controls),
        help="With: also runs without branches for more epochs, so that they take as many operations as branches do.",
        key=f"{KEY}-controls@{questions.revision(KEY)}",
        on_change=put_study,
        args=("controls",),
    )
    columns[-2].number_input(
        "Seeds",
        int(seeds.low),
        int(seeds.high),
        study().seeds,
        help=seeds.help,
        key=f"{KEY}-seeds@{questions.revision(KEY)}",
        on_change=put_study,
        args=("seeds",),
    )


def _starts(place: Any) -> None:
    bare = _bare(design())
    known = {name: start for name, start in STARTS.items() if _bare(start) == bare}
    marked = next(iter(known), OWN if _bare(state.design()) == bare else None)
    key = f"{KEY}-start@{questions.revision(KEY)}/{marked}"
    place.segmented_control(
        "Start from", [*STARTS, OWN], default=marked, wrap=True, key=key, on_change=_start, args=(key,)
    )


def _start(key: str) -> None:
    name, before = st.session_state[key], design()
    if name is None:
        return
    _replace(STARTS[name] if name in STARTS else taken(state.design(), before))
    after = design()
    notices.show_notice(
        f"Started from {name}.", design_changes(before, after), partial(_replace, before), lambda: design() == after
    )
    notices.rerun_fragments(SETTINGS, RUNS)


def taken(own: Design, before: Design) -> Design:
    """A design with its own branches, or, where it has none, with the schedule that was shown before."""
    if own.training.shortcut.schedule.kind != "zero":
        return own
    shown = before.training.shortcut.schedule
    return links.change(own, {_KIND: dict(shown) if shown.kind != "zero" else "linear"})


_KIND = f"{SHORTCUT}.schedule"


def _bare(of: Design) -> Design:
    """Without its branches, to be compared."""
    return of.model_copy(update={"training": of.training.model_copy(update={"shortcut": Shortcut()})})


def _replace(new: Design) -> None:
    """Another design takes the place of the one that is shown."""
    session = st.session_state
    session.shortcuts_design, session.shortcuts_setting_problem, session.shortcuts_link_problem = new, "", ""
    questions.renew(KEY)


def _put_data(_: str) -> None:
    if questions.is_said("data", KEY):
        _change({"data.name": questions.chosen("data", KEY)})


def _put(path: str) -> None:
    if questions.is_said(path, KEY):
        _change({path: questions.chosen(path, KEY)})


def _put_kind(path: str) -> None:
    """Another entry; the weight of the branches stays."""
    if not questions.is_said(path, KEY):
        return
    given: dict[str, Any] = {"kind": questions.chosen(path, KEY)}
    entry = (SHORTCUTS if path == _KIND else INITS)[given["kind"]]
    before = design().training.shortcut.schedule.parameters
    if path == _KIND and "weight" in before and any(p.name == "weight" for p in entry.parameters):
        given["weight"] = before["weight"]
    _change({path: given}, renew=True)


def _put_layers() -> None:
    path = f"{SHORTCUT}.layers"
    if questions.is_said(path, KEY):
        _change({path: ",".join(map(str, sorted(questions.chosen(path, KEY))))})


def _change(settings: Mapping[str, Any], *, renew: bool = False) -> None:
    session = st.session_state
    try:
        session.shortcuts_design = links.change(design(), settings)
        session.shortcuts_setting_problem = session.shortcuts_link_problem = ""
    except InputError as error:
        session.shortcuts_setting_problem = f"{error_text(error)}."
        renew = True
    if renew:
        questions.renew(KEY)
    notices.rerun_fragments(SETTINGS, RUNS)


def put_study(name: str) -> None:
    """A field of the study."""
    questions.put(name, "shortcuts", KEY, ShortcutStudy.check)
    notices.rerun_fragments(SETTINGS, RUNS)


def _menu(place: Any, path: str, label: str, kinds: Sequence[str], value: str) -> None:
    place.selectbox(
        label,
        kinds,
        index=list(kinds).index(value),
        format_func=lambda kind: kind.replace("-", " "),
        key=f"{KEY}-{path}@{questions.revision(KEY)}",
        on_change=_put_kind,
        args=(path,),
    )


def _number(
    place: Any, path: str, label: str, value: float, limits: Range, *, whole: bool, disabled: bool = False
) -> None:
    kind = int if whole else float
    shown: Any = kind(value) if value or path not in questions.ALL else None
    place.number_input(
        label,
        kind(limits.low),
        kind(limits.high),
        shown,
        kind(limits.step or 1),
        placeholder="all" if path in questions.ALL else None,
        format=None if whole else "%g",
        help=limits.help or None,
        key=f"{KEY}-{path}@{questions.revision(KEY)}",
        on_change=_put,
        args=(path,),
        disabled=disabled,
    )


def _range(part: Part, field: str) -> Range:
    return next(item for item in type(part).model_fields[field].metadata if isinstance(item, Range))
