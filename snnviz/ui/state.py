"""What one visitor is doing: the design being edited, and the run being watched.

The design is the one truth; widgets are drawn from it and change it in their callbacks. Their keys carry a revision,
which moves whenever something else than the widget changed the design, so that no widget shows an old value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from snnviz import cells
from snnviz.adjacency import Edges
from snnviz.catalog.examples import named
from snnviz.catalog.nearest import FORWARD, Nearest, Unfit
from snnviz.catalog.searches import matrices, rewired
from snnviz.catalog.ttfs import ttfs_network
from snnviz.catalog.twins import ann_twin
from snnviz.design import BlockNetwork, CellNetwork, Design, StagedNetwork
from snnviz.errors import InputError, NotFound, SnnvizError
from snnviz.links import change, from_query
from snnviz.ui import services
from snnviz.ui.components import cell_editor
from snnviz.ui.components.block_editor import drawn, new_revision
from snnviz.ui.linked import rest_kept
from snnviz.ui.words import ended, plain


def begin(page: str = "") -> None:
    """At the top of a page: the first time, take the design from the address, if that is the Design page's ("")."""
    session = st.session_state
    if "design" in session:
        return
    session.arrived = page
    session.problem, session.offer = "", None
    session.parts = {}
    session.left = {}  # by kind and depth: the blocks that were drawn when another depth was chosen
    session.opened = 1  # the block of a staged network that is edited
    session.watched = None
    session.found = False
    session.compared = False  # whether the live panel compares its run with the design
    session.pressed = 0
    try:
        query = dict(st.query_params) if page == "" else {}
        session.design, session.problem = rest_kept(from_query, query)
    except InputError as error:
        session.design = Design()
        _say(error, "The default design is shown instead.")
    _open_first_drawn()
    _renew()
    known = services.glance(session.design.digest)
    if known is not None:
        session.watched, session.found = session.design.digest, known[0].state == "done"


def arrived_at(page: str) -> bool:
    """Whether the visit began on this page, so that the address then was a link to it."""
    began: str = st.session_state.arrived
    return began == page


def design() -> Design:
    """The design being edited."""
    current: Design = st.session_state.design
    return current


def revision() -> str:
    """Part of every form widget's key."""
    text: str = st.session_state.revision
    return text


def editor_revision() -> str:
    """Moves only when the matrix was replaced by something else than the editor."""
    text: str = st.session_state.editor_revision
    return text


def editor_key(block: int = 1) -> str:
    """Of a block's editor, which keeps what can be undone; a staged network's blocks have one each."""
    network = design().network
    return f"{network.kind}-{block}" if isinstance(network, StagedNetwork) else network.kind


def opened() -> int:
    """The block of a staged network that is edited, counted from 1."""
    number: int = st.session_state.opened
    return number


def open_block(number: int) -> None:
    """Edit this block."""
    st.session_state.opened = number


def _open_first_drawn() -> None:
    """Who opens a link sees first what is not the original."""
    network = design().network
    texts = network.blocks.split(";") if isinstance(network, StagedNetwork) else []
    st.session_state.opened = next((number for number, text in enumerate(texts, 1) if text), 1)


def replace(new: Design) -> None:
    """Edit another design: a link's, a run's."""
    st.session_state.design = new
    _open_first_drawn()
    _renew()


def put_data(new: Design) -> None:
    """The same design with other settings of its data: what was drawn stays as it is, and can be undone."""
    st.session_state.design, st.session_state.problem = new, ""
    _renew_form()


def rewire(edges: tuple[Edges, ...]) -> None:
    """Give each block its matrix; the block that is open stays so."""
    st.session_state.design = rewired(design(), edges)
    st.session_state.editor_revision = new_revision()


def resize(like: StagedNetwork) -> None:
    """As much of the original as `like`."""
    st.session_state.design = _sized(design(), like)
    _renew()


def put(path: str, widget: str) -> None:
    """A form widget's callback: its value becomes the design's."""
    session = st.session_state
    value = session[widget]
    try:
        if path == "neuron.kind":
            changed = _of_neurons(value)
        elif path == "network.code":
            changed = _of_code(value)
        elif path == "network.kind":
            changed = _of_network(value)
        elif path == "data.name":
            changed = of_data(value)
        elif path == "network.depth" and isinstance(design().network, StagedNetwork):
            changed = _at_depth(design(), value)
        else:
            changed = change(design(), {path: value})
    except InputError as error:
        _say(error, wish=lambda rate: change(rate, {path: value}))
        st.toast(problem(), icon=":material/error:")  # the sentence above the page may be scrolled out of sight
        _renew_form()
        return
    session.design, session.problem = changed, ""
    if path == "network.kind":
        _open_first_drawn()
        _renew()
    elif path == "network.depth" and isinstance(changed.network, StagedNetwork):
        session.editor_revision = new_revision()
    elif path.endswith((".kind", ".code")) or path == "data.name":
        _renew_form()


def of_data(name: str) -> Design:
    """The design with this data set, and without what only recordings, or other recordings, have.

    Raises `InputError`.
    """
    document = design().document()
    document["data"] |= {"name": name}
    try:
        return Design.check(document)
    except InputError:
        document["data"] |= {"events": {}, "augment": {**document["data"]["augment"], "drop": 0}}
    try:
        return Design.check(document)
    except InputError:  # spikes made of intensities
        document["data"] |= {"encoding": {"kind": "direct"}}
        return Design.check(document)


def _of_network(kind: str) -> Design:
    """The design with a network of this kind: as it was left, else a first one, which trains within a minute."""
    parts, document = st.session_state.parts, design().document()
    parts[design().network.kind] = document["network"]
    code = {name: document["network"][name] for name in ("code", "norm")} if design().network.code == "ttfs" else {}
    if kind in parts:
        return Design.check({**document, "network": {**parts[kind], "code": "rate", **code}})
    settings = {"network.kind": kind, **{f"network.{name}": value for name, value in code.items()}}
    if kind == "cell" and design().neuron.kind == "relu":
        settings["network.cell"] = FORWARD  # the usual one has backward connections
    elif kind == "vgg":
        small_one = named("vgg-digits").network.model_dump(mode="json")
        return Design.check({**document, "network": small_one})
    changed = change(design(), settings)
    return _sized(changed, small(kind)) if isinstance(changed.network, StagedNetwork) else changed


def small(kind: str) -> StagedNetwork:
    """A staged network that trains within a minute, as in the example of this name."""
    network = named(f"{kind}-digits").network
    assert isinstance(network, StagedNetwork)
    return network


def like_example() -> None:
    """Neuron, time steps and training of the staged network's example; network and data stay."""
    like = named(f"{design().network.kind}-digits")
    settings = {"neuron.threshold": like.neuron.threshold}
    settings |= {f"training.{name}": getattr(like.training, name) for name in ("learning_rate", "epochs")}
    if design().neuron.kind == "lif":
        settings["data.steps"] = like.data.steps
    st.session_state.design = change(design(), settings)
    _renew_form()


def _sized(current: Design, like: StagedNetwork) -> Design:
    """A staged design with as much of the original as `like`. Drawn blocks that do not fit are the original again."""
    return change(_at_depth(current, like.depth), {"network.width": like.width})


def _at_depth(current: Design, depth: float) -> Design:
    """A staged design at another depth: blocks that do not fit are as they were when it was left, or the original."""
    network, left = current.network, st.session_state.left
    changed = change(current, {"network.depth": depth, "network.blocks": ""})
    if changed.network == network or not isinstance(network, StagedNetwork):
        return current
    assert isinstance(changed.network, StagedNetwork)
    left[network.kind, network.depth] = network.matrices
    fresh = changed.network.originals
    found = list(left.get((network.kind, changed.network.depth), fresh))
    lost = []
    for place, (edges, original) in enumerate(zip(network.matrices, network.originals, strict=True)):
        if len(edges) == len(fresh[place]):
            found[place] = edges
        elif edges != original:
            lost.append(str(place + 1))
    if lost:
        what = f"block {lost[0]}" if len(lost) == 1 else f"blocks {', '.join(lost[:-1])} and {lost[-1]}"
        sentence = f"What was drawn in {what} does not fit the new number of layers."
        st.toast(f"{sentence} It comes back at depth {network.depth:g}.", icon=":material/info:")
    return rewired(changed, tuple(found))


def _of_neurons(kind: str) -> Design:
    """The design's ANN twin; or the design with the neurons, time and loss it had before it became one."""
    parts, document = st.session_state.parts, design().document()
    if kind == design().neuron.kind:
        return design()
    if design().network.code == "ttfs":
        document = _of_code("rate").document()
        if document["neuron"]["kind"] == kind:
            return Design.check(document)
    if kind == "relu":
        parts["lif"] = document
        return ann_twin(design())
    before = parts.get("lif", Design().document())
    for part, field in (("data", "steps"), ("data", "encoding"), ("training", "loss")):
        document[part][field] = before[part][field]
    return Design.check({**document, "neuron": before["neuron"], "init": before["init"]})


def _of_code(code: str) -> Design:
    """The TTFS network that computes what the design's ReLU network does; or the design as it was before."""
    parts, document = st.session_state.parts, design().document()
    if code == design().network.code:
        return design()
    if code == "ttfs":
        changed = ttfs_network(design())
        parts["rate"] = document
        return changed
    before = parts.get("rate", Design().document())
    same = before["network"]["kind"] == document["network"]["kind"]
    document["network"] |= {"code": "rate", **({"norm": before["network"]["norm"]} if same else {})}
    document["data"] |= {name: before["data"][name] for name in ("steps", "encoding")}
    document["training"] |= {name: before["training"][name] for name in ("loss", "precision", "shortcut")}
    return Design.check({**document, "neuron": before["neuron"], "init": before["init"], "ttfs": {}})


def put_drawn(block: int = 1) -> None:
    """The block editor's callback: the drawn matrix becomes the design's, and only what depends on it is drawn anew.

    `block`: which of a staged network's, whichever is open now.
    """
    current, told = design(), st.session_state.problem
    staged = isinstance(current.network, StagedNetwork)
    edges = list(matrices(current)) if isinstance(current.network, (BlockNetwork, StagedNetwork)) else []
    if block <= len(edges):
        before, key = edges[block - 1], editor_key(block)
        edges[block - 1] = drawn(key, before, editor_revision(), fixed=staged, backward=not staged)
        try:
            st.session_state.design = rewired(current, tuple(edges))
        except (
            InputError
        ) as error:  # a skip in a row of layers; a backward connection, while a norm was on its way here
            told = str(error)
            _say(error, wish=lambda rate: rewired(rate, tuple(edges)))
            _renew()
        else:
            st.session_state.problem = ""
    _show_drawn(told, ["stages"] if staged else [])


def put_cell() -> None:
    """The cell editor's callback. A cell that leads nowhere stays in the editor, where it may be on its way to one."""
    network, told = design().network, st.session_state.problem
    if isinstance(network, CellNetwork):
        cell = cell_editor.drawn(editor_key(), network.cell, editor_revision())
        try:
            st.session_state.design = change(design(), {"network.cell": cells.write(cell)})
        except InputError as error:
            told = str(error)
            _say(error, f"The design keeps {cells.write(network.cell)}.")
        else:
            st.session_state.problem = ""
    _show_drawn(told)


def _show_drawn(told: str, more: Sequence[str] = ()) -> None:
    """Draws anew what depends on what was drawn, or the whole page where a sentence above it comes or goes."""
    if told:
        st.rerun()
    st.rerun(["preview", *more, *(["differs"] if st.session_state.compared else [])])


def train() -> None:
    """The Train button's callback."""
    try:
        submitted = services.engine().submit(design())
    except SnnvizError as error:
        _say(error)
    else:
        watch(submitted.run, found=submitted.cached)
        st.session_state.pressed += 1  # the live panel comes into view
    st.rerun()


def cancel(run: str) -> None:
    """The Cancel button's callback."""
    try:
        services.engine().cancel(run)
    except SnnvizError as error:
        _say(error)
    services.GLANCES.forget()


def watch(run: str | None, *, found: bool = False) -> None:
    """Show this run in the live panel; `found` marks a result that was there already."""
    st.session_state.watched, st.session_state.found, st.session_state.problem = run, found, ""
    services.GLANCES.forget()


def open_run(run: str) -> None:
    """Edit a run's design and watch the run."""
    try:
        shown = services.glance(run)
    except SnnvizError as error:
        _say(error)
        return
    if shown is None:
        _say(NotFound("This run has been deleted"))
        return
    replace(shown[0].design)
    watch(run, found=shown[0].state == "done")


def restore(run: str) -> None:
    """The callback of a run's Restore button."""
    open_run(run)
    st.rerun()


def problem() -> str:
    """The sentence to show above the page, ready for Markdown; empty when all is well."""
    text: str = st.session_state.problem
    return plain(text)


def _say(error: Exception, more: str = "", wish: Callable[[Design], Design] | None = None) -> None:
    """Its sentence, and a second one; without the nearest design, which is a button.

    Where that is the design as it is, what was wished of one spike a neuron is offered of the code of before.
    """
    sentence = error.why if isinstance(error, Unfit) else str(error)
    st.session_state.problem = f"{ended(SnnvizError(sentence))} {more}" if more else sentence
    offer = error.nearest if isinstance(error, Unfit) else None
    if wish and offer and offer.design == design():
        try:
            offer = Nearest.between(design().document(), wish(_of_code("rate")))
        except InputError:
            offer = None
    st.session_state.offer = offer


def _renew() -> None:
    st.session_state.editor_revision = new_revision()
    _renew_form()


def _renew_form() -> None:
    st.session_state.revision = new_revision()
