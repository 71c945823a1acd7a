"""The process that makes exports for pages."""

from __future__ import annotations

import io
import zipfile

import pytest

from snnviz.design.design import Design
from snnviz.errors import InputError
from snnviz.exports.compute import answering
from snnviz.exports.exported_file import ExportedFile
from tests.conftest import MakeDesign
from tests.exports.conftest import Trained
from tests.exports.kinds import design


def test_a_file_travels_as_it_is_and_a_folder_as_a_zip(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    source, told = trained(design("mlp")), []
    request = {"as": "design", "suffix": "", "run": source.run.run}
    made = ExportedFile.from_bytes(answering.answer(source.store, request, told.append))
    assert made.name == f"design-{source.run.run[:8]}.json"
    assert Design.read(made.data.decode()) == source.design
    made = ExportedFile.from_bytes(answering.answer(source.store, {**request, "as": "script"}, told.append))
    assert any("every spike of 2 layers is equal" in sentence for sentence in made.notes)
    with zipfile.ZipFile(io.BytesIO(made.data)) as file:
        names = {name.rpartition("/")[2] for name in file.namelist()}
    assert names == {"network.py", "weights.safetensors", "data.safetensors"}
    assert told[-1] == 1.0
    monkeypatch.setattr(answering, "MOST_BYTES", 1000)
    with pytest.raises(InputError, match="export must be 0 MB at most on a page"):
        answering.answer(source.store, request, told.append)


def test_what_is_none_is_a_sentence(trained: Trained, tiny: MakeDesign) -> None:
    source = trained(tiny(epochs=1))
    with pytest.raises(InputError, match="as must be one of"):
        answering.answer(source.store, {"as": "../x", "suffix": "", "run": source.run.run}, print)
    with pytest.raises(InputError, match="to must end in"):
        answering.answer(source.store, {"as": "rows", "suffix": ".exe", "run": source.run.run}, print)
