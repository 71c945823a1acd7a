"""The dashboard as a process of its own for a benchmark: on a free port of 127.0.0.1, with a cache of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from snnviz.jobs.local import Local  # noqa: E402
from snnviz.store import Store  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Server:
    """A running dashboard."""

    process: subprocess.Popen[bytes]
    port: int
    cache: Path
    started_seconds: float
    script: Path = ROOT / "app.py"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def store(self) -> Store:
        return Store(self.cache / "runs.sqlite")

    def restart(self) -> None:
        """Kills it as a machine that fails would, and starts it again at the same place."""
        self.process.kill()
        self.process.wait()
        self.process = _start(self.script, self.port, self.cache)
        _await_health(self.port, self.process)


@contextmanager
def serving(script: Path = ROOT / "app.py", store: Path | None = None) -> Iterator[Server]:
    """Starts a dashboard, or the server of another script, and ends it with everything that it started. `store`: whose
    runs it begins with."""
    with tempfile.TemporaryDirectory(prefix="snnviz-benchmark-") as folder:
        cache = Path(folder)
        if store is not None:
            shutil.copy(store, cache / "runs.sqlite")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        begin = time.monotonic()
        process = _start(script, port, cache)
        server = Server(process, port, cache, 0.0, script)
        try:
            _await_health(port, process)
            server.started_seconds = time.monotonic() - begin
            yield server
        finally:
            server.process.send_signal(signal.SIGTERM)
            server.process.wait(30)
            store = Store(cache / "runs.sqlite")
            for run in store.runs(states=("queued", "running")):
                store.cancel(run.run)
            Local(store).stop()
            store.close()


def _start(script: Path, port: int, cache: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)]
    return subprocess.Popen(
        [*command, "--server.address", "127.0.0.1"],
        cwd=ROOT,
        env={**os.environ, "SNNVIZ_CACHE": str(cache)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _await_health(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(3000):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1).close()
            return
        except OSError:
            time.sleep(0.01)
        if process.poll() is not None:
            break
    raise SystemExit("the dashboard did not start")


def cpu_seconds(pid: int) -> float:
    """Processor time of a process so far, in user and in system mode."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def machine() -> dict[str, Any]:
    """What a number must be read with: the cores, and how busy they are with other things."""
    return {"cores": len(os.sched_getaffinity(0)), "load_average_1min": round(os.getloadavg()[0], 2)}


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which this share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def report(found: dict[str, Any], line: str) -> None:
    """One JSON object, and one line for a Markdown table."""
    print(json.dumps(found, indent=2))
    print(line)
