"""How a network learns as ReLUs, with slope B = 1 and with ramp alpha = 1, as one task (Stanojevic et al. 2023)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, get_args

from pydantic import PlainSerializer, PlainValidator

from snnviz.design.design import Design
from snnviz.design.registry import Range
from snnviz.design.submitted import Task
from snnviz.events import Row
from snnviz.graph.ttfs import relu_network, ttfs_network
from snnviz.studies.ttfs.study import STARTS

Model = Literal["relu", "b1", "alpha-one", "slower", "naive"]
MODELS: tuple[Model, ...] = get_args(Model)
"""The ReLU network; the B1-model; alpha = 1, at the same and at a smaller learning rate; and alpha = 1 from weights as
a ReLU network draws them, which is looked at before it learns, and then let alone."""


def _relus(value: object) -> Design:
    """The ReLU network of a design, and of how it is trained what such a network knows."""
    found = relu_network(ttfs_network(value if isinstance(value, Design) else Design.check(value)))
    return found.model_copy(update={"training": found.training.model_copy(update={"gradients": "watched"})})


class Trajectories(Task):
    """Several models learn from the same weights, on the same batches in the same order."""

    kind = "trajectories"
    noun = "a setting of trajectories"
    field = "trajectories"

    design: Annotated[Design, PlainValidator(_relus), PlainSerializer(lambda design: design.document())]
    """The ReLU network, and how all of them are trained."""

    looks: Annotated[int, Range(1, 100, "Looks at the models in an epoch.", 1)] = 4
    slower: Annotated[
        float, Range(1, 10_000, "So many times more slowly the second network with alpha = 1 learns.", 1)
    ] = 10.0


USUAL = STARTS["8 layers"]
"""Small enough to watch, and deep enough for alpha = 1 to go astray."""


@dataclass(frozen=True, slots=True)
class Course(Row):
    """Where one of several models is that learn side by side, after `step` training steps.

    model: one of `trajectories.MODELS`. loss, accuracy (0..1) and grad_norm, the L2 norm of the gradient
    of all parameters: means over the training steps since the look before, at step 0 of the probe batch before any.
    test_accuracy: at the end of an epoch, as is validation_accuracy where the design holds images out (else None).
    cosine: of all its weights, side by side, with the ReLU network's; moved: of
    what both have learnt, their weights less those at step 0 (None there). difference: the largest of any of its
    parameters from the ReLU network's.
    """

    table: ClassVar[str] = "courses"
    key: ClassVar[tuple[str, ...]] = ("step", "model")

    step: int
    epoch: float
    model: str
    loss: float
    accuracy: float
    test_accuracy: float | None
    cosine: float
    moved: float | None
    difference: float
    grad_norm: float
    validation_accuracy: float | None = None
