"""The list of what trains differently: each entry names a day, a part of a design and kinds that there are."""

from __future__ import annotations

import json
from datetime import date
from functools import reduce
from pathlib import Path
from typing import Any, get_args

import pytest

from snnviz.catalog.inits import MEASURED
from snnviz.design import ENCODINGS, INITS, LOSSES, OPTIMIZERS, SCHEDULES, SURROGATES, Design
from snnviz.networks import KINDS
from snnviz.registry import Registry

ENTRIES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "golden" / "revisions.json").read_text())
REGISTRIES: dict[str, Registry[Any]] = {
    "init": INITS,
    "neuron.surrogate": SURROGATES,
    "data.encoding": ENCODINGS,
    "training.optimizer": OPTIMIZERS,
    "training.schedule": SCHEDULES,
    "training.loss": LOSSES,
}


def kinds_of(part: str) -> set[str]:
    """Those that there are of a part of a design."""
    if part in REGISTRIES:
        return set(REGISTRIES[part].kinds)
    if part == "network":
        return set(KINDS)
    *path, last = part.split(".")
    owner = type(reduce(getattr, path, Design()))
    return set(get_args(owner.model_fields[last].annotation))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["part"])
def test_an_entry_names_a_day_a_part_and_kinds_that_there_are(entry: dict[str, Any]) -> None:
    assert set(entry) == {"date", "part", "kinds", "what"}
    assert date(2026, 1, 1) <= date.fromisoformat(entry["date"])
    assert entry["kinds"]
    assert set(entry["kinds"]) <= kinds_of(entry["part"])
    assert len(set(entry["kinds"])) == len(entry["kinds"])
    assert entry["what"] == " ".join(entry["what"].split()) != ""


def test_entries_are_in_the_order_of_their_days_and_none_is_there_twice() -> None:
    assert [entry["date"] for entry in ENTRIES] == sorted(entry["date"] for entry in ENTRIES)
    assert len({(entry["date"], entry["part"], entry["what"]) for entry in ENTRIES}) == len(ENTRIES)


def test_every_measured_initialisation_is_said_to_be_measured_otherwise() -> None:
    told = next(entry for entry in ENTRIES if entry["part"] == "init")
    assert set(told["kinds"]) == {entry.kind for entry in INITS if MEASURED in entry.traits}
