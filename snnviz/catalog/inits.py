"""Weight initialisations: the variance of zero-mean weights from a layer's fan-in and fan-out.

For a convolution with k x k kernels the fan-in is k*k*c_in and the fan-out k*k*c_out. Biases start at 0. Weights are
Gaussian, except where an entry has the trait "uniform". An entry with the trait "measured" is applied layer by layer
and takes the `InputStatistics` of each layer, measured once the layers before are set. The trait "compared" marks the
eight of Micheli et al. 2024, Figs. 3 to 9.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

from snnviz.catalog.neurons import as_lif, threshold
from snnviz.catalog.surrogates import second_moment_of_derivative
from snnviz.design.links import format_choice, parse_choice
from snnviz.design.menus import INITS, Choice
from snnviz.design.parts import AnyNeuron, Neuron
from snnviz.design.registry import Range
from snnviz.errors import InputError

COMPARED, UNIFORM, MEASURED = "compared", "uniform", "measured"

LIF, THRESHOLD = "lif", "threshold"
"""Traits: the formula holds for LIF neurons alone, or for neurons that spike above a threshold; others hold for all."""

MIN_SECOND_MOMENT = 1e-9
"""E[x^2] of an input that never spikes, so that its layer's weights stay finite."""


@dataclass(frozen=True, slots=True)
class InputStatistics:
    """Statistics of a layer's input before training: `moment` is E[x^2] per input and time step (the firing rate of
    spikes).

    `steps` is the number T of time steps.
    """

    moment: float
    steps: int


@dataclass(frozen=True, slots=True)
class WeightDistribution:
    """The distribution from which a layer's weights are drawn: zero mean, this variance, Gaussian or uniform."""

    variance: float
    uniform: bool = False

    @property
    def limit(self) -> float:
        """Bound of the uniform distribution of this variance: uniform weights lie between -limit and limit."""
        return math.sqrt(3 * self.variance)


def is_data_dependent(init: Choice) -> bool:
    """Returns whether an initialisation needs the measured `InputStatistics` of each layer."""
    return MEASURED in INITS[init.kind].traits


def is_valid_for(kind: str, neuron: AnyNeuron) -> bool:
    """Returns whether the formula of the initialisation `kind` holds for this neuron; some are derived for LIF neurons
    only.

    >>> is_valid_for("reset-aware", Neuron()), is_valid_for("kaiming", Neuron())
    (True, True)
    """
    traits = INITS[kind].traits
    if as_lif(neuron) is not None:
        return True
    return LIF not in traits and (THRESHOLD not in traits or threshold(neuron) is not None)


def weight_distribution(
    init: Choice, fan_in: int, fan_out: int, neuron: AnyNeuron, drive: InputStatistics | None = None
) -> WeightDistribution:
    """Returns the distribution of a layer's weights under an initialisation.

    `drive`: statistics of the layer's input, needed where `is_data_dependent(init)`.
    """
    entry = INITS[init.kind]
    told = (drive,) if MEASURED in entry.traits else ()
    of = as_lif(neuron) or Neuron(threshold=threshold(neuron) or 0.0)  # of which only what `is_valid_for` is read
    return WeightDistribution(
        float(entry.function(fan_in, fan_out, of, *told, **init.parameters)), UNIFORM in entry.traits
    )


TEST_SECOND_MOMENTS = (0.05, 0.3, 1.0)
"""Values of E[x^2] at which data-dependent initialisations are compared with others."""


def group_equivalent(
    inits: Iterable[Choice], shapes: Iterable[tuple[int, int]], neuron: AnyNeuron, steps: int
) -> tuple[tuple[Choice, ...], ...]:
    """Returns the groups of initialisations that draw the weights of all given layers from the same distribution.

    `shapes`: (fan-in, fan-out) of each layer. Initialisations that equal no other are in no group.

    >>> two = [Choice(INITS.choose("init", kind)) for kind in ("kaiming", "ding-2022")]
    >>> [[init.kind for init in group] for group in group_equivalent(two, [(1000, 1000)], Neuron(threshold=1.0), 5)]
    [['kaiming', 'ding-2022']]
    >>> group_equivalent(two, [(1000, 1000)], Neuron(threshold=0.9), 5)
    ()
    """
    known, groups = sorted(set(shapes)), dict[tuple[object, ...], list[Choice]]()
    for init in dict.fromkeys(inits):
        laws = [
            weight_distribution(init, *shape, neuron, InputStatistics(moment, steps))
            for shape in known
            for moment in TEST_SECOND_MOMENTS
        ]
        key = tuple((law.uniform, f"{law.variance:.12e}") for law in laws)
        groups.setdefault(key, []).append(init)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def spike_probability(threshold: float, variance: float = 1.0) -> float:
    """Returns P(u > threshold) for u ~ N(0, variance), also written Q(theta / sigma).

    >>> round(spike_probability(1.0), 6)
    0.158655
    """
    if variance <= 0:
        return 0.0
    return 0.5 * math.erfc(threshold / math.sqrt(2 * variance))


@INITS.register(
    source="Micheli et al. 2024, Eq. 10",
    formula=r"\mathrm{Var}[w] = \frac{1}{n\,P(u > \theta)}",
    traits=[COMPARED, THRESHOLD],
)
def variance_preserving(fan_in: int, fan_out: int, neuron: Neuron, /) -> float:  # noqa: ARG001
    """Keeps Var[u] = 1 from layer to layer, so that spikes reach the last one.

    Assumes u ~ N(0, 1) and one time step without reset; drifts for a leak near 1 and for few neurons.

    Returns Var[w], the variance of a layer's weights.

    >>> round(variance_preserving(1000, 1000, Neuron(threshold=1.0)) * 1000, 3)
    6.303
    """
    return 1 / (fan_in * max(spike_probability(neuron.threshold), 1e-9))


@INITS.register(source="He et al. 2015, Eq. 10", formula=r"\mathrm{Var}[w] = \frac{g}{n}", traits=[COMPARED])
def kaiming(
    fan_in: int,
    fan_out: int,  # noqa: ARG001
    neuron: Neuron,  # noqa: ARG001
    /,
    *,
    gain: Annotated[float, Range(0.1, 20, "n Var[w]; 2 keeps the variance through ReLU layers.", 0.1)] = 2.0,
) -> float:
    """Keeps the variance through ReLU layers, which pass half of a centred Gaussian.

    A spike threshold above 0 passes less, so deep spiking layers fall silent. Equals the variance-preserving rule at
    threshold 0.

    Returns Var[w], the variance of a layer's weights.

    >>> kaiming(1000, 1000, Neuron())
    0.002
    """
    return gain / fan_in


@INITS.register(
    source="Glorot and Bengio 2010, Eq. 12",
    formula=r"\mathrm{Var}[w] = \frac{2}{n_{in} + n_{out}}",
    traits=[COMPARED],
)
def glorot(fan_in: int, fan_out: int, neuron: Neuron, /) -> float:  # noqa: ARG001
    """Made for tanh and linear layers: a compromise between the forward and the backward pass.

    Returns Var[w], the variance of a layer's weights.

    >>> glorot(1000, 1000, Neuron())
    0.001
    """
    return 2 / (fan_in + fan_out)


@INITS.register(
    source="Lee et al. 2016, as compared in Micheli et al. 2024",
    formula=r"w \sim U\left(-\sqrt{3/n},\ \sqrt{3/n}\right)",
    traits=[COMPARED, UNIFORM],
)
def lee_2016(fan_in: int, fan_out: int, neuron: Neuron, /) -> float:  # noqa: ARG001
    """Uniform weights of variance 1/n, made for thresholds that each layer scales with its fan-in.

    Ambiguous: Lee et al. also set a threshold of 3 to 10 times sqrt(3/n) for each layer. Micheli et al. keep one
    threshold for all, and so does this rule; it takes only the weights. Not checked in the paper's text.

    Returns Var[w], the variance of a layer's weights.

    >>> lee_2016(1000, 1000, Neuron())
    0.001
    """
    return 1 / fan_in


@INITS.register(
    source="Bellec et al. 2018, published code", formula=r"\mathrm{Var}[w] = \frac{w_0^2}{n}", traits=[COMPARED]
)
def bellec_2018(
    fan_in: int,
    fan_out: int,  # noqa: ARG001
    neuron: Neuron,  # noqa: ARG001
    /,
    *,
    scale: Annotated[float, Range(0.1, 10, "w0, the weights' scale.", 0.1)] = 1.0,
) -> float:
    """Gaussian weights over the root of the fan-in, made for recurrent networks with a threshold of 0.03.

    With the native threshold and leak rescaled to a threshold of 1 the variance is 2.64/n (scale 1.62): silent too.

    Returns Var[w], the variance of a layer's weights.

    >>> bellec_2018(1000, 1000, Neuron())
    0.001
    """
    return scale**2 / fan_in


@INITS.register(
    source="Zenke and Vogels 2021, as compared in Micheli et al. 2024",
    formula=r"w \sim U\left(-1/\sqrt{n},\ 1/\sqrt{n}\right)",
    traits=[COMPARED, UNIFORM],
)
def zenke_2021(fan_in: int, fan_out: int, neuron: Neuron, /) -> float:  # noqa: ARG001
    """Uniform weights of variance 1/(3n).

    Ambiguous: the authors' later code draws N(0, 1/n), and their tutorials N(0, (7(1 - beta))^2 / n), which does not
    fall silent and so cannot be what Micheli et al. compared with. Not checked in the paper's text.

    Returns Var[w], the variance of a layer's weights.

    >>> round(zenke_2021(1000, 1000, Neuron()), 6)
    0.000333
    """
    return 1 / (3 * fan_in)


@INITS.register(
    source="Ding et al. 2022, reconstructed",
    formula=r"\mathrm{Var}[w] = \frac{2}{n\,a^2},\quad "
    r"a = \frac{-\ln\beta}{\theta(1-\beta)}\ \text{or}\ \frac{1}{\theta}",
    traits=[COMPARED, LIF],
)
def ding_2022(fan_in: int, fan_out: int, neuron: Neuron, /) -> float:  # noqa: ARG001
    """Kaiming's rule for a leaky ReLU whose slope a is that of the neuron's firing rate against a constant current.

    A reconstruction: only the abstract could be read, which names the slant asymptote. The slope of the asymptote is
    -ln(beta)/(theta (1 - beta)) for a neuron that resets to zero, and 1/theta for one that subtracts its threshold.

    Returns Var[w], the variance of a layer's weights.

    >>> ding_2022(1000, 1000, Neuron(threshold=1.0))
    0.002
    >>> round(ding_2022(1000, 1000, Neuron(threshold=1.0, beta=0.5, reset="zero")) * 1000, 2)
    1.04
    """
    slope = 1.0  # of the rate, times theta
    if neuron.reset == "zero" and neuron.beta < 1:
        slope = -math.log(max(neuron.beta, 1e-9)) / (1 - neuron.beta)
    return 2 * (neuron.threshold / slope) ** 2 / fan_in


@INITS.register(
    source="Rossbroich et al. 2022, published code",
    formula=r"\mathrm{Var}[w] = \frac{(\theta/\xi)^2}{n\,\nu\,\hat\epsilon},\quad "
    r"\hat\epsilon = \sum_{k<T}\beta^{2k}",
    traits=[COMPARED, MEASURED, LIF],
)
def fluctuation_driven(
    fan_in: int,
    fan_out: int,  # noqa: ARG001
    neuron: Neuron,
    drive: InputStatistics,
    /,
    *,
    xi: Annotated[float, Range(0.5, 5, "Standard deviations of u from its mean to the threshold.", 0.1)] = 1.0,
    nu: Annotated[float, Range(0, 1, "Input spikes per step; 0 measures them, layer by layer.", 0.01)] = 0.0,
) -> float:
    """Makes u fluctuate with a standard deviation of threshold/xi, given how often the inputs spike.

    Depends on data: each layer is set from its measured input, once the layers before are set. Zero mean; the memory of
    a neuron, 1/(1 - beta^2) in the code, is counted over the T steps of a run. Read in the authors' code, stork: which
    equation of the paper corresponds could not be checked.

    Returns Var[w], the variance of a layer's weights.

    >>> round(fluctuation_driven(1000, 1000, Neuron(threshold=1.0), InputStatistics(0.158655, 1)) * 1000, 3)
    6.303
    """
    memory = sum(neuron.beta ** (2 * k) for k in range(drive.steps))
    return (neuron.threshold / xi) ** 2 / (fan_in * max(nu or drive.moment, MIN_SECOND_MOMENT) * memory)


@INITS.register(
    source="Micheli et al. 2024, Eq. 9, for inputs of any kind",
    formula=r"\mathrm{Var}[w] = \frac{1}{n\,E[x^2]}",
    traits=[MEASURED],
)
def input_preserving(fan_in: int, fan_out: int, neuron: Neuron, drive: InputStatistics, /) -> float:  # noqa: ARG001
    """Keeps Var[u] = 1 for any input of a layer: the variance-preserving rule without assuming spikes of u ~ N(0, 1).

    Depends on data. Also holds for inputs that are no single spikes: pixels, means or sums of spikes.

    Returns Var[w], the variance of a layer's weights.

    >>> round(input_preserving(1000, 1000, Neuron(), InputStatistics(0.158655, 1)) * 1000, 3)
    6.303
    """
    return 1 / (fan_in * max(drive.moment, MIN_SECOND_MOMENT))


@INITS.register(
    source="Micheli et al. 2024, published code, with its covariance corrected",
    formula=r"\mathrm{Var}[w] = \frac{1 - \beta^2 - \theta^2 p (1-p) + 2\beta\theta\varphi(\theta)}{n\,p},\quad "
    r"p = P(u > \theta)",
    traits=[LIF],
)
def reset_aware(fan_in: int, fan_out: int, neuron: Neuron, /) -> float:  # noqa: ARG001
    """Keeps Var[u] = 1 from one time step to the next, taking leak and reset into account; an attempt.

    Not in the paper. The published code takes E[u | u > theta] for E[u s]; corrected, deep layers fall silent: after 7
    to 17 layers at threshold 1.

    Returns Var[w], the variance of a layer's weights.

    >>> round(reset_aware(1000, 1000, Neuron(threshold=1.0, beta=0.5)) * 1000, 2)
    5.41
    """
    theta, beta = neuron.threshold, neuron.beta
    p = max(spike_probability(theta), 1e-9)
    density = math.exp(-(theta**2) / 2) / math.sqrt(2 * math.pi)
    return max(1 - beta**2 - theta**2 * p * (1 - p) + 2 * beta * theta * density, 0.0) / (fan_in * p)


@INITS.register(
    source="snnviz, after Micheli et al. 2024, Eq. 9, and Schoenholz et al. 2017",
    formula=r"\mathrm{Var}[w] = \frac{v}{n\,P(u > \theta)},\quad "
    r"\frac{v\,E[\sigma'(u-\theta)^2]}{P(u > \theta)} = 1,\quad u \sim N(0, v)",
    traits=[LIF],
)
def gradient_preserving(fan_in: int, fan_out: int, neuron: Neuron, /) -> float:  # noqa: ARG001
    """Keeps Var[u] and the size of gradients from layer to layer: at that Var[u] at which the surrogate's slope does.

    Zero-mean weights have one number to choose, so two of three are kept; how far two images are told apart fades
    e-fold in 1.57 layers at threshold 1, slope 2 (variance-preserving: 1.35; 1.59 is the most). Gives up Var[u] = 1
    and sparseness: 27 % spike, not 16 %. One time step. With Adam such networks learn worse (docs/trainability.md).

    Returns Var[w], the variance of a layer's weights.

    >>> round(gradient_preserving(1000, 1000, Neuron(threshold=1.0)) * 1000, 2)
    10.08
    """
    v = gradient_preserving_variance(neuron)
    return v / (fan_in * spike_probability(neuron.threshold, v))


@lru_cache(maxsize=256)
def gradient_preserving_variance(neuron: Neuron) -> float:
    """Returns the Var[u] that `gradient_preserving` keeps: at least theta^2, below which it would not be drawn back,
    and at most 16 max(1, theta^2), at which 40 % and more spike.
    """
    theta = neuron.threshold
    low, high = max(theta, 0.01) ** 2, 16 * max(theta, 1.0) ** 2
    for _ in range(40):
        v = math.sqrt(low * high)
        gain = v / spike_probability(theta, v) * second_moment_of_derivative(neuron.surrogate, theta, v)
        low, high = (v, high) if gain < 1 else (low, v)
    return math.sqrt(low * high)


def parse_init(text: object, path: str = "inits") -> Choice:
    """Returns the initialisation read from text such as ``kaiming`` or ``kaiming:gain=3``. Raises `InputError`."""
    if not isinstance(text, Mapping) and (not isinstance(text, str) or len(text) > 200):
        raise InputError(path, "name an initialisation, such as kaiming or kaiming:gain=3", text)
    return parse_choice(INITS, path, text)


def format_init(init: Choice) -> str:
    """Returns an initialisation as the short text that `parse_init` reads; parameters at their defaults are left out.

    >>> format_init(parse_init("kaiming:gain=3"))
    'kaiming:gain=3'
    """
    return format_choice(INITS, init)
