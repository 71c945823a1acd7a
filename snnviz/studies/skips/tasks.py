"""The kind of task "search": a search for skips."""

from __future__ import annotations

import math

from snnviz.graph.twins import ann_twin
from snnviz.studies.skips.search import Model, Search, Trial, Twin, widest_design
from snnviz.tasks import Cost, GalleryEntry, TaskKind
from snnviz.theory import costs

SIDE_BY_SIDE = 2
"""Number of candidates in memory at once."""


def cost(search: Search) -> Cost:
    """Returns the estimated cost of a search for skips; its progress counts training steps of the ANN twin (the same
    network with ReLUs), shared weights and candidate networks.

    The cost of a candidate is taken as the mean of the network's and the widest one's.
    """
    design, wide = search.design, widest_design(search)
    epochs, images = design.training.epochs, costs.sample_counts(design)[0]
    batches = math.ceil((images - search.validation) / design.training.batch_size)
    share = 1 - search.validation / images  # what a design holds out itself is in its estimate
    an_epoch = (costs.training_seconds(design) + costs.training_seconds(wide)) / 2 / epochs
    seconds = share * (costs.training_seconds(ann_twin(design)) + an_epoch * (_epochs(search) - epochs))
    return Cost(max(1, batches) * _epochs(search), seconds, SIDE_BY_SIDE * costs.memory_bytes(wide))


def _epochs(search: Search) -> int:
    epochs = search.design.training.epochs
    if search.weights == "scratch":
        return epochs * (1 + search.trials)
    return epochs + search.shared_epochs + search.trials * search.tuning_epochs


def sample() -> Search:
    """Returns a small skip search of four candidate networks, for tests."""
    design = {
        "data": {"train_samples": 60, "test_samples": 20, "steps": 2},
        "network": {"kind": "block", "edges": "0000/0000/0000/0000", "channels": 2, "norm": "batch"},
        "training": {"epochs": 1, "batch_size": 10},
    }
    return Search.check({"design": design, "iterations": 2, "parallel": 2, "validation": 20, "shared_epochs": 2})


KINDS = (
    TaskKind(
        value=Search,
        rows=(Twin, Trial, Model),
        cost=cost,
        run="snnviz.studies.skips.compute.searching:run_skip_search",
        show="snnviz.studies.skips.command.searching:show",
        page="skips",
        sample=sample,
        design=lambda search: search.design,
        keeps=True,
    ),
)

GALLERY = (
    GalleryEntry(
        "skips-sweep",
        "Skips: accuracy against their number",
        "skips",
        "snnviz.studies.skips.gallery:sweep",
        weights=False,
    ),
    GalleryEntry(
        "skips-search",
        "Skips: which of 729 matrices",
        "skips",
        "snnviz.studies.skips.gallery:optimisation",
        weights=False,
    ),
)
