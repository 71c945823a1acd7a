"""Runs, what they reported, and their checkpoints: one SQLite file by default, PostgreSQL by URL.

`Store` and the values it hands out are all there is to know; its docstring is the contract.
"""

from snnviz.store.store import Store
from snnviz.store.values import ENDED, MAX_DEATHS, STATES, Claim, Held, Run, State, Submitted, Task, Unreadable

__all__ = [
    "ENDED",
    "MAX_DEATHS",
    "STATES",
    "Claim",
    "Held",
    "Run",
    "State",
    "Store",
    "Submitted",
    "Task",
    "Unreadable",
]
