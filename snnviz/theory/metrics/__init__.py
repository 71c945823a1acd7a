"""Metrics of finished runs, what a run costs and reaches: one list that pages, tables, ``--json`` and CSV loop over.

A metric is a `Metric` in the tuple ``METRICS`` of a module of this package, which is found by itself, or of a module
that a host names in ``SNNVIZ_METRICS``. Values are stored with each run that has ended (`store.metrics`), so that many
runs are sorted without reading their rows.

    >>> METRICS["energy"].unit, METRICS["energy"].better
    ('nJ', 'less')
    >>> METRICS.for_convention("energy", "neurobench").name
    'energy_neurobench'
"""

from __future__ import annotations

import logging
import pkgutil
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeVar, get_args

from snnviz.design.design import Design
from snnviz.events import LayerState, Row
from snnviz.plugins import Plugins
from snnviz.theory.directions import Better
from snnviz.theory.operations import Convention, OperationCounts, operations_per_image

R = TypeVar("R", bound=Row)

LOG = logging.getLogger(__name__)

METRICS_VARIABLE = "SNNVIZ_METRICS"
"""Environment variable with module names, separated by commas, that define further metrics."""

FIRST = (
    "test_results",
    "operations",
    "spikes",
    "size",
    "duration",
    "footprint",
    "learning_speed",
    "silence",
    "validation",
    "spikes_per_image",
)
"""Modules of this package in the order of their columns; other modules follow."""

Form = Literal["share", "number", "count", "energy", "seconds", "flag"]
"""How a number is formatted by `views.numbers`: a share of 0 to 1, any number, an integer, nJ, seconds, or 0/1."""


class Outcome:
    """Everything known of a run that has ended, from which metrics are computed: its design, its duration, and its
    rows.

    seconds: duration of training, or None. rows: rows by kind, in order; layer states as by
    `store.layer_states`.
    """

    def __init__(
        self, design: Design, rows: Mapping[type[Row], Sequence[Any]] | None = None, seconds: float | None = None
    ) -> None:
        self.design, self.seconds, self._rows = design, seconds, rows or {}

    def rows(self, kind: type[R]) -> Sequence[R]:
        """Returns the rows of this kind that the run reported, in order; empty if there are none."""
        return self._rows.get(kind, ())

    @cached_property
    def operations(self) -> OperationCounts | None:
        """Operations per image at the last measurement of the layers, by every convention; None before the first
        measurement.
        """
        looks = self.rows(LayerState)
        return operations_per_image(self.design, looks) if looks else None


Read = Callable[[Outcome], float | None]


@dataclass(frozen=True, slots=True)
class Metric:
    """Definition of one number that is computed from a finished run, such as its accuracy or energy.

    name: in ``--json``, CSV and the store, never changed: lower-case letters, digits and ``_``. label, help: on pages,
    and in `docs/reference.md`, as is the `unit`, such as "nJ". form: how it is formatted. better: whether more or less
    is.

    rows: the kinds of row that `read` asks an `Outcome` for. read: returns the number, or None; `none` says when and
    why. revision: must be increased when `read` returns another number, so that stored values are computed again.

    quantity, convention: for what is counted by several conventions, what and by which (decision 21). listed: has a
    column of its own in tables; else it is in ``--json``, and on the Runs page on request.
    """

    name: str
    label: str
    help: str
    form: Form
    read: Read
    rows: tuple[type[Row], ...] = ()
    unit: str = ""
    better: Better = ""
    none: str = ""
    quantity: str = ""
    convention: Convention | None = None
    listed: bool = True
    revision: int = 1

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", self.name):
            raise ValueError(f"the name of a metric is up to 40 lower-case letters, digits and _, got {self.name!r}")
        if not (self.label and self.help):
            raise ValueError(f"the metric {self.name!r} needs a label and a help")
        if self.form not in get_args(Form):
            raise ValueError(f"the form of the metric {self.name!r} must be one of {', '.join(get_args(Form))}")

    def value(self, outcome: Outcome) -> float | None:
        """Returns the metric of a run as a float, or None; exceptions of `read` are passed on."""
        found = self.read(outcome)
        return None if found is None else float(found)


_MODULES = Plugins(METRICS_VARIABLE, "METRICS", Metric, noun="metric", rule="name Python modules that have METRICS")


class Metrics:
    """The collection of all metrics by name, in the order of columns; the modules are imported at first use."""

    @cached_property
    def _known(self) -> dict[str, Metric]:
        here = [each.name for each in pkgutil.iter_modules(__path__)]
        ours = sorted(here, key=lambda name: (FIRST.index(name) if name in FIRST else len(FIRST), name))
        return _MODULES.load(f"{__name__}.{name}" for name in ours)

    def __iter__(self) -> Iterator[Metric]:
        return iter(self._known.values())

    def __len__(self) -> int:
        return len(self._known)

    def __getitem__(self, name: str) -> Metric:
        return self._known[name]

    def __contains__(self, name: object) -> bool:
        return name in self._known

    def get(self, name: str) -> Metric | None:
        """Returns the metric called `name`, or None."""
        return self._known.get(name)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all metrics, as the store uses them."""
        return tuple(self._known)

    @property
    def row_types(self) -> tuple[type[Row], ...]:
        """The classes of all rows (`events.Row`) that any metric reads, each once."""
        return tuple(dict.fromkeys(row for metric in self for row in metric.rows))

    @property
    def listed(self) -> tuple[Metric, ...]:
        """The metrics that have a column of their own in tables."""
        return tuple(metric for metric in self if metric.listed)

    def for_convention(self, quantity: str, convention: Convention) -> Metric:
        """Returns the metric for a counted quantity, such as "energy", by one counting convention. Raises
        `KeyError`.
        """
        for metric in self:
            if (metric.quantity, metric.convention) == (quantity, convention):
                return metric
        raise KeyError((quantity, convention))

    def read(self, outcome: Outcome, names: Iterable[str] | None = None) -> dict[str, float | None]:
        """Returns the values of all metrics, or of those in `names`, for a run; metrics that raise are logged and left
        out.
        """
        found: dict[str, float | None] = {}
        for name in self.names if names is None else names:
            try:
                found[name] = self[name].value(outcome)
            except Exception:  # a host's own; one wrong metric must not take the others, or a page, with it
                LOG.exception("The metric %s could not be read of a run of %s", name, outcome.design.digest)
        return found


METRICS = Metrics()
