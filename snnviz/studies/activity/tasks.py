"""What the activity study registers: no kind of task, since its trainings are designs, and a button on the Design
page.
"""

from __future__ import annotations

from typing import Any

from snnviz.catalog.neurons import model
from snnviz.studies.activity.neurons import can_be_drawn
from snnviz.tasks import DesignButton, GalleryEntry, TaskKind

KINDS: tuple[TaskKind[Any], ...] = ()

DESIGN_BUTTONS = (
    DesignButton(
        label="See its activity through 100 layers",
        help="Its neuron, time steps, initialisation and fan-in, beside other initialisations, on the Activity page.",
        icon=":material/ssid_chart:",
        key="see-activity",
        open="snnviz.studies.activity.page.setting:open_design_in_100_layers",
        page="activity",
        fits=lambda design: model(design.neuron).spiking and can_be_drawn(design.neuron),
    ),
)

GALLERY = (
    GalleryEntry(
        "activity-study",
        "Activity: which initialisations learn",
        "activity",
        "snnviz.studies.activity.gallery:study",
        weights=False,
    ),
)
