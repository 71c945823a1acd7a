"""A search of cells as a task: what it said, Start, Pause, Resume, Cancel, and how far it is.

It is found by its digest, so a reload loses nothing. Pausing cancels it in the store, which keeps its candidates;
resuming submits it again.
"""

from __future__ import annotations

import threading
from contextlib import suppress

import streamlit as st

from snnviz.catalog.cells import Candidate, CellSearch
from snnviz.errors import NotFound, SnnvizError
from snnviz.jobs import machine
from snnviz.jobs.pace import in_words
from snnviz.places import cache_dir
from snnviz.store import Run
from snnviz.ui import many, services
from snnviz.ui.cells_search_setting import KEY
from snnviz.ui.words import plain, standing
from snnviz.views.cells_search import Seen

KEPT = 16
"""Searches whose rows stay in memory."""

_rows: dict[tuple[str, str, float], tuple[int, Seen]] = {}
_keeping = threading.Lock()


def run_of(search: CellSearch) -> Run | None:
    """The search in the store, if anybody has ever started it."""
    return many.runs_of([search]).get(search.digest)


def seen_of(search: CellSearch, run: Run) -> Seen:
    """What a search has said so far. Only rows that are new are read; the same value while there are none."""

    def read() -> Seen:
        key = (str(cache_dir()), run.run, run.created)  # a search that was forgotten and came back is another one
        last, before = _rows.get(key, (0, Seen(search, ())))
        new = services.store().rows(run.run, Candidate, last)  # who asks for the same search waits in `GLANCES`
        if new:
            last, before = new[-1][0], Seen(search, before.rows + tuple(row for _, row in new))
        with _keeping:
            _rows.pop(key, None)
            _rows[key] = (last, before)
            while len(_rows) > KEPT:
                del _rows[next(iter(_rows))]
        return before

    return services.GLANCES.get((str(cache_dir()), "cells", run.run), read)


def actions(search: CellSearch, run: Run | None, seen: Seen) -> None:
    """Start, Pause or Resume; Cancel; and how far it is. Above them what went wrong."""
    if problem := st.session_state.get(f"{KEY}_problem"):
        st.error(plain(problem), icon=":material/error:")
    if run is not None and run.state == "failed":
        st.error(plain(run.error or "The search failed without a reason."), icon=":material/error:")
    going = run is not None and not run.ended
    done = run is not None and run.state == "done"
    first, second, words = st.columns([3, 2, 7], vertical_alignment="center")
    if run is not None and going:
        first.button(
            "Pausing" if run.cancel_requested else "Pause",
            icon=":material/pause:",
            disabled=run.cancel_requested,
            width="stretch",
            key="cell-search-pause",
            on_click=many.cancel,
            args=([run], KEY),
        )
    else:
        first.button(
            "Searched" if done else f"{'Resume' if seen.rows else 'Start'} the search",
            type="primary",
            icon=":material/play_arrow:",
            disabled=done,
            width="stretch",
            key="cell-search-start",
            on_click=many.submit,
            args=([search], KEY),
        )
    _cancel(second, run, seen)
    if run is not None and going:
        words.progress(min(1.0, run.step / run.steps) if run.steps else 0.0, text=plain(_live(run, seen)))
    elif run is not None and done:
        words.caption(f"{seen.scored:,} candidates in {in_words(run.seconds)}, {_rate(run, seen)}; all from the store.")
    elif run is not None and seen.rows:
        left = services.left([search], {run.run: run})
        why = "Stopped" if run.state == "failed" else "Paused"
        words.caption(f"{why}: {seen.scored:,} of {search.candidates:,} candidates kept. About {in_words(left)} to go.")
    else:
        words.caption(f"About {in_words(_estimate(search))} on this machine; you may leave meanwhile.")


def _estimate(search: CellSearch) -> float:
    """Seconds of wall time on all cores."""
    return services.pace().seconds(search) / min(2, machine.cores())


def _rate(run: Run, seen: Seen) -> str:
    return f"{seen.scored / max(run.seconds, 0.01):.0f} a second"


def _live(run: Run, seen: Seen) -> str:
    if run.cancel_requested:
        return "Pausing: what is scored is kept."
    if not seen.rows:
        waits = f"{standing(services.place(run.run)).capitalize()}; you may leave, it starts by itself."
        return run.doing or (waits if run.state == "queued" else "Begun.")
    left = f", about {in_words(run.eta_seconds)} left" if run.eta_seconds is not None else ""
    if seen.scored == seen.search.candidates:
        return f"Scoring the best {seen.search.best} again: {len(seen.again)} done{left}. You may leave: it goes on."
    many_ = f"{seen.scored:,} of {seen.search.candidates:,} candidates, {_rate(run, seen)}{left}"
    return f"{many_}. You may leave: it goes on."


def _cancel(place: st.delta_generator.DeltaGenerator, run: Run | None, seen: Seen) -> None:
    with place.popover("Cancel", icon=":material/delete:", disabled=run is None, width="stretch"):
        st.write(f"Forget this search with {seen.scored:,} candidates, for everybody?")
        st.button("Forget", type="primary", key="cell-search-forget", on_click=_forget, args=(run,))


def _forget(run: Run) -> None:
    """Stops at once: a worker that is at a deleted search can write no more."""
    try:
        services.engine().cancel(run.run)
        with suppress(NotFound):  # somebody else was faster
            services.store().delete(run.run)
    except SnnvizError as error:
        st.session_state[f"{KEY}_problem"] = str(error)
    services.GLANCES.forget()
    st.rerun()
