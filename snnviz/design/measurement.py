"""The task of measuring again the layers of a run that was trained by an earlier release, from its stored weights."""

from __future__ import annotations

from functools import lru_cache

from snnviz.design.design import Design, DesignField
from snnviz.design.submitted import Task


class Measurement(Task):
    """Task: measures the layer statistics of a finished run again, from its stored weights, with today's probe batch
    (fixed training images) and operation count.

    Its rows are stored apart from the run's: one measurement before training and one after. `design`: the trained one.
    """

    kind = "measurement"
    noun = "a measurement"
    field = "measurement"

    design: DesignField
    """The design that was trained."""


@lru_cache(maxsize=4096)
def measurement_digest(design: Design) -> str:
    """Returns the digest of the `Measurement` task of a design, by which its run is found."""
    return Measurement(design=design).digest
