"""Formulas that are mended: what was computed before stays, with the reason, and what waits is computed anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.errors import NotFound
from snnviz.events import EpochEnd, Sample
from snnviz.store import Store, renewing
from tests.aged import older
from tests.conftest import MakeDesign, sample
from tests.store.before import done, half, measured


class TestMended:
    """What trains otherwise since: an old run of it is not the run of its design."""

    def test_an_old_run_stays_with_the_reason_and_its_design_is_trained_anew(self, place: Path) -> None:
        task, sentence = measured(), "It was computed before 2026-11-29, since when measured on a probe of training"
        store = Store(place)
        done(store, task)
        store.close()
        name = older(place)[task.digest]
        store = Store(place)
        old = store.get(name)
        assert (old.state, old.task, old.current) == ("done", task, False)
        assert (old.note or "").startswith(sentence)
        assert (old.note or "").endswith("(before, on the first 64): the same task is now another run.")
        assert store.load_checkpoint(name) is not None
        with pytest.raises(NotFound):
            store.get(task.digest)
        new = store.submit(task)
        assert new.created
        assert new.run == task.digest != name
        assert {run.run for run in store.runs()} == {name, new.run}

    def test_one_that_was_trained_since_is_the_run_of_its_design(self, place: Path) -> None:
        store = Store(place)
        done(store, measured(), probed=True)
        store.close()
        name = older(place)[measured().digest]
        store = Store(place)
        assert (store.get(measured().digest).run, store.get(name).note) == (name, None)

    def test_what_uses_nothing_that_was_mended_has_one_key_for_ever(self, place: Path, tiny: MakeDesign) -> None:
        store = Store(place)
        done(store, tiny())
        store.close()
        name = older(place)[tiny().digest]
        assert Store(place).get(tiny().digest).run == name

    def test_one_that_had_not_begun_goes_on_and_one_that_had_begins_anew(self, place: Path) -> None:
        store = Store(place)
        half(store, measured(seed=1))
        store.submit(measured(seed=2))
        store.close()
        names = older(place)
        store = Store(place)
        begun, waiting = store.claim("me"), store.claim("me")
        assert begun is not None
        assert waiting is not None
        assert [begun.run, waiting.run] == [names[measured(seed=1).digest], names[measured(seed=2).digest]]
        assert (store.get(begun.run).note or "").startswith("It had begun before 2026-11-29, since when measured on")
        assert store.get(waiting.run).note is None
        assert store.load_checkpoint(begun.run) is None
        assert store.rows(begun.run, Sample) == store.rows(begun.run, EpochEnd) == []
        assert [store.get(measured(seed=seed).digest).run for seed in (1, 2)] == [begun.run, waiting.run]
        assert store.get(begun.run).current
        store.append_rows(begun.run, begun.attempt, [sample(1)])
        store.finish(begun.run, begun.attempt, "done")

    def test_one_that_waits_while_its_design_is_trained_anew_ends_with_a_word(self, place: Path) -> None:
        store = Store(place)
        half(store, measured())
        store.close()
        name = older(place)[measured().digest]
        store = Store(place)
        other = store.submit(measured())  # before anybody took up the old one
        assert other.created
        claim = store.claim("me")
        assert claim is not None
        assert claim.run == other.run
        assert (store.get(name).state, store.get(name).note) == ("cancelled", renewing.TWIN.format(other.run))
        assert store.rows(name, Sample) != []

    def test_a_formula_that_is_mended_after_the_migration_is_told_in_the_same_way(
        self, place: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from snnviz.design import naming
        from snnviz.design.revisions import REVISIONS, Revision

        tasks = [change(Design(), {"init": "glorot", "seed": seed}) for seed in range(3)]
        store = Store(place)
        half(store, tasks[0])
        store.submit(tasks[1])
        done(store, change(Design(), {"init": "kaiming"}))
        with monkeypatch.context() as patch:
            mended = Revision("2027-01-01", "initialisation", ("glorot",), "a factor of 2; before, of 1")
            patch.setattr(naming, "REVISIONS", (*REVISIONS, mended))
            naming.digest.cache_clear()
            assert store.get(change(Design(), {"init": "kaiming"}).digest).current
            begun, waiting = store.claim("me"), store.claim("me")
            assert begun is not None
            assert waiting is not None
            note = "It had begun before 2027-01-01, since when a factor of 2 (before, of 1): it began anew."
            assert [store.get(claim.run).note for claim in (begun, waiting)] == [note, None]
            assert [store.get(claim.task.digest).run for claim in (begun, waiting)] == [begun.run, waiting.run]
        naming.digest.cache_clear()
