"""Errors are sentences."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnviz import errors
from snnviz.errors import InputError, SnnvizError, Unquoted, did_you_mean, short_repr

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner) | st.tuples(inner, inner),
    max_leaves=40,
)


def test_every_error_is_drawn_in_the_tree_and_can_be_caught_as_one() -> None:
    found = [thing for thing in vars(errors).values() if isinstance(thing, type) and issubclass(thing, Exception)]
    assert len(found) >= 8
    for kind in found:
        assert issubclass(kind, SnnvizError)
        assert kind.__name__ in (errors.__doc__ or "")


@given(ANYTHING)
def test_any_value_is_shown_on_one_line_of_sixty_characters(value: object) -> None:
    text = short_repr(value)
    assert 0 < len(text) <= 60
    assert text.isprintable()


@given(st.text(min_size=1, max_size=40), ANYTHING)
def test_an_input_error_is_one_line_whatever_was_typed(field: str, value: object) -> None:
    error = InputError(field, "be a number", value)
    assert str(error).isprintable()
    assert str(error).startswith(f"{error.field} must be a number, got ")


def test_a_printable_field_is_named_as_it_was_typed() -> None:
    assert InputError("training.epochs", "be whole", 0.5).field == "training.epochs"
    assert InputError("größe", "be a field", 1).field == "größe"


def test_a_short_value_is_shown_as_typed_and_a_long_one_is_cut() -> None:
    assert short_repr("a 'b'") == "\"a 'b'\""
    assert short_repr([1, 2]) == "[1, 2]"
    assert short_repr(list(range(21))) == "a list of 21 items"
    assert short_repr("x" * 1000) == "'" + "x" * 56 + "..."


def test_values_without_a_short_form_are_described() -> None:
    nest: list[object] = []
    for _ in range(100_000):
        nest = [nest]
    assert short_repr(nest) == "a very large value"
    assert short_repr(10**5000) == "a very large value"
    assert short_repr(Unquoted("9,000 characters")) == "9,000 characters"


@pytest.mark.parametrize(
    ("typed", "hint"),
    [("kaimng", "; did you mean 'kaiming'?"), ("xyz", ""), (None, ""), (3, ""), ("k" * 100_000, "")],
)
def test_a_close_name_is_suggested_and_a_far_one_is_not(typed: object, hint: str) -> None:
    assert did_you_mean(typed, ["kaiming", "glorot"]) == hint
