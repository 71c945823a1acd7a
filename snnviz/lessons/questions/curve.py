"""The question "curve": a curve that the learner draws, judged by its shape and its distance from the measured
one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

import numpy as np

from snnviz.errors import InputError, Unquoted
from snnviz.lessons.questions.kind import Question, Truth, Verdict, common
from snnviz.lessons.table import Table

POINTS = 41
"""Number of points of a drawn curve, evenly spaced over the x axis."""

FULL = 1000
"""The top of the y axis; a drawn point is a whole number from 0 to `FULL`."""

Shape = Literal["flat", "rises", "falls", "rises, then falls", "falls, then rises"]

SMALLEST_RISE = 0.12
"""A change below this share of the axis is none."""

RIGHT_DISTANCE, NEAR_DISTANCE = 0.12, 0.25
"""Mean distance of right and of near curves, as a share of the axis."""


def shape(curve: Sequence[float]) -> Shape:
    """Returns the shape of a curve, such as "rises"; values are shares of the y axis, changes below `SMALLEST_RISE`
    ignored.

    >>> shape([0, 0.5, 1]), shape([0.2, 0.9, 0.1]), shape([0.3, 0.32, 0.3])
    ('rises', 'rises, then falls', 'flat')
    """
    y = np.asarray(curve, float)
    high, low = int(y.argmax()), int(y.argmin())
    begin, end, top, bottom = float(y[0]), float(y[-1]), float(y[high]), float(y[low])
    up, down = top - max(begin, end), min(begin, end) - bottom
    if top - bottom < SMALLEST_RISE:
        return "flat"
    if up >= SMALLEST_RISE and up >= down:
        return "rises, then falls"
    if down >= SMALLEST_RISE:
        return "falls, then rises"
    return "rises" if end > begin else "falls"


@dataclass(frozen=True, slots=True)
class CurveQuestion(Question):
    """A question that is answered by drawing a curve.

    x, y: labels of the axes, which range from `x_low` to `x_high` and from `y_low` to `y_high`. log: whether the y
    axis is logarithmic. percent: whether measured shares are shown in percent.
    """

    kind: ClassVar[str] = "curve"
    needs: ClassVar = "series"

    x: str
    y: str
    x_low: float
    x_high: float
    y_low: float
    y_high: float
    log: bool
    percent: bool

    @classmethod
    def from_table(cls, table: Table) -> Self:
        """Returns the question from its TOML table in a lesson's file. Raises `InputError`."""
        given = common(table)
        x, y = table.text("x", most=60), table.text("y", most=60)
        log = table.flag("log")
        x_low, x_high = table.number("x_low"), table.number("x_high")
        y_low, y_high = table.number("y_low"), table.number("y_high")
        for name, low, high in (("x_high", x_low, x_high), ("y_high", y_low, y_high)):
            if low >= high:
                raise table.wrong(name, f"be more than {name.replace('high', 'low')}, {low:g}", high)
        if log and y_low <= 0:
            raise table.wrong("y_low", "be above 0 on a logarithmic axis", y_low)
        percent = table.flag("percent")
        return cls(**given, x=x, y=y, x_low=x_low, x_high=x_high, y_low=y_low, y_high=y_high, log=log, percent=percent)

    def answer(self, sent: object) -> Any:
        """Returns the drawn points as integers from 0 to `FULL`, evenly spaced over the x axis. Raises
        `InputError`.
        """
        good = isinstance(sent, list) and len(sent) == POINTS and all(type(one) in (int, float) for one in sent)
        if not good or not all(math.isfinite(one) and 0 <= one <= FULL for one in sent):  # type: ignore[attr-defined]
            rule = f"be {POINTS} numbers from 0 to {FULL}: draw the curve from the left to the right"
            raise InputError("answer", rule, Unquoted("something else"))
        return [round(one) for one in sent]  # type: ignore[attr-defined]

    def places(self) -> list[float]:
        """Returns the x value of each drawn point, evenly spaced from `x_low` to `x_high`."""
        return [float(x) for x in np.linspace(self.x_low, self.x_high, POINTS)]

    def values(self, answer: Sequence[int]) -> list[float]:
        """Returns the y value of each drawn point, in the unit of the measured curve."""
        shares = np.asarray(answer, float) / FULL
        if self.log:
            low, high = math.log10(self.y_low), math.log10(self.y_high)
            return [float(y) for y in 10 ** (low + shares * (high - low))]
        return [float(y) for y in self.y_low + shares * (self.y_high - self.y_low)]

    def shares(self, series: Sequence[tuple[float, float]]) -> list[float]:
        """Returns a measured curve, points (x, y), interpolated at `places`, as shares of the y axis clipped to [0,
        1].
        """
        x, y = np.array(sorted(series), float).T
        found = np.interp(self.places(), x, y)
        if self.log:
            low, high = math.log10(self.y_low), math.log10(self.y_high)
            found = (np.log10(np.maximum(found, self.y_low)) - low) / (high - low)
        else:
            found = (found - self.y_low) / (self.y_high - self.y_low)
        return [float(one) for one in np.clip(found, 0, 1)]

    def judge(self, answer: Any, truth: Truth) -> Verdict:
        """Returns the verdict on a drawn curve: "right" if shape and distance agree with the measured curve, "near" if
        one of them does, else "wrong".
        """
        series = [point for point in truth.series if math.isfinite(point[1])]
        if len(series) < 2:
            return Verdict("open", "Nothing was measured that this curve could be compared with.")
        mine, true = [one / FULL for one in answer], self.shares(series)
        far = float(np.mean(np.abs(np.subtract(mine, true))))
        drew, was = shape(mine), shape(true)
        off = f"On average yours is {100 * far:.0f} % of the axis away."
        alike = drew == was or ({drew, was} <= {"flat", "rises"} and far <= RIGHT_DISTANCE)
        if alike and far <= RIGHT_DISTANCE:
            return Verdict("right", f"Yours {_verb(drew)}, and so does what was measured. {off}")
        words = f"What was measured {_verb(was)}; yours {_verb(drew)}. {off}"
        if drew == was:
            words = f"Yours {_verb(drew)}, and so does what was measured, but elsewhere. {off}"
        near = (drew == was and far <= NEAR_DISTANCE) or far <= RIGHT_DISTANCE
        return Verdict("near" if near else "wrong", words, f"it {_verb(drew)}" if drew != was else "the right shape")

    def describe_answer(self, answer: Any) -> str:
        """Returns the shape of the drawn curve as text."""
        return f"a curve that {_verb(shape([one / FULL for one in answer]))}"


def _verb(found: Shape) -> str:
    return "stays flat" if found == "flat" else found


QUESTION = CurveQuestion
