"""What can be submitted, and all that there is to know of a kind of task.

A kind is one value, `TaskKind`, in the `tasks` module of a folder of `snnviz.studies`. The store makes tables of its
rows, the worker runs it, engines ask what it costs, `show` prints it, and pages know whether it keeps results over a
pause; none of them knows which kinds there are:

    >>> [kind.name for kind in KINDS]
    ['run', 'measurement', 'search', 'cells', 'score', 'gradients', 'trajectories', 'finetuning']
    >>> KINDS["search"].keeps, KINDS["run"].keeps
    (True, False)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any, Generic, TypeVar

from snnviz.design.design import Design
from snnviz.design.submitted import Task as Task
from snnviz.events import Checkpoint, Row
from snnviz.plugins import Plugins

R = TypeVar("R", bound=Row)

STUDIES_VARIABLE = "SNNVIZ_STUDIES"
"""An environment variable: packages, separated by commas, whose `tasks` are known beside those of `snnviz.studies`."""


T = TypeVar("T", bound=Task)


@dataclass(frozen=True, slots=True)
class Cost:
    """Of a task: what its progress counts to; seconds on one core of the machine on which constants were measured, to
    which `jobs.pace` adds what is known of this one; and an estimate from above of bytes beyond the libraries."""

    steps: int
    seconds: float
    bytes: int


@dataclass(frozen=True, slots=True)
class PriorRun:
    """Another task's run, as far as a task that begins with it must know. `checkpoint` reads its weights, if any."""

    run: str
    state: str
    checkpoint: Callable[[], Checkpoint | None]


class History:
    """What there is of a task when it is taken up, and of tasks that it begins with.

    This one is of a task that stands alone, and has what it is given; the store's is `jobs.history.StoredHistory`.
    """

    def __init__(self, said: Sequence[Row] = (), weights: Checkpoint | None = None) -> None:
        self._said, self._weights = said, weights

    def rows(self, kind: type[R]) -> list[R]:
        """What it has said of this kind, in order."""
        return [row for row in self._said if isinstance(row, kind)]

    def checkpoint(self) -> Checkpoint | None:
        """The last one that it said."""
        return self._weights

    def of(self, task: Task) -> PriorRun | None:  # noqa: ARG002 (others know some)
        """Another task's run, None where nobody ever submitted it."""
        return None


EMPTY_HISTORY = History()
"""Of a task that begins."""


def one_thread() -> int:
    """The number of threads for a task on a machine that it shares."""
    return 1


@dataclass(frozen=True, slots=True)
class Page:
    """A page of its own, for the navigation. `body`: the function that draws it, as ``module:function``."""

    path: str
    title: str
    icon: str
    body: str


@dataclass(frozen=True)
class TaskKind(Generic[T]):
    """A kind of task. What takes long to import is named, as ``module:function``, and found by `resolve`.

    value: the tasks, whose `kind` is what the store calls them, for ever. rows: the kinds of row that they say, each a
    table. sample: a small task, of less than a second, for tests.

    run: ``(task, history, threads) -> Iterator[Event]``, the same events wherever it was interrupted. `threads()` is
    asked how many cores may be used now. Imported by the worker alone.

    show: ``(store, run, as_json) -> None``, what `show RUN` prints. measure: of the same form, what `measure RUN` does,
    None where nothing is to be measured anew. page: where it is started and seen, the name of a script of `pages/`,
    such as "skips", or a page that is of this kind's own. warm: what is done once in the process from which workers are
    forked.

    design: what it begins with, None where it has none. data: the data sets that it needs; without, its design's.
    summed: the design whose run's summary (`store.metrics`) is made when it ends, None where it changes none.
    keeps: what it has found is of use, so that pages pause it, go on with it and ask before they forget it.
    trained: at its end it has weights, for which it is done `again` where they are not kept any more.
    cores: so many it can use. noun, smaller: in the sentence that refuses one that is too large.
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
        """What the store calls it."""
        return self.value.kind

    def needs(self, task: T) -> tuple[str, ...]:
        """The data sets that have to be here."""
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
    """The packages of the studies: ours, in the order of `snnviz.studies.FOLDERS`, and those that a host names."""
    return [*_our_studies(), *_STUDIES.names()]


def _our_studies() -> list[str]:
    return [f"snnviz.studies.{name}" for name in import_module("snnviz.studies").FOLDERS]


@dataclass(frozen=True, slots=True)
class DesignButton:
    """What a study offers for the design that is being edited, as a button below its forecast on the Design page.

    `open`: by name, ``module:function``, what prepares the study's page for the design; called without arguments.
    `page`: its file in `pages`, without ``.py``. `fits`: which designs it is offered for.
    """

    label: str
    help: str
    icon: str
    key: str
    open: str
    page: str
    fits: Callable[[Design], bool]


def design_buttons(design: Design) -> list[DesignButton]:
    """Those of all studies, the tuple ``DESIGN_BUTTONS`` in their `tasks`, that fit a design."""
    modules = [import_module(f"{package}.tasks") for package in study_packages()]
    return [button for module in modules for button in getattr(module, "DESIGN_BUTTONS", ()) if button.fits(design)]


class TaskKinds:
    """All kinds, in the order of `snnviz.studies.FOLDERS`. Loaded at the first look, as they are written in terms of
    values that are submitted."""

    @cached_property
    def _known(self) -> dict[str, TaskKind[Any]]:
        return _STUDIES.load(_our_studies())

    @cached_property
    def _of(self) -> dict[type[Task], TaskKind[Any]]:
        return {kind.value: kind for kind in self}

    @cached_property
    def rows(self) -> tuple[type[Row], ...]:
        """All kinds of row, each once."""
        return tuple(dict.fromkeys(row for kind in self for row in kind.rows))

    def __iter__(self) -> Iterator[TaskKind[Any]]:
        return iter(self._known.values())

    def __getitem__(self, name: str) -> TaskKind[Any]:
        return self._known[name]

    def __contains__(self, name: object) -> bool:
        return name in self._known

    @property
    def names(self) -> tuple[str, ...]:
        """What the store calls them."""
        return tuple(self._known)

    def of(self, task: Task | type[Task]) -> TaskKind[Any]:
        """The kind of a task, or of its class."""
        return self._of[task if isinstance(task, type) else type(task)]

    def pages(self) -> list[Page]:
        """Those that kinds have of their own, each once."""
        return list(dict.fromkeys(kind.page for kind in self if isinstance(kind.page, Page)))


KINDS = TaskKinds()


def design_of(task: Task) -> Design:
    """A design itself, or what other tasks begin with. Raises `TypeError` where there is none."""
    kind = KINDS.of(task)
    if kind.design is None:
        raise TypeError(f"a {kind.value.__name__} has no design")
    return kind.design(task)


def resolve(name: str) -> Callable[..., Any]:
    """A function by its name, ``module:function``."""
    module, _, attribute = name.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), attribute)
    return found
