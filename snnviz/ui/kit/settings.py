"""A page's setting: one value in the visitor's session, its link, named ones to start from, and what its widgets do.

The value in the session is the one truth. Widgets are drawn from it and change it in their callbacks; their keys carry
a revision, which moves whenever something else changed it, so that no widget shows an old one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

import streamlit as st

from snnviz.design import links
from snnviz.design.submitted import Document
from snnviz.errors import InputError
from snnviz.ui.kit import fields, notices
from snnviz.ui.kit.fields import Binding
from snnviz.ui.kit.linked import read_link
from snnviz.ui.kit.store_errors import ERROR
from snnviz.ui.kit.words import as_sentence, escape_markdown
from snnviz.views.changes import describe_changes
from snnviz.views.refusals import error_text

S = TypeVar("S", bound=Document)
Query = Mapping[str, str]


class Widgets:
    """The widgets of one value. `key` tells their keys from those of other values."""

    def __init__(self, key: str) -> None:
        self.key = key

    @property
    def revision(self) -> int:
        """A number in the widgets' keys; a new one resets them."""
        found: int = st.session_state.setdefault(f"{self.key}_revision", 0)
        return found

    def renew_widgets(self) -> None:
        """Reset the widgets after something else than they changed the value."""
        st.session_state[f"{self.key}_revision"] = self.revision + 1

    def widget_key(self, name: str) -> str:
        """The key of a field's widget."""
        return f"{self.key}-{name}@{self.revision}"

    def has_widget(self, name: str) -> bool:
        """Whether there is such a widget: one that was replaced a moment ago may call back once more."""
        return self.widget_key(name) in st.session_state

    def widget_value(self, name: str) -> Any:
        """The current value of a field's widget."""
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
        """Set the message on a widget's value or on a link (`linked`); empty where all is well."""
        st.session_state[self._sentence(linked=linked)] = problem

    def clear_problems(self) -> None:
        """Remove both messages."""
        self.set_problem("")
        self.set_problem("", linked=True)

    def problem(self, *, linked: bool = False) -> str:
        """The message, or ""."""
        found: str = st.session_state.get(self._sentence(linked=linked), "")
        return found

    def show_problem(self, *, linked: bool = False) -> None:
        """Show the message on the page, if there is one."""
        if problem := self.problem(linked=linked):
            st.error(escape_markdown(problem), icon=ERROR)


class PageSettings(Widgets, Generic[S]):
    """A page's settings: one value in the session, with its link, its presets and its widgets. `usual` is the value
    that the page opens with.

    key: of its widgets and sentences. name: the session's of the value, if another. prefix: of its fields in a link,
    and lead: what its link begins with. fragments: what is drawn anew when it changes. presets: named ones. noun: what
    the sentence on a broken link calls it. read, write: instead of the usual reading and writing of links.
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
        """The value that is shown."""
        found: S = st.session_state[self.name]
        return found

    def set(self, value: S) -> None:
        """Show this value; widgets know of it already, or are renewed by the caller."""
        st.session_state[self.name] = value
        self.clear_problems()

    def change(self, **changed: Any) -> None:
        """Give fields the values of their widgets, if the result is valid; else set a problem."""
        try:
            self.set(self.kind.check(self.value.model_dump() | changed))
        except InputError as error:
            self.set_problem(f"{error_text(error)}.")

    def replace(self, value: S, done: str = "") -> None:
        """Show another value, such as a preset. `done`: the headline of a notice with the changes and Undo."""
        before = self.value
        self.set(value)
        self.renew_widgets()
        if done:
            changes = describe_changes(
                links.flatten_document(before.document()), links.flatten_document(value.document())
            )
            notices.show_notice(done, changes, partial(self.replace, before), lambda: self.value == value)

    # -- the link

    def begin(self, query: Query, *, keep: bool = False) -> None:
        """Take the value from the address at the first visit. For a broken link the usual value is shown, or with
        `keep` the one shown before."""
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
        """The value of a link's parameters; those of a page's other parts are ignored. Raises `InputError`."""
        if self._read is not None:
            return self._read(query)
        try:
            return self.kind.check(links.part_from_query(self.kind, query, self.prefix))
        except InputError as error:
            raise error.inside(self.prefix.removesuffix(".")) if self.prefix else error from None

    def to_link(self, value: S) -> str:
        """The query string: what it begins with, and what of the value differs from what absence means."""
        written = self._write(value) if self._write is not None else links.part_to_query(value, self.prefix)
        return "&".join(part for part in (self.lead, written) if part)

    @property
    def link(self) -> str:
        """The query string of the value that is shown."""
        return self.to_link(self.value)

    # -- callbacks

    def rerun(self) -> None:
        """At the end of a callback: rerun the fragments and the notice, or the page. Raises Streamlit's rerun, not
        to be caught."""
        if self.fragments:
            notices.rerun_fragments(*self.fragments)
        else:
            st.rerun()

    def put(self, name: str) -> None:
        """A widget's callback: set its field, or a parameter of the choice that a field is
        (``optimizer.sgd.momentum``)."""
        self.update(name)
        self.rerun()

    def update(self, name: str) -> None:
        """Like `put`, without a rerun."""
        if self.has_widget(name):
            said, (field, *inside) = self.widget_value(name), name.split(".")
            self.change(**{field: {**getattr(self.value, field), inside[-1]: said} if inside else said})

    def take(self, value: S, done: str = "") -> None:
        """A button's callback: show another value; `done`: see `replace`."""
        self.replace(value, done)
        self.rerun()

    def _start(self, widget: str) -> None:
        if name := st.session_state[widget]:
            self.take(self.presets[name], f"Started from {name}.")

    # -- widgets

    def _to(self, name: str) -> Binding:
        return Binding(self.widget_key(name), self.put, (name,))

    def number(self, place: Any, name: str, **more: Any) -> None:
        """The number input of a field; `more`: see `fields.number`."""
        fields.number(place, self.value, name, self._to(name), **more)

    def numbers(
        self, names: Sequence[str], *, disabled: Sequence[str] = (), labels: Mapping[str, str] | None = None
    ) -> None:
        """Number inputs side by side; those that are `disabled` cannot be changed. `labels`: instead of their own."""
        columns = st.columns(len(names), vertical_alignment="bottom")  # also where a label takes two lines
        for column, name in zip(columns, names, strict=True):
            self.number(column, name, label=(labels or {}).get(name, ""), disabled=name in disabled)

    def slider(self, place: Any, name: str, **more: Any) -> None:
        """A field's slider; `more`: see `fields.slider`."""
        fields.slider(place, self.value, name, self._to(name), **more)

    def segments(self, place: Any, name: str, label: str = "", **more: Any) -> None:
        """The options of a field side by side; `more`: see `fields.segments`."""
        fields.segments(place, self.value, name, self._to(name), label=label, **more)

    def menu(self, place: Any, name: str, **more: Any) -> None:
        """The entries of a registry; `more`: see `fields.menu`."""
        fields.choice_menu(place, self.value, name, self._to(name), **more)

    def data(self, place: Any, name: str = "data", **more: Any) -> None:
        """The menu of data sets; `more`: see `fields.data`."""
        fields.data(place, getattr(self.value, name), self._to(name), **more)

    def preset_menu(self, place: Any) -> None:
        """The menu of presets. None is marked where the value is another."""
        marked = next((name for name, preset in self.presets.items() if preset == self.value), None)
        key = f"{self.widget_key('preset')}/{marked}"  # another one as soon as another is marked, or none
        place.segmented_control(
            "Start from", list(self.presets), default=marked, wrap=True, key=key, on_change=self._start, args=(key,)
        )
