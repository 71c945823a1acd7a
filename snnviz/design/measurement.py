"""The task of measuring again the layers of a run that was trained by an earlier release, from its stored weights."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated

from pydantic import PlainSerializer, PlainValidator

from snnviz.design.design import Design
from snnviz.design.submitted import Task


class Measurement(Task):
    """Task: measures the layers of a finished run again, from its weights, on today's probe batch and operation count.

    Its rows are stored apart from the run's: one measurement before training and one after. `design`: the trained one.
    """

    kind = "measurement"
    noun = "a measurement"
    field = "measurement"

    design: Annotated[
        Design,
        PlainValidator(lambda value: value if isinstance(value, Design) else Design.check(value)),
        PlainSerializer(lambda design: design.document()),
    ]
    """The design that was trained."""


@lru_cache(maxsize=4096)
def measurement_digest(design: Design) -> str:
    """Returns the digest of the `Measurement` task of a design, by which its run is found."""
    return Measurement(design=design).digest
