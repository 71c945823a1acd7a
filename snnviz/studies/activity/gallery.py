"""What the activity study ships already trained: the runs of the training study that its page shows first."""

from __future__ import annotations

from snnviz.design.design import Design
from snnviz.design.experiment import distinct_designs
from snnviz.store import Store
from snnviz.studies.activity.study import TrainingStudy, study_runs


def study(_: Store) -> list[Design]:
    """Returns the designs of the training study that the Activity page shows first, to train and ship them."""
    return list(distinct_designs(study_runs(TrainingStudy())))
