"""No kind of task: a look is answered at once, by a process that holds the network."""

from __future__ import annotations

from typing import Any

from snnviz.tasks import TaskKind

KINDS: tuple[TaskKind[Any], ...] = ()
