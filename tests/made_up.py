"""Searches and looks that nobody had to make."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel

from snnviz.design import naming
from snnviz.design.cells import count_connections, to_text
from snnviz.design.design import Design
from snnviz.design.menus import NEURONS
from snnviz.design.networks import KINDS
from snnviz.design.parts import AnyNeuron
from snnviz.design.registry import Number, Range, Registry
from snnviz.design.submitted import Task
from snnviz.errors import InputError
from snnviz.events import LayerState
from snnviz.graph.architectures import build_architecture
from snnviz.graph.ttfs import relu_network, ttfs_network
from snnviz.studies.cells.scoring import Candidate, CellSearch
from snnviz.studies.cells.theory.candidates import rank_candidates
from snnviz.studies.skips.charts.search import SearchHistory
from snnviz.studies.skips.optimisation import Optimisation, optimisation_searches
from snnviz.studies.skips.search import Code, Model, Search, Trial, Twin, format_code, search_space
from snnviz.studies.tradeoffs.search import FrontSearch
from snnviz.studies.ttfs.limits import FineTuning
from snnviz.tasks import KINDS as TASKS

SMALL = Optimisation(layers=3, channels=2, iterations=3, repeats=2)
"""27 candidates, 6 of which are tried."""


def codes(search: Search) -> list[Code]:
    """As many different ones as the search tries."""
    draw, found = random.Random(f"{search.seed}{search.strategy}"), dict[Code, None]()
    while len(found) < search.trials:
        found[tuple(draw.randrange(size) for size in search_space(search).sizes)] = None
    return list(found)


def trial(search: Search, number: int, code: Code, *, value: float | None = None, error: float = 0.1) -> Trial:
    """The more is chosen, the better; random ones are worse by 1."""
    value = 3.0 - 0.5 * sum(code) / len(code) + (search.strategy == "random") if value is None else value
    late = search.strategy == "ucb" and number >= search.parallel
    return Trial(
        number=number,
        iteration=number // search.parallel,
        code=format_code(code),
        value=value,
        error=error,
        accuracy=1 - value / 10,
        loss=value,
        rate=0.1 + 0.01 * sum(code),
        macs=100.0,
        additions=1000.0 * sum(code),
        eff_macs=150.0,
        eff_acs=900.0 * sum(code),
        mean=value + 0.05 if late else None,
        sd=0.2 if late else None,
        epochs=12.0 + number + 1,
        seconds=1.0,
    )


def model(search: Search, iteration: int) -> Model:
    lengths = ",".join(["1.5"] * len(search_space(search).slots))
    return Model(iteration, lengths, 1.0, 0.1, 0.0, 2.5, 0.5)


def seen(search: Search, count: int | None = None, *, error: float = 0.1) -> SearchHistory:
    """What a search has said after `count` candidates (None: all of them)."""
    some = codes(search)[:count]
    trials = tuple(trial(search, number, code, error=error) for number, code in enumerate(some))
    models = [model(search, i) for i in range(len(some) // search.parallel)] if search.strategy == "ucb" else []
    return SearchHistory(search, trials, tuple(models), Twin(search.seed, 0.97, 0.1))


ALL = tuple(seen(search) for search in optimisation_searches(SMALL))


def cell_rows(search: CellSearch, dead: int = 5) -> tuple[Candidate, ...]:
    """What a search of cells has said: convolutions make scores, the first `dead` candidates have none."""
    draw, known = random.Random(search.digest), dict[str, tuple[float, float]]()
    silent = {to_text(search.cell(number)) for number in range(dead)}

    def row(number: int, fine: int) -> Candidate:
        cell = search.cell(number)
        many, text = count_connections(cell), to_text(cell)
        if text in silent:
            return Candidate(number, fine, text, None, None, None, None, "no neuron spikes", 0.01)
        if text not in known:
            known[text] = (100 + 10 * many["conv3"] + 6 * many["conv1"] + draw.gauss(0, 4), 90 + draw.gauss(0, 9))
        sahd, hd = known[text]
        if fine:
            return Candidate(number, 1, text, 2 * sahd + draw.gauss(0, 2), 2 * hd, 0.5, 0.4, None, 0.1)
        return Candidate(number, 0, text, sahd, hd, None, None, None, 0.01)

    first = [row(number, 0) for number in range(search.candidates)]
    best = [one.coarse.number for one in rank_candidates(first, search.metric) if one.valid][: search.best]
    return (*first, *(row(number, 1) for number in best))


def candidates(search: CellSearch) -> list[Candidate]:
    """All that a search of cells scores first: the more 3x3 convolutions, the higher."""
    draw, found = random.Random(search.digest), []
    for number in range(search.candidates):
        cell = search.cell(number)
        many, luck = count_connections(cell), draw.random()
        sahd, hd = 100 + 5 * many["conv3"] + luck, 80 + 3 * many["conv3"] + 2 * many["skip"] + luck
        found.append(Candidate(number, 0, to_text(cell), sahd, hd, 0.5, 0.4, None, 0.02))
    return found


def rows_of_before(
    design: Design, rates: Sequence[float | None], densities: Sequence[float | None] | None = None
) -> list[LayerState]:
    """A look at each layer, of a run of before operations were counted."""
    given = densities or [None] * len(rates)
    names = [layer.name for layer in build_architecture(design).watched]
    return [LayerState(0, 0.0, k, names[k], rates[k], 0.0, None, given[k]) for k in range(len(names))]


def document(draw: random.Random, model: type[BaseModel]) -> dict[str, Any]:
    """Some fields of a part, with values of which most are taken again and again, so that many are alike."""
    said = {}
    for name, form in naming.field_schemas(model).items():
        if form.field.is_required() or draw.random() < 0.25:
            said[name] = _value(draw, form)
    return {name: value for name, value in said.items() if value is not None}


def _value(draw: random.Random, form: naming.FieldSchema) -> Any:
    if form.kind == "part":
        neurons = [{"kind": kind} for kind in NEURONS.kinds] if form.of is AnyNeuron else [{}]
        kind = draw.choice(neurons)
        return {**document(draw, form.of.class_for(kind)), **kind}
    if form.kind == "network":
        kind = draw.choice(list(KINDS))
        return {**document(draw, KINDS[kind]), "kind": kind}
    if form.kind == "choice":
        return _choice(draw, form.of)
    if form.kind == "choices":
        return [_choice(draw, form.of) for _ in range(draw.randrange(3))]
    if options := get_args(form.field.annotation):
        return draw.choice([option for option in options if not isinstance(option, type)] or [None])
    limits = next((note for note in form.field.metadata if isinstance(note, Range)), None)
    return form.usual if limits is None else _number(draw, limits, form.field.annotation is int, form.usual)


def _choice(draw: random.Random, registry: Registry[Any]) -> dict[str, Any]:
    entry = draw.choice(list(registry))
    some = [each for each in entry.parameters if draw.random() < 0.5]
    return {"kind": entry.kind, **{each.name: _number(draw, each.range, each.whole, each.default) for each in some}}


def _number(draw: random.Random, limits: Range, whole: bool, usual: Number) -> Number:
    near = usual + 1 if whole else usual * 1.5
    return draw.choice([usual, float(usual), near if limits.low <= near <= limits.high else usual])


def tasks(count: int, seed: int = 0) -> Iterator[Task]:
    """Of all kinds."""
    draw, kinds = random.Random(seed), [kind.value for kind in TASKS]
    for number in range(count):
        yield _task(draw, kinds[number % len(kinds)])


def _task(draw: random.Random, kind: type[Task]) -> Task:
    while True:
        said = document(draw, kind)
        try:
            if kind is FineTuning:
                said["design"] = relu_network(ttfs_network(Design.check(said["design"]))).document()
            if kind is FrontSearch:
                said["vary"] = draw.choice([["training.epochs=1,2"], ["training.epochs=1..3", "data.steps=1,2"]])
            return kind.check(said)
        except InputError:
            continue
