"""Exports are written complete or not at all, and over nothing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors import safe_open

from snnviz.design.design import Design
from snnviz.errors import InputError
from snnviz.events import LayerState
from snnviz.exports import EXPORTS, Export, ExportedRun, Report
from snnviz.exports.report import LayerProof, ProofFailed, compare_layer, require_equal
from snnviz.exports.writing import export
from tests.conftest import MakeDesign
from tests.exports.conftest import Trained


@pytest.fixture
def source(trained: Trained, tiny: MakeDesign) -> ExportedRun:
    return trained(tiny(epochs=1))


def test_every_export_is_one_entry() -> None:
    assert {"design", "weights", "rows"} <= {*EXPORTS.names}
    for each in EXPORTS:
        assert each.label
        assert each.help.endswith(".")
        assert all(suffix.startswith(".") for suffix in each.suffixes)
    with pytest.raises(InputError, match="did you mean 'weights'"):
        EXPORTS["weigths"]


def test_a_design_is_read_back(source: ExportedRun, tmp_path: Path) -> None:
    export(EXPORTS["design"], source, tmp_path / "mine")
    assert Design.read((tmp_path / "mine.json").read_text()) == source.design


def test_weights_have_a_card(source: ExportedRun, tmp_path: Path) -> None:
    export(EXPORTS["weights"], source, tmp_path / "w.safetensors")
    with safe_open(tmp_path / "w.safetensors", framework="numpy") as file:
        card = json.loads(file.metadata()["card"])
        found = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dictionary)
    assert Design.check(card["design"]) == source.design
    assert card["data"]["licence"] == "CC BY 4.0"
    assert card["accuracy"]["seeds"] == 1
    assert card["accuracy"]["mean"] == card["accuracy"]["this_run"]
    assert card["versions"]["torch"]
    assert {*found} == {*source.checkpoint.arrays}
    assert all(np.array_equal(found[name], value) for name, value in source.checkpoint.arrays.items())


@pytest.mark.parametrize("suffix", [".csv", ".json", ".parquet"])
def test_rows_are_those_of_the_store(source: ExportedRun, tmp_path: Path, suffix: str) -> None:
    to = tmp_path / f"rows{suffix}"
    export(EXPORTS["rows"], source, to)
    read = {".csv": pd.read_csv, ".json": pd.read_json, ".parquet": pd.read_parquet}[suffix]
    table = read(to)
    states = [row for _, row in source.store.rows(source.run.run, LayerState)]
    found = table[table["table"] == "layers"]
    assert found["name"].tolist() == [row.name for row in states]
    assert np.allclose(found["var_u"].to_numpy(float), [row.var_u for row in states], rtol=1e-12)
    assert (table["table"] == "epochs").sum() == 1


def test_nothing_is_written_over(source: ExportedRun, tmp_path: Path) -> None:
    to = tmp_path / "here.json"
    to.write_text("mine")
    with pytest.raises(InputError, match="to must name a file that does not exist"):
        export(EXPORTS["design"], source, to)
    assert to.read_text() == "mine"
    export(EXPORTS["design"], source, to, force=True)
    assert Design.read(to.read_text()) == source.design
    with pytest.raises(InputError, match=r"to must end in \.json"):
        export(EXPORTS["design"], source, tmp_path / "here.txt")
    with pytest.raises(InputError, match="to must name a file, such as"):
        export(EXPORTS["design"], source, tmp_path, force=True)


def two(error: Exception | None = None) -> Export:
    def write(_: ExportedRun, path: Path, __: object) -> Report:
        (path / "a.txt").write_text("new")
        if error:
            raise error
        (path / "b.txt").write_text("new")
        return Report()

    return Export("two", "Two", "Two files.", (), False, write)


def test_a_folder_keeps_what_is_in_it(source: ExportedRun, tmp_path: Path) -> None:
    to = tmp_path / "folder"
    export(two(), source, to)
    (to / "mine.txt").write_text("mine")
    (to / "a.txt").write_text("changed")
    with pytest.raises(InputError, match=r"to must name a folder without a\.txt, b\.txt"):
        export(two(), source, to)
    assert (to / "a.txt").read_text() == "changed"
    export(two(), source, to, force=True)
    assert {path.name: path.read_text() for path in to.iterdir()} == {
        "a.txt": "new",
        "b.txt": "new",
        "mine.txt": "mine",
    }


@pytest.mark.parametrize("error", [ProofFailed("not equal"), KeyboardInterrupt()])
def test_what_fails_leaves_nothing(source: ExportedRun, tmp_path: Path, error: Exception) -> None:
    with pytest.raises(type(error)):
        export(two(error), source, tmp_path / "folder")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith((".folder", "folder"))] == []


def test_weights_that_are_gone_are_a_sentence(source: ExportedRun, tmp_path: Path) -> None:
    source.store.checkpoint_path(source.run.run).unlink()
    with pytest.raises(InputError, match="run must have weights"):
        export(EXPORTS["weights"], source, tmp_path / "w.safetensors")
    assert not (tmp_path / "w.safetensors").exists()


def test_a_spike_may_differ_at_the_threshold_alone() -> None:
    u, ours = np.array([0.5, 1.0 + 1e-6, 3.0]), np.array([0, 1, 1])
    assert compare_layer("L1", u, 1.0, ours, ours) == LayerProof("L1", 1.0, 0)
    assert compare_layer("L1", u, 1.0, ours, np.array([0, 0, 1])) == LayerProof("L1", 1 - 1 / 3, 1)
    with pytest.raises(ProofFailed, match="1 of 3 spikes of layer L1 are not"):
        compare_layer("L1", u, 1.0, ours, np.array([0, 1, 0]))
    with pytest.raises(ProofFailed, match="in float64, 1 of 3 spikes of layer L2"):
        require_equal({"L1": (ours, ours), "L2": (ours, np.array([0, 0, 1]))})
