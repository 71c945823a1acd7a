"""What an export is, and what it is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from snnviz.design.design import Design
from snnviz.errors import InputError
from snnviz.events import Checkpoint
from snnviz.exports.report import Report
from snnviz.store import Run, Store
from snnviz.tasks import KINDS

ProgressCallback = Callable[[float], None]
"""Reports progress, 0 to 1; raises where the person no longer wants the export."""


@dataclass(frozen=True)
class ExportedRun:
    """What is exported: a run of a store, with its design and weights, and for forms that take several the
    `additional_runs`.
    """

    store: Store
    run: Run
    additional_runs: tuple[Run, ...] = ()

    def each_run(self) -> Iterator[ExportedRun]:
        """Yields this run and the additional ones, each as an `ExportedRun` of its own."""
        yield self
        for run in self.additional_runs:
            yield ExportedRun(self.store, run)

    @property
    def has_weights(self) -> bool:
        """Whether the run's weights are kept."""
        return KINDS.kind_of(self.run.task).trained and self.store.load_checkpoint(self.run.run) is not None

    @property
    def design(self) -> Design:
        """The design of the run."""
        return self.run.design

    @cached_property
    def checkpoint(self) -> Checkpoint:
        """The weights of the run after its last epoch. Raises `InputError` if there are none."""
        kept = self.store.load_checkpoint(self.run.run) if KINDS.kind_of(self.run.task).trained else None
        if kept is None:
            raise InputError("run", "have weights: only the last checkpoint is kept, and not for ever", self.run.run)
        return kept


@dataclass(frozen=True)
class Export:
    """One form in which a run can be taken out.

    name: as on the command line. label, help: for menus. suffixes: of the file that is written, the usual first; () for
    a folder of files. trained: whether weights are needed. several: whether it takes more than one run.

    write(source, path, progress): makes the file `path`, whose suffix is one of `suffixes`, or fills the existing empty
    folder `path`; proves what it wrote where it can be proven (raises `report.ProofFailed` if it is not), and returns a
    report. It writes nowhere else.
    """

    name: str
    label: str
    help: str
    suffixes: tuple[str, ...]
    trained: bool
    write: Callable[[ExportedRun, Path, ProgressCallback], Report]
    several: bool = False
