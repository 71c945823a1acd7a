"""Training settings (recipes) of studies: the fields that all studies share, and the settings published in papers.

A study that trains gets these fields by deriving from `Recipe` instead of `Part`, and passes them on to its designs:

    class CellStudy(Recipe):
        learning_rate: Rate = 0.006                    # declare a field again to change its default
        schedule: Schedule = default_entry(SCHEDULES, "cosine")

    document = {"training": {**study.training, "epochs": study.epochs}, "data": {"augment": study.augment, ...}}
    design = change(named("snasnet-digits"), {**study.settings, "training.epochs": study.epochs})   # or by paths

Links, ``--set`` and JSON need nothing more: a choice is one text, ``optimizer=sgd:momentum=0.95``, and a field at its
default is left out of a link. On a page `ui.kit.recipe.fields(study, key, put)` draws the widgets and the menu of
`RECIPES`. Defaults must be the ones that the study's designs were made with before, so that runs keep their names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, PlainSerializer, PlainValidator, model_validator

from snnviz.design.links import format_choice, parse_choice
from snnviz.design.menus import DATASETS, EVENTS, OPTIMIZERS, SCHEDULES, Choice
from snnviz.design.registry import Range, Registry
from snnviz.design.submitted import Document, validated
from snnviz.errors import InputError, did_you_mean


def default_entry(registry: Registry[Any], kind: str) -> Any:
    """Returns a pydantic default for a choice field: the registry entry `kind` with the defaults of its parameters."""
    return Field(default_factory=lambda: Choice(registry.choose(registry.noun, kind)))


def _text(registry: Registry[Any], field: str) -> Any:
    return (
        PlainValidator(lambda value: parse_choice(registry, field, value)),
        PlainSerializer(lambda choice: format_choice(registry, choice)),
        registry,
    )


Optimizer = Annotated[Choice, *_text(OPTIMIZERS, "optimizer")]
Schedule = Annotated[Choice, *_text(SCHEDULES, "schedule")]
Rate = Annotated[float, Range(1e-6, 10, "Step size at the first epoch.", 0.0005)]


class Recipe(Document):
    """Training settings that studies share: optimizer, learning rate, schedule, batch size and augmentation, not
    epochs.

    In links and JSON a choice is one text, such as "sgd:momentum=0.95".
    """

    noun = "a recipe"

    optimizer: Optimizer = default_entry(OPTIMIZERS, "adam")
    learning_rate: Rate = 0.003
    schedule: Schedule = default_entry(SCHEDULES, "constant")
    batch_size: Annotated[int, Range(1, 2048, "Images in a training step.", 16, "Batch")] = 64
    flip: Literal["off", "on"] = "off"
    """Whether half of the training samples are mirrored left to right."""

    shift: Annotated[int, Range(0, 32, "In training, samples are moved by up to so many pixels.", 1)] = 0
    drop_events: Annotated[
        float, Range(0, 0.9, "In training, the share of a recording's events that are left out.", 0.05)
    ] = 0.0

    @model_validator(mode="after")
    def _events_to_drop(self) -> Recipe:
        data = getattr(self, "data", "")
        if self.drop_events and data in DATASETS and EVENTS not in DATASETS[data].traits:
            raise InputError("drop_events", "be 0 for images, which have no events", self.drop_events)
        return self

    @property
    def training(self) -> dict[str, Any]:
        """The fields of `parts.Training` that the recipe sets, by name."""
        return {
            "optimizer": dict(self.optimizer),
            "learning_rate": self.learning_rate,
            "schedule": dict(self.schedule),
            "batch_size": self.batch_size,
        }

    @property
    def augment(self) -> dict[str, Any]:
        """The fields of `binning.Augment` that the recipe sets, by name."""
        return {"flip": self.flip, "shift": self.shift, "drop": self.drop_events}

    @property
    def settings(self) -> dict[str, Any]:
        """The recipe's fields for training and augmentation by their path in a design, for `links.change`.

        >>> Recipe(optimizer="sgd:momentum=0.8").settings["training.optimizer"]
        {'kind': 'sgd', 'momentum': 0.8, 'weight_decay': 0.0}
        """
        learnt = {f"training.{name}": value for name, value in self.training.items()}
        return learnt | {f"data.augment.{name}": value for name, value in self.augment.items()}


@dataclass(frozen=True, slots=True)
class PaperRecipe:
    """The training settings of a paper: `settings` by field of a study, and `unsaid`, a sentence on what the paper
    leaves open.
    """

    source: str
    settings: Mapping[str, Any]
    unsaid: str


_SKIPS = "Batch size, schedule, augmentation, leak and threshold are not printed"

_KIM = {
    "optimizer": "sgd:momentum=0.9:weight_decay=0.0005",
    "schedule": "cosine",
    "batch_size": 64,
    "flip": "on",
    "shift": 4,
    "epochs": 300,
    "steps": 5,
}
"""Of both CIFARs in Kim et al. 2022."""

_CELLS = (
    "How far random crops move is not printed: 4 pixels, as is usual. Their code lets the rate end at 1 % of the first "
    "one, ours at 0."
)

RECIPES: dict[str, PaperRecipe] = {
    "skips, CIFAR-10": PaperRecipe(
        "Benmeziane et al. 2023",
        {"optimizer": "sgd:momentum=0.9", "learning_rate": 0.01, "epochs": 200, "steps": 25},
        f"{_SKIPS}; the epochs are at most 200.",
    ),
    "skips, CIFAR10-DVS": PaperRecipe(
        "Benmeziane et al. 2023",
        {"optimizer": "sgd:momentum=0.9", "learning_rate": 0.025, "epochs": 100},
        f"{_SKIPS}, nor are the time steps.",
    ),
    "skips, DVS Gesture": PaperRecipe(
        "Benmeziane et al. 2023",
        {"optimizer": "adam", "learning_rate": 0.01, "epochs": 200},
        f"{_SKIPS}, nor are the time steps.",
    ),
    "cells, CIFAR-10": PaperRecipe(
        "Kim et al. 2022",
        _KIM | {"learning_rate": 0.2},
        _CELLS,
    ),
    "cells, CIFAR-100": PaperRecipe(
        "Kim et al. 2022",
        _KIM | {"learning_rate": 0.1},
        _CELLS,
    ),
    "initialisation, mlp": PaperRecipe(
        "Micheli et al. 2024",
        {"optimizer": "adam", "learning_rate": 0.001, "schedule": "cosine", "epochs": 150, "steps": 3},
        "The batch size is not printed; their code has 64.",
    ),
    "initialisation, cnn on CIFAR-10": PaperRecipe(
        "Micheli et al. 2024",
        {"optimizer": "adam", "learning_rate": 0.001, "schedule": "cosine", "epochs": 300, "steps": 3},
        "The batch size is not printed; their code has 64.",
    ),
}
"""The recipes of papers, by name."""

S = TypeVar("S", bound=Recipe)


def apply_recipe(study: S, name: str) -> S:
    """Returns the settings of a study with those of the published recipe `name`; fields that the paper leaves open keep
    their values.

    Settings that the study has no field for are ignored. Raises `InputError` for an unknown name.

    >>> format_choice(OPTIMIZERS, apply_recipe(Recipe(), "skips, CIFAR10-DVS").optimizer)
    'sgd'
    """
    if name not in RECIPES:
        raise InputError("recipe", f"be one of {', '.join(RECIPES)}", name, did_you_mean(name, RECIPES))
    own = {field: value for field, value in RECIPES[name].settings.items() if field in type(study).model_fields}
    return validated(type(study), {**study.model_dump(), **own}, "a study")


def matching_recipe(study: Recipe) -> str | None:
    """Returns the name of the published recipe (in `RECIPES`) with which the settings of a study agree, or None."""
    return next((name for name in RECIPES if apply_recipe(study, name) == study), None)
