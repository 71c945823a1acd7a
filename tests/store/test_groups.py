"""Runs that differ in their seed alone, as groups."""

from __future__ import annotations

import pytest

from snnviz.store import Store
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
