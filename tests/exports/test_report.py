"""The report: one file, every figure, nothing fetched, no text that is code."""

from __future__ import annotations

import json
import re
from pathlib import Path

from snnviz.exports import EXPORTS, ExportedRun
from snnviz.exports.writing import export
from tests.conftest import MakeDesign
from tests.exports.conftest import Trained

HOSTILE = "</title><script>document.title='taken'</script>"


def test_everything_of_a_run_is_in_one_file(trained: Trained, tiny: MakeDesign, tmp_path: Path) -> None:
    source = trained(tiny(epochs=1))
    source.store.rename(source.run.run, HOSTILE)
    source = ExportedRun(source.store, source.store.get(source.run.run))
    export(EXPORTS["report"], source, tmp_path / "r.html")
    text = (tmp_path / "r.html").read_text()
    head, _, body = text.partition("<body>")
    figures = re.findall(r'<script type="application/json" id="(figure-\d+)">(.*?)</script>', body, re.DOTALL)
    assert len(figures) >= 5
    assert all(json.loads(figure)["data"] for _, figure in figures)
    assert HOSTILE not in text
    assert "CC BY 4.0" in body
    assert source.run.run in body
    assert not re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=", text.replace(head, head.partition("<script>")[0]))
