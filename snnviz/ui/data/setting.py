"""State of the Data page: the selected data set with a design's settings, the shown sample, and both as a link.

The edited design's own data set is shown with the design's settings, and changes apply to the design. Another data set
has temporary settings of its own until it is used in the design.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import streamlit as st

from snnviz.data import datasets
from snnviz.design import links
from snnviz.design.design import Design
from snnviz.design.menus import DATASETS, EVENTS
from snnviz.design.parts import Data
from snnviz.design.registry import Range
from snnviz.design.submitted import Document
from snnviz.errors import InputError
from snnviz.ui.kit import state
from snnviz.ui.kit.kind_switching import with_dataset
from snnviz.ui.kit.linked import is_back_navigation, read_link
from snnviz.ui.kit.settings import PageSettings
from snnviz.ui.kit.words import as_sentence
from snnviz.views.error_messages import error_text

VIEWS = {"sets": "Data sets", "own": "Add your own"}
"""Labels of the page's views, by their names in a link."""


class SampleChoice(Document):
    """Which sample the Data page shows: the `number`-th (from 0) of the training or test samples, or of those with the
    class `label` (-1 for all).

    view: the view of the page: data sets, or uploads ("own").
    """

    noun = "a look"

    part: Literal["train", "test"] = "train"
    label: Annotated[int, Range(-1, 100_000, "Only samples of this class; -1: all.", 1)] = -1
    number: Annotated[int, Range(0, 10_000_000, "Which of them, from 0.", 1)] = 0
    view: Literal["sets", "own"] = "sets"


LOOK = PageSettings(SampleChoice(), "data", name="data_look", prefix="show.")
"""State of the shown sample. All other fields of a link are a design's."""


def begin() -> None:
    """Initialises the page's session at the top of the page, from the link if the visit started here."""
    session = st.session_state
    if "data_look" in session and is_back_navigation():
        _go_back()
        return
    if "data_look" in session:
        if session.data_other is not None and session.data_other.data.name == state.design().data.name:
            session.data_other = None
        return
    session.data_look, session.data_other = SampleChoice(), None
    session.data_problem = session.data_link_problem = session.data_setting_problem = ""
    if not state.is_entry_page("data"):
        return
    try:
        (found, look), session.data_link_problem = read_link(from_link, dict(st.query_params))
    except InputError as error:
        session.data_link_problem = f"{as_sentence(error)} The default design's data are shown instead."
    else:
        state.replace(found)
        session.data_look = look


def _go_back() -> None:
    """Show what the address says: the edited design's data, or another set's beside it."""
    session = st.session_state
    try:
        (found, session.data_look), session.data_link_problem = read_link(from_link, dict(st.query_params))
    except InputError as error:
        session.data_link_problem = f"{as_sentence(error)} All stays as it is."
        return
    session.data_other = found if found.data.name != state.design().data.name else None
    if session.data_other is None and found != state.design():
        state.replace(found)


def from_link(query: Mapping[str, str]) -> tuple[Design, SampleChoice]:
    """Returns the design and the sample of a link. Raises `InputError`."""
    own = {name: text for name, text in query.items() if not name.startswith(LOOK.prefix)}
    return links.from_query(own, bare=links.has_no_settings(query)), LOOK.from_link(query)


def to_link(design: Design, look: SampleChoice) -> str:
    """Returns the query string of a link: a design as on the Design page, and the sample.

    >>> to_link(Design(), SampleChoice(part="test", number=3))
    'show.part=test&show.number=3'
    """
    return "&".join(piece for piece in (links.to_query(design), LOOK.to_link(look)) if piece)


def shown_design() -> Design:
    """Returns the design whose data set is shown: the edited one, or a copy with another data set."""
    other: Design | None = st.session_state.data_other
    return other or state.design()


def is_recorded(name: str) -> bool:
    """Returns whether a data set consists of event recordings."""
    return EVENTS in DATASETS[name].traits


def is_own_design() -> bool:
    """Returns whether the shown data set is that of the edited design."""
    return st.session_state.data_other is None


def open_dataset(name: str) -> None:
    """Shows the data set `name`, which may be untrusted input; the edited design's own with the design's settings."""
    session, before = st.session_state, shown_design().data.name
    session.data_problem = session.data_link_problem = session.data_setting_problem = ""
    if name.removesuffix("-saccades") not in datasets.dataset_names() and name not in datasets.dataset_names():
        session.data_problem = str(InputError("data.name", "be a data set of this machine", name))
        return
    if name == state.design().data.name:
        session.data_other = None
    elif name != shown_design().data.name:
        session.data_other = _with(name)
    turned = name.removesuffix("-saccades") == before.removesuffix("-saccades")
    session.data_look = LOOK.value if turned else SampleChoice(part=LOOK.value.part)
    LOOK.renew_widgets()


def _with(name: str) -> Design:
    """The edited design with this data set; where they do not go together, the default one."""
    try:
        return with_dataset(state.design(), name)
    except InputError as error:
        st.session_state.data_problem = f"{as_sentence(error)} The default design's settings are shown with it."
        return Design(data=Data(name=name))


def use_in_design() -> None:
    """Callback of a button: uses the shown data set in the edited design."""
    if not is_own_design():
        state.put_data_with_notice(shown_design(), "Taken from Data.")
        st.session_state.data_other = None


def widget(path: str) -> str:
    """Returns the session key of the widget for the design's field at `path`."""
    return f"{path}@{LOOK.revision}"


def put(path: str, widget: str) -> None:
    """Callback of a widget: sets the field of the shown design, and of the edited one if it has the same data set."""
    session = st.session_state
    if widget not in session:
        return  # it was replaced a moment ago
    try:
        changed = links.change(shown_design(), {path: session[widget]})
    except InputError as error:
        session.data_setting_problem = f"{error_text(error)}."
        LOOK.renew_widgets()
        return
    above = session.data_problem or session.data_link_problem
    session.data_problem = session.data_link_problem = session.data_setting_problem = ""
    if is_own_design():
        state.put_data(changed)
    else:
        session.data_other = changed
    if path.endswith(".kind"):
        LOOK.renew_widgets()
    if above:  # the sentence stands outside of the fragment
        st.rerun()


def choose_sample(**fields: Any) -> None:
    """Shows another sample, given by fields of `SampleChoice`, and resets the widgets."""
    st.session_state[LOOK.name] = SampleChoice.check({**LOOK.value.model_dump(), **fields})
    LOOK.renew_widgets()
