"""What is known of all runs at a glance is what each of them says, and is read once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.design.measurement import Measurement
from snnviz.store import Store, columns, index
from snnviz.store.columns import metric_columns
from snnviz.store.groups import group_key
from snnviz.store.index import IndexedRun, differing_fields, indexed_runs
from snnviz.store.metrics import metrics
from snnviz.studies.skips.search import Search
from snnviz.theory.metrics import METRICS
from tests.conftest import MakeDesign
from tests.designs import DESIGNS
from tests.store.test_metrics import asked, end, end_run, look


def fields(run: IndexedRun, design: Design) -> dict[str, Any]:
    return {path: run.value(path) for path in links.flatten(design)}


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(DESIGNS)
def test_a_design_is_what_it_says_whatever_it_is(design: Design) -> None:
    seed, without = index._without_seed(design.stored())
    assert seed == design.seed
    assert without == index._without_seed(design.model_copy(update={"seed": seed // 2}).stored())[1]
    known = index._design(design.stored())
    assert known is not None
    assert known.key == group_key(design) == design.model_copy(update={"seed": 0}).digest
    assert {**known.base, **known.settings, "seed": seed} == links.flatten(design)
    assert links.from_sparse({**known.settings, "seed": seed}) == design


def test_it_has_all_runs_of_designs_and_nothing_else(store: Store, tiny: MakeDesign) -> None:
    for design in (tiny(0), tiny(1), tiny(0, epochs=2)):
        store.submit(design)
    store.submit(Search(design=Design()))
    store.submit(tiny(5))
    store.delete(tiny(5).digest)
    store.tag(tiny(1).digest, ["homework"])
    found = indexed_runs(store)
    listed = store.runs()
    assert [run.run for run in found.runs] == [run.run for run in listed]
    for known, run in zip(found.runs, listed, strict=True):
        for name in ("state", "title", "created", "finished", "seconds", "step", "steps", "revision", "tags", "key"):
            assert getattr(known, name) == getattr(run, name)
        assert fields(known, run.design) == links.flatten(run.design)
    assert indexed_runs(store) is found
    assert found.unreadable == 0


def test_what_did_not_change_is_not_read_again(store: Store, tiny: MakeDesign, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(3):
        store.submit(tiny(seed))
    first = indexed_runs(store)
    store.rename(tiny(1).digest, "mine")
    store.delete(tiny(2).digest)
    read: list[str] = []
    usual = index.RunIndex._indexed
    monkeypatch.setattr(index.RunIndex, "_indexed", lambda self, row: (read.append(row.run), usual(self, row))[1])
    second = indexed_runs(store)
    assert read == [tiny(1).digest]
    assert [run.title for run in second.runs] == ["mine", ""]
    assert second.by_name[tiny(0).digest] is first.by_name[tiny(0).digest]
    assert second.by_name[tiny(1).digest].design is first.by_name[tiny(0).digest].design


@pytest.mark.parametrize("change", [{"seed": "x"}, {"neuron": {"threshold": 99}}, {"version": 99}])
def test_what_cannot_be_read_is_counted(store: Store, tiny: MakeDesign, change: dict[str, Any]) -> None:
    for seed in (0, 1):
        store.submit(tiny(seed))
    stored = json.dumps(json.loads(tiny(1).stored()) | change, sort_keys=True, separators=(",", ":"))
    with store._writing() as connection:
        connection.execute(text("UPDATE runs SET design = :of WHERE run = :run"), {"of": stored, "run": tiny(1).digest})
    found = indexed_runs(store)
    assert [run.run for run in found.runs] == [tiny(0).digest]
    assert found.unreadable == len(store.unreadable()) == 1


def test_texts_of_before_are_in_the_same_group(store: Store, tiny: MakeDesign) -> None:
    """Without fields that came later, and in another order."""
    for seed in (0, 1, 2):
        store.submit(tiny(seed))
    document = json.loads(tiny(1).stored())
    for name in ("ttfs", "version"):
        del document[name]
    with store._writing() as connection:
        for seed, stored in ((1, json.dumps(document)), (2, json.dumps(document | {"seed": 2}, sort_keys=True))):
            new = {"of": stored, "run": tiny(seed).digest}
            connection.execute(text("UPDATE runs SET design = :of WHERE run = :run"), new)
    found = indexed_runs(store)
    assert {(run.run, run.seed, run.design.key) for run in found.runs} == {
        (tiny(seed).digest, seed, tiny(0).digest) for seed in range(3)
    }


@pytest.mark.of_a_file
def test_another_file_in_its_place_is_another_store(store: Store, tiny: MakeDesign) -> None:
    store.submit(tiny(0))
    assert len(indexed_runs(store).runs) == 1
    assert store.path is not None
    store.close()
    store.path.unlink()
    Store(store.path).close()
    assert indexed_runs(store).runs == ()


@settings(max_examples=20, deadline=None)
@given(st.lists(DESIGNS, min_size=1, max_size=3))
def test_fields_that_differ_are_those_of_the_designs(designs: list[Design]) -> None:
    known = [index._design(design.stored()) for design in designs]
    found = differing_fields(one for one in known if one is not None)
    assert sorted(found) == sorted({*links.differences(designs)} - {"seed"})


NAMES = METRICS.names


def read(store: Store) -> dict[str, dict[str, float | None]]:
    found = metric_columns(store, indexed_runs(store), NAMES)
    return {run.run: {name: found[name].get(run.run) for name in NAMES} for run in indexed_runs(store).runs}


def test_metrics_are_those_of_the_runs_whatever_happens(store: Store, tiny: MakeDesign) -> None:
    def check() -> None:
        runs = [run for run in store.runs() if run.state != "queued"]
        assert {name: read(store)[name] for name in (run.run for run in runs)} == metrics(store, runs)

    for seed in range(3):
        end_run(store, tiny(seed), *look(tiny(seed), 9), end(3, 0.5 + seed / 10))
    check()
    store.submit(tiny(3))
    assert all(value is None for value in read(store)[tiny(3).digest].values())
    store.claim("me")
    store.append_rows(tiny(3).digest, 1, [end(1, 0.25)])
    check()
    assert read(store)[tiny(3).digest]["accuracy"] == 0.25
    store.append_rows(tiny(3).digest, 1, [end(2, 0.75)])
    store.finish(tiny(3).digest, 1, "done")
    check()
    store.retrain(tiny(0).digest)
    store.delete(tiny(1).digest)
    check()
    assert {*read(store)} == {tiny(seed).digest for seed in (0, 2, 3)}


def test_a_run_of_before_that_is_measured_anew_says_so(store: Store, tiny: MakeDesign) -> None:
    end_run(store, tiny(), *look(tiny(), 9, additions=10.0, probe=None), end(3))
    read(store)
    anew = Measurement(design=tiny())
    store.submit(anew)
    store.claim("me", anew.digest)
    store.append_rows(anew.digest, 1, look(tiny(), 9, additions=99.0))
    store.finish(anew.digest, 1, "done")
    assert read(store)[tiny().digest] == metrics(store, store.runs())[tiny().digest]
    assert read(store)[tiny().digest]["probe"] == 64


def test_nothing_is_asked_where_nothing_changed(
    store: Store, tiny: MakeDesign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columns, "BATCH", 2)  # of more than 8 all are read
    for seed in range(10):
        end_run(store, tiny(seed), *look(tiny(seed), 9), end(3, seed / 10))
    first = {run.run: value for run in store.runs() for value in [metrics(store, [run])[run.run]["accuracy"]]}
    now = indexed_runs(store)
    assert metric_columns(store, now, ["accuracy"]) == {"accuracy": first}
    with asked(store) as heard:
        assert metric_columns(store, now, ["accuracy"]) == {"accuracy": first}
    assert heard == []
    store.rename(tiny(0).digest, "mine")
    now = indexed_runs(store)
    with asked(store) as heard:
        assert metric_columns(store, now, ["accuracy"]) == {"accuracy": first}
    assert len(heard) == 2  # the last measurement, and the summary of one run


class TestForTheNextProcess:
    """Designs that were read once are kept in the store, and made anew where they are not as they should be."""

    @pytest.fixture
    def read(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """The texts that are read as designs."""
        found: list[str] = []
        usual = index._design
        monkeypatch.setattr(index, "_design", lambda stored: (found.append(stored), usual(stored))[1])
        return found

    def update(self, store: Store) -> dict[str, Any]:
        return {run.run: (run.seed, run.design.key, dict(run.design.settings)) for run in self.again(store).runs}

    def again(self, store: Store) -> index.IndexedRuns:
        return index.RunIndex(store).update(store)

    def test_it_is_not_read_again(self, store: Store, tiny: MakeDesign, read: list[str]) -> None:
        for design in (tiny(0), tiny(1), tiny(0, epochs=2)):
            store.submit(design)
        first = self.update(store)
        assert len(read) == 2
        assert self.update(store) == first
        assert len(read) == 2

    @pytest.mark.parametrize(
        "harm", ["settings = '{}'", "settings = 'x'", "key = '0000000000000000'", "release = 'old'", "crc = 0"]
    )
    def test_what_is_not_as_it_should_be_is_made_anew(
        self, store: Store, tiny: MakeDesign, read: list[str], harm: str
    ) -> None:
        store.submit(tiny())
        first = self.update(store)
        with store._writing() as connection:
            assert connection.execute(text(f"UPDATE designs SET {harm}")).rowcount == 1
        assert self.update(store) == first
        assert self.update(store) == first
        assert len(read) == 2

    def test_what_runs_had_that_are_deleted_goes(self, store: Store, tiny: MakeDesign) -> None:
        for epochs in (1, 2):
            store.submit(tiny(epochs=epochs))
        self.update(store)
        store.delete(tiny(epochs=1).digest)
        self.update(store)
        assert len(store.indexed_designs(index.release_digest())) == 1

    def test_a_store_that_cannot_be_written_is_read_all_the_same(
        self, store: Store, tiny: MakeDesign, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store.submit(tiny())
        monkeypatch.setattr(Store, "readonly", True)
        assert self.update(store)[tiny().digest][0] == 0
        assert store.indexed_designs(index.release_digest()) == {}
