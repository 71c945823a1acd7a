"""Two kinds of task are added: by the folder `tests/toys`, and by the line that names it. Nothing else knows of them.

What they keep to is what all kinds keep to (`test_kinds`), in a process for which the line is written.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from snnviz.places import ROOT
from snnviz.store import Store
from snnviz.tasks import KINDS, STUDIES_VARIABLE
from tests.waiting import Background, ended, until

LINE = {STUDIES_VARIABLE: "tests.toys"}

known = pytest.mark.skipif("toy-dice" not in KINDS, reason="run by the first test, in a process that knows them")
unknown = pytest.mark.skipif("toy-dice" in KINDS, reason="of a process that does not know them")


@unknown
@pytest.mark.timeout(900)
def test_they_keep_to_what_all_kinds_keep_to_have_a_page_and_go_on_in_the_background() -> None:
    """The contract, and what is below, in a process that knows them."""
    chosen = ["tests/test_kinds.py", "tests/test_toys.py", "-k", "toy or know_all"]  # all of this file, by its name
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rA", *chosen]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **LINE}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    passed = [line for line in done.stdout.splitlines() if line.startswith("PASSED")]
    assert sum("toy-dice" in line for line in passed) == sum("toy-walk" in line for line in passed) >= 10
    assert sum("test_toys.py" in line for line in passed) == 2


@unknown
def test_a_release_that_does_not_know_them_still_lists_them(tmp_path: Path) -> None:
    place = str(tmp_path / "runs.sqlite")
    script = (
        "from snnviz.store import Store; from snnviz.jobs.immediate import Immediate; from tests.toys.values import *;"
        f"store = Store({place!r}); Immediate(store).submit(Dice()); store.submit(Walk()); store.close()"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT, env={**os.environ, **LINE})
    store = Store(place)
    assert store.runs(of=None) == []
    assert {shown.state for shown in store.unreadable()} == {"done", "queued"}
    assert sorted(shown.reason[-10:] for shown in store.unreadable()) == ["'toy-dice'", "'toy-walk'"]
    store.check()
    store.close()
    listed = subprocess.run(
        [sys.executable, "-m", "snnviz", "runs"],
        cwd=ROOT,
        env={**os.environ, "SNNVIZ_STORE": place},
        capture_output=True,
        text=True,
        check=True,
    )
    assert listed.stdout == ""
    assert listed.stderr.count("cannot be read by this snnviz: kind must be one of run, ") == 2
    again = (
        "from snnviz.store import Store; from tests.toys.values import *;"
        f"store = Store({place!r}); assert len(store.rows(Dice().digest, Throw)) == 6; store.unreadable() == []"
    )
    subprocess.run([sys.executable, "-c", again], check=True, cwd=ROOT, env={**os.environ, **LINE})


@known
def test_a_walk_goes_on_where_its_process_was_killed(store: Store, background: Callable[..., Background]) -> None:
    from tests.toys.values import Place, Walk

    walk, engine = Walk(steps=12, seconds=0.2), background(store)
    engine.submit(walk)
    before = until(lambda: found if len(found := store.rows(walk.digest, Place)) >= 3 else None)
    (child,) = engine.run_processes()
    os.kill(child, signal.SIGKILL)
    assert (ended(store, walk.digest).state, store.get(walk.digest).attempt) == ("done", 2)
    after = store.rows(walk.digest, Place)
    assert after[: len(before)] == before
    assert [row.step for _, row in after] == list(range(12))


@known
def test_their_page_starts_pauses_goes_on_and_forgets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what every page does to tasks (`ui.kit.actions`), and words that only their kinds say."""
    from streamlit.testing.v1 import AppTest

    from snnviz.jobs.immediate import Immediate
    from snnviz.ui.kit import services
    from tests.toys.tasks import PAGE
    from tests.toys.values import Dice, Place, Walk

    monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path))
    monkeypatch.delenv("SNNVIZ_STORE", raising=False)
    assert KINDS.pages() == [PAGE]
    main = AppTest.from_file(str(ROOT / "snnviz" / "ui" / "main.py"), default_timeout=60).run()
    assert not main.exception  # it is in the navigation

    def script() -> None:
        from tests.toys.page import page

        page()

    page = AppTest.from_function(script, default_timeout=60).run()

    def press(key: str) -> None:
        page.button(key=key).click().run()
        assert not page.exception

    store, walk = services.store(), Walk(seconds=0.2)
    monkeypatch.setattr(services, "engine", lambda: store)  # nobody works at it but this test
    assert page.button(key="toy-dice-train").label == "Throw 1 game"
    assert page.button(key="toy-walk-start").label == "Start 1 walk"
    press("toy-dice-train")
    assert page.button(key="toy-dice-cancel").label == "Cancel"
    press("toy-dice-cancel")
    assert store.get(Dice().digest).state == "cancelled"
    press("toy-dice-train")
    Immediate(store).submit(Dice())
    services.CACHE.clear()
    page.run()
    assert page.button(key="toy-dice-train").label == "Thrown"
    press("toy-walk-start")
    claim = store.claim("somebody", walk.digest)
    assert claim is not None
    store.append_rows(claim.run, claim.attempt, [Place(0, 1.0), Place(1, 2.0)])
    press("toy-walk-pause")
    assert store.get(walk.digest).cancel_requested
    assert page.button(key="toy-walk-pause").label == "Pausing"
    store.finish(claim.run, claim.attempt, "cancelled")
    services.CACHE.clear()
    page.run()
    assert page.button(key="toy-walk-start").label == "Resume 1 walk"
    press("toy-walk-start")
    assert store.get(walk.digest).state == "queued"
    press("toy-walk-forget")
    assert store.runs(of=Walk) == []
    assert store.rows(walk.digest, Place) == []
    assert page.button(key="toy-walk-start").label == "Start 1 walk"
    store.close()
