"""A search for skip connections as a task: its search space, the candidates' codes (an option for each slot), and their
matrices.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, ClassVar, Literal

from pydantic import PlainSerializer, PlainValidator, field_validator, model_validator

from snnviz.catalog.inits import is_data_dependent
from snnviz.design import adjacency
from snnviz.design.adjacency import ASC, DSC
from snnviz.design.design import Design
from snnviz.design.registry import Range
from snnviz.design.submitted import Task
from snnviz.errors import InputError
from snnviz.events import Row
from snnviz.graph.rewiring import with_block_matrices
from snnviz.theory.costs import split_counts

Code = tuple[int, ...]
"""A candidate: the index of the chosen option of each slot."""

LEAST_VALIDATION = 10
"""Images by which candidates are judged, unless the design says which."""

MAX_SLOTS_BY_PAIR = 15
"""Largest number of positions in a block for which each position is a slot of its own."""

Strategy = Literal["ucb", "random"]
Kernel = Literal["hamming", "hamming-ard"]
Weights = Literal["frozen", "carried", "scratch"]
Objective = Literal["loss", "accuracy", "accuracy+operations"]


class Search(Task):
    """Task: finds the best skips for a network by training candidate networks (Benmeziane et al. 2023, Fig. 2).

    Candidates are judged on validation images, a part of the training images; test images are not used.
    """

    kind = "search"
    noun = "a search"
    field = "search"

    design: Annotated[
        Design,
        PlainValidator(lambda value: value if isinstance(value, Design) else _design(value)),
        PlainSerializer(lambda design: design.document()),
    ]
    """The design that all candidates share; its own skips are the network that they are compared with."""

    strategy: Strategy = "ucb"
    skips: Literal["both", "dsc", "asc"] = "both"
    """Which types of skip a position may hold."""

    block: Annotated[int, Range(0, 7, "The block that is searched, counted from 1; 0 means all of them.", 1)] = 0
    iterations: Annotated[int, Range(1, 200, "How often candidates are chosen.", 1)] = 10
    parallel: Annotated[int, Range(1, 16, "Candidates chosen at a time (k), trained side by side.", 1)] = 2
    weights: Weights = "frozen"
    """Where a candidate's weights start: "frozen": at a snapshot of shared weights; "carried": at shared weights that
    candidates update (the paper's way, which confounds accuracy with the order of training); "scratch": anew.
    """

    shared_epochs: Annotated[
        int, Range(0, 200, "Epochs in which the shared weights learn, another candidate at each training step.", 1)
    ] = 12
    tuning_epochs: Annotated[int, Range(0, 50, "Epochs of a candidate's own, from the shared weights on.", 1)] = 1
    tuning_rate: Annotated[float, Range(1e-6, 1, "Learning rate in a candidate's own epochs.", 0.0005)] = 0.003
    objective: Objective = "loss"
    """What is minimised, on the validation images: the mean loss; the accuracy drop from the ANN twin, in percentage
    points; or the drop plus `price` times the operations.
    """

    price: Annotated[
        float, Range(0, 1000, "Percentage points that a million synaptic operations of an image are worth.", 0.1)
    ] = 1.0
    validation: Annotated[
        int, Range(0, 100_000, "Training images kept apart to judge candidates by; 0: those the design holds out.", 100)
    ] = 400
    kernel: Kernel = "hamming"
    kappa: Annotated[float, Range(0, 20, "Weight of the uncertainty when candidates are chosen, at first.", 0.1)] = 2.5
    decay: Annotated[float, Range(0.1, 1, "Factor by which that weight shrinks with each iteration.", 0.01)] = 0.98
    seed: Annotated[int, Range(0, 2**31 - 1, "Seed of the choice of candidates and of the images kept apart.", 1)] = 0

    @field_validator("design")
    @classmethod
    def _can_be_searched(cls, design: Design) -> Design:
        if not design.network.matrices:
            raise InputError("design.network.kind", "be a network with skips", design.network.kind)
        if design.network.backward_connections:
            raise InputError("design.network.edges", "have no backward connections", "some")
        if is_data_dependent(design.init):
            raise InputError("design.init.kind", "not depend on what reaches a layer in a search", design.init.kind)
        return design

    @model_validator(mode="after")
    def _has_places(self) -> Search:
        count = len(self.design.network.matrices)
        if self.block > count:
            raise InputError("block", f"be at most {count} for this network", self.block)
        if bool(self.validation) == bool(self.design.data.validation):
            own = self.design.data.validation
            rule = f"be 0 where the design holds {own:g} of its images out" if own else "be at least 10"
            raise InputError("validation", f"{rule} (data.validation)" if own else rule, self.validation)
        if 0 < self.validation < LEAST_VALIDATION:
            raise InputError("validation", f"be at least {LEAST_VALIDATION}", self.validation)
        if self.validation >= self.design.data.train_samples > 0:
            rule = f"be less than the {self.design.data.train_samples:,} training images"
            raise InputError("validation", rule, self.validation)
        return self

    @property
    def validation_count(self) -> int:
        """Number of validation images by which candidate networks are ranked: `validation`, or as many as the design
        holds out.
        """
        return self.validation or split_counts(self.design)[1]

    @property
    def trials(self) -> int:
        """Number of candidate networks that the search trains: iterations times those per iteration, or all if there
        are fewer.
        """
        return min(self.iterations * self.parallel, search_space(self).count)


def _design(value: object) -> Design:
    try:
        return Design.check(value)
    except InputError as error:
        raise error.inside("design") from None


@dataclass(frozen=True, slots=True)
class Slot:
    """One decision about a candidate network: which kind of skip there is from `source` to `target`, or how many skips
    reach `target`.

    In the latter case `source` is None, and the sources are drawn by the search's seed. `options`: pairs (type,
    number), the first of them (0, 0).
    """

    block: int
    source: int | None
    target: int
    options: tuple[tuple[int, int], ...]

    @property
    def name(self) -> str:
        """Short label, such as "block 2: 0 → 3"."""
        where = "" if self.block == 0 else f"block {self.block}: "
        return f"{where}{'' if self.source is None else f'{self.source} '}→ {self.target}"


@dataclass(frozen=True, slots=True)
class SearchSpace:
    """The decisions (slots) about skips whose options make a candidate network of a search."""

    slots: tuple[Slot, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of options of each slot (decision about skips)."""
        return tuple(len(slot.options) for slot in self.slots)

    @property
    def count(self) -> int:
        """Number of different candidate networks."""
        found = 1
        for size in self.sizes:
            found *= size
        return found


@lru_cache(maxsize=256)
def search_space(search: Search) -> SearchSpace:
    """Returns the search space of a skip search: a slot for each position of a small block, else one for each
    vertex.

    In a block with more than `MAX_SLOTS_BY_PAIR` positions, a vertex has the number of its skips (1, 2, half of those
    possible, or all) and their type as one choice.

    >>> search_space(Search(design=Design())).count
    729
    """
    types = {"both": (DSC, ASC), "dsc": (DSC,), "asc": (ASC,)}[search.skips]
    found = []
    all_of_them = search.design.network.matrices
    for number, edges in enumerate(all_of_them, 1):
        if search.block not in (0, number):
            continue
        name = number if len(all_of_them) > 1 else 0
        places = adjacency.skip_positions(len(edges) - 1)
        if len(places) <= MAX_SLOTS_BY_PAIR:
            options = ((0, 0), *((kind, 1) for kind in types))
            found += [Slot(name, i, j, options) for i, j in places]
            continue
        for j in range(2, len(edges)):
            counts = sorted({1, min(2, j - 1), j // 2, j - 1})
            options = ((0, 0), *((kind, count) for kind in types for count in counts))
            found.append(Slot(name, None, j, options))
    return SearchSpace(tuple(found))


@lru_cache(maxsize=4096)
def candidate_design(search: Search, code: Code) -> Design:
    """Returns the design of a candidate network; blocks that are not searched keep their matrix."""
    found = list(search.design.network.matrices)
    skips: dict[int, dict[tuple[int, int], int]] = {}
    for slot, choice in zip(search_space(search).slots, code, strict=True):
        kind, count = slot.options[choice]
        block = max(slot.block, 1)
        here = skips.setdefault(block, {})
        sources = [slot.source] if slot.source is not None else _sources(search, slot, count)
        if count:
            here |= {(i, slot.target): kind for i in sources}
    for block, some in skips.items():
        found[block - 1] = adjacency.edges_from_skips(len(found[block - 1]) - 1, some)
    return with_block_matrices(search.design, tuple(found))


@lru_cache(maxsize=256)
def original_code(search: Search) -> Code | None:
    """Returns the code (an option for each slot) of the search's own network, or None if no candidate network equals
    it.
    """
    found, own = [], search.design.network.matrices
    for slot in search_space(search).slots:
        edges = own[max(slot.block, 1) - 1]
        if slot.source is not None:
            kinds = [edges[slot.source][slot.target]]
        else:
            kinds = [row[slot.target] for row in edges[: slot.target - 1]]
        taken = {kind for kind in kinds if kind}
        option = (taken.pop(), sum(kind != 0 for kind in kinds)) if len(taken) == 1 else (0, 0)
        if taken or option not in slot.options:
            return None
        found.append(slot.options.index(option))
    code = tuple(found)
    return code if candidate_design(search, code).network.matrices == own else None


def _sources(search: Search, slot: Slot, count: int) -> list[int]:
    draw = random.Random(f"{search.seed}/{slot.block}/{slot.target}/{count}")
    return draw.sample(range(slot.target - 1), count)


def widest_design(search: Search) -> Design:
    """Returns the design with all skips that any candidate network can have, as concatenations of all channels of their
    sources.
    """
    whole = tuple(adjacency.densenet_like(len(edges) - 1) for edges in search.design.network.matrices)
    document = with_block_matrices(search.design, whole).document()
    document["network"]["dsc_fraction"] = 1.0
    return Design.check(document)


def count_skips(design: Design) -> int:
    """Returns the number of skip connections of a design's network."""
    return sum(edge != 0 for edges in design.network.matrices for row in edges for edge in row)


def format_code(code: Code) -> str:
    """Returns the code of a candidate network (an option for each slot) as one word, one character per option.

    >>> format_code((0, 2, 10)), parse_code("02a")
    ('02a', (0, 2, 10))
    """
    return "".join("0123456789abcdefghijklmnopqrstuvwxyz"[choice] for choice in code)


def parse_code(text: str) -> Code:
    """Returns the code of a candidate network (an option for each slot) in a word made by `format_code`."""
    return tuple(int(choice, 36) for choice in text)


@dataclass(frozen=True, slots=True)
class Twin(Row):
    """Row: results of the ANN twin (the same network with ReLUs) of a search's network on the validation images:
    accuracy in [0, 1] and mean loss.
    """

    table: ClassVar[str] = "twins"
    key: ClassVar[tuple[str, ...]] = ("seed",)

    seed: int
    accuracy: float
    loss: float


@dataclass(frozen=True, slots=True)
class Trial(Row):
    """Row: a trained candidate network of a search for skips, with its results on the validation images.

    code: text by `snnviz.studies.skips.search.format_code`. value: the objective, to be minimised, and `error` its
    standard error over the images. accuracy 0..1, loss and rate (spikes per neuron and step). macs and additions:
    operations per image with nonzero inputs, a sum of m spikes counting m; eff_macs and eff_acs: by NeuroBench (None in
    trials of earlier releases, whose macs and additions are NeuroBench's, with zero padding). mean, sd: the strategy's
    prediction of the value (None for random candidates). epochs: training epochs that the search had spent by then.
    """

    table: ClassVar[str] = "trials"
    key: ClassVar[tuple[str, ...]] = ("number",)

    number: int
    iteration: int
    code: str
    value: float
    error: float
    accuracy: float
    loss: float
    rate: float
    macs: float
    additions: float
    mean: float | None
    sd: float | None
    epochs: float
    seconds: float
    eff_macs: float | None = None
    eff_acs: float | None = None


@dataclass(frozen=True, slots=True)
class Model(Row):
    """Row: the Gaussian process fitted after an iteration of a search: length scales (separated by commas) and other
    hyperparameters.

    See `snnviz.theory.posterior.FittedProcess`.
    """

    table: ClassVar[str] = "models"
    key: ClassVar[tuple[str, ...]] = ("iteration",)

    iteration: int
    lengths: str
    scale: float
    noise: float
    mean: float
    shift: float
    spread: float
