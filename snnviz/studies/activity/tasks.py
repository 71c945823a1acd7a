"""No kind of task of its own: its trainings are designs."""

from __future__ import annotations

from typing import Any

from snnviz.tasks import TaskKind

KINDS: tuple[TaskKind[Any], ...] = ()
