"""Metrics: a list that is found by itself, each read from the rows that it names, against a literal reading."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from snnviz.design.design import Design
from snnviz.events import EpochEnd, LayerState, Timing
from snnviz.graph.architectures import build_architecture
from snnviz.places import ROOT
from snnviz.theory.metrics import METRICS, METRICS_VARIABLE, Metric, Metrics, Outcome
from snnviz.views import numbers

each = pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)

DESIGN = Design.check({"network": {"kind": "mlp", "depth": 2, "width": 3}, "data": {"steps": 4}})
NAMES = [layer.name for layer in build_architecture(DESIGN).watched]


def look(step: int, *rates: float | None, probe: int | None = 64) -> list[LayerState]:
    """Of each layer: macs 100 (of the first alone), additions 10 k + 1, inputs 20 k + 2, k from 0."""
    return [
        LayerState(step, step / 10, k, name, rate, 1.0, None, probe=probe)
        if probe is None
        else LayerState(
            step, step / 10, k, name, rate, 1.0, None,
            probe=probe, macs=100.0 * (k == 0), additions=10.0 * k + 1, synops=20.0 * k + 2,
        )
        for k, (name, rate) in enumerate(zip(NAMES, rates, strict=True))
    ]  # fmt: skip


ENDS = [
    EpochEnd(1, 0.5, 0.4, 1.0, 1.5, 0.3, 0.1, validation_accuracy=0.35, validation_loss=1.75),
    EpochEnd(2, 0.7, 0.6, 0.5, 0.75, 0.25, 0.1, validation_accuracy=0.65, validation_loss=0.875),
]
LOOKS = [*look(0, 0.1, 0.4, None), *look(5, 0.2, 0.3, None)]
TIMINGS = [Timing(5, 2, 0, "L1", 0, 0, 9, 1, 1, 0), Timing(5, 2, 0, "L1", 1, 0, 1, 1, 1, 0)]
TIMINGS.append(Timing(5, 2, 1, "L2", 1, 1, 2.5, 1, 1, 0))
ROWS = {EpochEnd: ENDS, LayerState: LOOKS, Timing: TIMINGS}
RUN = Outcome(DESIGN, ROWS, 12.5)

WEIGHTS = 64 * 3 + 3 * 3 + 3 * 10
"""Of 8 x 8 pixels, two hidden layers of 3 neurons and 10 classes."""
PASSES = 64 * 3 + 4 * (3 * 3 + 3 * 10)
"""A static image meets the first layer once, the others see T = 4 steps."""

READ_BY_HAND: dict[str, float | None] = {
    "accuracy": 0.6,
    "loss": 0.75,
    "validation_accuracy": 0.65,
    "validation_loss": 0.875,
    "seconds": 12.5,
    "rate": 0.25,
    "spikes": 1.0,
    "rate_before": (3 * 0.1 + 3 * 0.4) / 6,
    "latency": 2.5,
    "macs": 100.0,
    "additions": 1 + 11 + 21,
    "operations": 100 + 33,
    "energy": (4.6 * 100 + 0.9 * 33) / 1000,
    "eff_macs": 2.0,  # of the image alone; the other layers read single spikes
    "eff_acs": 22.0 + 42.0,
    "synops": 2 + 22 + 42,
    "energy_neurobench": (4.6 * 2 + 0.9 * 64) / 1000,
    "estimated": 0.0,
    "probe": 64.0,
    "dense": PASSES,
    "dense_energy": 4.6 * PASSES / 1000,
    "parameters": WEIGHTS + 3 + 3 + 10,
    "silent_layers": 0.0,
    "silent_before": 0.0,
    "spikes_image": 6.0,  # of the six hidden neurons one each
    "footprint": 4 * (WEIGHTS + 3 + 3 + 10),
    "epochs_to_90": 2.0,  # after the first epoch 0.4 of 0.6
}


def test_each_is_what_is_read_by_hand() -> None:
    found = METRICS.read(RUN)
    assert found == {name: pytest.approx(READ_BY_HAND[name]) for name in METRICS.names if name in READ_BY_HAND}
    assert READ_BY_HAND.keys() <= set(METRICS.names)


@each
class TestEachMetric:
    def test_it_reads_the_rows_that_it_names_and_no_others(self, metric: Metric) -> None:
        own = Outcome(DESIGN, {kind: ROWS[kind] for kind in metric.rows}, 12.5)
        assert metric.value(own) == metric.value(RUN)
        if metric.rows:
            assert metric.value(Outcome(DESIGN, {kind: ROWS[kind] for kind in ROWS if kind not in metric.rows})) is None

    def test_of_nothing_it_is_a_number_or_none_with_a_reason(self, metric: Metric) -> None:
        found = metric.value(Outcome(DESIGN))
        assert metric.none if found is None else math.isfinite(found)

    def test_it_has_words_and_a_form_for_pages_tables_and_json(self, metric: Metric) -> None:
        assert metric.help.endswith(".")
        assert metric.label[0].isupper()
        assert metric.form in numbers.IN_TABLES
        for value in (0.0, 0.25, 12345.678, 1e9):
            assert numbers.metric_text(metric, value).strip()
        assert numbers.metric_text(metric, None) == numbers.NO_NUMBER

    def test_what_counts_operations_says_by_which_convention(self, metric: Metric) -> None:
        assert bool(metric.quantity) == bool(metric.convention)
        if metric.convention is not None:
            assert METRICS.for_convention(metric.quantity, metric.convention) is metric
            assert LayerState in metric.rows


def test_rows_of_before_the_count_are_called_estimated() -> None:
    old = Outcome(DESIGN, {**ROWS, LayerState: look(5, 0.2, 0.3, None, probe=None)})
    assert (METRICS["estimated"].value(old), METRICS["probe"].value(old)) == (1.0, None)


def test_a_ttfs_network_s_rate_is_its_spikes() -> None:
    design = Design.check(
        {"network": {"kind": "mlp", "code": "ttfs"}, "data": {"steps": 1}, "neuron": {"kind": "relu"}}
    )
    assert METRICS["spikes"].value(Outcome(design, {EpochEnd: ENDS})) == 0.25


def test_layers_that_do_not_spike_are_counted_before_and_after() -> None:
    """Below one spike in 5,000 neuron-steps; a readout without spikes is none."""
    looks = [*look(0, 0.0, 0.1, None), *look(3, 0.0, 0.0, None), *look(5, 1.9e-4, 2e-4, None)]
    found = METRICS.read(Outcome(DESIGN, {LayerState: looks}))
    assert (found["silent_before"], found["silent_layers"]) == (1, 1)


def test_without_spikes_there_is_neither_rate() -> None:
    silent = Outcome(DESIGN, {EpochEnd: [replace(ENDS[0], rate=None)], LayerState: look(0, None, None, None)})
    assert [
        METRICS[name].value(silent) for name in ("rate", "spikes", "rate_before", "silent_layers", "spikes_image")
    ] == [None] * 5


def broken(run: Outcome) -> float:
    return 1 / (run.design.seed - run.design.seed)


def test_one_that_raises_is_logged_and_takes_no_other_with_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = Metric(name="wrong", label="Wrong", help="Divides by 0.", form="number", read=broken)
    several = Metrics()
    monkeypatch.setitem(several.__dict__, "_known", {"wrong": wrong, "accuracy": METRICS["accuracy"]})
    assert several.read(RUN) == {"accuracy": 0.6}
    assert "The metric wrong could not be read" in caplog.text


@pytest.mark.parametrize(
    "change", [{"name": "Upper"}, {"name": "a-b"}, {"name": "x" * 41}, {"name": ""}, {"help": ""}, {"form": "euros"}]
)
def test_a_metric_that_no_table_could_keep_is_refused(change: dict[str, str]) -> None:
    right: dict[str, object] = {"name": "right", "label": "Right", "help": "Yes.", "form": "number", "read": broken}
    with pytest.raises(ValueError, match="metric"):
        Metric(**(right | change))  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", ["nosuch.module", "snnviz.errors", ".."])
def test_what_a_host_names_and_has_none_is_a_sentence(wrong: str) -> None:
    script = "from snnviz.theory.metrics import METRICS; METRICS.names"
    environment = {**os.environ, METRICS_VARIABLE: wrong}
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith("SNNVIZ_METRICS must name Python modules that have METRICS, got ")


def test_a_name_that_is_there_twice_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "counted_again.py").write_text(
        "from dataclasses import replace\nfrom snnviz.theory.metrics.size import METRICS as THEIRS\n"
        "METRICS = tuple(replace(metric, label='Again') for metric in THEIRS)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv(METRICS_VARIABLE, "counted_again")
    with pytest.raises(ValueError, match="the metric 'parameters' is there twice"):
        list(Metrics())
