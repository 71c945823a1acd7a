"""An optimisation's networks learn as its fields say; what is left out means what it meant."""

from __future__ import annotations

import pytest

from snnviz.design import adjacency
from snnviz.design.design import Design
from snnviz.design.links import differences, part_from_query, part_to_query
from snnviz.design.recipes import apply_recipe
from snnviz.errors import InputError
from snnviz.studies.skips.optimisation import Optimisation, optimisation_searches, starting_design


def test_what_a_setting_leaves_out_means_what_it_meant() -> None:
    """Adam at .003 throughout, 32 images a step: written out as before there were fields for it."""
    block = {"kind": "block", "edges": adjacency.resnet_like(4), "channels": 8, "dsc_fraction": 1.0, "norm": "batch"}
    training = {"learning_rate": 0.003, "schedule": "constant", "epochs": 6, "batch_size": 32}
    whole = {"network": block, "neuron": {"beta": 0.9}, "training": training}
    assert starting_design(Optimisation(), 0) == Design.check(whole)
    ucb, scratch = optimisation_searches(Optimisation(repeats=1))
    assert (ucb.tuning_rate, scratch.tuning_rate) == (0.003, 0.003)
    assert ucb.design == scratch.design == Design.check(whole)


def test_a_papers_recipe_reaches_every_network_of_a_search() -> None:
    """Benmeziane et al. 2023 on CIFAR-10: SGD at .01 with momentum .9, T = 25."""
    setting = apply_recipe(Optimisation(repeats=1, flip="on", shift=2), "skips, CIFAR-10")
    assert part_from_query(Optimisation, dict(pair.split("=", 1) for pair in part_to_query(setting).split("&")))
    for search in optimisation_searches(setting):
        training = search.design.training
        assert (training.optimizer.kind, training.optimizer["momentum"], training.learning_rate) == ("sgd", 0.9, 0.01)
        assert (search.design.data.steps, training.epochs, training.batch_size) == (25, 200, 32)
        assert (search.design.data.augment.flip, search.design.data.augment.shift) == ("on", 2)
    assert optimisation_searches(setting)[0].tuning_rate == 0.01
    own = optimisation_searches(setting.model_copy(update={"tuning_rate": 0.002}))[0]
    assert own.tuning_rate == 0.002
    assert own.design == optimisation_searches(setting)[0].design
    assert set(differences([starting_design(Optimisation(), 0), starting_design(Optimisation(batch_size=16), 0)])) == {
        "training.batch_size"
    }


def test_a_rate_that_no_search_takes_gets_a_sentence() -> None:
    with pytest.raises(InputError, match=r"^learning_rate must be at most 1 in a search, got 2.0$"):
        Optimisation.check({"learning_rate": 2})
