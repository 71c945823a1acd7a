"""Whatever picks a best says by which images."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.theory.choosing import OFFERED_SHARE, criterion, hold_out, stored_runs_left_out
from snnviz.theory.metrics import METRICS

HELD = {"accuracy": 0.9, "loss": 0.3, "validation_accuracy": 0.8, "validation_loss": 0.4}
PLAIN = {"accuracy": 0.95, "loss": 0.2, "validation_accuracy": None}


@pytest.mark.parametrize(
    ("runs", "metric", "words"),
    [
        ([HELD, HELD], "validation_accuracy", "chosen by validation accuracy; the test images had no say"),
        ([HELD, {}, {"accuracy": None}], "validation_accuracy", "the test images had no say"),  # those are not done
        ([PLAIN], "accuracy", "chosen on the test images, .*: no training images are held out"),
        ([], "accuracy", "no training images are held out"),
        ([HELD, HELD, PLAIN], "accuracy", "1 of 3 runs holds no training images out"),
        ([HELD, PLAIN, PLAIN], "accuracy", "2 of 3 runs hold no training images out"),
    ],
)
def test_it_is_chosen_by_validation_only_where_all_have_it(
    runs: list[Mapping[str, float | None]], metric: str, words: str
) -> None:
    found = criterion(runs)
    assert found.metric == metric
    assert found.held_out == metric.startswith("validation")
    assert METRICS[found.metric].better == "more"
    assert re.search(words, found.words)


def test_the_loss_is_chosen_by_alike() -> None:
    assert criterion([HELD], "loss").metric == "validation_loss"
    assert METRICS["validation_loss"].better == "less"
    assert "2 of 3 groups" in criterion([HELD, PLAIN, PLAIN], "loss", noun="group").words


def test_runs_that_would_be_trained_anew_are_counted() -> None:
    several = [change(Design(), {"seed": seed}) for seed in range(5)]
    assert [design.data.validation for design in map(hold_out, several)] == [OFFERED_SHARE] * 5
    assert hold_out(several[0]) == change(several[0], {"data.validation": OFFERED_SHARE})
    known = {several[0].digest, several[1].digest, hold_out(several[1]).digest, hold_out(several[2]).digest}
    assert stored_runs_left_out(several, lambda digests: known & {*digests}) == 1  # the first
    assert stored_runs_left_out([hold_out(several[2])], lambda digests: known & {*digests}) == 0
