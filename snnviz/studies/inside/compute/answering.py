"""A process that loads trained networks and answers requests about them (looks); ``$SNNVIZ_STORE`` names its store.

A request is a line of JSON on stdin: ``{"id": n, "ask": "look" | "overview" | ..., "look": {...}}``. The replies on
stdout are lines of JSON: ``{"id": n, "share": 0.4}`` for progress, ``{"id": n, "error": "a sentence"}``, or ``{"id": n,
"bytes": m}``, which is followed by the m bytes of an `Answer`. The process ends when stdin is closed.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, NamedTuple

import torch

from snnviz.core import data
from snnviz.core.data import Images
from snnviz.core.tracing import TracedNetwork
from snnviz.design.design import Design
from snnviz.errors import InputError, SnnvizError
from snnviz.store import Store
from snnviz.studies.inside.compute.looking import look_at
from snnviz.studies.inside.compute.opening import open_network
from snnviz.studies.inside.compute.overview import overview
from snnviz.studies.inside.look import Answer, Look

LOG = logging.getLogger(__name__)

MOST_NETWORKS = 8
MOST_DATA = 2
"""Largest numbers of networks and of data sets kept in memory; the least recently used are dropped first."""

Tell = Callable[[float], None]


class Opened(NamedTuple):
    """A network modified as a look asks, the design of its run, and the images that the run is tested on."""

    network: TracedNetwork
    design: Design
    test: Images


class Looker:
    """Answers looks at the runs of a store and caches the networks and data sets that it has loaded."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._networks: OrderedDict[tuple[Look, float | None, int | None], Opened] = OrderedDict()
        self._data: OrderedDict[str, Images] = OrderedDict()

    def answer(self, ask: str, look: Look, tell: Tell = lambda _: None) -> Answer:
        """Returns the answer to a look; `ask` is "look" (one image), "overview" (all test images) or "pictures" (test
        images).

        `tell` is called with the progress, 0 to 1. Raises `SnnvizError` with a sentence for the user.
        """
        asks = {"look": self._look, "overview": self._overview, "pictures": self._pictures}
        if ask not in asks:
            raise InputError("ask", f"be one of {', '.join(asks)}", ask)
        with torch.no_grad():
            return asks[ask](look, tell)

    def open(self, look: Look) -> Opened:
        """Returns the network for a look, loaded from the store unless cached, with its design and test images.

        Raises `InputError` if the run is not one of a design or has no weights.
        """
        run = self.store.get(look.run)
        if not isinstance(run.task, Design):
            raise InputError("run", "be of a design that is trained", look.run)
        key = (look.network.model_copy(update={"dropped": 0.0, "steps": 0}), run.finished, run.checkpoint)
        found = self._networks.get(key)
        if found is None:
            arrays = None
            if look.weights == "trained":
                checkpoint = self.store.load_checkpoint(look.run)
                if checkpoint is None:
                    rule = "have weights: only the last checkpoint is kept, and not for ever; train it once more"
                    raise InputError("run", rule, look.run)
                arrays = checkpoint.arrays
            found = Opened(open_network(run.task, arrays, look), run.task, self._test_images(run.task))
            self._networks[key] = found
        self._networks.move_to_end(key)
        while len(self._networks) > MOST_NETWORKS:
            self._networks.popitem(last=False)
        return found

    def _test_images(self, design: Design) -> Images:
        key = json.dumps([design.data.model_dump(mode="json"), design.seed], sort_keys=True)
        if key not in self._data:
            self._data[key] = data.load(design)[1]
        self._data.move_to_end(key)
        while len(self._data) > MOST_DATA:
            self._data.popitem(last=False)
        return self._data[key]

    def _look(self, look: Look, _: Tell) -> Answer:
        opened = self.open(look)
        return look_at(opened.network, opened.design, opened.test, look)

    def _overview(self, look: Look, tell: Tell) -> Answer:
        opened = self.open(look)
        return overview(opened.network, opened.design, opened.test, look, tell)

    def _pictures(self, look: Look, _: Tell) -> Answer:
        """Test images from `look.image` on, uint8 (N, C, H, W), recordings as the sum of their frames, and labels."""
        test = self.open(look).test
        some = slice(look.image, look.image + 200)
        images = test.images[some].numpy()
        if images.ndim == 5:  # (N, T, P, H, W)
            images = images.sum(1).clip(0, 255)
        return Answer({"first": look.image, "of": len(test)}, {"images": images, "labels": test.labels[some].numpy()})


def main() -> None:
    """Answers requests from stdin until it is closed."""
    torch.set_num_threads(1)
    frames, sys.stdout = os.fdopen(os.dup(1), "wb"), sys.stderr  # what prints must not come between frames
    looker = Looker(Store(check=False))
    for line in sys.stdin:
        request = json.loads(line)
        serve(looker, request, frames)


def serve(looker: Looker, request: Mapping[str, Any], frames: BinaryIO) -> None:
    """Answers one request and writes the replies to `frames`; errors become replies, too."""

    def say(said: Mapping[str, Any], data: bytes = b"") -> None:
        frames.write(json.dumps({"id": request["id"], **said}).encode() + b"\n" + data)
        frames.flush()

    try:
        look = Look.check(request["look"])
        answer = looker.answer(request["ask"], look, lambda share: say({"share": share})).to_bytes()
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
