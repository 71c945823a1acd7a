"""The metric `spikes_image`: number of spikes per image, summed over all neurons of the network."""

from __future__ import annotations

from snnviz.events import EpochEnd
from snnviz.graph.architectures import build_architecture
from snnviz.theory.metrics import Metric, Outcome
from snnviz.theory.metrics.spikes import SILENT, spikes


def spikes_image(run: Outcome) -> float | None:
    """Returns the number of spikes per test image over all neurons; in TTFS (time-to-first-spike) networks without the
    readout; None if unknown.
    """
    each = spikes(run)
    if each is None:
        return None
    layers = build_architecture(run.design).layers
    firing = layers[:-1] if run.design.network.code == "ttfs" else [layer for layer in layers if layer.spiking]
    return each * sum(layer.neurons for layer in firing)


METRICS = (
    Metric(
        name="spikes_image",
        label="Spikes an image",
        help="Of all neurons over all time steps, on the test images after the last epoch.",
        form="count",
        better="less",
        rows=(EpochEnd,),
        read=spikes_image,
        none=SILENT,
        listed=False,
    ),
)
