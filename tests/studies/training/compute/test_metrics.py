"""What every metric promises, over trained runs of every kind of network and neuron, ReLUs and one spike a neuron.

Each number is read once more by a loop over rows, layers and tensors that knows nothing of `theory.operations`.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from snnviz.catalog.encodings import is_static
from snnviz.core.trainable_ttfs import build_network
from snnviz.data.datasets import dataset_card
from snnviz.design.design import Design
from snnviz.design.menus import NEURONS
from snnviz.design.networks import KINDS
from snnviz.errors import InputError
from snnviz.events import Checkpoint, EpochEnd, Event, LayerState, Timing
from snnviz.graph.architectures import INPUT, build_architecture
from snnviz.graph.ttfs import ttfs_network
from snnviz.graph.twins import ann_twin
from snnviz.jobs.immediate import Immediate
from snnviz.store import Run, Store
from snnviz.store.metrics import metrics
from snnviz.theory.metrics import METRICS

MORE: dict[str, dict[str, Any]] = {
    "block": {"channels": 2, "edges": "002/000/000"},
    "mlp": {"depth": 2, "width": 12},
    "cnn": {"depth": 2, "channels": 2},
    "vgg": {"width": 0.05, "stages": 1},
    "cell": {"channels": 2, "hidden": 20, "enlarge": 2, "norm": "none"},
}
STAGED: dict[str, Any] = {"width": 0.03125, "depth": 0.3, "norm": "none"}


def small(kind: str = "mlp", **more: Any) -> Design:
    """One epoch of 20 images, spiking."""
    return Design.check(
        {
            "network": {"kind": kind, **MORE.get(kind, STAGED)},
            "data": {"train_samples": 20, "test_samples": 10, "steps": 2},
            "neuron": {"threshold": 0.4},
            "training": {"epochs": 1, "batch_size": 10},
            **more,
        }
    )


def with_twins() -> dict[str, Design]:
    """Each kind of network with spikes, as its ANN twin and with one spike a neuron, as far as there are such."""
    found = {kind: small(kind) for kind in KINDS}
    for kind in KINDS:
        for name, twin in (("ReLU", ann_twin), ("TTFS", ttfs_network)):
            try:
                found[f"{kind}, {name}"] = twin(found[kind])
            except InputError:
                continue
    for entry in NEURONS:
        if entry.kind not in ("lif", "relu"):
            found[f"neurons {entry.kind}"] = small(neuron={"kind": entry.kind})
    found["what is learnt of neurons"] = small(neuron={"learn": "both", "threshold": 0.4})
    return found


DESIGNS = with_twins()

Ended = tuple[Run, dict[str, Any], list[Event]]
"""A run, what is kept of it, and all that it said."""


def test_there_are_networks_of_every_kind() -> None:
    assert {design.network.kind for design in DESIGNS.values()} == {*KINDS}
    assert sum(design.network.code == "ttfs" for design in DESIGNS.values()) >= 3
    assert {design.neuron.kind for design in DESIGNS.values()} == {*NEURONS.kinds}


@pytest.fixture(scope="module", params=DESIGNS)
def ended(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A run, what is kept of it by whoever trained it, and all that it said."""
    store, heard = Store(tmp_path_factory.mktemp("run") / "runs.sqlite"), list[Event]()
    Immediate(store, heard.append).submit(DESIGNS[request.param])
    run = store.get(DESIGNS[request.param].digest)
    assert run.state == "done", run.error
    kept = store.summaries([run.run], METRICS.names)[run.run]
    assert metrics(store, [run])[run.run] == {name: one.value for name, one in kept.items()}
    store.close()
    return run, {name: one.value for name, one in kept.items()}, heard


def by_hand(run: Run, heard: list[Event]) -> dict[str, float | None]:
    """Every metric, from what was heard."""
    design, built = run.design, build_architecture(run.design)
    ends = [event for event in heard if isinstance(event, EpochEnd)]
    looks = [event for event in heard if isinstance(event, LayerState)]
    last = [look for look in looks if look.step == looks[-1].step]
    assert len(last) == len(built.watched)
    dense, single = 0, dict.fromkeys(("macs", "additions", "eff_macs", "eff_acs"), 0.0)
    for layer in built.layers:
        if not layer.weighted:
            continue
        times = 1 if is_static(design) and all(source.layer == INPUT for source in layer.sources) else design.data.steps
        channels, *_ = layer.in_shape
        into = math.prod(layer.in_shape) if layer.kind == "linear" else channels // layer.groups * layer.kernel**2
        dense += into * math.prod(layer.out_shape) * times
    for look, layer in zip(last, built.watched, strict=True):
        if layer.weighted:
            assert look.macs is not None
            assert look.additions is not None
            assert look.synops is not None
            single["macs"] += look.macs
            single["additions"] += look.additions
            # By NeuroBench what is real, or a sum or an average of spikes, multiplies.
            adds = design.network.code == "ttfs" or (look.macs == 0 and look.additions == look.synops)
            single["eff_acs" if adds else "eff_macs"] += look.synops
    spiking = [(look.rate, layer.neurons) for look, layer in zip(looks, built.watched, strict=False)]
    spiking = [(rate, neurons) for rate, neurons in spiking if rate is not None]
    before = [rate * neurons for rate, neurons in spiking if rate is not None]
    windows = [event.end for event in heard if isinstance(event, Timing) and event.final]
    rate, ttfs = ends[-1].rate, design.network.code == "ttfs"
    network = build_network(design)
    tensors = network.parameters
    reached = [end.test_accuracy for end in ends]
    return {
        "accuracy": ends[-1].test_accuracy,
        "loss": ends[-1].test_loss,
        "seconds": run.seconds,
        "rate": rate,
        "spikes": None if rate is None else rate if ttfs else rate * design.data.steps,
        "rate_before": sum(before) / sum(neurons for _, neurons in spiking) if before else None,
        "latency": windows[-1] if windows else None,
        **single,
        "operations": single["macs"] + single["additions"],
        "synops": single["eff_macs"] + single["eff_acs"],
        "energy": 4.6e-3 * single["macs"] + 0.9e-3 * single["additions"],
        "energy_neurobench": 4.6e-3 * single["eff_macs"] + 0.9e-3 * single["eff_acs"],
        "estimated": 0.0,
        "probe": min(64, design.data.train_samples or dataset_card(design.data.name).train),
        "dense": dense,
        "dense_energy": 4.6e-3 * dense,
        "parameters": sum(tensor.numel() for tensor in tensors.values()),
        "spikes_image": rate
        and rate * (1 if ttfs else design.data.steps) * sum(one.neurons for one in network.spiking_layers),
        "footprint": sum(each.nbytes for each in (*tensors.values(), *network.buffers.values())),
        "epochs_to_90": 1 + [0.9 * max(reached) <= one for one in reached].index(True),
    }


def test_every_metric_is_what_a_loop_finds_and_none_has_a_reason(
    ended: tuple[Run, dict[str, Any], list[Event]],
) -> None:
    run, found, heard = ended
    expected = by_hand(run, heard)
    assert found.keys() == {*METRICS.names}
    assert expected.keys() <= found.keys()
    assert {name: found[name] for name in expected} == {
        name: value if value is None else pytest.approx(value, rel=1e-12) for name, value in expected.items()
    }
    for name, value in found.items():
        assert METRICS[name].none if value is None else math.isfinite(value), name
    assert (found["rate"] is None) == (run.design.neuron.kind == "relu" and run.design.network.code == "rate")
    assert (found["latency"] is None) == (run.design.network.code == "rate")
    assert found["energy"] > 0


def test_parameters_are_those_of_the_weights_that_are_kept(ended: Ended) -> None:
    run, found, heard = ended
    last = [event for event in heard if isinstance(event, Checkpoint)][-1]
    names = build_network(run.design).parameters
    assert found["parameters"] == sum(last.arrays[name].size for name in names)


def test_a_measurement_anew_is_summed_up_when_it_ends(tmp_path: Path) -> None:
    """Its worker writes what the run comes to since then: nobody has to ask."""
    from sqlalchemy import text

    from snnviz.design.measurement import Measurement

    store, design = Store(tmp_path / "runs.sqlite"), small()
    Immediate(store).submit(design)
    run = store.get(design.digest)
    today = metrics(store, [run])[run.run]
    with store._writing() as connection:  # as in a store of before, of one class
        old = (
            "probe = NULL, synops = NULL, macs = NULL, additions = NULL, density = NULL, rate = 0.9 * rate, crc = NULL"
        )
        connection.execute(text(f"UPDATE layers SET {old}"))
        connection.execute(text("DELETE FROM summaries"))
    before = metrics(store, [run])[run.run]
    assert (before["estimated"], before["probe"]) == (1.0, None)
    Immediate(store).submit(Measurement(design=design))
    assert {name: one.value for name, one in store.summaries([run.run], METRICS.names)[run.run].items()} == today
    store.close()
