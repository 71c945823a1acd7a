"""The LIF recurrence over time, compiled by numba, in place: forward and backward.

Arrays are float32, contiguous and (T, N), N being everything but time; they are processed in blocks of neurons that
stay in the first-level cache during all time steps. `snnviz.core.neurons` computes the same in torch, for comparison.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import torch

BLOCK = 1024
FAST = {"contract", "nsz", "arcp"}
"""Allowed fast-math optimisations: a * b + c in one rounding, x / y as x * (1 / y); NaN and infinity are preserved."""

SUMS = {*FAST, "reassoc"}
"""Fast-math optimisations for sums over many numbers, which may also be reordered."""

ZERO = 1
"""Code of the reset "zero". "none" is "subtract" with nothing to subtract."""

ONE, HALF = np.float32(1), np.float32(0.5)
C3, C4, C5, C6 = (np.float32(1 / math.factorial(k)) for k in (3, 4, 5, 6))
HALF_PI = np.float32(np.pi / 2)
LOG2_E = np.float32(1 / np.log(2))
LN2_HIGH = np.float32(0.693359375)
LN2_LOW = np.float32(np.log(2) - 0.693359375)
"""ln 2 in two parts, the first of few bits, so that its multiples are exact."""


def compiled(function: Callable[..., Any], allowed: set[str] | None = None) -> Any:
    """Decorator: compiles a function with numba at its first call and caches it on disk where possible.

    `allowed`: fast-math flags, by default `FAST`.
    """
    # numpy: a division by zero gives infinity. With a check of every divisor no division would be a vector's.
    how: Any = {"fastmath": FAST if allowed is None else allowed, "nogil": True, "error_model": "numpy"}
    try:
        return numba.njit(cache=True, **how)(function)
    except RuntimeError:  # neither this folder nor a home can be written to
        return numba.njit(**how)(function)


def compiled_unordered(function: Callable[..., Any]) -> Any:
    """Decorator: compiles a function whose sums may be computed in any order."""
    return compiled(function, SUMS)


@compiled
def _first(u: Any, s: Any, theta: Any) -> None:
    for n in range(u.shape[0]):
        s[n] = u[n] > theta


@compiled
def _subtract(before: Any, u: Any, s: Any, beta: Any, theta: Any, less: Any) -> None:
    for n in range(u.shape[0]):
        v = before[n]
        w = beta * v + u[n] - (less if v > theta else 0 * less)
        u[n] = w
        s[n] = w > theta


@compiled
def _zero(before: Any, u: Any, s: Any, beta: Any, theta: Any) -> None:
    for n in range(u.shape[0]):
        v = before[n]
        w = (0 * beta if v > theta else beta) * v + u[n]
        u[n] = w
        s[n] = w > theta


@compiled
def _ahead(u: Any, s: Any, t: int, low: int, high: int, beta: Any, theta: Any, less: Any, reset: int) -> None:
    if t == 0:
        _first(u[0, low:high], s[0, low:high], theta)
    elif reset == ZERO:
        _zero(u[t - 1, low:high], u[t, low:high], s[t, low:high], beta, theta)
    else:
        _subtract(u[t - 1, low:high], u[t, low:high], s[t, low:high], beta, theta, less)


@compiled
def forward(c: Any, u: Any, s: Any, beta: Any, theta: Any, less: Any, reset: int) -> None:
    """Computes all time steps of LIF neurons, in place: `u` (T, N) becomes the potential before reset, `s` (T, N) the
    spikes.

    `c`: the current (1, N) of all time steps; or (0, N), where `u` holds the current of each step. `beta`: the leak,
    `theta`: the threshold, `less`: what a spike subtracts, `reset`: code of the reset.
    """
    steps, neurons = u.shape
    for low in range(0, neurons, BLOCK):
        high = min(neurons, low + BLOCK)
        for t in range(steps):
            if len(c) > 0:
                u[t, low:high] = c[0, low:high]  # in the first-level cache
            _ahead(u, s, t, low, high, beta, theta, less, reset)


@compiled
def forward_step(u: Any, s: Any, t: int, beta: Any, theta: Any, less: Any, reset: int) -> None:
    """Computes one time step `t` of the forward pass of LIF neurons, in place: replaces the current in `u[t]` by the
    potential, sets `s[t]`.

    Arguments as in `forward`; the neurons of earlier steps must have been computed.
    """
    _ahead(u, s, t, 0, u.shape[1], beta, theta, less, reset)


@compiled_unordered
def _count(u: Any, s: Any, sums: Any, theta: Any, reach: Any) -> None:
    spikes = first = second = far = 0.0
    for n in range(u.shape[0]):
        v = np.float64(u[n])
        spikes += s[n]
        first += v
        second += v * v
        far += 1.0 if abs(u[n] - theta) > reach else 0.0
    sums[0] += spikes
    sums[1] += first
    sums[2] += second
    sums[3] += far


@compiled
def forward_with_sums(u: Any, s: Any, sums: Any, reach: Any, beta: Any, theta: Any, less: Any, reset: int) -> None:
    """Computes `forward`, and adds for each time step and image sums over its neurons to `sums` (T, B, 4).

    The sums are of s, u, u^2, and the number of neurons further from theta than `reach`.
    """
    steps, images, _ = sums.shape
    size = u.shape[1] // images
    for image in range(images):
        for low in range(image * size, (image + 1) * size, BLOCK):
            high = min((image + 1) * size, low + BLOCK)
            for t in range(steps):
                _ahead(u, s, t, low, high, beta, theta, less, reset)
                _count(u[t, low:high], s[t, low:high], sums[t, image], theta, reach)


SURROGATES = ("atan", "fast-sigmoid", "sigmoid", "triangle")
"""Surrogates with compiled code; the derivative of others is multiplied into the gradient beforehand (`GIVEN`)."""

GIVEN = len(SURROGATES)


@compiled
def _decay(x: Any) -> Any:
    """exp(-x) of 0 <= x, to 2e-7 of itself, 0 beyond 87: numba's own is a call for each number, not for a vector."""
    halvings = np.floor(x * LOG2_E + HALF)
    r = halvings * LN2_HIGH - x + halvings * LN2_LOW
    small = ONE + r * (ONE + r * (HALF + r * (C3 + r * (C4 + r * (C5 + r * C6)))))
    left = halvings
    for k in range(6, -1, -1):
        step = np.float32(2**k)
        many = left >= step
        small = small * np.float32(0.5 ** (2**k)) if many else small
        left = left - step if many else left
    return 0 * ONE if x > 87 else small


@compiled
def _pulled(u: Any, g: Any, out: Any, theta: Any, slope: Any, kind: int) -> None:
    """out = g s'(u - theta), a loop for each surrogate: one with a choice inside would not use vectors."""
    count = u.shape[0]
    if kind == 0:
        for n in range(count):
            x = HALF_PI * slope * (u[n] - theta)
            out[n] = g[n] * (HALF * slope / (ONE + x * x))
    elif kind == 1:
        for n in range(count):
            x = ONE + slope * abs(u[n] - theta)
            out[n] = g[n] / (x * x)
    elif kind == 2:
        for n in range(count):
            tail = _decay(slope * abs(u[n] - theta))
            out[n] = g[n] * (slope * tail / ((ONE + tail) * (ONE + tail)))
    elif kind == 3:
        for n in range(count):
            out[n] = g[n] * max(0 * ONE, ONE - slope * abs(u[n] - theta))
    else:
        for n in range(count):
            out[n] = g[n]


@compiled
def _through(u: Any, pulled: Any, later: Any, beta: Any) -> None:
    for n in range(u.shape[0]):
        u[n] = pulled[n] + beta * later[n]


@compiled
def _through_zero(u: Any, pulled: Any, later: Any, beta: Any, theta: Any) -> None:
    for n in range(u.shape[0]):
        u[n] = pulled[n] + (0 * beta if u[n] > theta else beta) * later[n]


@compiled_unordered
def _sum(x: Any) -> Any:
    total = 0.0
    for n in range(x.shape[0]):
        total += np.float64(x[n])
    return total


@compiled_unordered
def _carried(u: Any, before: Any, theta: Any, reset: int) -> Any:
    """What dL/du[t] = `u` says of beta and, by way of a subtracting reset, of theta; `before` is u[t - 1]."""
    cut = reset == ZERO
    of_beta = of_theta = 0.0
    for n in range(u.shape[0]):
        v, d = before[n], np.float64(u[n])
        spiked = v > theta
        of_beta += d * (0 * v if cut and spiked else v)
        of_theta -= d if spiked else 0.0
    return of_beta, of_theta


@compiled
def _back(u: Any, g: Any, t: int, low: int, high: int, room: Any, sums: Any, how: Any) -> None:
    beta, theta, slope, kind, reset, subtracts = how
    here, pulled = u[t, low:high], room[: high - low]
    _pulled(here, g[t if g.shape[0] > 1 else 0, low:high], pulled, theta, slope, kind)
    if len(sums) > 0:
        sums[1] -= _sum(pulled)
    if t == u.shape[0] - 1:
        here[:] = pulled
    elif reset == ZERO:
        _through_zero(here, pulled, u[t + 1, low:high], beta, theta)
    else:
        _through(here, pulled, u[t + 1, low:high], beta)
    if len(sums) > 0 and t > 0:
        of_beta, of_theta = _carried(here, u[t - 1, low:high], theta, reset)
        sums[0] += of_beta
        sums[1] += of_theta if subtracts else 0.0


@compiled
def _add(total: Any, x: Any, anew: bool) -> None:
    for n in range(x.shape[0]):
        total[n] = x[n] + (0 * x[n] if anew else total[n])


@compiled
def backward(u: Any, g: Any, total: Any, sums: Any, how: Any) -> None:
    """Replaces the potential `u` by the gradient of the current, given the gradient `g` (T or 1, N) of the spikes.

    If `total` is (1, N) and not (0, N), it becomes the sum over time: the gradient of a constant current.

    `how`: beta, theta, slope and code of the surrogate, code of the reset, whether it subtracts. Adds the gradients of
    beta and theta to `sums`, (2,), unless that is (0,).
    """
    steps, neurons = u.shape
    room = np.empty(BLOCK, u.dtype)
    for low in range(0, neurons, BLOCK):
        high = min(neurons, low + BLOCK)
        for t in range(steps - 1, -1, -1):
            _back(u, g, t, low, high, room, sums, how)
            if len(total) > 0:
                _add(total[0, low:high], u[t, low:high], t == steps - 1)


@compiled
def backward_step(u: Any, g: Any, t: int, sums: Any, how: Any) -> None:
    """Computes one time step `t` of the backward pass of LIF neurons, in place; called from the last step to the first.

    Arguments as in `backward`.
    """
    neurons = u.shape[1]
    room = np.empty(BLOCK, u.dtype)
    for low in range(0, neurons, BLOCK):
        _back(u, g, t, low, min(neurons, low + BLOCK), room, sums, how)


def is_supported(tensor: Any) -> bool:
    """Returns whether a torch tensor can be passed to the kernels: float32, in main memory, and not empty."""
    return bool(tensor.dtype == torch.float32 and tensor.device.type == "cpu" and tensor.numel() > 0)
