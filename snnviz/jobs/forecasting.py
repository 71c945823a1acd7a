"""A process that measures what untrained networks of designs do (`core.untrained`), for pages, which load no torch.

A request (`jobs.answers`) is ``{"id": n, "design": {...}, "seconds": 2.0}``; its answer is the `MeasuredForecast` as
JSON.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from snnviz.core.untrained import FEWEST, measure_progressively
from snnviz.design.design import Design
from snnviz.errors import DataMissing
from snnviz.jobs.answers import Tell, serve_requests
from snnviz.jobs.background import NICENESS
from snnviz.jobs.engine import check_memory
from snnviz.jobs.machine import free_bytes


def answer(request: Mapping[str, Any], tell: Tell) -> bytes:
    """Returns the answer to one request. Raises `SnnvizError`."""
    design = Design.check(request["design"])
    if (free := free_bytes()) is not None:
        check_memory(design, free)
    found = None
    for found in measure_progressively(design, float(request["seconds"])):
        tell(min(1.0, found.networks / FEWEST))
    if found is None:
        raise DataMissing("There is nothing to measure.")
    return json.dumps(found.document()).encode()


def main() -> None:
    """Main function of the process: answers requests from stdin until it is closed."""
    with suppress(OSError):
        os.nice(NICENESS)
    serve_requests(answer, "forecast")


if __name__ == "__main__":
    main()
