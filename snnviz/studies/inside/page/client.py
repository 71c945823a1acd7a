"""Client of the process that answers requests (`Look`) about trained networks (`compute.answering`): starts it at the
first request, ends it when idle.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError

from snnviz.jobs.answers import AnswerClient, AnswerFailed, Pending
from snnviz.studies.inside.look import Answer, Look
from snnviz.ui.kit.lru import LruCache
from snnviz.ui.kit.shared import shared

MODULE = "snnviz.studies.inside.compute.answering"
MOST_BYTES = 64e6
"""Answers that are kept for all viewers."""

LOOK_SECONDS = 0.05

_ANSWERS: LruCache[bytes] = LruCache(MOST_BYTES, len)


class LookFailed(AnswerFailed):
    """Raised if a request about a network (`Look`) cannot be answered; the message is a sentence for the user."""


class LookClient(AnswerClient):
    """Client of the process that answers requests (`Look`) about trained networks, one after the other; starts it when
    needed.
    """

    def __init__(self, store: str) -> None:
        super().__init__(MODULE, "looks", {"SNNVIZ_STORE": store}, failure=LookFailed)

    def ask(self, what: str, look: Look, numbers: Sequence[int] = ()) -> Pending:
        """Sends a request and returns it as pending; an equal request that is still being computed is returned
        instead.

        what: "look", "overview" or "pictures". numbers: indices of the test images for "pictures".
        """
        return self.send({"ask": what, "look": look.model_dump(mode="json"), "numbers": list(numbers)})


@shared(4)
def look_client() -> LookClient:
    """Returns the server's single client of the process that answers requests about trained networks."""
    from snnviz.ui.kit import services

    return LookClient(services.store().url)


def start() -> None:
    """Starts the process that answers requests about trained networks, without waiting for it."""
    look_client().start()


def answer(
    what: str,
    look: Look,
    version: object,
    tell: Callable[[float], None] = lambda _: None,
    numbers: Sequence[int] = (),
    patience: float = 600.0,
) -> Answer:
    """Waits for the answer to a request about a network, and returns it; from the cache if the same one was answered
    for this `version` of the run.

    what: "look", "overview" or "pictures". tell: called with the progress, 0 to 1, while one waits. numbers: indices
    of the test images for "pictures". patience: seconds to wait. Raises `LookFailed` after an error or that time.
    """
    key = (what, look, version, tuple(numbers))
    if (known := _ANSWERS.get(key)) is None:
        asked, end = look_client().ask(what, look, numbers), time.monotonic() + patience
        while True:
            try:
                known = asked.answer.result(LOOK_SECONDS)
                break
            except TimeoutError:
                tell(asked.share)
                if time.monotonic() > end:
                    raise LookFailed("This look takes too long: try a smaller network or fewer images.") from None
        _ANSWERS.put(key, known)
    return Answer.from_bytes(known)
