"""Runs, what they reported, and their checkpoints: one SQLite file by default, PostgreSQL by URL.

`Store` and the values it hands out are all there is to know; its docstring is the contract.
"""

from snnviz.design.submitted import Task
from snnviz.store.silence import HUNG_SECONDS, LEASE_SECONDS, Silence
from snnviz.store.store import Store
from snnviz.store.values import (
    ENDED,
    MAX_DEATHS,
    STATES,
    Claim,
    Held,
    Run,
    State,
    Submitted,
    Supervisor,
    Unreadable,
)

__all__ = [
    "ENDED",
    "HUNG_SECONDS",
    "LEASE_SECONDS",
    "MAX_DEATHS",
    "STATES",
    "Claim",
    "Held",
    "Run",
    "Silence",
    "State",
    "Store",
    "Submitted",
    "Supervisor",
    "Task",
    "Unreadable",
]
