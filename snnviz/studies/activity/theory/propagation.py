"""Propagation of spikes and variance through many random layers at initialisation, sampled without drawing weights.

For weights that are independent, N(0, s^2) and used once, the currents of a neuron at the T steps are jointly normal
given the layer's input X (T, n): C ~ N(0, s^2 X X^T), independently for each neuron (a linear image of a Gaussian
vector). So a layer is T x n normal numbers times a factor of a T x T matrix: exact in distribution, jointly over
layers, without the n x n weights. Uniform weights reach that law only in sums of many (the central limit theorem):
where fewer than `FEW_NEURONS` inputs ever spike, their weights are drawn one by one. So are all weights of layers with
no more neurons than time steps: they are fewer than the normal numbers.

Networks of the same seed use the same normal numbers under every initialisation, threshold and leak, so that curves
differ by what was changed and not by chance. Networks of different seeds are independent.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from snnviz.catalog.inits import InputStatistics, WeightDistribution, is_data_dependent, weight_distribution
from snnviz.catalog.neurons import respond
from snnviz.catalog.neurons.lif import overwrite_with_potentials
from snnviz.design.parts import AnyNeuron, Neuron
from snnviz.studies.activity.theory.activity import ActivityConfig, LayerStatistics, Single

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

FEW_NEURONS = 100
"""With fewer inputs that ever spike, uniform weights are drawn one by one."""

CHUNK_ELEMENTS = 4e6
"""Initialisations x seeds x steps x neurons that are held in memory together, some 100 MB."""

BINS = 121


def propagate_activity(
    setting: ActivityConfig,
    *,
    shape: bool = False,
    look: int | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> tuple[LayerStatistics, ...]:
    """Samples random networks as the setting describes, layer by layer, and returns the statistics of their layers for
    each initialisation.

    `shape`: also compute skewness and excess kurtosis. `look`: the layer whose density of u is returned. `progress` is
    called with the share that is done, and may raise an exception to cancel. Memory: see `CHUNK_ELEMENTS`.
    """
    size = max(1, int(CHUNK_ELEMENTS / (len(setting.inits) * setting.steps * setting.width)))

    def teller(first: int, count: int) -> Callable[[float], None]:
        return lambda part: progress((first + count * part) / setting.seeds)

    parts = []
    for first in range(0, setting.seeds, size):
        seeds = range(first, min(first + size, setting.seeds))
        parts.append(_propagate(setting, seeds, shape, look, teller(first, len(seeds))))
    return tuple(_trace(setting, kind, parts) for kind in range(len(setting.inits)))


class _Seen:
    """All initialisations (axis 0) and some of the networks (axis 1), being written."""

    def __init__(self, setting: ActivityConfig, runs: int, shape: bool, look: int | None) -> None:
        form = (len(setting.inits), runs, setting.layers, setting.steps)
        self.look, self.looked = look, [[] for _ in setting.inits]  # type: tuple[int | None, list[list[Single]]]
        self.gain = np.zeros(form[:3])
        self.var_u, self.spikes = np.zeros(form, np.float32), np.zeros(form, np.float32)
        self.skewness = np.full(form, np.nan, np.float32) if shape else None
        self.excess = np.full(form, np.nan, np.float32) if shape else None

    def note(self, kinds: Indices, runs: Indices, layer: int, u: Single, x: Single) -> None:
        """Potentials and spikes of a layer, (pairs, T, n), of these pairs of initialisation and network."""
        self.var_u[kinds, runs, layer], self.spikes[kinds, runs, layer] = _variance(u), x.sum(2)
        if self.skewness is not None and self.excess is not None:
            self.skewness[kinds, runs, layer], self.excess[kinds, runs, layer] = _shape(u)
        if self.look == layer:
            for kind, values in zip(kinds, u, strict=True):
                self.looked[kind].append(values.copy())


def _trace(setting: ActivityConfig, kind: int, parts: list[_Seen]) -> LayerStatistics:
    def join(name: str) -> Single | None:
        arrays = [getattr(part, name) for part in parts]
        return None if arrays[0] is None else np.concatenate([array[kind] for array in arrays])

    u = np.concatenate([values.ravel() for part in parts for values in part.looked[kind]] or [np.empty(0, np.float32)])
    density = edges = None
    if u.size:
        reach = max(float(np.abs(u).max()), 1e-6)
        density, edges = np.histogram(u, BINS, (-reach, reach), density=True)
    var_u, spikes, gain = join("var_u"), join("spikes"), join("gain")
    assert var_u is not None
    assert spikes is not None
    assert gain is not None
    return LayerStatistics(
        setting.inits[kind], gain.mean(0), var_u, spikes, join("skewness"), join("excess"), density, edges
    )


def _propagate(
    setting: ActivityConfig, seeds: range, shape: bool, look: int | None, tell: Callable[[float], None]
) -> _Seen:
    """All initialisations through all layers for some seeds. Axis 0 of arrays: pairs that still spike, run by run."""
    steps, width, count, neuron = setting.steps, setting.width, len(setting.inits), setting.neuron
    seen = _Seen(setting, len(seeds), shape, look)
    streams = [np.random.Generator(np.random.SFC64([setting.seed + seed])) for seed in seeds]
    runs, kinds = np.repeat(np.arange(len(seeds)), count), np.tile(np.arange(count), len(seeds))

    normal = np.empty((len(seeds), steps, width), np.float32)
    distinct = 1 if setting.input == "constant" else steps
    for run, stream in enumerate(streams):
        stream.standard_normal(dtype=np.float32, out=normal[run, :distinct])
        normal[run, distinct:] = normal[run, 0]
    u, x = normal.copy(), np.empty_like(normal)
    _drive(u, x, neuron)
    u, x = np.repeat(u, count, axis=0), np.repeat(x, count, axis=0)
    seen.note(kinds, runs, 0, u, x)

    for layer in range(1, setting.layers):
        tell(layer / setting.layers)
        living: NDArray[np.bool_] = np.any(x, axis=(1, 2))
        if not living.all():
            runs, kinds, x = runs[living], kinds[living], x[living]
        if not len(x):
            break
        laws = _laws(setting, kinds, x)
        scales = np.sqrt([law.variance for law in laws]).astype(np.float32)[:, None, None]
        seen.gain[kinds, runs, layer] = [law.variance * width for law in laws]
        few = steps >= width
        factors = x if few else factor_moments(np.matmul(x, x.transpose(0, 2, 1)).astype(float)).astype(np.float32)
        factors = factors * scales
        u = np.empty_like(x)
        for run in np.unique(runs):
            streams[run].standard_normal(dtype=np.float32, out=normal[run])
            low, high = np.searchsorted(runs, [run, run + 1])
            np.matmul(factors[low:high], normal[run, :width] if few else normal[run], out=u[low:high])
        for k in [k for k, law in enumerate(laws) if law.uniform]:
            active = x[k].any(0)
            if active.sum() < FEW_NEURONS:
                u[k] = x[k][:, active] @ _uniform(laws[k], setting, seeds[runs[k]], layer, int(active.sum()))
        _drive(u, x, neuron)
        seen.note(kinds, runs, layer, u, x)
    tell(1.0)
    return seen


def _drive(u: Single, x: Single, neuron: AnyNeuron) -> None:
    """Turns currents `u` (pairs, T, n) into potentials, and writes the spikes to `x`."""
    if isinstance(neuron, Neuron):
        overwrite_with_potentials(u, neuron)
        np.greater(u, np.float32(neuron.threshold), out=x, casting="unsafe")
        return
    potentials, spikes = respond(u.transpose(1, 0, 2), neuron)
    u[...], x[...] = potentials.transpose(1, 0, 2), spikes.transpose(1, 0, 2)


def _laws(setting: ActivityConfig, kinds: Indices, x: Single) -> list[WeightDistribution]:
    """Of each pair's weights; a measured rule is told what reaches the layer."""
    known: dict[int, WeightDistribution] = {}
    found = []
    for k, kind in enumerate(kinds.tolist()):
        law = known.get(kind)
        if law is None:
            init = setting.inits[kind]
            told = is_data_dependent(init)
            drive = InputStatistics(float(x[k].mean()), setting.steps) if told else None
            law = weight_distribution(init, setting.width, setting.width, setting.neuron, drive)
            if not told:
                known[kind] = law
        found.append(law)
    return found


def _variance(u: Single) -> Single:
    """Over neurons, (pairs, T)."""
    mean = u.mean(2)
    found: Single = np.maximum(np.einsum("ptn,ptn->pt", u, u) / u.shape[2] - mean * mean, 0)
    return found


def _shape(u: Single) -> tuple[Single, Single]:
    """Skewness and excess kurtosis over neurons, (pairs, T) each; NaN where u does not vary."""
    centred = u - u.mean(2, keepdims=True)
    square = centred * centred
    second = square.mean(2)
    second[second < 1e-12] = np.nan
    third = np.einsum("ptn,ptn->pt", square, centred) / u.shape[2]
    fourth = np.einsum("ptn,ptn->pt", square, square) / u.shape[2]
    return third / second**1.5, fourth / second**2 - 3


def factor_moments(moments: Floats) -> Floats:
    """Returns lower triangular factors F (pairs, T, T) with F F^T = `moments`, as by Cholesky, also for singular
    `moments`.

    Moments are singular as soon as two time steps have the same spikes, where numpy's Cholesky factorisation fails. A
    step that depends linearly on those before gets a column of 0.
    """
    factor = np.zeros_like(moments)
    for t in range(moments.shape[1]):
        rest = moments[:, t:, t] - np.einsum("pik,pk->pi", factor[:, t:, :t], factor[:, t, :t])
        pivot = rest[:, 0]
        new = pivot > 1e-9 * moments[:, t, t]
        scale = np.zeros_like(pivot)
        scale[new] = 1 / np.sqrt(pivot[new])
        factor[:, t:, t] = rest * scale[:, None]
    return factor


def _uniform(law: WeightDistribution, setting: ActivityConfig, seed: int, layer: int, active: int) -> Single:
    """Weights from the active inputs, (active, n)."""
    stream = np.random.Generator(np.random.SFC64([setting.seed + seed, layer]))
    limit = np.float32(law.limit)
    drawn: Single = (2 * stream.random((active, setting.width), dtype=np.float32) - 1) * limit
    return drawn
