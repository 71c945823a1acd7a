"""State of a page's setting: one value in the visitor's session, with its link, presets and widgets.

Widgets are drawn from the value and change it in their callbacks; their keys carry a revision, which changes whenever
something else changed the value, so that no widget shows an old one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

import streamlit as st

from snnviz.design import links
from snnviz.design.submitted import Document
from snnviz.errors import InputError
from snnviz.ui.kit import fields, notices, restrictions
from snnviz.ui.kit.fields import Binding
from snnviz.ui.kit.linked import read_link
from snnviz.ui.kit.start_menu import start_menu
from snnviz.ui.kit.store_errors import ERROR
from snnviz.ui.kit.words import as_sentence, escape_markdown
from snnviz.views.changes import describe_changes
from snnviz.views.error_messages import error_text

S = TypeVar("S", bound=Document)
Query = Mapping[str, str]


class Widgets:
    """Base class: keys, revision and error messages of the widgets of one value; `key` distinguishes it from other
    values.
    """

    def __init__(self, key: str) -> None:
        self.key = key

    @property
    def revision(self) -> int:
        """Number that is part of the widgets' keys; a new one resets them."""
        found: int = st.session_state.setdefault(f"{self.key}_revision", 0)
        return found

    def renew_widgets(self) -> None:
        """Resets the widgets, after something else changed the value."""
        st.session_state[f"{self.key}_revision"] = self.revision + 1

    def widget_key(self, name: str) -> str:
        """Returns the key of a field's widget."""
        return f"{self.key}-{name}@{self.revision}"

    def has_widget(self, name: str) -> bool:
        """Returns whether the widget of a field still exists: one that was replaced may send a last value."""
        return self.widget_key(name) in st.session_state

    def widget_value(self, name: str) -> Any:
        """Returns the current value of a field's widget."""
        said = st.session_state[self.widget_key(name)]
        if name not in fields.ALL or said:
            return said
        if said == 0:
            self.renew_widgets()  # so that it says what 0 is
        return 0

    def _sentence(self, *, linked: bool) -> str:
        """The session's name of the sentence on what a widget was told, or a link."""
        return f"{self.key}_link_problem" if linked else f"{self.key}_problem"

    def set_problem(self, problem: str, *, linked: bool = False) -> None:
        """Sets the error message on a widget's value or on a link (`linked`); "" for none."""
        st.session_state[self._sentence(linked=linked)] = problem

    def clear_problems(self) -> None:
        """Removes the error messages on a widget's value and on the link."""
        self.set_problem("")
        self.set_problem("", linked=True)

    def problem(self, *, linked: bool = False) -> str:
        """Returns the error message that the page shows on a widget's value or on the link, or ""."""
        found: str = st.session_state.get(self._sentence(linked=linked), "")
        return found

    def show_problem(self, *, linked: bool = False) -> None:
        """Shows the error message on the page, if there is one."""
        if problem := self.problem(linked=linked):
            st.error(escape_markdown(problem), icon=ERROR)


class PageSettings(Widgets, Generic[S]):
    """State of a page's settings: one value in the session, with its link, its presets and its widgets.

    usual: the value that the page opens with. key: of its widgets and messages. name: session key of the value, if
    another. prefix: of its fields in a link; lead: beginning of its link. fragments: rerun when it changes. noun: what
    it is called in the message on a broken link. read, write: replace the default reading and writing of links.
    """

    def __init__(
        self,
        usual: S,
        key: str,
        *,
        name: str = "",
        prefix: str = "",
        lead: str = "",
        fragments: Sequence[str] = (),
        presets: Mapping[str, S] | None = None,
        noun: str = "setting",
        read: Callable[[Query], S] | None = None,
        write: Callable[[S], str] | None = None,
    ) -> None:
        super().__init__(key)
        self.usual, self.kind, self.name = usual, type(usual), name or key
        self.prefix, self.lead, self.fragments, self.noun = prefix, lead, fragments, noun
        self.presets = presets or {}
        self._read, self._write = read, write

    # -- the value

    @property
    def value(self) -> S:
        """The current settings of the page in this visitor's session."""
        found: S = st.session_state[self.name]
        return found

    def set(self, value: S) -> None:
        """Sets the value without resetting widgets; mystery fields (drawn for each visitor, to be found out in a
        lesson) keep their values.
        """
        restrictions.know(f"{self.prefix}{name}" for name in self.kind.model_fields)
        st.session_state[self.name] = self._with_mysteries(value)
        self.clear_problems()

    def change(self, **changed: Any) -> None:
        """Sets fields if the result is valid and none of them is locked; else sets an error message."""
        try:
            self.set_allowed(self.kind.check(self.value.model_dump() | changed))
        except InputError as error:
            self.set_problem(f"{error_text(error)}.")

    def set_allowed(self, value: S) -> bool:
        """Sets the value unless it changes a locked field, which sets an error message; returns whether it did."""
        before = self.value.document() if self.name in st.session_state else {}
        refused = before and restrictions.refusal(
            links.flatten_document(before), links.flatten_document(value.document()), self.prefix
        )
        if refused:
            self.set_problem(refused)
            self.renew_widgets()
            return False
        self.set(value)
        return True

    def _with_mysteries(self, value: S) -> S:
        hidden = {
            path.removeprefix(self.prefix): drawn
            for path, drawn in restrictions.mystery_fields().items()
            if path.startswith(self.prefix) and path.removeprefix(self.prefix) in self.kind.model_fields
        }
        return self.kind.check({**value.model_dump(), **hidden}) if hidden else value

    def replace(self, value: S, done: str = "") -> None:
        """Sets another value, such as a preset, and resets widgets. `done`: headline of a notice with the changes and
        Undo.
        """
        before = self.value
        if not self.set_allowed(value):
            return
        self.renew_widgets()
        if done:
            changes = describe_changes(
                links.flatten_document(before.document()), links.flatten_document(value.document())
            )
            notices.show_notice(done, changes, partial(self.replace, before), lambda: self.value == value)

    # -- the link

    def begin(self, query: Query, *, keep: bool = False) -> None:
        """Sets the value from a link at the first visit; for a broken link the default, or with `keep` the current
        value.
        """
        try:
            value, sentence = read_link(self.from_link, query)
            self.set(value)
            self.set_problem(sentence, linked=True)
        except InputError as error:
            if not keep:
                self.set(self.usual)
            instead = f"The {self.noun} stays as it is." if keep else f"The default {self.noun} is shown instead."
            self.set_problem(f"{as_sentence(error)} {instead}", linked=True)

    def from_link(self, query: Query) -> S:
        """Returns the value of a link's parameters; those of other parts of the page are ignored. Raises
        `InputError`.
        """
        if self._read is not None:
            return self._read(query)
        try:
            return self.kind.check(links.part_from_query(self.kind, query, self.prefix))
        except InputError as error:
            raise error.inside(self.prefix.removesuffix(".")) if self.prefix else error from None

    def to_link(self, value: S) -> str:
        """Returns the query string of a value: `lead`, and the fields that differ from their absent value.

        The absent value is the default when the field was introduced.
        """
        written = self._write(value) if self._write is not None else links.part_to_query(value, self.prefix)
        return "&".join(part for part in (self.lead, restrictions.without_mysteries(written)) if part)

    @property
    def link(self) -> str:
        """The query string of the current value."""
        return self.to_link(self.value)

    # -- callbacks

    def rerun(self) -> None:
        """Reruns the fragments and the notice, or the page, at the end of a callback. Raises Streamlit's rerun
        exception.
        """
        if self.fragments:
            notices.rerun_fragments(*self.fragments)
        else:
            st.rerun()

    def put(self, name: str) -> None:
        """Callback of a widget: sets its field, or a parameter of a choice (``optimizer.sgd.momentum``), and reruns."""
        self.update(name)
        self.rerun()

    def update(self, name: str) -> None:
        """Callback like `put`, without a rerun."""
        if self.has_widget(name):
            said, (field, *inside) = self.widget_value(name), name.split(".")
            self.change(**{field: {**getattr(self.value, field), inside[-1]: said} if inside else said})

    def take(self, value: S, done: str = "") -> None:
        """Callback of a button: sets another value and reruns; `done`: see `replace`."""
        self.replace(value, done)
        self.rerun()

    def _start(self, name: str) -> None:
        self.take(self.presets[name], f"Started from {name}.")

    # -- widgets

    def _to(self, name: str) -> Binding:
        return Binding(self.widget_key(name), self.put, (name,), f"{self.prefix}{name}")

    def number(self, place: Any, name: str, **more: Any) -> None:
        """Draws the number input of the field `name` in the container `place`; `more`: see `fields.number`."""
        fields.number(place, self.value, name, self._to(name), **more)

    def numbers(
        self, names: Sequence[str], *, disabled: Sequence[str] = (), labels: Mapping[str, str] | None = None
    ) -> None:
        """Draws number inputs side by side. `disabled`: names that cannot be changed; `labels`: in place of their
        own.
        """
        columns = st.columns(len(names), vertical_alignment="bottom")  # also where a label takes two lines
        for column, name in zip(columns, names, strict=True):
            self.number(column, name, label=(labels or {}).get(name, ""), disabled=name in disabled)

    def slider(self, place: Any, name: str, **more: Any) -> None:
        """Draws the slider of the field `name` in the container `place`; `more`: see `fields.slider`."""
        fields.slider(place, self.value, name, self._to(name), **more)

    def segments(self, place: Any, name: str, label: str = "", **more: Any) -> None:
        """Draws the options of the field `name` side by side in the container `place`; `more`: see
        `fields.segments`.
        """
        fields.segments(place, self.value, name, self._to(name), label=label, **more)

    def menu(self, place: Any, name: str, **more: Any) -> None:
        """Draws the menu of registry entries for the field `name` in the container `place`; `more`: see
        `fields.choice_menu`.
        """
        fields.choice_menu(place, self.value, name, self._to(name), **more)

    def data(self, place: Any, name: str = "data", **more: Any) -> None:
        """Draws the menu of data sets for the field `name` in the container `place`; `more`: see `fields.data`."""
        fields.data(place, getattr(self.value, name), self._to(name), **more)

    def preset_menu(self, place: Any) -> None:
        """Draws the menu of presets in the container `place`; none is selected if the current value is no preset."""
        marked = next((name for name, preset in self.presets.items() if preset == self.value), None)
        start_menu(place, self.presets, marked, self.widget_key("preset"), self._start)
