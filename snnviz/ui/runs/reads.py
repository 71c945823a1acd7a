"""What the Runs page reads from the store, cached for all users."""

from __future__ import annotations

from snnviz.store.index import IndexedRuns, differing_fields, indexed_runs
from snnviz.ui.kit import services
from snnviz.ui.kit.shared import shared
from snnviz.ui.runs import listing
from snnviz.ui.runs.listing import Item, Listed
from snnviz.ui.runs.view import RunsView

MOST_HIDDEN = 500


def current() -> IndexedRuns:
    """Returns the index of all runs in the store, at most half a second old."""
    return services.CACHE.get("indexed runs", lambda: indexed_runs(services.store()))


def is_active(now: IndexedRuns) -> bool:
    """Returns whether any run is queued or running."""
    return any(run.state in ("queued", "running") for run in now.runs)


@shared(4)
def hidden_sentence(now: IndexedRuns) -> str:
    """Returns a sentence on runs that cannot be read; "" if there are none."""
    store = services.store()
    if sum(store.counts().values()) <= sum(run.machine is None for run in now.runs):
        return ""
    hidden = store.unreadable(MOST_HIDDEN)
    if not hidden:
        return ""
    what = f"{len(hidden)} run{'s' if len(hidden) > 1 else ''} of another version cannot be shown"
    return f"{what}: {hidden[0].run} ({hidden[0].reason})"


@shared(8)
def selected(now: IndexedRuns, view: RunsView) -> tuple[Item, ...]:
    """Returns all runs or groups (runs that differ only in the seed) that the settings of the Runs page select, in
    order; cached.
    """
    return listing.select(services.store(), now, view)


@shared(8)
def page(now: IndexedRuns, view: RunsView, rows: tuple[int, int], unfolded: frozenset[str]) -> Listed:
    """Returns the table of one page of the selected runs, cached; `rows`: its range (first, last + 1)."""
    items = selected(now, view)[slice(*rows)]
    return listing.page_table(services.store(), now, items, view, unfolded)


@shared(8)
def _differing_at(now: IndexedRuns, text: str) -> list[str]:
    runs = (run for item in selected(now, RunsView(text)) for run in item)
    return differing_fields({run.design.key: run.design for run in runs}.values())


def differing(now: IndexedRuns, view: RunsView) -> list[str]:
    """Returns the paths of the fields whose values differ among the runs that match the view's filter."""
    return _differing_at(now, view.filter)
