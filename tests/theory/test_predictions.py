"""A row of predictions is small, comes back as it was, and two runs' rows are compared image by image."""

from __future__ import annotations

import numpy as np
import pytest

from snnviz.theory.mcnemar import disagreement
from snnviz.theory.predictions import correct_images, disagreement_of_runs, pack_predictions, predicted_classes

LABELS = np.random.default_rng(0).integers(0, 10, 10_000)


@pytest.mark.parametrize("classes", [10, 300])
@pytest.mark.parametrize("count", [1, 7, 8, 360])
def test_it_comes_back(classes: int, count: int) -> None:
    draw = np.random.default_rng(count)
    labels, predicted = draw.integers(0, classes, (2, count))
    row = pack_predictions(3, "digits", predicted, labels)
    assert predicted_classes(row).tolist() == predicted.tolist()
    assert correct_images(row).tolist() == (predicted == labels).tolist()
    assert (row.epoch, row.images) == (3, count)


def test_ten_thousand_images_take_a_few_kilobytes() -> None:
    row = pack_predictions(1, "mnist", LABELS, LABELS)
    assert len(row.predicted) + len(row.correct) < 8000


def test_runs_are_compared_on_the_images_that_both_saw() -> None:
    draw = np.random.default_rng(2)
    sets = {seed: draw.integers(0, 10, 200) for seed in range(4)}
    right = {name: {seed: draw.random(200) < share for seed in sets} for name, share in (("a", 0.8), ("b", 0.9))}
    rows = {
        name: {
            seed: pack_predictions(1, "digits", np.where(right[name][seed], labels, 10), labels)
            for seed, labels in sets.items()
        }
        for name in right
    }
    found = disagreement_of_runs(rows["a"], {**rows["b"], 9: rows["b"][0]})
    assert found == disagreement([*right["a"].values()], [*right["b"].values()])
    rows["b"][3] = pack_predictions(
        1, "digits", sets[3][::-1], sets[3][::-1]
    )  # other images, whose seed counts for none
    assert found != disagreement_of_runs(rows["a"], rows["b"])
    assert disagreement_of_runs({3: rows["a"][3]}, rows["b"]) is None
    assert disagreement_of_runs({}, rows["b"]) is None
    other = pack_predictions(1, "mnist", sets[0], sets[0])
    assert other.test_set != rows["a"][0].test_set
