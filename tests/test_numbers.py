"""What a user sees stays what it was, bit for bit: `tests/golden/numbers.json` and `tests/golden/links.json`.

Another file than the first: SNNVIZ_NUMBERS, such as one recorded before a change on a machine that rounds otherwise.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import every_link, numbers

GOLDEN = numbers.read(Path(os.environ.get("SNNVIZ_NUMBERS") or numbers.GOLDEN))


@pytest.fixture
def asked() -> Iterator[numbers.Asked]:
    with numbers.empty():
        one = numbers.Asked(GOLDEN["columns"])
        yield one
        one.store.close()


def check(name: str, found: dict[str, Any], *some: str, part: float = numbers.Near.part) -> None:
    """All that is recorded of a section, or some of it; elsewhere as near as rounding leaves it."""
    recorded = {each: GOLDEN[name][each] for each in some or GOLDEN[name]}
    assert found.keys() >= recorded.keys()
    alike = numbers.machine() == GOLDEN["machine"]
    assert (numbers.same(recorded, found) if alike else numbers.elsewhere(recorded, found, part)) == []


@pytest.mark.parametrize("name", numbers.FAST)
def test_small_tasks_say_what_they_said(name: str, asked: numbers.Asked) -> None:
    check(name, numbers.FAST[name](asked))


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", numbers.LONG)
def test_named_designs_reach_what_they_reached(name: str, asked: numbers.Asked) -> None:
    check("whole runs", numbers.runs(asked, numbers.whole, [name]), name, part=numbers.Near.whole)


def test_there_are_five_cells_and_ten_searches_and_every_named_design() -> None:
    assert len({name.partition(",")[0] for name in GOLDEN["scores"]}) == 5
    assert sum(len(one["searches"]) for one in GOLDEN["searches"].values()) == 10
    assert all(search["best"] for one in GOLDEN["searches"].values() for search in one["searches"])
    assert {*numbers.EXAMPLES} <= {*GOLDEN["runs"]}
    assert all(one["state"] == "done" and one["epochs"] for one in GOLDEN["runs"].values())


@pytest.mark.parametrize("kind", every_link.KINDS)
def test_a_link_of_before_opens_what_it_opened_and_is_written_again(kind: str) -> None:
    recorded, now = every_link.read()[kind], every_link.KINDS[kind]
    assert len(recorded["links"]) > 3
    for query, differs in recorded["links"].items():
        opened = now.opened(query)
        expected = every_link.merged(recorded["usual"], differs)
        assert {path: opened.get(path, "nothing") for path in expected} == expected, query
        assert now.write(now.value(query)) == query


RECORDED: Any = {"loss": [2.5, 1.25], "of": {"spikes": 3, "name": "L1", "none": None}}


class TestTheComparison:
    """Of what was recorded with what is found."""

    def test_the_same_and_what_came_to_it_is_no_difference(self) -> None:
        found = json.loads(json.dumps(RECORDED)) | {"more": 1}
        assert numbers.same(RECORDED, found) == numbers.elsewhere(RECORDED, found) == []

    @pytest.mark.parametrize(
        "found",
        [
            {"loss": [2.5, 1.2500000000000002], "of": {"spikes": 3, "name": "L1", "none": None}},
            {"loss": [2.5], "of": {"spikes": 3, "name": "L1", "none": None}},
            {"loss": [2.5, 1.25], "of": {"spikes": 3, "name": "L1"}},
            {"loss": [2.5, 1.25], "of": {"spikes": 3, "name": "L2", "none": None}},
            {"loss": [2.5, 1.25], "of": {"spikes": True, "name": "L1", "none": None}},
            {"of": {"spikes": 3, "name": "L1", "none": None}},
        ],
    )
    def test_the_last_bit_and_what_is_gone_is_one(self, found: Any) -> None:
        assert len(numbers.same(RECORDED, found)) == 1

    def test_elsewhere_most_numbers_must_be_near_and_none_far(self) -> None:
        recorded = {"loss": [1.0] * 20}
        assert numbers.elsewhere(recorded, {"loss": [1.2, 1.009] + [1.0] * 18}) == []
        assert len(numbers.elsewhere(recorded, {"loss": [1.02] * 3 + [1.0] * 17})) == 1
        assert len(numbers.elsewhere(recorded, {"loss": [1.6] + [1.0] * 19})) == 1
        assert numbers.elsewhere(recorded, {"loss": None}) == [".loss: " + f"{recorded['loss']!r} is now None"]
