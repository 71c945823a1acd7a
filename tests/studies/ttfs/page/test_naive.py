"""The TTFS page's view on naive training: spectra at once, one task queued by one press, its rows drawn for all."""

from __future__ import annotations

from functools import partial
from typing import Any

from snnviz.design.links import change, to_query
from snnviz.jobs.immediate import Immediate
from snnviz.store import Store
from snnviz.studies.ttfs.trajectories import USUAL, Trajectories
from snnviz.ui.kit import services
from tests.pages.visit import Visit, by_link

TINY = change(USUAL, {"network.depth": 3, "network.width": 20, "data.train_samples": 200, "training.epochs": 2})
LINK = f"{to_query(TINY)}&view=naive&naive.neurons=40"

arrived = partial(by_link, "ttfs")


def charts(visit: Visit, key: str) -> dict[str, Any]:
    return {chart["id"]: chart for chart in visit.component("snnviz_charts", key)["charts"]}


def test_spectra_are_there_at_once_and_follow_the_link() -> None:
    visit = arrived(f"{LINK}&naive.weights=he&naive.share=0.3&naive.seed=4")
    plane, moduli = charts(visit, "ttfs-naive-plane").values()
    assert [len(trace["x"]) for trace in plane["traces"]] == [40, 40, 40]
    assert len(moduli["traces"]) == 3
    depth = charts(visit, "ttfs-naive-depth")["ttfs_depth"]
    assert {trace["name"].split(", ")[1] for trace in depth["traces"]} == {"all spike", "30 % spike"}
    assert "the largest eigenvalue of this layer has a modulus of" in visit.text
    assert "The paper's figures, full scale" in visit.text
    assert not visit.errors


def test_widgets_change_the_layers_and_the_address() -> None:
    visit = arrived(LINK)
    before = charts(visit, "ttfs-naive-plane")["ttfs_plane"]["traces"]
    visit.widgets["ttfs-naive-seed"].set_value(3)
    visit.look()
    assert charts(visit, "ttfs-naive-plane")["ttfs_plane"]["traces"] != before
    for slider in visit.at.slider:
        if slider.key.startswith("ttfs-naive-slopes"):
            slider.set_value((0.2, 0.9))
    visit.look().look()
    visit.widgets["ttfs-naive-slower"].set_value(30.0)
    visit.look().look()
    query = visit.component("snnviz_address", "ttfs-address")["query"]
    for part in ("naive.seed=3", "naive.low=0.2", "naive.high=0.9", "naive.slower=30", "view=naive"):
        assert part in query.split("&")
    again = arrived(query).at.session_state["ttfs_naive"]
    assert (again.low, again.high, again.slower, again.neurons) == (0.2, 0.9, 30.0, 40)


def test_a_wrong_link_gets_a_sentence() -> None:
    visit = arrived("view=naive&naive.low=3")
    assert visit.errors == [
        "naive.low must be at most the largest slope, 1.5, got 3.0. The digits mlp is shown instead.",
    ]


def test_one_press_queues_them_once() -> None:
    visit = arrived(LINK)
    assert visit.at.button("ttfs-naive-train").label == "Train all four"
    visit.press("ttfs-naive-train")
    (run,) = services.store().runs(of=Trajectories)
    assert run.task == Trajectories(design=TINY)
    visit.press("ttfs-naive-cancel")
    assert [run.state for run in services.store().runs(of=Trajectories)] == ["cancelled"]


def test_what_is_computed_is_drawn_for_everybody() -> None:
    store = Store()
    Immediate(store).submit(Trajectories(design=TINY))
    store.close()
    services.CACHE.clear()
    visit = arrived(LINK)
    assert visit.at.button("ttfs-naive-train").disabled
    found = charts(visit, "ttfs-naive-courses")
    assert list(found) == [f"ttfs_{name}" for name in ("accuracy", "loss", "cosine", "difference", "gradient")]
    assert len(found["ttfs_loss"]["traces"]) == 4
    assert "**B = 1 has learnt the same weights**" in visit.text
    assert "After **8 steps** the ReLU network is at" in visit.text


def test_of_few_layers_it_says_what_was_measured() -> None:
    assert "fewer have fewer factors 1/B" in arrived(LINK).text
    assert "fewer have fewer factors 1/B" not in arrived(f"{to_query(USUAL)}&view=naive&naive.neurons=10").text
