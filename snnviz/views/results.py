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
    """A finished run: what it costs and reaches, by the names of `METRICS`, as `store.metrics` gives them."""

    metrics: Mapping[str, float | None]

    @property
    def accuracy(self) -> float:
        """Test accuracy, 0..1."""
        return self._number("accuracy")

    @property
    def rate(self) -> float | None:
        """Spikes per neuron and step on the test images (None of an ANN)."""
        return self.metrics["rate"]

    @property
    def before(self) -> float | None:
        """The firing rate before training, spikes per neuron and step, on the probe batch."""
        return self.metrics["rate_before"]

    @property
    def probe(self) -> int | None:
        """On so many images an image's operations were counted (None: the first 64, in a run of before)."""
        images = self.metrics["probe"]
        return None if images is None else int(images)

    @property
    def operations(self) -> OperationCounts:
        """The operations of one image, on the probe batch."""
        macs, additions, eff_macs, eff_acs = map(self._number, ("macs", "additions", "eff_macs", "eff_acs"))
        return OperationCounts(
            int(self._number("dense")), macs, additions, eff_macs, eff_acs, bool(self.metrics["estimated"])
        )

    def _number(self, name: str) -> float:
        if (found := self.metrics[name]) is None:
            raise ValueError(f"a finished run has {name}")
        return found


def other_metrics(result: Result | None, known: Collection[str]) -> dict[str, float | None]:
    """The listed metrics but for those that a table has columns of its own for, as tables hold them; None without a
    result."""
    names = [metric.name for metric in METRICS.listed if metric.name not in known]
    return {name: None if result is None else table_value(name, result.metrics[name]) for name in names}


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a run so far."""

    samples: Sequence[Sample] = ()
    layers: Sequence[LayerState] = ()
    branches: Sequence[Branch] = ()
    epochs: Sequence[EpochEnd] = ()
