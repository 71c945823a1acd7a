"""Formatting of numbers for people: one format for each kind of number, on all pages.

Rows, links, ``--json`` and CSV hold the numbers themselves.
"""

from __future__ import annotations

import math
import re

from snnviz.theory.intervals import ConfidenceInterval
from snnviz.theory.metrics import METRICS, Form, Metric

NO_NUMBER = "–"
"""Text in place of a missing number."""

PERCENT = "%.1f %%"
"""Format of table columns with shares stored as 0 to 100, for `st.column_config.NumberColumn`."""

IN_TABLES: dict[Form, str] = {
    "share": PERCENT,
    "number": "%.3g",
    "count": "localized",
    "energy": "%.1f nJ",
    "seconds": "%.1f s",
    "flag": "%d",
}
"""Format of table columns by kind of number, for `st.column_config.NumberColumn`; integers are not rounded in tables.
"""


def share(value: float | None, digits: int = 1, *, signed: bool = False) -> str:
    """Formats a share of 0 to 1 (accuracy, firing rate) as text in percent.

    >>> share(0.3341), share(1), share(0.98, 0), share(None), share(-0.012, signed=True)
    ('33.4 %', '100.0 %', '98 %', '–', '-1.2 %')
    """
    return NO_NUMBER if value is None else f"{100 * value:{'+' * signed}.{digits}f} %"


def points(value: float, digits: int = 1) -> str:
    """Formats a difference of two shares of 0 to 1 as text in percentage points.

    >>> points(0.013), points(-0.008)
    ('+1.3 points', '-0.8 points')
    """
    return f"{100 * value:+.{digits}f} points"


def count(number: float | None) -> str:
    """Formats a number of parameters, operations, neurons or images as text: three digits and a unit, all digits below
    10,000.

    >>> count(950), count(9408), count(12010), count(147456), count(1848010), count(0.5)
    ('950', '9,408', '12.0 k', '147 k', '1.85 M', '0.5')
    """
    if number is None:
        return NO_NUMBER
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if number >= size:
            return f"{_three(number / (1e3 if unit == 'k' else size))} {unit}"
    return f"{number:,.0f}" if number >= 10 or number == int(number) else f"{number:.2g}"


def energy(nanojoules: float | None) -> str:
    """Formats the energy of one image, given in nJ, as text: one decimal below 100, µJ from 10,000 on.

    >>> energy(9.62), energy(446.1), energy(1174.6), energy(22380.0)
    ('9.6 nJ', '446 nJ', '1,175 nJ', '22.4 µJ')
    """
    if nanojoules is None:
        return NO_NUMBER
    if abs(nanojoules) >= 9999.5:
        return f"{nanojoules / 1000:,.1f} µJ"
    return f"{nanojoules:.1f} nJ" if abs(nanojoules) < 99.95 else f"{nanojoules:,.0f} nJ"


def metric_text(metric: Metric, value: float | None) -> str:
    """Formats a run's value of a metric as text, in the metric's unit.

    >>> [metric_text(METRICS[name], 0.25) for name in ("accuracy", "energy", "spikes", "seconds", "estimated")]
    ['25.0 %', '0.2 nJ', '0.25', '0.2 s', 'no']
    >>> [metric_text(METRICS[name], value) for name, value in (("latency", 6.25), ("parameters", 12010))]
    ['6.25 τ_c', '12.0 k']
    """
    if value is None:
        return NO_NUMBER
    forms: dict[Form, str] = {
        "share": share(value),
        "number": f"{value:.3g} {metric.unit}".strip(),
        "count": count(value),
        "energy": energy(value),
        "seconds": f"{value:.1f} s",
        "flag": "yes" if value >= 0.5 else "no",
    }
    return forms[metric.form]


def table_value(name: str, value: float | None) -> float | None:
    """Returns a run's value of the metric `name` as tables and CSV hold it: shares as 0 to 100.

    >>> table_value("accuracy", 0.25), table_value("energy", 0.25), table_value("rate", None)
    (25.0, 0.25, None)
    """
    return 100 * value if value is not None and METRICS[name].form == "share" else value


def range_text(low: float, high: float, digits: int = 1, *, signed: bool = True, scale: float = 1) -> str:
    """Formats the two ends of an interval as text; "" if they are infinite.

    >>> range_text(-2.93, 1.27), range_text(0.1, 0.25, 2, signed=False), range_text(-math.inf, math.inf)
    ('-2.9 to +1.3', '0.10 to 0.25', '')
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        return ""
    form = f"{'+' * signed}.{digits}f"
    return f"{scale * low:{form}} to {scale * high:{form}}"


def confidence_interval(low: float, high: float, digits: int = 1, *, over: str = "") -> str:
    """Formats a 95 % interval as text in brackets; `over`: what it is over, such as "4 seeds".

    >>> confidence_interval(-2.93, 1.27), confidence_interval(0.21, 0.8, 2, over="20 cells")
    ('(95 %: -2.9 to +1.3)', '(95 %: +0.21 to +0.80, 20 cells)')
    """
    return f"(95 %: {range_text(low, high, digits)}{', ' * bool(over)}{over})"


def difference_text(found: ConfidenceInterval, over: str = "seed", *, scale: float = 1) -> str:
    """Returns a mean difference in points with its 95 % interval as text, and whether it excludes 0.

    scale: 100 for differences of shares. over: noun for one of what the interval is over.

    >>> difference_text(ConfidenceInterval(1.3, -2.9, 5.5, 4))
    '+1.3 points (95 %: -2.9 to +5.5, 4 seeds), not told apart'
    >>> difference_text(ConfidenceInterval(0.02, 0.01, 0.03, 3), "search", scale=100)
    '+2.0 points (95 %: +1.0 to +3.0, 3 searches), told apart'
    >>> difference_text(ConfidenceInterval(-1.0, -math.inf, math.inf, 1))
    '-1.0 points, of one seed'
    >>> difference_text(ConfidenceInterval(0.0, -math.inf, math.inf, 3))
    '+0.0 points, the same at each seed'
    """
    return f"{scale * found.mean:+.1f} points{interval_text(found, over, scale=scale)}"


def interval_text(found: ConfidenceInterval, over: str = "seed", *, scale: float = 1) -> str:
    """Returns the 95 % interval of a mean difference as text, and whether it excludes 0."""
    if found.half is None:
        return f", of one {over}" if found.count == 1 else f", the same at each {over}"
    many = f"{found.count} {over}{'es' if over.endswith('ch') else 's'}"
    ends = confidence_interval(scale * found.low, scale * found.high, over=many)
    return f" {ends}, {'told apart' if found.excludes_zero else 'not told apart'}"


def kendall(tau: float, low: float, high: float, *, over: str = "") -> str:
    """Formats Kendall's tau with its 95 % interval as text.

    >>> kendall(0.584, 0.2, 0.8)
    'τ = +0.58 (95 %: +0.20 to +0.80)'
    """
    return f"τ = {tau:+.2f} {confidence_interval(low, high, 2, over=over)}"


def space_percents(sentence: str) -> str:
    """Returns a sentence with a space before each % sign after a number.

    >>> space_percents("21.9% to 33.4% of neurons")
    '21.9 % to 33.4 % of neurons'
    """
    return re.sub(r"(?<=\d)%", " %", sentence)


def space_percent_formats(text: str) -> str:
    """Returns Plotly's JSON with percent formats changed so that charts show "30 %" instead of "30%".

    Uses d3's currency sign, which `charts.js` defines as " %" after the number.

    >>> space_percent_formats('"tickformat":".0%","hovertemplate":"%{y:+.1%}, %{x:.2f}"')
    '"tickformat":"$.0%","hovertemplate":"%{y:+$.1%}, %{x:.2f}"'
    """
    return re.sub(r'(?<=[":])(\+?)(?=\.\d~?%["}])', r"\1$", text)


def _three(number: float) -> str:
    """Three digits of a number from 1 to 99,999, zeros at the end too."""
    return f"{number:.{2 if number < 9.995 else 1 if number < 99.95 else 0}f}"
