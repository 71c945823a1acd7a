"""The study's entries for the rest of the program: no kind of task, and a button that opens the page for a run."""

from __future__ import annotations

from typing import Any

from snnviz.tasks import DesignButton, TaskKind

KINDS: tuple[TaskKind[Any], ...] = ()

DESIGN_BUTTONS = (
    DesignButton(
        label="Look inside",
        help="One image through the trained network, spike by spike: the page Look inside.",
        icon=":material/visibility:",
        key="look-inside",
        open="snnviz.studies.inside.page.setting:open_design",
        page="inside",
        fits=lambda design: False,  # noqa: ARG005 (a design that is edited has no weights)
        open_run="snnviz.studies.inside.page.setting:open_design",
        watched=True,
    ),
)
