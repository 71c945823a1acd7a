"""Runs that differ in their seed alone, as groups."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from snnviz.store import Store
from snnviz.store.filters import parse_filter
from snnviz.store.groups import group_key, run_groups
from tests.conftest import MakeDesign
from tests.store.test_metrics import end, end_run


def test_a_group_is_of_all_seeds_of_a_design(store: Store, tiny: MakeDesign) -> None:
    for seed, accuracy in ((0, 0.5), (2, 0.75)):
        end_run(store, tiny(seed), end(3, accuracy))
    end_run(store, tiny(1), end(1, 0.1), state="cancelled")
    other = tiny(0, epochs=2)
    store.submit(other)
    newest, oldest = run_groups(store, metrics=["accuracy"])
    assert (newest.key, newest.runs, newest.values) == (other.digest, {0: other.digest}, {"accuracy": {}})
    assert oldest.key == tiny(0).digest == group_key(tiny(2))
    assert oldest.runs == {seed: tiny(seed).digest for seed in (0, 1, 2)}
    assert oldest.values == {"accuracy": {0: 0.5, 2: 0.75}}
    assert oldest.design == tiny(0)
    interval = oldest.interval("accuracy")
    assert interval is not None
    assert (interval.mean, interval.count) == (0.625, 2)
    assert newest.interval("accuracy") is oldest.interval("rate") is None


@pytest.mark.parametrize("seed", [0, 3])
def test_settings_are_those_of_a_link(store: Store, tiny: MakeDesign, seed: int) -> None:
    store.submit(tiny(seed))
    (group,) = run_groups(store)
    assert group.settings == {
        "data.train_samples": 200, "data.test_samples": 50, "data.steps": 2, "network.kind": "mlp",
        "network.depth": 2, "network.width": 20, "training.epochs": 3,
    }  # fmt: skip
    assert group.design == tiny(seed)


def test_a_filter_takes_groups_by_their_mean_and_chooses_no_seed(store: Store, tiny: MakeDesign) -> None:
    for epochs, accuracies in ((3, (0.5, 0.9)), (2, (0.6, 0.65))):
        for seed, accuracy in enumerate(accuracies):
            end_run(store, tiny(seed, epochs=epochs), end(epochs, accuracy))

    def found(said: str) -> list[tuple[object, tuple[int, ...]]]:
        groups = run_groups(store, parse_filter(said), ["loss"])
        return [(group.settings["training.epochs"], tuple(group.runs)) for group in groups]

    assert found("accuracy > 0.65") == [(3, (0, 1))]
    assert found("accuracy < 0.65") == [(2, (0, 1))]
    assert found("training.epochs = 2 or seed = 1") == [(2, (0, 1)), (3, (1,))]
    assert found("accuracy > 0.65 and seed = 0") == [(3, (0,))]
    assert found("accuracy > 0.8") == []
    store.tag(tiny(1, epochs=2).digest, ["homework"])
    assert found("tag = homework") == [(2, (1,))]
    assert [*run_groups(store, parse_filter("seed = 0"), ["loss"])[0].values] == ["loss"]


def test_of_two_runs_with_one_seed_the_one_that_is_done_stands(store: Store, tiny: MakeDesign) -> None:
    """A run of before and its twin of today, which has the key."""
    end_run(store, tiny(0), end(3, 0.5))
    end_run(store, tiny(0, epochs=2), end(2, 0.75))
    twin = tiny(0, epochs=2).digest
    with store._writing() as connection:
        new = {"of": tiny(0).stored(), "run": twin}
        connection.execute(
            text("UPDATE runs SET design = :of, key = NULL, revision = revision + 1 WHERE run = :run"), new
        )
    (group,) = run_groups(store, metrics=["accuracy"])
    assert (group.runs, group.values) == ({0: tiny(0).digest}, {"accuracy": {0: 0.5}})
    store.retrain(twin)
    with store._writing() as connection:
        connection.execute(text(f"UPDATE runs SET state = 'failed', revision = revision + 1 WHERE run <> '{twin}'"))
        connection.execute(text(f"UPDATE runs SET state = 'done', revision = revision + 1 WHERE run = '{twin}'"))
    (group,) = run_groups(store, metrics=["accuracy"])
    assert (group.runs, group.values) == ({0: twin}, {"accuracy": {0: 0.75}})
