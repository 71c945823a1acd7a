"""Settings of an optimisation of skips: the searches that it consists of, and the runs that its results table needs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import PlainValidator, model_validator

from snnviz.data.datasets import parse_dataset_name
from snnviz.design import adjacency
from snnviz.design.design import Design
from snnviz.design.recipes import Recipe
from snnviz.design.registry import Range
from snnviz.errors import InputError
from snnviz.graph.controls import can_be_plain, match_control, plain_block
from snnviz.studies.skips.search import Code, Kernel, Objective, Search, candidate_design, format_code


class Optimisation(Recipe):
    """Setting of searches for the best skips: GP-UCB with shared weights, compared with random search from scratch
    (Benmeziane et al. 2023, Fig. 3).

    The defaults are small enough for a laptop: a block of four layers, 729 matrices, on digits. The schedule is for
    networks trained from scratch; shared weights and fine-tuning of candidates use a constant learning rate.
    """

    noun = "an optimisation"

    network: Literal["block", "resnet18", "densenet121", "mobilenetv2"] = "block"
    layers: Annotated[int, Range(2, adjacency.MAX_DEPTH, "Layers of the block.", 1)] = 4
    channels: Annotated[int, Range(1, 256, "Channels of every layer of the block.", 1)] = 8
    width: Annotated[float, Range(0.03125, 1, "Share of the architecture's channels.", 0.0625)] = 0.125
    depth: Annotated[float, Range(0.05, 1, "Share of the architecture's layers.", 0.25)] = 0.5
    block: Annotated[
        int, Range(0, 7, "The block of the architecture that is searched; 0 means all of them.", 1, "Block searched")
    ] = 0
    data: Annotated[str, PlainValidator(parse_dataset_name)] = "digits"
    train_samples: Annotated[
        int, Range(0, 1_000_000, "Training images to use, those kept apart among them; 0 means all.", 500)
    ] = 0
    validation: Annotated[
        int, Range(10, 100_000, "Training images kept apart to judge candidates by.", 100, "Kept apart")
    ] = 400
    steps: Annotated[int, Range(1, 50, "Time steps T of the spiking networks; their ANN twin has one.", 1)] = 5
    threshold: Annotated[float, Range(0, 4, "Potential above which a neuron spikes (theta).", 0.05)] = 1.0
    beta: Annotated[float, Range(0, 1, "Leak: the share of the potential kept from one step to the next.", 0.05)] = 0.9
    skips: Literal["both", "dsc", "asc"] = "both"
    epochs: Annotated[
        int, Range(1, 300, "Epochs of a network that is trained from scratch.", 1, "Epochs from scratch")
    ] = 6
    batch_size: Annotated[int, Range(1, 2048, "Images in a training step.", 16)] = 32
    objective: Objective = "loss"
    price: Annotated[
        float,
        Range(0, 1000, "Percentage points that a million synaptic operations of an image are worth.", 0.1, "Price, pp"),
    ] = 1.0
    iterations: Annotated[int, Range(1, 200, "How often candidates are chosen.", 1)] = 10
    parallel: Annotated[
        int, Range(1, 16, "Candidates chosen at a time (k), trained side by side.", 1, "In parallel, k")
    ] = 2
    repeats: Annotated[int, Range(1, 10, "Searches of each kind, each with a seed of its own.", 1, "Seeds")] = 2
    weights: Literal["frozen", "carried"] = "frozen"
    shared_epochs: Annotated[int, Range(0, 200, "Epochs in which the shared weights learn.", 1, "Shared epochs")] = 12
    tuning_rate: Annotated[
        float,
        Range(0, 1, "Learning rate in a candidate's own epochs; 0: that of all networks.", 0.0005, "Own learning rate"),
    ] = 0.0
    tuning_epochs: Annotated[
        int, Range(0, 50, "Epochs of a candidate's own, from the shared weights on.", 1, "Own epochs")
    ] = 1
    kernel: Kernel = "hamming"
    kappa: Annotated[
        float, Range(0, 20, "Weight of the uncertainty when candidates are chosen, at first.", 0.1, "κ at first")
    ] = 2.5
    decay: Annotated[
        float, Range(0.1, 1, "Factor by which that weight shrinks with each iteration.", 0.01, "Its decay")
    ] = 0.98
    random: Literal["with", "without"] = "with"
    """Whether each search is accompanied by a random search, whose candidates are trained from scratch."""

    @model_validator(mode="after")
    def _can_be_searched(self) -> Optimisation:
        if self.learning_rate > 1:
            raise InputError("learning_rate", "be at most 1 in a search", self.learning_rate)
        optimisation_searches(self)
        return self


OPTIMISATIONS: dict[str, Optimisation] = {}
"""Named settings to start from."""


@lru_cache(maxsize=64)
def optimisation_searches(setting: Optimisation) -> tuple[Search, ...]:
    """Returns the search tasks of a setting, seed by seed: the GP-UCB search, and the random one. Raises
    `InputError`.

    >>> [(search.strategy, search.weights, search.seed) for search in optimisation_searches(Optimisation(repeats=1))]
    [('ucb', 'frozen', 0), ('random', 'scratch', 0)]
    """
    found = []
    for seed in range(setting.repeats):
        both = {
            "design": starting_design(setting, seed),
            "skips": setting.skips,
            "block": setting.block,
            "iterations": setting.iterations,
            "parallel": setting.parallel,
            "objective": setting.objective,
            "price": setting.price,
            "validation": setting.validation,
            "seed": seed,
        }
        own = {
            "weights": setting.weights,
            "shared_epochs": setting.shared_epochs,
            "tuning_epochs": setting.tuning_epochs,
            "tuning_rate": setting.tuning_rate or setting.learning_rate,
            "kernel": setting.kernel,
            "kappa": setting.kappa,
            "decay": setting.decay,
        }
        found.append(Search.from_sparse({**both, **own}))
        if setting.random == "with":
            found.append(Search.from_sparse({**both, "strategy": "random", "weights": "scratch"}))
    return tuple(found)


BEST, TIMES = 2, 4
"""How many of the best candidates are trained again, and how often."""


def retraining_designs(search: Search, best: Sequence[Code]) -> dict[str, tuple[Design, ...]]:
    """Returns the designs that check a search: the best candidates and their controls, trained again from scratch with
    different seeds, by name.

    Names: the best candidates' codes, "original", and for a block "plain": without skips, as many parameters as the
    best.

    >>> search = optimisation_searches(Optimisation())[0]
    >>> [(name, len(designs)) for name, designs in retraining_designs(search, [(1, 1, 1, 1, 1, 1)]).items()]
    [('111111', 4), ('original', 4), ('plain', 4)]
    """
    chosen = {format_code(code): candidate_design(search, code) for code in best[:BEST]}
    if search.design not in chosen.values():
        chosen["original"] = search.design
    if best and can_be_plain(search.design):
        first = candidate_design(search, best[0])
        own = plain_block(first, match_control(first, "parameters").channels)
        chosen |= {} if own in chosen.values() else {"plain": own}
    return {
        name: tuple(one.model_copy(update={"seed": one.seed + n}) for n in range(1, TIMES + 1))
        for name, one in chosen.items()
    }


def starting_design(setting: Optimisation, seed: int) -> Design:
    """Returns the network that a skip search starts from, with the skips of its paper; for a block, those of a
    ResNet.
    """
    if setting.network == "block":
        network = {
            "kind": "block",
            "edges": adjacency.resnet_like(setting.layers),
            "channels": setting.channels,
            "dsc_fraction": 1.0,
            "norm": "batch",
        }
    else:
        network = {"kind": setting.network, "width": setting.width, "depth": setting.depth}
    document = {
        "data": {
            "name": setting.data,
            "steps": setting.steps,
            "train_samples": setting.train_samples,
            "augment": setting.augment,
        },
        "network": network,
        "neuron": {"threshold": setting.threshold, "beta": setting.beta},
        "training": {**setting.training, "epochs": setting.epochs},
        "seed": seed,
    }
    return Design.from_sparse(document)


OPTIMISATIONS |= {  # small ones of ours: the papers' are `recipes.RECIPES`
    "block of 4": Optimisation(),
    "ResNet-18": Optimisation(network="resnet18", depth=1, threshold=0.5, repeats=1),
    "DenseNet-121": Optimisation(network="densenet121", width=0.25, depth=0.25, threshold=0.5, repeats=1),
    "MobileNetV2": Optimisation(network="mobilenetv2", width=0.25, threshold=0.5, repeats=1, epochs=12),
}
