"""The activity of random layers from the command line."""

from __future__ import annotations

import numpy as np
import pytest

from snnviz.studies.activity.charts.activity import variance_chart
from snnviz.studies.activity.theory.activity import ActivityConfig, expected_statistics
from snnviz.studies.activity.theory.propagation import propagate_activity
from tests.cli.conftest import Snnviz

FIELDS = {"layer", "var_u", "var_u_sd", "spikes", "dead", "theory_var_u", "theory_dead"}


def test_it_prints_every_layer_with_its_theory(snnviz: Snnviz) -> None:
    arguments = ("--init", "kaiming:gain=7", "--theta", "0.9", "--width", "100", "--layers", "12", "--seeds", "5")
    found = snnviz("activity", *arguments, "--json").json
    setting = ActivityConfig.check(
        {"inits": "kaiming:gain=7", "threshold": 0.9, "width": 100, "layers": 12, "seeds": 5}
    )
    [trace] = propagate_activity(setting)
    theory = expected_statistics(setting, trace.init)
    assert theory is not None
    assert [row["layer"] for row in found["layers"]] == list(range(12))
    for row in found["layers"]:
        assert set(row) == FIELDS
        layer = row["layer"]
        assert row["var_u_sd"] == pytest.approx(np.std(trace.var_u[:, layer].mean(1), ddof=1, dtype=float), rel=1e-5)
        assert row["var_u"] == pytest.approx(trace.var_u[:, layer].mean(), rel=1e-5)
        assert row["spikes"] == pytest.approx(trace.spikes[:, layer].mean())
        assert row["theory_dead"] == pytest.approx(theory.dead[layer])
    human = snnviz("activity", *arguments)
    assert len(human.out.splitlines()) == 13
    assert human.err == ""


@pytest.mark.parametrize("more", [("--steps", "3"), ("--init", "lee-2016"), ("--init", "fluctuation-driven")])
def test_theory_is_given_only_where_it_holds(snnviz: Snnviz, more: tuple[str, ...]) -> None:
    found = snnviz("activity", "--width", "50", "--layers", "4", "--seeds", "2", *more, "--json").json
    assert [row["theory_dead"] for row in found["layers"]] == [None] * 4


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--width", "1000000000"), "width must be a whole number from 10 to 4096, got 1000000000"),
        (("--layers", "0"), "layers must be a whole number from 2 to 200, got 0"),
        (("--theta", "nan"), "threshold must be a number from 0 to 4, got nan"),
        (("--init", "kaimin"), "inits.kind must be one of "),
        (("--init", "kaiming,glorot"), "inits.kind must be one of "),
        (("--seeds", "100", "--steps", "100", "--width", "4000", "--layers", "200"), "seeds must be at most 2 for so"),
        (("--beta", "1" * 5000), "beta must be a number from 0 to 1, got '111"),
    ],
)
def test_bad_input_gets_a_sentence(snnviz: Snnviz, arguments: tuple[str, ...], sentence: str) -> None:
    assert snnviz("activity", *arguments).sentence.startswith(sentence)


def test_the_deviation_is_that_behind_the_band_and_one_network_has_none(snnviz: Snnviz) -> None:
    """One rule everywhere: n - 1, as the page's band is made of it."""
    arguments = ("activity", "--width", "50", "--layers", "3", "--steps", "4")
    found = snnviz(*arguments, "--seeds", "2", "--json").json
    assert "n - 1" in found["about"]["var_u_sd"]
    setting = ActivityConfig.check({"inits": "variance-preserving", "width": 50, "layers": 3, "steps": 4, "seeds": 2})
    chart = variance_chart(setting, propagate_activity(setting), [None])
    band = next(trace for trace in chart.figure["data"] if "95 % interval" in trace.get("name", ""))
    means = [row["var_u"] for row in found["layers"]]
    assert band["y"][0] == pytest.approx(means[0] + 12.7062 / 2**0.5 * found["layers"][0]["var_u_sd"], rel=1e-3)
    assert [row["var_u_sd"] for row in snnviz(*arguments, "--seeds", "1", "--json").json["layers"]] == [None] * 3
    assert snnviz(*arguments, "--seeds", "1").out.splitlines()[1].split()[2] == "-"


def test_initialisations_of_one_law_are_named(snnviz: Snnviz) -> None:
    arguments = ("activity", "--init", "ding-2022", "--width", "50", "--layers", "3", "--seeds", "1")
    assert snnviz(*arguments, "--json").json["same_law"] == ["kaiming"]
    assert "one line: ding-2022 and kaiming." in snnviz(*arguments).out
    assert snnviz(*arguments, "--theta", "0.9", "--json").json["same_law"] == []
