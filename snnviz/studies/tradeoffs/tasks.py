"""No kind of task of its own, as its runs are designs; and what it offers for one."""

from __future__ import annotations

from typing import Any

from snnviz.tasks import DesignButton, TaskKind

KINDS: tuple[TaskKind[Any], ...] = ()

DESIGN_BUTTONS = (
    DesignButton(
        label="What if ...",
        help="Train it with other values of any fields, and see what that changes: the Trade-offs page.",
        icon=":material/balance:",
        key="what-if",
        open="snnviz.studies.tradeoffs.page.setting:open_design",
        page="tradeoffs",
        fits=lambda design: True,  # noqa: ARG005
    ),
)
