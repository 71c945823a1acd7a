"""State of a design that a page has for itself, separate from the one edited on the Design page: link, presets,
widgets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.errors import InputError
from snnviz.graph.nearest import IncompatibleDesign, NearestDesign
from snnviz.ui.kit import fields, notices, restrictions, state
from snnviz.ui.kit.fields import Binding
from snnviz.ui.kit.settings import Query, Widgets
from snnviz.ui.kit.start_menu import start_menu
from snnviz.views.changes import design_changes
from snnviz.views.error_messages import error_text

OWN = "Design page"
"""Name of the preset that takes the edited design."""


class PageDesign(Widgets):
    """State of a page's own design, in the session as ``<key>_design``; its error message is ``<key>_setting_problem``.

    starts: named designs, the default first, which a link leaves out. other_prefixes: prefixes of a link's other
    fields. from_edited: returns the design to start with, from the edited one and the shown one. convert: converts any
    design for the page. compare_by: designs with equal results are the same preset. refusal: beginning of the message
    if the edited design cannot be used.
    """

    def __init__(
        self,
        key: str,
        starts: Mapping[str, Design],
        *,
        fragments: Sequence[str],
        other_prefixes: Sequence[str],
        from_edited: Callable[[Design, Design], Design],
        convert: Callable[[Design], Design] = lambda design: design,
        compare_by: Callable[[Design], Design] = lambda design: design,
        refusal: str = "",
    ) -> None:
        super().__init__(key)
        self.starts, self.usual = starts, next(iter(starts.values()))
        self.fragments, self.other_prefixes = fragments, (*other_prefixes,)
        self._from_edited, self._convert, self._compare_by, self._refusal = from_edited, convert, compare_by, refusal

    def _sentence(self, *, linked: bool) -> str:
        return f"{self.key}_link_problem" if linked else f"{self.key}_setting_problem"

    # -- the design

    @property
    def value(self) -> Design:
        """The design that the page shows now."""
        found: Design = st.session_state[f"{self.key}_design"]
        return found

    def set(self, design: Design) -> None:
        """Sets the design without resetting widgets."""
        st.session_state[f"{self.key}_design"] = design
        self.clear_problems()

    def replace(self, design: Design) -> None:
        """Sets another design unless that changes a locked field, and resets the widgets."""
        new = self._convert(design)
        if not self._refused(new):
            self.set(new)
        self.renew_widgets()

    def _refused(self, new: Design) -> bool:
        """Whether this changes what is locked, which is then said."""
        refused = restrictions.refusal(links.flatten(self.value), links.flatten(new))
        if refused:
            self.set_problem(refused)
        return bool(refused)

    def take(self, design: Design, done: str) -> None:
        """Callback of a button: sets another design, with a notice of the changes and Undo. `done`: headline of the
        notice.
        """
        before = self.value
        self.replace(design)
        after = self.value
        notices.show_notice(
            done, design_changes(before, after), partial(self.replace, before), lambda: self.value == after
        )

    @property
    def offer(self) -> NearestDesign | None:
        """The nearest allowed design that is offered beside the message on a refused one; else None."""
        found: NearestDesign | None = st.session_state.get(f"{self.key}_offer")
        return found if self.problem() else None

    def refuse(self, error: InputError, before: str = "") -> None:
        """Shows the message of an error and offers the nearest allowed design; resets the widgets."""
        self.set_problem(f"{before}{error_text(error)}.")
        st.session_state[f"{self.key}_offer"] = error.nearest if isinstance(error, IncompatibleDesign) else None
        self.renew_widgets()

    # -- the link

    def to_link(self, design: Design) -> str:
        """Returns the query string of a design, as on the Design page; "" for the default."""
        return "" if design == self.usual else links.to_query(design) or f"network.kind={design.network.kind}"

    def from_link(self, query: Query) -> Design:
        """Returns the design of a link's parameters; the default if they name no field of a design. Raises
        `InputError`.
        """
        own = {
            name: text for name, text in query.items() if name != "view" and not name.startswith(self.other_prefixes)
        }
        return self._convert(links.from_query(own)) if own.keys() - links.RESERVED_PARAMETERS else self.usual

    # -- callbacks

    def rerun(self) -> None:
        """Reruns the page's fragments and the notice, at the end of a callback. Raises Streamlit's rerun exception."""
        notices.rerun_fragments(*self.fragments)

    def change(self, settings: Mapping[str, Any], *, renew: bool = False) -> None:
        """Sets fields by path if the design is allowed; else shows a message. `renew`: reset the widgets."""
        try:
            new = self._convert(links.change(self.value, settings))
        except InputError as error:
            self.refuse(error)
        else:
            refused = self._refused(new)
            if not refused:
                self.set(new)
            if renew or refused:
                self.renew_widgets()
        self.rerun()

    def put(self, path: str) -> None:
        """Callback of a widget: sets the field at `path` to the widget's value."""
        if self.has_widget(path):
            self.change({path: self.widget_value(path)})

    def _put_data(self) -> None:
        if self.has_widget("data"):
            self.change({"data.name": self.widget_value("data")})

    def _start(self, name: str) -> None:
        linked = self.problem(linked=True)
        try:
            new = self.starts[name] if name in self.starts else self._from_edited(state.design(), self.value)
            self.take(new, f"Started from {name}.")
        except InputError as error:
            self.refuse(error, self._refusal)
        if linked:
            st.rerun()  # which is said above the fragments
        else:
            self.rerun()

    # -- widgets

    def number(self, place: Any, path: str, **more: Any) -> None:
        """Draws the number input of the field at `path` in the container `place`; `more`: see `fields.number`."""
        fields.number(place, self.value, path, Binding(self.widget_key(path), self.put, (path,)), **more)

    def segments(self, place: Any, path: str, **more: Any) -> None:
        """Draws the options of the field at `path` side by side in the container `place`; `more`: see
        `fields.segments`.
        """
        fields.segments(place, self.value, path, Binding(self.widget_key(path), self.put, (path,)), **more)

    def data(self, place: Any, **more: Any) -> None:
        """Draws the menu of data sets in the container `place`; `more`: see `fields.data`."""
        fields.data(place, self.value.data.name, Binding(self.widget_key("data"), self._put_data), **more)

    def start_menu(self, place: Any) -> None:
        """Draws the menu of named designs to start from; none is selected if the shown design is another."""
        now = self._compare_by(self.value)
        known = (
            name for name, start in [*self.starts.items(), (OWN, state.design())] if self._compare_by(start) == now
        )
        marked = next(known, None)
        start_menu(place, [*self.starts, OWN], marked, self.widget_key("start"), self._start)
