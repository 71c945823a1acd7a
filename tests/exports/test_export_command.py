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
