"""A release with more fields, other defaults and a mended formula: every run of before is found as it was."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.design.submitted import Task
from snnviz.places import ROOT
from snnviz.store import Store
from snnviz.studies.skips.sweep import SkipSweep, sweep_points
from tests.made_up import tasks

ADDED = {
    "design/parts.py": [
        # to a part, between the others, and another default of what is there
        ("    beta: Leak = 0.5\n", "    beta: Leak = 0.75\n    novel: float = 7.0\n"),
        ('Literal["plain", "normalised"] = "plain"', 'Literal["plain", "normalised"] = "normalised"'),
        ('"training.shortcut.schedule", kind="zero"', '"training.shortcut.schedule", kind="constant"'),
        ('"Images in a training step.", 16)] = 64', '"Images.", 16)] = 32'),
        ('Literal["one", "alpha-one"] = "one"', 'Literal["one", "alpha-one"] = "alpha-one"'),
    ],
    "design/design.py": [
        # to the design: a value, a part and a choice of the catalogue
        (
            "    seed: Annotated[int, Range(0, 2**31 - 1",
            "    more: int = 3\n    beside: Ttfs = Field(default_factory=lambda: Ttfs())\n"
            '    other: Annotated[Choice, *choice_field(LOSSES, "other")] = '
            'default_choice(LOSSES, "other", kind="count")\n'
            "    seed: Annotated[int, Range(0, 2**31 - 1",
        ),
        ("menus import INITS, ", "menus import LOSSES, INITS, "),
        ("import BlockNetwork, Network", "import BlockNetwork, MlpNetwork, Network"),
        ("default_factory=lambda: BlockNetwork())", "default_factory=lambda: MlpNetwork())"),
    ],
    "design/networks.py": [
        ('    kind: Literal["mlp"] = "mlp"\n', '    kind: Literal["mlp"] = "mlp"\n    wide: int = 2\n')
    ],
    "catalog/surrogates.py": [
        (
            "def atan(x: Any, /, *, slope: Slope = 2.0)",
            'def atan(x: Any, /, *, slope: Slope = 3.0, twist: Annotated[float, Range(0, 9, "More.")] = 1.0)',
        )
    ],
    "catalog/inits.py": [('2 keeps the variance through ReLU layers.", 0.1)] = 2.0', '2.", 0.1)] = 3.0')],
    "studies/skips/search.py": [
        ('    strategy: Strategy = "ucb"\n', '    strategy: Strategy = "random"\n    luck: int = 1\n'),
        ('    kernel: Kernel = "hamming"\n', '    kernel: Kernel = "hamming-ard"\n'),
        ('at first.", 0.1)] = 2.5', 'at first.", 0.1)] = 1.5'),
    ],
    "design/binning.py": [
        ('bins: Literal["count", "binary"] = "count"', 'bins: Literal["count", "binary"] = "binary"')
    ],
    "studies/ttfs/limits.py": [("    jitter: Jitter = 0.0\n", "    jitter: Jitter = 0.25\n")],
    "studies/cells/scoring.py": [
        ('"Neurons of the hidden layer after the cells.", 128, "Hidden neurons")] = 1024', '"Neurons.", 128)] = 512')
    ],
    "studies/skips/sweep.py": [("class SkipSweep(Recipe):\n", "class SkipSweep(Recipe):\n    extra: int = 5\n")],
}
"""What is written otherwise, by file."""

SCRIPT = """
import json, sys
from urllib.parse import parse_qsl
import snnviz
from snnviz.design import links
from snnviz.studies.skips.sweep import SkipSweep, sweep_points
from snnviz.design.design import Design
from snnviz.design.menus import SURROGATES
from studied import studied
from snnviz.store import Store
known = json.load(open(sys.argv[2]))
assert snnviz.__file__.startswith(sys.argv[3])
assert (Design().more, Design().neuron.novel, Design().network.kind) == (3, 7.0, "mlp")
assert "twist" in [each.name for each in SURROGATES["atan"].parameters]
store = Store(sys.argv[1])
assert store.unreadable() == []
runs = {run.run: run for run in store.runs(of=None, limit=10_000)}
assert sorted(runs) == sorted(known["names"]), (len(runs), len(known["names"]))
assert all(run.current for run in runs.values())
for run in runs.values():
    submitted = store.submit(run.task)
    assert (submitted.run, submitted.created) == (run.run, False)
for query, name in known["links"].items():
    design = links.from_query(query)
    assert store.get(design.digest).run == name, query
    assert links.from_query(links.to_query(design)) == design
sweep = SkipSweep.model_validate(links.part_from_query(SkipSweep, dict(parse_qsl(known["page"])), "study."))
assert [store.get(point.design.digest).run for point in sweep_points(sweep)] == known["points"]
assert [store.get(task.digest).run for task in studied()] == known["studied"]
claimed = set()
while (claim := store.claim("new")) is not None:
    assert claim.run not in claimed
    claimed.add(claim.run)
assert claimed == set(known["names"])
print("found", len(runs))
"""


STUDIED = """
from snnviz.studies.cells.study import CellStudy, study_searches
from snnviz.studies.ttfs.curves import LimitStudy, curve_points, default_design
from snnviz.studies.skips.optimisation import Optimisation, optimisation_searches
from snnviz.studies.shortcuts.study import STARTS, ShortcutStudy, gradient_survey, study_runs as branched
from snnviz.studies.activity.study import PRESETS, study_runs
from snnviz.studies.ttfs.penalty import PenaltyStudy, penalty_runs
from snnviz.studies.ttfs.study import STARTS as ONE_SPIKE, compared_networks
from snnviz.graph.twins import ann_twin

def studied():
    yield from (member.design for name in ("small", "paper's cnn, pooled") for member in study_runs(PRESETS[name]))
    yield from optimisation_searches(Optimisation())
    for design in STARTS.values():
        yield gradient_survey(design, ShortcutStudy())
        yield from (member.design for member in branched(design, ShortcutStudy()))
    for design in ONE_SPIKE.values():
        yield from compared_networks(design).values()
    yield default_design()
    yield from (point.task for point in curve_points(default_design(), LimitStudy()))
    yield from (point.design for point in penalty_runs(default_design(), PenaltyStudy()))
    yield from study_searches(CellStudy(connections="both")).values()
    yield ann_twin(optimisation_searches(Optimisation())[0].design)
"""
"""What studies stand for whose settings are defaults: here, and in the release of tomorrow."""


def changed(folder: Path, edits: dict[str, list[tuple[str, str]]]) -> Path:
    """A copy of the package that is written otherwise."""
    copy = folder / "snnviz"
    shutil.copytree(ROOT / "snnviz", copy, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "studied.py").write_text(STUDIED)
    for name, pairs in edits.items():
        text = (copy / name).read_text()
        for before, after in pairs:
            assert text.count(before) == 1, (name, before, text.count(before))
            text = text.replace(before, after)
        (copy / name).write_text(text)
    return copy


def ask(package: Path, *arguments: Any) -> str:
    environment = {**os.environ, "PYTHONPATH": str(package.parent)}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *map(str, arguments), str(package.parent)],
        capture_output=True,
        text=True,
        env=environment,
        cwd=package.parent,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


@pytest.fixture
def known(tmp_path: Path) -> Path:
    """Runs of every kind, links to their designs and a page's link, of the release of today."""
    sweep = SkipSweep(depth=3, channels=2, most_skips=2, seeds=1)
    swept = [point.design for point in sweep_points(sweep)]
    here: dict[str, Any] = {}
    exec(STUDIED, here)
    studied: list[Task] = list(here["studied"]())
    several: list[Task] = list(dict.fromkeys([Design(seed=1), *tasks(64, seed=2), *swept, *studied]))
    store = Store(tmp_path / "runs.sqlite")
    names = [store.submit(task).run for task in several]
    linked = {links.to_query(task): task.digest for task in several if isinstance(task, Design)} | {
        "seed=1&run=x": Design(seed=1).digest
    }
    linked.pop("", None)  # a bare address shows the default, whatever that is
    told = {
        "names": names,
        "links": linked,
        "page": links.part_to_query(sweep, "study."),
        "points": [design.digest for design in swept],
        "studied": [task.digest for task in studied],
    }
    (tmp_path / "known.json").write_text(json.dumps(told))
    store.close()
    return tmp_path


def test_a_field_that_is_added_anywhere_renames_no_run_and_changes_no_link(known: Path) -> None:
    """To the design, a part, a network, a task, a page's setting and an entry of the catalogue; some defaults moved."""
    package = changed(known / "new", ADDED)
    count = len(json.loads((known / "known.json").read_text())["names"])
    assert ask(package, known / "runs.sqlite", known / "known.json") == f"found {count}"
