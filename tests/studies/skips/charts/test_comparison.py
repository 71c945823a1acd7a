"""The results table, and the numbers of the paper beside it."""

from __future__ import annotations

import numpy as np
import pytest

from snnviz.design.links import change
from snnviz.graph.twins import ann_twin
from snnviz.studies.skips.charts import comparison
from snnviz.studies.skips.charts.comparison import PUBLISHED, SeedDesigns, comparison_table, gain_text, published
from snnviz.studies.skips.optimisation import Optimisation, starting_design
from snnviz.theory.operations import OperationCounts
from tests.results import changed, made_result


def three(seed: int) -> SeedDesigns:
    original = starting_design(Optimisation(), seed)
    return SeedDesigns(
        ann_twin(original), original, change(original, {"network.edges": "00111/00011/00001/00000/00000"})
    )


THREES = [three(seed) for seed in range(5)]
RESULTS = {
    own.digest: made_result(
        0.8 + 0.05 * place + 0.01 * seed * place, rate, None, OperationCounts(9000, 1000.0, 500.0, 1200.0, 0.0)
    )
    for seed, one in enumerate(THREES)
    for own, place, rate in ((one.original, 0, 0.2), (one.optimised, 1, 0.25), (one.ann, 2, None))
    if own is not None
}


def test_it_is_mean_and_interval_over_the_seeds_that_are_done() -> None:
    table = comparison_table(THREES, RESULTS)
    assert table["test accuracy"].tolist() == ["94.0 ± 3.9 %", "80.0 %", "87.0 ± 2.0 %"]
    assert table["firing rate"].fillna("none").tolist() == ["none", "20.0 %", "25.0 %"]
    assert table["seeds"].tolist() == ["5 of 5"] * 3
    assert table["operations"][0] == "1,500"
    older = {name: changed(one, estimated=1.0) for name, one in RESULTS.items()}
    assert comparison_table(THREES, older)["operations"][0] == "1,500 (estimated)"
    some = {THREES[0].original.digest: RESULTS[THREES[0].original.digest]}
    assert comparison_table(THREES, some)["seeds"].tolist() == ["0 of 5", "1 of 5", "0 of 5"]
    assert comparison_table(THREES, some)["test accuracy"].dropna().tolist() == ["80.0 %"]


def test_a_gain_that_is_the_same_at_each_seed_is_not_told_apart() -> None:
    alike = {digest: changed(one, accuracy=round(one.accuracy, 1)) for digest, one in RESULTS.items()}
    assert gain_text(THREES[:2], alike).endswith("points, the same at each seed. This says little.")


def test_the_gain_is_taken_seed_by_seed() -> None:
    said = gain_text(THREES, RESULTS)
    assert said.startswith("Optimised skips change the test accuracy by +7.0 points (95 %: +5.0 to")
    assert "5 seeds), told apart. They have " in said
    assert "more parameters: that alone may change it." in said
    two = gain_text(THREES[:2], RESULTS)  # 5 and 6 points: of two seeds the interval is 12.7 standard errors wide
    assert "(95 %: -0.9 to +11.9, 2 seeds), not told apart" in two
    assert "of one seed. This says little" in gain_text(THREES[:1], RESULTS)
    assert gain_text(THREES, {}) == ""


@pytest.mark.parametrize(("data", "mean"), [("CIFAR-10", 11.48), ("CIFAR-10-DVS", 9.14), ("DVS128 Gesture", 10.24)])
def test_the_papers_gains_are_recomputed_from_its_table(data: str, mean: float) -> None:
    rows = PUBLISHED[PUBLISHED["data"] == data]
    before, after = (rows[name].str.split(" ").str[0].astype(float) for name in ("SNN, %", "optimised, %"))
    assert np.mean(after - before) == pytest.approx(mean, abs=0.005)


def test_a_network_is_shown_its_own_rows() -> None:
    assert published("resnet18")["network"].tolist() == ["resnet18"] * 3
    assert len(published("block")) == 9


def test_the_doubt_names_what_contradicts_itself_and_not_what_is_rounded() -> None:
    """The gains are those of the table as it is kept here: optimised less SNN, by data set."""
    own = comparison.PUBLISHED
    means = {}
    for data, rows in own.groupby("data", sort=False):
        pairs = zip(rows["optimised, %"], rows["SNN, %"], strict=True)
        means[data] = sum(float(a.split()[0]) - float(b.split()[0]) for a, b in pairs) / len(rows)
    for gained in means.values():
        assert f"+{gained:.2f}" in comparison.DOUBT
    assert "8 %" in comparison.DOUBT
    assert "raise the firing rate over added ones, and that they lower it" in comparison.DOUBT
    assert "five minutes stands in the conclusion alone" in comparison.DOUBT
    assert not any(rounded in comparison.DOUBT for rounded in ("11.3", "9.3", "10.2 "))
