"""Tables of the accuracy of trained cells, as Tables 2 and 4 of Kim et al. 2022, and the paper's numbers."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from snnviz.design.cells import summary, to_text
from snnviz.studies.cells.charts.study import NAMES, Outcome, paired_difference, search_accuracy
from snnviz.studies.cells.study import TIMES, CellStudy, Way
from snnviz.theory.intervals import ConfidenceInterval, confidence_interval
from snnviz.views.numbers import range_text

TABLE4: dict[Way, tuple[float, ...]] = {
    "forward": (70.06, 70.08, 70.56, 70.52),
    "backward": (73.04, 73.46, 73.49, 74.24),
}
"""Accuracy on CIFAR-100 in %, at the numbers of time steps in `TIMES`, from the paper's Table 4."""

TABLE2: tuple[tuple[str, str, float, float, float, float], ...] = (
    ("CIFAR-10", "CIFAR-100", 69.98, -0.22, 73.19, -0.12),
    ("CIFAR-10", "TinyImageNet", 52.02, -0.56, 54.61, -0.80),
    ("CIFAR-100", "CIFAR-10", 93.12, 0.01, 93.73, -0.09),
    ("CIFAR-100", "TinyImageNet", 52.28, -0.30, 56.00, 0.59),
    ("TinyImageNet", "CIFAR-10", 93.16, 0.05, 93.64, -0.18),
    ("TinyImageNet", "CIFAR-100", 70.31, 0.11, 73.14, -0.17),
)
"""Data set searched on, trained on, accuracy in % and the change from searching on the latter: forward, then backward.
"""


def steps_table(study: CellStudy, outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """Returns a table of the best cells' accuracy in % at each number of time steps: a row for each direction of
    connections (as Table 4 of Kim et al. 2022).
    """
    rows = []
    for way in study.directions:
        own = {
            t: [one for one in outcomes if (one.member.way, one.member.design.data.steps) == (way, t)] for t in TIMES
        }
        reached: dict[str, str | None] = {f"T = {t}": _percent(own[t]) for t in TIMES}
        gained = paired_difference(own[TIMES[-1]], [[one] for one in own[TIMES[0]]])
        rows.append({"cell": NAMES[way], **reached, GAINED: _points(gained)})
    return pd.DataFrame(rows)


GAINED = f"T = {TIMES[-1]} less {TIMES[0]}"


def published_steps() -> pd.DataFrame:
    """Returns the numbers of Table 4 of Kim et al. 2022: accuracy at several numbers of time steps on CIFAR-100."""
    return pd.DataFrame(
        {"cell": NAMES[way]}
        | {f"T = {t}": f"{each:.2f} %" for t, each in zip(TIMES, values, strict=True)}
        | {GAINED: f"{values[-1] - values[0]:+.2f} pp"}
        for way, values in TABLE4.items()
    )


def transfer_table(study: CellStudy, outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """Returns a table of accuracy in % of the best cell of a cell search on one data set, trained on another
    (Table 2).
    """
    rows = []
    for way in study.directions:
        own: dict[tuple[str, str], list[Outcome]] = {}
        for one in outcomes:
            if one.member.way == way:
                own.setdefault((one.member.source, one.member.design.data.name), []).append(one)
        for trained in study.data_sets:
            home = own.get((trained, trained), [])
            for source in study.data_sets:
                found = own.get((source, trained), [])
                apart = None if source == trained else paired_difference(found, [[one] for one in home])
                rows.append(
                    {
                        "cell": NAMES[way],
                        "searched on": source,
                        "trained on": trained,
                        "accuracy": _percent(found),
                        "change": _points(apart),
                    }
                )
    return pd.DataFrame(rows)


def published_transfer() -> pd.DataFrame:
    """Returns the numbers of Table 2 of Kim et al. 2022: accuracy of cells that were searched on another data set."""
    return pd.DataFrame(
        {
            "searched on": source,
            "trained on": trained,
            "forward": f"{forward:.2f} % ({less:+.2f})",
            "backward": f"{backward:.2f} % ({more:+.2f})",
        }
        for source, trained, forward, less, backward, more in TABLE2
    )


def study_table(outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """Returns a table with a row for each trained network of a study: its cell, scores, accuracy; the most accurate
    first.

    `run`: that of its first seed. A cell that is the best of several numbers of candidates has one row. Empty columns
    are left out.
    """
    ranked: dict[str, list[Outcome]] = {}
    for one in sorted(outcomes, key=lambda one: (-one.accuracy, one.member.samples)):
        ranked.setdefault(one.member.design.digest, []).append(one)
    table = pd.DataFrame(
        {
            "cell": to_text(one.member.cell),
            "in words": summary(one.member.cell),
            "search": one.member.time + 1,
            "candidate": one.member.number + 1,
            "best of": ", ".join(f"{each.member.samples:,}" for each in same if each.member.samples) or None,
            "data": one.member.design.data.name,
            "T": one.member.design.data.steps,
            "SAHD": one.score("sahd"),
            "HD": one.score("hd"),
            "accuracy": 100 * one.accuracy,
            "half": confidence_interval([100 * accuracy for accuracy in one.accuracies]).half,
            "seeds": len(one.accuracies),
            "run": one.member.design.digest,
        }
        for same in ranked.values()
        for one in same[:1]
    )
    unused = ["best of"] if not any(one.member.samples for one in outcomes) else []
    unused += ["search"] if not any(one.member.time for one in outcomes) else []
    return table.drop(columns=[*unused, *(["half"] if table["seeds"].max() == 1 else [])])


def _percent(outcomes: Sequence[Outcome]) -> str | None:
    """The mean of a network's searches, or of one search's seeds, with its 95 % interval."""
    return _said(search_accuracy(outcomes), "", "%", (0.0, 1.0)) if outcomes else None


def _points(found: ConfidenceInterval | None) -> str | None:
    """A difference with its interval."""
    return None if found is None else _said(found, "+", "points", (-1.0, 1.0))


def _said(found: ConfidenceInterval, sign: str, unit: str, most: tuple[float, float]) -> str:
    """With an interval that does not leave what can be."""
    ends = ""
    if found.half is not None:
        low, high = max(most[0], found.low), min(most[1], found.high)
        ends = f" ({range_text(low, high, signed=bool(sign), scale=100)})"
    return f"{100 * found.mean:{sign}.1f} {unit}{ends}"
