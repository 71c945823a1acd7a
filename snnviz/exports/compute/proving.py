"""Proves an exported script: in a process without snnviz it sees the same test images as the run's own network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from queue import Empty, Queue
from tempfile import TemporaryDirectory
from typing import IO, Any

import numpy as np

from snnviz.design.base_network import Code
from snnviz.design.design import Design
from snnviz.exports.compute import harness, proving_rate, proving_ttfs
from snnviz.exports.compute.reference import Answer
from snnviz.exports.form import ProgressCallback
from snnviz.exports.report import Proof, ProofFailed

SECONDS = 600.0
"""Longest time that a script may take for one part of the images."""

ALIVE_SECONDS = 0.2

PROOFS: Mapping[Code, Callable[[Design, Mapping[str, Any], Iterable[str], Answer, ProgressCallback], Proof]] = {
    "rate": proving_rate.prove,
    "ttfs": proving_ttfs.prove,
}
"""How a script is proven, by how the network's neurons encode their output (`network.code`)."""


def prove_script(
    design: Design,
    arrays: Mapping[str, Any],
    folder: Path,
    neurons: Mapping[str, str],
    progress: ProgressCallback = lambda _: None,
) -> Proof:
    """Proves the script in `folder`, ``network.py`` with ``weights.safetensors``, against the run's weights, in a
    process of its own.

    neurons: the module of each spiking layer's neurons, by the layer's name. Raises `ProofFailed`, with the name of a
    layer where a spike differs.
    """
    with TemporaryDirectory(prefix="snnviz-proof-") as temporary, _process(folder, Path(temporary), neurons) as asked:
        return prove(design, arrays, neurons, partial(_ask, asked, Path(temporary)), progress)


def prove(
    design: Design,
    arrays: Mapping[str, Any],
    neurons: Iterable[str],
    answer: Answer,
    progress: ProgressCallback = lambda _: None,
) -> Proof:
    """Proves what `answer` computes against the network of a design with the weights `arrays`.

    neurons: names of the layers that spike. Raises `ProofFailed`.
    """
    return PROOFS[design.network.code](design, arrays, neurons, answer, progress)


class _Asked:
    """The process, and the lines that it says."""

    def __init__(self, process: subprocess.Popen[str], complaints: IO[str]) -> None:
        self.process, self.complaints = process, complaints
        self.lines: Queue[str] = Queue()
        assert process.stdout is not None
        threading.Thread(target=self._read, args=(process.stdout,), daemon=True).start()

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            self.lines.put(line.strip())
        self.lines.put("")

    def last_words(self) -> str:
        """The last line of what it complained about."""
        self.complaints.seek(0)
        lines = [line.strip() for line in self.complaints.read()[-4000:].splitlines() if line.strip()]
        return lines[-1] if lines else f"exit code {self.process.poll()}"


@contextmanager
def _process(folder: Path, temporary: Path, neurons: Mapping[str, str]) -> Iterator[_Asked]:
    """A Python that can import what is installed, and nothing of snnviz."""
    for name in ("network.py", "weights.safetensors"):
        os.symlink(folder / name, temporary / name)
    (temporary / "neurons.json").write_text(json.dumps(dict(neurons)))
    command = [sys.executable, "-I", str(Path(harness.__file__)), str(temporary)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "SNNVIZ"))}
    with (temporary / "stderr").open("w+") as complaints:
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": complaints}
        process = subprocess.Popen(command, cwd=temporary, env=kept, text=True, **pipes)
        try:
            yield _Asked(process, complaints)
        finally:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with suppress(OSError):
                        stream.close()


def _ask(asked: _Asked, temporary: Path, given: Mapping[str, Any], alive: Callable[[], None]) -> Mapping[str, Any]:
    place = temporary / "given.npz"
    np.savez(place, allow_pickle=False, **given)
    assert asked.process.stdin is not None
    with suppress(BrokenPipeError):
        asked.process.stdin.write(f"{place}\n")
        asked.process.stdin.flush()
    began = time.monotonic()
    while time.monotonic() - began < SECONDS:
        alive()
        with suppress(Empty):
            line = asked.lines.get(timeout=ALIVE_SECONDS)
            if not line:
                raise ProofFailed(f"The export was not written: it cannot be run ({asked.last_words()}).")
            with np.load(line) as file:
                return {name: file[name] for name in file.files}
    raise ProofFailed(f"The export was not written: it did not answer within {SECONDS / 60:.0f} minutes.")
