"""Warm processes of the server that answer requests of pages, which load no torch: client and main loop.

A request is a line of JSON on the process's stdin with an ``id``. Replies on stdout are lines of JSON: ``{"id": n,
"share": 0.4}`` reports progress, ``{"id": n, "error": "a sentence"}`` an error, and ``{"id": n, "bytes": m}`` is
followed by the m bytes of the answer. The process ends when its stdin is closed, and when nobody has asked for a while.
"""

from __future__ import annotations

import itertools
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import IO, Any, BinaryIO

from snnviz.errors import SnnvizError
from snnviz.places import ROOT

LOG = logging.getLogger(__name__)

Tell = Callable[[float], None]
"""Reports progress, 0 to 1."""


class AnswerFailed(SnnvizError):
    """Raised if a request cannot be answered; the message is a sentence for the user."""


class Pending:
    """A request that is under way, the process that was asked, and how far it is, 0 to 1."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.answer: Future[bytes] = Future()
        self.share = 0.0


class AnswerClient:
    """Client of a process that runs `module` and answers requests one after the other; starts it when needed.

    environment: variables that the process gets in addition. does: what it does, for sentences, such as "looks".
    idle_seconds: after so long without a request the process, and its memory, is given back. failure: the exception of
    failed requests.
    """

    def __init__(
        self,
        module: str,
        does: str,
        environment: Mapping[str, str] | None = None,
        idle_seconds: float = 600.0,
        failure: type[AnswerFailed] = AnswerFailed,
    ) -> None:
        self.module, self.does, self.environment = module, does, dict(environment or {})
        self.idle_seconds, self.failure = idle_seconds, failure
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._asked: dict[int, Pending] = {}
        self._same: dict[str, Pending] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._last = time.monotonic()

    @property
    def pid(self) -> int | None:
        """Process id of the running process; None if none is running."""
        return None if self._process is None else self._process.pid

    @property
    def waiting(self) -> int:
        """Number of requests that are not answered yet."""
        return len(self._asked)

    def send(self, request: Mapping[str, Any]) -> Pending:
        """Sends a request and returns it as pending; an equal request that is still being computed is returned
        instead.
        """
        text = json.dumps(request, sort_keys=True)
        with self._lock:
            self._last = time.monotonic()
            if (known := self._same.get(text)) is not None:
                return known
            process = self._running()
            number, asked = next(self._numbers), Pending(process)
            self._asked[number] = self._same[text] = asked
            asked.answer.add_done_callback(lambda _: self._forget(number, text))
            assert process.stdin is not None
            try:
                process.stdin.write(json.dumps({"id": number, **json.loads(text)}).encode() + b"\n")
                process.stdin.flush()
            except OSError:
                asked.answer.set_exception(self.failure(f"The process that {self.does} has ended: try again."))
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
            command, given = [sys.executable, "-m", self.module], os.environ | self.environment
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env=given
            )
            for target in (self._read, self._watch):
                threading.Thread(target=target, args=(self._process,), name=self.does, daemon=True).start()
        return self._process

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        while line := process.stdout.readline():
            self._take(json.loads(line), process.stdout)
        process.wait()
        process.stdout.close()
        for asked in list(self._asked.values()):
            if asked.process is process and not asked.answer.done():  # others were asked of the next process
                why = f"The process that {self.does} was ended, for want of memory perhaps."
                asked.answer.set_exception(self.failure(why))

    def _take(self, said: dict[str, Any], stream: IO[bytes]) -> None:
        data = stream.read(said["bytes"]) if "bytes" in said else b""
        asked = self._asked.get(said["id"])
        if asked is None:
            return
        if "share" in said:
            asked.share = said["share"]
        elif "error" in said:
            asked.answer.set_exception(self.failure(said["error"]))
        else:
            asked.answer.set_result(data)

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        """Ends it when nobody has asked for a while."""
        while process.poll() is None:
            time.sleep(1.0)
            if not self._asked and time.monotonic() - self._last > self.idle_seconds:
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


def serve_requests(
    answer: Callable[[Mapping[str, Any], Tell], bytes],
    does: str,
    requests: Iterable[str] | None = None,
    frames: BinaryIO | None = None,
) -> None:
    """Main loop of the process: answers requests by `answer` until there are no more; errors become replies, too.

    does: what the process does, for sentences, such as "look". requests, frames: lines that come and bytes that go,
    by default stdin and stdout; what prints goes to stderr then, not between replies.
    """
    if frames is None:
        frames, sys.stdout = os.fdopen(os.dup(1), "wb"), sys.stderr
    for line in sys.stdin if requests is None else requests:
        request = json.loads(line)
        say = partial(_say, frames, request["id"])
        try:
            found = answer(request, lambda share, say=say: say({"share": share}))  # type: ignore[misc]
        except SnnvizError as error:
            say({"error": str(error)})
        except MemoryError:
            say({"error": f"There is not enough memory for this {does}."})
        except Exception:
            LOG.exception("a %s failed", does)
            say({"error": f"This {does} failed; the server's log says why."})
        else:
            say({"bytes": len(found)}, found)


def _say(frames: BinaryIO, number: int, said: Mapping[str, Any], data: bytes = b"") -> None:
    frames.write(json.dumps({"id": number, **said}).encode() + b"\n" + data)
    frames.flush()
