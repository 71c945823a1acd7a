"""A process that loads trained networks and answers requests about them; the variable SNNVIZ_STORE names its store.

A request (`jobs.answers`) is ``{"id": n, "ask": "look" | "overview" | "pictures", "look": {...}, "numbers": [...]}``;
`look` has the fields of `look.Look`, `numbers` are indices of test images for "pictures". Its answer is the bytes of an
`Answer`.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from snnviz.core import data
from snnviz.core.data import Images
from snnviz.core.tracing import TracedNetwork
from snnviz.design.design import Design
from snnviz.errors import DataMissing, InputError
from snnviz.events import Checkpoint
from snnviz.jobs.answers import Tell, serve_requests
from snnviz.store import Run, Store
from snnviz.studies.inside.compute.looking import look_at
from snnviz.studies.inside.compute.opening import open_network
from snnviz.studies.inside.compute.overview import overview
from snnviz.studies.inside.look import Answer, Look
from snnviz.tasks import KINDS

MOST_PICTURES = 200
"""Test images at once."""

MOST_NETWORKS = 8
MOST_DATA = 2
"""Largest numbers of networks and of data sets kept in memory; the least recently used are dropped first."""


class Opened(NamedTuple):
    """A trained network, modified as a `Look` (request) asks, with the design of its run, the images that the run is
    tested on, and the epoch after which its weights were stored (None: untrained weights).
    """

    network: TracedNetwork
    design: Design
    test: Images
    epoch: int | None


class LookServer:
    """Answers requests (`Look`) about the runs of a store, and caches the networks and data sets that it has loaded."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._networks: OrderedDict[tuple[Look, float | None, int | None], Opened] = OrderedDict()
        self._data: OrderedDict[str, Images] = OrderedDict()

    def answer(self, ask: str, look: Look, tell: Tell = lambda _: None, numbers: Sequence[int] = ()) -> Answer:
        """Returns the answer to a request: "look" (one image), "overview" (all test images) or "pictures" (of test
        images).

        look: the run, the image and the changes to the network. tell: called with the progress, 0 to 1. numbers:
        indices of the test images for "pictures". Raises `SnnvizError` with a sentence for the user.
        """
        if ask == "pictures":
            return self._pictures(look, numbers)
        if ask not in ("look", "overview"):
            raise InputError("ask", "be one of look, overview, pictures", ask)
        with torch.no_grad():
            network, design, test, epoch = self.open(look)
            if ask == "look":
                found = look_at(network, design, test, look)
            else:
                found = overview(network, design, test, look, tell)
        return Answer({**found.about, "epoch": epoch}, found.arrays)

    def open(self, look: Look) -> Opened:
        """Returns the network that a request is about, loaded from the store unless cached, with its design and test
        images.

        Raises `InputError` if the run is not one of a design or has no weights.
        """
        run = self.store.get(look.run)
        if not KINDS.kind_of(run.task).trained:
            raise InputError("run", "be of a design that is trained", look.run)
        key = (look.network.model_copy(update={"dropped": 0.0, "steps": 0}), run.finished, run.checkpoint)
        found = self._networks.get(key)
        if found is None:
            design, kept = run.design, self._checkpoint(run) if look.weights == "trained" else None
            network = open_network(design, kept.arrays if kept else None, look)
            found = Opened(network, design, self._test_images(design), kept.epoch if kept else None)
            self._networks[key] = found
        self._networks.move_to_end(key)
        while len(self._networks) > MOST_NETWORKS:
            self._networks.popitem(last=False)
        return found

    def _checkpoint(self, run: Run) -> Checkpoint:
        checkpoint = self.store.load_checkpoint(run.run)
        if checkpoint is None and not run.ended:
            raise DataMissing("This run has no weights yet: they come with the end of its first epoch.")
        if checkpoint is None:
            rule = "have weights: only the last checkpoint is kept, and not for ever; train it once more"
            raise InputError("run", rule, run.run)
        return checkpoint

    def _test_images(self, design: Design) -> Images:
        key = json.dumps([design.data.model_dump(mode="json"), design.seed], sort_keys=True)
        if key not in self._data:
            self._data[key] = data.load(design)[1]
        self._data.move_to_end(key)
        while len(self._data) > MOST_DATA:
            self._data.popitem(last=False)
        return self._data[key]

    def _pictures(self, look: Look, numbers: Sequence[int]) -> Answer:
        """Test images, uint8 (N, C, H, W), of recordings the sum of the first third of their frames; `white` is the
        brightest value.
        """
        test = self.open(look).test
        some = [number for number in numbers[:MOST_PICTURES] if 0 <= number < len(test)]
        images, recorded = test.images[some].numpy(), test.images.dim() == 5  # (N, T, P, H, W)
        if recorded:
            images = images[:, : -(-images.shape[1] // 3)].astype(np.int64).sum(1).clip(0, 255).astype(np.uint8)
        white = test.white if isinstance(test.white, int) else 0
        about = {"numbers": some, "of": len(test), "white": white, "shape": list(images.shape[1:])}
        return Answer(about, {"images": images, "labels": test.labels[some].numpy()})


def main() -> None:
    """Main function of the process: answers requests from stdin until it is closed."""
    torch.set_num_threads(1)
    looker = LookServer(Store(check=False))
    serve_requests(lambda request, tell: serve(looker, request, tell), "look")


def serve(looker: LookServer, request: Mapping[str, Any], tell: Tell) -> bytes:
    """Returns the answer to one request, a parsed line of JSON. Raises `SnnvizError`."""
    look = Look.check(request["look"])
    numbers = [int(number) for number in request.get("numbers", ())]
    return looker.answer(request["ask"], look, tell, numbers).to_bytes()


if __name__ == "__main__":
    main()
