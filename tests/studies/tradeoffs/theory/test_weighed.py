"""What is weighed: means over seeds, limits, by which images a best is chosen, and the fields that vary."""

from __future__ import annotations

import numpy as np
import pytest

from snnviz.design.design import Design
from snnviz.errors import InputError
from snnviz.studies.tradeoffs.charts.front import certainty_words, chosen_words
from snnviz.studies.tradeoffs.neighbours import neighbours
from snnviz.studies.tradeoffs.theory.weighed import varying_fields, weigh_groups
from snnviz.studies.tradeoffs.weighing import Weighing, available_objectives, get_objective, parse_limit
from snnviz.theory.importance import ABSENT
from snnviz.theory.intervals import confidence_interval
from snnviz.theory.metrics import METRICS
from tests.studies.tradeoffs.groups import THRESHOLDS, factorial, group

BOTH = [get_objective("accuracy"), get_objective("operations")]


def test_a_group_is_its_mean_with_the_interval_of_its_seeds() -> None:
    groups = factorial()
    found = weigh_groups(groups, BOTH)
    for place, one in enumerate(groups):
        for side, name in enumerate(("accuracy", "operations")):
            wanted = confidence_interval([*one.values[name].values()])
            got = [float(each[place, side]) for each in (found.mean, found.low, found.high)]
            assert got == pytest.approx([wanted.mean, wanted.low, wanted.high])
    # More accuracy costs operations: of each threshold the best initialisation is on the front.
    assert sorted({groups[place].settings.get("neuron.threshold", 1.0) for place in np.flatnonzero(found.front)}) == [
        *THRESHOLDS
    ]
    assert found.front.sum() < len(groups)


def test_what_seeds_leave_open_of_the_front_is_said() -> None:
    """Groups far apart are told apart; those whose intervals overlap, and one with a single seed, are not. What follows
    from the design alone needs no interval."""
    apart = [group(n, {"neuron.beta": 0.1 * n}, accuracy=[0.5 + n / 10, 0.501 + n / 10, 0.502 + n / 10],
                   operations=[n * 10.0, n * 10 + 0.1, n * 10 + 0.2]) for n in range(1, 4)]  # fmt: skip
    found = weigh_groups(apart, BOTH)
    assert (found.front.tolist(), found.told_apart.tolist()) == ([True] * 3, [True] * 3)
    assert certainty_words(found) == ""
    near = [group(1, {}, accuracy=[0.8, 0.85, 0.9], parameters=100.0),
            group(2, {"neuron.beta": 0.9}, accuracy=[0.79, 0.84, 0.89], parameters=100.0),
            group(3, {"neuron.beta": 0.8}, accuracy=[0.1, 0.11, 0.12], parameters=100.0)]  # fmt: skip
    found = weigh_groups(near, [get_objective("accuracy"), get_objective("parameters")])
    assert (found.front.tolist(), found.told_apart.tolist()) == ([True, False, False], [False, False, True])
    assert certainty_words(found) == (
        "Not told apart: 1 of the front may in truth be beaten and 1 other may belong on it, as 95 % intervals over "
        "seeds overlap."
    )
    alone = weigh_groups([*near, group(4, {"neuron.beta": 0.7}, 1, accuracy=0.2, parameters=100.0)],
                  [get_objective("accuracy"), get_objective("parameters")])  # fmt: skip
    assert "2 others may belong on it, as 95 % intervals over seeds overlap, or there is one seed and none." in (
        certainty_words(alone)
    )


def test_limits_are_of_means_and_the_front_is_of_what_is_left() -> None:
    groups = factorial()
    limited = weigh_groups(groups, BOTH, Weighing.check({"limits": "rate<25%,parameters<=12000"}).bounds)
    rates = [np.mean([*one.values["rate"].values()]) for one in groups]
    assert limited.left.tolist() == [rate <= 0.25 for rate in rates]
    assert 0 < limited.left.sum() < len(groups)
    assert not (limited.front & ~limited.left).any()
    assert not weigh_groups(groups, BOTH, [parse_limit("latency<3")]).left.any()  # what has no number is not below it


def test_what_lacks_an_objective_is_left_out_and_beats_nothing() -> None:
    groups = [group(0, {}, accuracy=0.9, operations=10.0), group(1, {"neuron.beta": 0.9}, accuracy=0.99)]
    found = weigh_groups(groups, BOTH)
    assert (found.left.tolist(), found.front.tolist()) == ([True, False], [True, False])
    assert [one.key for one in weigh_groups([*groups, group(2, {})], BOTH).groups] == [one.key for one in groups]


def test_a_best_is_chosen_by_validation_where_all_have_it() -> None:
    """Else on the test images, which is said, with how many have more."""
    some = [group(0, {}, accuracy=0.9, validation_accuracy=0.7, operations=2.0),
            group(1, {"neuron.beta": 0.9}, accuracy=0.8, validation_accuracy=0.8, operations=1.0)]  # fmt: skip
    found = weigh_groups(some, BOTH)
    assert (found.chosen_on, [one.name for one in found.objectives]) == (
        "validation",
        ["validation_accuracy", "operations"],
    )
    assert found.front.tolist() == [False, True]  # on the test images both were
    mixed = weigh_groups([*some, group(2, {"neuron.beta": 0.8}, accuracy=0.5, operations=1.0)], BOTH)
    assert (mixed.chosen_on, mixed.partly, mixed.objectives[0].name) == ("test", 2, "accuracy")
    assert weigh_groups(some, [get_objective("rate"), get_objective("operations")]).chosen_on == ""
    assert "the test images are asked once" in chosen_words(found)
    limited = weigh_groups(some, BOTH, [parse_limit("accuracy>=0.85")])
    assert limited.front.tolist() == [True, False]
    assert "but of groups within a limit on the test images" in chosen_words(limited)


def test_fields_that_vary_are_told_with_what_a_link_leaves_out() -> None:
    """A field that follows from a kind is none of its own."""
    fields = weigh_groups(factorial(), BOTH).fields
    assert list(fields) == ["neuron.threshold", "init.kind"]
    assert set(fields["neuron.threshold"]) == {*THRESHOLDS}
    kinds = varying_fields([{"neuron.kind": "plif"}, {}, {"neuron.kind": "plif", "neuron.threshold": 0.5}])
    assert kinds["neuron.kind"] == ["plif", "lif", "plif"]
    assert kinds["neuron.threshold"] == [1.0, 1.0, 0.5]
    assert all(len({repr(v) for v in values if v is not ABSENT}) > 1 for values in kinds.values())


def test_what_mattered_and_how_the_front_grew() -> None:
    found = weigh_groups(factorial(), BOTH)
    importances = {one.field: one for one in found.importances(1)}
    assert importances["neuron.threshold"].is_significant
    assert not importances["init.kind"].is_significant
    runs, shares = found.hypervolume_course()
    assert (runs[0], runs[-1], shares[-1]) == (3, 36, 1.0)
    assert shares == sorted(shares)
    assert weigh_groups([], BOTH).hypervolume_course() == ([], [])


def test_a_front_may_grow_with_the_last_group_only() -> None:
    """The first two are worst in one objective each, so that they are the corners that volumes are measured from."""
    values = [(0.9, 20.0), (0.8, 10.0), (0.85, 15.0)]
    groups = [
        group(number, {"neuron.threshold": number + 1}, accuracy=accuracy, operations=operations)
        for number, (accuracy, operations) in enumerate(values)
    ]
    assert weigh_groups(groups, BOTH).hypervolume_course() == ([3, 6, 9], [0.0, 0.0, 1.0])


@pytest.mark.parametrize(("given", "sentence"), [
    ({"objectives": "accuracy"}, "objectives must be two or three metrics, got 1"),
    ({"objectives": "accuracy,accuracy"}, "objectives must be different metrics"),
    ({"objectives": "accuracy,syops"}, "did you mean 'synops'?"),
    ({"objectives": "accuracy,estimated"}, "objectives must be metrics of runs"),
    ({"limits": "rate=3"}, "limits must have the form metric<number"),
    ({"limits": "rate<1e999"}, "limits must have the form metric<number"),
    ({"limits": "raet<1"}, "did you mean 'rate'?"),
    ({"of": "everything"}, "of must"),
    ({"point": "../../etc"}, "point must be the key of a group"),
    ({"where": "x" * 600}, "must have texts of at most 500 characters"),
])  # fmt: skip
def test_what_cannot_be_weighed_is_one_sentence(given: dict[str, str], sentence: str) -> None:
    with pytest.raises(InputError) as error:
        Weighing.check(given)
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_every_objective_has_a_direction_and_limits_are_read_and_written() -> None:
    assert {one.direction for one in available_objectives()} == {"more", "less"}
    assert get_objective("rate").direction == "less"
    assert all(one.name in METRICS for one in available_objectives())
    asked = Weighing.check({"limits": "rate<6%,rate>0.01,rate<10%"})
    assert asked.limits == ("rate<=0.06", "rate>=0.01")
    assert Weighing.check(asked.document()) == asked


def test_neighbours_are_one_step_along_each_axis() -> None:
    """Valid ones alone: a threshold of 10 is the highest there is; kinds are all one step apart."""
    fields = {"neuron.threshold": [5.0, 7.5, 10.0], "init.kind": ["kaiming", "glorot", "variance-preserving"],
              "network.width": [ABSENT, 8, 16], "training.learning_rate": [1e-4, 1e-3, 1e-2]}  # fmt: skip
    found = neighbours(Design(neuron={"threshold": 10.0}), fields, 2)
    assert [(one.path, one.now, one.beyond) for one in found] == [
        ("neuron.threshold", 7.5, False),
        ("init.kind", "glorot", False),
        ("init.kind", "kaiming", False),
        ("training.learning_rate", 1e-3, False),
        ("training.learning_rate", 0.1, True),
    ]
    assert found[0].design.neuron.threshold == 7.5
    assert [one.now for one in neighbours(Design(), {"neuron.beta": [0.5]}, 0)] == []
