"""The searches of an optimisation: what they said, and what is done with them.

A search is found by its digest, so a reload loses nothing. Pausing cancels it in the store, which keeps its finished
candidates; resuming submits it again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from snnviz.places import cache_dir
from snnviz.store import Run
from snnviz.studies.skips.charts.search import SearchHistory
from snnviz.studies.skips.page.setting import KEY
from snnviz.studies.skips.search import Model, Search, Trial, Twin
from snnviz.ui.kit import services
from snnviz.ui.kit.actions import ResultWords, Verb, actions
from snnviz.ui.kit.words import pluralise

SEARCH = Verb("Start", "Searching", "All searched", "search")


def search_history(search: Search) -> SearchHistory:
    """The history of a search."""

    def read() -> SearchHistory:
        store, run = services.store(), search.digest
        trials = sorted((row for _, row in store.rows(run, Trial)), key=lambda trial: trial.number)
        models = tuple(row for _, row in store.rows(run, Model))
        twins = [row for _, row in store.rows(run, Twin)]
        return SearchHistory(search, tuple(trials), models, twins[0] if twins else None)

    return services.CACHE.get((str(cache_dir()), "search", search.digest), read)


def panel(searches: Sequence[Search], runs: Mapping[str, Run], histories: Sequence[SearchHistory]) -> None:
    """Start, Pause or Resume; Cancel; and how far it all is. Above them what went wrong."""
    done = {name for name, run in runs.items() if run.state == "done"}
    kept = pluralise(sum(len(one.trials) for one in histories), "candidate")
    unfinished = sum(len(one.trials) for one in histories if one.search.digest not in done)
    found = ResultWords(
        partial=f"{len(done)} of {len(searches)} searches done, {kept}",
        complete=f"{pluralise(len(done), 'search')}, {kept}",
        kept=pluralise(unfinished, "candidate"),
    )
    actions(searches, runs, KEY, verb=SEARCH, result_words=found)
