"""Registries: entries, ranges and choices."""

from __future__ import annotations

import math
import sys
import threading
from pathlib import Path
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnviz.design.registry import Range, Registry
from snnviz.errors import InputError


@pytest.fixture
def shapes() -> Registry[Any]:
    registry: Registry[Any] = Registry("shape")

    @registry.register(source="a textbook", formula=r"\pi r^2")
    def disc(*, radius: Annotated[float, Range(0, 10)] = 1.0, holes: Annotated[int, Range(0, 3)] = 0) -> float:
        """A filled
        circle.

        With holes, if you like.

        >>> 1
        1
        """
        return math.pi * radius**2 - holes

    @registry.register(source="another", kind="square")
    def a_square() -> float:
        """A square."""
        return 1.0

    return registry


def test_an_entry_knows_its_kind_source_formula_title_notes_and_parameters(shapes: Registry[Any]) -> None:
    disc = shapes["disc"]
    assert (disc.kind, disc.source, disc.formula) == ("disc", "a textbook", r"\pi r^2")
    assert (disc.title, disc.notes) == ("A filled circle.", "With holes, if you like.")
    assert [(p.name, p.whole, p.default) for p in disc.parameters] == [("radius", False, 1.0), ("holes", True, 0)]
    assert disc.function(radius=2.0) == 4 * math.pi


def test_entries_keep_the_order_in_which_they_were_written(shapes: Registry[Any]) -> None:
    assert shapes.kinds == ("disc", "square")
    assert [entry.kind for entry in shapes] == ["disc", "square"]
    shapes.remove("disc")
    assert shapes.kinds == ("square",)
    assert "disc" not in shapes


def test_a_choice_is_completed_with_defaults(shapes: Registry[Any]) -> None:
    complete = {"kind": "disc", "radius": 1.0, "holes": 0}
    assert shapes.choose("shape", "disc") == complete
    assert shapes.choose("shape", {"kind": "disc", "holes": 0.0}) == complete
    assert shapes.choose("shape", complete) == complete


def test_numbers_of_a_choice_are_canonical(shapes: Registry[Any]) -> None:
    chosen = shapes.choose("shape", {"kind": "disc", "radius": -0.0, "holes": 2.0})
    assert repr(chosen) == "{'kind': 'disc', 'radius': 0.0, 'holes': 2}"


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("disk", "s.kind must be one of disc, square, got 'disk'; did you mean 'disc'?"),
        ({}, "s.kind must be one of disc, square, got None"),
        ({"kind": ["disc"]}, "s.kind must be one of disc, square, got ['disc']"),
        (3, "s must be the name of one shape or an object with a 'kind', got 3"),
        ({"kind": "disc", "radius": 11}, "s.radius must be a number from 0 to 10, got 11"),
        ({"kind": "disc", "holes": 0.5}, "s.holes must be a whole number from 0 to 3, got 0.5"),
        ({"kind": "disc", "r": 1}, "s.r must be a parameter of disc (radius, holes), got 1"),
        ({"kind": "disc", 7: 1}, "s.7 must be a parameter of disc (radius, holes), got 1"),
        ({"kind": "square", "r": 1}, "s.r must be a parameter of square (it has none), got 1"),
    ],
)
def test_a_choice_that_breaks_a_rule_is_refused_with_a_sentence(
    shapes: Registry[Any], value: object, sentence: str
) -> None:
    with pytest.raises(InputError) as caught:
        shapes.choose("s", value)
    assert str(caught.value) == sentence


def test_looking_up_an_unknown_kind_names_the_known_ones(shapes: Registry[Any]) -> None:
    with pytest.raises(InputError, match="shape must be one of disc, square, got 'cube'"):
        shapes["cube"]


def test_an_entry_without_docstring_range_or_default_or_with_a_used_name_is_a_mistake(shapes: Registry[Any]) -> None:
    def silent() -> None:
        pass

    def unlimited(*, radius: float = 1.0) -> None:
        """Has no range."""

    def undecided(*, radius: Annotated[float, Range(0, 1)]) -> None:
        """Has no default."""

    def disc() -> None:
        """Comes second."""

    with pytest.raises(ValueError, match="needs a docstring"):
        shapes.register(source="x")(silent)
    for function in (unlimited, undecided):
        with pytest.raises(ValueError, match="radius needs a Range and a default"):
            shapes.register(source="x")(function)
    with pytest.raises(ValueError, match="registered twice"):
        shapes.register(source="x")(disc)
    assert shapes.kinds == ("disc", "square")


@given(st.floats(allow_nan=True, allow_infinity=True) | st.integers(), st.booleans())
def test_a_number_is_accepted_exactly_when_it_lies_in_the_range(value: float, whole: bool) -> None:
    canonical = Range(-2, 3).canonical(value, whole)
    inside = -2 <= value <= 3 and (not whole or value == math.floor(value))
    assert (canonical is not None) == inside
    if canonical is not None:
        assert canonical == value
        assert type(canonical) is (int if whole else float)
        assert math.copysign(1, canonical) == (-1 if value < 0 else 1)


@pytest.mark.parametrize("value", [True, False, "1", None, [1], 1j, b"1"])
def test_what_is_not_a_number_is_never_in_a_range(value: object) -> None:
    assert Range(0, 1).canonical(value, False) is None


def test_a_rule_names_both_ends() -> None:
    assert Range(0, 1.5).rule(False) == "be a number from 0 to 1.5"
    assert Range(1, 2**31 - 1).rule(True) == "be a whole number from 1 to 2147483647"


def test_threads_that_look_first_at_the_same_time_all_see_every_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The catalogue is imported at the first look; nobody may see it half written."""
    (tmp_path / "slow_catalogue.py").write_text(
        "import time\nfrom tests.design.test_registry import LATE\n"
        "@LATE.register(source='x')\ndef first():\n    'The first.'\n"
        "time.sleep(0.2)\n"
        "@LATE.register(source='x')\ndef second():\n    'The second.'\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    seen: list[tuple[str, ...]] = []
    threads = [threading.Thread(target=lambda: seen.append(LATE.kinds)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.modules.pop("slow_catalogue")
    assert seen == [("first", "second")] * 4


LATE: Registry[Any] = Registry("thing", "slow_catalogue")
