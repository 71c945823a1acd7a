"""The kinds of task of this study: none, since looks are answered at once by a separate process
(`compute.answering`).
"""

from __future__ import annotations

from typing import Any

from snnviz.tasks import TaskKind

KINDS: tuple[TaskKind[Any], ...] = ()
