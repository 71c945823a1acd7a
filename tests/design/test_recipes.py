"""How a study's networks learn: fields that all studies share, and what papers print."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import given

from snnviz.design.design import Design
from snnviz.design.links import change, format_choice, parse_choice, part_from_query, part_to_query
from snnviz.design.menus import OPTIMIZERS, SCHEDULES, Choice
from snnviz.design.recipes import RECIPES, Recipe, apply_recipe, matching_recipe
from snnviz.errors import InputError
from tests.designs import choices, is_a_sentence


@given(choice=choices(OPTIMIZERS))
def test_an_optimizer_survives_its_short_text(choice: object) -> None:
    whole = Choice(OPTIMIZERS.choose("optimizer", choice))
    assert parse_choice(OPTIMIZERS, "optimizer", format_choice(OPTIMIZERS, whole)).kind == whole.kind
    recipe = Recipe.model_validate({"optimizer": whole, "schedule": "step:every=3"})
    link = part_to_query(recipe)
    again = Recipe.model_validate(part_from_query(Recipe, dict(parse_qsl(link))))
    assert again.optimizer.parameters == pytest.approx(whole.parameters)
    assert again.schedule == {"kind": "step", "every": 3, "factor": 0.5}


def test_what_it_says_reaches_a_design_by_paths_and_by_parts() -> None:
    recipe = Recipe.model_validate(
        {"optimizer": "sgd:momentum=0.8", "learning_rate": 0.1, "schedule": "cosine", "batch_size": 32, "shift": 2}
    )
    by_paths = change(Design(), recipe.settings)
    by_parts = Design.check({"training": recipe.training, "data": {"augment": recipe.augment}})
    assert by_paths == by_parts
    assert by_paths.training.optimizer == {"kind": "sgd", "momentum": 0.8, "weight_decay": 0.0}
    assert (by_paths.training.schedule.kind, by_paths.training.batch_size) == ("cosine", 32)
    assert (by_paths.data.augment.shift, by_paths.data.augment.flip) == (2, "off")


def test_recipes_are_the_papers() -> None:
    """Benmeziane et al. 2023: T = 25 and up to 200 epochs are CIFAR-10's alone. Kim et al. 2022."""
    skips = {name: recipe.settings for name, recipe in RECIPES.items() if name.startswith("skips")}
    said = {name: (s["optimizer"], s["learning_rate"], s["epochs"], s.get("steps")) for name, s in skips.items()}
    assert said == {
        "skips, CIFAR-10": ("sgd:momentum=0.9", 0.01, 200, 25),
        "skips, CIFAR10-DVS": ("sgd:momentum=0.9", 0.025, 100, None),
        "skips, DVS Gesture": ("adam", 0.01, 200, None),
    }
    cells = RECIPES["cells, CIFAR-10"].settings
    assert (cells["learning_rate"], cells["epochs"], cells["steps"], cells["batch_size"]) == (0.2, 300, 5, 64)


@pytest.mark.parametrize("name", RECIPES)
def test_following_a_recipe_sets_what_is_printed_and_nothing_else(name: str) -> None:
    start = Recipe(batch_size=77, shift=1)
    found = apply_recipe(start, name)
    assert matching_recipe(found) in RECIPES
    assert matching_recipe(start) is None
    given = RECIPES[name].settings
    for field in type(start).model_fields:
        if field not in given:
            assert getattr(found, field) == getattr(start, field)
    assert RECIPES[name].unsaid.endswith(".")
    assert SCHEDULES[found.schedule.kind]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("optimizer", "sdg", "optimizer.kind must be one of adam, adamw, sgd, got 'sdg'; did you mean 'sgd'?"),
        ("optimizer", "sgd:momentum=high", "optimizer.momentum must be a number, got 'high'"),
        ("optimizer", "sgd:momentum=2", "optimizer.momentum must be a number from 0 to 0.999, got 2.0"),
        ("optimizer", "sgd:nosuch=2", "optimizer.nosuch must be a parameter of sgd (momentum, weight_decay), got 2.0"),
        ("schedule", 7, "schedule must be the name of one schedule or an object with a 'kind', got 7"),
    ],
)
def test_bad_recipes_get_a_sentence(field: str, value: object, sentence: str) -> None:
    with pytest.raises(InputError) as error:
        Recipe.model_validate({field: value})
    assert str(error.value) == sentence
    assert is_a_sentence(error.value)
    with pytest.raises(InputError):
        apply_recipe(Recipe(), "nobody's")
