"""A supervisor that is forked for tests is the one that is started every day."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from snnviz.jobs import local
from snnviz.store import Store
from snnviz.tasks import KINDS
from tests.conftest import MakeDesign
from tests.forked import Forked
from tests.jobs.undisturbed import undisturbed
from tests.waiting import Background, ended, until

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere none is forked")


@pytest.mark.parametrize("how", ["forked", "started"])
def test_it_trains_in_a_session_of_its_own_and_leaves_when_told(
    how: str,
    store: Store,
    background: Callable[..., Background],
    tiny: MakeDesign,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if how == "started":
        monkeypatch.setattr(local, "subprocess", subprocess)
    engine, design = background(store, children=1), tiny(3)
    run = engine.submit(design).run
    _, process = local._started[store.lock]
    assert isinstance(process, Forked) == (how == "forked")
    assert ended(store, run).state == "done"
    assert {kind: [row for _, row in store.rows(run, kind)] for kind in KINDS.row_types} == undisturbed(design)
    pid = engine.supervisor_pid()
    assert pid == process.pid == os.getsid(pid) != os.getsid(0)
    assert process.poll() is None
    assert len(engine.forkservers()) == 2  # and the resource tracker
    assert {os.getpriority(os.PRIO_PROCESS, each.pid) for each in engine.processes()} == {os.getpriority(0, 0) + 5}
    engine.stop()
    assert process.poll() in (0, -signal.SIGTERM)  # it may be told once more while it leaves
    until(lambda: not engine.processes())


def test_one_with_other_settings_is_started(
    store: Store, background: Callable[..., Background], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNNVIZ_LEASE_SECONDS", "7")
    background(store).start()
    assert isinstance(local._started[store.lock][1], subprocess.Popen)


def test_who_is_killed_says_so(store: Store, background: Callable[..., Background], tiny: MakeDesign) -> None:
    engine = background(store)
    assert ended(store, engine.submit(tiny(4)).run).state == "done"
    _, process = local._started[store.lock]
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait(20) == -signal.SIGKILL
    until(lambda: not engine.processes())
