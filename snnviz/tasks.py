"""Kinds of task: what can be submitted, and how each kind is run, stored, shown and estimated.

A kind is one value, `TaskKind`, in the `tasks` module of a folder of `snnviz.studies`. The store makes tables of its
rows, the worker runs it, engines ask for its cost, `show` prints it, and pages ask whether it keeps results over a
pause; none of them needs a list of kinds:

    >>> [kind.name for kind in KINDS]
    ['run', 'measurement', 'search', 'cells', 'score', 'gradients', 'trajectories', 'finetuning', 'front']
    >>> KINDS["search"].keeps, KINDS["run"].keeps
    (True, False)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from types import ModuleType
from typing import Any, Generic, TypeVar

from snnviz.design.design import Design
from snnviz.design.submitted import Task as Task
from snnviz.events import Checkpoint, Row
from snnviz.plugins import Plugins

R = TypeVar("R", bound=Row)

STUDIES_VARIABLE = "SNNVIZ_STUDIES"
"""Environment variable with further packages, separated by commas, whose `tasks` modules are loaded."""


T = TypeVar("T", bound=Task)


@dataclass(frozen=True, slots=True)
class Cost:
    """Estimated cost of a task: steps of its progress, seconds on one core of the reference machine, and bytes of
    memory.

    `jobs.durations` converts the seconds to this machine. `bytes`: an upper estimate, beyond the loaded libraries.
    """

    steps: int
    seconds: float
    bytes: int


@dataclass(frozen=True, slots=True)
class PriorRun:
    """Another task's run, on which a task builds: its name, its state, and `checkpoint()`, which returns its weights or
    None.
    """

    run: str
    state: str
    checkpoint: Callable[[], Checkpoint | None]


class History:
    """What a task had reported before it was interrupted and is resumed (rows and last checkpoint), and runs of other
    tasks.

    This class holds given rows and a checkpoint; the store's history is `jobs.history.StoredHistory`.
    """

    def __init__(self, rows: Sequence[Row] = (), checkpoint: Checkpoint | None = None) -> None:
        self._rows, self._checkpoint = rows, checkpoint

    def rows(self, kind: type[R]) -> list[R]:
        """Returns the rows of this kind that the task has reported, in order."""
        return [row for row in self._rows if isinstance(row, kind)]

    def checkpoint(self) -> Checkpoint | None:
        """Returns the task's last checkpoint, or None."""
        return self._checkpoint

    def prior_run(self, task: Task) -> PriorRun | None:  # noqa: ARG002 (others know some)
        """Returns the run of another task, on which this task builds (such as a training before its fine-tuning); None
        if it was never submitted.
        """
        return None


EMPTY_HISTORY = History()
"""History of a task that starts from the beginning."""


def one_thread() -> int:
    """Returns 1. Default of the argument `threads` of tasks: how many threads they may use now."""
    return 1


@dataclass(frozen=True, slots=True)
class Page:
    """A page for the navigation. `body`: the function that draws it, as ``module:function``; `section`: the menu that
    it is in, one of Learn, Build, Questions, Results, or another one.
    """

    path: str
    title: str
    icon: str
    body: str
    section: str = "Questions"


@dataclass(frozen=True)
class TaskKind(Generic[T]):
    """A kind of task and everything specific to it. Functions that are slow to import are given as ``module:function``.

    value: class of its tasks, whose `kind` is the name in the store, never changed. rows: kinds of row that it reports,
    each a table. cost: returns a task's cost. sample: returns a small task, of less than a second, for tests.

    run: ``(task, history, threads) -> Iterator[Event]``, the same events wherever it was interrupted. `threads()`
    returns how many cores may be used now. Imported by the worker only.

    show: ``(store, run, as_json) -> None``, prints a run for `show RUN`. measure: the same for `measure RUN`, or None
    if there is nothing to measure again. page: where it is started and shown, the name of a script of `pages/`, such as
    "skips", or a page of its own. warm: called once in the process from which workers are forked.

    design: returns the design that a task starts from; None if there is none. data: returns the data sets that it
    needs; by default its design's. summed: returns the design whose run's summary (`store.metrics`) is updated when the
    task ends; None if there is none. keeps: intermediate results are useful, so pages offer to pause and resume it, and
    ask before deleting. trained: it ends with weights, and is run `again` if these were deleted. cores: number of cores
    it can use. noun, smaller: words for the sentence that refuses a task that is too large.
    """

    value: type[T]
    rows: tuple[type[Row], ...]
    cost: Callable[[T], Cost]
    run: str
    show: str
    page: str | Page
    sample: Callable[[], T]
    measure: str | None = None
    warm: str | None = None
    design: Callable[[T], Design] | None = None
    data: Callable[[T], tuple[str, ...]] | None = None
    summed: Callable[[T], Design] | None = None
    keeps: bool = False
    trained: bool = False
    cores: int = 1
    noun: str = "design"
    smaller: str = "a smaller batch, width or number of time steps needs less"

    @property
    def name(self) -> str:
        """Name of the kind of task, under which the store keeps its runs."""
        return self.value.kind

    def needs(self, task: T) -> tuple[str, ...]:
        """Returns the names of the data sets that a task needs."""
        if self.data is not None:
            return self.data(task)
        return () if self.design is None else (self.design(task).data.name,)


_STUDIES: Plugins[TaskKind[Any]] = Plugins(
    STUDIES_VARIABLE,
    "KINDS",
    TaskKind,
    noun="kind of task",
    rule="name Python packages that have KINDS in their `tasks`",
    submodule=".tasks",
)


def study_packages() -> list[str]:
    """Returns the names of the packages of all studies: ours, in the order of `snnviz.studies.FOLDERS`, then the
    host's.
    """
    return [*_our_studies(), *_STUDIES.names()]


def _our_studies() -> list[str]:
    return [f"snnviz.studies.{name}" for name in import_module("snnviz.studies").FOLDERS]


@dataclass(frozen=True, slots=True)
class Button:
    """A button that a study (a folder of `snnviz.studies`) adds to a page of the app and that opens the study's own
    page.

    `help`: text shown on hover. `icon`: its symbol, as in Streamlit. `key`: of the widget. `open`: the function, as
    ``module:function``, that prepares the study's page, such as by filling in its settings. `page`: the page's file in
    `pages`, without ``.py``.
    """

    label: str
    help: str
    icon: str
    key: str
    open: str
    page: str


@dataclass(frozen=True, slots=True)
class DesignButton(Button):
    """A button below the forecast on the Design page, declared in the tuple ``DESIGN_BUTTONS`` of a study's module
    `tasks`.

    `open` is called without arguments. `fits`: returns whether the button is shown for a design.
    """

    fits: Callable[[Design], bool]


def every_design(design: Design) -> bool:  # noqa: ARG001
    """Returns True. Default of `RunButton.fits`: the button is shown for all designs."""
    return True


@dataclass(frozen=True, slots=True)
class RunButton(Button):
    """A button for one run on the Runs page, declared in the tuple ``RUN_BUTTONS`` of a study's module `tasks`.

    `open` is called with the `store.Run`. `fits`: returns whether there is such a button for runs of a design.
    `watched`: the live panel of the Design page has it, too, once the run has weights. `prepare`: a function, as
    ``module:function``, that returns at once and is called without arguments where that panel shows a finished run, so
    that the page opens without a wait. Buttons with the same `key` are one button, which opens the page of the one that
    fits.
    """

    fits: Callable[[Design], bool] = every_design
    watched: bool = False
    prepare: str = ""


@dataclass(frozen=True, slots=True)
class PairButton(Button):
    """A button shown where two designs are chosen from the list of runs, declared in the tuple ``PAIR_BUTTONS`` of a
    study's module `tasks`; `open` is called with both designs.
    """


def pair_buttons() -> list[PairButton]:
    """Returns the buttons of all studies that open a page with two designs, such as a comparison."""
    return [button for module in _task_modules() for button in getattr(module, "PAIR_BUTTONS", ())]


def design_buttons(design: Design) -> list[DesignButton]:
    """Returns the buttons of all studies that are shown on the Design page for this design."""
    found = [button for module in _task_modules() for button in getattr(module, "DESIGN_BUTTONS", ())]
    return [button for button in found if button.fits(design)]


def run_buttons() -> dict[str, list[RunButton]]:
    """Returns the buttons of all studies for a run on the Runs page, grouped by their key."""
    found: dict[str, list[RunButton]] = {}
    for module in _task_modules():
        for button in getattr(module, "RUN_BUTTONS", ()):
            found.setdefault(button.key, []).append(button)
    return found


def run_button(key: str, design: Design) -> RunButton | None:
    """Returns the button with this key that is shown for runs of this design, or None."""
    return next((button for button in run_buttons().get(key, ()) if button.fits(design)), None)


@dataclass(frozen=True, slots=True)
class GalleryEntry:
    """Something that is shipped with snnviz already trained, declared in the tuple ``GALLERY`` of a study's module
    `tasks`.

    `tasks`: the function, as ``module:function``, that returns the tasks to run, called with the store in which they
    are trained and with `arguments`. `after`: name of the entry that must be run before. `page`: where it is shown, the
    name of a script of `pages/`. `weights`: whether the trained weights are shipped, too. `slow`: it takes minutes, and
    is only run when it is named.
    """

    name: str
    title: str
    page: str
    tasks: str
    arguments: tuple[str, ...] = ()
    weights: bool = True
    slow: bool = False
    after: str = ""


def gallery_entries() -> list[GalleryEntry]:
    """Returns the gallery entries of all studies: everything that can be shipped with snnviz already trained."""
    return [entry for module in _task_modules() for entry in getattr(module, "GALLERY", ())]


def _task_modules() -> list[ModuleType]:
    return [import_module(f"{package}.tasks") for package in study_packages()]


class TaskKinds:
    """The collection of all kinds of task, by name, in the order of `snnviz.studies.FOLDERS`; imported at first use."""

    @cached_property
    def _known(self) -> dict[str, TaskKind[Any]]:
        return _STUDIES.load(_our_studies())

    @cached_property
    def _of(self) -> dict[type[Task], TaskKind[Any]]:
        return {kind.value: kind for kind in self}

    @cached_property
    def row_types(self) -> tuple[type[Row], ...]:
        """The classes of rows that any kind of task reports, each once."""
        return tuple(dict.fromkeys(row for kind in self for row in kind.rows))

    def __iter__(self) -> Iterator[TaskKind[Any]]:
        return iter(self._known.values())

    def __getitem__(self, name: str) -> TaskKind[Any]:
        return self._known[name]

    def __contains__(self, name: object) -> bool:
        return name in self._known

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all kinds of task, under which the store keeps their runs."""
        return tuple(self._known)

    def kind_of(self, task: Task | type[Task]) -> TaskKind[Any]:
        """Returns the kind of a task or of a class of tasks."""
        return self._of[task if isinstance(task, type) else type(task)]

    def pages(self) -> list[Page]:
        """Returns the pages that kinds define for themselves, each once."""
        return list(dict.fromkeys(kind.page for kind in self if isinstance(kind.page, Page)))


KINDS = TaskKinds()


def design_of(task: Task) -> Design:
    """Returns the design of a task: the task itself, or what it starts from. Raises `TypeError` if it has none."""
    kind = KINDS.kind_of(task)
    if kind.design is None:
        raise TypeError(f"a {kind.value.__name__} has no design")
    return kind.design(task)


def resolve(name: str) -> Callable[..., Any]:
    """Returns the function called ``module:function``, importing its module."""
    module, _, attribute = name.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), attribute)
    return found
