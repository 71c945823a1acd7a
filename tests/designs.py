"""Hypothesis strategies: every valid design, and documents and links that break one rule at a known path."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable
from typing import Any, Literal, get_args, get_origin
from urllib.parse import parse_qsl

from hypothesis import strategies as st
from pydantic import BaseModel

from snnviz.catalog.inits import is_valid_for
from snnviz.design import adjacency, cells
from snnviz.design.binning import FEWEST_PIXELS
from snnviz.design.design import Design
from snnviz.design.links import to_query
from snnviz.design.menus import CURRENT, DATASETS, ENCODINGS, EVENTS, NEURONS
from snnviz.design.networks import BlockNetwork, CellNetwork, CnnNetwork, MlpNetwork, VggNetwork
from snnviz.design.parts import AnyNeuron, Data, Neuron, Shortcut, Training, Ttfs
from snnviz.design.registry import Entry, Range, Registry
from snnviz.errors import InputError

Strategy = st.SearchStrategy[Any]

OTHERS = tuple(NEURONS[kind].part for kind in NEURONS.kinds if NEURONS[kind].part is not Neuron)
"""Neurons with fields of their own."""

NETWORKS = (BlockNetwork, MlpNetwork, CnnNetwork, VggNetwork, CellNetwork)


def numbers(limits: Range, whole: bool) -> Strategy:
    """Numbers inside the range, both ends included."""
    if whole:
        return st.integers(math.ceil(limits.low), math.floor(limits.high))
    return st.floats(limits.low, limits.high) | st.sampled_from([limits.low, limits.high])


def outside(limits: Range, whole: bool) -> Strategy:
    """Whatever is not a number inside the range."""
    wrong: list[Any] = [math.nan, math.inf, -math.inf, 10**400, True, None, "", "one", "٣", [], {}, [1], {"kind": 1}]
    wrong += [math.nextafter(limits.low, -math.inf), math.nextafter(limits.high, math.inf), -1e308, 1e308, "9" * 5000]
    if whole:
        wrong += [0.5, 1e-300, limits.low + 0.5]
    return st.sampled_from(wrong) | st.text(alphabet="abc\n\x00\u2028é", min_size=1)


def entries(entry: Entry[Any]) -> Strategy:
    """Complete and partial choices of one entry."""
    parameters = {p.name: numbers(p.range, p.whole) for p in entry.parameters}
    return st.fixed_dictionaries({"kind": st.just(entry.kind)}, optional=parameters)


def choices(registry: Registry[Any]) -> Strategy:
    """Everything that the registry's `choose` takes."""
    return st.sampled_from(list(registry)).flatmap(entries) | st.sampled_from(registry.kinds)


@st.composite
def matrices(draw: st.DrawFn, back: bool = False) -> adjacency.Edges:
    """Every block adjacency matrix, without or with backward connections."""
    depth = draw(st.integers(adjacency.MIN_DEPTH, adjacency.MAX_DEPTH))
    cell = st.sampled_from([adjacency.NONE, adjacency.DSC, adjacency.ASC])
    places = adjacency.skip_positions(depth) + (adjacency.backward_positions(depth) if back else ())
    return adjacency.edges_from_skips(depth, {slot: draw(cell) for slot in places})


@st.composite
def connected(draw: st.DrawFn) -> cells.Cell:
    """Every cell whose output hears of its input, with useless connections or without."""
    cell = [[0] * cells.NODES for _ in range(cells.NODES)]
    for i, j in cells.NODE_PAIRS:
        if i < j:
            source, target = draw(st.permutations((i, j)))
            cell[source][target] = draw(st.sampled_from(range(len(cells.OPERATION_NAMES))))
    found = tuple(map(tuple, cell))
    return (
        found
        if any(map(any, cells.without_unused_connections(found)))
        else draw(st.sampled_from([*cells.PUBLISHED_CELLS.values()]))
    )


def field(model: type[BaseModel], name: str) -> Strategy:
    """Valid values of one field, read from its annotation."""
    about = model.model_fields[name]
    for note in about.metadata:
        if isinstance(note, Range):
            return numbers(note, about.annotation is int)
        if isinstance(note, Registry):
            return choices(note)
    if get_origin(about.annotation) is Literal:
        return st.sampled_from(get_args(about.annotation))
    if name == "edges":
        drawn = matrices() | matrices(back=True)
        return drawn | drawn.map(adjacency.to_text) | drawn.map(lambda edges: [list(row) for row in edges])
    if isinstance(about.annotation, type) and issubclass(about.annotation, BaseModel):
        return part(about.annotation)
    if (model, name) == (Shortcut, "layers"):  # every network has a first layer; more of them: tests/core
        return st.sampled_from([[], "", [1], [1.0], (1,), 1, "1", " [1] "])
    if name == "cell":
        return connected() | connected().map(cells.to_text) | connected().map(lambda cell: [list(row) for row in cell])
    assert (model, name) == (Data, "name"), f"no strategy for {model.__name__}.{name}"
    return st.sampled_from(DATASETS.kinds)


def part(model: type[BaseModel]) -> Strategy:
    """Documents of one part; any field may be absent, save a network's kind."""
    fields = {name: field(model, name) for name in model.model_fields}
    needed = {"kind": fields.pop("kind")} if model in (*NETWORKS, *OTHERS) else {}
    return st.fixed_dictionaries(needed, optional=fields)


def agreeing(network: dict[str, Any]) -> dict[str, Any]:
    """A network without the one pair of settings that exclude each other."""
    if "edges" in network and adjacency.has_backward(adjacency.parse(network["edges"])):
        return {name: value for name, value in network.items() if name != "norm"}
    return network


def shown(data: dict[str, Any]) -> dict[str, Any]:
    """Data without an encoding that recordings of events do not take, and without what images have not."""
    chosen = data.get("encoding", "direct")
    kind = chosen if isinstance(chosen, str) else chosen["kind"]
    entry = DATASETS[data.get("name", "digits")]
    if EVENTS not in entry.traits:
        kept = {name: value for name, value in data.items() if name != "events"}
        return _without_drop(kept)
    if CURRENT not in ENCODINGS[kind].traits:
        data = {name: value for name, value in data.items() if name != "encoding"}
    side, events = min(entry.function().shape[1:]), dict(data.get("events", {}))
    if events.get("crop") and not FEWEST_PIXELS <= events["crop"] <= side:
        events["crop"] = FEWEST_PIXELS
    if -(-(events.get("crop", 0) or side) // events.get("downsample", 1)) < FEWEST_PIXELS:
        events["downsample"] = 1
    return {**data, **({"events": events} if "events" in data else {})}


def _without_drop(data: dict[str, Any]) -> dict[str, Any]:
    augment = {name: value for name, value in data.get("augment", {}).items() if name != "drop"}
    return {**data, **({"augment": augment} if "augment" in data else {})}


USUAL = cells.to_text(CellNetwork().cell)
FORWARD = "0134 0022 0003 0000"


def timeless(document: dict[str, Any]) -> dict[str, Any]:
    """A design without what ReLUs exclude."""
    neuron, network = document.get("neuron", {}), document.get("network", {})
    if neuron.get("kind") != "relu":
        return document
    back = "edges" in network and adjacency.has_backward(adjacency.parse(network["edges"]))
    document = {**document, "data": {**document.get("data", {}), "steps": 1, "encoding": "direct"}}
    document["neuron"] = {**neuron, "learn": "none"}
    document["training"] = {**document.get("training", {}), "loss": "rate"}
    document["network"] = {name: value for name, value in network.items() if name != "edges" or not back}
    if network.get("kind") == "cell" and cells.has_backward(cells.parse(network.get("cell", USUAL))):
        document["network"]["cell"] = FORWARD
    return {name: part for name, part in document.items() if name != "network" or part}


def coded(document: dict[str, Any]) -> dict[str, Any]:
    """A design of one spike a neuron whole, or without any trace of it."""
    network, training = document.get("network", {}), document.get("training", {})
    row = network.get("kind") in ("mlp", "cnn", "vgg")
    events = EVENTS in DATASETS[document.get("data", {}).get("name", "digits")].traits
    if network.get("code") != "ttfs" or not row or events:
        document = {name: part for name, part in document.items() if name != "ttfs"}
        return document | ({"network": network | {"code": "rate"}} if network else {})
    neuron = document.get("neuron", {})
    neuron = {} if AnyNeuron.class_for(neuron) is not Neuron else neuron
    document |= {"network": network | {"norm": "none"}, "neuron": neuron | {"kind": "relu"}}
    return document | {"training": training | {"shortcut": {}, "precision": "float32"}}


def suited(document: dict[str, Any]) -> dict[str, Any]:
    """A design whose initialisation is one that its neurons may have."""
    given, init = document.get("neuron", {}), document.get("init", "kaiming")
    neuron = AnyNeuron.class_for(given).model_validate(given)
    assert isinstance(neuron, AnyNeuron)
    kind = init if isinstance(init, str) else init["kind"]
    return document if is_valid_for(kind, neuron) else {name: part for name, part in document.items() if name != "init"}


DOCUMENTS: Strategy = st.fixed_dictionaries(
    {},
    optional={
        "data": part(Data).map(shown),
        "network": st.one_of(*(part(network) for network in NETWORKS)).map(agreeing),
        "neuron": st.one_of(part(Neuron), *map(part, OTHERS)),
        "init": field(Design, "init"),
        "training": part(Training),
        "ttfs": part(Ttfs),
        "seed": field(Design, "seed"),
    },
).map(lambda document: timeless(coded(suited(document))))
"""Valid documents, whole and partial."""

DESIGNS = DOCUMENTS.map(Design.check)

PARTS: dict[str, type[BaseModel]] = {"data": Data, "neuron": Neuron, "training": Training, "ttfs": Ttfs}
RANGED = [
    (f"{prefix}.{name}" if prefix else name, about)
    for prefix, model in [("", Design), *PARTS.items()]
    for name, about in model.model_fields.items()
    if any(isinstance(note, Range) for note in about.metadata)
]


HARMS = ("number", "parameter", "kind", "unknown", "type", "matrix", "cell", "network", "cells")


@st.composite
def broken(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """(path, document): a valid document in which the field at `path`, and nothing else, breaks a rule."""
    document: dict[str, Any] = draw(DOCUMENTS)
    harm = draw(st.sampled_from([*HARMS]))
    if harm == "number":
        path, about = draw(st.sampled_from(RANGED))
        limits = next(note for note in about.metadata if isinstance(note, Range))
        return path, _put(document, path, draw(outside(limits, about.annotation is int)))
    if harm == "parameter":
        path, value = draw(
            st.sampled_from(
                [("neuron.surrogate", "atan"), ("training.optimizer", "adam"), ("training.schedule", "cosine")]
            )
        )
        unknown = draw(st.sampled_from(["sloppe", "x\ny", "", "k" * 30, "\ud800"]))
        return f"{path}.{unknown}", _put(document, path, {"kind": value, unknown: 1})
    if harm == "kind":
        path = draw(
            st.sampled_from(["init", "neuron.surrogate", "data.encoding", "training.loss", "training.schedule"])
        )
        wrong = draw(st.sampled_from(["", "kaimng", "atan\n", None, 3, [], {}, {"kind": ["atan"]}, {"slope": 2}]))
        named = wrong is None or isinstance(wrong, (int, list))
        return path if named else f"{path}.kind", _put(document, path, wrong)
    if harm == "unknown":
        path = draw(st.sampled_from(["sed", "neuron.treshold", "data.x\ny", "training.\x00", "neuron.", "data.\u2028"]))
        return path, _put(document, path, draw(st.sampled_from([1, "x", None, [], {"a": {"b": 1}}])))
    if harm == "type":
        path = draw(st.sampled_from(["data", "network", "neuron", "training", "neuron.reset", "data.name", "init"]))
        return path, _put(document, path, draw(st.sampled_from([1, 1e400, [], [[]], True, None])))
    if harm == "network":
        kind = draw(st.sampled_from(["Block", "", None, 3, [], {}, "m" * 70]))
        return "network.kind", {**document, "network": {"kind": kind}}
    if harm == "cells":
        where, wrong = draw(st.sampled_from(BROKEN_CELLS))
        return f"network.{where}", {**document, "network": {"kind": "cell", **wrong}}
    if harm == "matrix":
        edges = draw(st.sampled_from(NOT_SQUARE))
        return "network.edges", {**document, "network": {"kind": "block", "edges": edges}}
    edges = [list(row) for row in draw(matrices())]
    i, j = draw(st.integers(0, len(edges) - 1)), draw(st.integers(0, len(edges) - 1))
    edges[i][j] = draw(st.sampled_from([3, -1, 0.5, math.nan, 1e400, True, None, "1", [1], 10**400]))
    if j in (0, i, i + 1):
        edges[i][j] = draw(st.sampled_from([1, 2]))
    return f"network.edges[{i}][{j}]", {**document, "network": {"kind": "block", "edges": edges}}


@st.composite
def broken_links(draw: st.DrawFn) -> tuple[str, dict[str, str]]:
    """(path, parameters): the link of a valid design in which the value at `path`, and nothing else, breaks a rule."""
    query = dict(parse_qsl(to_query(draw(DESIGNS))))
    harm = draw(st.sampled_from(["number", "name", "unknown", "matrix"]))
    if harm == "number":
        path, about = draw(st.sampled_from(RANGED))
        limits = next(note for note in about.metadata if isinstance(note, Range))
        value = str(draw(outside(limits, about.annotation is int).filter(lambda wrong: wrong != "٣")))  # a link's 3
    elif harm == "name":
        path = draw(
            st.sampled_from(["init.kind", "neuron.surrogate.kind", "neuron.reset", "data.name", "network.kind"])
        )
        value = draw(st.sampled_from(["", "3", "nan", "kaimng", "Atan", "mnist ", "zero\n", "x" * 2000]))
        if path == "network.kind":
            query = {name: text for name, text in query.items() if not name.startswith("network")}
    elif harm == "unknown":
        path = draw(st.sampled_from(["sed", "neuron.treshold", "seed.x", "init.kind.x", ".kind", "kind", "data.x\ny"]))
        value = draw(st.text(max_size=40))
    else:
        query = {name: text for name, text in query.items() if not name.startswith("network")}
        path, value = "network.edges", draw(st.sampled_from([str(edges) for edges in NOT_SQUARE] + ["011/000/000"]))
    return path, {**query, path: value}


BROKEN_CELLS: list[tuple[str, dict[str, Any]]] = [
    ("cell", {"cell": "0110 0000 0000 0000"}),
    ("cell", {"cell": "0000 0000 0000 0000"}),
    ("cell", {"cell": [[0] * 4] * 3}),
    ("cell", {"cell": "0" * 500}),
    *(("cell", {"cell": wrong}) for wrong in (None, 3, {}, "", "\x00")),
    ("cell[0][3]", {"cell": "0005 0000 0000 0000"}),
    ("cell[1][1]", {"cell": "0001 0100 0000 0000"}),
    ("cell[2][1]", {"cell": "0101 0020 0300 0000"}),
    ("enlarge", {"enlarge": 3}),
    ("enlarge", {"enlarge": "2"}),
    ("dropout", {"dropout": 1}),
    ("voters", {"voters": 0}),
    ("channels", {"channels": 2.5}),
    ("hidden", {"hidden": 4097}),
    ("norm", {"norm": "layer"}),
    ("width", {"width": 3}),
]

NOT_SQUARE: list[Any] = [
    *([[0] * columns for _ in range(rows)] for rows, columns in [(2, 2), (10, 10), (3, 4), (4, 3), (40, 40), (3, 0)]),
    *(None, 5, "", "0", "01/00", "000/000", "0 0 0 / 0 0 / 0 0 0", "0" * 600, {}, {"a": 1}, [[]], [1, 2, 3]),
]


def _put(document: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    outer, _, name = path.rpartition(".")
    if not outer:
        return {**document, name: value}
    return {**document, outer: {**document.get(outer, {}), name: value}}


def attempt(read: Callable[[Any], Any], value: Any) -> Any:
    """What `read` makes of `value`: the result, or the InputError."""
    try:
        return read(value)
    except InputError as error:
        return error


def within_200_ms(read: Callable[[Any], Any], value: Any) -> Any:
    """What `read` makes of `value`, in this thread's own time: a busy machine and the collector do not count."""
    gc.disable()
    begin = time.thread_time()
    try:
        return read(value)
    finally:
        spent = time.thread_time() - begin
        gc.enable()
        assert spent < 0.2


def is_a_sentence(error: InputError) -> bool:
    """One printable line below 300 characters: field, rule, value."""
    text = str(error)
    return text.isprintable() and len(text) < 300 and text.startswith(f"{error.field} must ") and ", got " in text
