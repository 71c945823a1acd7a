"""Data of the player of event recordings, and charts of events over time."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnviz.views import pictures
from snnviz.views.chart import Chart, empty

Array = NDArray[Any]

PLAYED = 60_000
"""Largest number of events that are sent to a browser; of more, every n-th."""

SCATTERED = 6_000
"""Largest number of points in a plot of space and time."""

FRAMES_SHOWN = 20
SIDE_SHOWN = 80
"""Largest side of a drawn frame in pixels; in larger frames pixels are merged."""

ON, OFF = "var(--st-blue-color)", "var(--st-orange-color)"


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """A recording for the player of event recordings: events (n,) with x, y, t in microseconds and p, of a sensor with
    `height` x `width` pixels.
    """

    title: str
    events: Array
    height: int
    width: int


def payload(streams: list[Stream], frames: Array, bounds: Array) -> bytes:
    """Returns the player's data as JSON: streams that are played together, the last one also in space and time, and
    frames.

    `frames` (T, P, H, W): as the network gets them; `bounds` (T + 1,): their bounds in microseconds from the first
    event of the first stream.
    """
    begin = _begin(streams[0].events)
    duration = max((int(one.events["t"].max()) - begin for one in streams if len(one.events)), default=0)
    told = {
        "duration": max(duration, 1),
        "streams": [_stream(one, begin, PLAYED, "events") for one in streams],
        "cloud": _stream(streams[-1], begin, SCATTERED, "points") | {"title": "In x, y and t"},
        "bounds": np.asarray(bounds, float).tolist(),
        "frames": _frames(frames),
    }
    told["cloud"]["note"] += ", drag to turn"
    return json.dumps(told, separators=(",", ":")).encode()


def _stream(one: Stream, begin: int, most: int, noun: str) -> dict[str, Any]:
    count = len(one.events)
    step = max(1, -(-count // most))
    events = one.events[::step]
    note = f"{count:,} events" if step == 1 else f"{len(events):,} {noun} of {count:,} events (1 in {step})"
    return {
        "title": one.title,
        "note": f"{note}, {one.height}x{one.width}",
        "height": one.height,
        "width": one.width,
        "x": _text(events["x"], np.uint16),
        "y": _text(events["y"], np.uint16),
        "t": _text(events["t"] - begin, np.uint32),
        "p": _text(events["p"], np.uint8),
    }


def _frames(frames: Array) -> dict[str, Any]:
    steps, polarities, height, width = frames.shape
    shown = min(steps, FRAMES_SHOWN)
    joined = -(-max(height, width) // SIDE_SHOWN)
    drawn = [_joined(one, joined) for one in frames[:shown]]
    full = max(pictures.shared_maximum(one) for one in drawn)
    items = [
        pictures.item(
            pictures.Picture(
                f"t {number + 1}: {int(one.sum()):,}",
                pictures.frame(drawn[number], full),
                alt=f"Frame {number + 1}: {int(one.sum()):,}, at most {int(one.max(initial=0))} on a pixel",
            )
        )
        for number, one in enumerate(frames[:shown])
    ]
    what = f"T = {steps} frames of {height}x{width} pixels in {polarities} polarit{'ies' if polarities > 1 else 'y'}"
    part = f", of which the first {shown} are shown" if shown < steps else ""
    part += f", drawn with {joined}x{joined} pixels as one" if joined > 1 else ""
    return {
        "title": "As the network sees it",
        "note": f"{what}{part}; beneath each the sum of its numbers. Click one to go there.",
        "items": items,
    }


def _joined(frame: Array, side: int) -> Array:
    """Sums over squares of pixels, from (P, H, W); those at the border may be cut."""
    polarities, height, width = frame.shape
    padded = np.pad(frame.astype(np.int64), ((0, 0), (0, -height % side), (0, -width % side)))
    found: Array = padded.reshape(polarities, padded.shape[1] // side, side, -1, side).sum((2, 4))
    return found


def bounds(events: Array, steps: int, window_ms: float) -> Array:
    """Returns the bounds of the frames, (T + 1,), in microseconds from the first event."""
    if window_ms:
        found: Array = np.arange(steps + 1) * window_ms * 1000.0
        return found
    last = float(events["t"].max() - events["t"].min()) if len(events) else 1.0
    parts: Array = np.linspace(0, last, steps + 1)
    return parts


def events_chart(sums: Array, *, binary: bool = False) -> Chart:
    """Returns the chart of events per polarity and time step, from (T, P); for `binary` frames of pixels with
    events.
    """
    names = ("OFF", "ON") if sums.shape[1] == 2 else tuple(f"polarity {number}" for number in range(sums.shape[1]))
    colours = (OFF, ON) if sums.shape[1] == 2 else ("",) * sums.shape[1]
    return _bars(
        "data_events",
        "Pixels with events per time step" if binary else "Events per time step",
        "The sum of each frame's numbers, by polarity.",
        [(name, colour, sums[:, place]) for place, (name, colour) in enumerate(zip(names, colours, strict=True))],
        "pixels" if binary else "events",
    )


def spikes_chart(spikes: Array) -> Chart:
    """Returns the chart of the share of inputs that spike at each time step, from (T, C, H, W)."""
    share = spikes.reshape(len(spikes), -1).mean(1)
    return _bars(
        "data_spikes", "Spikes per time step", "Share of the inputs that spike.", [("", "", share)], "share of inputs"
    )


def raster_chart(spikes: Array, most: int = SCATTERED) -> Chart:
    """Returns a raster plot of input spikes, from (T, C, H, W); inputs are numbered row by row, at most `most` are
    drawn.
    """
    steps, count = len(spikes), int(np.prod(spikes.shape[1:]))
    when, which = np.nonzero(spikes.reshape(steps, -1))
    step = max(1, -(-len(when) // most))
    caption = f"Each dot a spike of one of {count:,} inputs, row by row."
    if step > 1:
        caption += f" 1 in {step} of {len(when):,} spikes is drawn."
    figure = empty("time step t", "input", autorange="reversed")
    figure["layout"]["xaxis"]["range"] = [0.5, steps + 0.5]
    figure["layout"]["hovermode"] = "closest"
    figure["data"].append(
        {
            "type": "scatter",
            "mode": "markers",
            "x": (when[::step] + 1).tolist(),
            "y": which[::step].tolist(),
            "marker": {"size": 4, "symbol": "square", "color": "var(--st-primary-color)"},
            "hovertemplate": "input %{y} at t = %{x}<extra></extra>",
        }
    )
    return Chart("data_raster", "Spike train after encoding", caption, figure, 220)


def _bars(name: str, title: str, caption: str, series: list[tuple[str, str, Array]], unit: str) -> Chart:
    figure = empty("time step t", unit)
    figure["layout"] |= {"barmode": "stack", "bargap": 0.25}
    for label, colour, values in series:
        figure["data"].append(
            {
                "type": "bar",
                "name": label,
                "x": list(range(1, len(values) + 1)),
                "y": np.asarray(values, float).round(4).tolist(),
                "showlegend": bool(label),
                "marker": {"color": colour or "var(--st-primary-color)"},
            }
        )
    return Chart(name, title, caption, figure, 220)


def _begin(events: Array) -> int:
    return int(events["t"].min()) if len(events) else 0


def _text(values: Array, kind: type[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(values.astype(kind)).tobytes()).decode()
