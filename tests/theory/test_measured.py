"""Bands over networks hold what they say, and verdicts name the layer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from snnviz.theory.measured import MeasuredForecast, MeasuredLayer, band, mean
from snnviz.theory.trainability import ALIKE, judge


@pytest.mark.parametrize("count", [6, 12, 19, 30, 60])
@pytest.mark.parametrize("law", ["normal", "skewed"])
def test_a_band_holds_nine_of_ten_more_networks(count: int, law: str) -> None:
    if law == "skewed" and count < 19:
        pytest.skip("of few networks the band is of normal values")
    rng = np.random.default_rng(count)
    draw = rng.normal(0.2, 0.01, (2000, count + 1)) if law == "normal" else 0.1 * rng.gamma(0.5, 1, (2000, count + 1))
    held = 0
    for *seen, following in draw.tolist():
        low, high = band(seen)
        assert low is not None
        assert high is not None
        held += low <= following <= high
    assert 0.87 <= held / 2000 <= 0.93


def test_of_nothing_there_is_no_band() -> None:
    assert band([]) == (None, None)
    assert band([0.3]) == (0.3, 0.3)
    assert mean([float("nan")]) is None


def healthy(count: int = 6) -> MeasuredForecast:
    layers = [
        MeasuredLayer(f"L{number + 1}", 0.2, 0.15, 0.25, 0.2, 1.0, 0.0, 0.7 - 0.01 * number, 0.6, 0.001, 20.0, 0.1)
        for number in range(count)
    ]
    readout = MeasuredLayer("readout", None, None, None, None, 1.0, None, None, None, None, None, None)
    return MeasuredForecast((*layers, readout), 19, 64, 0.7, 0.5)


def planted(place: int, **changes: float) -> MeasuredForecast:
    found = healthy()
    layers = [replace(layer, **changes) if number >= place else layer for number, layer in enumerate(found.layers[:-1])]
    return replace(found, layers=(*layers, found.layers[-1]))


def test_a_healthy_network_has_a_good_verdict() -> None:
    verdict = judge(healthy())
    assert verdict.tone == "good"
    assert (verdict.silent_from, verdict.alike_from, verdict.unstable_gradient_at) == (None, None, None)
    assert verdict.sentence == (
        "Every layer spikes (15.0 % to 25.0 % of neurons a step), tells images apart, and gradients reach "
        "the first one."
    )


@pytest.mark.parametrize("place", range(6))
def test_what_is_planted_is_named(place: int) -> None:
    name = f"L{place + 1}"
    verdict = judge(planted(place, silent_share=0.56))
    assert (verdict.tone, verdict.silent_from) == ("bad", name)
    assert verdict.sentence == f"Layer {name} is silent for 56 % of images."
    verdict = judge(planted(place, silent_share=0.2))
    assert (verdict.tone, verdict.silent_from) == ("warning", None)
    assert f"{name} is silent for 20 %" in verdict.sentence
    verdict = judge(planted(place, cosine_within=0.6 + 0.9 * ALIKE * 0.2, cosine_between=0.6))
    assert (verdict.tone, verdict.alike_from) == ("warning", name)
    assert f"look alike from layer {name} on" in verdict.sentence
    assert judge(planted(place, cosine_within=0.602 + 1.1 * ALIKE * 0.2, cosine_between=0.6)).alike_from is None


@pytest.mark.parametrize(("factor", "word"), [(1e-4, "vanish"), (1e4, "explode")])
def test_gradients_that_vanish_or_explode_are_told(factor: float, word: str) -> None:
    found = healthy()
    layers = [replace(each, gradient=0.1 * factor) if number < 3 else each for number, each in enumerate(found.layers)]
    verdict = judge(replace(found, layers=tuple(layers)))
    assert (verdict.tone, verdict.unstable_gradient_at) == ("warning", "L3")
    assert verdict.sentence == f"Gradients {word} on the way to layer L3."


def test_who_crowds_is_told() -> None:
    assert "Layer L6 may spike in nearly every second step." in judge(planted(5, rate_high=0.47)).sentence
