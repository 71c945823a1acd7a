"""What is said of a search: no winner that images and trainings alone could have made."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from snnviz.design.networks import BlockNetwork
from snnviz.events import EpochEnd
from snnviz.studies.skips.charts import findings
from snnviz.studies.skips.charts.retraining import Retraining, retraining, retraining_text
from snnviz.studies.skips.charts.search import SearchHistory
from snnviz.studies.skips.optimisation import retraining_designs
from snnviz.studies.skips.search import candidate_design
from snnviz.theory import costs
from snnviz.theory.operations import OperationCounts
from tests.made_up import ALL, codes, trial
from tests.results import made_result

UCB, RANDOM = ALL[0], ALL[1]


def valued(*values: float, error: float) -> SearchHistory:
    some = zip(codes(UCB.search), values, strict=False)
    trials = [trial(UCB.search, n, code, value=value, error=error) for n, (code, value) in enumerate(some)]
    return SearchHistory(UCB.search, tuple(trials))


KNOWN = Retraining(sd=0.1, freedom=24, networks=6, trainings=30)


def test_no_winner_is_named_within_the_noise_of_images_and_training() -> None:
    """A difference has a standard error of sqrt(2 (0.1² + 0.1²)) = 0.2; of two comparisons 2.39 of them are needed."""
    said = findings.winner_text(valued(1.0, 1.2, 5.0, error=0.1), KNOWN)
    assert said.startswith(
        "No candidate leads. The best 2 of 3 candidates are within 2.5 standard errors of the best, as 3 equal ones "
        "all are in 95 % of searches: "
    )
    assert "of the 400 images kept apart and of training (± 0.1 between trainings of one network" in said
    assert findings.winner_text(valued(1.0, 1.2, error=0.1), KNOWN).startswith(
        "No candidate leads. All 2 candidates are"
    )
    assert findings.winner_text(valued(5.0, 1.0, 1.6, error=0.1), KNOWN).startswith(
        "No. 2 leads by 3.0 standard errors"
    )
    assert findings.has_winner(valued(5.0, 1.0, 1.6, error=0.1), KNOWN)
    assert "nothing yet" in findings.winner_text(valued(1.0, error=0.1), KNOWN)


def test_images_alone_name_no_winner() -> None:
    """2.1 standard errors of the images alone were a winner before; two trainings may lie as far apart."""
    said = findings.winner_text(valued(5.0, 1.0, 1.6, error=0.1), None)
    assert said.startswith(
        "By the images alone no. 2 leads, by 4.2 standard errors, but that leaves out that trainings"
    )
    assert "train the best again" in said
    assert not findings.has_winner(valued(5.0, 1.0, 1.6, error=0.1), None)


def test_in_95_of_100_searches_among_equals_nothing_is_named() -> None:
    """2,000 searches of 20 candidates that are all as good, drawn with a seed fixed beforehand: images and trainings
    scatter equally, and how far trainings do was measured on 6 networks of 4."""
    draw = np.random.default_rng(16)
    search = UCB.search.model_copy(update={"iterations": 10})
    own = (2, 0, 0)
    others = [code for code in product(range(3), repeat=3) if code != own][:19]
    winners, worse, apart, before = 0, 0, 0, 0
    for _ in range(2000):
        values = 1 + draw.normal(0, 0.1, 20) + draw.normal(0, 0.1, 20)
        spread = float(np.sqrt(np.mean(np.var(draw.normal(0, 0.1, (6, 4)), axis=1, ddof=1))))
        known = Retraining(spread, 18, 6, 24)
        trials = [
            trial(search, n, code, value=float(value), error=0.1)
            for n, (code, value) in enumerate(zip([own, *others], values, strict=True))
        ]
        found = SearchHistory(search, tuple(trials))
        winners += findings.has_winner(found, known)
        worse += findings.against_original_text(found, known).startswith("The original is worse")
        apart += len(findings.tied_with_best(found, known)) < 20
        before += len(findings._within(found, known, findings.noise_floor(known, 19))) < 20
    assert winners / 2000 <= 0.05
    assert worse / 2000 <= 0.05
    assert apart / 2000 <= 0.05  # of the sentence on those near the best
    assert before / 2000 > 0.07  # by the limit for naming a winner, which it went by


def test_the_best_is_compared_with_the_original_where_that_was_tried() -> None:
    search = UCB.search
    own = (2, 0, 0)
    assert candidate_design(search, own).network.matrices == search.design.network.matrices
    other = next(code for code in codes(search) if code != own)

    def found(value: float, known: Retraining | None = KNOWN) -> str:
        return findings.against_original_text(
            SearchHistory(search, (trial(search, 0, own, value=value), trial(search, 1, other, value=1.0))), known
        )

    assert found(1.3).startswith("The original cannot be told from the best")
    assert found(1.3, None).startswith("The original is 0.3 from the best, more than the images' error explains")
    assert found(2.0).startswith("The original is worse by 1,")
    assert found(0.5) == "The best candidate is the original itself."
    lone = SearchHistory(search, (trial(search, 0, other),))
    assert "were not among the candidates" in findings.against_original_text(lone, KNOWN)


def test_random_candidates_are_said_to_be_trained_otherwise() -> None:
    said = findings.against_random_text(valued(1.0, error=0.1), RANDOM, KNOWN)
    assert said.startswith("The best random candidate is worse by")
    assert "They were not trained alike: from shared weights here, from scratch there" in said
    assert "that trainings differ is left out" in findings.against_random_text(valued(1.0, error=0.1), RANDOM, None)
    close = SearchHistory(RANDOM.search, (trial(RANDOM.search, 0, codes(RANDOM.search)[0], value=1.3),))
    said = findings.against_random_text(valued(1.0, error=0.1), close, KNOWN)
    assert said.startswith("The best random candidate cannot be told")


def test_the_spread_of_trainings_is_pooled_over_networks() -> None:
    """Two networks of four trainings: the root of the mean of their variances."""
    groups = retraining_designs(UCB.search, [(1, 0, 0)])
    names = [design.digest for designs in groups.values() for design in designs]
    draw = np.random.default_rng(1)
    losses = {name: float(loss) for name, loss in zip(names, draw.normal(0.1, 0.02, len(names)), strict=True)}
    ends = {name: EpochEnd(1, 0.9, 0.9 + loss / 10, 0.1, loss, 0.2, 0.003) for name, loss in losses.items()}
    results = {
        name: made_result(end.test_accuracy, 0.2, 0.1, OperationCounts(9, 1, 2, 1, 2)) for name, end in ends.items()
    }
    found = retraining([(UCB.search, groups)], ends, results)
    assert found is not None
    by_group = [[losses[design.digest] for design in designs] for designs in groups.values()]
    assert found.sd == pytest.approx(np.sqrt(np.mean([np.var(some, ddof=1) for some in by_group])))
    assert (found.networks, found.trainings, found.freedom) == (len(groups), 4 * len(groups), 3 * len(groups))
    assert retraining([(UCB.search, groups)] * 2, ends, results) == found  # a network of two searches counts once
    few = {name: ends[name] for name in names[:3]}
    assert retraining([(UCB.search, groups)], few, results) is None
    best, other = by_group[0], [losses[design.digest] for design in groups["original"]]
    said = retraining_text(groups, results)
    difference = np.mean(best) * 10 - np.mean(other) * 10
    assert said[0].startswith("Trained anew, from scratch with other seeds, the best reaches in test accuracy ")
    assert f"of its parameters: {difference:+.1f} points (95 %" in said[0]
    assert said[1].split("over ")[1].startswith("a plain block of equal parameters")
    assert retraining_text(groups, {}) == []


def test_what_is_trained_again_is_the_best_the_original_and_a_plain_block_as_large() -> None:
    search = UCB.search
    best = (1, 1, 1)
    groups = retraining_designs(search, [best, (2, 0, 0), (0, 0, 1)])
    assert list(groups) == ["111", "200", "plain"]  # the second best is the original
    for designs in groups.values():
        assert [design.seed for design in designs] == [search.design.seed + n for n in range(1, 5)]
    wide, skips = groups["plain"][0], groups["111"][0]
    assert costs.parameter_count(wide) == pytest.approx(costs.parameter_count(skips), rel=0.25)
    assert isinstance(wide.network, BlockNetwork)
    assert not any(map(any, wide.network.edges))


def test_carried_weights_are_told_from_what_skips_do() -> None:
    assert findings.order_text(UCB) == ""
    search = UCB.search.model_copy(update={"weights": "carried"})
    trials = tuple(trial(search, n, code, value=3.0 - n) for n, code in enumerate(codes(search)))
    assert "by τ = -1.00" in findings.order_text(SearchHistory(search, trials))
