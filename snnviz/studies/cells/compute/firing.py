"""Compiled LIF step of Kim et al. over channels-last maps, with batch normalisation before it and spikes as bits after
it.

    v <- v + (I - v) / tau,  s = 1 where v >= 1,  v <- 0 where s        tau = 4/3

which is SpikingJelly's `LIFNode` with hard reset; `snnviz.core.kernels` resets one step later. Maps are (B, S), S = H W
C with the channels last. Gains and shifts are (block,), a channel's repeated every C numbers, so that loops are long
whatever C is. Spikes are also stored as bits, 64 neurons of an image in a word, for fast comparison.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba.extending import intrinsic

from snnviz.core.kernels import compiled, compiled_unordered

TAU = 4 / 3
THRESHOLD = 1.0
EPSILON = 1e-5
"""Constant that batch normalisation adds to variances."""

WORD = 64
LONG = 1024


def block_size(channels: int) -> int:
    """Returns how many numbers compiled loops process at a time: a multiple of whole pixels (`channels`) and whole
    64-bit words.
    """
    least = math.lcm(channels, WORD)
    return least * max(1, LONG // least)


def word_count(size: int) -> int:
    """Returns how many 64-bit words hold the spikes of `size` neurons, one bit each."""
    return -(-size // WORD)


@intrinsic
def _ones(_: Any, x: Any) -> Any:
    """How many bits are 1: an instruction that numba has no name for."""
    return x(x), lambda _context, builder, _signature, arguments: builder.ctpop(arguments[0])


@compiled
def _step(x: Any, gain: Any, shift: Any, v: Any, s: Any, how: Any) -> None:
    kept, taken, theta, rest = how
    for n in range(x.shape[0]):
        w = kept * v[n] + taken * (gain[n] * x[n] + shift[n])
        s[n] = w >= theta
        v[n] = rest if w >= theta else w


@compiled
def _step_of_two(x: Any, gain: Any, shift: Any, more: Any, v: Any, s: Any, how: Any) -> None:
    kept, taken, theta, rest = how
    for n in range(x.shape[0]):
        w = kept * v[n] + taken * (gain[n] * x[n] + shift[n] + more[n])
        s[n] = w >= theta
        v[n] = rest if w >= theta else w


@compiled
def _pack(s: Any, bits: Any) -> None:
    whole = s.shape[0] // 64
    for k in range(whole):
        word = np.uint64(0)
        for n in range(64):
            word |= np.uint64(s[64 * k + n] != 0) << np.uint64(n)
        bits[k] = word
    if 64 * whole < s.shape[0]:
        word = np.uint64(0)
        for n in range(64 * whole, s.shape[0]):
            word |= np.uint64(s[n] != 0) << np.uint64(n - 64 * whole)
        bits[whole] = word


@compiled
def lif_step(x: Any, gain: Any, shift: Any, more: Any, v: Any, s: Any, bits: Any, how: Any) -> None:
    """Computes one time step of LIF neurons, in place: the potentials v (B, S) and spikes s (B, S), and the spikes
    packed as bits, `bits` (B, words), one bit for each neuron. The current is gain x + shift, plus `more` unless that
    has the shape (0, S).

    `how`: the share of v that is kept, that of the current, the threshold and 0, in the arrays' dtype.
    """
    images, size = x.shape
    width = gain.shape[0]
    for image in range(images):
        for low in range(0, size, width):
            high = min(size, low + width)
            here, a, b = x[image, low:high], gain[: high - low], shift[: high - low]
            u, spikes = v[image, low:high], s[image, low:high]
            if more.shape[0] > 0:
                _step_of_two(here, a, b, more[image, low:high], u, spikes, how)
            else:
                _step(here, a, b, u, spikes, how)
            _pack(spikes, bits[image, low // 64 : (high + 63) // 64])


@compiled
def _affine(x: Any, gain: Any, shift: Any, out: Any) -> None:
    for n in range(x.shape[0]):
        out[n] = gain[n] * x[n] + shift[n]


@compiled
def _affine_more(x: Any, gain: Any, shift: Any, out: Any) -> None:
    for n in range(x.shape[0]):
        out[n] += gain[n] * x[n] + shift[n]


@compiled
def affine(x: Any, gain: Any, shift: Any, out: Any, anew: bool) -> None:
    """Sets `out` (B, S) to gain x + shift if `anew` is true, else adds gain x + shift to it."""
    images, size = x.shape
    width = gain.shape[0]
    for image in range(images):
        for low in range(0, size, width):
            high = min(size, low + width)
            if anew:
                _affine(x[image, low:high], gain[: high - low], shift[: high - low], out[image, low:high])
            else:
                _affine_more(x[image, low:high], gain[: high - low], shift[: high - low], out[image, low:high])


@compiled
def _gather(x: Any, first: Any, second: Any) -> None:
    for n in range(x.shape[0]):
        first[n] += x[n]
        second[n] += x[n] * x[n]


@compiled
def batch_norm_parameters(x: Any, channels: int, epsilon: float, gain: Any, shift: Any) -> None:
    """Fills gain and shift so that gain x + shift has mean 0 and variance 1 in each channel, over images and pixels."""
    images, size = x.shape
    width = gain.shape[0]
    first, second = np.zeros_like(gain), np.zeros_like(gain)
    for image in range(images):
        for low in range(0, size, width):
            high = min(size, low + width)
            _gather(x[image, low:high], first[: high - low], second[: high - low])
    count = images * (size // channels)
    for channel in range(channels):
        mean = square = 0.0
        for n in range(channel, width, channels):
            mean += np.float64(first[n])
            square += np.float64(second[n])
        mean /= count
        scale = 1 / np.sqrt(max(square / count - mean * mean, 0.0) + epsilon)
        for n in range(channel, width, channels):
            gain[n] = scale
            shift[n] = -mean * scale


@compiled
def _three(a: Any, b: Any, c: Any, out: Any, share: Any) -> None:
    for n in range(out.shape[0]):
        out[n] = share * (a[n] + b[n] + c[n])


@compiled
def average_pool(x: Any, rows: Any, third: Any, out: Any) -> None:
    """Writes the average over 3x3 pixels of maps x to `out`, with zero padding.

    `rows`: a buffer (W + 2, C) of zeros; `third`: 1/3 in the maps' dtype.
    """
    images, size = x.shape
    channels = rows.shape[1]
    line = (rows.shape[0] - 2) * channels
    flat = rows.reshape(-1)
    nothing = np.zeros_like(flat[:line])
    middle = flat[channels : channels + line]
    for image in range(images):
        for low in range(0, size, line):
            above = x[image, low - line : low] if low > 0 else nothing
            below = x[image, low + line : low + 2 * line] if low + line < size else nothing
            _three(above, x[image, low : low + line], below, middle, third)
            _three(flat[:line], middle, flat[2 * channels :], out[image, low : low + line], third)


@compiled_unordered
def _common(a: Any, b: Any) -> Any:
    total = np.uint64(0)
    for k in range(a.shape[0]):
        total += _ones(a[k] & b[k])  # type: ignore[call-arg]
    return total


@compiled
def joint_spike_counts(bits: Any, both: Any) -> None:
    """Fills `both` (B, B) with the number of neurons that spike for both images, from bits (B, words)."""
    images = bits.shape[0]
    for i in range(images):
        for j in range(i, images):
            both[i, j] = both[j, i] = np.int64(_common(bits[i], bits[j]))
