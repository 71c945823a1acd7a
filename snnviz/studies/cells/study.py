"""Studies of scores without training, each as one setting: the searches and ordinary runs that it needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import PlainValidator, model_validator

from snnviz.catalog.examples import get_example
from snnviz.data import datasets
from snnviz.data.datasets import parse_dataset_name
from snnviz.design.cells import Cell, canonical_form
from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.design.menus import DATASETS, EVENTS, SCHEDULES
from snnviz.design.recipes import Rate, Recipe, Schedule, default_entry
from snnviz.design.registry import Range
from snnviz.errors import InputError
from snnviz.studies.cells.scoring import Candidate, CellSearch, Metric, Normalisation, distinct_candidates

Question = Literal["scores", "search", "steps", "transfer"]
Way = Literal["forward", "backward"]

TIMES = (5, 10, 15, 20)
"""Numbers of time steps of Table 4."""

SAMPLES = (1, 10, 50, 100, 500, 1000, 5000)
"""Numbers of candidates of which the best is trained: Fig. 9 has 50 and more."""

ENLARGE = {"digits": 2}
"""Factor by which images of a data set are enlarged, if not 1."""


class CellStudy(Recipe):
    """Study: does a score without training predict accuracy after training (Kim et al. 2022, Figs. 4, 7-9, Tables 2,
    4)?

    question: "scores": random cells are scored and trained. "search": the best of more and more candidates is trained,
    and random ones. "steps": the best is trained with more time steps. "transfer": the best for one data set is trained
    on another. kept: "backward" leaves out cells without backward connections. The defaults are small enough for a
    laptop; `recipes.apply_recipe` sets what a paper trains with.
    """

    noun = "a study of cells"

    learning_rate: Rate = 0.006
    schedule: Schedule = default_entry(SCHEDULES, "cosine")

    question: Question = "scores"
    connections: Literal["forward", "backward", "both"] = "forward"
    data: Annotated[str, PlainValidator(lambda value: _still(value, "data"))] = "digits"
    other: Annotated[str, PlainValidator(lambda value: _still(value, "other"))] = "fashion-mnist"
    """The second data set of a transfer."""

    cells: Annotated[int, Range(2, 200, "Different cells that are scored and trained.", 5)] = 20
    kept: Literal["all", "backward"] = "all"
    """Which of the drawn cells with backward connections are used: all, or those that have at least one."""

    samples: Annotated[
        int, Range(10, 5000, "Candidates of a search, of which the best is trained.", 100, "Candidates")
    ] = 500
    random: Annotated[int, Range(1, 20, "Random cells that are trained beside the best.", 1, "Random cells")] = 3
    searches: Annotated[int, Range(1, 20, "Searches, each with draws, scores and weights of its own.", 1)] = 1
    """Number of searches; Kim et al. repeat theirs five times. The question "scores" has one."""

    metric: Metric = "sahd"
    """The score by which the best cells are chosen."""

    normalisation: Normalisation = "paper"
    """Normalisation of the SAHD score."""

    seeds: Annotated[int, Range(1, 10, "Runs of each network; a seed draws the weights.", 1)] = 2
    channels: Annotated[int, Range(1, 256, "Channels of the first cell of a network that is trained.", 4)] = 8
    steps: Annotated[int, Range(1, 50, "Time steps T that each image is shown for.", 1)] = 4
    epochs: Annotated[int, Range(1, 300, "Passes over the training images.", 1)] = 8
    train_samples: Annotated[int, Range(0, 1_000_000, "Training images to use; 0 means all of them.", 100)] = 400
    """Few, so that cells differ by more than chance: with all digits every cell becomes accurate."""

    score_channels: Annotated[int, Range(1, 256, "Channels of a network that is scored.", 8, "Channels scored")] = 16
    score_batch: Annotated[int, Range(2, 512, "Images that a scored network tells apart.", 16, "Images scored")] = 64
    score_repeats: Annotated[int, Range(1, 10, "Scores that are averaged.", 1, "Repetitions")] = 2
    seed: Annotated[
        int, Range(0, 2**31 - 1, "Seed of which cells are drawn, and of their scores; of the first search.", 1)
    ] = 0

    @model_validator(mode="after")
    def _enough_images(self) -> CellStudy:
        images = min(datasets.dataset_card(name).train for name in self.data_sets)
        if self.seed + self.searches > 2**31:
            raise InputError("seed", "leave room for the other searches' seeds", self.seed)
        if self.score_batch > images:
            raise InputError("score_batch", f"be at most the {images:,} training images", self.score_batch)
        return self

    @property
    def directions(self) -> tuple[Way, ...]:
        """The directions of connections that are compared: "forward", "backward" or both."""
        return {"forward": ("forward",), "backward": ("backward",), "both": ("forward", "backward")}[self.connections]  # type: ignore[return-value]

    @property
    def data_sets(self) -> tuple[str, ...]:
        """Names of the data sets on which cells are searched and trained: `data`, and `other` for the question
        "transfer".
        """
        return tuple(dict.fromkeys((self.data, self.other))) if self.question == "transfer" else (self.data,)


def _still(value: object, field: str) -> str:
    """The name of a data set of images, or a sentence."""
    name = parse_dataset_name(value, field)
    if EVENTS in DATASETS[name].traits:
        raise InputError(field, "be a data set of images, not of recordings", name)
    return name


Place = tuple[str, Way, int]
"""Key of a search in a study: its data set, the direction of connections, and the index of its repetition, from 0."""


def study_searches(study: CellStudy) -> dict[Place, CellSearch]:
    """Returns the cell searches that a study of scores needs, by data set, direction of connections and number. Raises
    `InputError`.

    For the question "scores", candidates are drawn until enough of them differ.

    >>> {way: search.candidates for (_, way, _), search in study_searches(CellStudy(connections="both")).items()}
    {'forward': 20, 'backward': 31}
    """
    times = 1 if study.question == "scores" else study.searches
    return {
        (name, way, time): _search(study, name, way, time)
        for time in range(times)
        for name in study.data_sets
        for way in study.directions
    }


def _search(study: CellStudy, data: str, way: Way, time: int) -> CellSearch:
    return CellSearch.from_sparse(
        {
            "data": data,
            "candidates": trained_candidates(study, way)[-1] + 1 if study.question == "scores" else study.samples,
            "connections": way,
            "metric": study.metric,
            "normalisation": study.normalisation,
            "channels": study.score_channels,
            "batch": study.score_batch,
            "repeats": study.score_repeats,
            "steps": study.steps,
            "best": 0,
            "seed": study.seed + time,
        }
    )


def trained_candidates(study: CellStudy, way: Way) -> tuple[int, ...]:
    """Returns the numbers of the random cells that are scored and trained for the question "scores": the first
    different ones drawn.
    """
    backward = way == "backward"
    return distinct_candidates(study.seed, study.cells, backward, looped=backward and study.kept == "backward")


def candidate_score(candidate: Candidate, metric: Metric) -> float | None:
    """Returns a candidate cell's score by this metric, or None if its kernel matrix has no score."""
    return candidate.sahd if metric == "sahd" else candidate.hd


def best_candidate(candidates: Iterable[Candidate], metric: Metric, first: int | None = None) -> Candidate | None:
    """Returns the candidate cell with the highest score among the first `first` (None: among all); None if nothing has
    a score.
    """
    known = [
        (score, -c.number, c) for c in candidates if (score := candidate_score(c, metric)) is not None and not c.fine
    ]
    known = [entry for entry in known if first is None or -entry[1] < first]
    return max(known, key=lambda entry: entry[:2])[2] if known else None


@dataclass(frozen=True, slots=True)
class StudyRun:
    """One network that a study of scores trains. Runs that differ in their design's seed only are averaged.

    `way`: direction of connections. `number`: of its cell among the candidates of the search on data set `source`, the
    `time`-th repetition. `samples`: of how many candidates it is the best (0: it was chosen at random).
    """

    way: Way
    source: str
    number: int
    cell: Cell
    samples: int
    design: Design
    time: int = 0


def study_runs(study: CellStudy, found: Mapping[str, Sequence[Candidate]]) -> tuple[StudyRun, ...]:
    """Returns every network that a study of cells trains, seed by seed.

    found: the scored candidate cells by the digest of their search. While a search is missing in it, its best and its
    random cells are left out; for the question "scores" it is not read. The weights of each search's networks have
    seeds of their own.
    """
    chosen: list[tuple[Place, int, int]] = []
    known = study_searches(study)
    for place, search in known.items():
        if study.question == "scores":
            chosen += [(place, number, 0) for number in trained_candidates(study, place[1])]
        elif candidates := found.get(search.digest, ()):
            best = _best(study, candidates)
            chosen += [(place, number, count) for count, number in best.items()]
            if study.question == "search":
                chosen += [(place, number, 0) for number in _random(search, set(best.values()), study.random)]
    result = []
    for seed in range(study.seeds):
        for place, number, count in chosen:
            source, way, time = place
            cell, weights = known[place].cell(number), time * study.seeds + seed
            for data in study.data_sets:
                for steps in TIMES if study.question == "steps" else (study.steps,):
                    made = run_design(study, cell, weights, data, steps)
                    result.append(StudyRun(way, source, number, cell, count, made, time))
    return tuple(result)


def _best(study: CellStudy, candidates: Sequence[Candidate]) -> dict[int, int]:
    """By how many candidates there are, the number of the best of them."""
    many = sample_sizes(study) if study.question == "search" else (study.samples,)
    best = {count: best_candidate(candidates, study.metric, count) for count in many}
    return {count: one.number for count, one in best.items() if one is not None}


def _random(search: CellSearch, best: set[int], count: int) -> list[int]:
    """The first candidates that differ from each other and from the best; fewer where there are not so many."""
    known = {canonical_form(search.cell(number)) for number in best}
    found: list[int] = []
    for number in range(search.candidates):
        if len(found) < count and (cell := canonical_form(search.cell(number))) not in known:
            known.add(cell)
            found.append(number)
    return found


def sample_sizes(study: CellStudy) -> tuple[int, ...]:
    """Returns how many of the first candidate cells are compared, for each of which numbers the best cell is trained;
    the last number is that of all candidates.

    >>> sample_sizes(CellStudy(samples=200))
    (1, 10, 50, 100, 200)
    """
    return (*(count for count in SAMPLES if count < study.samples), study.samples)


def run_design(study: CellStudy, cell: Cell, seed: int, data: str, steps: int) -> Design:
    """Returns the design that trains a cell: the example snasnet-digits with the settings of the study of scores."""
    settings: dict[str, Any] = {
        **study.settings,
        "data.name": data,
        "data.steps": steps,
        "data.train_samples": study.train_samples,
        "network.cell": cell,
        "network.channels": study.channels,
        "network.enlarge": ENLARGE.get(data, 1),
        "training.epochs": study.epochs,
        "seed": seed,
    }
    return change(get_example("snasnet-digits"), settings)


def distinct_designs(several: Iterable[StudyRun]) -> tuple[Design, ...]:
    """Returns the designs of several runs of a study of scores, without repetitions."""
    return tuple({member.design.digest: member.design for member in several}.values())


STUDIES: dict[Question, CellStudy] = {
    "scores": CellStudy(),
    "search": CellStudy(question="search", searches=5, seeds=1),
    "steps": CellStudy(question="steps", connections="both", searches=5, seeds=1),
    "transfer": CellStudy(question="transfer", searches=5, seeds=1),
}
"""A study to start from for each question. Searches are repeated, as in Kim et al.; intervals are over them."""
