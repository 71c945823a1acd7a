"""The fast simulation is explicit weights in distribution, and shows what Micheli et al. 2024 report."""

from __future__ import annotations

import math
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import ks_2samp

from snnviz.catalog.inits import InputStatistics, format_init, parse_init, weight_distribution
from snnviz.design.menus import INITS
from snnviz.errors import InputError
from snnviz.studies.activity.theory import propagation
from snnviz.studies.activity.theory.activity import (
    MAX_COST,
    ActivityConfig,
    LayerStatistics,
    default_inits,
    expected_statistics,
)
from snnviz.studies.activity.theory.propagation import CHUNK_ELEMENTS, factor_moments, propagate_activity
from snnviz.studies.activity.theory.survival import mean_field

Floats = NDArray[np.float64]
DEAD_EARLY = ("glorot", "lee-2016", "bellec-2018", "zenke-2021", "ding-2022")


def drawn(**fields: Any) -> dict[str, LayerStatistics]:
    found = propagate_activity(ActivityConfig.check(fields))
    return {trace.init.kind: trace for trace in found}


def explicit(setting: ActivityConfig, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Var[u] and spikes, (seeds, layers, steps), with every weight drawn: the literal network."""
    n, steps = setting.width, setting.steps
    var_u, spikes = np.zeros((2, setting.seeds, setting.layers, steps))
    for run in range(setting.seeds):
        current = rng.standard_normal((1 if setting.input == "constant" else steps, n)) * np.ones((steps, 1))
        for layer in range(setting.layers):
            u, x = np.zeros((steps, n)), np.zeros((steps, n))
            for t in range(steps):
                if t:
                    kept = u[t - 1] * (1 - x[t - 1]) if setting.reset == "zero" else u[t - 1]
                    u[t] = setting.beta * kept - setting.threshold * x[t - 1] * (setting.reset == "subtract")
                u[t] += current[t]
                x[t] = u[t] > setting.threshold
            var_u[run, layer], spikes[run, layer] = u.var(1), x.sum(1)
            law = weight_distribution(setting.inits[0], n, n, setting.neuron, InputStatistics(float(x.mean()), steps))
            size = math.sqrt(law.variance)
            w = rng.uniform(-law.limit, law.limit, (n, n)) if law.uniform else rng.normal(0, size, (n, n))
            current = x @ w.T
    return var_u, spikes


@pytest.mark.parametrize(
    "fields",
    [
        {"inits": "variance-preserving", "threshold": 0.7, "steps": 6},
        {"inits": "variance-preserving", "threshold": 0.7, "steps": 6, "beta": 0.9, "reset": "zero", "input": "fresh"},
        {"inits": "fluctuation-driven", "threshold": 0.7, "steps": 4, "reset": "none"},
        {"inits": "kaiming:gain=8", "steps": 1, "threshold": 0.9},
        {"inits": "lee-2016", "threshold": 0.3, "steps": 5},
        {"inits": "zenke-2021", "threshold": 0.22, "steps": 1},
        {"inits": "variance-preserving", "threshold": 0.5, "steps": 30, "width": 20},
        {"inits": "lee-2016", "threshold": 0.2, "steps": 30, "width": 20},
    ],
    ids=str,
)
def test_the_fast_simulation_has_the_distribution_of_explicit_weights(fields: dict[str, Any]) -> None:
    setting = ActivityConfig.check({"width": 150, "layers": 8, "seeds": 100, **fields})
    [fast] = propagate_activity(setting)
    slow_var, slow_spikes = explicit(setting, np.random.default_rng(1))
    for layer in (0, 1, 3, 7):
        for quick, slow in ((fast.var_u, slow_var), (fast.spikes, slow_spikes)):
            for t in (0, setting.steps - 1):
                assert ks_2samp(quick[:, layer, t], slow[:, layer, t]).pvalue > 1e-4, (layer, t)
            assert ks_2samp(quick[:, layer].mean(1), slow[:, layer].mean(1)).pvalue > 1e-4, layer


@pytest.mark.parametrize("seed", range(3))
def test_after_one_step_it_is_the_exact_chain(seed: int) -> None:
    setting = ActivityConfig.check({"width": 100, "threshold": 0.85, "seeds": 100, "seed": 1000 * seed, "layers": 60})
    for trace in propagate_activity(setting):
        theory = expected_statistics(setting, trace.init)
        if theory is None:
            continue
        assert np.abs(trace.dead - theory.dead).max() < 0.2
        assert np.abs(trace.var_u[:, :, 0].mean(0) - theory.var_u).max() < 0.2


def test_one_step_at_threshold_one() -> None:
    """Fig. 3: kaiming is silent by layer 4, five more by layer 5, and the other two reach layer 99."""
    found = drawn(seeds=10)
    assert found["kaiming"].dead[4] == 1
    for kind in DEAD_EARLY:
        assert found[kind].dead[5] == 1, kind
    for kind in ("variance-preserving", "fluctuation-driven"):
        trace = found[kind]
        alive = trace.spikes[:, 99, 0] > 0
        assert alive.sum() >= 8, kind
        assert 0.85 < trace.var_u[alive, 1:].mean() < 1.15, kind


def test_twenty_steps() -> None:
    """Fig. 6: the same two keep spiking, at the variances measured with explicit weights; the rest are silent by layer
    6."""
    found = drawn(seeds=10, steps=20)
    for kind in ("kaiming", *DEAD_EARLY):
        assert found[kind].dead[6] == 1, kind
    ours, fluctuating = found["variance-preserving"], found["fluctuation-driven"]
    assert (ours.spikes[:, 99].sum(1) > 0).all()
    assert (fluctuating.spikes[:, 99].sum(1) > 0).all()
    places = [0, 1, 5, 20, 50, 99]
    assert ours.var_u.mean((0, 2))[places] == pytest.approx([2.23, 2.06, 1.22, 0.52, 0.23, 0.22], rel=0.2)
    assert ours.spikes.mean((0, 2))[places] == pytest.approx([177, 171, 130, 62, 29, 28], rel=0.2)
    assert fluctuating.var_u.mean((0, 2))[places] == pytest.approx([2.23, 1.40, 1.01, 1.01, 1.02, 1.03], rel=0.06)


def test_a_strong_leak_skews_the_potentials() -> None:
    """Fig. 7: at beta 0.9 they lean to the left, with heavy tails."""
    setting = ActivityConfig.check({"beta": 0.9, "steps": 20, "seeds": 3, "layers": 40, "inits": "variance-preserving"})
    [trace] = propagate_activity(setting, shape=True)
    assert trace.skewness is not None
    assert trace.excess is not None
    assert trace.skewness[:, 5:].mean() < -0.1
    assert trace.excess[:, 5:].mean() > 0.3


def test_at_threshold_zero_ours_is_kaiming() -> None:
    found = drawn(threshold=0, seeds=2, layers=20, inits="variance-preserving,kaiming")
    assert np.array_equal(found["variance-preserving"].spikes, found["kaiming"].spikes)


@pytest.mark.parametrize(("threshold", "variances"), [(1.0, (0.317, 0.076, 0.0003)), (0.75, (0.453, 0.265, 0.145))])
def test_wide_layers_follow_the_mean_field(threshold: float, variances: tuple[float, ...]) -> None:
    found = drawn(threshold=threshold, width=2000, layers=6, inits="kaiming")["kaiming"]
    assert mean_field(2.0, threshold, 4)[1:] == pytest.approx(variances, abs=6e-4)
    assert found.var_u[:, 1:4, 0].mean(0) == pytest.approx(variances, abs=0.05)


@given(st.integers(1, 12), st.integers(1, 40), st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_moments_of_spikes_are_factored_even_where_they_are_singular(
    steps: int, n: int, rate: float, seed: int
) -> None:
    x = (np.random.default_rng(seed).random((3, steps, n)) < rate).astype(float)
    moments = x @ x.transpose(0, 2, 1)
    f = factor_moments(moments)
    assert f @ f.transpose(0, 2, 1) == pytest.approx(moments, abs=1e-6)
    assert np.array_equal(f, np.tril(f))


def test_a_layer_that_hears_nothing_says_nothing() -> None:
    trace = drawn(threshold=4, width=20, layers=4, inits="kaiming")["kaiming"]
    first = int(np.argmax(trace.dead == 1))
    assert trace.dead[first] == 1
    assert not trace.var_u[:, first + 1 :].any()


def test_the_potential_of_a_layer_has_the_variance_of_its_weights_times_its_spikes() -> None:
    """Var[u | k] = Var[w] k: over many neurons and runs."""
    trace = drawn(width=4000, layers=3, seeds=20, threshold=0.5, inits="kaiming")["kaiming"]
    ratio = trace.var_u[:, 1:, 0] / (2 / 4000 * trace.spikes[:, :-1, 0])
    assert ratio.mean() == pytest.approx(1, abs=0.01)


def test_numbers_depend_on_the_setting_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not on how many seeds are in memory together, nor on what else is drawn."""
    fields = {"width": 400, "layers": 12, "steps": 5, "seeds": 8, "threshold": 0.6}
    once = propagate_activity(ActivityConfig.check(fields))
    monkeypatch.setattr(propagation, "CHUNK_ELEMENTS", 3 * 8 * 5 * 400)
    again = propagate_activity(ActivityConfig.check(fields))
    fewer = propagate_activity(ActivityConfig.check({**fields, "seeds": 3, "inits": "zenke-2021,kaiming"}))
    alone = {trace.init.kind: trace for trace in fewer}
    for a, b in zip(once, again, strict=True):
        assert np.array_equal(a.var_u, b.var_u)
        assert np.array_equal(a.spikes, b.spikes)
        if a.init.kind in alone:
            assert np.array_equal(a.spikes[:3], alone[a.init.kind].spikes)


def test_the_layer_looked_at_shows_its_distribution() -> None:
    setting = ActivityConfig.check({"inits": "kaiming,variance-preserving", "layers": 12, "seeds": 10})
    silent, alive = propagate_activity(setting, look=10)
    assert silent.density is None
    assert alive.density is not None
    assert alive.edges is not None
    centres = (alive.edges[1:] + alive.edges[:-1]) / 2
    mass = alive.density * np.diff(alive.edges)
    assert mass.sum() == pytest.approx(1)
    assert (mass * centres**2).sum() == pytest.approx(float(alive.var_u[:, 10].mean()), rel=0.03)


@settings(max_examples=200)
@given(st.integers(10, 4096), st.integers(2, 200), st.integers(1, 100), st.integers(1, 100), st.floats(1e6, MAX_COST))
def test_no_setting_costs_more_than_it_may(width: int, layers: int, steps: int, seeds: int, work: float) -> None:
    setting = ActivityConfig.check({"width": width, "layers": layers, "steps": steps, "seeds": seeds})
    if setting.work / seeds > work:
        with pytest.raises(InputError, match="width must be smaller: "):
            setting.affordable(work)
    else:
        found = setting.affordable(work)
        assert found.work <= work
        assert found.seeds == min(seeds, int(work * seeds // setting.work))


def test_memory_does_not_grow_with_the_seeds() -> None:
    setting = ActivityConfig.check({"width": 1000, "layers": 4, "steps": 20, "seeds": 100, "threshold": 0.2})
    tracemalloc.start()
    propagate_activity(setting)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert setting.seeds * setting.steps * setting.width * len(setting.inits) > 3 * CHUNK_ELEMENTS
    assert peak < 250e6


def test_progress_runs_to_the_end_and_may_cancel() -> None:
    seen: list[float] = []
    propagate_activity(ActivityConfig.check({"layers": 10, "seeds": 4}), progress=seen.append)
    assert seen[-1] == pytest.approx(1)
    assert all(0 <= share <= 1 + 1e-9 for share in seen)

    def stop(share: float) -> None:
        if share > 0.3:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        propagate_activity(ActivityConfig.check({"layers": 10, "seeds": 4}), progress=stop)


@pytest.mark.parametrize("entry", list(INITS), ids=lambda entry: entry.kind)
def test_an_initialisation_is_written_short_and_read_again(entry: Any) -> None:
    usual = parse_init(entry.kind)
    assert format_init(usual) == entry.kind
    changed = {p.name: p.range.high for p in entry.parameters}
    other = parse_init({"kind": entry.kind, **changed})
    assert parse_init(format_init(other)) == other


def test_the_eight_are_the_default() -> None:
    assert ActivityConfig().inits == default_inits()
    assert len(default_inits()) == 8


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"width": 10**9}, "width must be a whole number from 10 to 4096, got 1000000000"),
        ({"layers": "0"}, "layers must be a whole number from 2 to 200, got 0"),
        ({"threshold": "nan"}, "threshold must be a number from 0 to 4, got nan"),
        ({"inits": ""}, "inits.kind must be one of variance-preserving, "),
        ({"inits": []}, "inits must be 1 to 12 initialisations, got []"),
        ({"inits": ["kaiming"] * 13}, "inits must be 1 to 12 initialisations"),
        ({"inits": "kaiming:gain=x"}, "inits.gain must be a number, got 'x'"),
        ({"inits": "kaiming:gian=2"}, "inits.gian must "),
        ({"inits": "kaiming:gain=1e9"}, "inits.gain must be a number from 0.1 to 20"),
        ({"inits": [3]}, "inits must name an initialisation, such as kaiming or kaiming:gain=3, got 3"),
        ({"treshold": 1}, "treshold must be a field of an activity setting, got 1; did you mean 'threshold'?"),
        ({"reset": "hard"}, "reset must be one of subtract, zero, none, got 'hard'"),
        ([], "activity setting must be a JSON object, got []"),
    ],
)
def test_bad_settings_get_a_sentence(document: object, sentence: str) -> None:
    with pytest.raises(InputError) as error:
        ActivityConfig.check(document)
    assert str(error.value).startswith(sentence)


def test_one_small_network_at_one_time_step_is_enough() -> None:
    for trace in propagate_activity(ActivityConfig.check({"seeds": 1, "steps": 1, "layers": 2, "width": 10})):
        assert trace.spikes.shape == trace.var_u.shape == (1, 2, 1)
