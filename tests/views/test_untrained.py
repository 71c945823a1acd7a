"""Charts of what was measured before training: gradients with what theory expects, and effective ranks."""

from __future__ import annotations

from snnviz.theory.backward import ExpectedGradients, measured_gradients
from snnviz.theory.measured import MeasuredForecast, MeasuredLayer
from snnviz.theory.variance import LayerForecast
from snnviz.views.untrained import measured_charts


def layer(name: str, gradient: float | None, rank: float | None = 3.0) -> MeasuredLayer:
    return MeasuredLayer(name, 0.2, 0.1, 0.3, 0.2, 1.0, 0.0, 0.6, 0.5, 0.01, rank, gradient)


FOUND = MeasuredForecast((layer("L1", 0.1), layer("L2", 0.2, 7.0), layer("readout", None, None)), 20, 64, 0.9, 0.6)
THEORY = [LayerForecast(name, 1.0, 0.2, 1.0) for name in ("L1", "L2", "readout")]


def test_gradients_are_drawn_beside_what_theory_expects_of_them() -> None:
    expected = ExpectedGradients((("L1", 0.4), ("L2", 1.0)), "by theory")
    chart = measured_charts(FOUND, THEORY, expected)[-1]
    assert {line["name"]: line["y"] for line in chart.figure["data"]} == {
        "gradient": [0.5, 1.0],
        "by theory": [0.4, 1.0],
    }
    assert chart.caption.endswith("Dotted: by theory.")
    assert len(measured_charts(FOUND, THEORY)[-1].figure["data"]) == 1


def test_effective_ranks_have_a_chart() -> None:
    (chart,) = [one for one in measured_charts(FOUND, THEORY) if one.id == "untrained-rank"]
    assert chart.figure["data"][0]["y"] == [3.0, 7.0]
    assert "64 images" in chart.caption


def test_measured_gradients_stand_in_for_theory_named_as_such() -> None:
    found = measured_gradients(FOUND)
    assert found is not None
    assert found.sizes == {"L1": 0.5, "L2": 1.0}
    assert found.how == "measured on 20 untrained networks with 64 training images each"
    assert measured_gradients(MeasuredForecast((layer("L1", 0.1), layer("L2", 0.0)), 20, 64, 0.9, 0.6)) is None
