"""The charts of one run while it trains, drawn once for all who watch it."""

from __future__ import annotations

import threading
import time

from snnviz.design.design import Design
from snnviz.events import LayerState
from snnviz.store import Run
from snnviz.store.layer_states import merge_remeasured, uses_old_probe
from snnviz.store.learnt_parameters import with_learnt_parameters
from snnviz.theory.probe import describe_probes
from snnviz.ui.components.charts import payload
from snnviz.ui.kit import services
from snnviz.ui.kit.rows import Revisions, curves, read, revisions
from snnviz.ui.kit.shared import shared
from snnviz.views.expected_axes import ExpectedAxes
from snnviz.views.results import Rows
from snnviz.views.run import run_charts

PAUSE_SECONDS = 0.5
"""Smallest time in seconds between two drawings of a running run."""


class LiveCharts:
    """The charts of one run, redrawn when it has new rows."""

    def __init__(self, run: str, design: Design) -> None:
        self.run, self.design = run, design
        self.rows = Rows()
        self.anew: tuple[LayerState, ...] = ()
        self._at, self._ended = -PAUSE_SECONDS, False
        self._drawn: Revisions = ()
        self._payload = b""
        self._lock = threading.Lock()

    def payload(self, run: Run, anew: Run | None = None) -> bytes:
        """Returns the charts as bytes for the charts component, at most `PAUSE_SECONDS` old. `anew`: the run's
        measurement.
        """
        shown = revisions({"run": run} | ({"anew": anew} if anew is not None else {}))
        with self._lock:  # who comes second finds the work done
            now = time.monotonic()
            # of a queued run nothing is shown, as before the first drawing
            if not self._payload or (shown != self._drawn and (run.ended or now - self._at >= PAUSE_SECONDS)):
                before = self.rows, self.anew
                self.rows = curves(shown).get("run", Rows())
                self.anew = read(shown, LayerState).get("anew", ())
                if before != (self.rows, self.anew) or not self._payload or run.ended != self._ended:
                    self._payload = self._draw(ended=run.ended)
                self._drawn, self._at, self._ended = shown, now, run.ended
            return self._payload

    def _draw(self, *, ended: bool) -> bytes:
        last, past = with_learnt_parameters(services.store(), self.run, self.design, self.rows.layers)
        told = {(row.step, row.layer): row for row in last}
        layers = merge_remeasured([told.get((row.step, row.layer), row) for row in self.rows.layers], self.anew)
        on = describe_probes(self.design, (row.probe for row in layers))
        drawn = run_charts(self.rows.samples, layers, self.rows.epochs, self.rows.branches, past, on)
        there = ended and self.rows.samples  # all of it that will come
        return payload(drawn if there else ExpectedAxes.of_design(self.design).frame(drawn))

    @property
    def is_old(self) -> bool:
        """Whether the run's layers were measured on the old probe batch, the first 64 training images, and not measured
        again since.
        """
        return uses_old_probe(self.rows.layers) and not self.anew


def live_charts(run: Run) -> LiveCharts:
    """Returns the charts of a run, shared by all visitors."""
    return _picture(run.run, run.created, run.design)


@shared(64)
def _picture(run: str, _created: float, design: Design) -> LiveCharts:
    return LiveCharts(run, design)
