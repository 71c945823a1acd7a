"""A metric is added by the file `tests/toys/metric.py` and the line that names it, to pages, tables and JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from snnviz.events import EpochEnd, LayerState
from snnviz.graph.architectures import build_architecture
from snnviz.places import ROOT
from snnviz.store import Store
from snnviz.store.metrics import metrics
from snnviz.theory.metrics import METRICS, METRICS_VARIABLE
from tests.conftest import MakeDesign

NAME = "toy_overfit"
LINE = {METRICS_VARIABLE: "tests.toys.metric"}

known = pytest.mark.skipif(NAME not in METRICS, reason="run by the first test, in a process that knows it")
unknown = pytest.mark.skipif(NAME in METRICS, reason="of a process that does not know it")


def ended(store: Store, design: object) -> str:
    """A run that reached 70 % of 90 %, and was summed up by a release that did not know the toy."""
    from snnviz.design.design import Design

    assert isinstance(design, Design)
    run = store.submit(design).run
    claim = store.claim("me", run)
    assert claim is not None
    names = [layer.name for layer in build_architecture(design).watched]
    counted = {"probe": 9, "macs": 1.0, "additions": 1.0, "synops": 1.0}
    looks = [LayerState(9, 1, k, name, 0.1, 1.0, None, **counted) for k, name in enumerate(names)]  # type: ignore[arg-type]
    store.append_rows(run, 1, [EpochEnd(1, 0.9, 0.7, 0.1, 0.2, 0.3, 0.01), *looks], seconds=1.0)
    store.finish(run, 1, "done")
    return run


@unknown
@pytest.mark.timeout(600)
def test_it_keeps_to_what_all_metrics_keep_to_and_is_shown_everywhere() -> None:
    """In a process that knows it: what each metric promises, and the tests below."""
    chosen = ["tests/test_toy_metric.py", "tests/theory/test_metrics.py", "-k", "toy"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rA", *chosen]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **LINE}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    passed = [line for line in done.stdout.splitlines() if line.startswith("PASSED")]
    assert sum(f"[{NAME}]" in line for line in passed) >= 3
    assert sum("test_toy_metric.py" in line for line in passed) == 4


@unknown
def test_who_does_not_know_it_is_at_peace_with_it(store: Store, tiny: MakeDesign) -> None:
    run = ended(store, tiny())
    before = metrics(store, [store.get(run)])[run]
    script = (
        "from snnviz.store import Store; from snnviz.store.metrics import metrics;"
        f"store = Store({str(store.path)!r}); print(metrics(store, store.runs())[{run!r}][{NAME!r}])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env={**os.environ, **LINE}, capture_output=True, text=True, check=True
    )
    assert float(done.stdout) == pytest.approx(0.2)
    assert [*store.summaries([run], [NAME])[run]] == [NAME]
    assert metrics(store, [store.get(run)])[run] == before


@known
def test_the_runs_page_has_a_column_of_it(tiny: MakeDesign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from streamlit.testing.v1 import AppTest

    from snnviz.ui.kit import services

    monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path))
    monkeypatch.delenv("SNNVIZ_STORE", raising=False)
    ended(services.store(), tiny())
    page = AppTest.from_file(str(ROOT / "pages" / "runs.py"), default_timeout=60).run()
    assert not page.exception
    assert page.dataframe[0].value[NAME].tolist() == pytest.approx([20.0])
    config = json.loads(page.dataframe[0].proto.columns)[NAME]
    assert config["label"] == "Overfitting"
    assert config["help"].startswith("Training accuracy less test accuracy.")
    assert config["type_config"]["format"] == "%.1f %%"
    services.store().close()


@known
def test_the_command_line_has_it(
    store: Store, tiny: MakeDesign, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from snnviz import commands

    monkeypatch.setenv("SNNVIZ_STORE", str(store.path))
    run = ended(store, tiny())
    for arguments in (["runs", "--json"], ["show", run, "--json"]):
        commands.main(arguments)
        said = json.loads(capsys.readouterr().out)
        found = said["runs"][0] if "runs" in said else said
        assert found["metrics"][NAME] == pytest.approx(0.2)
    commands.main(["reference"])
    assert f"`{NAME}`" in capsys.readouterr().out


@known
def test_tables_of_a_sweep_have_it(store: Store) -> None:
    from snnviz.design.experiment import distinct_designs
    from snnviz.studies.skips.charts.skips import skip_means, skip_table
    from snnviz.studies.skips.command.sweeping import sweep_columns
    from snnviz.studies.skips.sweep import SkipSweep, sweep_points
    from snnviz.views.results import Result

    swept = sweep_points(SkipSweep(seeds=2, most_skips=0, types="asc", twins="without"))
    runs = {run: store.get(run) for run in (ended(store, design) for design in distinct_designs(swept))}
    results = {name: Result(values) for name, values in metrics(store, list(runs.values())).items()}
    assert skip_table(swept, runs, results)[NAME].tolist() == pytest.approx([20.0, 20.0])
    [row] = skip_means(swept, results)
    assert row["metrics"][NAME] == {"mean": pytest.approx(0.2), "sd": pytest.approx(0.0)}
    assert sweep_columns()["overfitting"](row) == "20.0 %"


@known
def test_the_table_of_optimised_skips_has_it(store: Store) -> None:
    from snnviz.graph.twins import ann_twin
    from snnviz.studies.skips.charts.comparison import SeedDesigns, comparison_table
    from snnviz.studies.skips.optimisation import Optimisation, starting_design
    from snnviz.views.results import Result

    original = starting_design(Optimisation(), 0)
    run = store.get(ended(store, original))
    results = {run.run: Result(metrics(store, [run])[run.run])}
    assert comparison_table([SeedDesigns(ann_twin(original), original, None)], results)[NAME][1] == "20.0 %"
