"""State of one visitor: the design being edited, and the run being watched.

Widgets are drawn from the design and change it in their callbacks. Their keys carry a revision, which changes whenever
something else changed the design, so that no widget shows an old value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from snnviz.design import cells
from snnviz.design.adjacency import Edges, to_compact_text
from snnviz.design.design import Design
from snnviz.design.links import change, flatten, from_query
from snnviz.design.networks import CellNetwork, StagedNetwork
from snnviz.errors import InputError, NotFound, SnnvizError
from snnviz.graph.nearest import IncompatibleDesign, NearestDesign
from snnviz.graph.repairs import repair_change
from snnviz.graph.rewiring import with_block_matrices
from snnviz.ui.components import cell_editor
from snnviz.ui.components.block_editor import drawn, new_revision
from snnviz.ui.kit import kind_switching, notices, opened, restrictions, services
from snnviz.ui.kit.linked import detect_back_navigation, followed_link, is_back_navigation, read_link
from snnviz.ui.kit.words import as_sentence, escape_markdown
from snnviz.views.changes import design_changes
from snnviz.views.error_messages import error_text

DESIGN = "design"
"""Address of the page that edits the design."""


def begin(page: str) -> None:
    """Initialises the session at the top of a page; on the Design page from the link if the visit started here."""
    session = st.session_state
    detect_back_navigation(page)
    if "design" in session:
        if page == DESIGN and is_back_navigation():
            _go_back()
        return
    session.arrived = page
    session.problem, session.offer = "", None
    session.parts = {}
    session.left = {}  # by kind and depth: the blocks that were drawn when another depth was chosen
    session.opened = 1  # the block of a staged network that is edited
    session.watched = None
    session.found = False
    session.own = set()  # the runs that were submitted during this visit
    session.compared = False  # whether the live panel compares its run with the design
    session.pressed = 0
    try:
        query = dict(st.query_params) if page == DESIGN else {}
        session.design, session.problem = read_link(from_query, query)
    except InputError as error:
        session.design = Design()
        _show_error(error, "The default design is shown instead.", linked=True)
    session.design = restrictions.with_mysteries(session.design)
    _open_first_drawn()
    _renew()
    known = services.run_and_version(session.design.digest)
    if known is not None:
        session.watched, session.found = session.design.digest, known[0].state == "done"


def _go_back() -> None:
    """Edit what the address says."""
    try:
        found, st.session_state.problem = read_link(from_query, dict(st.query_params))
    except InputError as error:
        _show_error(error, "The design stays as it is.", linked=True)
        return
    if found != design():
        if followed_link():
            replace_with_notice(found, "Opened by a link.")
        else:
            replace(found)


def is_entry_page(page: str) -> bool:
    """Returns whether the visit started on this page, or Back led to another setting of it, so that the address is a
    link.
    """
    began: str = st.session_state.arrived
    return began == page or (is_back_navigation() and st.session_state.page == page)


def design() -> Design:
    """Returns the design being edited."""
    current: Design = st.session_state.design
    return current


def revision() -> str:
    """Returns the revision that is part of every form widget's key."""
    text: str = st.session_state.revision
    return text


def editor_revision() -> str:
    """Returns the revision of the matrix editor, which changes only when something else replaced the matrix."""
    text: str = st.session_state.editor_revision
    return text


def editor_key(block: int = 1) -> str:
    """Returns the key of a block's editor widget; a staged network's blocks have one each."""
    network = design().network
    return f"{network.kind}-{block}" if network.matrix_per_block else network.kind


def opened_block() -> int:
    """Returns the number of the block of a staged network (ResNet, DenseNet, MobileNet) that is edited, from 1."""
    number: int = st.session_state.opened
    return number


def open_block(number: int) -> None:
    """Opens this block of a staged network (ResNet, DenseNet, MobileNet) in the editor."""
    st.session_state.opened = number


def _open_first_drawn() -> None:
    """Who opens a link sees first what is not the original."""
    st.session_state.opened = next(iter(design().network.changed_blocks), 1)


def _refused(new: Design) -> bool:
    """Whether this changes a field that is locked, which is then said."""
    refused = restrictions.refusal(flatten(design()), flatten(new))
    if refused:
        st.session_state.problem, st.session_state.offer = refused, None
        _renew()
    return bool(refused)


def replace(new: Design) -> None:
    """Sets the edited design, such as a link's or a run's."""
    st.session_state.design = restrictions.with_mysteries(new)
    _open_first_drawn()
    _renew()


def replace_with_notice(new: Design, done: str) -> None:
    """Sets the edited design from a button, with a notice of the changes and Undo. `done`: the notice's headline."""
    before = design()
    if _refused(new):
        return
    replace(new)
    _notify(done, before)


def _notify(done: str, before: Design, left_out: Callable[[str], bool] | None = None) -> None:
    """Show a notice of what changed in the design; `left_out`: fields that it leaves out."""
    after, watched, found = design(), st.session_state.watched, st.session_state.found

    def undo() -> None:
        if _refused(before):
            return
        replace(before)
        watch_run(watched, found=found)

    notices.show_notice(done, design_changes(before, after, left_out), undo, lambda: design() == after)


def put_data(new: Design) -> None:
    """Sets the edited design to one with other data settings only; the editors keep their undo history."""
    if _refused(new):
        return
    st.session_state.design, st.session_state.problem = new, ""
    _renew_form()


def put_data_with_notice(new: Design, done: str) -> None:
    """Calls `put_data` for a button of another page, with a notice of the changes and Undo."""
    before = design()
    put_data(new)
    _notify(done, before)


def rewire(edges: tuple[Edges, ...]) -> None:
    """Sets the adjacency matrices of the edited design's blocks, with notice and Undo; the open block stays open."""
    before = design()
    new = with_block_matrices(before, edges)
    if _refused(new):
        return
    st.session_state.design = new
    st.session_state.editor_revision = new_revision()
    _notify("Blocks changed.", before)


def resize(like: StagedNetwork) -> None:
    """Gives the staged network (ResNet, DenseNet, MobileNet) the depth and width of `like`, with a notice and Undo."""
    before = design()
    new = kind_switching.with_size(before, like)
    if _refused(new):
        return
    st.session_state.design = new
    _renew()
    _notify("Another size.", before)


def put(path: str, widget: str) -> None:
    """Callback of a form widget: sets the field at `path` of the edited design from the widget with this key."""
    session = st.session_state
    value: Any = 0 if session[widget] is None else session[widget]  # an empty field: all samples
    try:
        if path == "neuron.kind":
            changed = kind_switching.with_neurons(design(), value)
        elif path == "network.code":
            changed = kind_switching.with_code(design(), value)
        elif path == "network.kind":
            changed = kind_switching.with_network(design(), value)
        elif path == "data.name":
            changed = kind_switching.with_dataset(design(), value)
        elif path == "network.depth" and isinstance(design().network, StagedNetwork):
            changed = kind_switching.with_depth(design(), value)
        else:
            changed = change(design(), {path: value})
    except InputError as error:
        _show_error(error, wish=lambda of: change(of, {path: value}), mended=repair_change(design(), {path: value}))
        _renew_form()
        return
    if _refused(changed):
        return
    before, session.design, session.problem = design(), changed, ""
    session.touched = path
    if path.endswith((".kind", ".code")) or path == "data.name":
        own = path.removesuffix("kind") if path.endswith(".kind") else path
        _notify("Changed with it.", before, lambda other: other.startswith(own))
    if path == "network.kind":
        _open_first_drawn()
        _renew()
    elif path == "network.depth" and changed.network.matrix_per_block:
        session.editor_revision = new_revision()
    elif path.endswith((".kind", ".code")) or path == "data.name" or (path.endswith("_samples") and not value):
        _renew_form()


def train_like_example() -> None:
    """Callback of a button: sets neuron, time steps and training as in the staged network's example; network and data
    stay.
    """
    before = design()
    new = kind_switching.trained_like_example(before)
    if _refused(new):
        return
    st.session_state.design = new
    _renew_form()
    _notify(f"As in {before.network.kind}-digits.", before)


def put_drawn(block: int = 1) -> None:
    """Callback of the block editor: sets the drawn matrix of `block`, and reruns only what depends on it."""
    current, message = design(), st.session_state.problem
    staged, edges = current.network.matrix_per_block, list(current.network.matrices)
    if block <= len(edges):
        before, key = edges[block - 1], editor_key(block)
        edges[block - 1] = drawn(key, before, editor_revision(), fixed=staged, backward=not staged)
        try:
            new = with_block_matrices(current, tuple(edges))
        except InputError as error:  # a skip in a row of layers; a backward connection beside a norm
            message = str(error)
            drew = {} if staged else {"network.edges": to_compact_text(edges[0])}
            _show_error(
                error, wish=lambda of: with_block_matrices(of, tuple(edges)), mended=repair_change(current, drew)
            )
            _renew()
        else:
            message = _take_drawn(new, message)
    _show_drawn(message, ["stages"] if staged else [])


def _take_drawn(new: Design, message: str) -> str:
    """Edit what was drawn, unless it is locked; the sentence above the page that comes or goes with it."""
    if _refused(new):
        return str(st.session_state.problem)
    st.session_state.design, st.session_state.problem = new, ""
    return message


def put_cell() -> None:
    """Callback of the cell editor: sets the drawn cell; one without a path to the output stays in the editor only."""
    network, message = design().network, st.session_state.problem
    if isinstance(network, CellNetwork):
        cell = cell_editor.drawn(editor_key(), network.cell, editor_revision())
        try:
            new = change(design(), {"network.cell": cells.to_text(cell)})
        except InputError as error:
            message = str(error)
            _show_error(error, f"The design keeps {cells.to_text(network.cell)}.")
        else:
            message = _take_drawn(new, message)
    _show_drawn(message)


def _show_drawn(message: str, more: Sequence[str] = ()) -> None:
    """Draws anew what depends on what was drawn, or the whole page where a sentence above it comes or goes."""
    if message:
        st.rerun()
    atlas = ["atlas"] if st.session_state.get("atlas_shown") else []
    drawn_anew = [
        *atlas,
        *st.session_state.get("foretold", ()),
        *more,
        *(["differs"] if st.session_state.compared else []),
    ]
    notices.rerun_fragments("preview", "expected", *drawn_anew)


def train() -> None:
    """Callback of the Train button: submits the edited design."""
    if restrictions.is_locked("train"):
        st.session_state.problem = restrictions.locked_sentence("train")
        st.rerun()
    try:
        submitted = services.engine().submit(design())
    except SnnvizError as error:
        _show_error(error)
    else:
        if not submitted.cached:
            st.session_state.own.add(submitted.run)
        watch_run(submitted.run, found=submitted.cached)
        st.session_state.pressed += 1  # the live panel comes into view
    st.rerun()


def watch_run(run: str | None, *, found: bool = False) -> None:
    """Shows this run in the live panel (None: no run). `found`: it was trained before, and found in the store."""
    st.session_state.watched, st.session_state.found = run, found and run not in st.session_state.own
    if run is not None:
        opened.remember_runs(run)
    st.session_state.problem = ""
    services.CACHE.clear()


def open_run(run: str) -> None:
    """Edits a run's design and watches the run."""
    try:
        shown = services.run_and_version(run)
    except SnnvizError as error:
        _show_error(error)
        return
    if shown is None:
        _show_error(NotFound("This run has been deleted"))
        return
    replace_with_notice(shown[0].design, f"Opened run {shown[0].title or run}.")
    watch_run(run, found=shown[0].state == "done")


def restore(run: str) -> None:
    """Callback of a run's Restore button: calls `open_run` and reruns the page."""
    open_run(run)
    st.rerun()


def problem() -> str:
    """Returns the error message to show above the page, escaped for Markdown; "" if there is none."""
    text: str = st.session_state.problem
    return escape_markdown(text)


def dismiss_problem() -> None:
    """Removes the error message above the page and its offer."""
    st.session_state.problem, st.session_state.offer = "", None


def _show_error(
    error: Exception,
    more: str = "",
    wish: Callable[[Design], Design] | None = None,
    mended: NearestDesign | None = None,
    *,
    linked: bool = False,
) -> None:
    """Its sentence, and a second one; what mends it is a button: the nearest design, or `mended`.

    Where the nearest is the design as it is, what was wished of one spike a neuron is offered of the code of before.
    `linked`: of a link, which is written in the words of the program.
    """
    sentence = error_text(error) if not linked else error.why if isinstance(error, IncompatibleDesign) else str(error)
    st.session_state.problem = f"{as_sentence(SnnvizError(sentence))} {more}" if more else f"{sentence}."
    offer = error.nearest if isinstance(error, IncompatibleDesign) else mended
    if wish and offer and offer.design == design():
        try:
            offer = NearestDesign.between(design().document(), wish(kind_switching.with_code(design(), "rate")))
        except InputError:
            offer = None
    st.session_state.offer = offer


def _renew() -> None:
    st.session_state.editor_revision = new_revision()
    _renew_form()


def _renew_form() -> None:
    st.session_state.revision = new_revision()
