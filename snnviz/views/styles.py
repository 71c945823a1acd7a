"""Line styles: colour, dash and marker together, so that lines never differ by colour alone.

A layer or an initialisation has one `LineStyle` in all charts. Lines without a style of their own get markers when
their chart is shown (`with_distinct_markers`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

DEPTH = ((126, 87, 194), (66, 120, 210), (20, 150, 150), (90, 175, 80), (205, 160, 30))

DASHES = ("solid", "dash", "dashdot", "longdashdot")
"""Dashes of lines that are data; dots are used for theory."""

SYMBOLS = ("circle", "square", "triangle-up", "x", "diamond", "star", "triangle-down", "triangle-left", "cross")
GLYPHS = dict(zip(SYMBOLS, ("●○", "■□", "▲△", "✖✕", "◆◇", "★☆", "▼▽", "◄◅", "✚✛"), strict=True))
"""Characters that look like the symbols, filled and open."""

VARIANTS = ("", "-open", "-dot", "-open-dot")
"""Suffixes of a symbol, for several things of one kind."""

MARKS = 8
"""Number of markers on a line of many points."""

READOUT = "readout"


@dataclass(frozen=True, slots=True)
class LineStyle:
    """How a line is drawn: its colour (CSS), and Plotly's names of its dash and marker."""

    colour: str
    dash: str = "solid"
    symbol: str = "circle"

    @property
    def glyph(self) -> str:
        """The marker as a character, for text beside a chart.

        >>> LineStyle("red", symbol="square-open").glyph
        '□'
        """
        name = self.symbol.removesuffix("-dot").removesuffix("-open")
        return GLYPHS[name]["-open" in self.symbol]

    def trace(self, *, width: float = 2.0, **marker: Any) -> dict[str, Any]:
        """Returns `mode`, `line` and `marker` of a Plotly trace in this style."""
        return {
            "mode": "lines+markers",
            "line": {"color": self.colour, "dash": self.dash, "width": width},
            "marker": {**spread_markers(self.symbol), "color": self.colour, **marker},
        }


def spread_markers(symbol: str) -> dict[str, Any]:
    """Returns Plotly's marker settings for a line with evenly spaced markers."""
    return {"symbol": symbol, "size": 7, "maxdisplayed": MARKS}


def numbered_style(place: int, colour: str, variant: int = 0) -> LineStyle:
    """Returns line style number `place` (from 0) in this colour; 36 styles differ even without colour."""
    symbol = SYMBOLS[place % len(SYMBOLS)] + VARIANTS[variant % len(VARIANTS)]
    return LineStyle(colour, DASHES[place % len(DASHES)], symbol)


def ordered_colour(index: int, count: int) -> str:
    """Returns colour number `index` of `count` from a scale, violet (first) to gold (last), readable on light and dark
    pages.
    """
    place = index / max(1, count - 1) * (len(DEPTH) - 1)
    low = min(int(place), len(DEPTH) - 2)
    share = place - low
    mixed = (round(a + (b - a) * share) for a, b in zip(DEPTH[low], DEPTH[low + 1], strict=True))
    return f"rgb({','.join(map(str, mixed))})"


def ordered_styles(count: int) -> list[LineStyle]:
    """Returns `count` line styles for lines that have an order, such as layers."""
    return [numbered_style(place, ordered_colour(place, count)) for place in range(count)]


def layer_styles(names: Sequence[str]) -> dict[str, LineStyle]:
    """Returns the style of each layer of a network by name; pass all its layers in order, whichever a chart shows.

    Hidden layers are styled by position, and the readout has a style of its own, so that a layer looks the same with
    and without the readout.

    >>> layer_styles(["L1", "L2", "readout"])["L2"] == layer_styles(["L1", "L2"])["L2"]
    True
    """
    hidden = [name for name in names if name != READOUT]
    found = dict(zip(hidden, ordered_styles(len(hidden)), strict=True))
    return found | ({READOUT: LineStyle("var(--st-text-color)", "solid", "circle-open")} if READOUT in names else {})


def with_distinct_markers(traces: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Returns the traces with markers added where lines or points would differ from others by colour alone.

    Traces with a symbol of their own are unchanged.
    """
    groups: dict[str, Mapping[str, Any]] = {}
    for trace in traces:
        if _is_compared(trace):
            groups.setdefault(_group(trace), trace)
    looks = [_look(trace) for trace in groups.values()]
    if len(set(looks)) == len(looks):
        return [dict(trace) for trace in traces]
    places = {group: place for place, group in enumerate(groups)}
    plain = all(trace.get("line", {}).get("dash", "solid") == "solid" for trace in traces)  # no dash means anything
    return [
        _marked(trace, places[_group(trace)], plain=plain) if _is_compared(trace) else dict(trace) for trace in traces
    ]


def _is_compared(trace: Mapping[str, Any]) -> bool:
    """Whether it is a line, or points, that stand for something of their own; bands and what is not named are none."""
    named = bool(trace.get("name")) and trace.get("showlegend") is not False
    shown = trace.get("type", "scatter") == "scatter" and "fill" not in trace and trace.get("hoverinfo") != "skip"
    return named and shown and any(part in trace.get("mode", "lines") for part in ("lines", "markers"))


def _group(trace: Mapping[str, Any]) -> str:
    return str(trace.get("legendgroup") or trace.get("name"))


def _look(trace: Mapping[str, Any]) -> tuple[bool, str, str]:
    mode = trace.get("mode", "lines")
    symbol = trace.get("marker", {}).get("symbol", "circle") if "markers" in mode else ""
    return "lines" in mode, trace.get("line", {}).get("dash", "solid"), str(symbol)


def _marked(trace: Mapping[str, Any], place: int, *, plain: bool) -> dict[str, Any]:
    marker, mode = trace.get("marker", {}), trace.get("mode", "lines")
    look = numbered_style(place, "")
    if "lines" not in mode:
        return {**trace, "marker": {"symbol": look.symbol, **marker}}
    line = {**trace.get("line", {}), **({"dash": look.dash} if plain else {})}
    words = "+text" if "text" in mode else ""
    return {**trace, "mode": f"lines+markers{words}", "line": line, "marker": {**spread_markers(look.symbol), **marker}}
