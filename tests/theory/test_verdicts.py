"""What is said of a forecast, and that what is advised is forecast to be better."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from snnviz.catalog.examples import get_example
from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.design.menus import INITS
from snnviz.theory.variance import forecast_layers
from snnviz.theory.verdicts import Advice, activity_verdict, suggest_changes
from tests.designs import DESIGNS


def mlp(depth: int, threshold: float, init: Any = "variance-preserving", **parts: Any) -> Design:
    network = {"kind": "mlp", "depth": depth, "width": 1000}
    return Design.check({"network": network, "neuron": {"threshold": threshold}, "init": init, **parts})


def trouble(design: Design) -> tuple[bool, int]:
    """By the numbers of the forecast alone: whether some layer is silent, and in how many layers something is wrong."""
    layers = forecast_layers(design)
    rates = [layer.rate for layer in layers if layer.rate is not None]
    if not rates:
        variances = [layer.var_u for layer in layers[:-1]]
        return False, int(max(variances) > 1000 * max(min(variances), 1e-30))
    silent = sum(rate < 2e-4 for rate in rates)
    shares = [layer.silent_share or 0.0 for layer in layers if layer.rate is not None]
    if not silent and max(shares) > 0.05:  # for images
        return max(shares) > 0.5, sum(share > (0.5 if max(shares) > 0.5 else 0.05) for share in shares)
    return silent > 0, silent or sum(rate > 0.45 for rate in rates)


def check(design: Design) -> tuple[Advice, ...]:
    """Each piece of advice makes the forecast it names better, changes only what it says, and is in the verdict."""
    tone, sentence = activity_verdict(design)
    found = suggest_changes(design)
    before = trouble(design)
    assert tone == ("bad" if before[0] else "warning" if before[1] else "good")
    if tone == "good":
        assert found == ()
    for advice in found:
        assert trouble(advice.design) < before, (sentence, advice)
        assert advice.good == (trouble(advice.design) == (False, 0))
        assert advice.words in sentence
        theta, other = design.neuron.threshold, advice.design.neuron.threshold
        assert ("raise" in advice.words) == (other > theta and advice.design.init == design.init)
        assert ("lower" in advice.words) == (other < theta and advice.design.init == design.init)
        assert change(advice.design, {"neuron.threshold": theta, "init": design.document()["init"]}) == design
        if other != theta:
            assert f"threshold {other:g}" in advice.words or f"threshold to {other:g}" in advice.words
    assert sentence.isprintable()
    assert sentence.endswith(".")
    return found


@pytest.mark.parametrize("threshold", [0, 0.1, 0.5, 1, 3, 5, 8, 10])
@pytest.mark.parametrize("init", INITS.kinds)
def test_what_is_advised_is_forecast_to_be_better(init: str, threshold: float) -> None:
    for network in ("block", "mlp", "cnn"):
        check(change(Design(), {"network.kind": network, "init": init, "neuron.threshold": threshold, "data.steps": 3}))


@given(DESIGNS.filter(lambda design: getattr(design.network, "depth", 0) < 9 and design.data.steps < 9))
@settings(max_examples=15)
def test_so_it_is_for_any_design(design: Design) -> None:
    check(design)


@pytest.mark.parametrize("threshold", [3, 5, 8])
def test_where_weights_grow_with_the_threshold_a_crowded_network_is_told_to_lower_it(threshold: float) -> None:
    design = change(get_example("digits"), {"neuron.threshold": threshold})
    (advice,) = check(design)
    assert advice.good
    assert advice.design.neuron.threshold < 2.5
    assert activity_verdict(design)[1].endswith(
        f"second step: lower the threshold to {advice.design.neuron.threshold:g}."
    )
    raised = change(design, {"neuron.threshold": min(10, threshold + 2)})
    assert trouble(raised)[1] >= trouble(design)[1]  # what was said before would have made it worse


@pytest.mark.parametrize(
    ("design", "tone", "sentence"),
    [
        (
            mlp(6, 1.0, "kaiming", data={"steps": 1}), "bad",
            "Layers L4, L5 and L6 will be silent at threshold 1: choose the variance-preserving initialisation, "
            "or lower the threshold to 0.6.",
        ),
        (
            mlp(2, 0.0), "warning",
            "Layers L1 and L2 will spike in nearly every second step: raise the threshold to 0.2.",
        ),
        (mlp(6, 1.0), "good", "Every layer spikes at initialisation: "),
        (
            mlp(12, 3.0, "glorot"), "bad",
            "Layers L1 to L12 (12 of them) will be silent at threshold 3: lower the threshold to 0.3.",
        ),
        (
            mlp(2, 0.0, "fluctuation-driven"), "bad",
            "Layers L1 and L2 will be silent at threshold 0: raise the threshold to 0.05.",
        ),
    ],
)  # fmt: skip
def test_the_verdict_names_the_layers_in_trouble_and_what_mends_it(design: Design, tone: str, sentence: str) -> None:
    found = activity_verdict(design)
    assert found[0] == tone
    assert found[1].startswith(sentence)


def test_a_threshold_is_tried_however_long_a_forecast_takes() -> None:
    """Of 8 layers at 100 steps."""
    (advice,) = check(mlp(8, 0.0, "fluctuation-driven", data={"steps": 100}))
    assert advice.words == "raise the threshold to 0.05"


def test_relus_that_fade_are_told_of_kaiming_only_where_it_helps() -> None:
    relu = {"neuron.kind": "relu", "network.kind": "mlp", "network.depth": 30, "data.steps": 1}
    fades = change(Design(), {**relu, "init": "glorot"})
    assert activity_verdict(fades)[1].endswith("far apart: choose the Kaiming initialisation.")
    weak = change(Design(), {**relu, "init": "kaiming", "init.gain": 0.2})
    assert activity_verdict(weak)[1].endswith("far apart: leave the Kaiming initialisation as it comes.")
    for design in (fades, weak):
        check(design)
