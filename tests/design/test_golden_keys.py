"""Keys that stores hold: of the named designs, of where pages start, and of a task of each kind."""

from __future__ import annotations

import json
from pathlib import Path

from snnviz.catalog.examples import EXAMPLES, get_example
from snnviz.design.cells import PUBLISHED_CELLS
from snnviz.design.design import Design
from snnviz.design.measurement import Measurement
from snnviz.design.submitted import Task
from snnviz.graph.ttfs import ttfs_network
from snnviz.graph.twins import ann_twin
from snnviz.studies.activity.study import PRESETS, study_runs
from snnviz.studies.cells.scoring import CELL_SEARCHES, CellSearch, Scoring
from snnviz.studies.cells.study import CellStudy
from snnviz.studies.cells.study import run_design as cell_design
from snnviz.studies.shortcuts.study import STARTS, GradientSurvey, ShortcutStudy, gradient_survey
from snnviz.studies.skips.optimisation import Optimisation, optimisation_searches
from snnviz.studies.skips.sweep import SWEEPS, sweep_points
from snnviz.studies.ttfs.curves import default_design
from snnviz.studies.ttfs.limits import FineTuning, HardwareLimits
from snnviz.studies.ttfs.study import STARTS as TTFS_STARTS
from snnviz.studies.ttfs.study import compared_networks
from snnviz.studies.ttfs.trajectories import USUAL, Trajectories

GOLDEN = Path(__file__).parents[1] / "golden" / "keys.json"


def told() -> dict[str, Task]:
    """By a word each."""
    found: dict[str, Task] = {f"example {name}": get_example(name) for name in EXAMPLES}
    found |= {f"shortcuts {name}": design for name, design in STARTS.items()}
    found |= {f"ttfs {name}": design for name, design in TTFS_STARTS.items()}
    found |= {f"ttfs networks {name}": each for name, each in compared_networks(TTFS_STARTS["digits mlp"]).items()}
    found |= {f"cells {name}": search for name, search in CELL_SEARCHES.items()}
    found |= {f"study {name}": study_runs(study)[0].design for name, study in PRESETS.items()}
    found |= {f"sweep {name}": sweep_points(sweep)[-1].design for name, sweep in SWEEPS.items()}
    found |= {f"optimise {number}": search for number, search in enumerate(optimisation_searches(Optimisation()))}
    cell = next(iter(PUBLISHED_CELLS.values()))
    found |= {
        "cell study": cell_design(CellStudy(), cell, 1, "digits", 4),
        "survey": gradient_survey(TTFS_STARTS["vgg"], ShortcutStudy()),
    }
    tasks: tuple[Task, ...] = (
        ann_twin(Design()),
        ttfs_network(TTFS_STARTS["8 layers"]),
        Scoring(),
        CellSearch(seed=3),
        GradientSurvey(design=STARTS["deep mlp"], depths=(2, 4)),
        Trajectories(design=USUAL),
        FineTuning(design=default_design(), limits=HardwareLimits(weight_bits=4)),
        Measurement(design=Design()),
    )
    return found | {f"task {number} {type(task).__name__}": task for number, task in enumerate(tasks)}


def test_keys_are_what_they_were() -> None:
    """A key that changes is a run that nobody finds: of what is looked for here, of lessons' links, of studies."""
    now = {name: task.digest for name, task in told().items()}
    assert len(now) > 50
    assert now == json.loads(GOLDEN.read_text())
