"""The progress of searches, in words and as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from snnviz.store.values import Run
from snnviz.studies.skips.charts.search import NAMES, SearchHistory, operations


def phase_text(run: Run | None, history: SearchHistory) -> str:
    """Returns text on what a skip search is doing at the moment.

    An epoch is the same number of training steps for everything that is trained.
    """
    search = history.search
    if run is None:
        return "not started"
    if run.state != "running":
        return "paused" if run.state == "cancelled" else run.state
    if run.cancel_requested:
        return "pausing"
    if run.doing:
        return run.doing
    whole = search.design.training.epochs
    shared, own = (0, whole) if search.weights == "scratch" else (search.shared_epochs, search.tuning_epochs)
    made = run.step * (whole + shared + search.trials * own) // max(1, run.steps)
    if history.twin is None:
        return f"ANN twin: epoch {min(made + 1, whole)} of {whole}"
    if not history.trials and made < whole + shared:
        return f"shared weights: epoch {max(1, made - whole + 1)} of {shared}"
    return f"candidate {min(len(history.trials) + 1, search.trials)} of {search.trials}"


def searches_table(runs: Mapping[str, Run], histories: Sequence[SearchHistory]) -> pd.DataFrame:
    """Returns a table with a row for each skip search that has been started."""
    rows = []
    for one in histories:
        run = runs.get(one.search.digest)
        if run is None:
            continue
        best = one.ranked[0] if one.trials else None
        rows.append(
            {
                "search": NAMES[one.search.strategy],
                "weights": one.search.weights,
                "seed": one.search.seed,
                "state": phase_text(run, one),
                "candidates": f"{len(one.trials)} of {one.search.trials}",
                "best": best.value if best else None,
                "error": best.error if best else None,
                "accuracy": round(100 * best.accuracy, 1) if best else None,
                "rate": round(100 * best.rate, 1) if best else None,
                "operations": round(operations(best)) if best else None,
                "seconds": round(run.seconds, 1) if run.seconds else None,
                "trouble": run.error,
            }
        )
    table = pd.DataFrame(rows)
    return table if not rows or table["trouble"].notna().any() else table.drop(columns="trouble")
