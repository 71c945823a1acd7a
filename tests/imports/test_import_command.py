"""The command `import`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from snnviz.exports.nir.files import write_graph
from tests.cli.conftest import Snnviz, cache, snnviz  # noqa: F401 (fixtures)
from tests.exports.nir.networks import NETWORKS, exported

MLP = NETWORKS["mlp, ten steps, zero"]


def test_a_graph_becomes_a_design_and_weights(snnviz: Snnviz, tmp_path: Path) -> None:  # noqa: F811
    pytest.importorskip("nir")
    design, weights, made = exported(MLP)
    file, to = tmp_path / "x.nir", tmp_path / "w.safetensors"
    write_graph(file, made.graph)
    told = snnviz("import", str(file), "--to", str(to), "--json")
    assert told.json["design"] == design.document()
    assert 0 <= told.json["accuracy"] <= 1
    assert told.json["images"] == 360
    assert told.json["link"].startswith("/design?data.steps=10&network.kind=mlp&")
    for name, value in load_file(to).items():
        np.testing.assert_array_equal(value, weights[name])
    assert "to must name a file that does not exist" in snnviz("import", str(file), "--to", str(to)).sentence
    assert "design must not be named" in snnviz("import", str(file), "--design", "digits").sentence
    again = snnviz("import", str(to), "--design", "digits", *(f"--set={each}" for each in MLP.split()), "--json")
    assert again.json["accuracy"] == told.json["accuracy"]
    assert "of 360 test images are right." in snnviz("import", str(file)).out


def test_what_is_wrong_is_a_sentence(snnviz: Snnviz, tmp_path: Path) -> None:  # noqa: F811
    assert "file must be there" in snnviz("import", str(tmp_path / "x.nir")).sentence
    assert "file must be there" in snnviz("import", str(tmp_path / "x.safetensors")).sentence
    (tmp_path / "x.safetensors").write_bytes(b"no")
    assert "file must be safetensors" in snnviz("import", str(tmp_path / "x.safetensors")).sentence
    save_file({"fc1.weight": np.ones((2, 2), np.float32)}, tmp_path / "y.safetensors")
    assert "must have 6 layers with weights" in snnviz("import", str(tmp_path / "y.safetensors")).sentence
    assert "map must be MODULE=LAYER" in snnviz("import", str(tmp_path / "y.safetensors"), "--map", "fc1").sentence
