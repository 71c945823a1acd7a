"""An index of all runs of designs in a store, for tables, filters and groups over thousands of runs.

Each store has one `RunIndex`, shared by all threads. It reads only runs that have changed since the last look, and runs
that differ only in their seed share one `IndexedDesign`. It is kept in memory alone: building it for 10,000 runs takes
a second.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import select

from snnviz.design import links, naming
from snnviz.design.design import Design
from snnviz.design.menus import NEURONS
from snnviz.places import ROOT
from snnviz.store import reading
from snnviz.store.filters import field_paths
from snnviz.store.renewing import stored_revisions
from snnviz.store.shipped import REVISION, Shipped
from snnviz.store.single import SingleStore
from snnviz.store.store import Store
from snnviz.store.tables import RUNS
from snnviz.store.values import State, tags_from_text


@dataclass(frozen=True, eq=False)
class IndexedDesign:
    """The settings that a group of runs has in common: their designs without the seed.

    key: the group's key, see `groups.group_key`. settings: the fields that a link to the design names, path to value.
    """

    key: str
    settings: Mapping[str, Any]

    @cached_property
    def base(self) -> Mapping[str, Any]:
        """The values, by path, of the fields that `settings` leaves out: their absent values (defaults when they were
        introduced) for the same choices of kind.

        They are the fields' absent values, their defaults when they were introduced; see `links.absent_values_like`.
        """
        return links.absent_values_like(self.settings)

    def value(self, path: str) -> Any:
        """Returns the field at a path; None if this design has no such field."""
        return self.settings[path] if path in self.settings else self.base.get(path)

    @cached_property
    def words(self) -> str:
        """The design's searchable text in lower case: a line "path value" for each kind and each field that a link
        names.
        """
        told = {path: value for path, value in self.base.items() if path.endswith((".kind", ".name"))}
        told.update(self.settings)
        return "\n".join(f"{path} {links.format_value(value)}" for path, value in told.items()).casefold()


@dataclass(frozen=True, slots=True)
class IndexedRun:
    """A run of a design with the columns that tables and filters need; see `values.Run` for their meaning."""

    run: str
    key: str | None
    state: State
    title: str
    created: float
    finished: float | None
    seconds: float
    step: int
    steps: int
    revision: int
    notes: str
    starred: bool
    tags: tuple[str, ...]
    seed: int
    design: IndexedDesign
    machine: str | None = None

    @property
    def ended(self) -> bool:
        """Whether the run is done, failed or cancelled, and so will not change unless someone resubmits it."""
        return self.state in ("done", "failed", "cancelled")

    @property
    def words(self) -> str:
        """The run's searchable text in lower case: name, state, title, tags, note, seed and settings."""
        own = "\n".join((self.run, self.state, self.title, *self.tags, self.notes, f"seed {self.seed}"))
        return f"{own.casefold()}\n{self.design.words}"

    def value(self, path: str) -> Any:
        """Returns the field of the run's design at a path; None if the design has no such field."""
        return self.seed if path == "seed" else self.design.value(path)


@dataclass(frozen=True, eq=False)
class IndexedRuns:
    """All readable runs of a store at one version of it, the newest first, and the number of unreadable ones."""

    version: str
    runs: tuple[IndexedRun, ...]
    unreadable: int

    @cached_property
    def by_name(self) -> Mapping[str, IndexedRun]:
        """The runs as a dictionary by their names in the store."""
        return {run.run: run for run in self.runs}


def differing_fields(designs: Iterable[IndexedDesign]) -> list[str]:
    """Returns the paths of the fields whose values differ among these designs, those set by most designs first.

    The seed is left out.
    """
    several = [*designs]
    found = Counter(path for one in several for path in one.settings)
    bases = [*{id(one.base): one.base for one in several}.values()]
    unsaid = [path for path in dict.fromkeys(path for base in bases for path in base) if path not in found]
    differing = [path for path, _ in found.most_common() if _differs([one.value(path) for one in several])]
    differing += [path for path in unsaid if _differs([base.get(path) for base in bases])]
    return [path for path in differing if path != "seed"]


def _differs(values: Sequence[Any]) -> bool:
    return any(not naming.json_equal(value, values[0]) for value in values)


_COLUMNS = [RUNS.c[name] for name in (
    "run", "key", "state", "title", "created", "finished", "seconds", "step", "steps", "revision", "notes",
    "starred", "tags", "design",
)]  # fmt: skip

_SHOWN = (RUNS.c.kind == Design.kind, RUNS.c.state != "deleted")

BATCH = 500
"""Number of runs that are queried by name at once; if many more have changed, all are read in one query."""


class RunIndex:
    """In-memory index of a store's runs, which `update` brings up to date."""

    def __init__(self, store: SingleStore) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, IndexedRun | int] = {}  # a revision, of one that cannot be read
        self._designs: dict[bytes, IndexedDesign | None] = {}
        self._found = IndexedRuns("", (), 0)
        self._id = store._seen.id
        self._new: dict[str, tuple[str, str]] = {}

    def update(self, store: SingleStore) -> IndexedRuns:
        """Returns all runs as they are now; reads only those that have changed. Raises `StoreError` if the store
        cannot be read.
        """
        with self._lock:
            version = store.version()
            if self._id != store._seen.id:  # another file is in its place
                self._known, self._designs, self._id = {}, {}, store._seen.id
            elif version == self._found.version:
                return self._found
            self._read(store)
            runs = [run for run in self._known.values() if isinstance(run, IndexedRun)]
            runs.sort(key=lambda run: (-run.created, run.run))
            self._found = IndexedRuns(version, tuple(runs), len(self._known) - len(runs))
            return self._found

    def _read(self, store: SingleStore) -> None:
        first = not self._known
        if first:
            kept = store.indexed_designs(release_digest())
            self._designs = {
                bytes.fromhex(text): IndexedDesign(key, _loads(told)) for text, (key, told) in kept.items()
            }
        with store._reading() as connection:
            now: dict[str, int] = dict(connection.execute(select(RUNS.c.run, RUNS.c.revision).where(*_SHOWN)).all())
        for gone in self._known.keys() - now.keys():
            del self._known[gone]
        changed = [run for run, revision in now.items() if _revision(self._known.get(run)) != revision]
        query, every = select(*_COLUMNS).where(*_SHOWN), len(changed) > 10 * BATCH
        for start in range(0, 1 if every else len(changed), BATCH):
            some = query if every else query.where(RUNS.c.run.in_(changed[start : start + BATCH]))
            with store._reading() as connection:
                rows = connection.execute(some).all()
            for row in rows:
                self._known[row.run] = self._indexed(row)
        if first:  # nobody asks for what runs had that were deleted
            used = {id(run.design) for run in self._known.values() if isinstance(run, IndexedRun)}
            unused = [text for text, design in self._designs.items() if design is not None and id(design) not in used]
            for text in unused:
                del self._designs[text]
            store.forget_designs([text.hex() for text in unused])
        if self._new:
            store.index_designs(release_digest(), self._new)
            self._new = {}

    def _indexed(self, row: Any) -> IndexedRun | int:
        columns = dict(row._mapping)
        stored = columns.pop("design") or ""
        seed, text = _without_seed(stored)
        name = hashlib.blake2b(text.encode(), digest_size=16).digest()
        if name not in self._designs:
            made = self._designs[name] = _design(stored)
            if made is not None:
                self._new[name.hex()] = made.key, json.dumps(made.settings)
        design = self._designs[name]
        if design is None:
            return int(row.revision)
        columns["tags"] = tags_from_text(columns["tags"])
        return IndexedRun(seed=seed, design=design, **columns)


@lru_cache(maxsize=1)
def release_digest() -> str:
    """Returns a digest of the program: the files of this release and the extensions of a host, on which the meaning of
    a stored design depends. Caches are valid as long as it is the same.
    """
    found = hashlib.sha256()
    for folder in ("design", "catalog", "graph"):
        for path in sorted((ROOT / "snnviz" / folder).rglob("*.*")):
            if path.suffix in (".py", ".json"):
                found.update(path.read_bytes())
    found.update(repr([*field_paths(), *NEURONS.kinds]).encode())
    return found.hexdigest()[:16]


def _loads(told: str) -> Mapping[str, Any]:
    settings: Mapping[str, Any] = json.loads(told)
    return settings


def _revision(known: IndexedRun | int | None) -> int | None:
    return known.revision if isinstance(known, IndexedRun) else known


_read_design = reading.task_from_text.__wrapped__  # whose cache is for tasks that are shown
_SEED = re.compile(r',"seed":(\d{1,10}),"training":')


def _without_seed(stored: str) -> tuple[int, str]:
    """The seed of a stored design and the text without it. Of a text of another form the seed is in it as well."""
    first, *others = _SEED.findall(stored)[:2] or ["0", "0"]
    if others:
        task = _read_design(Design.kind, stored)
        return (0 if isinstance(task, str) else int(task.document()["seed"])), stored
    return int(first), _SEED.sub(',"training":', stored)


def _design(stored: str) -> IndexedDesign | None:
    """None of one that this snnviz does not accept."""
    task = _read_design(Design.kind, stored)
    if isinstance(task, str):
        return None
    document = task.document() | {"seed": 0}
    key = naming.task_key(Design.kind, Design, document, stored_revisions(stored))
    settings = links.sparse_fields(links.flatten_document(document))
    return IndexedDesign(key, settings)


_INDICES: WeakKeyDictionary[SingleStore, RunIndex] = WeakKeyDictionary()
_MAKING = threading.Lock()


def indexed_runs(store: Store) -> IndexedRuns:
    """Returns all runs of designs in a store as they are now, also those that came with snnviz; the same object as long
    as the store does not change.

    Raises `StoreError` if the store cannot be read.
    """
    own, came = _look(store), store.shipped
    if came is None:
        return own
    there = _look(came.store)
    with _MAKING:
        merged = _MERGED.get(store)
        if merged is None or merged[0] is not own or merged[1] is not there:
            merged = _MERGED[store] = own, there, _merge(own, there, came)
        return merged[2]


def _look(store: SingleStore) -> IndexedRuns:
    with _MAKING:
        index = _INDICES.get(store)
        if index is None:
            index = _INDICES[store] = RunIndex(store)
    return index.update(store)


def _merge(own: IndexedRuns, there: IndexedRuns, came: Shipped) -> IndexedRuns:
    """What was trained here takes the place of what came."""
    here = {*own.by_name, *(run.key for run in own.runs)}
    more = [
        replace(run, machine=came.machines.get(run.run, ""), revision=REVISION)
        for run in there.runs
        if run.run not in here and run.key not in here
    ]
    runs = sorted((*own.runs, *more), key=lambda run: (-run.created, run.run))
    return IndexedRuns(own.version, tuple(runs), own.unreadable)


_MERGED: WeakKeyDictionary[Store, tuple[IndexedRuns, IndexedRuns, IndexedRuns]] = WeakKeyDictionary()
