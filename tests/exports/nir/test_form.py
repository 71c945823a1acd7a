"""A run is taken out as NIR: proven, or there is no file."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from snnviz.errors import InputError
from snnviz.exports import EXPORTS, writing
from snnviz.exports.nir import building
from snnviz.exports.nir.files import read_graph
from snnviz.exports.nir.graph import Node
from snnviz.exports.report import ProofFailed
from tests.conftest import MakeDesign
from tests.exports.conftest import Trained

pytest.importorskip("nir")


def test_a_run_is_proven_and_says_what_nir_does_not(trained: Trained, tiny: MakeDesign, tmp_path: Path) -> None:
    source = trained(tiny(epochs=1))
    report = writing.export(EXPORTS["nir"], source, tmp_path / "run")
    assert report.proof is not None
    assert report.proof.equal
    assert report.proof.images == 50
    assert [layer.name for layer in report.proof.layers] == ["L1", "L2"]
    assert any(line.startswith("The profile is exact, not portable, as ") for line in report.notes)
    assert any("nirtorch 2.6 drops the bias" in line for line in report.notes)
    graph = read_graph(tmp_path / "run.nir")
    assert int(graph.metadata["steps"]) == source.design.data.steps
    assert graph.metadata["profile"] == "exact"


def test_a_graph_that_differs_leaves_no_file(
    trained: Trained, tiny: MakeDesign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = building.build_graph

    def wrong(*given: Any) -> Any:
        made = whole(*given)
        node = made.graph.nodes["L1_linear"]
        other = Node(node.kind, {**node.fields, "weight": node["weight"] * 1.5}, node.metadata)
        return replace(made, graph=replace(made.graph, nodes={**made.graph.nodes, "L1_linear": other}))

    monkeypatch.setattr(building, "build_graph", wrong)
    with pytest.raises(ProofFailed, match="layer L1 are not those of the run"):
        writing.export(EXPORTS["nir"], trained(tiny(epochs=1)), tmp_path / "run.nir")
    assert not list(tmp_path.glob("*.nir"))


def test_without_the_package_a_sentence_says_what_to_install(
    trained: Trained, tiny: MakeDesign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "nir", None)
    with pytest.raises(InputError, match="pip install nir"):
        writing.export(EXPORTS["nir"], trained(tiny(epochs=1)), tmp_path / "run.nir")


def test_menus_know_it_without_loading_nir_h5py_or_torch() -> None:
    script = """
import sys
from snnviz.exports import EXPORTS
assert EXPORTS["nir"].suffixes == (".nir",)
import snnviz.exports.nir.building, snnviz.exports.nir.files, snnviz.exports.nir.proving
print([name for name in ("nir", "h5py", "torch") if name in sys.modules])
"""
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
