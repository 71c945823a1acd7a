"""Many runs by one query say what one after another says."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from snnviz.design.measurement import Measurement, measurement_digest
from snnviz.errors import StoreError
from snnviz.events import EpochEnd, LayerState, Sample
from snnviz.store import Store
from snnviz.store.layer_states import layer_states
from tests.conftest import MakeDesign, sample


@pytest.fixture
def names(store: Store, tiny: MakeDesign) -> list[str]:
    """Five runs in several states, with 0 to 4 rows that came in turn; one of them is deleted, one unknown."""
    for seed in range(5):
        store.submit(tiny(seed))
    claims = [claim for seed in range(4) if (claim := store.claim("me", tiny(seed).digest)) is not None]
    for step in (1, 2):
        for number, claim in enumerate(claims):
            store.append_rows(claim.run, claim.attempt, [sample(step * 10 + n, n / 7) for n in range(number)])
    store.finish(claims[0].run, 1, "done")
    store.finish(claims[1].run, 1, "failed", error="why")
    store.delete(claims[2].run)
    return [tiny(seed).digest for seed in (3, 0, 4, 2, 1, 9)]


def test_runs_are_those_that_there_are(store: Store, names: list[str]) -> None:
    found = store.get_many(names)
    assert set(found) == {*names[:3], names[4]}
    assert all(found[name] == store.get(name) for name in found)
    assert store.get_many([]) == {}


def test_rows_are_each_runs_own_in_the_order_in_which_they_came(store: Store, names: list[str]) -> None:
    found = store.rows_of(names, Sample)
    assert found == {name: rows for name in names if (rows := [row for _, row in store.rows(name, Sample)])}
    assert sorted(map(len, found.values())) == [2, 6]
    assert store.rows_of(names, EpochEnd) == store.rows_of([], Sample) == {}


def test_new_rows_are_those_after_the_one_that_the_reader_has(store: Store, names: list[str]) -> None:
    whole = {name: store.rows(name, Sample) for name in names}
    known = {name: rows[-1][0] if place % 2 else 0 for place, (name, rows) in enumerate(whole.items()) if rows}
    expected = {name: [row for row in whole[name] if row[0] > last] for name, last in known.items()}
    assert store.new_rows(known, Sample) == {name: rows for name, rows in expected.items() if rows}
    assert store.new_rows(dict.fromkeys(names, 0), Sample) == {name: rows for name, rows in whole.items() if rows}
    assert store.new_rows({}, Sample) == store.new_rows(dict.fromkeys(names, 0), EpochEnd) == {}


def test_a_runs_revision_is_its_version(store: Store, names: list[str]) -> None:
    found = store.get_many(names)
    assert found
    assert all(str(run.revision) == store.version(name) for name, run in found.items())


def test_a_run_that_cannot_be_read_is_said(store: Store, names: list[str]) -> None:
    with store._writing() as connection:
        connection.execute(text("UPDATE runs SET design = '{}x' WHERE run = :run"), {"run": names[0]})
    with pytest.raises(StoreError, match=f"The run {names[0]} cannot be read"):
        store.get_many(names)
    assert len(store.get_many(names[1:])) == 3


def test_a_damaged_row_is_said(store: Store, names: list[str]) -> None:
    with store._writing() as connection:
        connection.execute(text("UPDATE samples SET loss = 3 WHERE run = :run"), {"run": names[0]})
    with pytest.raises(StoreError, match="is not what was written"):
        store.rows_of(names, Sample)


def test_looks_are_a_runs_own_or_as_it_was_measured_anew(store: Store, tiny: MakeDesign) -> None:
    designs = [tiny(seed) for seed in range(3)]
    for seed, design in enumerate(designs):
        store.submit(design)
        claim = store.claim("me")
        assert claim is not None
        rows = [LayerState(step, step / 10, 0, "L1", 0.1 * seed, 1.0, 0.2) for step in (0, 10, 20)]
        store.append_rows(claim.run, claim.attempt, rows[: 3 if seed else 0])
        store.finish(claim.run, claim.attempt, "done")
    store.submit(Measurement(design=designs[1]))
    claim = store.claim("me")
    assert claim is not None
    assert claim.run == measurement_digest(designs[1])
    store.append_rows(claim.run, claim.attempt, [LayerState(1, 1.0, 0, "L1", 0.7, 2.0, None, probe=64)])
    found = {design.digest: layer_states(store, design) for design in designs}
    assert [row.rate for row in found[designs[1].digest]] == [0.1, 0.1, 0.7]
    assert found[designs[0].digest] == []
