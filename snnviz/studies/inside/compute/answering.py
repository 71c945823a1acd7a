"""A process that loads trained networks and answers requests about them; the variable SNNVIZ_STORE names its store.

A request is a line of JSON on stdin: ``{"id": n, "ask": "look" | "overview" | "pictures", "look": {...}, "numbers":
[...]}``; `look` has the fields of `look.Look`, `numbers` are indices of test images for "pictures". Replies on stdout
are lines of JSON: ``{"id": n, "share": 0.4}`` reports progress, ``{"id": n, "error": "a sentence"}`` an error, and
``{"id": n, "bytes": m}`` is followed by the m bytes of an `Answer`. The process ends when its stdin is closed.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import torch

from snnviz.core import data
from snnviz.core.data import Images
from snnviz.core.tracing import TracedNetwork
from snnviz.design.design import Design
from snnviz.errors import DataMissing, InputError, SnnvizError
from snnviz.events import Checkpoint
from snnviz.store import Run, Store
from snnviz.studies.inside.compute.looking import look_at
from snnviz.studies.inside.compute.opening import open_network
from snnviz.studies.inside.compute.overview import overview
from snnviz.studies.inside.look import Answer, Look
from snnviz.tasks import KINDS

LOG = logging.getLogger(__name__)

MOST_PICTURES = 200
"""Test images at once."""

MOST_NETWORKS = 8
MOST_DATA = 2
"""Largest numbers of networks and of data sets kept in memory; the least recently used are dropped first."""

Tell = Callable[[float], None]


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
    frames, sys.stdout = os.fdopen(os.dup(1), "wb"), sys.stderr  # what prints must not come between frames
    looker = LookServer(Store(check=False))
    for line in sys.stdin:
        request = json.loads(line)
        serve(looker, request, frames)


def serve(looker: LookServer, request: Mapping[str, Any], frames: BinaryIO) -> None:
    """Answers one request (a parsed line of JSON) and writes the replies to `frames`; errors become replies, too."""

    def say(said: Mapping[str, Any], data: bytes = b"") -> None:
        frames.write(json.dumps({"id": request["id"], **said}).encode() + b"\n" + data)
        frames.flush()

    try:
        look = Look.check(request["look"])
        numbers = [int(number) for number in request.get("numbers", ())]
        answer = looker.answer(request["ask"], look, lambda share: say({"share": share}), numbers).to_bytes()
    except SnnvizError as error:
        say({"error": str(error)})
    except MemoryError:
        say({"error": "There is not enough memory for this look."})
    except Exception:
        LOG.exception("a look failed")
        say({"error": "This look failed; the server's log says why."})
    else:
        say({"bytes": len(answer)}, answer)


if __name__ == "__main__":
    main()
