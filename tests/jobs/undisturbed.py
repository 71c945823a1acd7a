"""The rows of a design, straight from the computation."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import torch

from snnviz.core.execute import execute
from snnviz.design.design import Design
from snnviz.events import Row
from snnviz.tasks import KINDS


@lru_cache
def undisturbed(design: Design) -> Mapping[type[Row], list[Row]]:
    """What every engine must have stored in the end, whatever happened on the way."""
    torch.set_num_threads(1)
    events = list(execute(design))
    return {kind: [event for event in events if isinstance(event, kind)] for kind in KINDS.row_types}
