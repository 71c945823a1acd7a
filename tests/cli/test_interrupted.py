"""Ctrl-C: every long command prints what is finished, as a table or as JSON, and ends with exit code 130."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from snnviz.cli import following
from snnviz.design.experiment import distinct_designs
from snnviz.events import EpochEnd, Event, Progress
from snnviz.jobs import engine
from snnviz.jobs.immediate import Immediate
from snnviz.store import Store, Task
from snnviz.studies.activity.study import TrainingStudy
from snnviz.studies.activity.study import study_runs as compared
from snnviz.studies.cells.command.correlating import complete_searches, scored_candidates
from snnviz.studies.cells.scoring import Candidate, CellSearch
from snnviz.studies.cells.study import distinct_designs as studied
from snnviz.studies.cells.study import study_runs as trained
from snnviz.studies.cells.study import study_searches as scored
from snnviz.studies.skips.command.searching import read_setting
from snnviz.studies.skips.optimisation import optimisation_searches
from snnviz.studies.skips.search import Trial
from snnviz.studies.skips.sweep import sweep_points as of_sweep
from snnviz.studies.ttfs.curves import LimitStudy, curve_points, pretrained_designs
from snnviz.studies.ttfs.penalty import PenaltyStudy, penalty_runs
from tests.cli.conftest import Answer, Snnviz, write
from tests.conftest import MakeDesign
from tests.studies.cells.command import test_cells, test_correlating
from tests.studies.skips.command import test_searching, test_sweeping
from tests.studies.ttfs.command import test_limiting


def press() -> None:
    """Ctrl-C."""
    os.kill(os.getpid(), signal.SIGINT)
    for _ in range(1000):  # until Python looks
        pass


class Interrupted:
    """An engine without a worker: what it is given stays queued, and as soon as it is waited for, Ctrl-C comes."""

    def __init__(self, store: Store, **_: object) -> None:
        self.store = store

    def submit(self, task: Task) -> None:
        engine.submit_checked(self.store, task)

    def cancel(self, run: str) -> None:
        self.store.cancel(run)

    def ensure_worker(self) -> None:
        press()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr("snnviz.cli.following.Local", Interrupted)
    store = Store()
    yield store
    store.close()


def begun(store: Store, task: Task, kind: type[Event], count: int) -> None:
    """A task that was stopped after so many rows of a kind."""
    seen = 0

    def listen(event: Event) -> None:
        nonlocal seen
        seen += isinstance(event, kind)
        if seen == count:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Immediate(store, listen).submit(task)


def both(snnviz: Snnviz, *arguments: str, said: str = "Stopped: ") -> tuple[Any, Answer]:
    """What a command that is interrupted prints, as JSON and as a table."""
    machine, human = snnviz(*arguments, "--json"), snnviz(*arguments)
    assert (machine.code, human.code) == (130, 130)
    for answer in (machine, human):
        assert answer.err.startswith(f"\n{said}")
    return machine.json, human


def test_a_sweep(snnviz: Snnviz, opened: Store) -> None:
    first, *others = distinct_designs(of_sweep(test_sweeping.TINY))
    Immediate(opened).submit(first)
    found, human = both(snnviz, *test_sweeping.ARGUMENTS)
    assert [row["accuracy"] is not None for row in found["points"]] == [True, False, False]
    states = [run["state"] for row in found["points"] for run in row["runs"]]
    assert states == ["done"] + ["cancelled"] * (len(states) - 1)
    assert len(human.out.splitlines()) >= 4
    assert all(opened.get(each.digest).state == "cancelled" for each in others)


def test_a_study(snnviz: Snnviz, opened: Store) -> None:
    fields = {"depth": 2, "width": 10, "steps": 2, "train_samples": 100, "epochs": 1}
    study = TrainingStudy.check({"compare": "leak", **fields})
    Immediate(opened).submit(compared(study)[0].design)
    arguments = ("study", "--compare", "leak", *(f"--set={name}={value}" for name, value in fields.items()))
    found, human = both(snnviz, *arguments)
    assert [row["test_accuracy"] is not None for row in found["members"]].count(True) == 1
    assert len(human.out.splitlines()) == 1 + len(found["members"])


def test_a_search_for_skips(snnviz: Snnviz, opened: Store) -> None:
    settings = [setting.removeprefix("--set=") for setting in test_searching.SETTINGS]
    (search,) = optimisation_searches(
        read_setting(None, "ucb", {"iterations": "2", "seeds": "1"}, [*settings, "shared_epochs=1"])
    )
    begun(opened, search, Trial, 2)
    found, human = both(snnviz, *test_searching.SMALL)
    (told,) = found["searches"]
    assert (told["state"], len(told["trials"])) == ("cancelled", len(opened.rows(search.digest, Trial)))
    assert told["best"] is not None
    assert "judged by 50 images kept apart" in human.out


def test_a_search_of_cells(snnviz: Snnviz, opened: Store) -> None:
    search = CellSearch.check({"candidates": 12, **test_cells.FIELDS})
    begun(opened, search, Candidate, 5)
    found, human = both(snnviz, *test_cells.SMALL)
    assert found["state"] == "cancelled"
    assert 0 < len(found["candidates"]) == len(opened.rows(search.digest, Candidate)) < 12
    assert human.out.startswith(f"{len(found['candidates'])} of 12 candidates")


def test_a_study_of_cells(snnviz: Snnviz, opened: Store) -> None:
    study = test_correlating.TINY
    found, _ = both(snnviz, *test_correlating.ARGUMENTS)
    assert found["connections"]["forward"]["cells"] == []  # nothing was scored
    for search in scored(study).values():
        Immediate(opened).submit(search)
    first, *_ = studied(trained(study, complete_searches(study, scored_candidates(opened, study))))
    Immediate(opened).submit(first)
    found, human = both(snnviz, *test_correlating.ARGUMENTS)
    assert [cell["run"] for cell in found["connections"]["forward"]["cells"]] == [first.digest]
    assert "1 different cells of 4 draws" in human.out


def test_curves_of_limits(snnviz: Snnviz, opened: Store, tmp_path: Path) -> None:
    path = write(tmp_path, test_limiting.TINY.document())
    arguments = ("ttfs", "limits", path, "--axis", "latency", "--epochs", "1")
    found, human = both(snnviz, *arguments)
    assert (found["points"], found["exact"], human.out) == ([], [], "")  # the network is not trained
    (network,) = pretrained_designs(test_limiting.TINY, 1)
    Immediate(opened).submit(network)
    curve = curve_points(test_limiting.TINY, LimitStudy(epochs=1), ("latency",))
    Immediate(opened).submit(curve[0].task)
    found, human = both(snnviz, *arguments)
    assert [point["after"] is not None for point in found["points"]] == [True, False, False, False, False]
    assert len(found["exact"]) == 1
    assert human.out.startswith("test accuracy without limits ")


def test_penalties(snnviz: Snnviz, opened: Store, tmp_path: Path) -> None:
    path = write(tmp_path, test_limiting.TINY.document())
    first, *_ = penalty_runs(test_limiting.TINY, PenaltyStudy(values="0,1", seeds=1))
    Immediate(opened).submit(first.design)
    found, human = both(snnviz, "ttfs", "penalty", path, "--values", "0,1", "--seeds", "1")
    assert [point["accuracy"] is not None for point in found["points"]] == [True, False]
    assert [line.split()[0] for line in human.out.splitlines()[:3]] == ["penalty", "0", "1"]


def test_a_run(snnviz: Snnviz, tiny: MakeDesign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, hear = write(tmp_path, tiny(epochs=4).document()), following.EventBar.__call__

    def interrupted(self: Any, event: Event) -> None:
        hear(self, event)
        if isinstance(event, EpochEnd):
            press()

    monkeypatch.setattr(following.EventBar, "__call__", interrupted)
    found, human = both(snnviz, "run", path, said="Stopped: the same command goes on from the last epoch.")
    assert found["state"] == "cancelled"
    assert [end["epoch"] for end in found["epochs"]] == [1]
    assert "cancelled" in human.out


def test_trajectories(snnviz: Snnviz, monkeypatch: pytest.MonkeyPatch) -> None:
    hear = following.EventBar.__call__

    def interrupted(self: Any, event: Event) -> None:
        hear(self, event)
        if isinstance(event, Progress) and event.step > 30:
            press()

    monkeypatch.setattr(following.EventBar, "__call__", interrupted)
    settings = ("--set", "network.width=10", "--set", "network.depth=2", "--set", "training.epochs=2", "--looks", "4")
    found, human = both(snnviz, "ttfs", "trajectories", *settings, said="Stopped: the same command begins anew.")
    assert found["state"] == "cancelled"
    assert 0 < max(row["step"] for row in found["rows"]) <= 31
    assert human.out.startswith("trajectories of ")


def after(function: Callable[..., Any], calls: int) -> Callable[..., Any]:
    """A function that is interrupted at its next call after so many."""
    seen = 0

    def counted(*arguments: Any, **named: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen > calls:
            seen = 0
            press()
        return function(*arguments, **named)

    return counted


def test_gradients(snnviz: Snnviz, monkeypatch: pytest.MonkeyPatch) -> None:
    from snnviz.core import gradients

    monkeypatch.setattr(gradients, "_profile", after(gradients._profile, 2))
    arguments = ("gradients", "digits-mlp", "--depths", "2..5", "--set", "network.width=10")
    found, human = both(snnviz, *arguments, said="Stopped: 2 of 4 networks were looked at.")
    assert [each["depth"] for each in found["profiles"]] == [2, 3]
    assert [line.split()[1] for line in human.out.splitlines()[1:3]] == ["2", "3"]


def test_activity(snnviz: Snnviz, monkeypatch: pytest.MonkeyPatch) -> None:
    from snnviz.studies.activity.theory import propagation

    arguments = ("activity", "--width", "50", "--layers", "4", "--seeds", "5")
    whole = snnviz(*arguments[:-1], "3", "--json").json
    monkeypatch.setattr(propagation, "propagate_activity", after(propagation.propagate_activity, 3))
    found, human = both(snnviz, *arguments, said="Stopped: 3 of 5 networks were drawn.")
    assert found["networks"] == 3
    assert found["layers"] == whole["layers"]
    assert len(human.out.splitlines()) == 5
    monkeypatch.setattr(propagation, "propagate_activity", after(propagation.propagate_activity, 0))
    nothing, human = both(snnviz, *arguments, said="Stopped: 0 of 5 networks were drawn.")
    assert (nothing["layers"], human.out) == ([], "")


def test_a_run_that_somebody_deletes_ends_the_command_that_waits_for_it(
    opened: Store, snnviz: Snnviz, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Deleting(Interrupted):
        def ensure_worker(self) -> None:
            (run, *_) = self.store.runs(states=("queued",))
            self.store.delete(run.run)

    monkeypatch.setattr("snnviz.cli.following.Local", Deleting)
    sentence = snnviz("sweep", "--n-skip", "0..1", "--seeds", "1", "--set", "twins=without").sentence
    assert "there is no such run" in sentence
    assert not opened.runs(states=("queued",))
