"""GP-UCB: its choice written out in numpy, its fits of little, what it leaves alone, and that it beats random codes."""

from __future__ import annotations

import math
import subprocess
import sys
from itertools import islice

import numpy as np
import pytest
import torch

from snnviz.places import ROOT
from snnviz.search import KERNELS, UCB, RandomSearch
from snnviz.search.strategies import StatefulStrategy
from snnviz.search.ucb import Kernel
from snnviz.theory.posterior import Code, posterior
from tests.search.landscapes import ALL, NOISE, SIZES, Landscape, pairwise

kernels = pytest.mark.parametrize("kernel", KERNELS)


def told(kernel: Kernel, count: int, seed: int = 0) -> UCB:
    """A strategy that knows so many noisy values of random codes."""
    strategy = UCB(SIZES, seed, kernel=kernel, kappa=2.5, decay=0.9)
    landscape, noise = pairwise(seed), np.random.default_rng(seed)
    for code in RandomSearch(SIZES, seed + 1).ask(count):
        strategy.tell(code, landscape[code] + NOISE * noise.normal())
    return strategy


@kernels
@pytest.mark.parametrize("count", [4, 9, 24])
def test_one_code_has_the_smallest_lower_bound(kernel: Kernel, count: int) -> None:
    strategy = told(kernel, count)
    (chosen,) = strategy.ask(1)
    assert strategy.belief is not None
    free = [code for code in ALL if code not in strategy.codes]
    mean, sd = posterior(strategy.belief, strategy.codes, strategy.values, free)
    bound = mean - 2.5 * 0.9 ** (count - 4) * sd
    assert bound[free.index(chosen)] == pytest.approx(bound.min(), abs=1e-9)


@kernels
def test_a_batch_begins_with_the_smallest_lower_bound_and_differs(kernel: Kernel) -> None:
    """Sobol draws stand for the expectation of the first code: its bound is the smallest up to their error."""
    strategy = told(kernel, 24)
    batch = strategy.ask(4)
    assert strategy.belief is not None
    mean, sd = posterior(strategy.belief, strategy.codes, strategy.values, ALL)
    bound = mean - 2.5 * 0.9**5 * sd
    free = [place for place, code in enumerate(ALL) if code not in strategy.codes]
    assert bound[ALL.index(batch[0])] < min(bound[free]) + 0.1
    assert len({*batch, *strategy.codes}) == 28


@kernels
def test_codes_of_a_batch_and_pending_ones_count_alike(kernel: Kernel) -> None:
    """Three asks for one code, without an answer, give the batch of three; blind to what is pending they would not."""
    asked = []
    for counts, forget in (((3,), False), ((1, 1, 1), False), ((1, 1, 1), True)):
        strategy = told(kernel, 24)
        strategy.kappa, strategy.decay = 2.0, 1.0
        found = list[Code]()
        for count in counts:
            found += strategy.ask(count)
            if forget:
                strategy.pending.clear()
        asked.append(found)
    together, apart, blind = asked
    assert together == apart
    assert blind == [blind[0]] * 3


def test_the_bound_narrows_with_every_round() -> None:
    strategy = UCB((3,) * 6, 0, initial=4, kappa=2.0, decay=0.5)
    found = []
    for code in RandomSearch((3,) * 6, 0).ask(10):
        found.append((strategy.exploration_weight(1), strategy.exploration_weight(2)))
        strategy.tell(code, 0.0)
    ones, twos = zip(*found, strict=True)
    assert ones == (2, 2, 2, 2, 2, 1, 0.5, 0.25, 0.125, 0.0625)
    assert twos == (2, 2, 2, 2, 2, 2, 1, 1, 0.5, 0.5)


@kernels
@pytest.mark.parametrize(
    "values",
    [[3.0], [3.0, 3.0], [0.1 + 0.2] * 5, [0.0, 1e-9], [1e9, 1e9 + 1], [0.0, 1e6, 0.0, 0.0], [5.0, 4.0, 3.0, 2.0]],
    ids=str,
)
def test_little_is_fitted_without_a_word(kernel: Kernel, values: list[float]) -> None:
    strategy = UCB((3,) * 4, 0, kernel=kernel, initial=1)
    for code, found in zip(RandomSearch((3,) * 4, 2).ask(len(values)), values, strict=True):
        strategy.tell(code, found)
    belief = strategy.fit()
    numbers = (*belief.lengths, belief.scale, belief.noise, belief.spread)
    assert all(0 < number < math.inf for number in numbers)
    assert len(belief.lengths) == 4
    assert len(set(strategy.ask(2))) == 2


@kernels
def test_one_code_with_many_values_is_noise(kernel: Kernel) -> None:
    strategy = UCB((3, 3), 0, kernel=kernel)
    for found in (1.0, 2.0, 3.0, 4.0, 5.0):
        strategy.tell((1, 1), found)
    belief = strategy.fit()
    assert belief.noise > 0.2
    assert posterior(belief, strategy.codes, strategy.values, [(1, 1)])[0] == pytest.approx(3.0, abs=0.3)


def test_a_failed_fit_leaves_the_priors(monkeypatch: pytest.MonkeyPatch) -> None:
    from snnviz.search import gaussian_process

    def fail(*_: object, **__: object) -> None:
        raise gaussian_process.NotPSDError("no")

    monkeypatch.setattr(gaussian_process, "fit_gpytorch_mll_scipy", fail)
    belief = told("hamming-ard", 8).fit()
    assert (
        belief.lengths
        == (math.exp(gaussian_process.LENGTHSCALE_PRIOR[0] - gaussian_process.LENGTHSCALE_PRIOR[1] ** 2),) * 6
    )
    assert belief.noise == math.exp(gaussian_process.NOISE_PRIOR[0] - gaussian_process.NOISE_PRIOR[1] ** 2)


def test_a_slot_that_decides_alone_has_the_shortest_length() -> None:
    strategy = UCB(SIZES, 0, kernel="hamming-ard")
    for code in RandomSearch(SIZES, 5).ask(40):
        strategy.tell(code, 5.0 * code[2] + 0.1 * code[0])
    lengths = strategy.fit().lengths
    assert min(lengths) == lengths[2] < 0.5 * sorted(lengths)[1]


@pytest.mark.parametrize("count", [1, 2])
def test_neither_torchs_random_numbers_nor_its_defaults_change(count: int) -> None:
    strategy = told("hamming", 6)
    torch.manual_seed(5)
    before = torch.get_rng_state()
    strategy.ask(count)
    assert torch.equal(before, torch.get_rng_state())
    assert torch.get_default_dtype() == torch.float32


def test_botorch_waits_for_the_first_fit() -> None:
    script = """
import sys
from snnviz.search import UCB, RandomSearch
search = UCB((3, 3), 0, initial=2)
for code in search.ask(2):
    search.tell(code, float(sum(code)))
assert not {"torch", "botorch", "gpytorch"} & set(sys.modules)
search.ask(1)
assert "botorch" in sys.modules
"""
    subprocess.run([sys.executable, "-W", "error", "-c", script], cwd=ROOT, check=True)


def best(strategy: StatefulStrategy, landscape: Landscape, seed: int, count: int) -> float:
    """The smallest true value among 24 evaluated codes."""
    noise = np.random.default_rng([seed, 3])
    while len(strategy.codes) < 24:
        for code in strategy.ask(count):
            strategy.tell(code, landscape[code] + NOISE * noise.normal())
    return min(landscape[code] for code in strategy.codes)


@pytest.mark.parametrize(("kernel", "count"), [("hamming", 2), ("hamming-ard", 4)])
def test_24_codes_find_a_smaller_drop_than_24_random_ones(kernel: Kernel, count: int) -> None:
    """Of 729, on 4 landscapes. Random codes stop at about 3 points, UCB below 1."""
    seeds = range(4)
    drops = [best(UCB(SIZES, seed, kernel=kernel), pairwise(seed), seed, count) for seed in seeds]
    random = [best(RandomSearch(SIZES, seed), pairwise(seed), seed, count) for seed in seeds]
    assert np.mean(drops) < 0.6 * np.mean(random)


def test_40_slots_find_a_smaller_value_than_random_codes() -> None:
    """The neighbours of the best codes are what finds it: a sum over 40 slots, 6 asks of 4."""
    sizes, weight = (3,) * 40, np.random.default_rng(0).normal(size=(40, 3))

    def value(code: Code) -> float:
        return float(weight[range(40), code].sum())

    strategy = UCB(sizes, 0)
    for _ in range(7):
        for code in strategy.ask(4):
            strategy.tell(code, value(code))
    assert min(strategy.values) < min(map(value, islice(RandomSearch(sizes, 0)._order, 28)))
