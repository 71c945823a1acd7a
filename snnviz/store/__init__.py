"""The store of runs, their rows and their checkpoints: one SQLite file by default, PostgreSQL by URL.

The public interface is `Store`, whose docstring is the contract, and the values that its methods return.
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
