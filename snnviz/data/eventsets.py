"""Descriptions of the data sets of event recordings, real ones and those simulated from still images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from snnviz.data import owndata, recordings, stills
from snnviz.data.cards import Archive, DatasetCard
from snnviz.data.saccades import SACCADES
from snnviz.design.menus import DATASETS, EVENTS
from snnviz.design.registry import Entry

MARGIN = 3
"""Pixels around an image that the simulated event camera also sees, as it moves by this much. N-MNIST: 34 for 28."""


_MENDELEY_WHOLE = "https://prod-dcd-datasets-cache-zipfiles.s3.eu-west-1.amazonaws.com/468j46mzdv-1.zip"
_FIGSHARE = "https://ndownloader.figshare.com/files/"
"""The same files as at figshare.com/ndownloader, which answers programs with 202 and nothing."""

_MENDELEY = "https://data.mendeley.com/public-files/datasets/468j46mzdv/files/"


@DATASETS.register(source="https://www.garrickorchard.com/datasets/n-mnist", kind="nmnist", traits=[EVENTS])
def nmnist() -> DatasetCard:
    """Recordings of MNIST's digits by an event camera in three quick moves (saccades), 34x34 in two polarities."""
    return DatasetCard(
        title="N-MNIST",
        about="60,000 training and 10,000 test recordings of MNIST's digits by an event camera that moves three times, "
        "34x34 pixels in two polarities: each of T frames counts the events in a T-th of the 0.3 s.",
        shape=(2, 34, 34),
        classes=10,
        train=60_000,
        test=10_000,
        likeness=0.45,
        licence="CC BY-SA 4.0",
        citation="Orchard, Jayawant, Cohen and Thakor 2015, Converting static image datasets to spiking neuromorphic "
        "datasets using saccades",
        home="https://www.garrickorchard.com/datasets/n-mnist",
        counts=recordings.NMNIST,
        layout="nmnist",
        archives=(
            Archive(
                "train.zip",
                f"{_MENDELEY}39c25547-014b-4137-a934-9d29fa53c7a0/file_downloaded",
                "md5:20959b8e626244a1b502305a9e6e2031",
                1010,
                (f"{_MENDELEY_WHOLE}#Train.zip",),
            ),
            Archive(
                "test.zip",
                f"{_MENDELEY}05a4d654-7e03-4c15-bdfa-9bb2bcbea494/file_downloaded",
                "md5:69ca8762b2fe404d9b9bad1103e97832",
                170,
                (f"{_MENDELEY_WHOLE}#Test.zip",),
            ),
        ),
        split="As published: the training and test recordings of MNIST's training and test images.",
    )


@DATASETS.register(source="https://doi.org/10.6084/m9.figshare.4724671.v2", kind="cifar10-dvs", traits=[EVENTS])
def cifar10_dvs() -> DatasetCard:
    """Recordings of 10,000 CIFAR-10 images, moving on a screen, by an event camera, 128x128."""
    return DatasetCard(
        title="CIFAR10-DVS",
        about="10,000 recordings of images of CIFAR-10 that move on a screen, 128x128 pixels in two polarities, "
        "1.3 s each; 9,000 for training and 1,000 for testing, by the design's seed.",
        shape=(2, 128, 128),
        classes=10,
        train=9_000,
        test=1_000,
        likeness=0.45,
        licence="CC BY 4.0",
        citation="Li, Liu, Ji, Li and Shi 2017, CIFAR10-DVS: an event-stream dataset for object classification",
        home="https://doi.org/10.6084/m9.figshare.4724671.v2",
        counts=recordings.NMNIST,
        layout="classes",
        archives=(
            Archive(
                "CIFAR10DVS.zip",
                f"{_FIGSHARE}38023437",
                "md5:ce3a4a0682dc0943703bd8f749a7701c",
                mirrors=("https://figshare.com/ndownloader/files/38023437",),
            ),
        ),
        labels=stills.CIFAR10,
        split="There is none as published. 90 % of each class for training and 10 % for testing, drawn by the design's "
        "seed; Benmeziane et al. then part the 90 % into 80 % and 20 %: a search keeps 1,800 apart to judge "
        "candidates, and data.train_samples=7200 trains as they do.",
        guessed=True,
    )


@DATASETS.register(source="https://research.ibm.com/interactive/dvsgesture", kind="dvs-gesture", traits=[EVENTS])
def dvs_gesture() -> DatasetCard:
    """Recordings of eleven gestures of hands and arms by an event camera, 128x128."""
    return DatasetCard(
        title="DVS Gesture",
        about="1,077 training and 264 test recordings of gestures of hands and arms, about 6 s each, 128x128 pixels in "
        "two polarities, as tonic publishes them: one file a gesture, times in milliseconds.",
        shape=(2, 128, 128),
        classes=11,
        train=1_077,
        test=264,
        likeness=0.45,
        licence="CC BY 4.0",
        citation="Amir et al. 2017, A low power, fully event-based gesture recognition system, CVPR",
        home="https://research.ibm.com/interactive/dvsgesture",
        counts=recordings.NMNIST,
        layout="gesture",
        archives=(
            Archive(
                "ibmGestureTrain.tar.gz",
                f"{_FIGSHARE}38022171",
                "md5:3a8f0d4120a166bac7591f77409cb105",
                mirrors=("https://figshare.com/ndownloader/files/38022171",),
            ),
            Archive(
                "ibmGestureTest.tar.gz",
                f"{_FIGSHARE}38020584",
                "md5:56070e45dadaa85fff82e0fbfbc06de5",
                mirrors=("https://figshare.com/ndownloader/files/38020584",),
            ),
        ),
        labels=(
            *("hand clapping", "right hand wave", "left hand wave", "right arm clockwise"),
            *("right arm counter-clockwise", "left arm clockwise", "left arm counter-clockwise", "arm roll"),
            *("air drums", "air guitar", "other gestures"),
        ),
        split="As published: other people move in the test recordings.",
        guessed=True,
    )


def simulated_card(name: str, still: DatasetCard) -> DatasetCard:
    """Returns the description of recordings simulated from the image data set `name`, described by `still`."""
    counts = SACCADES.get(name)
    _, height, width = still.shape
    return replace(
        still,
        title=f"{still.title} saccades (simulated)",
        about=f"Simulated recordings, computed from the {still.train:,} training and {still.test:,} test images of "
        f"{still.title} by the recipe of N-MNIST: three moves of 100 ms along a triangle, and an event wherever the "
        f"logarithm of the intensity has changed enough. No event camera saw them. {height + 2 * MARGIN}x"
        f"{width + 2 * MARGIN} pixels in two polarities.",
        shape=(2, height + 2 * MARGIN, width + 2 * MARGIN),
        citation=f"{still.citation}; the recipe: Orchard, Jayawant, Cohen and Thakor 2015",
        mean=0.0,
        std=1.0,
        histogram=(),
        counts=counts or recordings.NMNIST,
        layout="saccades",
        guessed=counts is None,
        simulated=name,
    )


def _register(name: str, make: Callable[[], DatasetCard], what: str) -> None:
    def function() -> DatasetCard:
        return simulated_card(name, make())

    function.__doc__ = f"Simulated: recordings computed from the images of {what} by N-MNIST's three moves."
    source = "Orchard et al. 2015, simulated here"
    DATASETS.register(source=source, kind=f"{name}-saccades", traits=[EVENTS])(function)


def saccades_entry(kind: str) -> Entry[Any] | None:
    """Returns the registry entry of recordings simulated from an uploaded image data set, or None for other names."""
    still = owndata.registry_entry(kind.removesuffix("-saccades")) if kind.endswith("-saccades") else None
    if still is None or EVENTS in still.traits:
        return None
    name, make = still.kind, still.function
    return Entry(
        kind, lambda: simulated_card(name, make()), "Orchard et al. 2015, simulated", "", (), frozenset({EVENTS})
    )


_register("digits", stills.digits, "Digits")
_register("mnist", stills.mnist, "MNIST")
_register("fashion-mnist", stills.fashion_mnist, "Fashion-MNIST")
_register("cifar10", stills.cifar10, "CIFAR-10")
_register("cifar100", stills.cifar100, "CIFAR-100")
