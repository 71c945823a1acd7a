"""What changes from one design to another, and along the axes of an experiment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd

from snnviz.api.places import open_store
from snnviz.api.runs import Run
from snnviz.design.design import Design
from snnviz.design.experiment import Experiment
from snnviz.errors import InputError
from snnviz.jobs.immediate import Immediate
from snnviz.store.metrics import metrics
from snnviz.studies.tradeoffs.charts.comparison_texts import listed_metrics, metric_sentence
from snnviz.studies.tradeoffs.pairing import PairedRuns, paired_runs, pairs
from snnviz.theory.metrics import METRICS


@dataclass(frozen=True)
class Comparison:
    """The runs of two designs, A and B, paired by seed."""

    paired: PairedRuns

    @property
    def table(self) -> pd.DataFrame:
        """A row for each metric: the mean difference B - A over seeds, and its 95 % interval."""
        found = {metric.name: self.paired.compare(metric).document() for metric in listed_metrics(self.paired)}
        return pd.DataFrame.from_dict(found, orient="index")

    def sentence(self, metric: str = "accuracy") -> str:
        """Returns what changes in a metric, in words. Raises `InputError` for a metric that is none."""
        known = METRICS.get(metric)
        if known is None:
            raise InputError("metric", f"be one of {', '.join(METRICS.names)}", metric)
        return metric_sentence(known, self.paired.compare(known))

    def _repr_html_(self) -> str:
        return f"<p>{escape(self.sentence())}</p>{self.table.to_html()}"


def compare(a: Design | Run, b: Design | Run, seeds: int = 5) -> Comparison:
    """Trains what is missing of two designs, with the same seeds, and compares them seed by seed.

    a, b: designs, or runs of them. seeds: how many, from A's on. Raises `InputError`.

        found = snnviz.compare(design, snnviz.load_design("digits-mlp", **small, **{"neuron.threshold": 2}), seeds=3)
        print(found.sentence("accuracy"))
    """
    store = open_store()
    asked = pairs(_design(a), _design(b), seeds)
    _train(design for pair in asked for design in (pair.a, pair.b))
    return Comparison(paired_runs(store, asked))


def experiment(base: Design, vary: Mapping[str, Sequence[Any]], seeds: int = 3) -> pd.DataFrame:
    """Trains a design with every combination of other values, and returns a row for each run: settings, seed, metrics.

    vary: values by path. Raises `InputError`.

        table = snnviz.experiment(design, {"neuron.threshold": [0.5, 1, 2]}, seeds=2)
        print(table.groupby("neuron.threshold").accuracy.mean())
    """
    axes = [f"{path}={','.join(map(str, values))}" for path, values in vary.items()]
    asked = Experiment.check({"base": base, "vary": axes, "seeds": seeds})
    _train(run.design for run in asked.runs())
    store = open_store()
    done = {run.task.digest: run for run in store.get_many([run.design.digest for run in asked.runs()]).values()}
    reached, rows = metrics(store, [*done.values()]), []
    for run in asked.runs():
        levels = zip(asked.axes, run.levels, strict=True)
        settings = {path: value for axis, level in levels if level >= 0 for path, value in axis.levels[level].items()}
        found = done.get(run.design.digest)
        values = reached.get(found.run, {}) if found else {}
        rows.append({**settings, "seed": run.seed, "run": found.run if found else None, **values})
    return pd.DataFrame(rows)


def _design(given: Design | Run) -> Design:
    return given.design if isinstance(given, Run) else given


def _train(designs: Iterable[Design]) -> None:
    engine = Immediate(open_store())
    for design in dict.fromkeys(designs):
        engine.submit(design)
