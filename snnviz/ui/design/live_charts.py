"""The charts of one run while it trains, drawn once for everybody who watches it."""

from __future__ import annotations

import threading
import time
from functools import lru_cache
from typing import Any

from snnviz.design.design import Design
from snnviz.design.measurement import name_of
from snnviz.events import Branch, EpochEnd, LayerState, Sample
from snnviz.places import cache_dir
from snnviz.store import Run
from snnviz.store.learnt import with_learnt
from snnviz.store.looks import is_old, newest
from snnviz.theory.probe import said
from snnviz.ui.components.charts import payload
from snnviz.ui.kit import services
from snnviz.views.expected_axes import ExpectedAxes
from snnviz.views.run import run_charts

PAUSE_SECONDS = 0.5
"""Between two drawings of a run that is going on, however fast it is."""


class LiveCharts:
    """The rows of one run, read as they come, and the charts that the last of them changed."""

    def __init__(self, run: str, design: Design) -> None:
        self.run, self.design = run, design
        self.samples: list[Sample] = []
        self.layers: list[LayerState] = []
        self.epochs: list[EpochEnd] = []
        self.branches: list[Branch] = []
        self.anew: list[LayerState] = []
        self._numbers = [0, 0, 0, 0, 0]  # of the newest row of each kind
        self._version, self._at, self._ended = "", -PAUSE_SECONDS, False
        self._payload = b""
        self._lock = threading.Lock()

    def payload(self, version: str, *, ended: bool) -> bytes:
        """The JSON of the charts at this version of the run, or at one of up to half a second ago."""
        with self._lock:  # who comes second finds the work done
            now = time.monotonic()
            if version != self._version and (ended or now - self._at >= PAUSE_SECONDS):
                if self._fetch() or not self._payload or ended != self._ended:
                    last, past = with_learnt(services.store(), self.run, self.design, self.layers)
                    told = {(row.step, row.layer): row for row in last}
                    layers = newest([told.get((row.step, row.layer), row) for row in self.layers], self.anew)
                    on = said(self.design, (row.probe for row in layers))
                    drawn = run_charts(self.samples, layers, self.epochs, self.branches, past, on)
                    there = ended and self.samples  # all of it that will come
                    self._payload = payload(drawn if there else ExpectedAxes.of(self.design).frame(drawn))
                self._version, self._at, self._ended = version, now, ended
            return self._payload

    @property
    def is_old(self) -> bool:
        """Whether its last layer measurement is one of an early release that was not repeated."""
        return is_old(self.layers) and not self.anew

    def _fetch(self) -> bool:
        """Whether there were new rows."""
        kinds: list[tuple[str, type[Any], list[Any]]] = [
            (self.run, Sample, self.samples),
            (self.run, LayerState, self.layers),
            (self.run, EpochEnd, self.epochs),
            (self.run, Branch, self.branches),
            (name_of(self.design), LayerState, self.anew),
        ]
        found = False
        for place, (run, kind, rows) in enumerate(kinds):
            for number, row in services.store().rows(run, kind, since=self._numbers[place]):
                self._numbers[place] = number
                rows.append(row)
                found = True
        return found


def live_charts(run: Run) -> LiveCharts:
    """The `LiveCharts` of a run; a run that was deleted and submitted again has new ones."""
    return _picture(str(cache_dir()), run.run, run.created, run.design)


@lru_cache(maxsize=64)
def _picture(_place: str, run: str, _created: float, design: Design) -> LiveCharts:
    return LiveCharts(run, design)
