"""Finished runs, as values that show themselves."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pandas as pd

from snnviz.api.looks import Look
from snnviz.api.places import open_store
from snnviz.design import links
from snnviz.design.design import Design
from snnviz.errors import InputError, did_you_mean
from snnviz.events import Branch, EpochEnd, LayerState, Sample
from snnviz.exports.report import Report
from snnviz.store import Run as StoredRun
from snnviz.store import Store
from snnviz.store.columns import metric_columns, values_of
from snnviz.store.filters import parse_filter
from snnviz.store.index import indexed_runs
from snnviz.store.metrics import metrics
from snnviz.views.run import run_charts

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from snnviz.core.module import NetworkModule


@dataclass(frozen=True)
class Run:
    """A run of a design, done: what it reached, its rows, its network. It shows itself in a notebook.

    For example:

        import torch

        print(run.name, f"{run.accuracy:.1%}", run.metrics["energy"])
        print(run.layers.groupby("name").rate.last())
        print(run.epochs.test_accuracy.tolist())
        logits = run.network(torch.rand(2, 1, 8, 8))
        look = run.look(7)
        print(look.label, look.predicted)
        figure = run.figure("rate")
        report = run.export("weights", "mine.safetensors", force=True)
    """

    store: Store
    stored: StoredRun

    @property
    def name(self) -> str:
        """Its name, by which `load_run` finds it."""
        return self.stored.run

    @property
    def design(self) -> Design:
        """What was trained."""
        return self.stored.design

    @property
    def accuracy(self) -> float:
        """Test accuracy after the last epoch, 0 to 1."""
        return float(cast(float, self.metrics["accuracy"]))

    @cached_property
    def metrics(self) -> dict[str, float | None]:
        """Every metric by its name (docs/reference.md), None where the run has none."""
        return metrics(self.store, [self.stored])[self.stored.run]

    @property
    def layers(self) -> pd.DataFrame:
        """The states of each layer over training: rate, Var[u], gradient norm, density and more, a row each time."""
        return self._table(LayerState)

    @property
    def epochs(self) -> pd.DataFrame:
        """Accuracies and losses after each epoch."""
        return self._table(EpochEnd)

    @property
    def network(self) -> NetworkModule:
        """The trained network as a ``torch.nn.Module``: images (B, C, H, W) from 0 to 1 in, logits (B, classes) out.

        Raises `InputError` if the weights are no longer kept.
        """
        from snnviz.core.module import as_module

        return as_module(self.design, self._source().checkpoint)

    def look(self, image: int = 0, **changes: Any) -> Look:
        """Returns what the network does with a test image, by its number.

        changes: of the network or the input, such as threshold=1.2, silenced="L2 3", steps=2 (`python -m snnviz look`).
        """
        from snnviz.studies.inside.compute.answering import LookServer
        from snnviz.studies.inside.look import Look as Asked

        asked = Asked.check({"run": self.name, "image": image, **changes})
        return Look(LookServer(self.store).answer("look", asked))

    def figure(self, name: str) -> Figure:
        """Returns a chart of the run's page as a Plotly figure: accuracy, loss, rate, var_u, grad_norm and others.

        Raises `InputError` with all names for one that is none.
        """
        from plotly.graph_objects import Figure

        known = {chart.id: chart for chart in self._charts()}
        name = {"rates": "rate"}.get(name, name)
        if name not in known:
            raise InputError("figure", f"be one of {', '.join(known)}", name, did_you_mean(name, known))
        chart = known[name]
        return Figure(chart.figure).update_layout(title=chart.title, margin={"t": 60})

    def export(self, form: str, to: str | Path, *, force: bool = False) -> Report:
        """Takes the run out as a script, NIR, weights, rows or its design (docs/exports.md), and returns the report.

        What computes is proven first; where a spike differs, `snnviz.exports.report.ProofFailed` is raised and nothing
        is written. force: files of the same names are replaced.
        """
        from snnviz.exports import EXPORTS
        from snnviz.exports.writing import export

        return export(EXPORTS[form], self._source(), Path(to), force=force)

    def _source(self) -> Any:
        from snnviz.exports import ExportedRun

        return ExportedRun(self.store, self.store.get(self.name))

    def _charts(self) -> list[Any]:
        samples, layers, epochs, branches = map(self._rows, (Sample, LayerState, EpochEnd, Branch))
        return run_charts(samples, layers, epochs, branches)

    def _rows(self, kind: Any) -> list[Any]:
        return [row for _, row in self.store.rows(self.name, kind)]

    def _table(self, kind: Any) -> pd.DataFrame:
        columns = [field.name for field in fields(kind)]
        return pd.DataFrame([[getattr(row, name) for name in columns] for row in self._rows(kind)], columns=columns)

    def __repr__(self) -> str:
        return f"<run {self.name}: {self.accuracy:.1%} of {escape(self.design.data.name)}>"

    def _repr_html_(self) -> str:
        from plotly.io import to_html

        from snnviz.views.runs import design_line

        rows = "".join(
            f"<tr><th style='text-align:left'>{escape(label)}</th><td>{escape(value)}</td></tr>"
            for label, value in (
                ("Run", self.name),
                ("Design", design_line(self.design)),
                ("Test accuracy", f"{self.accuracy:.1%}"),
            )
        )
        figures = "".join(
            to_html(self.figure(name), include_plotlyjs="cdn" if name == "accuracy" else False, full_html=False)
            for name in ("accuracy", "rate")
            if name in {chart.id for chart in self._charts()}
        )
        return f"<table>{rows}</table>{figures}"


def load_run(name: str) -> Run:
    """Returns a finished run of the store by its name, or the beginning of one. Raises `NotFound` and `InputError`.

    For example:

        same = snnviz.load_run(run.name[:8])
    """
    store = open_store()
    return finished(store, store.get(name))


def finished(store: Store, found: StoredRun) -> Run:
    """Returns a run of a design that is done. Raises `InputError` with what became of it."""
    if type(found.task) is not Design:
        raise InputError("run", "be a run of a design", found.run)
    if found.state != "done":
        why = f" ({found.error})" if found.error else ""
        raise InputError("run", "be done", f"{found.run}, which is {found.state}{why}")
    return Run(store, found)


def runs(where: str = "") -> pd.DataFrame:
    """Returns the finished runs of designs of the store, the newest first: name, what differs from the defaults, every
    metric.

    where: a filter as on the Runs page. Raises `InputError`.

        table = snnviz.runs("accuracy > 0.2")
        print(table[["accuracy", "network.kind"]])
    """
    store, names = open_store(), None
    if where:
        wanted, known = parse_filter(where), indexed_runs(store)
        columns = metric_columns(store, known, wanted.metrics)
        names = {run.run for run in known.runs if wanted.matches(run, values_of(columns, run.run))}
    found = [run for run in store.runs(100_000, ("done",)) if names is None or run.run in names]
    reached = metrics(store, found)
    rows = [{"run": run.run, **links.sparse_fields(links.flatten(run.design)), **reached[run.run]} for run in found]
    return pd.DataFrame(rows).set_index("run") if rows else pd.DataFrame()
