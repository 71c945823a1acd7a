"""Adding an initialisation is writing one function: nothing else has to be told."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated

import pytest

from snnviz.catalog.inits import MEASURED, UNIFORM, InputStatistics
from snnviz.core import data, measured_inits
from snnviz.core.execute import execute
from snnviz.core.networks import Network
from snnviz.design.design import Design
from snnviz.design.links import change, from_query, one_line_summary, to_query
from snnviz.design.menus import INITS
from snnviz.design.parts import Neuron
from snnviz.design.registry import Range
from snnviz.errors import InputError
from snnviz.events import EpochEnd, LayerState
from snnviz.theory.variance import forecast_layers


@pytest.fixture
def fresh() -> Iterator[str]:
    @INITS.register(source="this test", formula="s^2 / n")
    def made_up(
        fan_in: int,
        fan_out: int,  # noqa: ARG001
        neuron: Neuron,
        /,
        *,
        spread: Annotated[float, Range(0.5, 9, "How wide.", 0.5)] = 3.0,
    ) -> float:
        """Drawn wide."""
        return spread**2 * neuron.threshold / fan_in

    yield "made-up"
    INITS.remove("made-up")
    forecast_layers.cache_clear()


def test_a_new_initialisation_can_be_chosen_linked_forecast_and_trained(fresh: str) -> None:
    design = Design.check(
        {
            "init": {"kind": fresh, "spread": 2},
            "network": {"kind": "mlp", "depth": 1, "width": 500},
            "data": {"train_samples": 200, "test_samples": 50, "steps": 2},
            "training": {"epochs": 2},
        }
    )
    assert fresh in INITS.kinds
    assert INITS[fresh].title == "Drawn wide."
    assert "init.kind=made-up&init.spread=2.0" in to_query(design)
    assert from_query(to_query(design)) == design
    assert change(Design(), {"init": fresh}).init.parameters == {"spread": 3.0}
    assert fresh in one_line_summary(design)

    weights = Network(design).parameters["L1.weight"].detach().double()
    assert weights.var().item() == pytest.approx(4 / 64, rel=0.03)
    assert forecast_layers(design)[0].single_step == pytest.approx(4)

    events = list(execute(design))
    assert len([event for event in events if isinstance(event, EpochEnd)]) == 2
    first = next(event for event in events if isinstance(event, LayerState))
    assert first.var_u == pytest.approx(forecast_layers(design)[0].var_u, rel=0.2)
    assert math.isfinite(first.var_u)


def test_a_new_initialisation_may_be_uniform_and_measured() -> None:
    @INITS.register(source="this test", traits=[UNIFORM, MEASURED])
    def told(fan_in: int, fan_out: int, neuron: Neuron, drive: InputStatistics, /) -> float:  # noqa: ARG001
        """Var[u] of 2 in the first step."""
        return 2 / (fan_in * drive.moment)

    try:
        design = Design.check(
            {
                "init": "told",
                "network": {"kind": "mlp", "depth": 2, "width": 500},
                "data": {"train_samples": 200, "test_samples": 50, "steps": 1, "encoding": "lif"},
                "training": {"epochs": 1},
            }
        )
        assert [layer.single_step for layer in forecast_layers(design)] == pytest.approx([2, 2, 2], rel=0.03)
        states = [event for event in execute(design) if isinstance(event, LayerState)][:2]
        assert [state.var_u for state in states] == pytest.approx([2, 2], rel=0.2)
        network = Network(design)
        images, _ = data.load(design)
        measured_inits.initialise_from_data(network, data.encode(images.images, images.white, design, "probe"))
        weights = network.parameters["L2.weight"].detach()
        assert weights.abs().max() < 1.01 * math.sqrt(3) * weights.std()  # no Gaussian tails
    finally:
        INITS.remove("told")
        forecast_layers.cache_clear()


@pytest.mark.parametrize("spread", [0.4, 9.1, "wide", math.nan])
def test_its_range_is_its_validation(fresh: str, spread: object) -> None:
    with pytest.raises(InputError, match=r"^init.spread must be a number from 0.5 to 9, got "):
        Design.check({"init": {"kind": fresh, "spread": spread}})


def test_once_removed_it_is_unknown() -> None:
    with pytest.raises(InputError, match=r"^init.kind must be one of "):
        Design.check({"init": "made-up"})
