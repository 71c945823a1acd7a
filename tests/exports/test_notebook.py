"""A notebook has the lines of the script, and runs from top to bottom."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from snnviz.events import EpochEnd
from snnviz.exports import EXPORTS
from snnviz.exports.script.assembly import write_script
from snnviz.exports.script.notebook import notebook
from snnviz.exports.writing import export
from tests.exports.conftest import Trained
from tests.exports.kinds import KINDS, design


@pytest.mark.parametrize("kind", KINDS)
def test_every_line_of_the_script_is_in_a_cell(kind: str) -> None:
    text = write_script(design(kind), "0" * 16, 16, 64).text
    cells = notebook(text)["cells"]
    code = "\n".join(cell["source"] for cell in cells if cell["cell_type"] == "code").splitlines()
    body = text.partition('"""\n\n')[2].partition('if __name__ == "__main__"')[0].splitlines()
    missing = {line for line in body if line.strip()} - {*code}
    assert missing == {"import sys", "HERE = Path(__file__).parent"}
    for cell in cells:
        if cell["cell_type"] == "code":
            compile(cell["source"], "cell", "exec")


def test_it_is_executed_from_top_to_bottom(trained: Trained, tmp_path: Path) -> None:
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    source = trained(design("batch normalisation"))
    report = export(EXPORTS["notebook"], source, tmp_path / "out")
    assert report.proof is not None
    names = {"network.ipynb", "weights.safetensors", "data.safetensors"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == names
    read = nbformat.read(tmp_path / "out" / "network.ipynb", as_version=4)
    nbformat.validate(read)
    client = nbclient.NotebookClient(read, timeout=120, resources={"metadata": {"path": str(tmp_path / "out")}})
    done = client.execute()
    said = json.dumps(done.cells)
    last = source.store.last_rows(EpochEnd, [source.run.run])[source.run.run]
    assert f"test accuracy {last.test_accuracy:.1%}" in said
    assert said.count("image/svg+xml") == 5
