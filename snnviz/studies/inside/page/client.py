"""Client of the process that answers requests (`Look`) about trained networks (`compute.answering`): starts it at the
first request, ends it when idle.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, TimeoutError
from contextlib import suppress
from typing import IO, Any

from snnviz.errors import SnnvizError
from snnviz.places import ROOT
from snnviz.studies.inside.look import Answer, Look
from snnviz.ui.kit.lru import LruCache
from snnviz.ui.kit.shared import shared

MODULE = "snnviz.studies.inside.compute.answering"
MOST_BYTES = 64e6
"""Answers that are kept for all viewers."""

IDLE_SECONDS = 600.0
"""After so long without a look the process, and the memory of its networks, is given back."""

LOOK_SECONDS = 0.05

_ANSWERS: LruCache[bytes] = LruCache(MOST_BYTES, len)


class LookFailed(SnnvizError):
    """Raised if a request about a network (`Look`) cannot be answered; the message is a sentence for the user."""


class _Asked:
    """A request that is under way, the process that was asked, and how far it is, 0 to 1."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.answer: Future[bytes] = Future()
        self.share = 0.0


class LookClient:
    """Client of the process that answers requests (`Look`) about trained networks, one after the other; starts it when
    needed.
    """

    def __init__(self, store: str) -> None:
        self.store = store
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._asked: dict[int, _Asked] = {}
        self._same: dict[str, _Asked] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._last = time.monotonic()

    @property
    def pid(self) -> int | None:
        """Process id of the running process; None if none is running."""
        return None if self._process is None else self._process.pid

    def ask(self, what: str, look: Look, numbers: Sequence[int] = ()) -> _Asked:
        """Sends a request and returns it as pending; an equal request that is still being computed is returned
        instead.

        what: "look", "overview" or "pictures". numbers: indices of the test images for "pictures".
        """
        text = json.dumps({"ask": what, "look": look.model_dump(mode="json"), "numbers": list(numbers)}, sort_keys=True)
        with self._lock:
            self._last = time.monotonic()
            if (known := self._same.get(text)) is not None:
                return known
            process = self._running()
            number, asked = next(self._numbers), _Asked(process)
            self._asked[number] = self._same[text] = asked
            asked.answer.add_done_callback(lambda _: self._forget(number, text))
            assert process.stdin is not None
            try:
                process.stdin.write(json.dumps({"id": number, **json.loads(text)}).encode() + b"\n")
                process.stdin.flush()
            except OSError:
                asked.answer.set_exception(LookFailed("The process that looks has ended: try again."))
        return asked

    def start(self) -> None:
        """Starts the process if none is running, so that the first request does not wait for torch to be imported."""
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._last = time.monotonic()
                self._running()

    def _forget(self, number: int, text: str) -> None:
        self._asked.pop(number, None)
        self._same.pop(text, None)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            command, given = [sys.executable, "-m", MODULE], os.environ | {"SNNVIZ_STORE": self.store}
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env=given
            )
            for target in (self._read, self._watch):
                threading.Thread(target=target, args=(self._process,), name="looks", daemon=True).start()
        return self._process

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        while line := process.stdout.readline():
            self._take(json.loads(line), process.stdout)
        process.wait()
        process.stdout.close()
        for asked in list(self._asked.values()):
            if asked.process is process and not asked.answer.done():  # others were asked of the next process
                asked.answer.set_exception(LookFailed("The process that looks was ended, for want of memory perhaps."))

    def _take(self, said: dict[str, Any], stream: IO[bytes]) -> None:
        data = stream.read(said["bytes"]) if "bytes" in said else b""
        asked = self._asked.get(said["id"])
        if asked is None:
            return
        if "share" in said:
            asked.share = said["share"]
        elif "error" in said:
            asked.answer.set_exception(LookFailed(said["error"]))
        else:
            asked.answer.set_result(data)

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        """Ends it when nobody has looked for a while."""
        while process.poll() is None:
            time.sleep(1.0)
            if not self._asked and time.monotonic() - self._last > IDLE_SECONDS:
                self.stop()

    def stop(self) -> None:
        """Kills the process; the next request starts another."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            if process.stdin is not None:
                with suppress(OSError):
                    process.stdin.close()


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
