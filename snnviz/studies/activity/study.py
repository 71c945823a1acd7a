"""Training studies of initialisations: a question about training, as a list of designs, each an ordinary run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import PlainValidator

from snnviz.catalog.inits import COMPARED, group_equivalent
from snnviz.data.datasets import parse_dataset_name
from snnviz.design import links
from snnviz.design.binning import LONGEST_MS
from snnviz.design.design import Design
from snnviz.design.experiment import Experiment
from snnviz.design.menus import INITS, SCHEDULES, Choice
from snnviz.design.recipes import Rate, Recipe, Schedule, default_entry
from snnviz.design.registry import Range
from snnviz.graph.architectures import build_architecture


@dataclass(frozen=True, slots=True)
class StudyRun:
    """One run of a training study: its design, with its initialisation `init`. Runs with the same `name` differ in
    their seed only.

    `place`, `of`: index of its value of the varied quantity, and the number of values; 0 of 0 if nothing else is
    varied.
    """

    name: str
    init: Choice
    place: int
    of: int
    design: Design


VARIED: dict[str, tuple[str, tuple[float, ...]]] = {
    "depth": ("network.depth", (5, 10, 20, 40)),
    "width": ("network.width", (50, 100, 300, 600)),
    "leak": ("neuron.beta", (0.25, 0.5, 0.75, 0.9)),
    "threshold": ("neuron.threshold", (0.5, 0.75, 1.0, 1.2)),
}
"""For each quantity that Fig. 10 of Micheli et al. 2024 varies: its path in a design, and our values."""

COMPARED_INITS = ("variance-preserving", "kaiming")
"""The two initialisations that Fig. 10 compares, solid and dashed."""


class TrainingStudy(Recipe):
    """Study: which initialisation lets a deep network learn (Micheli et al. 2024, Figs. 8 to 10).

    The paper's setting: leaky neurons with soft reset, pixels of mean 0 and variance 1, an LIF encoder before the mlp
    and the image as a current before the cnn, spike counts and cross-entropy at the readout, Adam, cosine schedule.
    """

    noun = "a training study"

    compare: Literal["initialisations", "depth", "width", "leak", "threshold"] = "initialisations"
    network: Literal["mlp", "cnn"] = "mlp"
    data: Annotated[str, PlainValidator(parse_dataset_name)] = "digits"
    depth: Annotated[int, Range(1, 100, "Hidden layers.", 1, "Hidden layers")] = 10
    width: Annotated[int, Range(4, 2048, "Neurons, or channels, of a hidden layer.", 10)] = 300
    threshold: Annotated[float, Range(0, 4, "Potential above which a neuron spikes (theta).", 0.05)] = 1.0
    beta: Annotated[float, Range(0, 1, "Leak: the share of the potential kept from one step to the next.", 0.05)] = 0.5
    steps: Annotated[int, Range(1, 50, "Time steps T.", 1)] = 3
    train_samples: Annotated[int, Range(0, 1_000_000, "Training images to use; 0 means all of them.", 1000)] = 0
    window_ms: Annotated[
        float, Range(0, LONGEST_MS, "Of recordings: milliseconds of a frame; 0: a T-th of the recording.", 1)
    ] = 0.0
    epochs: Annotated[int, Range(1, 300, "Passes over the training images.", 1)] = 12
    seeds: Annotated[int, Range(1, 5, "Runs of each.", 1)] = 1
    pool_every: Annotated[
        int, Range(0, 50, "The cnn halves its maps after so many layers; 0, as in the paper: never.", 1)
    ] = 2
    learning_rate: Rate = 0.001
    schedule: Schedule = default_entry(SCHEDULES, "cosine")
    batch_size: Annotated[int, Range(0, 2048, "Images in a training step; 0: 64 of digits, 128 of all else.", 16)] = 0


PRESETS: dict[str, TrainingStudy] = {
    "small": TrainingStudy(),
    "paper's mlp": TrainingStudy(data="mnist", width=600, epochs=150),
    "paper's cnn": TrainingStudy(network="cnn", data="fashion-mnist", depth=6, width=64, epochs=150, pool_every=0),
    "paper's cnn, pooled": TrainingStudy(network="cnn", data="fashion-mnist", depth=6, width=64, epochs=150),
}
"""Named settings. "small" is ours. The paper's cnn keeps the size of its maps; the one that pools by 2 after every two
layers is ours, and cheaper. The paper prints no batch size: 128 is ours.
"""


def study_runs(study: TrainingStudy, inits: Sequence[Choice] = ()) -> tuple[StudyRun, ...]:
    """Returns the runs of a training study of initialisations. `inits`: the initialisations to compare, by default the
    eight of the paper.

    >>> len(study_runs(TrainingStudy())), len(study_runs(TrainingStudy(compare="depth", seeds=2)))
    (8, 16)
    """
    asked, values = study_experiment(study, inits), _varied(study)[1]
    designs, found = asked.designs(), []
    for levels, design in asked.groups().items():
        place = levels[1] if values else 0
        name = f"{design.init.kind}, {study.compare} {values[place]:g}" if values else _named(design.init)
        for seed in asked.seed_numbers:
            found.append(StudyRun(name, design.init, place, len(values), designs[levels, seed]))
    return tuple(found)


def study_experiment(study: TrainingStudy, inits: Sequence[Choice] = ()) -> Experiment:
    """Returns the training study as an `Experiment`, with an axis for the initialisation and one for what else it
    varies, such as the depth.
    """
    path, values = _varied(study)
    kinds = COMPARED_INITS if values else [entry.kind for entry in INITS if COMPARED in entry.traits]
    chosen = (not values and inits) or [Choice.from_sparse(INITS, kind) for kind in kinds]
    vary, base = [f"init={','.join(links.format_choice(INITS, init) for init in chosen)}"], _base(study)
    if values:
        part, _, field = path.partition(".")
        base[part][field] = values[0]  # what the study itself has there is not used, and may be too many for a cnn
        vary.append(f"{path}={','.join(links.format_number(value) for value in values)}")
    return Experiment(base=Design.from_sparse(base), vary=tuple(vary), seeds=study.seeds).require_complete()


def _varied(study: TrainingStudy) -> tuple[str, tuple[float, ...]]:
    """The field that is varied beside the initialisation, and its values; none where only that is compared."""
    if study.compare == "initialisations":
        return "", ()
    path, values = VARIED[study.compare]
    if study.network == "cnn" and path == "network.width":
        return "network.channels", tuple(value // 10 for value in values)
    return path, values


def equivalent_inits(several: Sequence[StudyRun]) -> tuple[tuple[Choice, ...], ...]:
    """Returns groups of initialisations, among runs that differ in nothing else, with the same distribution in all
    layers.

    >>> [[init.kind for init in group] for group in equivalent_inits(study_runs(TrainingStudy()))]
    [['kaiming', 'ding-2022']]
    """
    if not several or several[0].of:  # something else is varied
        return ()
    design = several[0].design
    shapes = [(layer.fan_in, layer.fan_out) for layer in build_architecture(design).weighted]
    return group_equivalent((member.init for member in several), shapes, design.neuron, design.data.steps)


def _named(init: Choice) -> str:
    changed = [f"{name} {value:g}" for name, value in init.parameters.items() if not _is_usual(init, name)]
    return ", ".join([init.kind, *changed])


def _is_usual(init: Choice, name: str) -> bool:
    return any(p.name == name and p.default == init[name] for p in INITS[init.kind].parameters)


def _base(study: TrainingStudy) -> dict[str, Any]:
    mlp = study.network == "mlp"
    if mlp:
        network: dict[str, Any] = {"kind": "mlp", "width": study.width}
    else:
        network = {"kind": "cnn", "channels": study.width, "pool_every": study.pool_every}
    batch = study.batch_size or (64 if study.data == "digits" else 128)
    encoding = "lif" if mlp else "direct"
    return {
        "data": {
            "name": study.data,
            "steps": study.steps,
            "train_samples": study.train_samples,
            "encoding": {"kind": encoding},
            "events": {"window_ms": study.window_ms},
            "augment": study.augment,
        },
        "network": {**network, "depth": study.depth},
        "neuron": {"threshold": study.threshold, "beta": study.beta, "reset": "subtract"},
        "training": {
            **study.training,
            "loss": {"kind": "count"},
            "batch_size": batch,
            "epochs": study.epochs,
        },
    }
