"""Verdicts on the forecast activity of a design, in a sentence, and changes whose own forecast is better."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from snnviz.catalog.encodings import second_moments
from snnviz.catalog.neurons import model, threshold
from snnviz.design.design import Design
from snnviz.graph.architectures import build_architecture
from snnviz.theory.narrow import draw_narrow, is_narrow
from snnviz.theory.variance import LayerForecast, forecast_layers

Tone = Literal["good", "warning", "bad"]

SILENT_RATE = 2e-4
"""A layer with a lower firing rate is called silent: less than one spike in 5,000 neuron-steps."""

SATURATED_RATE = 0.45
"""A layer with a higher firing rate is called crowded. No zero-mean potential is above a threshold half of the time."""

SILENT_SHARE, OFTEN_SILENT = 0.5, 0.05
"""Shares of images for which no neuron of a layer spikes, above which it is called silent, or often silent."""

FAR_APART = 1e3
"""If Var[u] of an ANN's layers differs by more than this factor, signals vanish or explode from layer to layer."""

FACTORS = (0.8, 1.25, 0.6, 1.6, 0.4, 2.5, 0.2, 5.0, 0.1)
"""Factors of the design's threshold that are tried, the nearest first."""

FROM_ZERO = (0.05, 0.1, 0.2, 0.4, 0.7, 1.0)
"""Thresholds that are tried where the design's is 0."""

WORK = 1500
"""Limit of layers times time steps over all tried designs, so that a page does not wait; two are always tried."""

FEW_NETWORKS = 24
"""Networks by which a threshold is looked at before it is forecast."""

BALANCED, KAIMING = "variance-preserving", "kaiming"


@dataclass(frozen=True, slots=True)
class Advice:
    """A suggested change of a design: the changed design, the change in `words`, and whether its forecast has no
    problem left (`good`).
    """

    design: Design
    words: str
    good: bool


@dataclass(frozen=True, slots=True)
class _Trouble:
    """What is wrong with a forecast; the smaller, the better: how bad it is, then how many layers. silent_share: of
    images, of the worst layer, where that is what is wrong.
    """

    tone: Tone
    layers: tuple[str, ...] = ()
    silent_share: float | None = None

    @property
    def weight(self) -> tuple[int, int]:
        return ("good", "warning", "bad").index(self.tone), len(self.layers)


@lru_cache(maxsize=256)
def activity_verdict(design: Design) -> tuple[Tone, str]:
    """Returns a verdict on the activity forecast at initialisation: a tone ("good", ...) and one sentence, with changes
    that would improve it.
    """
    layers = forecast_layers(design)
    found = _trouble(layers)
    remedy = ", or ".join(advice.words for advice in suggest_changes(design))
    mended = f": {remedy}" if remedy else ""
    if not model(design.neuron).spiking:
        what = (
            f"An ANN of {model(design.neuron).label}s, without spikes"
            if design.network.code == "rate"
            else "ReLUs, told by at most one spike a neuron"
        )
        variances = [layer.var_u for layer in layers[:-1]]
        span = f"Var[u] of its layers is {min(variances):.2g} to {max(variances):.2g} at initialisation"
        return found.tone, f"{what}. {span}{'' if found.tone == 'good' else f', far apart{mended}'}."
    who = _listed(found.layers)
    if found.tone == "bad":
        theta = threshold(design.neuron)
        at = "" if theta is None else f" at threshold {theta:g}"
        share = found.silent_share
        many = "" if share is None or share >= 1 else f" for up to {100 * share:.0f} % of images"
        return "bad", f"{who} will be silent{many}{at}{mended}."
    if found.silent_share is not None:
        return "warning", f"{who} will be silent for up to {100 * found.silent_share:.0f} % of images{mended}."
    if found.tone == "warning":
        return "warning", f"{who} will spike in nearly every second step{mended}."
    rates = [100 * layer.rate for layer in layers if layer.rate is not None]
    return (
        "good",
        f"Every layer spikes at initialisation: {min(rates):.1f} % to {max(rates):.1f} % of neurons per step.",
    )


def silent_layers(design: Design) -> tuple[str, ...]:
    """Returns the names of the layers that are forecast to be silent at initialisation; () for networks without spikes.

    The result does not depend on the seed.
    """
    trouble = _trouble_before(design if design.seed == 0 else design.model_copy(update={"seed": 0}))
    return trouble.layers if trouble.tone == "bad" else ()


def crowded_layers(design: Design) -> tuple[str, ...]:
    """Returns the names of the layers that are forecast to spike in nearly every second time step at initialisation.

    () if any layer is forecast to be silent. The result does not depend on the seed.
    """
    trouble = _trouble_before(design if design.seed == 0 else design.model_copy(update={"seed": 0}))
    return trouble.layers if trouble.tone == "warning" and trouble.silent_share is None else ()


@lru_cache(maxsize=4096)
def _trouble_before(design: Design) -> _Trouble:
    return _trouble(forecast_layers(design))


@lru_cache(maxsize=256)
def suggest_changes(design: Design) -> tuple[Advice, ...]:
    """Returns changes whose forecast is better than the design's own: at most one of the threshold, one of the init.

    If some solve the problem, only these; else those that help. () if the forecast is good or nothing that was tried
    helps.
    """
    now = _trouble(forecast_layers(design))
    if now.tone == "good":
        return ()
    left = max(2, WORK // (design.data.steps * len(forecast_layers(design))))
    theta = threshold(design.neuron)
    found = [_other_init(design, KAIMING if theta is None else BALANCED)]
    if theta is not None:
        found.append(_other_threshold(design, theta, left - 1))
    better = [advice for advice in found if advice is not None]
    mending = [advice for advice in better if advice.good]
    if not mending and theta is not None:
        both = _weighed(
            design,
            _changed(design, init=BALANCED, threshold=1.0),
            f"choose the {BALANCED} initialisation at threshold 1",
        )
        mending = [both] if both is not None and both.good else []
    return tuple(mending or sorted(better, key=lambda advice: _trouble(forecast_layers(advice.design)).weight)[:1])


def _other_init(design: Design, kind: str) -> Advice | None:
    name = "Kaiming" if kind == KAIMING else kind
    mine = design.init.kind == kind
    what = f"leave the {name} initialisation as it comes" if mine else f"choose the {name} initialisation"
    return _weighed(design, _changed(design, init=kind), what)


def _other_threshold(design: Design, theta: float, tries: int) -> Advice | None:
    """The nearest that mends it, else the best."""
    some = [round(theta * factor / 0.05) * 0.05 for factor in FACTORS] if theta else list(FROM_ZERO)
    values = dict.fromkeys(round(value, 2) for value in [*some, 0.0] if 0 <= value <= 10)
    now = _trouble(forecast_layers(design))
    found: list[Advice] = []
    least: tuple[tuple[int, int], float] | None = None
    for value in [value for value in values if value != theta][:tries]:
        roughly = _roughly(_changed(design, threshold=value))
        if roughly is not None and roughly.tone != "good":
            if roughly.weight < (now.weight if least is None else least[0]):
                least = roughly.weight, value
            continue
        advice = _at_threshold(design, theta, value)
        if advice is not None and advice.good:
            return advice
        found += [advice] if advice is not None else []
    if least is not None and (advice := _at_threshold(design, theta, least[1])) is not None:
        found.append(advice)
    return min(found, key=lambda advice: _trouble(forecast_layers(advice.design)).weight, default=None)


def _at_threshold(design: Design, theta: float, value: float) -> Advice | None:
    what = f"{'lower' if value < theta else 'raise'} the threshold to {value:g}"
    return _weighed(design, _changed(design, threshold=value), what)


def _roughly(design: Design) -> _Trouble | None:
    """By a few networks, of a design whose forecast is drawn so, and of many takes long; else None."""
    built = build_architecture(design)
    if not is_narrow(design, built):
        return None
    drawn = draw_narrow(design, built, second_moments(design), FEW_NETWORKS)
    layers = [
        LayerForecast(layer.name, 1.0, float(said.mean()), 1.0, float((said == 0).all((1, 2)).mean()))
        for layer, (_, said) in zip(built.layers, drawn, strict=False)
    ]
    return _trouble(tuple(layers))


def _weighed(design: Design, other: Design, what: str) -> Advice | None:
    """None where `other` is forecast to be no better."""
    now, then = _trouble(forecast_layers(design)), _trouble(forecast_layers(other))
    if then.weight >= now.weight:
        return None
    if then.tone == "good":
        return Advice(other, what, good=True)
    count = "one layer" if len(then.layers) == 1 else f"{len(then.layers)} layers"
    rest = f"{count} then in nearly every second step"
    if then.tone == "bad" or then.silent_share is not None:
        often = then.silent_share is not None and then.silent_share < 1
        rest = f"{count} still silent{f' for up to {100 * (then.silent_share or 0):.0f} % of images' if often else ''}"
    return Advice(other, f"{what} ({rest})", good=False)


def _changed(design: Design, *, threshold: float | None = None, init: str | None = None) -> Design:
    document: dict[str, Any] = design.document()
    if threshold is not None:
        document["neuron"] = {**document["neuron"], "threshold": threshold}
    if init is not None:
        document["init"] = init
    return Design.check(document)


def _trouble(layers: tuple[LayerForecast, ...]) -> _Trouble:
    spiking = [layer for layer in layers if layer.rate is not None]
    if not spiking:  # ReLUs are never silent: they fade or grow from layer to layer
        variances = [layer.var_u for layer in layers[:-1]]
        return _Trouble("warning" if max(variances) > FAR_APART * max(min(variances), 1e-30) else "good")
    silent = tuple(layer.name for layer in spiking if (layer.rate or 0) < SILENT_RATE)
    crowded = tuple(layer.name for layer in spiking if (layer.rate or 0) > SATURATED_RATE)
    if silent:
        return _Trouble("bad", silent)
    shares = {layer.name: layer.silent_share or 0.0 for layer in spiking}
    worst = max(shares.values())
    tone: Tone = "bad" if worst > SILENT_SHARE else "warning"
    if worst > OFTEN_SILENT:
        limit = SILENT_SHARE if tone == "bad" else OFTEN_SILENT
        return _Trouble(tone, tuple(name for name, share in shares.items() if share > limit), worst)
    return _Trouble("warning", crowded) if crowded else _Trouble("good")


def _listed(names: tuple[str, ...]) -> str:
    if len(names) == 1:
        return f"Layer {names[0]}"
    if len(names) > 4:
        return f"Layers {names[0]} to {names[-1]} ({len(names)} of them)"
    return f"Layers {', '.join(names[:-1])} and {names[-1]}" if names else ""
