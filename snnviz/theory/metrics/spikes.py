"""Metrics of how often neurons spike, and of the latency of TTFS networks."""

from __future__ import annotations

from snnviz.events import EpochEnd, LayerState, Timing
from snnviz.graph.architectures import build_architecture
from snnviz.theory.metrics import Metric, Outcome

SILENT = "None of a network of ReLUs, which do not spike."


def rate(run: Outcome) -> float | None:
    """Returns the firing rate, spikes per neuron and time step, on the test images after the last epoch, or None.

    In a TTFS network it is spikes per neuron.
    """
    ends = run.rows(EpochEnd)
    return ends[-1].rate if ends else None


def spikes(run: Outcome) -> float | None:
    """Returns the spikes per neuron and image on the test images after the last epoch, or None."""
    mean = rate(run)
    return None if mean is None else mean * (1 if run.design.network.code == "ttfs" else run.design.data.steps)


def rate_before(run: Outcome) -> float | None:
    """Returns the firing rate before training: the mean over all spiking layers, weighted by their neurons; or None."""
    built = build_architecture(run.design).watched
    first: list[float | None] = [None] * len(built)
    for row in run.rows(LayerState):
        if row.step == 0:
            first[row.layer] = row.rate
    neurons = [(layer.neurons, rate) for layer, rate in zip(built, first, strict=True) if rate is not None]
    return sum(n * rate for n, rate in neurons) / sum(n for n, _ in neurons) if neurons else None


def latency(run: Outcome) -> float | None:
    """Returns when the readout of a TTFS (time-to-first-spike) network is read, the end of its last time window in
    tau_c (the unit of time); None for other networks.
    """
    final = [row for row in run.rows(Timing) if row.final]
    return final[-1].end if final else None


METRICS = (
    Metric(
        name="rate",
        label="Firing rate",
        help="Spikes per neuron and time step; in a TTFS network, which spikes once or never, per neuron.",
        form="share",
        rows=(EpochEnd,),
        read=rate,
        none=SILENT,
    ),
    Metric(
        name="spikes",
        label="Spikes per neuron",
        help="Of one image, over all time steps: a TTFS network's neuron spikes once or never.",
        form="number",
        better="less",
        rows=(EpochEnd,),
        read=spikes,
        none=SILENT,
    ),
    Metric(
        name="rate_before",
        label="Firing rate before",
        help="Spikes per neuron and time step before training, on the probe images.",
        form="share",
        rows=(LayerState,),
        read=rate_before,
        none=SILENT,
        listed=False,
    ),
    Metric(
        name="latency",
        label="Latency",
        help="When a TTFS network's readout (output layer) is read, from the first pixel on.",
        form="number",
        unit="τ_c",
        better="less",
        rows=(Timing,),
        read=latency,
        none="None of a network that is not TTFS: its readout is read after T time steps.",
        listed=False,
    ),
)
