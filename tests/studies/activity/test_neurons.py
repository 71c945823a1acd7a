"""Other neurons than LIF on the Activity page: their text, what is drawn, and the way from a design and back."""

from __future__ import annotations

import numpy as np
import pytest

from snnviz.catalog.inits import weight_distribution
from snnviz.catalog.neurons import respond
from snnviz.design.design import Design
from snnviz.design.links import change, part_from_query, part_to_query
from snnviz.design.menus import NEURONS, Choice
from snnviz.design.parts import AnyNeuron, Neuron
from snnviz.errors import InputError
from snnviz.studies.activity import neurons
from snnviz.studies.activity.page import setting as page
from snnviz.studies.activity.theory.activity import ActivityConfig, expected_statistics
from snnviz.studies.activity.theory.propagation import propagate_activity
from tests.pages.visit import Look, Visit

SYNAPTIC = "synaptic:alpha=0.7"


@pytest.mark.parametrize(
    ("text", "written"), [("lif", "lif"), ("plif:tau=4", "lif"), ("synaptic:alpha=0.5", "synaptic"), (SYNAPTIC,) * 2]
)
def test_the_text_has_what_is_no_slider_and_is_written_once(text: str, written: str) -> None:
    assert neurons.parse_neuron(text) == written
    assert neurons.parse_neuron(written) == written


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("lfi", f"kind must be one of {', '.join(NEURONS.kinds)}, got 'lfi'; did you mean 'lif'?"),
        ("relu", "kind must spike above a threshold, got 'relu'"),
        ("synaptic:alpha=2", "kind.alpha must be a number from 0 to 1, got 2.0"),
        ("synaptic:gamma=1", "kind.gamma must be a field of a neuron of kind synaptic, got 1.0"),
        ("synaptic:beta=1", "kind.beta must be left out: the setting says it, or training alone, got 1.0"),
        ("x" * 300, "kind must name neurons, such as lif or synaptic:alpha=0.7, got"),
    ],
)
def test_what_is_none_is_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        ActivityConfig.check({"kind": text})
    assert str(caught.value).startswith(sentence)


def test_it_has_a_link_the_sliders_numbers_and_initialisations_that_hold() -> None:
    made = ActivityConfig.check({"kind": SYNAPTIC, "beta": 0.8, "reset": "zero"})
    assert isinstance(made.neuron, AnyNeuron)
    assert made.neuron.model_dump(include={"kind", "threshold", "alpha", "beta", "reset"}) == {
        "kind": "synaptic", "threshold": 1.0, "alpha": 0.7, "beta": 0.8, "reset": "zero",
    }  # fmt: skip
    assert ActivityConfig().neuron == Neuron()
    assert "ding-2022" not in {init.kind for init in made.inits}
    link = part_to_query(made)
    assert "kind=synaptic:alpha=0.7" in link
    query = dict(pair.split("=", 1) for pair in link.split("&"))
    assert ActivityConfig.check(part_from_query(ActivityConfig, query)) == made
    with pytest.raises(InputError, match=r"^inits must hold for neurons of kind synaptic: .*, got 'reset-aware'$"):
        ActivityConfig.check({"kind": SYNAPTIC, "inits": "kaiming,reset-aware"})


def test_layers_are_drawn_as_a_network_with_weights_is() -> None:
    """Beside 6 networks whose every weight is drawn, of 400 neurons a layer."""
    made = ActivityConfig.check(
        {"kind": SYNAPTIC, "inits": "kaiming:gain=3", "width": 400, "layers": 5, "steps": 6, "seeds": 6}
    )
    (trace,) = propagate_activity(made)
    law = weight_distribution(Choice({"kind": "kaiming", "gain": 3.0}), 400, 400, made.neuron)
    rng, rates, variances = np.random.default_rng(5), np.zeros((6, 5)), np.zeros((6, 5))
    for run in range(6):
        current = np.repeat(rng.normal(size=(1, 400)), 6, axis=0)
        for layer in range(5):
            u, s = respond(current, made.neuron)
            rates[run, layer], variances[run, layer] = s.mean(), u.var(axis=1).mean()
            current = s @ (rng.normal(size=(400, 400)) * np.sqrt(law.variance))
    np.testing.assert_allclose(trace.spikes.mean((0, 2)) / 400, rates.mean(0), rtol=0.12)
    np.testing.assert_allclose(trace.var_u.mean((0, 2)), variances.mean(0), rtol=0.2)


def test_the_exact_chain_of_a_single_step_holds_for_any_neuron_whose_potential_begins_as_its_current() -> None:
    made = ActivityConfig.check(
        {"kind": SYNAPTIC, "inits": "variance-preserving", "width": 200, "layers": 30, "seeds": 60}
    )
    chain, (trace,) = expected_statistics(made, made.inits[0]), propagate_activity(made)
    assert chain is not None
    assert np.abs(trace.dead - chain.dead).max() < 0.2
    assert trace.var_u.mean((0, 2))[:8] == pytest.approx(chain.var_u[:8], rel=0.15)


def test_a_design_comes_to_the_page_with_its_neurons_and_goes_back() -> None:
    design = change(Design(), {"neuron.kind": "synaptic", "neuron.alpha": 0.7, "network.kind": "mlp"})
    found = page.setting_of_design(design)
    assert (found.kind, found.threshold, found.beta) == (SYNAPTIC, 1.0, 0.5)
    assert page.setting_of_design(change(Design(), {"neuron.kind": "plif", "neuron.tau": 4})).beta == 0.75
    point = page.design_point(design)
    assert point is not None
    assert point[1] == 1.0
    look = Look(f"kind={SYNAPTIC}&threshold=0.8&inits=kaiming")
    assert look.setting.kind == SYNAPTIC
    assert look.told == []
    assert "Their neurons: **Synaptic (alpha 0.7)**" in look.text
    look.press("use")
    assert look.design.neuron.model_dump(exclude={"surrogate"}) == {
        "kind": "synaptic", "threshold": 0.8, "alpha": 0.7, "beta": 0.5, "reset": "subtract", "learn": "none",
    }  # fmt: skip
    visit = Visit("neuron.kind=synaptic&network.kind=mlp")
    visit.press("see-activity")
    assert visit.at.session_state["setting"].kind == "synaptic"
