"""Computation of the TTFS page, in numpy and at once: from the weights of a finished run, or from random ones."""

from __future__ import annotations

from typing import Any, NamedTuple

from numpy.typing import NDArray

from snnviz.data import datasets
from snnviz.design.design import Design
from snnviz.errors import DataMissing, NotFound
from snnviz.events import EpochEnd
from snnviz.graph.ttfs import relu_network
from snnviz.studies.ttfs.study import TtfsStudy, Weights, compared_networks
from snnviz.studies.ttfs.theory.twins import ReluOutputs, TwinPair, draw_images, make_twin_pair, relu_outputs
from snnviz.ui.kit import services
from snnviz.ui.kit.shared import shared

IMAGES, TRAINING = 256, 10_000
"""Largest numbers of test images that both networks get, and of training images that determine the windows; drawn by
the seed and balanced over classes.
"""


class Source(NamedTuple):
    """Where the weights of the shown networks come from: a run, or the initialisation (`run` None). `accuracy`: the
    run's on its test images.
    """

    kind: Weights
    run: str | None = None
    finished: float = 0.0
    accuracy: float | None = None


def source(design: Design, wanted: Weights) -> Source:
    """Returns which weights are shown: those of the finished run with the wanted weights, if there is one, else
    untrained ones.
    """
    if wanted == "untrained":
        return Source("untrained")
    name = compared_networks(design)[wanted].digest
    shown = services.run_and_version(name)
    if shown is None or shown[0].state != "done":
        return Source("untrained")
    run = shown[0]
    accuracy, whole = _end(name, run.finished or 0.0)
    return Source(wanted, name, run.finished or 0.0, accuracy) if whole else Source("untrained")


def build_pair(design: Design, study: TtfsStudy, of: Source) -> TwinPair:
    """Returns the ReLU network and its TTFS (time-to-first-spike) twin, with their outputs on test images. Raises
    `InputError` or `DataMissing`.
    """
    if study.slopes != "drawn":  # these say nothing then
        study = study.model_copy(update={"low": 1.0, "high": 1.0})
    key = (study.zeta, study.slopes, study.low, study.high, study.silent)
    return _pair(relu_network(design), of, *key)


@shared(6)
def _pair(design: Design, of: Source, *key: Any) -> TwinPair:
    zeta, slopes, low, high, silent = key
    return make_twin_pair(_relu(design, of), zeta, slopes, low, high, design.seed, silent)


@shared(3)
def _relu(design: Design, of: Source) -> ReluOutputs:
    arrays = None
    if of.run is not None and (checkpoint := services.store().load_checkpoint(of.run)) is not None:
        arrays = checkpoint.arrays
    training, test, labels = _images(design.data.name, design.seed)
    return relu_outputs(design, arrays, training[: design.data.train_samples or TRAINING], test, labels)


@shared(2)
def _images(name: str, seed: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Training and test images, and the labels of these. Raises `DataMissing`."""
    if not datasets.is_available(name):
        title = datasets.dataset_card(name).title
        raise DataMissing(f"{title} is not on this machine yet: it is fetched when a network is trained on it")
    return draw_images(datasets.load_images(name, seed), seed, TRAINING, IMAGES)


@shared(200)
def _end(run: str, _finished: float) -> tuple[float | None, bool]:
    """A run's accuracy, and whether its weights are there."""
    store = services.store()
    try:
        ends = store.last_rows(EpochEnd, [run])
        whole = store.load_checkpoint(run) is not None
    except NotFound:
        return None, False
    return ends[run].test_accuracy if run in ends else None, whole
