"""Files that somebody has spoiled are one sentence, whatever is in them, in bounded time and memory.

    python -m tests.imports.test_hostile [NUMBER ...]

says of each what becomes of it.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
import tracemalloc
from functools import cache
from pathlib import Path

import h5py
import numpy as np
import pytest
from safetensors.numpy import save

from snnviz.design.design import Design
from snnviz.errors import InputError
from snnviz.exports.nir import files
from snnviz.exports.nir.files import write_graph
from snnviz.exports.nir.graph import graphs_equal
from snnviz.imports import IMPORTS
from snnviz.imports.form import ImportRequest
from snnviz.imports.nir import subprocess_reading
from tests.exports.nir.networks import NETWORKS, exported, network
from tests.hostile import cut, early, flipped, longer, moved, numbered

COUNT = 300
SPOILS = (flipped, early, cut, longer, numbered, moved)
SECONDS = 5


@cache
def sound() -> tuple[tuple[str, bytes, Design | None], ...]:
    """Files of those who mean well: graphs with and without our metadata, and a state dict."""
    found: list[tuple[str, bytes, Design | None]] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.nir"
        for name in ("mlp, ten steps, zero", "backward", "mlp, one step"):
            made = exported(NETWORKS[name])[2]
            write_graph(path, made.graph)
            if name == "mlp, one step":
                with h5py.File(path, "a") as file:
                    del file["node/metadata"]
            found.append(("x.nir", path.read_bytes(), None))
    design, weights = network(NETWORKS["mlp, one step"])
    found.append(("x.safetensors", save(weights), design))
    return tuple(found)


def hostile(number: int) -> tuple[str, bytes, Design | None]:
    """The file of this number, always the same."""
    draw = random.Random(number)
    name, raw, design = sound()[number % len(sound())]
    for _ in range(draw.choice((1, 1, 2, 3))):
        raw = draw.choice(SPOILS)(draw, raw)
    return name, raw, design


def outcome(number: int, folder: Path) -> str:
    """What becomes of a file: "read", or a sentence. Anything else is raised."""
    name, raw, design = hostile(number)
    path = folder / name
    path.write_bytes(raw)
    try:
        IMPORTS.for_file(path).read(path, ImportRequest(design))
    except InputError as error:
        text = str(error)
        assert text.isprintable()
        assert len(text) < 700
        return text
    return "read"


@pytest.mark.parametrize("numbers", [range(100), pytest.param(range(100, COUNT), marks=pytest.mark.slow)])
def test_spoiled_files_are_sentences(numbers: range, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read in this process, as one for each of them would take long."""
    pytest.importorskip("nir")
    monkeypatch.setattr(subprocess_reading, "read_in_subprocess", files.read_graph)
    told = []
    sound()
    for number in numbers:
        began = time.process_time()
        told.append(outcome(number, tmp_path))
        assert time.process_time() - began < SECONDS, number
    assert len(numbers) / 10 < told.count("read") < len(numbers) * 3 / 4, "both happen"
    assert len(set(told)) > len(numbers) / 10


def test_what_is_sound_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("nir")
    monkeypatch.setattr(subprocess_reading, "read_in_subprocess", files.read_graph)
    for name, raw, design in sound():
        (tmp_path / name).write_bytes(raw)
        assert IMPORTS.for_file(tmp_path / name).read(tmp_path / name, ImportRequest(design)).weights


def graph_with(path: Path, change: str) -> None:
    """A graph of two layers with one thing in it that no honest writer puts there."""
    write_graph(path, exported(NETWORKS["mlp, ten steps, zero"])[2].graph)
    with h5py.File(path, "a") as file:
        weight = "node/nodes/L1_linear/weight"
        if change == "link":
            del file[weight]
            file[weight] = h5py.ExternalLink("/etc/passwd", "/x")
        elif change == "soft link":
            del file[weight]
            file[weight] = h5py.SoftLink("/node/nodes/L2_linear/weight")
        elif change == "external data":
            del file[weight]
            file.create_dataset(weight, (12, 64), "<f4", external=[("/etc/passwd", 0, h5py.h5f.UNLIMITED)])
        elif change == "virtual":
            del file[weight]
            layout = h5py.VirtualLayout((12, 64), "<f4")
            layout[:] = h5py.VirtualSource("other.h5", "x", shape=(12, 64))
            file.create_virtual_dataset(weight, layout)
        elif change == "vast":
            del file[weight]
            file.create_dataset(weight, (10**6, 10**6), "<f4", chunks=(1000, 1000), compression="gzip")
        elif change == "many":
            for name in range(11_000):
                file.create_group(f"node/nodes/n{name}")
        elif change == "chunks":
            del file[weight]
            file.create_dataset(weight, (12, 64), "<f4", chunks=(10**5, 10**4), maxshape=(None, None))
        elif change == "objects":
            del file[weight]
            file.create_dataset(weight, (12, 64), h5py.string_dtype())
        elif change == "not numbers":
            file[weight][0, 0] = np.nan
        elif change == "edges":
            del file["node/edges"]
            file.create_dataset("node/edges", data=[["input", "nowhere"]], dtype=h5py.string_dtype())
        elif change == "itself":
            del file["node/nodes"]
            file["node/nodes"] = file["node"]
        elif change == "metadata":
            del file["node/metadata/design"]
            file["node/metadata/design"] = "seed=1&" * 100_000
        elif change == "code":
            del file["node/nodes/L1_linear/type"]
            file["node/nodes/L1_linear/type"] = "__import__('os').system"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("link", "the node L1_linear must hold weight itself, got a link to somewhere else"),
        ("soft link", "the node L1_linear must hold weight itself, got a link to somewhere else"),
        ("external data", "the node L1_linear must hold weight itself, got an array in another file"),
        ("virtual", "the node L1_linear must hold weight itself, got an array in another file"),
        ("vast", "weight of the node L1_linear must be at most 0.5 GB"),
        ("chunks", "weight of the node L1_linear must be at most 0.5 GB"),
        ("many", "the graph must have from 1 to 10,000 nodes"),
        ("objects", "weight of the node L1_linear must be one text"),
        ("not numbers", "weight of the node L1_linear must be finite numbers"),
        ("edges", "edges of the graph must lead from node to node, got 'nowhere'"),
        ("itself", "the graph must have edges as a group, got an array"),
        ("metadata", "link must be at most 8,192 characters long"),
        ("code", "the node L1_linear must be one of Input, Output"),
    ],
)
def test_what_no_honest_writer_puts_there(
    change: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("nir")
    monkeypatch.setattr(subprocess_reading, "read_in_subprocess", files.read_graph)
    path = tmp_path / "x.nir"
    graph_with(path, change)
    tracemalloc.start()
    try:
        with pytest.raises(InputError) as error:
            IMPORTS.for_file(path).read(path, ImportRequest())
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()
    assert str(error.value).startswith(sentence)


@pytest.mark.parametrize(
    ("reader", "sentence"),
    [
        ("sleep 60", "file must be read within 0.5 s, got one that takes longer"),
        ("exit 1", "file must be readable, got one that ends whoever reads it"),
    ],
)
def test_a_file_that_keeps_its_reader_busy_or_ends_it(
    reader: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `hostile(1588)` does, in which HDF5 1.14 looks for a text for ever."""
    script = tmp_path / "reader"
    script.write_text(f"#!/bin/sh\nexec {reader}\n" if reader != "exit 1" else "#!/bin/sh\nexit 1\n")
    script.chmod(0o755)
    monkeypatch.setattr(subprocess_reading.sys, "executable", str(script))
    with pytest.raises(InputError, match=sentence):
        subprocess_reading.read_in_subprocess(tmp_path / "x.nir", seconds=0.5)


@pytest.mark.parametrize("name", ["vgg, average, zero"])
def test_a_process_of_its_own_reads_the_same(name: str, tmp_path: Path) -> None:
    pytest.importorskip("nir")
    graph = exported(NETWORKS[name])[2].graph
    write_graph(tmp_path / "x.nir", graph)
    assert graphs_equal(subprocess_reading.read_in_subprocess(tmp_path / "x.nir"), graph)
    with pytest.raises(InputError, match="file must be there"):
        subprocess_reading.read_in_subprocess(tmp_path / "y.nir")


def test_a_pickle_is_not_read(tmp_path: Path) -> None:
    for name in ("x.pt", "x.pth", "x.PKL"):
        with pytest.raises(InputError, match="as reading a pickle runs what is in it"):
            IMPORTS.for_file(tmp_path / name)
    with pytest.raises(InputError, match=r"file must end in .nir or .safetensors, got 'x.txt'"):
        IMPORTS.for_file(tmp_path / "x.txt")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        for each in map(int, sys.argv[1:] or range(COUNT)):
            print(each, outcome(each, Path(place)))
