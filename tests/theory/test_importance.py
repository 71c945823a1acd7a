"""PED-ANOVA: the numbers of Optuna 5.0.0, and what chance gives."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from snnviz.theory.importance import ABSENT, Column, Domain, best_rows, importances, infer_domain, ped_anova

Settings = dict[str, tuple[Any, Domain]]


def _mixed(rng: np.random.Generator) -> tuple[Settings, float]:
    """A number, one by its logarithm, a whole one and a choice."""
    x, rate, depth = float(rng.uniform(-3, 3)), float(10 ** rng.uniform(-5, -1)), int(rng.integers(1, 9))
    kind = str(rng.choice(["he", "fixed", "lsuv"]))
    settings: Settings = {
        "x": (x, Domain(low=-3, high=3)),
        "rate": (rate, Domain(low=1e-5, high=0.1, log=True)),
        "depth": (depth, Domain(low=1, high=8, step=1.0)),
        "kind": (kind, Domain(choices=("he", "fixed", "lsuv"))),
    }
    return settings, x**2 + abs(math.log10(rate) + 3) + (kind == "he") + 0.1 * depth


def _tied(rng: np.random.Generator) -> tuple[Settings, float]:
    """An objective of few values, so that more than a tenth is among the best; a grid of steps of 0.25."""
    a, b = 0.25 * int(rng.integers(0, 5)), bool(rng.integers(0, 2))
    settings: Settings = {"a": (a, Domain(low=0, high=1, step=0.25)), "b": (b, Domain(choices=(False, True)))}
    return settings, round(2 * a) + b


def _conditional(rng: np.random.Generator) -> tuple[Settings, float]:
    """Each kind has a field of its own, and `gain` has another range with each."""
    kind = str(rng.choice(["he", "fixed", "zero"]))
    settings: Settings = {"kind": (kind, Domain(choices=("fixed", "he", "zero")))}
    value = 1.0
    if kind == "he":
        settings["gain"] = (float(rng.uniform(0.1, 4)), Domain(low=0.1, high=4))
        settings["slope"] = (float(rng.uniform(0, 1)), Domain(low=0, high=1))
        value = (settings["gain"][0] - 2) ** 2 + 0.1 * settings["slope"][0]
    elif kind == "fixed":
        settings["gain"] = (float(rng.uniform(1, 9)), Domain(low=1, high=9))
        value = 0.2 * settings["gain"][0]
    return settings, value + 0.01 * float(rng.normal())


def _wide(rng: np.random.Generator) -> tuple[Settings, float]:
    """Whole numbers by their logarithm, more whole numbers than cells, and a field of one value."""
    width, seed = int(2 ** rng.uniform(0, 10)), int(rng.integers(0, 1000))
    settings: Settings = {
        "width": (width, Domain(low=1, high=1024, log=True, step=1.0)),
        "seed": (seed, Domain(low=0, high=999, step=1.0)),
        "one": (2.0, Domain(low=2, high=2)),
    }
    return settings, -math.log(width) + float(rng.normal())


def _clustered(rng: np.random.Generator) -> tuple[Settings, float]:
    """A number with two far levels, and two choices of which one is rare."""
    x = float(rng.choice([0.0, 1.0])) + 0.01 * float(rng.uniform(0, 1))
    rare = "a" if rng.random() < 0.97 else "b"
    settings: Settings = {"x": (x, Domain(low=-2, high=5)), "rare": (rare, Domain(choices=("a", "b", "c")))}
    return settings, x + float(rng.exponential()) - 3 * (rare == "b")


STUDIES: dict[str, Callable[[np.random.Generator], tuple[Settings, float]]] = {
    "mixed": _mixed,
    "tied": _tied,
    "conditional": _conditional,
    "wide": _wide,
    "clustered": _clustered,
}


def _columns(rows: list[Settings]) -> dict[str, Column]:
    names = dict.fromkeys(name for row in rows for name in row)
    absent = (ABSENT, None)
    return {
        name: Column([row.get(name, absent)[0] for row in rows], [row.get(name, absent)[1] for row in rows])
        for name in names
    }


@pytest.mark.parametrize("better", ["more", "less"])
@pytest.mark.parametrize("name", STUDIES)
def test_importances_are_those_of_optuna(name: str, better: str) -> None:
    """On five made-up studies of 23 and 240 trials, one of which failed with a NaN, to 1e-6."""
    optuna = pytest.importorskip("optuna")

    def theirs(domain: Domain) -> Any:
        if domain.choices:
            return optuna.distributions.CategoricalDistribution(domain.choices)
        if domain.step == 1.0:
            return optuna.distributions.IntDistribution(int(domain.low), int(domain.high), domain.log)
        return optuna.distributions.FloatDistribution(domain.low, domain.high, domain.log, domain.step)

    for trials in (23, 240):
        rng = np.random.default_rng(trials)
        rows, objective = zip(*(STUDIES[name](rng) for _ in range(trials)), strict=True)
        study = optuna.create_study(direction="maximize" if better == "more" else "minimize")
        for settings, value in zip(rows, objective, strict=True):
            study.add_trial(
                optuna.trial.create_trial(
                    params={field: value for field, (value, _) in settings.items()},
                    distributions={field: theirs(domain) for field, (_, domain) in settings.items()},
                    value=value,
                )
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wanted = optuna.importance.PedAnovaImportanceEvaluator().evaluate(study)
        # A row without a number is left out, as a trial is that failed.
        found = ped_anova(_columns([*rows, rows[0]]), [*objective, math.nan], better)  # type: ignore[arg-type]
        assert found == {field: pytest.approx(value, rel=1e-6, abs=1e-6) for field, value in wanted.items()}
        assert max(found.values()) > 0


def test_a_field_that_does_nothing_is_above_chance_as_often_as_said() -> None:
    """Below the 95th percentile of 200 shuffles in about 19 of 20 studies, while one that decides is above in nearly
    all, of 60 rows whose best tenth is six."""
    above = decided = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        x, noise, kind = rng.uniform(0, 1, 60), rng.uniform(0, 1, 60), rng.choice(["a", "b", "c"], 60)
        columns = {
            "x": Column.from_values(x.tolist()),
            "noise": Column.from_values(noise.tolist()),
            "kind": Column.from_values(kind.tolist()),
        }
        found = {one.field: one for one in importances(columns, x + 0.1 * rng.normal(size=60), "more")}
        above += found["noise"].is_significant + found["kind"].is_significant
        decided += found["x"].is_significant
    assert decided >= 95
    assert above <= 18  # of 200: 10 are expected, and 18 or fewer in 99.3 % of all draws


def test_a_field_that_does_nothing_stays_below_chance_in_an_experiment() -> None:
    """In a full factorial, where the useless field is balanced, it is far from what chance gives."""
    rows = [(t, k, useless) for t in (0.5, 1.0, 1.5, 2.0) for k in ("he", "fixed") for useless in range(5)]
    objective = [-abs(t - 1) + (k == "he") for t, k, _ in rows]
    columns = {
        name: Column.from_values([row[n] for row in rows]) for n, name in enumerate(("threshold", "init", "useless"))
    }
    found = {one.field: one for one in importances(columns, objective, "more")}
    assert found["threshold"].is_significant
    assert found["init"].is_significant
    assert found["useless"].value < 0.2 * found["useless"].chance


def test_what_values_tell_of_their_domain() -> None:
    """Numbers, whole ones, those over two decades; flags and mixed ones are choices."""
    assert infer_domain([0.5, 1.5]) == Domain(low=0.5, high=1.5)
    assert infer_domain([0.001, 0.1]).log
    assert infer_domain([True, False]).choices == (False, True)
    assert set(infer_domain(["1", 2]).choices) == {"1", 2}
    assert infer_domain([3, 3.0]).is_single


def test_the_best_are_those_within_the_last_ones_number() -> None:
    """Ties are in together, rows without a number never; of none there are none."""
    assert best_rows([1.0, 2.0, 2.0, math.nan, 5.0], "less", 0.5).tolist() == [True, True, True, False, False]
    assert best_rows([math.nan], "more").tolist() == [False]
    assert importances({"x": Column.from_values([1.0])}, [1.0], "more")[0].value == 0.0
