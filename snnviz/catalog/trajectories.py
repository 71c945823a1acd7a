"""How a network learns as ReLUs, with slope B = 1 and with ramp alpha = 1, as one task (Stanojevic et al. 2023)."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Literal, get_args

from pydantic import PlainSerializer, PlainValidator

from snnviz.catalog.ttfs import relu_network, ttfs_network
from snnviz.catalog.ttfsstudies import STARTS
from snnviz.design import MAX_TEXT, REVISION, Design, Part, checked
from snnviz.errors import Described, InputError
from snnviz.registry import Range

Model = Literal["relu", "b1", "alpha-one", "slower", "naive"]
MODELS: tuple[Model, ...] = get_args(Model)
"""The ReLU network; the B1-model; alpha = 1, at the same and at a smaller learning rate; and alpha = 1 from weights as
a ReLU network draws them, which is looked at before it learns, and then let alone."""


def _relus(value: object) -> Design:
    """The ReLU network of a design, and of how it is trained what such a network knows."""
    found = relu_network(ttfs_network(value if isinstance(value, Design) else Design.check(value)))
    return found.model_copy(update={"training": found.training.model_copy(update={"gradients": "watched"})})


class Trajectories(Part):
    """Several models learn from the same weights, on the same batches in the same order."""

    design: Annotated[Design, PlainValidator(_relus), PlainSerializer(lambda design: design.document())]
    """The ReLU network, and how all of them are trained."""

    looks: Annotated[int, Range(1, 100, "Looks at the models in an epoch.", 1)] = 4
    slower: Annotated[
        float, Range(1, 10_000, "So many times more slowly the second network with alpha = 1 learns.", 1)
    ] = 10.0

    @classmethod
    def check(cls, document: object) -> Trajectories:
        """Trajectories from a dictionary. Raises `InputError`."""
        return checked(cls, document, "a setting of trajectories")

    @classmethod
    def read(cls, text: str) -> Trajectories:
        """Trajectories from JSON. Raises `InputError`."""
        if len(text) > 2 * MAX_TEXT:
            given = Described(f"{len(text):,} characters")
            raise InputError("trajectories", "be at most 131,072 characters of JSON", given)
        try:
            return cls.check(json.loads(text))
        except (ValueError, RecursionError):
            raise InputError("trajectories", "be valid JSON", text) from None

    def canonical(self) -> str:
        """The one JSON text of these trajectories."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), allow_nan=False)

    @property
    def digest(self) -> str:
        """Their name: 16 hexadecimal digits."""
        return hashlib.sha256(f"trajectories:{REVISION}:{self.canonical()}".encode()).hexdigest()[:16]


USUAL = STARTS["8 layers"]
"""Small enough to watch, and deep enough for alpha = 1 to go astray."""
