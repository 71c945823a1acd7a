"""The searches of an optimisation: reading their rows, and starting, pausing and deleting them.

A search is found by its digest, so a reload loses nothing. Pausing cancels it in the store, which keeps its finished
candidates; resuming submits it again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from snnviz.store import Run
from snnviz.studies.skips.charts.search import SearchHistory
from snnviz.studies.skips.page.setting import OPTIMISATION
from snnviz.studies.skips.search import Model, Search, Trial, Twin
from snnviz.ui.kit.actions import ResultWords, Verb, actions
from snnviz.ui.kit.rows import rows_of
from snnviz.ui.kit.words import pluralise

SEARCH = Verb("Start", "Searching", "All searched", "search")


def search_histories(searches: Sequence[Search], runs: Mapping[str, Run]) -> list[SearchHistory]:
    """Returns what each search has stored so far (candidates, fitted models); `runs`: existing runs by digest."""
    trials, models, twins = rows_of(runs, Trial), rows_of(runs, Model), rows_of(runs, Twin)
    found = []
    for search in searches:
        name = search.digest
        ordered = tuple(sorted(trials.get(name, ()), key=lambda trial: trial.number))
        found.append(SearchHistory(search, ordered, models.get(name, ()), next(iter(twins.get(name, ())), None)))
    return found


def panel(searches: Sequence[Search], runs: Mapping[str, Run], histories: Sequence[SearchHistory]) -> None:
    """Draws the buttons Start, Pause, Resume and Cancel, errors, and the progress of the skip searches."""
    done = {name for name, run in runs.items() if run.state == "done"}
    kept = pluralise(sum(len(one.trials) for one in histories), "candidate")
    unfinished = sum(len(one.trials) for one in histories if one.search.digest not in done)
    found = ResultWords(
        partial=f"{len(done)} of {len(searches)} searches done, {kept}",
        complete=f"{pluralise(len(done), 'search')}, {kept}",
        kept=pluralise(unfinished, "candidate"),
    )
    actions(searches, runs, OPTIMISATION.key, verb=SEARCH, result_words=found)
