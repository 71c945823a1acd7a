"""The command `export`."""

from __future__ import annotations

from pathlib import Path

import pytest

from snnviz.design.design import Design
from snnviz.jobs.immediate import Immediate
from snnviz.store import Store
from tests.cli.conftest import Snnviz, cache, snnviz  # noqa: F401 (fixtures)
from tests.conftest import MakeDesign


@pytest.fixture
def run(tiny: MakeDesign, cache: Path) -> str:  # noqa: F811, ARG001
    store = Store()
    name = Immediate(store).submit(tiny(epochs=1)).run
    store.close()
    return name


def test_a_design_is_taken_out(snnviz: Snnviz, run: str, tmp_path: Path) -> None:  # noqa: F811
    to = tmp_path / "design.json"
    told = snnviz("export", run[:6], "--as", "design", "--to", str(to), "--json")
    assert told.json["run"] == run
    assert told.json["equal"] is None
    assert Design.read(to.read_text()).digest
    assert (
        "to must name a file that does not exist" in snnviz("export", run, "--as", "design", "--to", str(to)).sentence
    )
    assert snnviz("export", run, "--as", "design", "--to", str(to), "--force").code == 0
    assert "as must be one of" in snnviz("export", run, "--as", "pickle", "--to", str(to)).sentence


def test_runs_are_bundled_brought_in_and_repeated(
    snnviz: Snnviz,  # noqa: F811
    run: str,
    tiny: MakeDesign,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = Store()
    Immediate(store).submit(tiny(1, epochs=1))
    store.tag(run, ["mine"])
    store.close()
    assert snnviz("export", "--all", "--as", "bundle", "--to", str(tmp_path / "all.zip"), "--json").code == 0
    told = snnviz("export", "--filter", "tag = mine", "--as", "rows", "--to", str(tmp_path / "rows.csv"))
    assert f"of run {run}" in told.out
    assert "run must be named" in snnviz("export", "--as", "rows", "--to", str(tmp_path / "x.csv")).sentence
    nobody = snnviz("export", "--filter", "tag = nobody", "--as", "rows", "--to", str(tmp_path / "x.csv"))
    assert "--filter must take a finished run" in nobody.sentence
    known = snnviz("bundle", str(tmp_path / "all.zip"), "--json").json["runs"]
    assert [one["existed"] for one in known] == [True, True]
    monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path / "another"))
    told = snnviz("bundle", str(tmp_path / "all.zip"), "--verify")
    assert told.out.splitlines()[-1] == "2 of 2 equal, bit for bit."
    assert len(snnviz("runs", "--json").json["runs"]) == 2
    assert "be a bundle that is whole" in snnviz("bundle", str(tmp_path / "rows.csv")).sentence


def test_the_proof_is_said_in_json(snnviz: Snnviz, run: str, tmp_path: Path) -> None:  # noqa: F811
    found = snnviz("export", run, "--as", "nir", "--to", str(tmp_path / "net.nir"), "--json").json
    assert found["equal"] is True
    assert {layer["share"] for layer in found["layers"]} == {1.0}
    assert {"name", "share"} <= {*found["layers"][0]}
    assert 0 <= found["accuracy"] <= 1
