"""The study of TTFS networks: designs to start from, and how a ReLU network is converted to its twin."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import PlainValidator, model_validator

from snnviz.design.design import Design
from snnviz.design.links import from_sparse
from snnviz.design.registry import Range
from snnviz.design.submitted import Document
from snnviz.errors import InputError
from snnviz.graph.ttfs import relu_network, ttfs_network
from snnviz.theory.ttfs import Silent

MAX_NEURONS = 4
"""Largest number of neurons that are shown together."""

Weights = Literal["relu", "ttfs", "untrained"]
Slopes = Literal["one", "drawn", "alpha-one"]

_COMMON = {"neuron.kind": "relu", "data.steps": 1, "init": "kaiming"}

STARTS: dict[str, Design] = {
    "digits mlp": from_sparse(
        _COMMON | {"network.kind": "mlp", "network.depth": 2, "network.width": 64, "training.learning_rate": 0.002},
    ),
    "784-340-10": from_sparse(
        _COMMON
        | {
            "data.name": "mnist",
            "network.kind": "mlp",
            "network.depth": 1,
            "network.width": 340,
            "training.learning_rate": 0.001,
            "training.epochs": 5,
        },
    ),
    "8 layers": from_sparse(
        _COMMON | {"network.kind": "mlp", "network.depth": 7, "network.width": 100, "training.learning_rate": 0.001},
    ),
    "small cnn": from_sparse(_COMMON | {"network.kind": "cnn", "network.channels": 8, "training.learning_rate": 0.002}),
    "vgg": from_sparse(
        _COMMON
        | {
            "network.kind": "vgg",
            "network.stages": 3,
            "network.width": 0.125,
            "network.norm": "none",
            "training.learning_rate": 0.002,
        },
    ),
}
"""ReLU networks that have a TTFS twin. Digits train in seconds; 784-340-10 is the first network of Stanojevic et al.,
on MNIST.
"""


class TtfsStudy(Document):
    """Settings of the TTFS page: which weights are used, how the TTFS (time-to-first-spike) twin is made, and which
    neurons are shown.
    """

    noun = "a study"

    weights: Weights = "relu"
    """Weights of the finished run of the ReLU network, of the TTFS network, or untrained ones."""

    zeta: Annotated[
        float,
        Range(
            0,
            10,
            "How much wider than the largest activation of the training images a window is (ζ). Wider: activations of "
            "other images fit, too, and the answer comes later.",
            0.1,
            "ζ: spare width of windows",
        ),
    ] = 0.5
    slopes: Slopes = "one"
    """Slopes B of the neurons: 1, drawn between `low` and `high`, or such that all ramps alpha are 1."""

    low: Annotated[float, Range(0.05, 100, "Slopes B are drawn from here.", 0.1)] = 0.5
    high: Annotated[float, Range(0.05, 100, "Slopes B are drawn up to here.", 0.1)] = 2.0
    silent: Silent = "clock"
    """How a layer treats silent neurons before it: by its clock, or, as in the published equation, not at all."""

    image: Annotated[int, Range(0, 255, "Which of the test images that were drawn.", 1)] = 0
    layer: Annotated[int, Range(1, 200, "Which hidden layer, from 1.", 1)] = 1
    neurons: Annotated[str, PlainValidator(lambda value: _neurons(value))] = ""
    """Numbers of the shown neurons of the layer, from 0, such as "3,17"; "": a choice of different ones."""

    steps: Annotated[int, Range(1, 100, "Time steps T of the rate-coded network that is compared with.", 1)] = 5

    @model_validator(mode="after")
    def _in_order(self) -> TtfsStudy:
        if self.low > self.high:
            raise InputError("low", f"be at most high, {self.high:g}", self.low)
        return self

    @property
    def chosen(self) -> tuple[int, ...]:
        """Indices of the neurons that are shown."""
        return tuple(int(number) for number in self.neurons.split(",") if number)


def _neurons(value: object) -> str:
    """ "3, 17" as "3,17"."""
    given = [part.strip() for part in str(value).split(",")] if isinstance(value, int | str) else [""]
    numbers = [part for part in dict.fromkeys(given) if part]
    known = all(part.isascii() and part.isdecimal() and len(part) <= 7 for part in numbers)
    if isinstance(value, bool) or not isinstance(value, int | str) or not known or len(numbers) > MAX_NEURONS:
        raise InputError("neurons", f"be at most {MAX_NEURONS} numbers of neurons from 0, such as 3,17", value)
    return ",".join(str(int(part)) for part in numbers)


def compared_networks(design: Design, steps: int = 5) -> dict[str, Design]:
    """Returns the same network as "relu", "ttfs" and "rate", rate-coded in `steps` time steps.

    >>> [(name, each.network.code, each.neuron.kind) for name, each in compared_networks(STARTS["digits mlp"]).items()]
    [('relu', 'rate', 'relu'), ('ttfs', 'ttfs', 'relu'), ('rate', 'rate', 'lif')]
    """
    relu = relu_network(design)
    document = relu.document()
    document["neuron"] = {}
    document["data"] |= {"steps": steps}
    document["init"] = {"kind": "variance-preserving"}
    return {"relu": relu, "ttfs": ttfs_network(design), "rate": Design.from_sparse(document)}
