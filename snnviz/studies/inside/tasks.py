"""What the study "Look inside" adds to the rest of the program: no kind of task, and a button that opens its page for a
run.
"""

from __future__ import annotations

from typing import Any

from snnviz.tasks import RunButton, TaskKind

KINDS: tuple[TaskKind[Any], ...] = ()

RUN_BUTTONS = (
    RunButton(
        label="Look inside",
        help="One image through the trained network, spike by spike: the page Look inside.",
        icon=":material/visibility:",
        key="look-inside",
        open="snnviz.studies.inside.page.setting:open_run",
        page="inside",
        fits=lambda design: design.network.code != "ttfs",  # the TTFS page has such a button for these
        watched=True,
        prepare="snnviz.studies.inside.page.client:start",
    ),
)
