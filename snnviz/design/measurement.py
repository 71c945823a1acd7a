"""The task of looking anew at the layers of a run that was trained before, from its weights."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated

from pydantic import PlainSerializer, PlainValidator

from snnviz.design.design import Design
from snnviz.design.submitted import Task


class Measurement(Task):
    """A finished run's layers on today's probe, with today's count of operations: rows of its own, of the looks before
    and after training."""

    kind = "measurement"
    noun = "a measurement"
    field = "measurement"

    design: Annotated[
        Design,
        PlainValidator(lambda value: value if isinstance(value, Design) else Design.check(value)),
        PlainSerializer(lambda design: design.document()),
    ]
    """What was trained."""


@lru_cache(maxsize=4096)
def measurement_digest(design: Design) -> str:
    """The digest of a design's measurement."""
    return Measurement(design=design).digest
