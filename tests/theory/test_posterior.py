"""The posterior beside BoTorch's, main effects beside an enumeration."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from snnviz.search import gaussian_process
from snnviz.theory.posterior import Code, FittedProcess, main_effects, posterior

SIZES = (3,) * 6
EVERY: list[Code] = list(itertools.product(*map(range, SIZES)))
BELIEF = FittedProcess((0.3, 1.0, 2.5, 0.7, 40.0, 1.2), scale=1.4, noise=0.03, mean=-0.2, shift=7.0, spread=3.5)


def seen(count: int, sizes: tuple[int, ...] = SIZES) -> tuple[list[Code], list[float]]:
    random = np.random.default_rng(count)
    codes = [tuple(map(int, row)) for row in random.integers(0, sizes, (count, len(sizes)))]
    return codes, random.normal(7, 3.5, count).tolist()


@pytest.mark.parametrize("count", [1, 4, 24, 200])
def test_it_is_botorchs(count: int) -> None:
    codes, values = seen(count)
    model = gaussian_process._model(BELIEF, codes, values, lengths=6).eval()
    with torch.no_grad():
        theirs = model.posterior(gaussian_process._double(EVERY))
    mean, sd = posterior(BELIEF, codes, values, EVERY)
    assert mean == pytest.approx(7.0 - 3.5 * theirs.mean.flatten().numpy(), abs=1e-6)
    assert sd == pytest.approx(3.5 * theirs.variance.flatten().sqrt().numpy(), abs=1e-6)


def test_nothing_seen_is_the_prior() -> None:
    mean, sd = posterior(BELIEF, [], [], EVERY[:5])
    assert mean == pytest.approx(7.0 - 3.5 * 0.2)
    assert sd == pytest.approx(3.5 * 1.4**0.5)


def test_without_noise_it_goes_through_what_was_seen() -> None:
    belief = FittedProcess((1.0,) * 6, 1.0, 1e-10, 0.0, 7.0, 3.5)
    codes = EVERY[::37]
    values = np.random.default_rng(0).normal(7, 3.5, len(codes)).tolist()
    mean, sd = posterior(belief, codes, values, codes)
    assert mean == pytest.approx(values, abs=1e-5)
    assert sd == pytest.approx(0, abs=1e-3)


def test_main_effects_are_means_over_all_729_codes() -> None:
    codes, values = seen(24)
    found = main_effects(BELIEF, codes, values, SIZES)
    table = posterior(BELIEF, codes, values, EVERY)[0].reshape(SIZES)
    variances = []
    for slot in range(6):
        literal = table.mean(tuple(other for other in range(6) if other != slot))
        assert found.means[slot] == pytest.approx(literal, abs=1e-9)
        variances.append(literal.var())
    assert found.importance == pytest.approx(np.array(variances) / sum(variances), abs=1e-9)


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(1, 9), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_main_effects_of_slots_of_any_size(sizes: list[int], count: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    belief = FittedProcess(tuple(random.lognormal(size=len(sizes))), 1.0, 0.1, 0.3, -2.0, 0.5)
    codes, values = seen(count, tuple(sizes))
    found = main_effects(belief, codes, values, sizes)
    table = posterior(belief, codes, values, list(itertools.product(*map(range, sizes))))[0].reshape(sizes)
    for slot, mean in enumerate(found.means):
        literal = table.mean(tuple(other for other in range(len(sizes)) if other != slot))
        assert mean == pytest.approx(literal, abs=1e-9)
    assert found.importance.sum() == pytest.approx(1) or not found.importance.any()


def test_hundreds_of_slots() -> None:
    sizes = (3,) * 600
    belief = FittedProcess((1.0,) * 600, 1.0, 0.05, 0.0, 0.0, 1.0)
    codes, _ = seen(50, sizes)
    values = [float(code[17]) for code in codes]
    mean, sd = posterior(belief, codes, values, codes)
    assert np.isfinite(mean).all()
    assert (sd > 0).all()
    found = main_effects(belief, codes, values, sizes)
    assert np.argmax(found.importance) == 17
    assert np.argsort(found.means[17]).tolist() == [0, 1, 2]
