"""Takes a run out by a press: the form is chosen, the export is made and proven by another process, and downloaded."""

from __future__ import annotations

import time
from concurrent.futures import CancelledError, TimeoutError

import streamlit as st

from snnviz.exports import EXPORTS
from snnviz.exports.exported_file import ExportedFile
from snnviz.jobs.answers import AnswerClient, AnswerFailed
from snnviz.store import Run
from snnviz.ui.kit import services
from snnviz.ui.kit.lru import LruCache
from snnviz.ui.kit.shared import shared
from snnviz.ui.kit.words import escape_markdown

MODULE = "snnviz.exports.compute.answering"
IDLE_SECONDS = 120.0
PATIENCE = 900.0
WAIT_SECONDS = 0.1
MAKING = "Making and proving"

MOST_BYTES = 160e6
"""Of the exports that are kept for all visitors."""

_MADE: LruCache[bytes] = LruCache(MOST_BYTES, len)


@shared(1)
def client() -> AnswerClient:
    """Returns the server's client of the process that makes exports."""
    return AnswerClient(MODULE, "exports", {"SNNVIZ_STORE": services.store().url}, IDLE_SECONDS)


def can_export(run: Run) -> bool:
    """Returns whether a run can be taken out: it is done."""
    return run.state == "done"


def panel(run: Run) -> None:
    """Draws the forms, the button that makes one, its progress, and what was made with its proof."""
    forms = {f"{form.name}{suffix}": (form, suffix) for form in EXPORTS for suffix in form.suffixes or ("",)}
    label = {
        key: f"{form.label.partition(' (')[0]}{f' ({suffix[1:]})' if len(form.suffixes) > 1 else ''}"
        for key, (form, suffix) in forms.items()
    }
    chosen = st.selectbox("Export as", [*forms], format_func=label.__getitem__, key="export-form")
    form, suffix = forms[chosen]
    st.caption(escape_markdown(form.help))
    asked = (run.run, run.revision, chosen)
    st.button(
        "Make it",
        icon=":material/output:",
        key="export-make",
        on_click=_ask,
        args=(run.run, run.revision),
        type="primary",
    )
    if st.session_state.get("export_asked") != asked:
        return
    try:
        made = answer(run, form.name, suffix)
    except AnswerFailed as error:
        st.error(escape_markdown(str(error)))
        return
    for sentence in made.notes:
        st.write(escape_markdown(sentence))
    st.download_button(
        f"Download {made.name}",
        made.data,
        made.name,
        "application/octet-stream",
        icon=":material/download:",
        key="export-download",
        on_click="ignore",
    )


def _ask(run: str, revision: int) -> None:
    """What is chosen at the moment of the press, which may be newer than what was drawn."""
    st.session_state.export_asked = (run, revision, st.session_state["export-form"])


def answer(run: Run, name: str, suffix: str) -> ExportedFile:
    """Waits for an export of a run, with a bar, and returns it; one that was made before is there at once.

    Raises `AnswerFailed` with a sentence.
    """
    key = (run.run, run.revision, run.finished, name, suffix)
    if (known := _MADE.get(key)) is not None:
        return ExportedFile.from_bytes(known)
    pending = client().send({"as": name, "suffix": suffix, "run": run.run})
    bar, end = st.progress(0.0, MAKING), time.monotonic() + PATIENCE
    try:
        while True:
            try:
                found = pending.answer.result(WAIT_SECONDS)
                break
            except TimeoutError:
                bar.progress(min(1.0, pending.share), MAKING)
            except CancelledError:
                raise AnswerFailed("This export was given up: press again.") from None
            if time.monotonic() > end:
                raise AnswerFailed("This export takes too long for a page: the command line waits.")
    finally:
        bar.empty()
    _MADE.put(key, found)
    return ExportedFile.from_bytes(found)
