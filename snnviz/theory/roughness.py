"""How far the forecast that is painted first may be from real networks, and what is said of it.

Convolutions are forecast as if every position were as bright as the average one, and layers as wide as one likes. By
how much that is wrong was measured; `benchmarks.forecasts` checks what is said here (`docs/forecasts.md`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from snnviz.catalog.neurons import model
from snnviz.data.datasets import card_counts, dataset_card
from snnviz.design.design import Design
from snnviz.graph.architectures import INPUT, build_architecture
from snnviz.theory.variance import forecast_layers
from snnviz.theory.verdicts import BALANCED, Tone, activity_verdict

DARK = 0.6
"""Images whose mean intensity is a smaller share of its standard deviation have large dark areas."""

UNKNOWN = ("densenet121", "mobilenetv2")
"""Networks whose forecast is off by any factor where they are not normalised."""

FEW_CHANNELS = 8
"""Activity of deep convolutions of at most so many channels may die out."""

OVERSHOT, FAR_OVERSHOT = 2.0, 5.0
"""Var[u] in a single step above which the variance-preserving rule, which is to keep it at 1, is said to overshoot; and
above which the verdict is a warning, unless the layer reads the image.
"""


def is_approximate(design: Design) -> bool:
    """Returns whether the forecast of a design is only an approximation; `approximation_warning` says why."""
    return approximation_warning(design) != ""


def approximation_warning(design: Design) -> str:
    """Returns a sentence on why the forecast of a design may be wrong, or ""."""
    coded, events = design.data.encoding.kind != "direct", dataset_card(design.data.name).counts is not None
    if design.network.kind in UNKNOWN and _is_plain(design):
        return "A rough forecast: without normalisation Var[u] of the last blocks can be many times off."
    if coded and design.network.kind != "mlp":
        return "A rough forecast: convolutions on spike-coded images often spike less than this."
    if events and card_counts(design.data) is None:
        return (
            "A rough forecast: how many events fall on a pixel in such frames was not measured, and is N-MNIST's here."
        )
    if dataset_card(design.data.name).guessed and coded:
        return "A rough forecast: how bright the pixels of this data set are is a guess from their mean and deviation."
    if events and design.network.kind != "mlp":
        return "A rough forecast: events crowd in the middle, and Var[u] of convolutions is often half of this there."
    if events and coded:
        return "An approximate forecast: which pixels' neurons spike again is estimated for recordings of events."
    return ""


@dataclass(frozen=True, slots=True)
class Roughness:
    """Real networks' mean rates are within `points` percentage points of the forecast; their Var[u] is `low` to `high`
    times the forecast.
    """

    points: float
    low: float
    high: float


def roughness(design: Design) -> Roughness | None:
    """Returns how rough the forecast of a design is; None where it is right within 2 points and 15 %, or where that was
    not measured: for recordings of events, and for networks that do not spike.
    """
    card = dataset_card(design.data.name)
    if card.counts is not None or not model(design.neuron).spiking:
        return None
    if design.network.kind == "mlp":  # images of others differ more in how bright they are
        return None if design.data.name == "digits" else Roughness(3, 0.8, 1.2)
    channels = min((layer.out_shape[0] for layer in build_architecture(design).layers[:-1]), default=FEW_CHANNELS + 1)
    least = 0.0 if channels <= FEW_CHANNELS and _is_plain(design) else 1.0
    if not _is_plain(design):
        return Roughness(3, 0.6, 1.2)
    if design.network.kind in UNKNOWN:
        return None
    if any(layer.stride > 1 for layer in build_architecture(design).layers):
        return Roughness(7, 0.5, 2)
    if design.data.encoding.kind != "direct":
        return (
            Roughness(5, min(0.75, least), 1.5) if design.data.name == "digits" else Roughness(14, min(0.5, least), 1.5)
        )
    if card.mean < DARK * card.std:
        return Roughness(10, min(0.6, least), 1.3)
    return Roughness(5, min(0.6, least), 1.25)


def _is_plain(design: Design) -> bool:
    return getattr(design.network, "norm", "none") == "none"


def roughness_sentence(design: Design) -> str:
    """Returns sentences on how rough the forecast of a design is and why, or ""."""
    told, found = [approximation_warning(design)], roughness(design)
    if found is not None:
        told.append(
            f"Rough: firing rates of real networks are up to {found.points:g} points off, Var[u] is {found.low:g} to "
            f"{found.high:g} times this."
        )
    return " ".join(sentence for sentence in told if sentence)


@lru_cache(maxsize=256)
def first_verdict(design: Design) -> tuple[Tone, str]:
    """Returns the verdict on the forecast that is painted first: `activity_verdict`, and a warning where activity may
    be gone within what the forecast is rough, or where the variance-preserving rule overshoots far.
    """
    tone, sentence = activity_verdict(design)
    if tone != "good":
        return tone, sentence
    found, rates = roughness(design), [(one.rate, one.name) for one in forecast_layers(design) if one.rate is not None]
    if found is not None and _is_plain(design) and rates and 100 * min(rates)[0] < found.points:
        rate, name = min(rates)
        return "warning", (
            f"Layer {name} may hardly spike: {100 * rate:.1f} % of neurons a step, forecast to {found.points:g} points."
        )
    far = overshoot(design, beyond=FAR_OVERSHOT, behind_image=False)
    if far is not None:
        return "warning", (
            f"Var[u] of layer {far[0]} is {far[1]:.3g} in a single step, which the variance-preserving rule is to keep "
            "at 1: its input is not what the rule takes it for. Choose the input-preserving initialisation."
        )
    return tone, sentence


def overshoot(design: Design, *, beyond: float = OVERSHOT, behind_image: bool = True) -> tuple[str, float] | None:
    """Returns the layer, with its Var[u] in a single step, that overshoots most under the variance-preserving rule, or
    None: behind inputs that are not spikes of u ~ N(0, 1) but pixels, linear projections, pooled or added spikes.
    behind_image: also layers that read the image.
    """
    if design.init.kind != BALANCED or not model(design.neuron).spiking:
        return None
    reads = {
        layer.name: any(source.layer == INPUT for source in layer.sources) or not layer.weighted or layer.normed
        for layer in build_architecture(design).layers
    }
    some = [
        (one.single_step, one.name)
        for one in forecast_layers(design)
        if one.rate is not None and (behind_image or not reads[one.name])
    ]
    value, name = max(some, default=(0.0, ""))
    return (name, value) if value > beyond else None
