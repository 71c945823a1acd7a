"""Results of runs, as charts and tables take them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from snnviz.events import Branch, EpochEnd, LayerState, Sample
from snnviz.theory.metrics import METRICS
from snnviz.theory.operations import OperationCounts
from snnviz.views.numbers import table_value


@dataclass(frozen=True, slots=True)
class Result:
    """The metrics of a finished run, by the names of `METRICS`, as `store.metrics` returns them."""

    metrics: Mapping[str, float | None]

    @property
    def accuracy(self) -> float:
        """Test accuracy in [0, 1]."""
        return self._number("accuracy")

    @property
    def rate(self) -> float | None:
        """Spikes per neuron and step on the test images; None for an ANN."""
        return self.metrics["rate"]

    @property
    def rate_before(self) -> float | None:
        """Firing rate before training, spikes per neuron and step, on the probe batch (fixed training images),
        or None.
        """
        return self.metrics["rate_before"]

    @property
    def probe(self) -> int | None:
        """Number of images on which operations were counted; None in runs of early releases: the first 64."""
        images = self.metrics["probe"]
        return None if images is None else int(images)

    @property
    def operations(self) -> OperationCounts:
        """The operations per image, counted on the probe batch (fixed training images)."""
        macs, additions, eff_macs, eff_acs = map(self._number, ("macs", "additions", "eff_macs", "eff_acs"))
        return OperationCounts(
            int(self._number("dense")), macs, additions, eff_macs, eff_acs, bool(self.metrics["estimated"])
        )

    def _number(self, name: str) -> float:
        if (found := self.metrics[name]) is None:
            raise ValueError(f"a finished run has {name}")
        return found


def other_metrics(result: Result | None, known: Collection[str]) -> dict[str, float | None]:
    """Returns the values of listed metrics that are not in `known`, as tables hold them; None without a result."""
    names = [metric.name for metric in METRICS.listed if metric.name not in known]
    return {name: None if result is None else table_value(name, result.metrics[name]) for name in names}


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a run so far, by kind: samples, layer states, states of shortcut branches, ends of epochs."""

    samples: Sequence[Sample] = ()
    layers: Sequence[LayerState] = ()
    branches: Sequence[Branch] = ()
    epochs: Sequence[EpochEnd] = ()
