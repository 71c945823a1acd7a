"""What the view Weigh costs the process of the pages over 10,000 made-up runs, and while an experiment is at work.

    .venv/bin/python -m benchmarks.weighing [--runs 10000] [--folder FOLDER]

Seconds of the clock and of a core (which other work on the machine leaves alone), and megabytes, of a process of its
own: the first look, whose store is read anew; one after a run went; and one that nothing changed. All figures of the
page are made, the front first. FOLDER: see `many_runs`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.many_runs import _megabytes, fill
from snnviz.store import Store


def measure() -> dict[str, float]:
    """In this process, of the store that it is told to use."""
    begun, before = time.perf_counter(), _megabytes()
    from snnviz.studies.tradeoffs.experiments import DEFAULT
    from snnviz.studies.tradeoffs.page import weighed
    from snnviz.studies.tradeoffs.weighing import Weighing
    from snnviz.ui.kit import services

    services.store()
    imported, loaded = time.perf_counter() - begun, _megabytes()
    asked = Weighing.check({"of": "store"})
    key = weighed.asked_of(asked)
    found: dict[str, float] = {"imported": imported, "megabytes of imports": loaded - before}

    def timed(name: str, do: Callable[[], Any]) -> Any:
        start, worked = time.perf_counter(), time.process_time()
        done = do()
        found[name], found[f"{name}, of a core"] = time.perf_counter() - start, time.process_time() - worked
        return done

    def look(which: str) -> None:
        weighed.GROUPS.clear()
        groups = timed(f"{which}: groups", lambda: weighed.groups_of(asked, DEFAULT))
        timed(f"{which}: front", lambda: weighed.front_figures(groups, key, ""))
        ranked = timed(f"{which}: importance", lambda: weighed.ranked(groups, "accuracy"))
        timed(f"{which}: further", lambda: weighed.further_figures(groups, key))
        timed(f"{which}: what mattered", lambda: weighed.importance_figures(groups, key))
        timed(f"{which}: levels", lambda: weighed.level_figures(groups, key, ranked[0].field))
        pair = weighed.map_fields(groups, key, ("", ""))
        assert pair is not None
        timed(f"{which}: maps", lambda: weighed.map_figures(groups, key, *pair))

    look("first")
    found["megabytes"] = _megabytes() - loaded
    store = services.store()
    store.delete(store.runs(limit=1)[0].run)
    look("one changed")
    look("unchanged")
    return found


def main() -> None:
    """Make the store, measure in another process, and print."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--runs", type=int, default=10_000)
    words.add_argument("--folder", type=Path, default=None)
    words.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    given = words.parse_args()
    if given.measure:
        print(json.dumps(measure()))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "runs.sqlite"
        if not file.exists():
            store = Store(file)
            fill(store, given.runs)
            store.close()
        environment = {**os.environ, "SNNVIZ_CACHE": str(folder), "SNNVIZ_STORE": str(file)}
        command = [sys.executable, "-m", "benchmarks.weighing", "--measure"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    for name, value in json.loads(done.stdout).items():
        print(f"{name:32} {value:9.3f}")


if __name__ == "__main__":
    main()
