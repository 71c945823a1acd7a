"""A finished run's layers looked at anew: from its weights, as a run of today looks at its end and its beginning."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.design.measurement import Measurement, measurement_digest
from snnviz.events import LayerState, Timing
from snnviz.jobs import durations
from snnviz.jobs.immediate import Immediate
from snnviz.store import Store
from snnviz.store.layer_states import layer_states, merge_remeasured, remeasured_states, uses_old_probe
from snnviz.theory.operations import operations_per_image
from tests.aged import age
from tests.conftest import MakeDesign

KINDS: dict[str, dict[str, Any]] = {
    "mlp": {},
    "rate coded": {"data.encoding": "rate"},
    "batch normalisation": {"network.kind": "block", "network.channels": 3, "network.norm": "batch"},
    "learnt": {"neuron.learn": "both"},
    "relu": {"neuron.kind": "relu", "data.steps": 1},
    "measured": {"init": "fluctuation-driven"},
}


def rows(store: Store, run: str) -> list[LayerState]:
    return [row for _, row in store.rows(run, LayerState)]


@pytest.mark.parametrize("settings", KINDS.values(), ids=KINDS)
def test_it_finds_what_a_run_of_today_finds(store: Store, tiny: MakeDesign, settings: dict[str, Any]) -> None:
    """Bit by bit, but for gradients: those are of training steps."""
    made = Design.check(change(tiny(), settings).document())
    engine = Immediate(store)
    engine.submit(made)
    engine.submit(Measurement(design=made))
    run = store.get(measurement_digest(made))
    assert (run.state, run.error, run.steps, run.design) == ("done", None, durations.progress_steps(run.task), made)
    whole = rows(store, made.digest)
    ends = [row for row in whole if row.step in (0, whole[-1].step)]
    expected = [replace(row, grad_norm=None, shortcut=None) for row in ends]
    assert rows(store, run.run) == (expected[len(expected) // 2 :] if "init" in settings else expected)
    assert store.runs() == [store.get(made.digest)]  # it is no run


def test_a_run_of_before_takes_it_and_keeps_its_gradients(store: Store, tiny: MakeDesign) -> None:
    made = tiny()
    engine = Immediate(store)
    engine.submit(made)
    today = rows(store, made.digest)
    assert not uses_old_probe(today)
    assert layer_states(store, made) == today
    age(store, made.digest)
    before = rows(store, made.digest)
    assert uses_old_probe(before)
    assert layer_states(store, made) == before
    assert operations_per_image(made, before).estimated
    engine.submit(Measurement(design=made))
    found = layer_states(store, made)
    middle = slice(3, -3)
    assert (found[:3], found[-3:]) == (today[:3], today[-3:])
    assert found[-1].grad_norm == today[-1].grad_norm is not None
    assert found[middle] == before[middle]
    assert operations_per_image(made, found) == operations_per_image(made, today)


def test_a_run_of_today_goes_by_its_own_looks(store: Store, tiny: MakeDesign) -> None:
    """It may have been trained anew, with other weights, since somebody measured the one of before."""
    engine = Immediate(store)
    engine.submit(tiny())
    engine.submit(Measurement(design=tiny()))
    changed = [replace(row, rate=0.9) for row in rows(store, tiny().digest)]
    assert remeasured_states(store, tiny())
    assert merge_remeasured(changed, remeasured_states(store, tiny())) == changed


def test_of_a_ttfs_network_it_tells_when_layers_spike(store: Store, tiny: MakeDesign) -> None:
    made = change(tiny(), {"neuron.kind": "relu", "network.code": "ttfs", "data.steps": 1})
    Immediate(store).submit(made)
    Immediate(store).submit(Measurement(design=made))
    own = [row for _, row in store.rows(made.digest, Timing) if row.final]
    assert own
    assert [row for _, row in store.rows(measurement_digest(made), Timing)] == own


@pytest.mark.parametrize("lost", ["never trained", "its file is gone"])
def test_without_weights_it_is_a_sentence(store: Store, tiny: MakeDesign, lost: str, tmp_path: Path) -> None:
    if lost == "its file is gone":
        Immediate(store).submit(tiny())
        for file in tmp_path.rglob(f"{tiny().digest}*.safetensors"):
            file.unlink()
    Immediate(store).submit(Measurement(design=tiny()))
    run = store.get(measurement_digest(tiny()))
    assert run.state == "failed"
    assert run.error == (
        f"There are no weights of the run {tiny().digest} to look at: open it and train it again for them, or say "
        f"`python -m snnviz again {tiny().digest}`."
    )


def test_weights_that_are_trained_anew_are_not_taken_for_those_of_the_end(store: Store, tiny: MakeDesign) -> None:
    made = change(tiny(), {"training.epochs": 2})
    Immediate(store).submit(made)
    checkpoint = store.load_checkpoint(made.digest)
    assert checkpoint is not None
    store.delete(made.digest)
    store.submit(made)
    store.claim("me", made.digest)
    store.save_checkpoint(made.digest, store.get(made.digest).attempt, replace(checkpoint, epoch=1))
    Immediate(store).submit(Measurement(design=made))
    assert store.get(measurement_digest(made)).error == (
        f"The run {made.digest} is being trained: it can be measured when it is done."
    )
