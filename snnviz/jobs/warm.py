"""Imported by the forkserver before it forks: a process forked from it starts its first training step at once.

torch loads much only when the first optimizer makes its first step, so a tiny design is trained here, on one
thread: a process that has run a parallel region must not be forked.
"""

from __future__ import annotations

import traceback

import torch

from snnviz.core.execute import execute
from snnviz.design import Design

torch.set_num_threads(1)
TINY = {
    "data": {"train_samples": 2, "test_samples": 2, "steps": 2},
    "network": {"kind": "block", "channels": 2, "edges": "002/000/000"},
    "training": {"epochs": 1, "batch_size": 2},
}
try:
    for _ in execute(Design.check(TINY)):
        pass
except Exception:
    traceback.print_exc()  # the run itself will say what is wrong
