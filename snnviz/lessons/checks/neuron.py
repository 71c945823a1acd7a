"""The check "neuron": a LIF neuron under a constant current, simulated with the catalogue's step function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from snnviz.catalog.neurons import respond
from snnviz.design.parts import Neuron
from snnviz.lessons.checks.kind import Check, Found, World
from snnviz.lessons.questions.kind import Truth
from snnviz.lessons.table import Table

QUANTITIES = {
    "spikes": "spikes in {steps} time steps",
    "first spike": "the time step of the first spike, counted from 1",
    "potential": "the potential in the last of {steps} time steps",
}


@dataclass(frozen=True, slots=True)
class NeuronCheck(Check):
    """Check that simulates a LIF neuron with a constant current; it needs no action of the learner.

    quantity: what is measured: the number of spikes, the first spike's time step, or the last potential.
    """

    kind: ClassVar[str] = "neuron"

    current: float
    threshold: float
    beta: float
    reset: str
    steps: int
    quantity: str

    @classmethod
    def from_table(cls, table: Table) -> Self:
        """Returns the check from its TOML table in a lesson's file. Raises `InputError`."""
        return cls(
            current=table.number("current", low=-10, high=10),
            threshold=table.number("threshold", default=1.0, low=0, high=10),
            beta=table.number("beta", default=0.9, low=0, high=1),
            reset=table.one_of("reset", ("subtract", "zero", "none"), "subtract"),
            steps=int(table.number("steps", default=20, low=1, high=200, whole=True)),
            quantity=table.one_of("quantity", QUANTITIES, "spikes"),
        )

    @property
    def result_kinds(self) -> frozenset[str]:
        """The kinds of result that the check measures: "number", and "series", the potential over time."""
        return frozenset(["number", "series"])

    def evaluate(self, world: World) -> Found:  # noqa: ARG002 (it is computed)
        """Returns the simulated quantity and the potential over time."""
        neuron = Neuron.model_validate({"threshold": self.threshold, "beta": self.beta, "reset": self.reset})
        potentials, outputs = respond(np.full((self.steps, 1), self.current), neuron)
        u, spiked = potentials[:, 0], outputs[:, 0] > 0
        times = [int(t) + 1 for t in np.flatnonzero(spiked)]
        number = {
            "spikes": float(len(times)), "first spike": float(times[0]) if times else None, "potential": float(u[-1]),
        }[self.quantity]  # fmt: skip
        words = f"Computed: {QUANTITIES[self.quantity].format(steps=self.steps)}."
        series = tuple((t + 1.0, float(one)) for t, one in enumerate(u))
        axes = ("time step", "potential u before the reset")
        return Found(
            words, Truth(words, number, series=series, marks=tuple(map(float, times)), level=self.threshold, axes=axes)
        )


CHECK = NeuronCheck
