"""snnviz from Python: what it promises, and every example of docs/api.md."""

from __future__ import annotations

import pkgutil
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest
import torch

import snnviz
from snnviz import api
from snnviz.api.__main__ import page
from snnviz.design.design import Design
from snnviz.errors import InputError, NotFound
from snnviz.jobs.local import Local
from snnviz.places import ROOT
from snnviz.store import Store

NAMES = [name for name in snnviz.__all__ if not name.startswith("__")]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SNNVIZ_STORE", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "cache"


SMALL = {
    "training.epochs": 1,
    "data.train_samples": 100,
    "data.test_samples": 40,
    "network.depth": 2,
    "network.width": 20,
}


def small(**more: object) -> Design:
    return snnviz.load_design("digits-mlp", **SMALL, **more)


def test_no_name_is_that_of_a_module() -> None:
    modules = {each.name for each in pkgutil.iter_modules([str(ROOT / "snnviz")])}
    assert not modules & {*NAMES}
    assert {*NAMES} <= {*dir(snnviz)}
    assert all(getattr(snnviz, name) is getattr(api, name) for name in NAMES)
    stub = (ROOT / "snnviz" / "__init__.pyi").read_text()
    assert {*re.findall(r"import (\w+) as \1", stub)} == {*NAMES}
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        snnviz.nothing  # noqa: B018


def test_importing_loads_nothing_heavy() -> None:
    code = (
        "import sys, time; t = time.perf_counter(); import snnviz; s = time.perf_counter() - t; "
        "heavy = {'torch', 'pandas', 'numpy', 'sqlalchemy', 'streamlit'} & {*sys.modules}; "
        "snnviz.load_design; print(s < 0.3, heavy, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert done.stdout == "True set() False\n", done.stderr


def test_a_run_is_what_the_store_has() -> None:
    heard: list[object] = []
    run = snnviz.train(small(), heard.append)
    assert heard
    assert run.accuracy == run.epochs.test_accuracy.iloc[-1] == run.metrics["accuracy"]
    assert {*run.layers.name} == {"L1", "L2", "readout"}
    assert isinstance(run.network, torch.nn.Module)
    assert run.network.eval()(torch.rand(3, 1, 8, 8)).shape == (3, 10)
    look = run.look(7)
    assert look.predicted == int(look.readout[-1].argmax())
    assert look.layers.name.tolist() == ["L1", "L2"]
    assert "says" in look._repr_html_()
    assert run.figure("rates").data[0].name
    with pytest.raises(InputError, match="figure must be one of accuracy, loss"):
        run.figure("speed")
    assert run.name in run._repr_html_()
    assert snnviz.load_run(run.name[:6]).design == small()
    report = run.export("rows", "rows.csv")
    assert report.notes
    assert pd.read_csv("rows.csv")["run"].unique().tolist() == [run.name]
    assert snnviz.runs().index.tolist() == [run.name]
    assert snnviz.runs("accuracy > 1").empty
    with pytest.raises(NotFound):
        snnviz.load_run("ffffffff")


def test_settings_that_break_a_rule_are_a_sentence() -> None:
    with pytest.raises(InputError, match=r"neuron\.threshold must be a number from 0 to 10, got -1"):
        small(**{"neuron.threshold": -1})


def test_an_experiment_has_a_row_for_each_run() -> None:
    table = snnviz.experiment(small(), {"neuron.threshold": [0.5, 1]}, seeds=2)
    assert sorted(zip(table["neuron.threshold"], table.seed, strict=True)) == [(0.5, 0), (0.5, 1), (1, 0), (1, 1)]
    assert table.accuracy.notna().all()
    found = snnviz.compare(small(), small(**{"neuron.threshold": 0.5}), seeds=2)
    assert found.paired.done.keys() == {0, 1}
    expected = table.groupby("neuron.threshold").accuracy.mean()
    assert found.table.loc["accuracy", "difference"] == pytest.approx(expected[0.5] - expected[1])
    assert "points" in found.sentence()


def test_the_page_is_that_of_the_docstrings() -> None:
    assert (ROOT / "docs" / "api.md").read_text() == page(), "python -m snnviz.api > docs/api.md"


def test_every_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", page(), re.MULTILINE | re.DOTALL)
    shown = [
        block
        for block in blocks
        if not block.startswith(("snnviz.load_design(name", "snnviz.")) or "=" in block.partition("(")[0]
    ]
    names: dict[str, object] = {}
    try:
        with ThreadPoolExecutor(1) as apart:  # tests of a browser before may have left this thread's loop running
            for block in shown:
                apart.submit(exec, compile(block, "docs/api.md", "exec"), names).result()
    finally:
        store = Store()
        Local(store).stop()
        store.close()
    assert len(shown) >= 7
    assert "points" in capsys.readouterr().out
