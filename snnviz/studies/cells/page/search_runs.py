"""The search of cells of the page as a task: reading its rows, and starting, pausing and deleting it.

It is found by its digest, so a reload loses nothing. Pausing cancels it in the store, which keeps its candidates;
resuming submits it again.
"""

from __future__ import annotations

from snnviz.jobs.durations import format_duration
from snnviz.store import Run
from snnviz.studies.cells.charts.search import SearchHistory
from snnviz.studies.cells.page.search_setting import SEARCH
from snnviz.studies.cells.scoring import Candidate, CellSearch
from snnviz.ui.kit import services, task_runs
from snnviz.ui.kit.actions import ResultWords, Verb, actions
from snnviz.ui.kit.lru import LruCache
from snnviz.ui.kit.rows import rows
from snnviz.ui.kit.words import pluralise, queue_position

_SEEN: LruCache[SearchHistory] = LruCache(16, lambda _: 1)

START = Verb("Start", "Searching", "Searched", "search")


def run_of(search: CellSearch) -> Run | None:
    """Returns the search's run in the store, or None if it was never started."""
    return task_runs.runs_of([search]).get(search.digest)


def search_history(search: CellSearch, run: Run) -> SearchHistory:
    """Returns the history of a cell search so far; the same object while there are no new rows."""
    found = rows(run, Candidate)
    key = (run.run, run.created, len(found))
    return _SEEN.get_or_make(key, lambda: SearchHistory(search, found))


def panel(search: CellSearch, run: Run | None, history: SearchHistory) -> None:
    """Draws the buttons Start, Pause, Resume and Cancel, errors, and the progress of the cell search."""
    kept = pluralise(history.scored, "candidate")
    found = ResultWords(partial=f"{history.scored:,} of {search.candidates:,} candidates", complete=kept, kept=kept)
    if run is not None and not run.ended:
        found = found._replace(running=_live(run, history))
    if run is not None and run.state == "done":
        found = found._replace(
            complete=f"{history.scored:,} candidates in {format_duration(run.seconds)}, {_rate(run, history)}"
        )
    known = {search.digest: run} if run is not None else {}
    actions([search], known, SEARCH.key, verb=START, what="the search", result_words=found)


def _rate(run: Run, history: SearchHistory) -> str:
    return f"{history.scored / max(run.seconds, 0.01):.0f} a second"


def _live(run: Run, history: SearchHistory) -> str:
    if run.cancel_requested:
        return "Pausing: what is scored is kept."
    if not history.rows:
        waits = f"{queue_position(services.queue_place(run.run)).capitalize()}; you may leave, it starts by itself."
        return run.doing or (waits if run.state == "queued" else "Begun.")
    left = f", about {format_duration(run.eta_seconds)} left" if run.eta_seconds is not None else ""
    if history.scored == history.search.candidates:
        best = f"Scoring the best {history.search.best} again: {len(history.rescored)} done{left}"
        return f"{best}. You may leave: it goes on."
    many_ = f"{history.scored:,} of {history.search.candidates:,} candidates, {_rate(run, history)}{left}"
    return f"{many_}. You may leave: it goes on."
