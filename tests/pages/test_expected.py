"""What finished runs let expect, on the Design page: numbers, what is unknown, a curve, and the widest gap."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.events import EpochEnd
from snnviz.store import Store
from snnviz.studies.tradeoffs.compute import expecting, refitting
from snnviz.theory.expected_files import model_folder
from snnviz.ui.kit import services
from tests import surface
from tests.pages.visit import Visit

AXES = {**surface.AXES, "neuron.threshold": (0.5, 1.0, 1.5), "network.depth": (2,), "data.steps": (5,)}
DESIGNS = surface.designs(20, axes=AXES)


@pytest.fixture
def store(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:  # noqa: ARG001 (the pages use it)
    """The pages' store, with runs that nobody had to train, and a model of them."""
    monkeypatch.setattr(expecting, "TREES", 2)
    opened = Store()
    for group in surface.groups(DESIGNS, seeds=1):
        finish(opened, group.design, group.values["accuracy"][0])
    refitting.refit_models(opened, model_folder())
    yield opened
    opened.close()


def finish(store: Store, design: Design, accuracy: float) -> None:
    run = store.submit(design).run
    claim = store.claim("test", run)
    assert claim is not None
    store.append_rows(run, claim.attempt, [EpochEnd(1, accuracy, accuracy, 1.0, 1.0, 0.2, 0.01)])
    store.finish(run, claim.attempt, "done")


@pytest.fixture
def engine(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Queues, and trains nothing."""

    class Queue:
        submit = staticmethod(store.submit)

    monkeypatch.setattr(services, "engine", Queue)


def said(visit: Visit) -> str:
    """All that is written, without Markdown's escapes."""
    return visit.text.replace("\\", "").replace("\u00a0", " ")


def metrics(visit: Visit) -> dict[str, tuple[str, str]]:
    """Those with an interval below them."""
    return {one.label: (one.value, one.delta) for one in visit.at.metric if one.delta}


def curve(visit: Visit) -> dict[str, Any]:
    found: dict[str, Any] = visit.component("snnviz_charts", "over-chart")["charts"][0]
    return found


def own(visit: Visit) -> list[tuple[float, float]]:
    """The dots of runs of the design but for the field."""
    traces = {trace.get("name"): trace for trace in curve(visit)["traces"]}
    found = traces["runs of this design"]
    return [*zip(found["x"], found["y"], strict=True)]


def test_an_empty_store_says_so_in_a_sentence() -> None:
    visit = Visit()
    assert "once 10 designs have been trained on this data" in said(visit)
    assert "Expected from" not in said(visit)
    assert visit.component("snnviz_charts", "over-chart") is None


@pytest.mark.usefixtures("store")
class TestKnown:
    def test_numbers_with_intervals_their_check_and_the_nearest_runs(self) -> None:
        visit = Visit(links.to_query(DESIGNS[0]))
        assert "**Expected from 20 runs here**" in said(visit)
        accuracy, interval = metrics(visit)["Test accuracy"]
        assert accuracy.endswith("%")
        low, high, value = (float(end.rstrip("% \u00a0")) for end in (*interval.split(" to "), accuracy))
        assert 0 <= low <= value <= high <= 100
        assert "Firing rate" in metrics(visit)
        assert "90 % intervals for one run. Checked on designs left out: " in said(visit)
        near = [button for button in visit.at.button if (button.key or "").startswith("near-")]
        assert len(near) == 3
        assert near[0].label.endswith("this design")

    def test_a_nearest_run_opens(self) -> None:
        visit = Visit(links.to_query(links.change(DESIGNS[0], {"seed": 9})))
        near = next(button for button in visit.at.button if (button.key or "").startswith("near-"))
        visit.press(near.key)
        assert visit.design == DESIGNS[0]

    def test_away_from_what_was_tried_nothing_is_expected(self) -> None:
        visit = Visit(links.to_query(links.change(DESIGNS[0], {"neuron.threshold": 3})))
        assert "Unknown here: Threshold θ 3 is away from what was tried (0.5, 1, 1.5)." in said(visit)
        assert "Firing rate" not in metrics(visit)
        visit = Visit(links.to_query(links.change(DESIGNS[0], {"init": "zenke-2021"})))
        assert "Unknown here: Initialisation zenke 2021 is away from what was tried" in said(visit)

    def test_a_curve_over_the_field_that_was_changed_last(self) -> None:
        visit = Visit(links.to_query(DESIGNS[0]))
        assert curve(visit)["title"] == "Test accuracy over Threshold θ"
        assert "90 % interval" in curve(visit)["caption"]
        visit.put("network.width", 40)
        assert curve(visit)["title"] == "Test accuracy over Width"
        visit.put("neuron.beta", 0.4)
        assert curve(visit)["title"] == "Test accuracy over Leak β"

    def test_dots_are_where_runs_are(self) -> None:
        visit = Visit(links.to_query(DESIGNS[0]))
        traces = {trace.get("name"): trace for trace in curve(visit)["traces"]}
        own, others = traces["runs of this design"], traces["other runs"]
        assert len(own["x"]) + len(others["x"]) == 20
        told = surface.groups(DESIGNS, seeds=1)[0].values["accuracy"][0]
        assert (DESIGNS[0].document()["neuron"]["threshold"], pytest.approx(told, abs=1e-4)) in zip(
            own["x"], own["y"], strict=True
        )

    def test_a_drawn_skip_draws_anew_what_is_there(self) -> None:
        """Streamlit refuses to draw a fragment that is not on the page."""
        assert Visit(links.to_query(DESIGNS[0])).at.session_state["foretold"] == ("known", "over")
        empty = Visit(links.to_query(links.change(DESIGNS[0], {"data.name": "mnist"})))
        assert empty.at.session_state["foretold"] == ("known",)

    def test_another_data_set_has_nothing_yet(self) -> None:
        visit = Visit(links.to_query(links.change(DESIGNS[0], {"data.name": "mnist"})))
        assert "once 10 designs" in said(visit)


@pytest.mark.usefixtures("engine")
class TestGap:
    def test_a_press_queues_exactly_one_run_in_the_widest_gap(self, store: Store) -> None:
        visit = Visit(links.to_query(DESIGNS[0]))
        before = store.counts()
        visit.press("fill-gap")
        after = store.counts()
        assert after["queued"] - before["queued"] == 1
        assert sum(after.values()) - sum(before.values()) == 1
        (queued,) = store.runs(states=("queued",))
        own, new = (links.flatten(design) for design in (DESIGNS[0], queued.design))
        assert {path for path in own if own[path] != new[path]} == {"neuron.threshold"}
        assert new["neuron.threshold"] in (0.5, 1.5) or 0.5 < new["neuron.threshold"] < 1.5
        assert f"Threshold θ {new['neuron.threshold']:.6g}: " in said(visit)

    def test_the_next_press_takes_the_next_gap(self, store: Store) -> None:
        visit = Visit(links.to_query(DESIGNS[0]))
        for _ in range(4):
            visit.press("fill-gap")
        thetas = [run.design.document()["neuron"]["threshold"] for run in store.runs(states=("queued",))]
        assert len(set(thetas)) == 4

    def test_when_it_is_done_it_is_a_dot_before_the_model_knows_it(self, store: Store) -> None:
        visit = Visit(links.to_query(DESIGNS[0]))
        visit.press("fill-gap")
        (queued,) = store.runs(states=("queued",))
        before = own(visit)
        assert "in the queue" in said(visit)
        finish(store, queued.design, 0.4321)
        services.CACHE.clear()
        visit.look()
        theta = queued.design.document()["neuron"]["threshold"]
        assert own(visit) == [*before, (theta, 0.4321)]
        assert "done, and the curve will learn from it" in said(visit)
        refitting.refit_models(store, model_folder())
        visit.look()
        assert sorted(own(visit)) == sorted([*before, (theta, 0.4321)])
        assert "will learn from it" not in said(visit)

    def test_a_design_without_runs_begins_where_it_is(self, store: Store) -> None:
        new = links.change(DESIGNS[0], {"neuron.beta": 0.55, "network.width": 55})
        visit = Visit(links.to_query(new))
        assert visit.at.button("fill-gap").label == f"Train at Threshold θ {new.document()['neuron']['threshold']:g}"
        visit.press("fill-gap")
        assert [run.design for run in store.runs(states=("queued",))] == [new]
