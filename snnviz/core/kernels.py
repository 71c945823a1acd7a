"""The LIF recurrence over time, compiled by numba: potentials take the current's place, gradients the potentials'.

Arrays are float32, contiguous and (T, N), N being everything but time; they are worked through in blocks of neurons
that stay in the first-level cache while time goes by. `snnviz.core.neurons` says the same
in torch, which is the oracle.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

BLOCK = 1024
FAST = {"contract", "nsz", "arcp"}
"""What the compiler may do: a * b + c in one rounding, x / y as x * (1 / y); NaN and infinity stay as they are."""

ZERO = 1
"""The code of the reset "zero". "none" is "subtract" with nothing to subtract."""

ONE, HALF = np.float32(1), np.float32(0.5)
HALF_PI = np.float32(np.pi / 2)


def compiled(function: Callable[..., Any]) -> Any:
    """Compiled at the first call, and kept on disk where there is a place for it."""
    try:
        return numba.njit(fastmath=FAST, nogil=True, cache=True)(function)
    except RuntimeError:  # neither this folder nor a home can be written to
        return numba.njit(fastmath=FAST, nogil=True)(function)


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
def forward(u: Any, s: Any, beta: Any, theta: Any, less: Any, reset: int) -> None:
    """Turns `u` from the current into the potential before reset, and fills `s`; a spike subtracts `less`."""
    steps, neurons = u.shape
    for low in range(0, neurons, BLOCK):
        high = min(neurons, low + BLOCK)
        _first(u[0, low:high], s[0, low:high], theta)
        for t in range(1, steps):
            if reset == ZERO:
                _zero(u[t - 1, low:high], u[t, low:high], s[t, low:high], beta, theta)
            else:
                _subtract(u[t - 1, low:high], u[t, low:high], s[t, low:high], beta, theta, less)


SURROGATES = ("atan", "fast-sigmoid", "sigmoid", "triangle")
"""Surrogates with a kernel; of others the derivative is multiplied into the gradient beforehand (`GIVEN`)."""

GIVEN = len(SURROGATES)


@compiled
def _derivative(x: Any, slope: Any, kind: int) -> Any:
    """ds/du at x = u - theta. The compiler takes the choice out of the loops."""
    if kind == 0:
        y = HALF_PI * slope * x
        return HALF * slope / (ONE + y * y)
    if kind == 1:
        y = ONE + slope * abs(x)
        return ONE / (y * y)
    if kind == 2:
        tail = np.exp(-slope * abs(x))
        return slope * tail / ((ONE + tail) * (ONE + tail))
    if kind == 3:
        return max(0 * ONE, ONE - slope * abs(x))
    return ONE


@compiled
def _last(u: Any, g: Any, theta: Any, slope: Any, kind: int) -> None:
    for n in range(u.shape[0]):
        u[n] = g[n] * _derivative(u[n] - theta, slope, kind)


@compiled
def _through(u: Any, g: Any, later: Any, beta: Any, theta: Any, slope: Any, kind: int) -> None:
    for n in range(u.shape[0]):
        u[n] = g[n] * _derivative(u[n] - theta, slope, kind) + beta * later[n]


@compiled
def _through_zero(u: Any, g: Any, later: Any, beta: Any, theta: Any, slope: Any, kind: int) -> None:
    for n in range(u.shape[0]):
        v = u[n]
        u[n] = g[n] * _derivative(v - theta, slope, kind) + (0 * beta if v > theta else beta) * later[n]


@compiled
def backward(u: Any, g: Any, beta: Any, theta: Any, slope: Any, kind: int, reset: int) -> None:
    """Turns `u` from the potential into the gradient of the current, `g` being that of the spikes."""
    steps, neurons = u.shape
    for low in range(0, neurons, BLOCK):
        high = min(neurons, low + BLOCK)
        _last(u[steps - 1, low:high], g[steps - 1, low:high], theta, slope, kind)
        for t in range(steps - 2, -1, -1):
            if reset == ZERO:
                _through_zero(u[t, low:high], g[t, low:high], u[t + 1, low:high], beta, theta, slope, kind)
            else:
                _through(u[t, low:high], g[t, low:high], u[t + 1, low:high], beta, theta, slope, kind)
