"""The Look inside page, as a visitor sees it without a browser; the process that holds the networks is real."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from snnviz.core.execute import execute
from snnviz.design.design import Design
from snnviz.design.links import change, to_query
from snnviz.events import Checkpoint
from snnviz.gallery import making
from snnviz.graph.ttfs import ttfs_network
from snnviz.graph.twins import ann_twin
from snnviz.jobs.immediate import Immediate
from snnviz.store import Run, Store, shipped
from snnviz.studies.inside.look import Look
from snnviz.studies.inside.page import client, own_image, setting
from snnviz.studies.inside.page.choosing import Cell
from snnviz.studies.ttfs.study import STARTS
from snnviz.tasks import GalleryEntry
from snnviz.ui.kit import services
from tests.pages.visit import Visit, by_link
from tests.studies.inside.page.shown import TINY, charts

START = client.LookClient.start
"""As it is: the pages' tests replace it."""


def test_without_a_run_it_says_what_to_do() -> None:
    assert "press Train on the Design page" in by_link("inside", "").text
    assert "This run is not on this server" in by_link("inside", f"look.run={'0' * 16}").text


SICK = change(TINY, {"neuron.threshold": 10.0})
"""Never spikes."""

CAME = tuple(GalleryEntry(name, name, "design", f"{__name__}:{name}") for name in ("healthy", "sick"))


def healthy(_: Store) -> list[Design]:
    return [TINY]


def sick(_: Store) -> list[Design]:
    return [SICK]


def network_shown(visit: Visit) -> str:
    (menu,) = [one for one in visit.at.selectbox if one.label == "Network"]
    return str(menu.value)


def test_it_opens_with_ones_own_newest_run_and_before_there_is_one_with_a_healthy_one_that_came(
    trained: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(shipped.VARIABLE, "0")
        making.train(CAME, tmp_path / "work", lambda _: None, Immediate)  # the one that never spikes is the newest
        making.pack(CAME, tmp_path / "work", tmp_path / "came")
    monkeypatch.setenv(shipped.VARIABLE, str(tmp_path / "came"))
    services.CACHE.clear()
    assert {run.run for run in setting.choices().values()} == {TINY.digest, SICK.digest}
    assert network_shown(by_link("inside", "")) == SICK.digest, "where the named design did not come"
    monkeypatch.setattr(setting, "get_example", lambda _: TINY)
    visit = by_link("inside", "")
    assert network_shown(visit) == TINY.digest
    assert f"look.run={TINY.digest}" in visit.link
    own = trained(change(TINY, {"seed": 5}))
    assert network_shown(by_link("inside", "")) == own.run
    assert network_shown(visit.look()) == TINY.digest, "a page that is open shows what it showed"


def test_images_are_chosen_misread_first_by_class_and_by_a_cell(trained: Callable[..., Run]) -> None:
    run = trained(TINY)
    whole = client.answer("overview", Look(run=run.run), 1)
    labels, predicted = whole.arrays["labels"], whole.arrays["predicted"]

    def grid() -> list[int]:
        groups = visit.component("snnviz_pictures", "inside-grid")["groups"]
        return [int(one["pick"]) for one in groups[0]["items"]]

    visit = by_link("inside", f"look.run={run.run}")
    wrong = np.flatnonzero(labels != predicted).tolist()
    assert wrong
    assert grid()[: len(wrong)] == wrong[:24]
    (menu,) = [one for one in visit.at.selectbox if one.label == "Class"]
    menu.set_value(int(labels[wrong[0]]))
    visit.look()
    assert sorted(grid()) == np.flatnonzero(labels == labels[wrong[0]]).tolist()
    cell = (int(labels[wrong[0]]), int(predicted[wrong[0]]))
    visit.at.session_state["inside-cell"] = Cell(*cell, Look(run=run.run))
    visit.look()
    assert grid() == np.flatnonzero((labels == cell[0]) & (predicted == cell[1])).tolist()
    assert visit.at.button("inside-cell-off").label == f"True {cell[0]}, answer {cell[1]}"
    changed = Look(run=run.run, muted="L2<stem", threshold=1.5)
    other = client.answer("overview", changed, 1).arrays["predicted"]
    cell = next((int(true), int(given)) for true, given in zip(labels, other, strict=True) if true != given)
    expected = np.flatnonzero((labels == cell[0]) & (other == cell[1])).tolist()
    assert expected != np.flatnonzero((labels == cell[0]) & (predicted == cell[1])).tolist()
    visit.at.session_state["inside-cell"] = Cell(*cell, changed)
    visit.look()
    assert grid() == expected, "those that the changed network reads so"
    assert "As the changed network read them." in visit.text
    visit.at.session_state["inside-cell"] = Cell(*cell, Look(run="0" * 16))
    visit.look()
    assert len(grid()) == 24, "a cell of another run is none"


def test_a_neuron_and_its_channel_can_be_silenced(trained: Callable[..., Run]) -> None:
    run = trained(TINY)
    visit = by_link("inside", setting.to_link(Look(run=run.run, focus="L1 70")))
    assert visit.at.button("inside-channel-0").label == "Silence channel 1"
    visit.press("inside-channel-0")
    assert visit.at.session_state["inside"].silenced == "L1 c1"
    assert visit.at.button("inside-channel-0").label == "Let channel 1 speak"
    visit.press("inside-silence-0")
    assert visit.at.session_state["inside"].silenced == "L1 c1 70"
    visit.press("inside-channel-0")
    assert visit.at.session_state["inside"].silenced == "L1 70"
    visit = by_link("inside", setting.to_link(Look(run=run.run, focus="L1 70", silenced="L1 1,0,6")))  # 70 is there
    assert visit.at.button("inside-silence-0").label == "Let it speak"
    visit.press("inside-silence-0")
    assert visit.at.session_state["inside"].silenced == ""


def test_the_energy_of_one_image_changes_with_what_is_silenced(trained: Callable[..., Run]) -> None:
    run = trained(TINY)

    def energy_of(**changed: Any) -> Any:
        visit = by_link("inside", setting.to_link(Look(run=run.run, image=3, **changed)))
        (cost,) = [metric for metric in visit.at.metric if metric.label == "Energy"]
        return cost

    plain, silent, skip = energy_of(), energy_of(silenced="L1"), energy_of(muted="L2<stem")
    assert plain.value.endswith(" nJ")
    assert not plain.delta
    about = client.answer("look", Look(run=run.run, image=3), 1).about
    before = (4.6 * about["macs"] + 0.9 * about["additions"]) / 1000
    assert float(plain.value.split(" ")[0]) == pytest.approx(before, rel=0.01)
    for cost in (silent, skip):
        told = float(cost.delta.rstrip("%")) / 100
        assert told < 0
        assert float(cost.value.split(" ")[0]) / before - 1 == pytest.approx(told, abs=0.01)


def test_leaks_of_plif_are_moved_and_stand_beside_where_they_began(trained: Callable[..., Run]) -> None:
    made = change(TINY, {"neuron.kind": "plif", "neuron.tau": 3.0, "training.epochs": 2})
    run = trained(made)
    visit = by_link("inside", setting.to_link(Look(run=run.run)))
    slider = next(one for one in visit.at.slider if one.label == "Leak times")
    assert not slider.disabled
    learnt = visit.at.dataframe[0].value.set_index(["layer", "learnt"])
    assert learnt["began"]["L1"].to_dict() == {"tau": 3.0, "leak": pytest.approx(2 / 3)}
    assert learnt["now"]["L1", "leak"] == pytest.approx(1 - 1 / learnt["now"]["L1", "tau"])
    slider.set_value(0.5)
    visit.look()
    assert "look.leak=0.5" in visit.link
    moved = visit.at.dataframe[0].value.set_index(["layer", "learnt"])
    assert moved["now"]["L1", "leak"] == pytest.approx(learnt["now"]["L1", "leak"] / 2, rel=1e-5)
    assert visit.errors == []


def test_the_runs_page_opens_a_run_inside(trained: Callable[..., Run]) -> None:
    run = trained(TINY)
    trained(change(TINY, {"seed": 1}))
    runs = by_link("runs", "")
    assert runs.at.button("run-look-inside").disabled
    runs.tick(1).press("run-look-inside")  # the newest is the first
    assert runs.at.session_state["inside"].run == run.run
    assert charts(runs, "inside-rasters")["inside_rasters"]["cursor"]["notes"]
    assert f"look.run={run.run}" in runs.link


def test_the_input_of_each_step_is_beside_the_cursor(trained: Callable[..., Run]) -> None:
    run = trained(change(TINY, {"data.encoding.kind": "rate"}))
    visit = by_link("inside", setting.to_link(Look(run=run.run)))
    cursor = charts(visit, "inside-rasters")["inside_rasters"]["cursor"]
    assert [one["alt"].partition(":")[0] for one in cursor["pictures"]] == [
        f"The input, step {n}" for n in (1, 2, 3, 4)
    ]
    static = charts(by_link("inside", setting.to_link(Look(run=trained(TINY).run))), "inside-rasters")
    (one,) = static["inside_rasters"]["cursor"]["pictures"]
    assert one["alt"].startswith("The input, every step: mean ")


def test_what_a_silenced_skip_saves_is_told(trained: Callable[..., Run]) -> None:
    run = trained(TINY)
    visit = by_link("inside", setting.to_link(Look(run=run.run, silenced="L1"), "many"))
    (cost,) = [metric for metric in visit.at.metric if metric.label == "Energy an image"]
    assert cost.value.endswith(" nJ")
    assert cost.delta.startswith("-")


def test_what_changes_break_is_said_as_the_diagnosis_says_it(trained: Callable[..., Run]) -> None:
    run = trained(TINY)

    def broken(**changed: Any) -> list[str]:
        text = by_link("inside", setting.to_link(Look(run=run.run, **changed), "many")).text
        return [line for line in text.splitlines() if ":material/heart_broken:" in line]

    assert broken() == []
    unheard = broken(muted="stem<input", threshold=2.0)
    assert any("Silent from layer stem on" in line and "its potentials" in line for line in unheard), unheard
    assert not any("Silent from layer stem" in line for line in broken(silenced="stem")), "that was silenced by hand"


def test_an_image_is_seen_in_time_and_a_silenced_layer_too(trained: Callable[..., Run]) -> None:
    run = trained(TINY)
    visit = by_link("inside", setting.to_link(Look(run=run.run, image=7, focus="L1 3")))
    shown = charts(visit, "inside-rasters")["inside_rasters"]
    assert [trace["name"] for trace in shown["traces"]][:3] == ["stem", "L1", "L2"]
    assert len(shown["cursor"]["notes"]) == 4
    neuron = charts(visit, "inside-neuron-0")["inside_neuron_0"]
    assert [trace["name"] for trace in neuron["traces"]][:2] == ["potential u", "threshold"]
    before = {metric.label: metric.value for metric in visit.at.metric}
    visit.at.multiselect[0].set_value(["L1"])
    visit.look()
    assert visit.at.session_state["inside"].silenced == "L1"
    after = {metric.label: metric.value for metric in visit.at.metric}
    assert after["Spikes"] != before["Spikes"]
    grid = visit.component("snnviz_pictures", "inside-grid")
    assert grid is not None


def test_a_run_that_trains_is_seen_as_it_was_after_its_last_epoch() -> None:
    made = change(TINY, {"training.epochs": 2, "neuron.learn": "both"})
    store = Store()
    run = store.submit(made).run
    assert "waits in the queue: its weights can be looked at" in by_link("inside", f"look.run={run}").text
    claim = store.claim("me")
    assert claim is not None
    ends = [event for event in execute(made) if isinstance(event, Checkpoint)]
    visit = None
    for end in ends:
        store.save_checkpoint(run, claim.attempt, end)
        services.CACHE.clear()
        visit = by_link("inside", f"look.run={run}") if visit is None else visit.look()
        assert f"These are its weights after epoch {end.epoch} of 2." in visit.text
        assert charts(visit, "inside-rasters")
        learnt = visit.at.dataframe[0].value
        now = learnt[(learnt["layer"] == "L1") & (learnt["learnt"] == "threshold")]["now"].item()
        assert now == pytest.approx(float(end.arrays["L1.threshold"]))
    store.close()


def test_the_live_panel_looks_inside_once_a_running_run_has_weights() -> None:
    """Not only after its end."""
    made = change(TINY, {"training.epochs": 2})
    store = Store()
    visit = Visit(to_query(made)).press("train")
    charts_ = visit.component("snnviz_charts", f"live-{made.digest}")["charts"]
    assert [chart["id"] for chart in charts_][:2] == ["accuracy", "loss"], "also while it waits"
    claim = store.claim("me")
    assert claim is not None

    def offered() -> list[str]:
        services.CACHE.clear()
        visit.look()
        return [str(button.key) for button in visit.at.button if button.key == "live-look-inside"]

    assert offered() == []
    ends = (event for event in execute(made) if isinstance(event, Checkpoint))
    store.save_checkpoint(made.digest, claim.attempt, next(ends))
    assert offered() == ["live-look-inside"]
    visit.press("live-look-inside")
    assert visit.at.session_state["inside"].run == made.digest
    assert "These are its weights after epoch 1 of 2." in visit.text
    store.close()


def test_a_ttfs_network_is_shown_by_its_own_page(trained: Callable[..., Run]) -> None:
    made = change(ttfs_network(STARTS["digits mlp"]), {"training.epochs": 1, "data.train_samples": 100})
    run = trained(made)
    visit = by_link("inside", f"look.run={run.run}")
    assert "spikes once a neuron" in visit.text
    visit.press("inside-elsewhere")
    assert visit.at.session_state["ttfs"].weights == "ttfs"
    assert visit.component("snnviz_charts", "ttfs-time")["charts"]
    runs = by_link("runs", "")
    assert runs.at.button("run-look-inside").disabled
    runs.tick(0).press("run-look-inside")
    assert runs.component("snnviz_charts", "ttfs-time")["charts"]


def test_a_picture_of_ones_own_is_looked_at(trained: Callable[..., Run]) -> None:
    run = trained(TINY)
    visit = by_link("inside", f"look.run={run.run}")
    ways = next(one for one in visit.at.get("button_group") if "Your own" in one.options)
    ways.set_value("Your own")
    visit.look()
    ink = np.full((90, 60), 240, np.uint8)
    ink[20:80, 25:32] = 10  # a one
    file = io.BytesIO()
    Image.fromarray(ink).save(file, "PNG")
    visit.at.file_uploader[0].upload("secret-name.png", file.getvalue(), "image/png")
    visit.look()
    shown = visit.component("snnviz_pictures", "inside-own-shown")["groups"][0]
    assert "inverted" in shown["caption"]
    assert "then it is encoded as the test images are" in shown["caption"].lower()
    assert visit.at.session_state["inside"].drawn.startswith("1x8x8.")
    assert "look.drawn=1x8x8" in visit.link
    assert "secret" not in visit.link
    visit.at.file_uploader[0].upload("large.png", b"0" * 13_000_000, "image/png")
    visit.look()
    assert any("picture must be at most 12 MB, got 13 MB" in sentence for sentence in visit.errors)


def test_large_images_are_neither_drawn_nor_brought(
    trained: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_image, "MOST_VALUES", 63)  # digits have 64
    run = trained(TINY)
    for way in ("Draw one", "Your own"):
        visit = by_link("inside", f"look.run={run.run}")
        next(one for one in visit.at.get("button_group") if way in one.options).set_value(way)
        visit.look()
        assert "Only images of up to 63 values can be drawn or be of one's own" in visit.text
        assert visit.component("snnviz_drawing") is None


def test_all_images_are_counted_and_troubles_named(trained: Callable[..., Run]) -> None:
    run = trained(TINY)
    visit = by_link("inside", setting.to_link(Look(run=run.run), "many"))
    known = charts(visit, "inside-many")
    table = known["inside_confusion"]["traces"][0]
    assert sum(int(cell[0]) for row in table["customdata"] for cell in row) == 40
    silent = by_link("inside", setting.to_link(Look(run=run.run), "why"))
    assert silent.at.success or silent.at.expander
    twin = trained(ann_twin(TINY))
    trained(change(TINY, {"seed": 1}))  # sees other images of digits
    compared = by_link("inside", setting.to_link(Look(run=run.run, other=twin.run), "compare"))
    (menu,) = [one for one in compared.at.selectbox if one.label == "Compared with"]
    assert menu.options[0] == "the same network before training"
    assert [option.partition(":")[0] for option in menu.options[1:]] == ["its ANN twin"]
    assert "inside_raster_1" in charts(compared, "inside-compared")
    compared = by_link("inside", setting.to_link(Look(run=run.run), "compare"))
    assert {"inside_raster_0", "inside_raster_1", "inside_difference"} <= charts(compared, "inside-compared").keys()


def test_bad_links_are_one_sentence(trained: Callable[..., Run]) -> None:
    run = trained(TINY)
    for link, words in (
        (f"look.run={run.run}&look.image=99", "image must be less than 40"),
        (f"look.run={run.run}&look.silenced=L9", "silenced must name a layer of this network"),
        (f"look.run={run.run}&look.drawn=1x2x2.0f81", "drawn must be a picture of 1x8x8"),
        ("look.run=../../etc/passwd", "must be the name of a run"),
    ):
        visit = by_link("inside", link)
        assert any(words in sentence for sentence in visit.errors), (link, visit.errors)


def test_answers_are_shared_and_a_dead_process_is_a_sentence(trained: Callable[..., Run]) -> None:
    run = trained(TINY)
    first = client.answer("look", Look(run=run.run), 1)
    pid = client.look_client().pid
    assert client.answer("look", Look(run=run.run), 1).about == json.loads(json.dumps(dict(first.about)))
    client.look_client().stop()
    assert client.look_client().pid is None
    assert client.answer("look", Look(run=run.run, image=1), 1).about["image"] == 1
    assert client.look_client().pid not in (None, pid)


def test_a_process_that_ends_takes_no_requests_of_the_next_one_with_it() -> None:
    looking = client.LookClient("")
    ended, next_one = (subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE) for _ in range(2))
    lost, asked = client.Pending(ended), client.Pending(next_one)
    looking._asked = {0: lost, 1: asked}
    looking._read(ended)
    assert not asked.answer.done()
    with pytest.raises(client.LookFailed):
        lost.answer.result(0)
    looking._read(next_one)
    assert asked.answer.done()


def test_the_process_is_there_before_the_first_look(
    trained: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client.LookClient, "start", START)
    trained(TINY)
    Visit("")
    assert client.look_client().pid is None
    Visit(to_query(TINY))  # its finished run is shown, with the button Look inside
    pid = client.look_client().pid
    assert pid is not None
    client.look_client().start()
    assert client.look_client().pid == pid
