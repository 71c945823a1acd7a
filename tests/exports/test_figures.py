"""Figures as files: each chart of the run's page in three formats."""

from __future__ import annotations

import importlib
import os
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from snnviz.errors import InputError
from snnviz.exports import EXPORTS
from snnviz.exports.forms import figures
from snnviz.exports.writing import export
from tests.conftest import MakeDesign
from tests.exports.conftest import Trained


@pytest.mark.browser
@pytest.mark.slow
def test_each_figure_has_three_formats(trained: Trained, tiny: MakeDesign, tmp_path: Path) -> None:
    pytest.importorskip("kaleido")
    if not any(map(shutil.which, figures.BROWSERS)):
        pytest.skip("there is no browser")
    export(EXPORTS["figures"], trained(tiny(epochs=1)), tmp_path / "f.zip")
    with zipfile.ZipFile(tmp_path / "f.zip") as file:
        found = {name: file.read(name) for name in file.namelist()}
    begins = {"svg": b"<svg", "pdf": b"%PDF", "png": b"\x89PNG"}
    assert len(found) >= 15
    assert all(data.startswith(begins[name.rpartition(".")[2]]) for name, data in found.items())
    assert b"spikes / neuron / step" in found["rate.svg"]


def test_what_is_missing_is_a_sentence(
    trained: Trained, tiny: MakeDesign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, usual = trained(tiny(epochs=1)), importlib.import_module

    def without(name: str, *rest: Any) -> Any:
        if name == "kaleido":
            raise ImportError(name)
        return usual(name, *rest)

    monkeypatch.setattr(importlib, "import_module", without)
    with pytest.raises(InputError, match="pip install kaleido"):
        export(EXPORTS["figures"], source, tmp_path / "f.zip")
    monkeypatch.setattr(
        importlib, "import_module", lambda name, *rest: None if name == "kaleido" else usual(name, *rest)
    )
    monkeypatch.setattr(figures, "BROWSERS", ())
    monkeypatch.delenv("BROWSER_PATH", raising=False)
    with pytest.raises(InputError, match="where there is a Chromium"):
        export(EXPORTS["figures"], source, tmp_path / "f.zip")
    assert [*os.listdir(tmp_path)] == [name for name in os.listdir(tmp_path) if not name.startswith((".f", "f"))]
