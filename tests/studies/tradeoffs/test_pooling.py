"""Two levels of an axis over all combinations of the others: which pairs, what is averaged, and what is missing."""

from __future__ import annotations

from statistics import fmean

import numpy as np
import pytest
from scipy import stats

from snnviz.design.experiment import Experiment
from snnviz.errors import InputError
from snnviz.events import EpochEnd
from snnviz.store import Store
from snnviz.studies.tradeoffs.comparing import Comparing
from snnviz.studies.tradeoffs.pooling import OTHER_IMAGES, PooledRuns, match_levels, pooled_runs
from snnviz.theory.metrics import METRICS
from snnviz.theory.predictions import pack_predictions
from tests.conftest import MakeDesign
from tests.store.test_metrics import end_run
from tests.studies.tradeoffs.command.test_comparing import RIGHT, asked_of, fill


def test_each_combination_and_seed_gives_a_pair_that_differs_in_the_level_alone(tiny: MakeDesign) -> None:
    asked = asked_of(tiny)
    found = match_levels(asked, 0, 1, 0).pairs(4)
    assert [(pair.seed, pair.combination) for pair in found] == [(s, n) for s in range(4) for n in range(3)]
    for pair in found:
        assert (pair.a.training.learning_rate, pair.b.training.learning_rate) == (0.02, 0.01)
        assert pair.a.training.batch_size == pair.b.training.batch_size == (10, 15, 20)[pair.combination]
        assert pair.a.seed == pair.b.seed == pair.seed
    own = {design.digest for design in asked.designs().values()}
    assert {side.digest for pair in found if pair.seed < 3 for side in (pair.a, pair.b)} == own


def test_groups_without_a_partner_are_counted(tiny: MakeDesign) -> None:
    """ReLUs know no time: what has T = 2 is of the LIF neuron alone."""
    asked = Experiment(base=tiny(), vary=("neuron.kind=lif,relu", "data.steps=1,2"), seeds=2)
    kinds = {levels: design.neuron.kind for levels, design in asked.groups().items()}
    found = match_levels(asked, 0, 0, 1)
    assert len(found.matched) == 1
    assert found.alone == len(kinds) - 2 == 1


def test_matrices_drawn_by_the_seed_are_those_of_the_experiment() -> None:
    asked = Experiment(vary=("network.edges=dsc-each:1,asc-each:1", "neuron.threshold=0.5,1"), seeds=3)
    found = match_levels(asked, 0, 0, 1).pairs(3)
    designs = asked.designs()
    assert {side.digest for pair in found for side in (pair.a, pair.b)} == {one.digest for one in designs.values()}


def test_differences_are_averaged_within_the_seed_and_t_is_over_seeds(store: Store, tiny: MakeDesign) -> None:
    asked = asked_of(tiny)
    fill(store, asked)
    found = pooled_runs(store, match_levels(asked, 0, 0, 1).pairs(3), curves=True)
    assert isinstance(found, PooledRuns)
    by_seed = [fmean((RIGHT[1, n][seed] - RIGHT[0, n][seed]) / 50 for n in range(3)) for seed in range(3)]
    interval = stats.ttest_1samp(by_seed, 0).confidence_interval(0.95)
    accuracy = found.compare(METRICS["accuracy"])
    assert (accuracy.difference, accuracy.seeds) == (pytest.approx(fmean(by_seed)), 3)
    assert (accuracy.low, accuracy.high) == (pytest.approx(interval.low), pytest.approx(interval.high))
    assert found.values[0]["accuracy"][1] == pytest.approx(fmean((32, 21, 14)) / 50)
    assert found.epochs[1][2][-1].test_accuracy == pytest.approx(fmean((38, 24, 13)) / 50)
    assert found.compare(METRICS["parameters"]).method == "exact"
    (note,) = found.notes
    assert "averaged over 3 combinations of the other settings within each seed" in note
    assert "so 3 seeds, not 9 pairs, say how certain the mean is" in note


def test_images_are_averaged_over_all_pairs_that_see_them(store: Store, tiny: MakeDesign) -> None:
    """All nine pairs have the same 50 images, which therefore count once."""
    asked = asked_of(tiny)
    fill(store, asked)
    found = pooled_runs(store, match_levels(asked, 0, 0, 1).pairs(3))
    images = found.images
    assert images is not None
    assert (images.only_a, images.images) == (1, 450)  # B is worse by one image in one of them
    right = {levels: [np.arange(50) < many for many in each] for levels, each in RIGHT.items()}
    each = np.mean([1.0 * right[1, n][s] - right[0, n][s] for n in range(3) for s in range(3)], axis=0)
    assert images.sd == pytest.approx((((each**2).sum() + 1) / 52 - images.difference**2) ** 0.5 / 52**0.5)
    assert "A and B disagree on 36 of 450 test images, those of 3 combinations and 3 seeds together" in (
        found.test_image_sentence
    )


def test_other_images_in_one_combination_are_no_pair_of_images(store: Store, tiny: MakeDesign) -> None:
    asked = Experiment(base=tiny(), vary=("training.learning_rate=0.01,0.02", "data.test_samples=20,40"), seeds=2)
    for levels in asked.groups():
        for seed in range(2):
            design = asked.design_of(levels, seed)
            labels = np.arange(design.data.test_samples) % 10
            rows = [pack_predictions(1, "digits", labels, labels), EpochEnd(1, 0.9, 1.0, 0.1, 0.1, 0.3, 0.01)]
            end_run(store, design, *rows, seconds=1.0)
    found = pooled_runs(store, match_levels(asked, 0, 0, 1).pairs(2))
    assert found.images is None
    assert found.test_image_sentence == OTHER_IMAGES


def test_missing_pairs_are_counted_and_every_seed_has_the_same_combinations(store: Store, tiny: MakeDesign) -> None:
    asked = asked_of(tiny)
    fill(store, asked, without=(((1, 2), 1),))
    found = pooled_runs(store, match_levels(asked, 0, 0, 1).pairs(3))
    by_seed = [fmean((RIGHT[1, n][seed] - RIGHT[0, n][seed]) / 50 for n in range(2)) for seed in range(3)]
    assert [*found.differences("accuracy").values()] == pytest.approx(by_seed)
    assert found.notes[1].startswith("1 of 9 pairs of runs are missing; 2 that are done are not used, so that every")
    whole = pooled_runs(store, match_levels(asked, 0, 0, 1).pairs(3), whole=True)
    assert [*whole.differences("accuracy")] == [0, 2]  # who looks after each seed waits for all of it


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"axis": "training.learning_rates"}, "axis must be an axis of the experiment, got 'training.learning_rates'"),
        ({"axis": "training.learning_rate", "levels": "1,3"}, "levels must be levels of the axis, which has 2"),
        ({"axis": "training.learning_rate", "levels": "1,1"}, "levels must be two different levels"),
        ({"axis": "training.learning_rate", "levels": "0,1"}, "levels must be two different levels"),
        ({"axis": "a\nb"}, "axis must be the name of an axis"),
    ],
)
def test_what_is_no_level_is_a_sentence(tiny: MakeDesign, settings: dict[str, str], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        Comparing.check(settings).pairs(asked_of(tiny))


def test_too_many_runs_are_a_sentence(tiny: MakeDesign) -> None:
    asked = Experiment(base=tiny(), vary=("training.learning_rate=0.01,0.02", "neuron.threshold=0.1..2/100"), seeds=1)
    with pytest.raises(InputError, match="the comparison must come to at most 2,000 runs, got 4,000"):
        match_levels(asked, 0, 0, 1).pairs(20)


def test_axes_one_at_a_time_have_the_base_as_their_only_combination(tiny: MakeDesign) -> None:
    asked = Experiment(base=tiny(), vary=("training.learning_rate=0.01,0.02", "neuron.threshold=0.5,2"), how="each")
    found = match_levels(asked, 1, 0, 1)
    assert len(found.matched) == 1
    assert found.alone == 0


def test_spread_points_share_no_combination(tiny: MakeDesign) -> None:
    asked = Experiment(
        base=tiny(), vary=("neuron.threshold=0.5,2", "training.learning_rate=0.001..0.1/log"), how="spread", points=4
    )
    with pytest.raises(InputError, match="the experiment must be run with both A and B in some combination"):
        match_levels(asked, 0, 0, 1).pairs(3)
