"""Actions on the selected runs: open, export, rename, mark, cancel, delete."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import streamlit as st

from snnviz.errors import SnnvizError
from snnviz.places import TOP
from snnviz.store import Run
from snnviz.store.marks import LONGEST_NOTE
from snnviz.tasks import resolve, run_button, run_buttons
from snnviz.ui.kit import services, state
from snnviz.ui.kit.actions import cancel_run
from snnviz.ui.kit.words import escape_markdown, pluralise
from snnviz.ui.runs import exporting


def actions(chosen: Sequence[Run]) -> None:
    """Draws the action buttons for the selected runs; also without a selection, disabled, so that the layout does not
    move.
    """
    one = chosen[0] if len(chosen) == 1 else None
    opening = st.button("Open", type="primary", icon=":material/open_in_new:", disabled=one is None, key="open")
    if opening and one is not None:
        state.open_run(one.run)
        st.switch_page(TOP / "pages" / "design.py")
    for key, (usual, *_) in run_buttons().items():
        offer = None if one is None else run_button(key, one.design)
        shown = offer or usual
        pressed = st.button(shown.label, icon=shown.icon, disabled=offer is None, key=f"run-{key}", help=shown.help)
        if pressed and offer is not None:
            resolve(offer.open)(one)
            st.switch_page(TOP / "pages" / f"{offer.page}.py")
    taken = one is not None and exporting.can_export(one)
    with st.popover("Export", icon=":material/output:", disabled=not taken, key="exporting", on_change="rerun"):
        if taken and one is not None and st.session_state.get("exporting"):
            exporting.panel(one)
    others = services.others(chosen)
    own = [run for run in chosen if run.machine is None and run.run not in others]
    mine = bool(chosen) and len(own) == len(chosen)
    with st.popover(
        "Rename", icon=":material/edit:", disabled=one is None or not mine, key="renaming", on_change="rerun"
    ):
        if one is not None and mine:
            with st.form("rename", border=False):
                title = st.text_input("Title", value=one.title, max_chars=200)
                if st.form_submit_button("Rename", on_click=_close, args=("renaming",)):
                    _do(lambda run: services.store_as_person().rename(run, title), [one])
    with st.popover("Mark", icon=":material/label:", disabled=not mine, key="marking", on_change="rerun"):
        if mine:
            _marking(chosen)
    _star(own if mine else ())
    going = [run for run in own if not run.ended]
    if st.button("Cancel", icon=":material/stop:", disabled=not going, key="cancel_runs"):
        _do(cancel_run, going)
    with st.popover("Delete", icon=":material/delete:", disabled=not chosen, key="deleting", on_change="rerun"):
        if chosen:
            _deleting(chosen, others)


def _marking(chosen: Sequence[Run]) -> None:
    """Tags of all of them, and the note of one."""
    common = [tag for tag in chosen[0].tags if all(tag in run.tags for run in chosen)]
    with st.form("mark", border=False):
        what = "Tags" if len(chosen) == 1 else f"Tags of all {len(chosen)}"
        said = st.text_input(
            what,
            value=" ".join(common),
            help="Words by which filters find runs, such as homework: tag = homework. Others that only some of the "
            "chosen runs have stay.",
        )
        note = None
        if len(chosen) == 1:
            note = st.text_area("Note", value=chosen[0].notes, max_chars=LONGEST_NOTE, height=120)
        if st.form_submit_button("Save", type="primary", on_click=_close, args=("marking",)):
            words = said.replace(",", " ").split()
            gone = [tag for tag in common if tag not in words]

            def save(run: str) -> None:
                services.store_as_person().tag(run, words, gone)
                if note is not None:
                    services.store_as_person().annotate(run, note)

            _do(save, chosen)


def _star(chosen: Sequence[Run]) -> None:
    starred = bool(chosen) and all(run.starred for run in chosen)
    pressed = st.button(
        "Unstar" if starred else "Star",
        icon=":material/star:",
        disabled=not chosen,
        key="star_runs",
        help="A starred run cannot be deleted, and its weights are not removed to make room.",
    )
    if pressed:
        _do(lambda run: services.store_as_person().star(run, not starred), chosen)


def _deleting(chosen: Sequence[Run], others: Collection[str]) -> None:
    kept = [run for run in chosen if run.starred]
    rest = [run for run in chosen if not run.starred and run.machine is None and run.run not in others]
    if others:
        st.write(f"{pluralise(len(others), 'run')} of other people can be opened and copied, and not deleted.")
    if came := len([run for run in chosen if run.machine is not None]):
        st.write(f"{pluralise(came, 'run')} came with snnviz and cannot be deleted.")
    if kept:
        st.write(f"{pluralise(len(kept), 'starred run')} cannot be deleted: press Unstar first.")
    if rest:
        st.write(f"Delete {pluralise(len(rest), 'run')} for everybody, with curves and weights?")
        if st.button("Delete", type="primary", key="delete_runs", on_click=_close, args=("deleting",)):
            _do(services.store_as_person().delete, rest)


def _close(popover: str) -> None:
    """What it asks is answered; it would stay open over nothing."""
    st.session_state[popover] = False


def _do(action: Callable[[str], object], runs: Sequence[Run]) -> None:
    try:
        for run in runs:
            action(run.run)
    except SnnvizError as error:
        services.CACHE.clear()
        st.error(escape_markdown(str(error)))
        return
    services.CACHE.clear()
    st.rerun()
