"""The kind of task "search for a Pareto front", and the buttons that the study "Trade-offs" adds to other pages; runs
of experiments are plain designs.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import prod
from typing import Any

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.errors import InputError
from snnviz.studies.tradeoffs.search import PARTS, FrontSearch, FrontTrial
from snnviz.tasks import Cost, DesignButton, GalleryEntry, PairButton, RunButton, TaskKind, every_design
from snnviz.theory import costs

SEEN_LEVELS = 6
"""Levels of an axis whose costs are estimated, evenly spread over all of them."""

BESIDE = 300_000_000
"""Bytes of BoTorch beside the training."""


@lru_cache(maxsize=64)
def cost(search: FrontSearch) -> Cost:
    """Returns the estimated cost of a search for a Pareto front; its progress has `PARTS` steps per training.

    Time and memory of a candidate are estimated as the base's times a factor for each axis: the mean over its levels
    for time, the largest for memory.
    """
    base, runs = search.design, search.trials * search.repeats
    seconds, memory = costs.training_seconds(base), costs.memory_bytes(base)
    slower, larger = [], []
    for axis in search.axes:
        step = max(1, -(-len(axis.levels) // SEEN_LEVELS))
        places = {*range(0, len(axis.levels), step), len(axis.levels) - 1}
        some = [design for place in sorted(places) if (design := _changed(base, axis.levels[place]))]
        slower.append(sum(map(costs.training_seconds, some)) / len(some) / seconds if some else 1.0)
        larger.append(max([1.0, *(costs.memory_bytes(design) / memory for design in some)]))
    return Cost(PARTS * runs, runs * seconds * prod(slower), int(memory * prod(larger)) + BESIDE)


def _changed(base: Design, level: Mapping[str, Any]) -> Design | None:
    try:
        return links.change(base, level)
    except InputError:
        return None


def sample() -> FrontSearch:
    """Returns a small search for a Pareto front with four candidate designs, for tests."""
    design = {
        "data": {"train_samples": 60, "test_samples": 20, "steps": 2, "validation": 0.25},
        "network": {"kind": "mlp", "depth": 1, "width": 8},
        "training": {"epochs": 1, "batch_size": 15},
    }
    return FrontSearch.check(
        {"design": design, "vary": ["neuron.threshold=0.5,1,1.5", "network.width=4,8"], "iterations": 2}
    )


KINDS = (
    TaskKind(
        value=FrontSearch,
        rows=(FrontTrial,),
        cost=cost,
        run="snnviz.studies.tradeoffs.compute.searching:run_front_search",
        show="snnviz.studies.tradeoffs.command.searching:show",
        page="tradeoffs",
        sample=sample,
        design=lambda search: search.design,
        data=lambda search: data_sets(search),
        keeps=True,
        noun="search",
        smaller="smaller values of a width, a batch or time steps need less",
    ),
)


def data_sets(search: FrontSearch) -> tuple[str, ...]:
    """Returns the names of the data sets that a search's candidate designs may need."""
    varied = [str(level["data.name"]) for axis in search.axes for level in axis.levels if "data.name" in level]
    return tuple(dict.fromkeys([search.design.data.name, *varied]))


PAIR_BUTTONS = (
    PairButton(
        label="Compare by seed",
        help="The difference of these two designs at each seed, with its interval: the view Compare of Trade-offs.",
        icon=":material/compare_arrows:",
        key="compare-pair",
        open="snnviz.studies.tradeoffs.page.comparing:open_with",
        page="tradeoffs",
    ),
)

DESIGN_BUTTONS = (
    DesignButton(
        label="What if ...",
        help="Train it with other values of any fields, and see what that changes: the Trade-offs page.",
        icon=":material/balance:",
        key="what-if",
        open="snnviz.studies.tradeoffs.page.setting:open_design",
        page="tradeoffs",
        fits=every_design,
    ),
)

RUN_BUTTONS = (
    RunButton(
        label="What if ...",
        help="Train its design with other values of any fields, and see what that changes: the Trade-offs page.",
        icon=":material/balance:",
        key="what-if",
        open="snnviz.studies.tradeoffs.page.setting:open_run",
        page="tradeoffs",
    ),
)

GALLERY = (
    GalleryEntry(
        "tradeoffs-experiment",
        "Trade-offs: threshold and initialisation",
        "tradeoffs",
        "snnviz.studies.tradeoffs.gallery:experiment",
    ),
    GalleryEntry(
        "tradeoffs-searches",
        "Trade-offs: a search for the front",
        "tradeoffs",
        "snnviz.studies.tradeoffs.gallery:searches",
        weights=False,
    ),
)
