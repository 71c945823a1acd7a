"""Untrained networks are measured behind the forecast, by a process of the server; what helps is measured, too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.jobs.answers import AnswerClient
from snnviz.ui.kit import untrained
from tests.pages.visit import Visit
from tests.waiting import until

REAL = untrained.can_measure
FALLS_SILENT = change(
    Design(),
    {
        "network": "mlp",
        "network.depth": 8,
        "network.width": 20,
        "data.steps": 1,
        "neuron.threshold": 2.5,
        "init": "kaiming",
    },
)


@pytest.fixture(autouse=True)
def measuring(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(untrained, "can_measure", REAL)
    monkeypatch.setattr(untrained, "SECONDS", 0.2)
    yield
    untrained.client().stop()
    untrained.client.cache_clear()


def come(visit: Visit, design: Design) -> None:
    """Until a design has been measured, as the page looks for it."""

    def asked() -> bool:
        visit.look()
        return untrained.measured(design) is not None

    until(asked)
    visit.look()


def test_what_is_measured_takes_the_forecasts_place_and_what_helps_is_applied() -> None:
    visit = Visit(links.to_query(FALLS_SILENT))
    (chart,) = visit.component("snnviz_charts", "forecast")["charts"]
    assert chart["title"] == "Predicted activity at initialisation"
    assert untrained.client().pid is not None
    come(visit, FALLS_SILENT)
    charts = visit.component("snnviz_charts", "forecast")["charts"]
    assert [chart["id"] for chart in charts] == ["forecast", "untrained-alike", "untrained-gradient"]
    assert charts[0]["caption"].startswith("Measured on ")
    assert any("is silent for" in box.value for box in visit.at.error)

    visit.at.session_state["cures"] = True
    visit.look()
    lower = change(FALLS_SILENT, {"neuron.threshold": 0.75})
    come(visit, lower)
    assert "**threshold 0.75**" in visit.text
    visit.press(f"cure-{lower.digest}")
    assert visit.design == lower
    assert "threshold 0.75.** Threshold θ 0.75 instead of 2.5." in visit.text
    visit.press("undo")
    assert visit.design == FALLS_SILENT


def test_who_cannot_be_measured_keeps_the_forecast(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*_: object) -> None:
        raise AssertionError("it must not be asked")

    monkeypatch.setattr(AnswerClient, "send", nothing)
    large = change(Design(), {"network": "resnet18", "data.steps": 100})
    assert not untrained.can_measure(large)
    visit = Visit(links.to_query(large))
    assert visit.component("snnviz_charts", "forecast")["charts"][0]["title"] == "Predicted activity at initialisation"


def test_a_failed_measurement_is_not_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    send = AnswerClient.send

    def broken(self: AnswerClient, request: dict[str, object]) -> object:
        asked.append(request)
        return send(self, {"design": "nothing", "seconds": 0.0})

    monkeypatch.setattr(AnswerClient, "send", broken)
    design = change(FALLS_SILENT, {"seed": 77})
    visit = Visit(links.to_query(design))
    until(lambda: not visit.look().at.session_state["untrained_asked"])
    visit.look()
    assert len(asked) == 1
    assert untrained.measured(design) is None


def test_the_slope_that_keeps_gradients_is_one_press() -> None:
    design = change(FALLS_SILENT, {"neuron.threshold": 0.5, "init": "variance-preserving", "network.width": 60})
    visit = Visit(links.to_query(design))
    come(visit, design)
    visit.press("keeping-slope")
    slope = float(links.flatten(visit.design)["neuron.surrogate.slope"])
    assert 2.5 < slope < 6
    come(visit, visit.design)
    sizes = [layer.gradient for layer in untrained.measured(visit.design).layers[:-1]]  # type: ignore[union-attr]
    assert 0.3 < sizes[1] / sizes[-1] < 3  # type: ignore[operator]
    assert not [button for button in visit.at.button if button.key == "keeping-slope"]


def test_where_the_variance_preserving_rule_overshoots_another_is_offered_and_undone() -> None:
    design = change(Design(), {"network": "mlp", "network.depth": 2, "network.width": 20})
    visit = Visit(links.to_query(design))
    assert [button.label for button in visit.at.button if button.key == "input-preserving"] == [
        "Use input-preserving, which keeps Var[u] at 1 in a single step (L1: 6.3)"
    ]
    visit.press("input-preserving")
    assert links.flatten(visit.design)["init.kind"] == "input-preserving"
    assert not [button for button in visit.at.button if button.key == "input-preserving"]
    visit.press("undo")
    assert visit.design == design
