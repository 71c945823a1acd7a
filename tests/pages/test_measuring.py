"""Runs of before on the pages: a word beside their figures, and a button that looks at their layers anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from snnviz.design import links
from snnviz.design.experiment import distinct_designs
from snnviz.design.measurement import measurement_digest
from snnviz.jobs.immediate import Immediate
from snnviz.store import Run, Store
from snnviz.studies.shortcuts.page import rows
from snnviz.studies.shortcuts.page import setting as shortcuts_setting
from snnviz.studies.shortcuts.study import STARTS, ShortcutStudy, gradient_survey, study_runs
from snnviz.studies.skips.sweep import SkipSweep, sweep_points
from snnviz.ui.design import live_charts
from snnviz.ui.kit import rows as said
from snnviz.ui.kit import services, task_runs
from tests.aged import age
from tests.conftest import MakeDesign
from tests.pages.visit import Visit, by_link

TINY = SkipSweep(most_skips=1, seeds=1, depth=2, channels=2, steps=2, train_samples=100, epochs=1, twins="without")
BEFORE, TODAY = "the first 64 training images", "64 training images, 6 or 7 of each class that has as many"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is submitted is done when the page comes back."""
    monkeypatch.setattr(services, "engine", lambda: Immediate(services.store()))
    return


def aged(*runs: str) -> None:
    store = Store()
    for run in runs:
        age(store, run)
    store.close()
    services.CACHE.clear()
    task_runs._RESULTS.clear()
    said.clear()
    for drawn in (live_charts._picture, rows.charts_of):
        drawn.cache_clear()


def live(visit: Visit, run: str) -> dict[str, dict[str, object]]:
    found = visit.component("snnviz_charts", f"live-{run}")["charts"]
    return {chart["id"]: chart for chart in found}


def test_the_live_panel_says_what_was_looked_at_and_looks_anew(tiny: MakeDesign, trained: Callable[..., Run]) -> None:
    made = tiny(3)
    run = trained(made).run
    link = links.to_query(made)
    today = live(Visit(link).press("train"), run)
    assert TODAY in str(today["rate"]["caption"])
    aged(run)
    services.store()
    visit = Visit(link).press("train")
    assert f"**on {BEFORE}**" in visit.text
    assert BEFORE in str(live(visit, run)["rate"]["caption"])
    visit.press("live-anew-button")
    services.CACHE.clear()
    visit.look()
    assert f"on {BEFORE}**" not in visit.text
    assert [button.key for button in visit.at.button if button.key == "live-anew-button"] == []
    found = live(visit, run)
    assert f"{BEFORE} (measured anew: {TODAY}" in str(found["rate"]["caption"])
    traces = {trace["name"]: trace for trace in found["rate"]["traces"]}  # type: ignore[attr-defined]
    expected = {trace["name"]: trace for trace in today["rate"]["traces"]}  # type: ignore[attr-defined]
    for layer in ("L1", "L2"):
        anew = traces[f"{layer}, measured anew"]
        assert (anew["x"], anew["mode"]) == ([0, 3], "markers")
        assert anew["y"] == [expected[layer]["y"][0], expected[layer]["y"][-1]]
        assert traces[layer]["x"] == [1, 2]
    assert found["grad_norm"]["traces"] == today["grad_norm"]["traces"]  # of training steps: one line
    assert str(found["var_u_map"]["caption"]).endswith("Columns at its ends: measured anew.")


def test_a_run_that_trains_otherwise_by_now_is_shown_with_the_reason_and_not_measured(
    tiny: MakeDesign, trained: Callable[..., Run]
) -> None:
    run = trained(tiny(3)).run
    aged(run)
    store = Store()
    with store._writing() as connection:
        connection.exec_driver_sql("UPDATE runs SET key = 'ffffffffffffffff', note = 'It was computed before.'")
    store.close()
    visit = Visit("")
    visit.at.session_state["watched"] = run
    visit.look()
    assert "It was computed before." in visit.text
    assert BEFORE in str(live(visit, run)["rate"]["caption"])
    assert [button.key for button in visit.at.button if button.key == "live-anew-button"] == []


def test_the_skips_page_says_how_many_runs_are_of_before_and_looks_anew(trained: Callable[..., Run]) -> None:
    designs = distinct_designs(sweep_points(TINY))
    for design in designs:
        trained(design)

    def look() -> Visit:
        visit = Visit(page="skips")
        visit.at.session_state["sweep"] = TINY
        visit.at.session_state["skips_revision"] = 1
        services.CACHE.clear()
        return visit.look()

    def energies(visit: Visit) -> list[float]:
        found: list[float] = visit.at.dataframe[-1].value["energy"].tolist()
        return found

    def captions(visit: Visit) -> str:
        return " ".join(chart["caption"] for chart in visit.component("snnviz_charts", "skips-charts")["charts"])

    today = look()
    assert f"Counted on {TODAY}" in captions(today)
    aged(designs[0].digest)
    old = look()
    assert "1 run of before looked at layers" in old.text
    assert BEFORE in captions(old)
    assert energies(old)[1:] == energies(today)[1:]
    assert energies(old)[0] != energies(today)[0]
    old.press("skips-anew-button")
    assert services.store().get(measurement_digest(designs[0])).state == "done"
    found = look()
    assert "of before looked at layers" not in found.text
    assert energies(found) == energies(today)


def test_the_shortcuts_page_says_that_the_part_of_branches_stays(trained: Callable[..., Run]) -> None:
    small = {"network.depth": 4, "network.width": 8, "data.train_samples": 100, "data.steps": 2, "training.epochs": 1}
    design, study = links.change(STARTS["deep mlp"], small), ShortcutStudy(seeds=1)
    run = trained(study_runs(design, study)[0].design).run
    link = shortcuts_setting.to_link(design, study, "compare")
    assert BEFORE not in by_link("shortcuts", link).text
    aged(run)
    visit = by_link("shortcuts", link)
    assert f"**on {BEFORE}**" in visit.text
    why = {chart["id"]: chart for chart in visit.component("snnviz_charts", "shortcuts-why")["charts"]}
    assert why["shortcut_saturation"]["caption"].endswith(f"On {BEFORE}.")


def test_a_run_without_weights_says_so(tiny: MakeDesign, trained: Callable[..., Run], cache: Path) -> None:
    run = trained(tiny(4)).run
    aged(run)
    for file in cache.rglob("*.safetensors"):
        file.unlink()
    visit = Visit(links.to_query(tiny(4))).press("train").press("live-anew-button")
    services.CACHE.clear()
    visit.look()
    assert f"There are no weights of the run {run} to look at" in visit.text
    assert visit.at.button("live-anew-button").label == "Measure anew"


def test_a_survey_of_before_is_computed_once_more() -> None:
    design = links.change(STARTS["deep mlp"], {"network.depth": 4, "network.width": 8, "training.epochs": 2})
    study = ShortcutStudy(seeds=1, deepest=6, inits="glorot")
    setting = gradient_survey(design, study)
    services.engine().submit(setting)
    aged(setting.digest)
    visit = by_link("shortcuts", shortcuts_setting.to_link(design, study, "before"))
    assert f"**on {BEFORE}**" in visit.text
    visit.press("shortcuts-before-anew")
    services.CACHE.clear()
    visit.look()
    assert BEFORE not in visit.text
    captions = [chart["caption"] for chart in visit.component("snnviz_charts", "shortcuts-before-profile")["charts"]]
    assert f"On half of {TODAY}" in captions[0]
