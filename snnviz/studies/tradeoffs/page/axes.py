"""The rows of the view Ask: for each varied field its values as text, and an explanation of them."""

from __future__ import annotations

import streamlit as st

from snnviz.design.axes import parse_axis
from snnviz.design.design import Design
from snnviz.design.experiment import MOST_AXES
from snnviz.design.fieldtypes import field_type
from snnviz.errors import InputError
from snnviz.studies.tradeoffs.offers import (
    Row,
    axes_to_rows,
    field_label,
    offered_fields,
    rows_to_axes,
    suggested_values,
)
from snnviz.studies.tradeoffs.page.setting import EXPERIMENT
from snnviz.ui.kit.words import escape_markdown, pluralise
from snnviz.views.changes import value
from snnviz.views.error_messages import error_text

MOST_NAMED = 8
WIDTHS = [30, 46, 22, 8]
FORMS = (
    "A list: 0.5,1,2. A range: 0.5..1.5/5 (five values), 0.001..0.1/5log (evenly on a logarithmic scale), 1..4 (all "
    "whole numbers); for points that are spread evenly also 0.5..1.5. All kinds: *. Of skips: all:2, dsc:2, asc:2 (all "
    "with two skips), random:5."
)


def rows() -> None:
    """Draws a form row for each field that the experiment varies, and a button that adds one."""
    asked = EXPERIMENT.value
    several = axes_to_rows(asked.vary)
    for place, row in enumerate(several):
        _row(asked.base, place, row, len(several))
    full = len(several) >= 2 * MOST_AXES
    st.button(
        "Another field",
        icon=":material/add:",
        key=EXPERIMENT.widget_key("add"),
        on_click=_add,
        disabled=full,
        help="Vary one more; up to four by themselves, others together with these.",
    )


def _row(base: Design, place: int, row: Row, count: int) -> None:
    path, _, values = row[0].partition("=")
    path, own = field_type(base, path).path, offered_fields(base)
    columns = st.columns(WIDTHS, vertical_alignment="bottom")
    columns[0].selectbox(
        "Vary" if place == 0 else "And",
        own if path in own else [path, *own],
        index=own.index(path) if path in own else 0,
        format_func=field_label,
        key=_key(place, "field"),
        on_change=_put_field,
        args=(place,),
    )
    kinds = field_type(base, path).kinds
    columns[1].text_input(
        "Values",
        values,
        key=_key(place, "values"),
        on_change=_put_values,
        args=(place,),
        max_chars=4000,
        help=f"{FORMS} Kinds: {', '.join(map(str, kinds))}." if kinds else FORMS,
    )
    if place:
        columns[2].toggle(
            "with the above",
            row[1],
            key=_key(place, "joined"),
            on_change=_put_joined,
            args=(place,),
            help="Both move together: the first value of each, the second of each, and so on.",
        )
    columns[3].button(
        "Remove",
        icon=":material/close:",
        type="tertiary",
        key=_key(place, "remove"),
        on_click=_remove,
        args=(place,),
        disabled=count == 1,
    )
    st.caption(escape_markdown(reading(base, path, values)))


def reading(base: Design, path: str, values: str) -> str:
    """Returns how a field's values, given as text of an axis, are understood: their number and the values themselves.

    >>> reading(Design(), "neuron.threshold", "0.5..1.5/3"), reading(Design(), "network.edges", "dsc:1")
    ('3 values: 0.5, 1, 1.5', '6 values: 1 DSC, 1 DSC, 1 DSC, 1 DSC, 1 DSC, 1 DSC')
    >>> reading(Design(), "neuron.threshold", "0.5..1.5")
    'any number from 0.5 to 1.5'
    """
    try:
        axis = parse_axis(f"{path}={values}", base)
    except InputError as error:
        if ".." in values and "/" not in values.replace("/log", ""):
            low, high = values.removesuffix("/log").split("..", 1)
            return f"any number from {low} to {high}{', evenly on a logarithmic scale' * values.endswith('/log')}"
        return f"{error_text(error)}."
    labels = [axis.label(level) for level in range(min(len(axis.levels), MOST_NAMED))]
    shown = [label if ":" in label or "/" in label else value(axis.fields[0], label) for label in labels]
    if axis.fields == ("network.edges",):
        shown = [value("network.edges", label) for label in labels]
    more = ", ..." if len(axis.levels) > MOST_NAMED else ""
    return f"{pluralise(len(axis.levels), 'value')}: {', '.join(shown)}{more}"


def _key(place: int, what: str) -> str:
    return EXPERIMENT.widget_key(f"{what}-{place}")


def _change(several: list[Row], *, renew: bool) -> None:
    """Take these rows, if that makes an experiment; else they stay as they are, and a sentence says why."""
    EXPERIMENT.change(vary=rows_to_axes(several))
    if renew:
        EXPERIMENT.renew_widgets()
    EXPERIMENT.rerun()


def _put_field(place: int) -> None:
    if not EXPERIMENT.has_widget(f"field-{place}"):
        return
    path, several = st.session_state[_key(place, "field")], axes_to_rows(EXPERIMENT.value.vary)
    if path == field_type(EXPERIMENT.value.base, several[place][0].partition("=")[0]).path:
        return  # a control that has just been drawn may be told apart from none: that is nobody's choice
    several[place] = (f"{path}={suggested_values(EXPERIMENT.value.base, path)}", False)
    _change(several, renew=True)


def _put_values(place: int) -> None:
    if not EXPERIMENT.has_widget(f"values-{place}"):
        return
    several = axes_to_rows(EXPERIMENT.value.vary)
    path = several[place][0].partition("=")[0]
    several[place] = (f"{path}={st.session_state[_key(place, 'values')].strip()}", several[place][1])
    _change(several, renew=False)


def _put_joined(place: int) -> None:
    if not EXPERIMENT.has_widget(f"joined-{place}"):
        return
    several = axes_to_rows(EXPERIMENT.value.vary)
    several[place] = (several[place][0], bool(st.session_state[_key(place, "joined")]))
    _change(several, renew=True)


def _remove(place: int) -> None:
    several = axes_to_rows(EXPERIMENT.value.vary)
    del several[place : place + 1]
    _change(several, renew=True)


def _add() -> None:
    """The next field that is not varied yet: the initialisation, the leak, how fast it learns, and so on."""
    asked = EXPERIMENT.value
    several = axes_to_rows(asked.vary)
    taken = {field_type(asked.base, text.partition("=")[0]).path for text, _ in several}
    wished = ["neuron.threshold", "init.kind", "neuron.beta", "training.learning_rate", *offered_fields(asked.base)]
    known = set(offered_fields(asked.base))
    path = next(path for path in wished if path in known and path not in taken)
    _change([*several, (f"{path}={suggested_values(asked.base, path)}", False)], renew=True)
