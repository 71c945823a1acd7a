"""Runs, what they reported, and their checkpoints: one SQLite file by default, PostgreSQL by URL.

`Store` and the values it hands out are all there is to know; its docstring is the contract.
"""

from snnviz.design.submitted import Task
from snnviz.store.silence import HUNG_SECONDS, LEASE_SECONDS, SilenceTimer
from snnviz.store.store import Store
from snnviz.store.values import (
    ENDED,
    MAX_DEATHS,
    STATES,
    Claim,
    Run,
    RunningClaim,
    State,
    Submitted,
    SupervisorStatus,
    UnreadableRun,
)

__all__ = [
    "ENDED",
    "HUNG_SECONDS",
    "LEASE_SECONDS",
    "MAX_DEATHS",
    "STATES",
    "Claim",
    "Run",
    "RunningClaim",
    "SilenceTimer",
    "State",
    "Store",
    "Submitted",
    "SupervisorStatus",
    "Task",
    "UnreadableRun",
]
