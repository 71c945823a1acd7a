"""The searches of an optimisation: what they said, Start, Pause, Resume, Cancel, and how far they are.

A search is found by its digest, so a reload loses nothing. Pausing cancels it in the store, which keeps its finished
candidates; resuming submits it again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

import streamlit as st

from snnviz.catalog.searches import Model, Search, Trial, Twin
from snnviz.errors import NotFound, SnnvizError
from snnviz.jobs.pace import in_words
from snnviz.places import cache_dir
from snnviz.store import Run
from snnviz.ui import many, services
from snnviz.ui.optimise_setting import KEY
from snnviz.ui.words import plain, some
from snnviz.views.search import Seen


def seen_of(search: Search) -> Seen:
    """What a search has said so far."""

    def read() -> Seen:
        store, run = services.store(), search.digest
        trials = sorted((row for _, row in store.rows(run, Trial)), key=lambda trial: trial.number)
        models = tuple(row for _, row in store.rows(run, Model))
        twins = [row for _, row in store.rows(run, Twin)]
        return Seen(search, tuple(trials), models, twins[0] if twins else None)

    return services.GLANCES.get((str(cache_dir()), "search", search.digest), read)


def actions(searches: Sequence[Search], runs: Mapping[str, Run], seen: Sequence[Seen]) -> None:
    """Start, Pause or Resume; Cancel; and how far it all is. Above them what went wrong."""
    if problem := st.session_state.get(f"{KEY}_problem"):
        st.error(plain(problem), icon=":material/error:")
    going = [run for run in runs.values() if not run.ended]
    missing = [one for one in searches if one.digest not in runs or runs[one.digest].state in ("failed", "cancelled")]
    begun = [run for run in runs.values() if run.state != "done"]
    done = sum(run.state == "done" for run in runs.values())
    first, second, words = st.columns([3, 2, 7], vertical_alignment="center")
    if going:
        pausing = all(run.cancel_requested for run in going)
        first.button(
            "Pausing" if pausing else "Pause",
            icon=":material/pause:",
            disabled=pausing,
            width="stretch",
            key="optimise-pause",
            on_click=many.cancel,
            args=(going, KEY),
        )
    else:
        start = "Resume" if begun else "Start"
        first.button(
            f"{start} {some(len(missing), 'search')}" if missing else "All searched",
            type="primary",
            icon=":material/play_arrow:",
            disabled=not missing,
            width="stretch",
            key="optimise-start",
            on_click=many.submit,
            args=(missing, KEY),
        )
    _cancel(second, begun, seen)
    left = in_words(services.left(searches, runs))
    if going:
        shares = [run.step / run.steps if run.steps else 0.0 for run in runs.values()]
        text = f"{done} of {len(searches)} searches done, about {left} left. You may leave: they go on."
        words.progress(min(1.0, sum(shares) / len(searches)), text=text)
    elif begun:
        kept = sum(len(one.trials) for one in seen)
        text = f"{done} of {len(searches)} searches done, {some(kept, 'candidate')} kept"
        why = "Paused" if any(run.state == "cancelled" for run in begun) else "Stopped"
        words.caption(f"{why}: {text}. About {left} to go.")
    elif missing:
        words.caption(f"About {left} on this machine; you may leave meanwhile.")
    else:
        candidates = some(sum(len(one.trials) for one in seen), "candidate")
        words.caption(f"{some(done, 'search')}, {candidates}, all from the store.")


def _cancel(place: st.delta_generator.DeltaGenerator, begun: Sequence[Run], seen: Sequence[Seen]) -> None:
    names = {run.run for run in begun}
    kept = sum(len(one.trials) for one in seen if one.search.digest in names)
    with place.popover("Cancel", icon=":material/delete:", disabled=not begun, width="stretch"):
        what = f"{some(len(begun), 'unfinished search')} with {some(kept, 'candidate')}"
        st.write(f"Forget {what}, for everybody? Finished searches stay.")
        st.button("Forget", type="primary", key="optimise-forget", on_click=_forget, args=(begun,))


def _forget(begun: Sequence[Run]) -> None:
    """Stops at once: a worker that is at a deleted search can write no more."""
    try:
        for run in begun:
            services.engine().cancel(run.run)
            with suppress(NotFound):  # somebody else was faster
                services.store().delete(run.run)
    except SnnvizError as error:
        st.session_state[f"{KEY}_problem"] = str(error)
    services.GLANCES.forget()
    st.rerun()
