"""Training of a network as ReLUs, with slope B = 1 and with ramp alpha = 1, as one task (Stanojevic et al. 2023)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, get_args

from pydantic import PlainSerializer, PlainValidator

from snnviz.design.design import Design, as_design
from snnviz.design.registry import Range
from snnviz.design.submitted import Task
from snnviz.events import Row
from snnviz.graph.ttfs import relu_network, ttfs_network
from snnviz.studies.ttfs.study import STARTS

Model = Literal["relu", "b1", "alpha-one", "slower", "naive"]
MODELS: tuple[Model, ...] = get_args(Model)
"""The ReLU network; the B1-model; alpha = 1, at the same and at a smaller learning rate; and alpha = 1 with a ReLU
network's initial weights, which is only measured before training.
"""


def _relus(value: object) -> Design:
    """The ReLU network of a design, and of how it is trained what such a network knows."""
    found = relu_network(ttfs_network(as_design(value)))
    return found.model_copy(update={"training": found.training.model_copy(update={"gradients": "watched"})})


class Trajectories(Task):
    """Task: trains several models (a ReLU network, TTFS networks with slope B = 1 and with ramp alpha = 1) from the
    same weights, on the same batches in the same order.
    """

    kind = "trajectories"
    noun = "a setting of trajectories"
    field = "trajectories"

    design: Annotated[Design, PlainValidator(_relus), PlainSerializer(lambda design: design.document())]
    """The ReLU network, with the training of all models."""

    looks: Annotated[int, Range(1, 100, "Looks at the models in an epoch.", 1)] = 4
    slower: Annotated[
        float, Range(1, 10_000, "So many times more slowly the second network with alpha = 1 learns.", 1)
    ] = 10.0


USUAL = STARTS["8 layers"]
"""The default design: small enough to watch, and deep enough for alpha = 1 to fail."""


@dataclass(frozen=True, slots=True)
class Course(Row):
    """Row: state of one of several models trained side by side, after `step` training steps.

    model: one of `trajectories.MODELS`. loss, accuracy (0..1) and grad_norm, the L2 norm of the gradient of all
    parameters: means over the training steps since the last row; at step 0 on the probe batch. test_accuracy: at the
    end of an epoch, as is validation_accuracy if the design holds images out (else None). cosine: between all its
    weights and the ReLU network's; moved: the same for the weights' changes since step 0 (None at step 0). difference:
    largest absolute difference of any parameter from the ReLU network's.
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
