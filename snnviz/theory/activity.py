"""Spikes and variance through many random layers at initialisation, drawn without a single weight.

For weights that are independent, N(0, s^2) and used once, the currents of a neuron at the T steps are jointly normal
given the layer's input X (T, n): C ~ N(0, s^2 X X^T), independently for each neuron (a linear image of a Gaussian
vector). So a layer is T x n normal numbers times a factor of a T x T matrix: exact in distribution, jointly over
layers, without the n x n weights. Uniform weights reach that law only in sums of many (the central limit theorem):
where fewer than `FEW` inputs ever spike, their weights are drawn one by one.

Runs of the same seed use the same normal numbers under every initialisation, threshold and leak: curves differ by what
was changed and not by luck, as a network's weights would with the same seed. Runs of different seeds are independent.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PlainSerializer, PlainValidator

from snnviz.catalog.inits import COMPARED, Drive, Law, is_measured, weight_law
from snnviz.design import INITS, Choice, Neuron, Part, checked
from snnviz.errors import Described, InputError
from snnviz.registry import Range
from snnviz.theory.survival import MAX_CHAIN_WIDTH, exact_chain

Single = NDArray[np.float32]
Floats = NDArray[np.float64]

FEW = 100
"""Inputs that ever spike, below which uniform weights are drawn one by one."""

MAX_WORK = 2e8
"""Initialisations x seeds x layers x steps x neurons: two seconds if every layer of every run spikes."""

AT_ONCE = 4e6
"""Initialisations x seeds x steps x neurons that are in memory together, some 100 MB."""

BINS = 121
SEPARATOR = ","


def read_init(text: object, path: str = "inits") -> Choice:
    """``kaiming`` or ``kaiming:gain=3`` as a choice. Raises `InputError`."""
    if isinstance(text, Mapping):
        return Choice(INITS.choose(path, dict(text)))
    if not isinstance(text, str) or len(text) > 200:
        raise InputError(path, "name an initialisation, such as kaiming or kaiming:gain=3", text)
    kind, *settings = text.strip().split(":")
    given: dict[str, Any] = {"kind": kind}
    for setting in settings:
        name, _, value = setting.partition("=")
        try:
            given[name] = float(value)
        except ValueError:
            raise InputError(f"{path}.{name[:40]}", "be a number", value) from None
    return Choice(INITS.choose(path, given))


def init_text(init: Choice) -> str:
    """The short form that `read_init` reads; parameters at their defaults are left out.

    >>> init_text(read_init("kaiming:gain=3"))
    'kaiming:gain=3'
    """
    usual = {parameter.name: parameter.default for parameter in INITS[init.kind].parameters}
    changed = [f"{name}={value:.10g}" for name, value in init.parameters.items() if value != usual.get(name)]
    return ":".join([init.kind, *changed])


def compared() -> tuple[Choice, ...]:
    """The eight initialisations of Micheli et al. 2024."""
    return tuple(read_init(entry.kind) for entry in INITS if COMPARED in entry.traits)


def _number(value: object) -> object:
    """Text that is a number as one; anything else as it is."""
    if isinstance(value, str) and len(value) <= 40:
        for kind in (int, float):
            with suppress(ValueError):
                return kind(value)
    return value


def _inits(value: object) -> tuple[Choice, ...]:
    parts = value.split(SEPARATOR) if isinstance(value, str) else value
    if not isinstance(parts, Sequence) or not 0 < len(parts) <= 12:
        raise InputError("inits", "be 1 to 12 initialisations", value)
    return tuple(dict.fromkeys(read_init(part) for part in parts))


class Setting(Part):
    """What the Activity page shows: a stack of equally wide random layers of LIF neurons, before any training."""

    threshold: Annotated[float, Range(0, 4, "Potential above which a neuron spikes (theta).", 0.01)] = 1.0
    beta: Annotated[float, Range(0, 1, "Leak: the share of the potential kept from one step to the next.", 0.01)] = 0.5
    reset: Literal["subtract", "zero", "none"] = "subtract"
    width: Annotated[int, Range(10, 4096, "Neurons of each layer (n), the fan-in of the next.", 10)] = 1000
    layers: Annotated[int, Range(2, 200, "Layers, the encoder included.", 1)] = 100
    steps: Annotated[int, Range(1, 100, "Time steps T.", 1)] = 1
    seeds: Annotated[int, Range(1, 100, "Networks drawn for each initialisation.", 1)] = 3
    input: Literal["constant", "fresh"] = "constant"
    """The encoder's current, N(0, 1) for each neuron: one for all time steps, or a fresh one at each."""
    seed: Annotated[int, Range(0, 2**31 - 1, "Seed of the first network.", 1)] = 0
    inits: Annotated[
        tuple[Choice, ...], PlainValidator(_inits), PlainSerializer(lambda inits: SEPARATOR.join(map(init_text, inits)))
    ] = Field(default_factory=compared)

    @classmethod
    def check(cls, document: object) -> Setting:
        """A setting from a dictionary; numbers and `inits` may be text. Raises `InputError`."""
        if isinstance(document, Mapping):
            document = {name: _number(value) for name, value in document.items()}
        return checked(cls, document, "an activity setting")

    @property
    def neuron(self) -> Neuron:
        return Neuron(threshold=self.threshold, beta=self.beta, reset=self.reset)

    @property
    def work(self) -> int:
        """Neuron-steps to draw if nothing falls silent."""
        return len(self.inits) * self.seeds * self.layers * self.steps * self.width

    def affordable(self, work: float = MAX_WORK) -> Setting:
        """This setting, or with as few seeds as `work` pays for. Raises `InputError` where one is too many."""
        if self.work <= work:
            return self
        seeds = int(work * self.seeds // self.work)
        if seeds < 1:
            rule = f"be at most {work:,.0f} neurons x layers x steps x initialisations"
            raise InputError("width", rule, Described(f"{self.work // self.seeds:,}"))
        return self.model_copy(update={"seeds": seeds})


@dataclass(frozen=True, slots=True)
class Trace:
    """What reaches each layer under one initialisation. Variances are over a layer's neurons (population variance)."""

    init: Choice
    gain: Floats
    """n Var[w] of the layers after the encoder, mean over runs, (layers,); 0 for the encoder."""
    var_u: Single
    """(runs, layers, steps)"""
    spikes: Single
    """Neurons that spike, (runs, layers, steps)."""
    skewness: Single | None
    """(runs, layers, steps), NaN where u does not vary; with `excess`, the excess kurtosis, only where asked for."""
    excess: Single | None
    density: Floats | None
    """Of u at the layer looked at, all runs that reach it and all steps together, (BINS,) per unit of u over `edges`,
    (BINS + 1,); None where none does."""
    edges: Floats | None

    @property
    def dead(self) -> Floats:
        """Share of runs in which no neuron of the layer ever spikes, (layers,)."""
        found: Floats = (self.spikes.sum(2) == 0).mean(0)
        return found


@dataclass(frozen=True, slots=True)
class Expected:
    """Exact theory per layer, (layers,): E[Var[u]], silent runs included, and the probability of silence."""

    var_u: Floats
    dead: Floats


def expected(setting: Setting, init: Choice) -> Expected | None:
    """The exact chain, where it holds: one time step, Gaussian weights set without measuring, no more than a few
    thousand neurons."""
    if setting.steps > 1 or is_measured(init) or setting.width > MAX_CHAIN_WIDTH:
        return None
    law = weight_law(init, setting.width, setting.width, setting.neuron)
    if law.uniform:
        return None
    chain = exact_chain(setting.width, law.variance * setting.width, setting.threshold, setting.layers)
    return Expected(chain.var_u, chain.dead)


def propagate(
    setting: Setting,
    *,
    shape: bool = False,
    look: int | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> tuple[Trace, ...]:
    """Draws the setting's networks.

    `shape`: skewness and excess kurtosis too. `look`: a layer whose distribution of u to keep. `progress` is told the
    share that is done, and may raise to cancel. Memory: see `AT_ONCE`.
    """
    size = max(1, int(AT_ONCE / (len(setting.inits) * setting.steps * setting.width)))

    def teller(first: int, count: int) -> Callable[[float], None]:
        return lambda part: progress((first + count * part) / setting.seeds)

    parts = []
    for first in range(0, setting.seeds, size):
        seeds = range(first, min(first + size, setting.seeds))
        parts.append(_propagate(setting, seeds, shape, look, teller(first, len(seeds))))
    return tuple(_joined(init, [part[k] for part in parts]) for k, init in enumerate(setting.inits))


class _Seen:
    """One initialisation and some runs of it, being written."""

    def __init__(self, setting: Setting, runs: int, *, shape: bool) -> None:
        form = (runs, setting.layers, setting.steps)
        self.gain = np.zeros((runs, setting.layers))
        self.var_u, self.spikes = np.zeros(form, np.float32), np.zeros(form, np.float32)
        self.skewness = np.full(form, np.nan, np.float32) if shape else None
        self.excess = np.full(form, np.nan, np.float32) if shape else None
        self.looked: list[Single] = []


def _joined(init: Choice, parts: list[_Seen]) -> Trace:
    def join(name: str) -> Single | None:
        arrays = [getattr(part, name) for part in parts]
        return None if arrays[0] is None else np.concatenate(arrays)

    u = np.concatenate([values.ravel() for part in parts for values in part.looked] or [np.empty(0, np.float32)])
    density = edges = None
    if u.size:
        reach = max(float(np.abs(u).max()), 1e-6)
        density, edges = np.histogram(u, BINS, (-reach, reach), density=True)
    var_u, spikes, gain = join("var_u"), join("spikes"), join("gain")
    assert var_u is not None
    assert spikes is not None
    assert gain is not None
    return Trace(init, gain.mean(0), var_u, spikes, join("skewness"), join("excess"), density, edges)


def _propagate(
    setting: Setting, seeds: range, shape: bool, look: int | None, tell: Callable[[float], None]
) -> list[_Seen]:
    """All initialisations through all layers for some seeds. Axis 0 of all arrays: the pairs still alive."""
    steps, width, kinds = setting.steps, setting.width, len(setting.inits)
    seen = [_Seen(setting, len(seeds), shape=shape) for _ in setting.inits]
    streams = [np.random.Generator(np.random.SFC64([setting.seed + seed])) for seed in seeds]
    normal = np.empty((len(seeds), steps, width), np.float32)
    alive = [(kind, run) for kind in range(kinds) for run in range(len(seeds))]

    distinct = 1 if setting.input == "constant" else steps
    for run, stream in enumerate(streams):
        stream.standard_normal(dtype=np.float32, out=normal[run, :distinct])
        normal[run, distinct:] = normal[run, 0]
    encoded = _potentials(normal.copy(), setting)
    spikes = (encoded > np.float32(setting.threshold)).astype(np.float32)
    for run in range(len(seeds)):
        for one in seen:
            _note(one, run, 0, encoded[run : run + 1], spikes[run : run + 1], look=look)
    x = np.concatenate([spikes] * kinds)

    for layer in range(1, setting.layers):
        tell(layer / setting.layers)
        living: NDArray[np.bool_] = np.any(x, axis=(1, 2))
        if not living.all():
            alive, x = [pair for pair, lives in zip(alive, living, strict=True) if lives], x[living]
        if not alive:
            break
        for run in {run for _, run in alive}:
            streams[run].standard_normal(dtype=np.float32, out=normal[run])
        moments = np.matmul(x, x.transpose(0, 2, 1)).astype(np.float64)  # (pairs, T, T), whole numbers
        factors = factored(moments)
        u = np.empty_like(x)
        for k, (kind, run) in enumerate(alive):
            drive = Drive(float(moments[k].trace()) / steps / width, steps)
            law = weight_law(setting.inits[kind], width, width, setting.neuron, drive)
            seen[kind].gain[run, layer] = law.variance * width
            if law.uniform and (active := x[k].any(0)).sum() < FEW:
                u[k] = x[k][:, active] @ _uniform(law, setting, seeds[run], layer, int(active.sum()))
            else:
                np.matmul((factors[k] * math.sqrt(law.variance)).astype(np.float32), normal[run], out=u[k])
        _potentials(u, setting)
        np.greater(u, np.float32(setting.threshold), out=x, casting="unsafe")
        variance, counts = _variance(u), x.sum(2)
        for k, (kind, run) in enumerate(alive):
            seen[kind].var_u[run, layer], seen[kind].spikes[run, layer] = variance[k], counts[k]
            _note(seen[kind], run, layer, u[k : k + 1], None, look=look)
    tell(1.0)
    return seen


def _note(seen: _Seen, run: int, layer: int, u: Single, spikes: Single | None, *, look: int | None) -> None:
    """What is not written for all pairs at once."""
    if spikes is not None:
        seen.var_u[run, layer], seen.spikes[run, layer] = _variance(u)[0], spikes[0].sum(1)
    if seen.skewness is not None and seen.excess is not None:
        centred = u[0] - u[0].mean(1, keepdims=True)
        square = centred * centred
        second = square.mean(1)
        second[second < 1e-12] = np.nan
        seen.skewness[run, layer] = np.einsum("tn,tn->t", square, centred) / u.shape[2] / second**1.5
        seen.excess[run, layer] = np.einsum("tn,tn->t", square, square) / u.shape[2] / second**2 - 3
    if look == layer:
        seen.looked.append(u.copy())


def _potentials(current: Single, setting: Setting) -> Single:
    """Turns currents (pairs, T, n) into potentials before reset, in place."""
    beta, threshold = np.float32(setting.beta), np.float32(setting.threshold)
    kept = np.empty_like(current[:, 0])
    for t in range(1, current.shape[1]):
        before, now = current[:, t - 1], current[:, t]
        np.multiply(before, beta, out=kept)
        if setting.reset == "subtract":
            kept -= threshold * (before > threshold)
        elif setting.reset == "zero":
            kept *= before <= threshold
        now += kept
    return current


def _variance(u: Single) -> Single:
    """Over neurons, (pairs, T)."""
    mean = u.mean(2)
    found: Single = np.maximum(np.einsum("ptn,ptn->pt", u, u) / u.shape[2] - mean * mean, 0)
    return found


def factored(moments: Floats) -> Floats:
    """F (pairs, T, T), lower triangular, with F F^T = `moments`, which may be singular.

    They are as soon as two time steps have the same spikes. A step that adds nothing to those before gets a column of
    0: numpy's Cholesky factorisation refuses such matrices.
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


def _uniform(law: Law, setting: Setting, seed: int, layer: int, active: int) -> Single:
    """Weights from the active inputs, (active, n)."""
    stream = np.random.Generator(np.random.SFC64([setting.seed + seed, layer]))
    limit = np.float32(law.limit)
    drawn: Single = (2 * stream.random((active, setting.width), dtype=np.float32) - 1) * limit
    return drawn
