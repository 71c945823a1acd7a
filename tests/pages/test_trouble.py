"""Trouble is a sentence on the page: an unusable store, a design that is too large, data that are not here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from snnviz.design import links
from snnviz.jobs import engine
from snnviz.jobs.immediate import Immediate
from snnviz.store import Run, Store
from snnviz.ui.kit import services
from tests.conftest import MakeDesign
from tests.pages.visit import Visit
from tests.recorded import put

TOO_LARGE = "network.kind=mlp&network.depth=60&network.width=4096&training.batch_size=2048&data.steps=60"


@pytest.mark.parametrize("page", ["", "runs"])
def test_a_damaged_store_is_a_sentence_and_is_left_alone(cache: Path, page: str) -> None:
    file = cache / "runs.sqlite"
    file.write_bytes(b"not a database, but somebody's file" * 100)
    before = file.read_bytes()
    visit = Visit("seed=1", page)
    assert [error.value.replace("\\", "") for error in visit.at.error] == [
        f"The store {file} is damaged or not a store, and was left as it is: move it away or restore a copy."
    ]
    assert file.read_bytes() == before
    assert not visit.at.button
    file.unlink()
    assert Visit("seed=1").design.seed == 1  # no restart is needed


@pytest.mark.parametrize("page", ["", "runs"])
def test_a_store_that_goes_away_under_the_page_is_a_sentence(
    cache: Path, trained: Callable[..., Run], tiny: MakeDesign, page: str
) -> None:
    run = trained(tiny())
    visit = Visit(links.to_query(run.design), page)
    (cache / "runs.sqlite").rename(cache / "moved.sqlite")
    services.CACHE.clear()
    visit.look()
    assert len(visit.at.error) == 1
    assert "cannot be" in visit.at.error[0].value
    (cache / "moved.sqlite").rename(cache / "runs.sqlite")
    visit.look()
    assert visit.at.error.values == []


def test_a_store_that_is_only_readable_says_so_when_train_is_pressed(cache: Path, tiny: MakeDesign) -> None:
    visit = Visit(links.to_query(tiny()))
    with (cache / "runs.sqlite").open("r+b") as file:
        file.write(b"x" * 100)  # the header: every later write notices
    services.store().close()
    visit.at.button("train").click()
    visit.look()
    assert len(visit.at.error) == 1
    assert "damaged" in visit.at.error[0].value


def test_a_design_that_is_too_large_is_a_sentence() -> None:
    visit = Visit(TOO_LARGE).press("train")
    assert len(visit.errors) == 1
    assert visit.errors[0].startswith("design must fit into the ")
    assert "a smaller batch, width or number of time steps needs less" in visit.errors[0]
    assert services.store().runs() == []
    visit.put("network.width", 10)
    assert visit.errors == []


def test_data_that_are_not_here_are_announced_and_a_run_without_them_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tiny: MakeDesign, cache: Path
) -> None:
    monkeypatch.delenv("SNNVIZ_DATA", raising=False)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # a machine without a network
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    design = links.change(tiny(), {"data.name": "mnist"})
    visit = Visit(links.to_query(design))
    assert "Not on this machine yet" in visit.open("Data").text
    store = Store()
    run = Immediate(store).submit(design).run
    store.close()
    services.CACHE.clear()
    visit = Visit(links.to_query(design))
    assert [error.partition(": ")[0] for error in visit.errors] == [
        "MNIST is not on this machine and could not be fetched"
    ]
    assert "could not be reached" in visit.errors[0]
    assert f"its three siblings into {cache / 'datasets' / 'mnist'}." in visit.errors[0]
    assert services.store().get(run).state == "failed"


def test_recordings_that_are_not_here_are_not_fetched_unasked_and_a_part_of_them_is_said(
    monkeypatch: pytest.MonkeyPatch, tiny: MakeDesign, cache: Path, tmp_path: Path
) -> None:
    monkeypatch.setenv("SNNVIZ_DATA", str(tmp_path / "none"))
    design = links.change(tiny(), {"data.name": "nmnist"})
    visit = Visit(links.to_query(design))
    assert "Not on this machine yet: get it by `python -m snnviz data fetch nmnist`" in visit.open("Data").text
    store = Store()
    engine = Immediate(store)
    run = engine.submit(design).run
    services.CACHE.clear()
    visit = Visit(links.to_query(design))
    assert [error.partition(":")[0] for error in visit.errors] == ["N-MNIST is not on this machine"]
    place = cache / "datasets" / "nmnist" / "NMNIST"
    assert str(place) in visit.errors[0]
    put(place)
    assert engine.submit(design).run == run
    store.close()
    services.CACHE.clear()
    visit = Visit(links.to_query(design))
    assert visit.errors == []
    part = "N-MNIST is on this machine in part: 40 of its 60,000 training"
    assert visit.text.replace("\\", "").count(part) == 1  # the run's note
    assert visit.open("Data").text.replace("\\", "").count(part) == 2


def test_an_encoding_that_recordings_do_not_take_is_a_sentence_and_gone_with_the_images(tiny: MakeDesign) -> None:
    visit = Visit(links.to_query(links.change(tiny(), {"data.encoding": "rate"})))
    visit.put("data.name", "nmnist")
    assert visit.errors == []
    assert (visit.design.data.name, visit.design.data.encoding.kind) == ("nmnist", "direct")
    visit.put("data.encoding.kind", "rate")
    assert visit.errors == ["Encoding must be direct or lif for recordings of events, not rate."]


def test_a_store_that_was_replaced_is_said(cache: Path, tiny: MakeDesign) -> None:
    Visit(links.to_query(tiny()))
    services.store().submit(tiny())
    services.store().close()
    (cache / "runs.sqlite").unlink()
    Store().close()
    services.CACHE.clear()
    visit = Visit(links.to_query(tiny()), "runs")
    assert "removed or moved while it was open, and another one is in its place" in visit.text
    assert "No run yet" in visit.text


@pytest.mark.parametrize("page", ["", "runs"])
@pytest.mark.usefixtures("cache")
def test_a_queue_that_stands_still_is_one_line(tiny: MakeDesign, hung: tuple[Store, int], page: str) -> None:
    store, pid = hung
    store.submit(tiny())
    store.record_heartbeat(engine.owner_name("local", pid))
    visit = Visit(links.to_query(tiny()), page)
    assert "stands still" not in visit.text
    with store._writing() as connection:
        connection.exec_driver_sql("UPDATE supervisors SET heartbeat = heartbeat - 30")
    services.CACHE.clear()
    visit.look()
    assert visit.text.replace("\\", "").count("The queue stands still: its supervisor has not been heard of for 3") == 1


def test_a_run_without_weights_is_trained_again_at_a_press(
    trained: Callable[..., Run], tiny: MakeDesign, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trained(tiny())
    visit = Visit(links.to_query(tiny()))
    assert "again" not in [button.key for button in visit.at.button]
    with services.store()._writing() as connection:
        connection.exec_driver_sql("UPDATE runs SET checkpoint = NULL, revision = revision + 1")
    services.CACHE.clear()
    visit.look()
    (button,) = [button for button in visit.at.button if button.key == "again"]
    assert button.label.startswith("Train again for its weights: about ")
    monkeypatch.setattr(services.engine(), "start", lambda: None)
    visit.press("again")
    assert services.store().get(run.run).state == "queued"
