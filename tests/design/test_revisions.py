"""The list of what computes otherwise: entries by day, part and kinds that there are, only ever added to."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest

from snnviz.catalog.inits import MEASURED
from snnviz.design import naming, revisions
from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.design.menus import INITS
from snnviz.design.revisions import REVISIONS, Revision
from snnviz.studies.ttfs.limits import FineTuning
from tests.parts import PARTS, REGISTRIES

GOLDEN: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "golden" / "revisions.json").read_text())


def kinds_of(part: str) -> set[str]:
    """Those that there are of a part of a task."""
    for registry in REGISTRIES:
        if part == registry.noun:
            return set(registry.kinds)
    owner, _, field = part.partition(".")
    model = next(model for model in PARTS if model.__name__ == owner)
    return set(get_args(model.model_fields[field].annotation))


def test_what_was_ever_listed_is_listed_still() -> None:
    """A run of before is told by its revisions: an entry that went or changed would give it to another design."""
    told = [{"date": e.date, "part": e.part, "kinds": list(e.kinds), "what": e.what} for e in REVISIONS]
    assert told == GOLDEN, (
        "revisions are only added to, in snnviz/design/revisions.py and in tests/golden/revisions.json"
    )


@pytest.mark.parametrize("entry", REVISIONS, ids=lambda entry: entry.part)
def test_an_entry_names_a_day_a_part_and_kinds_that_there_are(entry: Revision) -> None:
    assert date(2026, 1, 1) <= date.fromisoformat(entry.date)
    assert entry.kinds
    assert set(entry.kinds) <= kinds_of(entry.part)
    assert len(set(entry.kinds)) == len(entry.kinds)
    assert entry.what == " ".join(entry.what.split()) != ""


def test_entries_are_in_the_order_of_their_days_and_none_is_there_twice() -> None:
    assert [entry.date for entry in REVISIONS] == sorted(entry.date for entry in REVISIONS)
    assert len({(entry.date, entry.part, entry.what) for entry in REVISIONS}) == len(REVISIONS)


def test_every_measured_initialisation_is_said_to_be_measured_otherwise() -> None:
    told = next(entry for entry in REVISIONS if entry.part == INITS.noun)
    assert set(told.kinds) == {entry.kind for entry in INITS if MEASURED in entry.traits}


def test_a_mended_formula_renames_what_uses_it_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    designs = [Design(), change(Design(), {"init": "glorot"}), change(Design(), {"init": "input-preserving"})]
    relus = {"neuron.kind": "relu", "network": "mlp", "data.steps": 1}
    tuned = [FineTuning(design=change(design, relus)) for design in designs]
    learning = change(Design(), {"neuron.learn": "both"})
    assert naming.revision_numbers(Design, learning.document()) == {"Neuron.learn both": 3}
    before = [task.digest for task in (*designs, *tuned, learning)]
    mended = Revision("2027-01-01", INITS.noun, ("glorot",), "a factor of 2")
    monkeypatch.setattr(naming, "REVISIONS", (*revisions.REVISIONS, mended))
    naming.digest.cache_clear()
    after = [task.digest for task in (*designs, *tuned, learning)]
    naming.digest.cache_clear()
    assert [one != other for one, other in zip(before, after, strict=True)] == [False, True, False] * 2 + [False]
    since = {"initialisation glorot": 1}
    assert naming.applicable_revisions(Design, designs[1].document(), since) == [mended]
    assert naming.applicable_revisions(Design, designs[2].document(), {"initialisation input-preserving": 2}) == []
