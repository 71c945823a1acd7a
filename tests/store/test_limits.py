"""What one person may queue and keep: sentences, what would fit, and many who press at once."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from snnviz.design.design import Design
from snnviz.errors import LimitReached
from snnviz.events import Checkpoint
from snnviz.people.hosting import Hosting, Limits, LimitsOfRoles
from snnviz.people.person import Person
from snnviz.store import Store
from snnviz.store.limits import expected_bytes
from snnviz.theory.costs import parameter_count

ANN = Person("ann")


def hosting(**limits: float) -> Hosting:
    return Hosting(limits=LimitsOfRoles(visitor=Limits(**limits)))  # type: ignore[arg-type]


def design(seed: int = 0, **training: object) -> Design:
    return Design.check({"seed": seed, "training": training})


def test_many_presses_at_once_pass_no_limit_together(store: Store) -> None:
    ann, refused = store.acting_as(ANN, hosting(queued=3)), []
    begin = threading.Barrier(12)

    def press(number: int) -> None:
        begin.wait()
        try:
            ann.submit(design(number))
        except LimitReached as error:
            refused.append(str(error))

    threads = [threading.Thread(target=press, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (store.counts()["queued"], len(refused)) == (3, 9)


def test_a_network_may_have_so_many_parameters(store: Store) -> None:
    count = parameter_count(design())
    store.acting_as(ANN, hosting(parameters=count)).submit(design())
    said = f"at most {count - 1:,} parameters for one visitor, and this one has {count:,}: half as many channels"
    with pytest.raises(LimitReached, match=said):
        store.acting_as(ANN, hosting(parameters=count - 1)).submit(design(1))
    store.acting_as(Person("host", "admin"), hosting(parameters=1)).submit(design(1))


def test_a_run_may_be_expected_to_take_so_long_and_what_would_fit_is_said(store: Store) -> None:
    long = design(epochs=400)
    with pytest.raises(
        LimitReached, match="at most 60 s of a processor for one visitor, and this one is expected to take 5 min"
    ) as error:
        store.acting_as(ANN, hosting(seconds_a_run=60.0)).submit(long)
    fits = int(str(error.value).partition(" instead of 400 epochs would fit")[0].rpartition(" ")[2])
    assert 1 < fits < 400
    assert store.acting_as(ANN, hosting(seconds_a_run=60.0)).submit(design(epochs=fits)).created
    large = Design.check({"network": {"kind": "block", "channels": 40}, "training": {"epochs": 3}})
    with pytest.raises(LimitReached, match=r"one epoch of [\d,]+ training images would fit"):
        store.acting_as(ANN, hosting(seconds_a_run=1.0)).submit(large)


def test_what_one_keeps_counts_weights_runs_that_wait_and_data_of_ones_own(store: Store) -> None:
    one = expected_bytes(design())
    limit = 2.5 * one / 1e6
    assert one == 12 * parameter_count(design())
    host = Hosting(limits=LimitsOfRoles(visitor=Limits.model_construct(
        **{**Limits().model_dump(), "kept_megabytes": limit})))  # fmt: skip
    ann = store.acting_as(ANN, host)
    runs = [ann.submit(design(number)).run for number in range(2)]
    with pytest.raises(LimitReached, match=r"Weights and data sets must take at most 0 MB of one visitor, and yours"):
        ann.submit(design(2))
    claim = store.claim("worker", runs[0])
    assert claim is not None
    store.save_checkpoint(runs[0], claim.attempt, Checkpoint(1, {"w": np.zeros(30, np.float32)}))
    store.finish(runs[0], claim.attempt, "done")
    third = ann.submit(design(2)).run  # the first keeps less than it was expected to
    with pytest.raises(LimitReached):
        ann.submit(design(3))
    store.acting_as(Person("bob"), host).submit(design(2))  # which is now half of each
    with pytest.raises(LimitReached):
        ann.submit(design(3))
    ann.delete(runs[1])
    ann.delete(third)
    ann.submit(design(3))


def test_weights_of_others_count_for_them(store: Store, tmp_path: Path) -> None:  # noqa: ARG001
    store.submit(design(0))
    store.acting_as(Person("bob"), hosting(kept_megabytes=1.0)).submit(design(1))
    store.acting_as(ANN, hosting(kept_megabytes=1.0)).submit(design(2))
