"""What every kind of task keeps to. Other folders of kinds are tested by naming them in SNNVIZ_STUDIES."""

from __future__ import annotations

import ast
import inspect
import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from snnviz import commands
from snnviz.design.submitted import Task
from snnviz.errors import StoreError
from snnviz.events import Checkpoint, EpochEnd, Event, LayerState, Progress, Row, Sample
from snnviz.jobs import engine
from snnviz.jobs.history import StoredHistory
from snnviz.jobs.immediate import Immediate
from snnviz.jobs.recorder import Recorder
from snnviz.jobs.worker import execute_claim
from snnviz.places import ROOT
from snnviz.store import Store, tables
from snnviz.tasks import (
    EMPTY_HISTORY,
    KINDS,
    STUDIES_VARIABLE,
    History,
    Page,
    TaskKind,
    TaskKinds,
    design_of,
    one_thread,
    resolve,
)

each = pytest.mark.parametrize("kind", list(KINDS), ids=lambda kind: kind.name)

Kind = TaskKind[Any]


class Killed(BaseException):
    """The process is gone: nothing is said of how it ended."""


def begins_with(store: Store, kind: Kind) -> None:
    """What a task goes out from, such as a run whose weights it looks at, is there."""
    if kind.design is not None and design_of(kind.sample()) != kind.sample():
        Immediate(store).submit(design_of(kind.sample()))


def rows(store: Store, task: Task) -> dict[type[Row], list[Any]]:
    """All that it said, in the order of keys, without how long a row took."""
    found = {}
    for row in KINDS.row_types:
        said = [each for _, each in store.rows(task.digest, row)]
        timed = said and hasattr(said[0], "seconds")
        told = [replace(each, seconds=0.0) for each in said] if timed else said  # type: ignore[type-var]
        found[row] = sorted(told, key=lambda each: [getattr(each, name) for name in row.key])
    return found


@cache
def undisturbed(kind: Kind, place: Path) -> tuple[dict[type[Row], list[Any]], int]:
    """Its rows, and how many events are kept; of Progress there is more on a busy machine."""
    store, heard = Store(place / f"{kind.name}.sqlite"), []
    begins_with(store, kind)
    Immediate(store, heard.append).submit(kind.sample())
    found = rows(store, kind.sample())
    store.close()
    return found, sum(not isinstance(event, Progress) for event in heard)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Kind], tuple[dict[type[Row], list[Any]], int]]:
    place = tmp_path_factory.mktemp("whole")
    return lambda kind: undisturbed(kind, place)


@each
class TestWhatIsNamed:
    def test_every_function_is_there_and_takes_what_it_is_given(self, kind: Kind) -> None:
        inspect.signature(resolve(kind.run)).bind(kind.sample(), EMPTY_HISTORY, one_thread)
        for name in filter(None, (kind.show, kind.measure)):
            inspect.signature(resolve(name)).bind("store", "run", True)
        if kind.warm is not None:
            inspect.signature(resolve(kind.warm)).bind()
        if isinstance(kind.page, Page):
            inspect.signature(resolve(kind.page.body)).bind()
        else:
            assert (ROOT / "pages" / f"{kind.page}.py").is_file()

    def test_the_store_can_keep_it(self, kind: Kind) -> None:
        assert kind.name.isprintable()
        assert len(kind.name) <= 16
        for row in kind.rows:
            assert row.key
            assert set(row.key) <= set(tables.COLUMNS[row])
            others = [other for other in KINDS.row_types if other is not row]
            assert row.table not in [other.table for other in others]

    def test_its_text_says_all_of_it(self, kind: Kind) -> None:
        task = kind.sample()
        same = kind.value.read(task.canonical())
        assert (same, hash(same), same.digest) == (task, hash(task), task.digest)
        assert KINDS.kind_of(task) is KINDS.kind_of(type(task)) is KINDS[kind.name] is kind

    def test_what_it_costs_can_be_said(self, kind: Kind) -> None:
        cost = kind.cost(kind.sample())
        assert cost.steps > 0
        assert 0 < cost.seconds < 60
        assert math.isfinite(cost.seconds)
        assert 0 < cost.bytes == engine.required_memory(kind.sample()) < 10**9
        assert kind.cores >= 1


def test_to_know_all_kinds_takes_neither_torch_nor_pages_nor_commands() -> None:
    script = """
import sys
from snnviz.jobs import engine, durations
from snnviz.tasks import KINDS
for kind in KINDS:
    assert engine.required_memory(kind.sample()) and durations.progress_steps(kind.sample()) and kind.rows
assert not {"torch", "pandas", "plotly", "streamlit", "click", "scipy", "sklearn"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT)


@each
class TestInTheStore:
    def test_it_is_done_once_and_says_what_it_named(self, store: Store, kind: Kind) -> None:
        heard: list[Event] = []
        begins_with(store, kind)
        assert not Immediate(store, heard.append).submit(kind.sample()).cached
        run = store.get(kind.sample().digest)
        assert (run.state, run.error, run.task) == ("done", None, kind.sample())
        assert run.step == run.steps == kind.cost(kind.sample()).steps
        said = {type(event) for event in heard} - {Progress, Checkpoint}
        assert said
        assert said <= set(kind.rows)
        assert any(rows(store, run.task).values())
        steps = [event.step for event in heard if isinstance(event, Progress) and event.steps]
        assert steps == sorted(steps)
        assert Immediate(store).submit(kind.sample()).cached
        assert [shown.task for shown in store.runs(of=kind.value) if shown.task == run.task] == [run.task]

    @pytest.mark.parametrize("where", [0.3, 0.95])
    def test_killed_anywhere_it_ends_with_the_same_rows(
        self, store: Store, whole: Callable[..., Any], kind: Kind, where: float
    ) -> None:
        expected, count = whole(kind)
        begins_with(store, kind)
        store.submit(kind.sample())
        left = max(1, round(where * count))

        def listen(event: Event) -> None:
            nonlocal left
            left -= not isinstance(event, Progress)
            if not left:
                raise Killed

        claim = store.claim("somebody", kind.sample().digest)
        assert claim is not None
        with pytest.raises(Killed):
            execute_claim(store, claim, listen)
        assert store.get(claim.run).state == "running"
        assert store.recover(lambda owner: owner == "somebody") == [claim.run]
        heard: list[Event] = []
        Immediate(store, heard.append).submit(kind.sample())
        run = store.get(claim.run)
        assert (run.state, run.error, run.attempt) == ("done", None, 2)
        assert rows(store, kind.sample()) == expected
        if kind.keeps and where > 0.9:
            assert sum(isinstance(event, Row) for event in heard) < sum(map(len, expected.values())) / 2, "done again"

    def test_cancelled_it_keeps_what_it_has_and_goes_on(
        self, store: Store, whole: Callable[..., Any], kind: Kind, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        expected, _ = whole(kind)
        begins_with(store, kind)
        task = kind.sample()

        def asked(recorder: Recorder, event: Event) -> None:
            """As if Cancel had been pressed before the first row, and heard at once."""
            put(recorder, event)
            recorder.cancelled = isinstance(event, Row)

        put = Recorder.put
        monkeypatch.setattr(Recorder, "put", asked)
        Immediate(store).submit(task)
        monkeypatch.undo()
        run = store.get(task.digest)
        assert (run.state, run.error) == ("cancelled", None)
        kept = rows(store, task)
        assert sum(map(len, kept.values())) == 1
        assert not Immediate(store).submit(task).cached
        assert store.get(task.digest).state == "done"
        assert rows(store, task) == expected

    def test_queued_it_is_cancelled_at_once_and_forgotten_whole(self, store: Store, kind: Kind) -> None:
        run = store.submit(kind.sample()).run
        store.cancel(run)
        assert store.get(run).state == "cancelled"
        store.delete(run)
        assert store.runs(of=kind.value) == []

    def test_where_its_kind_is_not_known_it_stays_listed(self, store: Store, kind: Kind) -> None:
        run = store.submit(kind.sample()).run
        with store._writing() as connection:
            connection.exec_driver_sql("update runs set kind = 'of tomorrow'")
        assert store.runs(of=None) == []
        (shown,) = store.unreadable()
        assert (shown.run, shown.state) == (run, "queued")
        assert "'of tomorrow'" in shown.reason
        with pytest.raises(StoreError, match="cannot be read"):
            store.get(run)
        assert store.claim("somebody") is None  # it waits for who knows it
        assert store.queued_runs() == []
        assert store.next_queued() is None
        with store._writing() as connection:
            connection.exec_driver_sql(f"update runs set kind = '{kind.name}'")
        assert store.get(run).task == kind.sample()
        claim = store.claim("somebody")
        assert claim is not None
        assert (claim.run, claim.task) == (run, kind.sample())


@each
@pytest.mark.parametrize("state", ["queued", "done"])
def test_it_is_shown_and_as_json(
    kind: Kind, state: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNNVIZ_STORE", str(tmp_path / "runs.sqlite"))
    store = Store()
    begins_with(store, kind)
    run = (Immediate(store) if state == "done" else store).submit(kind.sample()).run
    store.close()
    for arguments in (["show", run], ["show", run[:8], "--json"]):
        commands.main(arguments)  # which exits where something is wrong
        said = capsys.readouterr().out
        assert said
        if "--json" in arguments:
            found = json.loads(said, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))
            assert isinstance(found, dict)
            assert found["state"] == state or kind.name == "measurement"  # which is what its run shows


PACKAGE = ROOT / "snnviz"
GROUND = [path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).parts[0] != "studies"]
"""What knows tasks and not their kinds."""


def test_the_ground_does_not_ask_which_kind_a_task_is() -> None:
    """It neither imports what is submitted, but for designs and what measures their runs, nor tells designs apart."""
    values = {kind.value.__name__ for kind in KINDS}
    for path in GROUND:
        tree = ast.parse(path.read_text())
        if {node.name for node in tree.body if isinstance(node, ast.ClassDef)} & values:
            continue  # a kind's own
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                known = {alias.name for alias in node.names} & values
                assert known <= {"Design", "Measurement"}, (path, node.lineno)
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "isinstance":
                asked = {name.id for name in ast.walk(node.args[1]) if isinstance(name, ast.Name)}
                assert not asked & values, (path, node.lineno)


def test_a_kind_that_is_there_twice_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Two folders that call theirs alike: which of them a store means could not be told."""
    (tmp_path / "copied").mkdir()
    (tmp_path / "copied" / "__init__.py").write_text("")
    (tmp_path / "copied" / "tasks.py").write_text(
        "from dataclasses import replace\nfrom snnviz.studies.skips.tasks import KINDS as THEIRS\n"
        "KINDS = tuple(replace(kind, cores=7) for kind in THEIRS)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv(STUDIES_VARIABLE, "copied")
    with pytest.raises(ValueError, match="the kind of task 'search' is there twice"):
        list(TaskKinds())
    monkeypatch.setenv(STUDIES_VARIABLE, "")
    assert TaskKinds().names == KINDS.names[: len(TaskKinds().names)]


@pytest.mark.parametrize("wrong", ["nosuch.package", "snnviz", "snnviz.nosuch", "..", "a b", "\n"])
def test_what_a_host_names_and_is_none_is_a_sentence(wrong: str) -> None:
    environment = {**os.environ, STUDIES_VARIABLE: wrong}
    command = [sys.executable, "-m", "snnviz", "runs"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("SNNVIZ_STUDIES must name Python packages that have KINDS in their `tasks`, got ")


def test_a_history_has_what_it_is_given() -> None:
    rows, weights = [Sample(1, 0.1, 2.0, 0.5), EpochEnd(1, 0.1, 0.2, 1, 1, None, 0.1)], Checkpoint(1, {})
    history = History(rows, weights)
    assert (history.rows(Sample), history.rows(EpochEnd), history.rows(LayerState)) == (rows[:1], rows[1:], [])
    assert history.checkpoint() is weights
    assert (EMPTY_HISTORY.rows(Sample), EMPTY_HISTORY.checkpoint(), EMPTY_HISTORY.prior_run(KINDS["run"].sample())) == (
        [],
        None,
        None,
    )


def test_the_store_s_history_knows_what_a_task_begins_with(store: Store) -> None:
    design, history = KINDS["run"].sample(), StoredHistory(store, "0" * 16)
    assert history.prior_run(design) is None
    Immediate(store).submit(design)
    known = history.prior_run(design)
    assert known is not None
    assert (known.run, known.state) == (store.get(design.digest).run, "done")
    found = known.checkpoint()
    assert found is not None
    assert found.epoch == design.training.epochs
    own = StoredHistory(store, known.run)
    assert [row.epoch for row in own.rows(EpochEnd)] == [1, 2]
