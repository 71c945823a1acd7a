"""State of the Activity page in a visitor's session: the setting, its link, and the exchange with the Design page.

Two settings are kept: the one that the sliders show, and the last one that can be computed in time, which is drawn and
stands in the link.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median_low
from typing import Any, get_args

import streamlit as st

from snnviz.catalog.inits import (
    InputStatistics,
    format_init,
    is_valid_for,
    parse_init,
    spike_probability,
    weight_distribution,
)
from snnviz.catalog.neurons import as_lif, model, threshold
from snnviz.design import links
from snnviz.design.design import Design
from snnviz.design.menus import INITS, Choice
from snnviz.design.parts import AnyNeuron
from snnviz.design.registry import Number
from snnviz.errors import InputError
from snnviz.graph.architectures import INPUT, build_architecture
from snnviz.studies.activity import neurons
from snnviz.studies.activity.charts.activity import label
from snnviz.studies.activity.page import study
from snnviz.studies.activity.theory.activity import ActivityConfig, default_inits
from snnviz.ui.components import sliders
from snnviz.ui.components.block_editor import new_revision
from snnviz.ui.components.charts import picked
from snnviz.ui.components.sliders import Slider, logarithmic
from snnviz.ui.kit import notices, restrictions, state
from snnviz.ui.kit.fields import field
from snnviz.ui.kit.fragments import rerun_fragments
from snnviz.ui.kit.linked import is_back_navigation
from snnviz.ui.kit.settings import PageSettings
from snnviz.ui.kit.words import as_sentence

PANEL, DETAILS, SLIDERS = "activity", "activity-details", "activity-sliders"
"""Keys of the fragment with the sliders and main charts, of the fragment below it, and of the sliders."""

NUMBERS = ("threshold", "beta", "width", "layers", "steps", "seeds")
SPARED_WORK = 2e7
"""Limit of the work while a slider is dragged, so that the figures follow it."""


class ActivitySettings(PageSettings[ActivityConfig]):
    """State of the page's sliders. In addition the session holds the drawn setting: the last that can be computed in
    time.
    """

    def set(self, value: ActivityConfig) -> None:
        """Sets the setting, and draws it if it can be computed in time; else shows why not."""
        session = st.session_state
        super().set(value)
        try:
            value.affordable()
        except InputError as error:
            self.set_problem(f"{as_sentence(error)} The figures still show the setting before.")
            session.setdefault("drawn", ActivityConfig())
        else:
            session.drawn = value

    def renew_widgets(self) -> None:
        """Resets all widgets to the setting, sliders included, which have a revision of their own."""
        super().renew_widgets()
        st.session_state.setting_revision = new_revision()


def _read(query: Mapping[str, str]) -> ActivityConfig:
    """Also refused where it would take too long."""
    given = links.part_from_query(ActivityConfig, query)
    found = ActivityConfig.check(
        {name: value for name, value in given.items() if not name.startswith(study.STUDY.prefix)}
    )
    found.affordable()
    return found


SETTING = ActivitySettings(ActivityConfig(), "activity", name="setting", fragments=(PANEL, DETAILS), read=_read)
"""The page's setting, without the training study below it."""


def begin() -> None:
    """Initialises the page's session at the top of the page, from the link if the visit started here."""
    session = st.session_state
    session.dragging = False
    session.setdefault("looked", ("", 0))
    query = dict(st.query_params) if state.is_entry_page("activity") else {}
    for part in (study.STUDY, SETTING):
        if part.name not in session or is_back_navigation():
            part.begin(query)
            part.renew_widgets()


def drawn_setting() -> ActivityConfig:
    """Returns the setting that the figures show: the last one that can be computed in time, with as many seeds as
    possible.
    """
    found: ActivityConfig = st.session_state.drawn
    return _spared(found) if st.session_state.dragging else found.affordable()


def dragging() -> bool:
    """Returns whether the visitor is dragging a slider of the page now."""
    held: bool = st.session_state.dragging
    return held


def link() -> str:
    """Returns the query string of the setting and of the training study below it."""
    return "&".join(part for part in (SETTING.to_link(st.session_state.drawn), study.STUDY.link) if part)


def problems() -> list[str]:
    """Returns the error messages that are shown above the figures."""
    return [text for text in (SETTING.problem(linked=True), SETTING.problem()) if text]


def revision() -> str:
    """Returns the revision that is part of every widget's key; a new one resets the widgets."""
    text: str = st.session_state.setting_revision
    return text


def selected_init() -> int:
    """Returns the index of the initialisation that the lower figures show."""
    kind, nth = st.session_state.looked
    places = [place for place, init in enumerate(SETTING.value.inits) if init.kind == kind]
    return places[min(nth, len(places) - 1)] if places else 0


# -- callbacks --------------------------------------------------------------------------------------------------------


def put_sliders() -> None:
    """Callback of the sliders: sets their values. While a slider is dragged, the lower figures are only redrawn if they
    are fast.
    """
    session = st.session_state
    moved = sliders.slider_values(SLIDERS, shown_sliders(), revision())
    if moved is not None:
        session.dragging = moved.dragging
        SETTING.set_allowed(_with_numbers(SETTING.value, moved.values))
    slow = session.get("details_seconds", 0.0) > 0.06
    notices.rerun_fragments(PANEL, *([] if moved is not None and moved.dragging and slow else [DETAILS]))


def put(name: str, widget: str) -> None:
    """Callback of a segmented control: sets the field `name` to the widget's value."""
    SETTING.change(**{name: st.session_state[widget]})
    SETTING.rerun()


def put_inits(widget: str) -> None:
    """Callback of the buttons (pills) of initialisations: adds and removes some, in the registry's order; those that
    stay keep their parameters.
    """
    kinds, now = st.session_state[widget], SETTING.value
    kept = [init for init in now.inits if init.kind in kinds]
    new = [parse_init(kind) for kind in kinds if kind not in {init.kind for init in kept}]
    order = list(INITS.kinds)
    new = [init for init in new if is_valid_for(init.kind, now.neuron)]
    inits = sorted([*kept, *new], key=lambda init: order.index(init.kind))
    SETTING.take(now.model_copy(update={"inits": tuple(inits[:12]) or now.inits}))


def put_steps(steps: int) -> None:
    """Callback of a button: sets the number of time steps."""
    SETTING.take(SETTING.value.model_copy(update={"steps": steps}))


def select_init(widget: str) -> None:
    """Callback of a menu: selects the initialisation shown in the lower figures."""
    _select_init(st.session_state[widget])
    rerun_fragments(DETAILS)


def _select_init(place: int) -> None:
    kinds = [init.kind for init in SETTING.value.inits]
    st.session_state.looked = (kinds[place], kinds[:place].count(kinds[place]))


def select_on_map(board: str) -> None:
    """Callback of a click on the survival map: selects an initialisation, or opens the visitor's design."""
    found = picked(board)
    names = [format_init(init) for init in SETTING.value.inits]
    if found is not None and found[0] == "own":
        open_design()
    elif found is not None and found[1] in names:
        _select_init(names.index(found[1]))
        SETTING.renew_widgets()  # the menu beside it follows
    SETTING.rerun()


def select_layer(widget: str) -> None:
    """Callback of a slider: selects the layer whose potentials are shown."""
    st.session_state.layer_looked_at = st.session_state[widget]
    rerun_fragments(DETAILS)


def reset() -> None:
    """Callback of a button: restores the default setting of the Activity page."""
    SETTING.take(ActivityConfig(), "Started again.")


def _spared(setting: ActivityConfig) -> ActivityConfig:
    """With as few seeds as can be drawn at once, but one."""
    share = SPARED_WORK / setting.work
    return setting.model_copy(update={"seeds": max(1, min(setting.seeds, int(setting.seeds * share)))})


# -- the sliders of a setting -----------------------------------------------------------------------------------------


def shown_sliders() -> list[Slider]:
    """Returns one slider for each number of the setting and for each parameter of its initialisations."""
    now, shown = SETTING.value, []
    for name in NUMBERS:
        if restrictions.is_hidden(name):
            continue
        one, usual = field(now, name), getattr(SETTING.usual, name)
        low, high = one.bounds
        stops = logarithmic(low, high, usual) if name == "width" else ()
        locked = restrictions.is_locked(name)
        shown.append(
            Slider(name, one.label, one.value, usual, low, high, one.step, one.whole, stops, one.range.help, "", locked)
        )
    for place, init in enumerate(now.inits if not restrictions.is_hidden("inits") else ()):
        for parameter in INITS[init.kind].parameters:
            limits = parameter.range
            shown.append(
                Slider(
                    f"{place}.{parameter.name}",
                    f"{init.kind.replace('-', ' ')}: {parameter.name}",
                    init.parameters[parameter.name],
                    parameter.default,
                    limits.low,
                    limits.high,
                    limits.step or (1 if parameter.whole else (limits.high - limits.low) / 100),
                    parameter.whole,
                    help=limits.help,
                    group="Numbers of the initialisations",
                    locked=restrictions.is_locked("inits"),
                )
            )
    return shown


def options(name: str) -> list[str]:
    """Returns the allowed values of the setting's field `name`, which has few options, for its control."""
    return list(get_args(ActivityConfig.model_fields[name].annotation))


def _with_numbers(setting: ActivityConfig, values: Mapping[str, Number]) -> ActivityConfig:
    inits: list[Choice] = []
    for place, init in enumerate(setting.inits):
        given = {name: values.get(f"{place}.{name}", value) for name, value in init.parameters.items()}
        inits.append(Choice({"kind": init.kind, **given}))
    numbers: dict[str, Any] = {name: values[name] for name in NUMBERS if name in values}
    return setting.model_copy(update={**numbers, "inits": tuple(inits)})


# -- from and to a design ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TypicalLayer:
    """Fan-in and fan-out of a typical hidden layer of a design, and its number of hidden layers (`hidden`)."""

    fan_in: int
    fan_out: int
    hidden: int


def typical_layer(design: Design) -> TypicalLayer:
    """Returns fan-in and fan-out of the layer with the median fan-in among a design's layers between the first one and
    the readout.
    """
    layers = build_architecture(design).layers
    inner = [layer for layer in layers[:-1] if layer.weighted and all(s.layer != INPUT for s in layer.sources)]
    hidden = inner or layers[-1:]
    fan_in = median_low([layer.fan_in for layer in hidden])
    chosen = next(layer for layer in hidden if layer.fan_in == fan_in)
    return TypicalLayer(fan_in, chosen.fan_out, sum(layer.weighted for layer in layers[:-1]))


def refusal_text(design: Design) -> str:
    """Returns a sentence on why the design's neurons cannot be shown on this page, or ""."""
    if neurons.can_be_drawn(design.neuron):
        return ""
    name = model(design.neuron).label
    return f"This page draws neurons that spike above a threshold; those of your design, {name}, do not."


def design_point(design: Design) -> tuple[float, float, str] | None:
    """Returns the design's point on the survival map: n Var[w] of a typical layer, its threshold, and a label.

    None if its neurons cannot be shown.
    """
    one, theta = typical_layer(design), _theta(design.neuron)
    if theta is None:
        return None
    drive = InputStatistics(spike_probability(theta), design.data.steps)
    law = weight_distribution(design.init, one.fan_in, one.fan_out, design.neuron, drive)
    return law.variance * one.fan_in, theta, f"your design, {label(design.init)}"


def _theta(neuron: AnyNeuron) -> float | None:
    lif = as_lif(neuron)
    return threshold(neuron) if lif is None else lif.threshold


def setting_of_design(design: Design, *, layers: int | None = None) -> ActivityConfig:
    """Returns the setting of a fully connected stack with the design's neuron, time steps, fan-in and depth (or
    `layers`).

    Raises `InputError` if its neurons cannot be shown.
    """
    if why := refusal_text(design):
        raise InputError("neuron.kind", f"be one that can be drawn here ({why})", design.neuron.kind)
    one, neuron, theta = typical_layer(design), as_lif(design.neuron) or design.neuron, _theta(design.neuron)
    assert theta is not None
    own = parse_init(dict(design.init))
    others = [init for init in default_inits() if init != own and is_valid_for(init.kind, design.neuron)]
    usual = ActivityConfig()
    numbers = {
        "threshold": theta,
        "beta": float(getattr(neuron, "beta", usual.beta)),
        "width": one.fan_in,
        "layers": layers or one.hidden + 1,
        "steps": design.data.steps,
    }
    ends = {name: field(SETTING.usual, name).range for name in numbers}
    within = {name: min(max(value, ends[name].low), ends[name].high) for name, value in numbers.items()}
    reset = getattr(neuron, "reset", usual.reset)
    return ActivityConfig.check(
        {**within, "reset": reset, "inits": [own, *others][:12], "kind": neurons.format_neuron(design.neuron)}
    )


def open_design(*, layers: int | None = None) -> None:
    """Shows the edited design on this page, in as many layers as it has or in `layers`."""
    new = setting_of_design(state.design(), layers=layers)
    if SETTING.name in st.session_state:
        SETTING.replace(new, "Loaded from Design.")
    else:
        SETTING.set(new)
        SETTING.renew_widgets()
    _select_init(0)


def open_design_in_100_layers() -> None:
    """Callback of the Design page's button: shows the edited design in 100 layers on this page."""
    open_design(layers=100)


def bring_design() -> None:
    """Callback of a button: sets the Activity page to the design that is edited on the Design page."""
    open_design()
    SETTING.rerun()


def use_in_design() -> None:
    """Callback of a button: sets neuron, time steps and initialisation of the edited design from this page."""
    now = SETTING.value
    init = now.inits[selected_init()]
    fields = now.neuron.model_dump(exclude={*neurons.UNSEEN})
    settings: dict[str, Any] = {f"neuron.{name}": value for name, value in fields.items()}
    if state.design().neuron.kind != now.neuron.kind:
        settings["neuron.kind"] = now.neuron.kind
    settings |= {"data.steps": now.steps, "init.kind": init.kind}
    settings |= {f"init.{name}": value for name, value in init.parameters.items()}
    state.replace_with_notice(links.change(state.design(), settings), "Taken from Activity.")
    st.session_state.section = "Initialisation"  # the tab of the form, where it is seen
