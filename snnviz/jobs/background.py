"""Background processes of the server that compute no runs, such as fitting a model: one at a time, with limits on time
and memory.

No one waits for them, and they take no place in the queue of runs. They end with the server.
"""

from __future__ import annotations

import logging
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from typing import IO

from snnviz.places import ROOT

LOG = logging.getLogger(__name__)

NICENESS = 5
"""Niceness of the process, as for training, so that requests of pages go first."""

CPU_SECONDS = 120
"""Limit on the CPU time of a process in seconds; the system ends it then."""

DATA_BYTES = 1 << 30
"""Limit on the memory of a process in bytes."""

WALL_SECONDS = 600.0
"""Limit on the elapsed time of a process in seconds, after which it is killed."""

_BOOTSTRAP = """
import os, runpy, sys, threading
def follow():
    while os.read(0, 1):
        pass
    os._exit(0)
threading.Thread(target=follow, daemon=True).start()
module = sys.argv[1]
sys.argv[:] = sys.argv[1:]
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""


class BackgroundProcess:
    """Runs ``python -m module arguments`` in the background, at most one process at a time."""

    def __init__(self, module: str) -> None:
        self.module = module
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None
        self._since = 0.0
        self._lock = threading.Lock()

    @property
    def pid(self) -> int | None:
        """Process id of the running process; None if none is running."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self, *arguments: str, environment: dict[str, str] | None = None) -> bool:
        """Starts the module with these arguments and extra environment variables.

        Returns False, and starts nothing, if a process is running or its end was not yet collected by `poll`.
        """
        with self._lock:
            if self._process is not None:
                return False
            names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
            inherited = {**os.environ, **dict.fromkeys(names, "1"), **(environment or {})}
            inherited["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
            self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (it is read when the process has ended)
            self._since = time.monotonic()
            self._process = subprocess.Popen(
                [sys.executable, "-c", _BOOTSTRAP, self.module, *arguments],
                env=inherited,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                start_new_session=True,
            )
            self._bound(self._process.pid)
            return True

    def _bound(self, pid: int) -> None:
        """From here, as what runs between fork and exec in a server of many threads may hang."""
        with suppress(OSError, AttributeError, ValueError):
            os.setpriority(os.PRIO_PROCESS, pid, NICENESS)
        for name, limit in (("RLIMIT_CPU", CPU_SECONDS), ("RLIMIT_DATA", DATA_BYTES)):
            with suppress(OSError, AttributeError, ValueError):
                resource.prlimit(pid, getattr(resource, name), (limit, limit))

    def poll(self) -> int | None:
        """Returns the exit code if the process has ended since the last call, else None.

        Logs what it wrote to stderr if it failed, and kills a process that exceeds `WALL_SECONDS`.
        """
        with self._lock:
            process = self._process
            if process is None:
                return None
            if process.poll() is None and time.monotonic() - self._since > WALL_SECONDS:
                process.kill()
                process.wait(10)
            if process.poll() is None:
                return None
            return self._ended(process)

    def stop(self) -> None:
        """Kills the process, if one is running, and waits until it has ended."""
        with self._lock:
            if self._process is not None:
                self._process.kill()
                self._process.wait(10)
                self._ended(self._process, quiet=True)

    def _ended(self, process: subprocess.Popen[bytes], *, quiet: bool = False) -> int:
        assert process.stdin is not None
        assert self._errors is not None
        process.stdin.close()
        self._errors.seek(0)
        words = self._errors.read(4000).decode(errors="replace").strip()
        self._errors.close()
        self._process = self._errors = None
        if process.returncode and not quiet:
            LOG.warning("%s ended with %d: %s", self.module, process.returncode, words)
        return process.returncode
