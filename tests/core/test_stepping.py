"""Neurons by their step alone: PLIF and Synaptic equal snntorch's, train, go on as if undisturbed, and loop."""

from __future__ import annotations

import weakref
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import snntorch
import torch
from torch import Tensor

from snnviz.catalog.neurons import learnable_parameters, respond
from snnviz.core import neurons
from snnviz.core.execute import execute
from snnviz.core.networks import Network
from snnviz.core.stepping import Population, StepPopulation, population
from snnviz.design.design import Design
from snnviz.design.menus import NEURONS, SURROGATES
from snnviz.design.neurons import States
from snnviz.design.parts import AnyNeuron, Neuron
from snnviz.events import Checkpoint, EpochEnd, LayerState
from snnviz.theory import costs
from snnviz.theory.variance import forecast_layers
from tests.core import slow
from tests.core.test_neurons import drive, weights

RESETS = ("subtract", "zero", "none")


def neuron(kind: str, **fields: Any) -> AnyNeuron:
    found = NEURONS[kind].part.model_validate({"kind": kind, **fields})
    assert isinstance(found, AnyNeuron)
    return found


def through(cell: Any, current: Tensor, states: int, steps: int) -> Tensor:
    """Spikes of snntorch's neuron, which keeps so many states."""
    kept = [torch.zeros_like(current[0]) for _ in range(states)]
    fired = []
    for t in range(steps):
        spike, *kept = cell(current[t if len(current) > 1 else 0], *kept)
        fired.append(spike.to(current.dtype))
    return torch.stack(fired)


def as_snntorch(found: Tensor, expected: Tensor, ours: list[Tensor], theirs: list[Tensor], steps: int) -> None:
    """The same spikes, and gradients to 1e-6 of the largest."""
    torch.testing.assert_close(found, expected, rtol=0, atol=0)
    assert 0.05 < found.mean() < 0.9
    mine = torch.autograd.grad((found * weights(steps, found.dtype)).sum(), ours)
    other = torch.autograd.grad((expected * weights(steps, found.dtype)).sum(), theirs)
    for a, b in zip(mine, other, strict=True):
        assert b.abs().max() > 1e-3
        torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-6 * b.abs().max().item())


@pytest.mark.parametrize("constant", [False, True], ids=["varying", "constant"])
@pytest.mark.parametrize("each", ["layer", "neuron"])
@pytest.mark.parametrize("kind", SURROGATES.kinds)
@pytest.mark.parametrize("reset", RESETS)
def test_plif_equals_snntorchs_leaky_with_a_vector_of_betas_of_a_sigmoid(
    reset: str, kind: str, each: str, constant: bool
) -> None:
    """Of which 1 - beta = 1/tau = sigmoid(w), as in Fang et al.; there is a w a layer, or one a neuron."""
    steps, given = 9, torch.linspace(-2, 2, 5, dtype=torch.float64)
    start = given if each == "neuron" else torch.tensor(0.3, dtype=torch.float64)
    ours, theirs = (start.clone().requires_grad_() for _ in "12")
    made = neuron("plif", reset=reset, each=each, threshold=0.8, surrogate={"kind": kind, "slope": 3.0})
    cell = snntorch.Leaky(
        beta=1 - torch.sigmoid(theirs),
        threshold=torch.tensor(0.8, dtype=torch.float64),
        reset_mechanism=reset,
        spike_grad=slow.spike_function(made),
    )
    mine, other = (drive(steps, constant, torch.float64) for _ in "12")
    found = population(made, {"w": ours}).fire(mine, steps)
    as_snntorch(found, through(cell, other, 1, steps), [mine, ours], [other, theirs], steps)


@pytest.mark.parametrize("constant", [False, True], ids=["varying", "constant"])
@pytest.mark.parametrize("kind", SURROGATES.kinds)
@pytest.mark.parametrize("reset", RESETS)
@pytest.mark.parametrize("learn", ["none", "both"])
def test_synaptic_equals_snntorchs(learn: str, reset: str, kind: str, constant: bool) -> None:
    steps = 9
    made = neuron("synaptic", reset=reset, alpha=0.7, beta=0.6, learn=learn, surrogate={"kind": kind, "slope": 3.0})
    alpha, beta = (torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in (0.7, 0.6))
    cell = snntorch.Synaptic(
        alpha=alpha.detach().clone(), beta=beta.detach().clone(), reset_mechanism=reset,
        spike_grad=slow.spike_function(made), learn_alpha=learn == "both", learn_beta=learn == "both",
    )  # fmt: skip
    mine, other = (drive(steps, constant, torch.float64) for _ in "12")
    found = population(made, {"alpha": alpha, "beta": beta} if learn == "both" else {}).fire(mine, steps)
    asked = [[mine], [other]]
    if learn == "both":
        asked = [[mine, alpha, beta], [other, cell.alpha, cell.beta]]
    as_snntorch(found, through(cell, other, 2, steps), *asked, steps)


@pytest.mark.parametrize("reset", RESETS)
def test_the_step_of_lif_is_what_its_kernel_computes(reset: str) -> None:
    """Spikes, gradients of the current and of what is learnt, and what is seen: by the step, and by the kernel."""
    made = Neuron.model_validate({"reset": reset, "beta": 0.75, "learn": "both", "threshold": 0.9})
    found = []
    for make in (StepPopulation, neurons.Cell.from_tensors):
        tensors = {name: torch.tensor(getattr(made, name), dtype=torch.float64, requires_grad=True)
                   for name in ("beta", "threshold")}  # fmt: skip
        current = drive(9, False, torch.float64)
        cell: Population = make(made, tensors)
        spikes = cell.fire(current, 9)
        (spikes * weights(9, torch.float64)).sum().backward()
        _, seen = cell.observed(current.detach().clone(), 9)
        found.append(
            (spikes.detach(), current.grad, tensors["beta"].grad, tensors["threshold"].grad, seen, cell.learnt)
        )
    (*ours, seen, numbers), (*theirs, other, same) = found
    for mine, its in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, its, rtol=1e-9, atol=1e-9)
    assert (seen.rate, seen.var_u, seen.saturation) == pytest.approx((other.rate, other.var_u, other.saturation))
    assert numbers == same


def test_relus_by_their_step_are_what_torch_computes() -> None:
    made, current = Neuron(kind="relu"), drive(1, False, torch.float64)
    other = current.detach().clone().requires_grad_()
    StepPopulation(made, {}).fire(current, 1).sum().backward()
    torch.relu(other).sum().backward()
    assert torch.equal(current.grad, other.grad)
    np.testing.assert_array_equal(respond(other.detach().numpy()[0], made)[1], torch.relu(other)[0].detach().numpy())


@pytest.mark.parametrize(
    "made",
    [
        neuron("plif", reset="zero", each="neuron"),
        neuron("plif", reset="none"),
        neuron("synaptic", reset="subtract", learn="both"),
        neuron("synaptic", reset="zero"),
        Neuron(learn="both"),
    ],
    ids=lambda made: f"{made.kind}-{made.reset}",
)
def test_a_loop_goes_back_a_time_step_at_a_time_and_finds_the_same_gradients(made: AnyNeuron) -> None:
    """What `fire` finds by torch alone, of the step; a loop of layers advances and retreats by hand."""
    steps, current = 6, drive(6, False, torch.float64).detach()
    tensors = {
        each.name: torch.full((5,) if each.each == "neuron" else (), each.initial, dtype=torch.float64).requires_grad_()
        for each in learnable_parameters(made)
    }
    leaf = current.clone().requires_grad_()
    whole = StepPopulation(made, tensors)
    said = whole.fire(leaf, steps)
    wanted = torch.autograd.grad((said * weights(steps, torch.float64)).sum(), [leaf, *tensors.values()])
    scan = StepPopulation(made, tensors).scan()
    u, s, g = current.clone(), torch.empty_like(current), weights(steps, torch.float64)
    for t in range(steps):
        scan.forward_step(u, s, t)
    assert torch.equal(s, said.detach())
    for t in range(steps - 1, -1, -1):
        scan.backward_step(u, g, t)
    for mine, other in zip((u, *scan.gradients), wanted, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("kind", ["plif", "synaptic"])
def test_a_loop_remembers_one_time_step_where_no_gradient_flows(kind: str) -> None:
    """And the same as with gradients: a look at a network would otherwise need as much memory as its training."""
    current = drive(6, False, torch.float32).detach()

    def going(track: bool) -> tuple[list[Tensor], list[weakref.ref[Tensor]]]:
        with torch.set_grad_enabled(track):
            population = StepPopulation(neuron(kind), {})
            made: list[weakref.ref[Tensor]] = []
            step = population.model.function

            def noting(states: States, *rest: Any) -> Any:
                found = step(states, *rest)
                made.extend(weakref.ref(x) for x in found[0])
                return found

            population.model = replace(population.model, function=noting)
            scan, u, s = population.scan(), current.clone(), torch.empty_like(current)
            for t in range(len(u)):
                scan.forward_step(u, s, t)
            alive = [ref for ref in made if ref() is not None]
            assert len(alive) == population.model.states * (len(u) if track else 1)
            return [u, s], alive

    (kept, _), (looked, _) = going(True), going(False)
    assert all(map(torch.equal, kept, looked))


def design(kind: str, **fields: Any) -> Design:
    return Design.check(
        {
            "network": {"kind": "block", "edges": "0012/0001/0000/0000", "channels": 4},
            "data": {"steps": 4, "train_samples": 200, "test_samples": 100},
            "neuron": {"kind": kind, "threshold": 0.7, **fields},
            "training": {"epochs": 3, "batch_size": 32, "learning_rate": 0.02},
        }
    )


CASES = {
    "plif, a layer": design("plif"),
    "plif, a neuron": design("plif", each="neuron"),
    "synaptic": design("synaptic", alpha=0.6, learn="both"),
}


@pytest.mark.parametrize("name", CASES)
def test_they_train_and_go_on_bit_for_bit(name: str) -> None:
    made = CASES[name]
    whole = list(execute(made))
    scores = [event for event in whole if isinstance(event, EpochEnd)]
    assert scores[-1].test_accuracy > 0.5
    assert scores[-1].rate is not None
    checkpoints = [event for event in whole if isinstance(event, Checkpoint)]
    rest = list(execute(made, resume=checkpoints[0]))
    after = [event for event in whole if isinstance(event, LayerState | EpochEnd) and event.epoch > 1]
    assert [event for event in rest if isinstance(event, LayerState | EpochEnd)] == after
    last = [event for event in rest if isinstance(event, Checkpoint)][-1]
    assert last.arrays.keys() == checkpoints[-1].arrays.keys()
    assert all(np.array_equal(last.arrays[key], checkpoints[-1].arrays[key]) for key in last.arrays)


def test_a_run_tells_the_leak_that_each_layer_has_learnt() -> None:
    """Of PLIF the mean over neurons of 1 - sigmoid(w)."""
    events = list(execute(CASES["plif, a neuron"]))
    rows = {row.name: row for row in events if isinstance(row, LayerState)}
    first = next(row for row in events if isinstance(row, LayerState))
    last = [event for event in events if isinstance(event, Checkpoint)][-1]
    assert first.beta == pytest.approx(0.5)
    for name in ("stem", "L1", "L2", "L3"):
        w = last.arrays[f"{name}.w"].astype(float)
        assert w.shape == (4, 8, 8)
        assert w.std() > 0.01
        assert rows[name].beta == pytest.approx((1 - 1 / (1 + np.exp(-w))).mean(), rel=1e-6)
    assert rows["readout"].beta is None


def test_what_is_learnt_counts_as_parameters() -> None:
    for made in CASES.values():
        network = Network(made)
        assert costs.parameter_count(made) == sum(p.numel() for p in network.parameters.values())


@pytest.mark.parametrize("steps", [1, 6])
@pytest.mark.parametrize("kind", ["plif", "synaptic"])
def test_the_forecast_is_what_a_network_does(kind: str, steps: int) -> None:
    made = Design.check(
        {
            "network": {"kind": "mlp", "depth": 4, "width": 400},
            "data": {"steps": steps, "train_samples": 64, "test_samples": 10},
            "neuron": {"kind": kind},
            "training": {"epochs": 1},
        }
    )
    seen: dict[str, list[LayerState]] = {}
    for seed in range(3):
        for row in execute(made.model_copy(update={"seed": seed})):
            if isinstance(row, LayerState) and row.step == 0:
                seen.setdefault(row.name, []).append(row)
    for expected in forecast_layers(made)[:-1]:
        rates = [row.rate for row in seen[expected.name] if row.rate is not None]
        assert np.mean(rates) == pytest.approx(expected.rate, rel=0.2)
        assert np.mean([row.var_u for row in seen[expected.name]]) == pytest.approx(expected.var_u, rel=0.25)


def test_plif_begins_as_lif_and_is_forecast_as_such() -> None:
    plif = design("plif", tau=4.0)
    lif = plif.model_copy(update={"neuron": Neuron(threshold=0.7, beta=0.75)})
    for mine, other in zip(forecast_layers(plif), forecast_layers(lif), strict=True):
        assert (mine.name, mine.rate) == (other.name, other.rate)
        assert mine.var_u == pytest.approx(other.var_u, rel=1e-9)


@pytest.mark.parametrize("name", CASES)
def test_backward_connections_find_the_gradients_that_steps_one_by_one_would(name: str) -> None:
    """Of layers that feed each other, computed by hand; beside a literal loop over time."""
    made = CASES[name].model_copy(
        update={"network": design("lif").network.model_copy(update={"edges": ((0, 0, 0), (0, 0, 0), (0, 2, 0))})}
    )
    network = slow.loud(made)
    image = torch.rand(4, 6, 1, 8, 8, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    found = network(image)
    expected = slow.literal_logits(network, image)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
    wanted = torch.autograd.grad(expected.square().sum(), list(network.parameters.values()), allow_unused=True)
    given = torch.autograd.grad(found.square().sum(), list(network.parameters.values()), allow_unused=True)
    for key, mine, other in zip(network.parameters, given, wanted, strict=True):
        assert other is not None, key
        torch.testing.assert_close(mine, other, rtol=1e-6, atol=1e-6 * other.abs().max().item())
