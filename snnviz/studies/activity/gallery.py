"""What of the study of activity comes with snnviz: the training study with which its page opens."""

from __future__ import annotations

from snnviz.design.design import Design
from snnviz.design.experiment import distinct_designs
from snnviz.store import Store
from snnviz.studies.activity.study import TrainingStudy, study_runs


def study(_: Store) -> list[Design]:
    """Returns the runs of the first training study."""
    return list(distinct_designs(study_runs(TrainingStudy())))
