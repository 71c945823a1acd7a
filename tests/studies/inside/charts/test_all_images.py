"""Figures and tables of all test images."""

from __future__ import annotations

import numpy as np
import pytest

from snnviz.studies.inside.charts import all_images
from snnviz.studies.inside.look import Answer
from snnviz.theory.intervals import wilson_interval

LABELS = np.array([0] * 10 + [1] * 4)
PREDICTED = np.array([0] * 8 + [1] * 2 + [1] * 4)
LAYER = {"index": 0, "name": "L1", "neurons": 50}
ANSWER = Answer(
    {"classes": 3, "layers": [LAYER], "images": 14, "accuracy": 12 / 14},
    {"labels": LABELS, "predicted": PREDICTED, "rates.0": np.array([0.0] * 45 + [0.5, 1.0, 1.0, 0.2, 0.3])},
)


def test_accuracy_by_class_has_its_interval() -> None:
    (bars,) = all_images.classes_chart(ANSWER).figure["data"]
    assert bars["y"] == [0.8, 1, None], "nothing is said of a class without images"
    for k, (hits, count) in enumerate(((8, 10), (4, 4))):
        low, high = wilson_interval(hits, count)
        assert bars["y"][k] + bars["error_y"]["array"][k] == pytest.approx(high, abs=1e-3)
        assert bars["y"][k] - bars["error_y"]["arrayminus"][k] == pytest.approx(low, abs=1e-3)
    assert "Wilson" in all_images.classes_chart(ANSWER).caption
    assert "Never given as an answer: 2." in all_images.classes_chart(ANSWER).caption


def test_misread_images_come_first_and_else_in_order() -> None:
    assert all_images.misclassified_first(ANSWER).tolist() == [8, 9, *range(8), *range(10, 14)]


def test_neurons_that_never_spike_and_those_that_always_do_are_named() -> None:
    never, always = all_images.stuck_neurons_table(ANSWER).to_dict("records")
    assert (never["spikes"], never["neurons"], never["which"][:10]) == ("never", 45, "0, 1, 2, 3")
    assert never["which"].endswith("39 and 5 more")
    assert (always["spikes"], always["which"]) == ("always", "46, 47")
