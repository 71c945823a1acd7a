"""Supervisors that are forked from one process with torch loaded and warm: each would load it anew, in 4 s of a core.

Only loading is spared. What is forked is `python -m snnviz.jobs` itself, with the same arguments, environment,
files, signals and processes of its own: a session, a forkserver below it, and what that forks. A second forkserver,
where a test kills the first, is started as ever.
"""

from __future__ import annotations

import fcntl
import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import util
from pathlib import Path
from types import SimpleNamespace
from typing import Any

PLACE = "TESTS_FORKED_FROM"
"""The variable with the folder of the socket, which the processes of a test session share."""

WORKER = ["-m", "snnviz.jobs"]
LOADED = {"SNNVIZ_LEASE_SECONDS", "SNNVIZ_STUDIES"}
"""Settings that are read once, as modules are loaded: a worker with one of these is started as ever."""

BESIDE = "TESTS_BESIDE_BROWSERS"
"""The variable that keeps supervisors and their runs as urgent as others: beside two busy browsers one that gives way
hardly gets on, and tests wait for it.
"""

PATIENCE = 120.0
ROOT = Path(__file__).resolve().parents[1]


class Forked:
    """A supervisor as `subprocess.Popen` shows it; its line to the process that forked it says how it ended."""

    def __init__(self, pid: int, line: socket.socket) -> None:
        self.pid, self._line = pid, line
        self.returncode: int | None = None

    def poll(self) -> int | None:
        return self._hear(0)

    def wait(self, timeout: float | None = None) -> int:
        code = self._hear(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(WORKER, timeout or 0)
        return code

    def _hear(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._line], [], [], timeout)[0]:
            self.returncode = int(self._line.recv(64) or b"-9")
            self._line.close()
        return self.returncode


def popen(command: list[str], **options: Any) -> Any:
    """`subprocess.Popen`, but a plain worker is forked."""
    environment = options.get("env") or {}
    if command[1:3] != WORKER or LOADED & set(environment):
        return subprocess.Popen(command, **options)
    order = {"arguments": command[3:], "environment": environment, "folder": os.getcwd()}
    order["handle"] = order["arguments"].index("--lock") + 1
    line = _connected(Path(os.environ[PLACE]))
    line.settimeout(PATIENCE)
    data = json.dumps(order).encode()
    (handle,) = options["pass_fds"]
    socket.send_fds(line, [len(data).to_bytes(4, "big")], [handle, options["stdout"].fileno()])
    line.sendall(data)
    return Forked(int(line.recv(64)), line)


def begin() -> None:
    """Load and compile what workers need once, before several processes would each do so."""
    _connected(Path(os.environ[PLACE])).close()


@contextmanager
def forking() -> Iterator[None]:
    """Local engines of this process fork their supervisors."""
    from snnviz.jobs import local

    real = local.subprocess
    local.subprocess = SimpleNamespace(**{**vars(subprocess), "Popen": popen})  # type: ignore[assignment]
    yield
    local.subprocess = real


def streamlit() -> None:
    """`python -m streamlit`, with such supervisors."""
    from streamlit.web import cli

    with forking():
        cli.main()


def _connected(folder: Path) -> socket.socket:
    """A line to the process that forks. The first who asks starts it."""
    line = socket.socket(socket.AF_UNIX)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with suppress(OSError):
            line.connect(str(folder / "socket"))
            return line
        (folder / "socket").unlink(missing_ok=True)
        command = [sys.executable, "-m", "tests.forked", str(folder), os.environ[f"{PLACE}_OWNER"]]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SNNVIZ_")}
        with (folder / "log").open("ab") as log:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**environment, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            process.returncode = 0  # it stays for all, and is nobody's to wait for
        end = time.monotonic() + PATIENCE
        while True:
            try:
                line.connect(str(folder / "socket"))
                return line
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.02)


def serve(folder: Path, owner: int) -> None:
    """Fork a worker for each who asks, until the process that started the tests has ended."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / "socket"))
    listener.listen(100)
    from snnviz.jobs import supervisor, worker  # noqa: F401

    worker.warm_up()
    worker.warm_up = lambda: None
    gc.collect()
    gc.freeze()
    watched = os.pidfd_open(owner)
    lines: dict[int, tuple[int, socket.socket]] = {}  # by what tells of a worker's end
    while True:
        ready, _, _ = select.select([watched, listener, *lines], [], [])
        if watched in ready:
            os._exit(0)
        for end in [end for end in ready if end in lines]:
            pid, line = lines.pop(end)
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            os.close(end)
            with suppress(OSError):
                line.sendall(str(code).encode())
            line.close()
        if listener in ready:
            line, _ = listener.accept()
            length, files, _, _ = socket.recv_fds(line, 4, 2)
            if not length:  # somebody wanted this process to be there
                line.close()
                continue
            data = b""
            while len(data) < int.from_bytes(length, "big"):
                data += line.recv(1 << 16)
            sys.stdout.flush()
            sys.stderr.flush()
            pid = os.fork()
            if pid == 0:
                for file in (listener, line, *(other for _, other in lines.values())):
                    file.close()
                for number in (watched, *lines):
                    os.close(number)
                _become_worker(json.loads(data), *files)
            for file in files:
                os.close(file)
            lines[os.pidfd_open(pid)] = (pid, line)
            line.sendall(str(pid).encode())


def _become_worker(order: dict[str, Any], handle: int, log: int) -> None:
    os.setsid()
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    order["arguments"][order["handle"]] = str(handle)
    if BESIDE in os.environ:
        os.nice = lambda _: 0
    _keep_a_forkserver()
    sys.argv = ["snnviz.jobs", *order["arguments"]]
    runpy.run_module("snnviz.jobs", run_name="__main__", alter_sys=True)
    sys.exit()


def _keep_a_forkserver() -> None:
    """Fork what becomes the forkserver while this process has one thread and no store; it waits for its orders."""
    mine, its = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        mine.close()
        _become_forkserver(its)
    its.close()
    spawn = util.spawnv_passfds

    def spawned(path: str, arguments: list[str], files: list[int]) -> int:
        if "multiprocessing.forkserver" not in arguments[-1] or mine.fileno() < 0:
            return spawn(path, arguments, files)
        with mine:
            order = json.dumps(
                {
                    "code": arguments[-1],
                    "files": list(files),
                    "environment": dict(os.environ),
                    "niceness": os.nice(0),
                }
            )
            socket.send_fds(mine, [b"x"], list(files))
            mine.sendall(order.encode())
        return pid

    util.spawnv_passfds = spawned


def _become_forkserver(orders: socket.socket) -> None:
    from snnviz.jobs import machine

    try:
        machine.die_with_parent()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        begun, sent, _, _ = socket.recv_fds(orders, 1, 10)
        if begun:
            data = b"".join(iter(lambda: orders.recv(1 << 16), b""))
            orders.close()
            order = json.loads(data)
            os.nice(order["niceness"] - os.nice(0))
            # Under the numbers that the orders name; out of each other's way first.
            aside = [fcntl.fcntl(number, fcntl.F_DUPFD, 500) for number in sent]
            for number in sent:
                os.close(number)
            for number, wanted in zip(aside, order["files"], strict=True):
                os.dup2(number, wanted)
                os.close(number)
            os.environ.clear()
            os.environ.update(order["environment"])
            exec(order["code"], {"__name__": "__main__"})
    except SystemExit:
        pass
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]))
