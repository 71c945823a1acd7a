"""The study of shortcut branches (auxiliary classifiers): the same design with and without them, and gradients before
training.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import PlainSerializer, PlainValidator, field_validator, model_validator

from snnviz.catalog.shortcuts import loss_weights
from snnviz.design import links, naming
from snnviz.design.axes import TOGETHER
from snnviz.design.design import Design, DesignField
from snnviz.design.experiment import Experiment
from snnviz.design.links import change, from_sparse
from snnviz.design.menus import INITS, SHORTCUTS, Choice
from snnviz.design.parts import Shortcut, Training
from snnviz.design.registry import Range
from snnviz.design.submitted import Document, Task
from snnviz.errors import InputError, did_you_mean
from snnviz.events import Row
from snnviz.graph.branches import branch_layers
from snnviz.graph.ttfs import relu_network

Mode = Literal["vanilla", "control", "constant", "evolutionary"]

BRANCH_COST = 0.04
"""Cost of each branch as a share of a training step: the largest measured by `benchmarks/shortcuts.py` (3 branches: 3
to 11 %).
"""

EVERY = 2
"""Step between the depths, from 2 on, that are surveyed."""


def _start(settings: dict[str, Any]) -> Design:
    common = {"data.steps": 4, "neuron.threshold": 0.5, "training.shortcut.schedule": "linear"}
    return from_sparse(common | settings)


STARTS: dict[str, Design] = {
    "deep mlp": _start(
        {
            "network.kind": "mlp",
            "network.depth": 12,
            "network.width": 128,
            "init": "kaiming",
            "training.learning_rate": 0.002,
            "training.epochs": 12,
        }
    ),
    "deep cnn": _start(
        {
            "network.kind": "cnn",
            "network.depth": 12,
            "network.channels": 8,
            "network.pool_every": 6,
            "init": "kaiming",
            "neuron.threshold": 1.0,
            "training.learning_rate": 0.004,
            "training.epochs": 12,
        }
    ),
    "resnet18": _start(
        {
            "network.kind": "resnet18",
            "network.width": 0.125,
            "training.learning_rate": 0.004,
            "training.epochs": 8,
        }
    ),
}
"""Designs to start from, which train in little time. The deep layers of the second are silent before training; the
third has skips.
"""


class ShortcutStudy(Document):
    """Settings of the study of shortcut branches: how many runs of each mode of training (with and without shortcut
    branches), and of which networks gradients are measured before training.
    """

    noun = "a study"

    seeds: Annotated[int, Range(1, 10, "Runs of each mode; their seeds follow the design's own.", 1)] = 3
    deepest: Annotated[
        int,
        Range(2, 50, "Hidden layers of the deepest network that is looked at before training.", 2, "Deepest network"),
    ] = 50
    controls: Literal["without", "with"] = "without"
    """"with": also train control runs without branches for more epochs, for as many operations as branches cost."""

    inits: str = "kaiming,variance-preserving,glorot"
    """Initialisations that are surveyed before training, besides the design's own."""

    @field_validator("inits", mode="before")
    @classmethod
    def _known(cls, text: object) -> str:
        kinds = [kind.strip() for kind in text.split(",")] if isinstance(text, str) and len(text) <= 400 else [text]
        kinds = [kind for kind in dict.fromkeys(kinds) if kind != ""]
        for kind in kinds:
            if not isinstance(kind, str) or kind not in INITS:
                raise InputError("inits", f"be some of {', '.join(INITS.kinds)}", kind, did_you_mean(kind, INITS.kinds))
        return ",".join(map(str, kinds))

    @property
    def kinds(self) -> tuple[str, ...]:
        """The names of the initialisations whose gradients are surveyed before training."""
        return tuple(kind for kind in self.inits.split(",") if kind)


@dataclass(frozen=True, slots=True)
class StudyRun:
    """One run of the comparison: the design in one mode of training (see `training_modes`). Runs of one mode differ in
    their seed only.
    """

    mode: Mode
    name: str
    design: Design


def training_modes(design: Design) -> dict[Mode, Design]:
    """Returns the design in each mode of training: "vanilla", without shortcut branches; "constant", with a constant
    weight of their losses; "evolutionary", with the falling weight that the design sets.

    A design without branches has only the mode "vanilla"; a constant schedule has no mode "evolutionary".

    >>> list(training_modes(STARTS["deep mlp"])), list(training_modes(Design()))
    (['vanilla', 'constant', 'evolutionary'], ['vanilla'])
    """
    shortcut = design.training.shortcut
    found: dict[Mode, Design] = {"vanilla": _with(design, naming.from_sparse(Shortcut))}
    if shortcut.schedule.kind != "zero":
        weight = shortcut.schedule.parameters["weight"]
        constant = Choice.from_sparse(SHORTCUTS, "constant", weight=weight)
        found["constant"] = _with(design, shortcut.model_copy(update={"schedule": constant}))
    if shortcut.schedule.kind not in ("zero", "constant"):
        found["evolutionary"] = _with(design, shortcut)
    return found


def control_design(design: Design) -> Design:
    """Returns the design without shortcut branches, trained for more epochs, so that it costs at least as many
    operations as with branches.

    >>> control_design(STARTS["deep mlp"]).training.epochs
    14
    """
    most = next(item for item in Training.model_fields["epochs"].metadata if isinstance(item, Range)).high
    more = math.ceil(BRANCH_COST * len(branch_layers(design)) * design.training.epochs)
    epochs = min(int(most), design.training.epochs + more)
    return change(_with(design, naming.from_sparse(Shortcut)), {"training.epochs": epochs})


def study_runs(design: Design, study: ShortcutStudy) -> tuple[StudyRun, ...]:
    """Returns the runs that compare a design in all modes of training, seed by seed, so that the first comparison is
    finished early. A design with as many epochs as are allowed has no control.
    """
    known = training_modes(design)
    names: dict[Mode, str] = {"evolutionary": design.training.shortcut.schedule.kind}
    if study.controls == "with" and len(known) > 1:
        longer = control_design(design)
        if longer != known["vanilla"]:  # which has as many epochs as there can be
            names["control"] = f"vanilla, {longer.training.epochs} epochs"
            known = {"vanilla": known["vanilla"], "control": longer, **known}
    asked, modes = _experiment(list(known.values()), study.seeds), list(known)
    return tuple(StudyRun(mode := modes[run.levels[0]], names.get(mode, mode), run.design) for run in asked.runs())


def _experiment(modes: Sequence[Design], seeds: int) -> Experiment:
    """Returns the modes as an experiment of one axis, along which all that they differ in moves together."""
    shortcuts = [mode.training.shortcut for mode in modes]
    columns: dict[str, list[str]] = {
        "training.shortcut.schedule": [links.format_choice(SHORTCUTS, one.schedule) for one in shortcuts],
        "training.shortcut.layers": ["+".join(map(str, one.layers)) for one in shortcuts],
        "training.shortcut.weighting": [one.weighting for one in shortcuts],
        "training.epochs": [str(mode.training.epochs) for mode in modes],
    }
    varied = [path for path, texts in columns.items() if len(set(texts)) > 1] or ["training.epochs"]
    axis = TOGETHER.join(f"{path}={','.join(columns[path])}" for path in varied)
    return Experiment(base=modes[0], vary=(axis,), seeds=seeds).require_complete()


def _with(design: Design, shortcut: Shortcut) -> Design:
    """Its gradients are what the comparison is about: they are watched."""
    changed = {"shortcut": shortcut, "gradients": "watched"}
    return design.model_copy(update={"training": design.training.model_copy(update=changed)})


class GradientSurvey(Task):
    """Task: measures gradients at initialisation, with and without shortcut branches, of one design, or for several
    depths and initialisations.
    """

    kind = "gradients"
    noun = "a survey of gradients"
    field = "survey"

    design: DesignField
    """The design that all surveyed networks share."""

    depths: tuple[Annotated[int, Range(1, 1000, "Hidden layers.", 1)], ...] = ()
    """Numbers of hidden layers; (): the design's own."""

    inits: Annotated[
        tuple[Choice, ...],
        PlainValidator(lambda value: tuple(Choice(INITS.choose("inits", init)) for init in _some(value))),
        PlainSerializer(lambda inits: [dict(init) for init in inits]),
        INITS,
    ] = ()
    """Initialisations; (): the design's own."""

    @model_validator(mode="after")
    def _has_depth(self) -> GradientSurvey:
        if self.depths and self.design.network.hidden_layers is None:
            raise InputError("depths", "be none for a network whose depth is no number of layers", list(self.depths))
        if len(set(self.depths)) < len(self.depths) or len(self.depths) > 200:
            raise InputError("depths", "be at most 200 different numbers of layers", list(self.depths)[:10])
        if self.depths:
            change(self.design, {"network.depth": max(self.depths), "training.shortcut.layers": ""})
        return self

    @property
    def layers(self) -> int:
        """Number of layers of all networks together; the task's progress counts layers."""
        each = sum(self.depths) or self.design.network.hidden_layers or 1
        return each * max(1, len(self.inits))


def _some(value: object) -> Sequence[Any]:
    if not isinstance(value, list | tuple) or len(value) > 20:
        raise InputError("inits", "be a list of at most 20 initialisations", value)
    return value


def gradient_survey(design: Design, study: ShortcutStudy) -> GradientSurvey:
    """Returns the task that surveys a design's gradients before training; training fields that do not affect the first
    step are reset.

    >>> gradient_survey(STARTS["deep mlp"], ShortcutStudy(deepest=8)).depths
    (2, 4, 6, 8)
    """
    design = relu_network(design) if design.network.code == "ttfs" else design
    shortcut, deep = design.training.shortcut, design.network.hidden_layers is not None
    first = loss_weights(shortcut, 0, design.training.epochs, 1).value if shortcut.schedule.kind != "zero" else 1.0
    schedule = Choice.from_sparse(SHORTCUTS, "constant", weight=first)
    training = naming.from_sparse(
        Training,
        loss=design.training.loss,
        precision=design.training.precision,
        shortcut=shortcut.model_copy(update={"schedule": schedule, **({"layers": ()} if deep else {})}),
    )
    document = design.model_copy(update={"training": training}).document()
    if deep:
        document["network"]["depth"] = EVERY
    others = [Choice.from_sparse(INITS, kind) for kind in study.kinds]
    inits = tuple(dict.fromkeys([design.init, *others]))
    depths = tuple(range(2, study.deepest + 1, EVERY)) if deep else ()
    return GradientSurvey.from_sparse({"design": Design.check(document), "depths": depths, "inits": inits})


@dataclass(frozen=True, slots=True)
class InitialGradient(Row):
    """A layer of an untrained network of a gradient survey, on the probe batch (fixed training images).

    init: text as by `catalog.inits.format_init`. depth: hidden layers, or 0 if depth is not a number of layers. branch:
    1 if a shortcut branch (auxiliary classifier) reads the layer, else 0. The other fields are those of
    `snnviz.core.gradients.LayerGradient`.
    """

    table: ClassVar[str] = "gradients"
    key: ClassVar[tuple[str, ...]] = ("init", "depth", "layer")

    init: str
    depth: int
    layer: int
    name: str
    branch: int
    grad_norm: float | None
    with_branches: float | None
    shortcut: float | None
    saturation: float | None
    rate: float | None
    var_u: float
    probe: int | None = None
