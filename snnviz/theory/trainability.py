"""Whether a network can be expected to learn, from what was measured before training: that its layers spike, that they
still tell images apart, and that gradients reach the first ones (as Schoenholz et al. 2017 ask of ANNs).
"""

from __future__ import annotations

from dataclasses import dataclass

from snnviz.theory.measured import MeasuredForecast, MeasuredLayer
from snnviz.theory.verdicts import SATURATED_RATE, Tone

SILENT_SHARE = 0.5
"""A layer that is silent for more images than this is called silent."""

OFTEN_SILENT = 0.05
"""A layer that is silent for more images than this is called often silent."""

FEW = 5
"""Of fewer networks, bands are too wide to go by."""

ALIKE = 0.02
"""Images look alike where the cosines within and between classes differ by less than this share of what the images' own
do.
"""

VANISHED, EXPLODED = 1e-3, 30.0
"""Gradients vanish where they are below, and explode where they are above, this multiple of those of the last hidden
layer. They need not be kept: networks whose gradients shrink a hundredfold learnt, those in which they grow thirtyfold
hardly did (`docs/trainability.md`).
"""


@dataclass(frozen=True, slots=True)
class Trainability:
    """A verdict on a network before training: a tone, and sentences on what is in the way.

    silent_from, alike_from, unstable_gradient_at: names of the first layer that is silent for most images, of the first
    from which on two images look alike, and of the one nearest to the output at which gradients have vanished or
    exploded; None where there is none.
    """

    tone: Tone
    sentences: tuple[str, ...]
    silent_from: str | None
    alike_from: str | None
    unstable_gradient_at: str | None

    @property
    def sentence(self) -> str:
        """All sentences as one text."""
        return " ".join(self.sentences)


def judge(measurement: MeasuredForecast) -> Trainability:
    """Returns the verdict on what was measured; it goes by the worst layer's band, not by means."""
    hidden = [layer for layer in measurement.layers if layer.gradient is not None or layer.rate is not None]
    silent = next((layer for layer in hidden if (layer.silent_share or 0) > SILENT_SHARE), None)
    often = max(hidden, key=lambda layer: layer.silent_share or 0, default=None)
    alike, unstable = first_alike(measurement), first_unstable_gradient(measurement)
    names, told = [layer.name for layer in measurement.layers], []
    if silent is not None:
        told.append(f"Layer {silent.name} is silent for {_percent(silent.silent_share)} of images.")
    elif often is not None and (often.silent_share or 0) > OFTEN_SILENT:
        told.append(f"Layer {often.name} is silent for {_percent(often.silent_share)} of images.")
    if saturated := [layer.name for layer in saturated_layers(measurement)]:
        who = f"Layer {saturated[0]}" if len(saturated) == 1 else f"{len(saturated)} layers, the first {saturated[0]},"
        told.append(f"{who} may spike in nearly every second step.")
    if alike is not None and (silent is None or names.index(alike.name) < names.index(silent.name)):
        told.append(f"Two images look alike from layer {alike.name} on.")
    if unstable is not None and silent is None:
        grows = _gradient_ratio(measurement, unstable) > 1
        told.append(f"Gradients {'explode' if grows else 'vanish'} on the way to layer {unstable.name}.")
    tone: Tone = "bad" if silent is not None else "warning" if told else "good"
    if not told:
        rates = [layer for layer in hidden if layer.rate is not None]
        if rates:
            low, high = (min(layer.rate_low or 0 for layer in rates), max(layer.rate_high or 0 for layer in rates))
            told.append(f"Every layer spikes ({100 * low:.1f} % to {100 * high:.1f} % of neurons a step),")
        told.append(f"{'t' if told else 'T'}ells images apart, and gradients reach the first one.")
    found = (None if layer is None else layer.name for layer in (silent, alike, unstable))
    return Trainability(tone, tuple(told), *found)


def saturated_layers(measurement: MeasuredForecast) -> list[MeasuredLayer]:
    """Returns the layers that spike in nearly every second step in some of nine of ten networks; of few networks, on
    average.
    """
    few = measurement.networks < FEW
    rates = [(layer, layer.rate if few else layer.rate_high) for layer in measurement.layers]
    return [layer for layer, rate in rates if (rate or 0) > SATURATED_RATE]


def first_alike(measurement: MeasuredForecast) -> MeasuredLayer | None:
    """Returns the first layer from which on two images look alike as far as the networks that were drawn tell (within
    two standard errors), or None; see `ALIKE`.
    """
    if measurement.cosine_within is None or measurement.cosine_between is None:
        return None
    least = ALIKE * (measurement.cosine_within - measurement.cosine_between)
    found = None
    for layer in reversed(measurement.layers):
        if layer.told_apart is None:
            continue
        if layer.told_apart - 2 * (layer.told_apart_error or 0) > least:
            return found
        found = layer
    return found


def first_unstable_gradient(measurement: MeasuredForecast) -> MeasuredLayer | None:
    """Returns the first layer on the way back from the output at which gradients have vanished or exploded, or None;
    see `VANISHED`, `EXPLODED`.
    """
    for layer in reversed(measurement.layers):
        if layer.gradient is not None and not VANISHED <= _gradient_ratio(measurement, layer) <= EXPLODED:
            return layer
    return None


def _gradient_ratio(measurement: MeasuredForecast, layer: MeasuredLayer) -> float:
    last = [each.gradient for each in measurement.layers if each.gradient]
    return (layer.gradient or 0.0) / last[-1] if last else 0.0


def _percent(share: float | None) -> str:
    return f"{100 * (share or 0):.0f} %"
