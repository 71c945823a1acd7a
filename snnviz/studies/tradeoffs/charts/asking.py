"""A table of an experiment's groups (runs that differ only in the seed): what theory forecasts before training, next to
the results of training.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from snnviz.design.axes import Axis
from snnviz.design.experiment import Experiment, Levels
from snnviz.studies.tradeoffs.offers import field_label
from snnviz.studies.tradeoffs.previewing import Forecast
from snnviz.theory.intervals import confidence_interval
from snnviz.views.changes import label, value
from snnviz.views.numbers import table_value
from snnviz.views.results import Result

SHOWN = ("accuracy", "rate", "energy")


def level_text(asked: Experiment, levels: Levels, axis: int) -> str:
    """Returns the level of a group (runs that differ only in the seed) on an axis as text; "base" if axes are varied
    one at a time and this one is not.

    levels: the group's level index on each axis. axis: index of the axis.
    """
    return _level_text(asked.axes[axis], levels[axis])


def _level_text(one: Axis, level: int) -> str:
    if level < 0:
        return "base"
    label = one.label(level)
    return label if ":" in label or len(one.fields) > 1 else value(one.fields[0], label)


def level_name(asked: Experiment, levels: Levels, axis: int) -> str:
    """Returns a short name of the level of a group (runs that differ only in the seed) on an axis, as in a menu: the
    field and its value, or a kind alone.

    levels: the group's level index on each axis. axis: index of the axis.

    >>> one = Experiment.check({"vary": ["neuron.threshold=0.5,1", "init=kaiming,glorot"]})
    >>> level_name(one, (0, 1), 0), level_name(one, (0, 1), 1)
    ('Threshold θ 0.5', 'glorot')
    """
    fields, told = asked.axes[axis].fields, level_text(asked, levels, axis)
    named = " ~ ".join(label(path) for path in fields)
    return told if len(fields) == 1 and fields[0].endswith(".kind") and levels[axis] >= 0 else f"{named} {told}"


def _axis_name(axis: Axis) -> str:
    return " ~ ".join(field_label(path) for path in axis.fields)


def group_table(asked: Experiment, known: Mapping[Levels, Forecast], results: Mapping[str, Result]) -> pd.DataFrame:
    """Returns a table with a row for each group (runs that differ only in the seed): its levels, forecast, size if that
    differs, and means over finished seeds.

    known: the forecasts made so far, by levels. results: results of finished runs by digest.
    """
    members: dict[Levels, list[Result]] = {levels: [] for levels in asked.groups()}
    for run in asked.runs():
        if (result := results.get(run.design.digest)) is not None:
            members[run.levels].append(result)
    axes = [(_axis_name(axis), axis) for axis in asked.axes]
    sizes = [
        name for name in ("parameters", "macs") if len({getattr(forecast, name) for forecast in known.values()}) > 1
    ]
    rows: list[dict[str, Any]] = []
    for levels, several in members.items():
        forecast = known.get(levels)
        row: dict[str, Any] = {name: _level_text(axis, level) for (name, axis), level in zip(axes, levels, strict=True)}
        row["forecast"] = forecast.words if forecast else None
        row["done"] = f"{len(several)} of {asked.seeds}"
        for name in SHOWN:
            row |= _means(name, [result.metrics[name] for result in several])
        row |= {name: forecast and getattr(forecast, name) for name in sizes}
        rows.append(row)
    return pd.DataFrame(rows)


def _means(name: str, values: Sequence[float | None]) -> dict[str, float | None]:
    numbers = [number for one in values if (number := table_value(name, one)) is not None]
    found = confidence_interval(numbers) if numbers else None
    more = {f"± {name}": found.half if found else None} if name == "accuracy" else {}
    return {name: found.mean if found else None, **more}
