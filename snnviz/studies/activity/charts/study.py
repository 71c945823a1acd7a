"""Charts and table of a training study: accuracy over the epochs, one line for each compared network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import Any

import pandas as pd

from snnviz.events import EpochEnd
from snnviz.store.values import Run
from snnviz.studies.activity.study import COMPARED_INITS, StudyRun
from snnviz.views.bands import SHARES, band_traces, interval_note
from snnviz.views.chart import Chart, empty
from snnviz.views.results import Result, other_metrics
from snnviz.views.styles import LineStyle, numbered_style, ordered_colour

DASHES = dict(zip(COMPARED_INITS, ("solid", "dash"), strict=True))


def accuracy_charts(
    members: Sequence[StudyRun], rows: Mapping[str, Sequence[EpochEnd]], styles: Mapping[str, LineStyle]
) -> list[Chart]:
    """Returns charts of training and test accuracy over the epochs; `rows` by digest, `styles` by the networks' names.

    Seeds are averaged at each epoch that all started runs have reached, with a band of the mean's 95 % intervals.
    """
    wanted = (
        ("train_accuracy", "Training accuracy", "While learning, averaged over the images of an epoch."),
        ("test_accuracy", "Test accuracy", "On images that the networks never learnt from."),
    )
    charts = []
    seeds = max((sum(member.name == other.name for other in members) for member in members), default=1)
    for column, title, caption in wanted:
        figure = empty("epoch", title.lower(), tickformat=".0%", range=[0, 1.02])
        figure["layout"]["hovermode"] = "closest"
        for name, group in _groups(members).items():
            begun = [list(rows[m.design.digest]) for m in group if rows.get(m.design.digest)]
            if begun:
                figure["data"] += _line(name, group[0], begun, column, styles)
        charts.append(Chart(f"study_{column}", title, f"{caption} {interval_note(seeds)}", figure, height=340))
    return charts


KNOWN = ("accuracy", "rate", "spikes", "seconds")
"""Metrics that have columns of their own in the table, or are left out."""


def study_table(
    members: Sequence[StudyRun],
    runs: Mapping[str, Run],
    last: Mapping[str, EpochEnd | None],
    results: Mapping[str, Result] | None = None,
) -> pd.DataFrame:
    """Returns a table with a row for each run of a training study of initialisations: state, epoch, accuracies, rate,
    training time.

    `results`: metrics of finished runs by digest; then with columns for the other listed metrics.
    """
    table = []
    for member in members:
        run, end = runs.get(member.design.digest), last.get(member.design.digest)
        table.append(
            {
                "run": member.name.replace("-", " "),
                "seed": member.design.seed,
                "state": run.state if run else "not trained",
                "epoch": end.epoch if end else None,
                "train": 100 * end.train_accuracy if end else None,
                "test": 100 * end.test_accuracy if end else None,
                "rate": 100 * end.rate if end and end.rate is not None else None,
                "seconds": round(run.seconds, 1) if run and run.seconds else None,
                **(other_metrics(results.get(member.design.digest), KNOWN) if results else {}),
            }
        )
    return pd.DataFrame(table)


def _groups(members: Sequence[StudyRun]) -> dict[str, list[StudyRun]]:
    """Members that differ in their seed alone, by name."""
    groups: dict[str, list[StudyRun]] = {}
    for member in members:
        groups.setdefault(member.name, []).append(member)
    return groups


def _line(
    name: str, member: StudyRun, runs: list[list[EpochEnd]], column: str, styles: Mapping[str, LineStyle]
) -> list[dict[str, Any]]:
    """The mean of runs that differ in their seed, and the band of its intervals."""
    line_style = (
        styles[name] if not member.of else numbered_style(member.place, ordered_colour(member.place, member.of))
    )
    if member.of:
        line_style = replace(line_style, dash=DASHES[member.init.kind])
    values = [[getattr(row, column) for row in rows] for rows in runs]
    said = escape(name.replace("-", " "), quote=False)
    epochs = [row.epoch for row in runs[0]]
    more = {**line_style.trace(), "name": said}
    return band_traces(epochs, values, name, line_style.colour, bounds=SHARES, line=more)
