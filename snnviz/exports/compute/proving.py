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

from snnviz.design.design import Design
from snnviz.exports.compute import harness, proving_ttfs
from snnviz.exports.compute.reference import Precision, Reference, proof_batches, reference
from snnviz.exports.form import ProgressCallback
from snnviz.exports.report import LayerProof, Proof, ProofFailed, compare_layer, require_equal
from snnviz.graph.architectures import build_architecture

SECONDS = 600.0
"""Longest time that a script may take for one part of the images."""

ALIVE_SECONDS = 0.2

PRECISIONS: tuple[Precision, Precision] = ("float32", "float64")

ROUNDING = 1e-9
"""Largest difference of the logits in float64, of 1 or of the largest logit."""


Answer = Callable[[Mapping[str, Any], Callable[[], None]], Mapping[str, Any]]
"""Returns what a script makes of arrays (`harness`); the second argument is called while it is waited for."""


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
    if design.network.code == "ttfs":
        return proving_ttfs.prove(design, arrays, neurons, answer, progress)
    thresholds = _thresholds(design, arrays)
    counted: dict[str, list[LayerProof]] = {layer: [] for layer in neurons}
    difference, right, images = 0.0, 0, 0
    parts = proof_batches(design)
    for number, part in enumerate(parts):
        single, double = (reference(design, arrays, precision, part) for precision in PRECISIONS)
        done = number / len(parts)
        found = answer(_given(single, counted, part.start), partial(progress, done))
        if not np.array_equal(found["input"], single.input):
            raise ProofFailed("The export was not written: it encodes the images otherwise than the run.")
        for layer, kept in counted.items():
            u, ours = single.potentials[layer], single.outputs[layer]
            kept.append(compare_layer(layer, u, thresholds[layer], ours, found[f"forced/{layer}"]))
        require_equal({layer: (double.outputs[layer], found[f"exact/{layer}"]) for layer in counted})
        _require_logits(double, found["logits64"])
        difference = max(difference, float(np.abs(found["logits"] - single.logits).max()))
        right += int((found["logits"].argmax(1) == single.labels).sum())
        images += len(single.labels)
        progress((number + 1) / len(parts))
    layers = tuple(_together(name, some) for name, some in counted.items())
    return Proof(True, layers, difference, right / images, images)


def _together(name: str, parts: list[LayerProof]) -> LayerProof:
    return LayerProof(
        name, sum(one.equal_share for one in parts) / len(parts), sum(one.near_threshold for one in parts)
    )


def _require_logits(double: Reference, theirs: Any) -> None:
    worst = float(np.abs(double.logits - theirs).max())
    if worst > ROUNDING * max(1.0, float(np.abs(double.logits).max())):
        raise ProofFailed(f"The export was not written: in float64 its logits differ from the run's by {worst:.2g}.")


def _thresholds(design: Design, arrays: Mapping[str, Any]) -> dict[str, float]:
    """The threshold of each layer: its own where it was learnt."""
    usual = float(getattr(design.neuron, "threshold", 0.0))
    return {
        layer.name: float(arrays.get(f"{layer.name}.threshold", usual)) for layer in build_architecture(design).layers
    }


def _given(single: Reference, neurons: Iterable[str], start: int) -> dict[str, Any]:
    found: dict[str, Any] = {"images": single.images, "input": single.input, "start": start}
    for layer in neurons:
        found[f"spikes/{layer}"] = single.outputs[layer] > 0
        found[f"potentials/{layer}"] = single.potentials[layer]
    return found


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
