"""What the Runs page reads of the store, once for all visitors."""

from __future__ import annotations

from snnviz.store.index import IndexedRuns, differing_fields, indexed_runs
from snnviz.ui.kit import services
from snnviz.ui.kit.shared import shared
from snnviz.ui.runs import listing
from snnviz.ui.runs.listing import Item, Listed
from snnviz.ui.runs.view import RunsView

MOST_HIDDEN = 500


def current() -> IndexedRuns:
    """All runs, at most half a second old."""
    return services.CACHE.get("indexed runs", lambda: indexed_runs(services.store()))


def is_active(now: IndexedRuns) -> bool:
    """Whether some wait or run."""
    return any(run.state in ("queued", "running") for run in now.runs)


@shared(4)
def hidden_sentence(now: IndexedRuns) -> str:
    """A sentence on runs that cannot be read, "" where all can."""
    store = services.store()
    if sum(store.counts().values()) <= len(now.runs):
        return ""
    hidden = store.unreadable(MOST_HIDDEN)
    if not hidden:
        return ""
    what = f"{len(hidden)} run{'s' if len(hidden) > 1 else ''} of another version cannot be shown"
    return f"{what}: {hidden[0].run} ({hidden[0].reason})"


@shared(8)
def selected(now: IndexedRuns, view: RunsView) -> tuple[Item, ...]:
    """All runs or groups of a view, in its order."""
    return listing.select(services.store(), now, view)


@shared(8)
def page(now: IndexedRuns, view: RunsView, rows: tuple[int, int], unfolded: frozenset[str]) -> Listed:
    """The table of some rows of them, from a first to before a last one."""
    items = selected(now, view)[slice(*rows)]
    return listing.page_table(services.store(), now, items, view, unfolded)


@shared(8)
def _differing_at(now: IndexedRuns, text: str) -> list[str]:
    runs = (run for item in listing.select(services.store(), now, RunsView(text)) for run in item)
    return differing_fields({run.design.key: run.design for run in runs}.values())


def differing(now: IndexedRuns, view: RunsView) -> list[str]:
    """The fields that are not alike in all runs of the filter."""
    return _differing_at(now, view.filter)
