"""The leaky integrate-and-fire neuron equals snntorch.Leaky, in spikes and in gradients."""

from __future__ import annotations

import math
from typing import Annotated, Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from snntorch import surrogate
from torch import Tensor

from snnviz.catalog.neurons import respond
from snnviz.core import kernels, neurons
from snnviz.core.neurons import Cell
from snnviz.design.menus import SURROGATES
from snnviz.design.parts import Neuron
from snnviz.design.registry import Range
from tests.core import slow

RESETS = ("subtract", "zero", "none")
KINDS = SURROGATES.kinds
FLOATS = {"float64": (torch.float64, 1e-12), "float32": (torch.float32, 1e-6)}


def cell_of(reset: str = "subtract", kind: str = "atan", **fields: Any) -> Cell:
    return Cell(
        Neuron.model_validate({"reset": reset, "surrogate": {"kind": kind, "slope": 3.0}, "beta": 0.75, **fields})
    )


def drive(steps: int, constant: bool, dtype: torch.dtype, seed: int = 0) -> Tensor:
    """A current (T or 1, 40, 5) strong enough for many spikes and weak enough for many silences."""
    draw = torch.Generator().manual_seed(seed)
    current = torch.randn(1 if constant else steps, 40, 5, generator=draw, dtype=torch.float64)
    return (1.2 * current + 0.2).to(dtype).requires_grad_()


def weights(steps: int, dtype: torch.dtype) -> Tensor:
    """What the loss makes of each spike; no two alike, so that a gradient in the wrong place is noticed."""
    draw = torch.Generator().manual_seed(99)
    return torch.randn(steps, 40, 5, generator=draw, dtype=torch.float64).to(dtype)


@pytest.mark.parametrize("precision", FLOATS)
@pytest.mark.parametrize("constant", [False, True], ids=["varying", "constant"])
@pytest.mark.parametrize("steps", [1, 3, 25])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reset", RESETS)
def test_spikes_and_gradients_equal_snntorchs(
    reset: str, kind: str, steps: int, constant: bool, precision: str
) -> None:
    dtype, tolerance = FLOATS[precision]
    cell = cell_of(reset, kind)
    ours, theirs = drive(steps, constant, dtype), drive(steps, constant, dtype)
    spikes = neurons.lif(ours, cell, steps)
    expected, potentials = slow.run(theirs, cell.neuron, steps)

    torch.testing.assert_close(spikes, expected, rtol=0, atol=0)
    assert 0.05 < spikes.mean() < 0.9  # both happen
    torch.testing.assert_close(
        neurons.potentials(ours.detach(), cell, steps), potentials.detach(), rtol=0, atol=tolerance
    )

    (spikes * weights(steps, dtype)).sum().backward()
    (expected * weights(steps, dtype)).sum().backward()
    assert ours.grad is not None
    assert theirs.grad is not None
    scale = theirs.grad.abs().max().item()
    assert scale > 0.1
    torch.testing.assert_close(ours.grad, theirs.grad, rtol=tolerance, atol=tolerance * scale)


@pytest.mark.parametrize("constant", [False, True], ids=["varying", "constant"])
@pytest.mark.parametrize("steps", [1, 3, 25])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reset", RESETS)
def test_the_compiled_kernel_equals_torchs_path(
    monkeypatch: pytest.MonkeyPatch, reset: str, kind: str, steps: int, constant: bool
) -> None:
    """In single precision, which is what it is compiled for: spikes, gradients, and what is counted on the way."""
    cell, found = cell_of(reset, kind), []
    for compiled in (True, False):
        if not compiled:
            monkeypatch.setattr(neurons, "is_supported", lambda _: False)
        current = drive(steps, constant, torch.float32)
        assert neurons.is_supported(current.detach()) == compiled
        spikes = neurons.lif(current, cell, steps)
        (spikes * weights(steps, torch.float32)).sum().backward()
        _, seen = neurons.respond_with_activity(current.detach().expand(steps, -1, -1).contiguous(), cell, steps)
        found.append((spikes.detach(), current.grad, seen.rate, seen.var_u))
    (spikes, gradient, rate, var_u), (s, g, r, v) = found
    assert torch.equal(spikes, s)
    assert 0 < s.mean() < 1
    torch.testing.assert_close(gradient, g, rtol=1e-5, atol=1e-6)
    assert (rate, var_u) == (pytest.approx(r, rel=1e-5), pytest.approx(v, rel=1e-4))


@pytest.mark.parametrize("precision", FLOATS)
@pytest.mark.parametrize("constant", [False, True], ids=["varying", "constant"])
@pytest.mark.parametrize("steps", [1, 3, 25])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reset", RESETS)
def test_what_beta_and_the_threshold_learn_equals_snntorchs(
    reset: str, kind: str, steps: int, constant: bool, precision: str
) -> None:
    dtype, tolerance = FLOATS[precision]
    fixed = cell_of(reset, kind, learn="both")
    beta, threshold = (
        torch.tensor(value, dtype=dtype, requires_grad=True) for value in (fixed.neuron.beta, fixed.neuron.threshold)
    )
    theirs = slow.leaky(fixed.neuron, dtype)
    spikes = neurons.lif(drive(steps, constant, dtype), Cell(fixed.neuron, beta, threshold), steps)
    expected, _ = slow.run(drive(steps, constant, dtype), fixed.neuron, steps, theirs)
    torch.testing.assert_close(spikes, expected, rtol=0, atol=0)
    found = torch.autograd.grad((spikes * weights(steps, dtype)).sum(), (beta, threshold))
    their_sum = (expected * weights(steps, dtype)).sum()
    wanted = torch.autograd.grad(their_sum, (theirs.beta, theirs.threshold), allow_unused=True)
    for mine, other in zip(found, wanted, strict=True):
        # sums of 5,000 terms of either sign
        torch.testing.assert_close(mine, torch.zeros_like(mine) if other is None else other, rtol=100 * tolerance,
                                   atol=1000 * tolerance)  # fmt: skip
    assert wanted[1].abs() > 0.1


@pytest.mark.parametrize(("start", "moves"), [(-0.2, False), (0.0, True), (0.5, True), (1.0, True), (1.3, False)])
def test_a_learnt_beta_is_clamped_to_0_and_1_as_snntorchs_is(start: float, moves: bool) -> None:
    fixed = cell_of(learn="beta").neuron
    beta = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    theirs = slow.leaky(fixed, torch.float64)
    theirs.beta.data.fill_(start)
    spikes = neurons.lif(drive(9, False, torch.float64), Cell(fixed, beta), 9)
    expected, _ = slow.run(drive(9, False, torch.float64), fixed, 9, theirs)
    torch.testing.assert_close(spikes, expected, rtol=0, atol=0)
    (mine,) = torch.autograd.grad((spikes * weights(9, torch.float64)).sum(), beta)
    (other,) = torch.autograd.grad((expected * weights(9, torch.float64)).sum(), theirs.beta)
    torch.testing.assert_close(mine, other, rtol=1e-12, atol=1e-12)
    assert (mine != 0) == moves


@pytest.mark.parametrize("reset", RESETS)
@pytest.mark.parametrize(("threshold", "beta"), [(0.0, 0.5), (1.0, 0.0), (1.0, 1.0), (10.0, 1.0), (0.3, 0.9)])
def test_it_equals_snntorch_at_the_ends_of_its_parameters(reset: str, threshold: float, beta: float) -> None:
    cell = cell_of(reset, threshold=threshold, beta=beta)
    ours, theirs = drive(12, False, torch.float64), drive(12, False, torch.float64)
    spikes, (expected, _) = neurons.lif(ours, cell, 12), slow.run(theirs, cell.neuron, 12)
    torch.testing.assert_close(spikes, expected, rtol=0, atol=0)
    (spikes * weights(12, torch.float64)).sum().backward()
    (expected * weights(12, torch.float64)).sum().backward()
    torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-12, atol=1e-12)


@given(
    current=st.lists(st.floats(-3, 3), min_size=1, max_size=30),
    threshold=st.floats(0, 2),
    beta=st.floats(0, 1),
    reset=st.sampled_from(RESETS),
)
def test_potentials_follow_the_written_equation(
    current: list[float], threshold: float, beta: float, reset: str
) -> None:
    u, s = 0.0, 0.0
    expected = []
    for drive_now in current:
        kept = u * (1 - s) if reset == "zero" else u
        u = beta * kept + drive_now - (threshold * s if reset == "subtract" else 0.0)
        s = float(u > threshold)
        expected.append(u)
    cell = cell_of(reset, threshold=threshold, beta=beta)
    found = neurons.potentials(torch.tensor(current, dtype=torch.float64), cell, len(current))
    # one rounding more or less moves a potential across the threshold, where the rest of the train differs
    if all(abs(u - threshold) > 1e-9 for u in expected):
        np.testing.assert_allclose(found.numpy(), expected, atol=1e-9)


@pytest.mark.parametrize("reset", RESETS)
def test_theory_and_training_have_the_same_neuron(reset: str) -> None:
    current = drive(9, False, torch.float64).detach().flatten(1)
    cell = cell_of(reset, threshold=0.7, beta=0.6)
    np.testing.assert_allclose(
        respond(current.numpy(), cell.neuron)[0], neurons.potentials(current, cell, 9).numpy(), atol=1e-12
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reset", RESETS)
def test_a_constant_current_is_the_same_current_at_every_step(reset: str, kind: str) -> None:
    cell = cell_of(reset, kind)
    once = drive(8, True, torch.float64)
    repeated = once.detach().repeat(8, 1, 1).requires_grad_()
    a, b = neurons.lif(once, cell, 8), neurons.lif(repeated, cell, 8)
    torch.testing.assert_close(a, b, rtol=0, atol=0)
    (a * weights(8, torch.float64)).sum().backward()
    (b * weights(8, torch.float64)).sum().backward()
    assert once.grad is not None
    assert repeated.grad is not None
    torch.testing.assert_close(once.grad, repeated.grad.sum(0, keepdim=True), rtol=1e-12, atol=1e-12)


def test_a_potential_equal_to_the_threshold_does_not_spike() -> None:
    cell = cell_of(threshold=1.0)
    current = torch.tensor([[1.0, 1.0 + 1e-15, 0.0]], dtype=torch.float64)
    assert neurons.lif(current, cell, 1).tolist() == [[0.0, 1.0, 0.0]]


def test_the_reset_acts_one_step_late() -> None:
    current = torch.tensor([[2.0], [0.0], [0.0]], dtype=torch.float64)
    u = {reset: neurons.potentials(current, cell_of(reset, beta=0.5), 3).flatten().tolist() for reset in RESETS}
    assert u == {"subtract": [2.0, 0.0, 0.0], "zero": [2.0, 0.0, 0.0], "none": [2.0, 1.0, 0.5]}


def test_the_current_is_left_as_it_was() -> None:
    current = drive(5, False, torch.float64)
    before = current.detach().clone()
    neurons.lif(current, cell_of(), 5).sum().backward()
    torch.testing.assert_close(current.detach(), before, rtol=0, atol=0)


@pytest.mark.parametrize("constant", [False, True], ids=["varying", "constant"])
@pytest.mark.parametrize("steps", [1, 6])
@pytest.mark.parametrize("reset", RESETS)
def test_a_current_that_may_be_overwritten_gives_the_same(reset: str, steps: int, constant: bool) -> None:
    found = []
    for overwrite in (False, True):
        leaf = drive(steps, constant, torch.float32)
        spikes = neurons.lif(leaf * 1, cell_of(reset), steps, overwrite=overwrite)
        (spikes * weights(steps, torch.float32)).sum().backward()
        assert leaf.grad is not None
        found.append((spikes.detach(), leaf.grad))
    assert torch.equal(found[0][0], found[1][0])
    assert torch.equal(found[0][1], found[1][1])


@pytest.mark.parametrize("slope", [0.1, 2.0, 25.0, 100.0])
@pytest.mark.parametrize("kind", KINDS)
def test_every_surrogate_equals_snntorchs_of_the_same_name(kind: str, slope: float) -> None:
    """By what the code of snntorch 1.0 does: the docstring of its atan states another peak."""
    cell = Neuron.model_validate({"surrogate": {"kind": kind, "slope": slope}})
    x = torch.linspace(-4, 4, 801, dtype=torch.float64).requires_grad_()
    slow.spike_function(cell)(x).sum().backward()
    assert x.grad is not None
    torch.testing.assert_close(neurons.surrogate_derivative(cell)(x.detach()), x.grad, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    ("kind", "made"),
    [
        ("atan", surrogate.atan(alpha=3.0)),
        ("fast-sigmoid", surrogate.fast_sigmoid(slope=3.0)),
        ("sigmoid", surrogate.sigmoid(slope=3.0)),
    ],
)
def test_the_public_functions_of_snntorch_give_the_same_in_single_precision(kind: str, made: slow.Step) -> None:
    x = torch.linspace(-4, 4, 801).requires_grad_()
    made(x).sum().backward()
    torch.testing.assert_close(
        neurons.surrogate_derivative(cell_of(kind=kind).neuron)(x.detach()), x.grad, rtol=1e-5, atol=1e-7
    )


@pytest.mark.parametrize("kind", KINDS)
def test_every_surrogate_stays_finite_and_in_single_precision_for_any_potential(kind: str) -> None:
    x = torch.tensor([0.0, 1e-30, 1e4, -1e4, 1e30, -1e30, 1e36])
    values = neurons.surrogate_derivative(Neuron.model_validate({"surrogate": {"kind": kind, "slope": 100}}))(x)
    assert values.dtype == torch.float32
    assert torch.isfinite(values).all()
    assert (values >= 0).all()


@pytest.mark.parametrize("reset", ["subtract", "zero", "none"])
def test_a_surrogate_without_a_kernel_of_its_own_equals_torchs_path(
    reset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    @SURROGATES.register(source="this test", kind="gaussian")
    def gaussian(x: Any, /, *, slope: Annotated[float, Range(0.1, 9)] = 1.5) -> Any:
        """A bell."""
        return math.e ** (-slope * x * x)

    try:
        cell = Cell(Neuron.model_validate({"reset": reset, "surrogate": "gaussian"}))
        gradients = []
        for fast in (True, False):
            if not fast:
                monkeypatch.setattr(neurons, "is_supported", lambda _: False)
            current = torch.randn(6, 50, generator=torch.Generator().manual_seed(1)).mul_(2).requires_grad_()
            spikes = neurons.lif(current, cell, 6)
            (spikes * torch.arange(50)).sum().backward()
            gradients.append((spikes.detach(), current.grad))
        torch.testing.assert_close(gradients[0], gradients[1], rtol=1e-5, atol=1e-6)
    finally:
        SURROGATES.remove("gaussian")


def test_where_nothing_is_learnt_nothing_is_written_beside() -> None:
    """Machine code checks no bounds: the memory behind sums of no length is somebody else's."""
    room, u = np.full(8, 7.0), np.linspace(-1, 2, 15, dtype=np.float32).reshape(3, 5)
    none = np.empty((0, 5), np.float32)
    kernels.backward(u, np.ones_like(u), none, room[:0], neurons.backward_kernel_arguments(cell_of()))
    assert (room == 7).all()
