"""The table of all runs: which, in which order, with which columns, in groups and pages, by link and as CSV."""

from __future__ import annotations

import csv
import io
import json
import math

import pytest

from snnviz.design import links
from snnviz.store import Store
from snnviz.store.index import indexed_runs
from snnviz.store.metrics import metrics
from snnviz.theory.intervals import confidence_interval
from snnviz.theory.metrics import METRICS
from snnviz.ui.kit import services
from snnviz.ui.runs import listing
from snnviz.ui.runs import page as runs_page
from snnviz.ui.runs.view import from_link
from tests.conftest import MakeDesign
from tests.pages.test_runs_page import Train, changed
from tests.pages.visit import Visit, by_link
from tests.store.test_metrics import end, end_run, look


@pytest.fixture
def store() -> Store:
    """The pages' store."""
    return services.store()


def test_metrics_have_columns_to_sort_by_and_others_are_asked_for(trained: Train, tiny: MakeDesign) -> None:
    run = trained(tiny(1))
    trained(links.change(tiny(2), {"network.width": 40}))
    visit = Visit(page="runs")
    listed = [metric.name for metric in METRICS.listed]
    assert {"accuracy", "energy", "operations", "spikes", "rate", "parameters", "seconds"} <= {*listed}
    assert set(visit.table[0]) == {"state", "design", *listed, "estimated", "created", "run", "marks", "notes"}
    values = metrics(services.store(), [run])[run.run]
    shown = visit.table[1]
    assert shown["energy"] == values["energy"]
    assert shown["rate"] == 100 * (values["rate"] or 0)
    assert shown["parameters"] == 64 * 20 + 20 * 20 + 20 * 10 + 20 + 20 + 10
    config = json.loads(visit.at.dataframe[0].proto.columns)
    assert (config["energy"]["label"], config["energy"]["type_config"]["format"]) == ("Energy", "%.1f nJ")
    assert config["rate"]["help"].endswith("None of a network of ReLUs, which do not spike.")
    assert "are estimated" not in visit.text
    visit.at.button_group(key="run-columns").set_value(["synops", "loss"])
    visit.look()
    assert list(visit.at.dataframe[0].proto.column_order) == ["state", "loss", "design", "synops", "created"]
    assert visit.table[1]["synops"] == round(values["synops"] or 0)


def test_what_was_never_counted_is_called_estimated(trained: Train, tiny: MakeDesign, store: Store) -> None:
    run = trained(tiny(1))
    trained(tiny(2))
    with store._writing() as connection:
        old = "synops = NULL, macs = NULL, additions = NULL, crc = NULL"
        connection.exec_driver_sql(f"UPDATE layers SET {old} WHERE run = '{run.run}'")
        connection.exec_driver_sql("DELETE FROM summaries")
    assert "Operations and energy of 1 run are estimated" in Visit(page="runs").text.replace("\\", "")


def test_runs_are_found_by_a_filter_and_ticks_go_with_them(tiny: MakeDesign, store: Store) -> None:
    for seed in (1, 2, 12):
        store.submit(tiny(seed))
    store.cancel(tiny(12).digest)
    store.tag(tiny(2).digest, ["homework"])
    changed()
    visit = Visit(page="runs").tick(1)
    for text, seeds in (
        ("seed in (1, 12)", {1, 12}),
        ("seed > 1 and state = cancelled", {12}),
        ("homework", {2}),
        ("accuracy > 0", set()),
        ("", {1, 2, 12}),
    ):
        visit.at.text_input(key="filter").set_value(text)
        visit.look()
        assert {found["run"] for found in visit.table} == {tiny(seed).digest for seed in seeds}
        assert visit.errors == []
        assert ("take the filter" in visit.text) == (len(seeds) < 3)
    visit.at.text_input(key="filter").set_value("seed = 1")
    assert visit.look().link == "filter=seed%20%3D%201"
    visit.at.text_input(key="filter").set_value("sed = 2")
    visit.look()
    assert visit.errors[0].startswith("filter must compare a field, a metric or one of tag")
    assert visit.errors[0].endswith("The rows below are still those of seed = 1.")
    assert [found["run"] for found in visit.table] == [tiny(1).digest]
    assert visit.at.text_input(key="filter").value == "sed = 2"
    assert visit.link == "filter=seed%20%3D%201"
    visit.at.text_input(key="filter").set_value("seed = 2")
    assert visit.look().errors == []


def test_a_link_shows_what_it_says(tiny: MakeDesign, store: Store) -> None:
    for seed, epochs in ((1, 3), (2, 3), (3, 2)):
        store.submit(tiny(seed, epochs=epochs))
    changed()
    link = "filter=seed%20%3E%201%20or%20star&sort=seed&columns=loss,training.epochs"
    visit = by_link("runs", link)
    assert [row["run"] for row in visit.table] == [tiny(2).digest, tiny(3, epochs=2).digest]
    assert [row["training.epochs"] for row in visit.table] == [3, 2]
    assert list(visit.at.dataframe[0].proto.column_order) == ["state", "loss", "design", "training.epochs", "created"]
    assert visit.link == link
    assert visit.at.text_input(key="filter").value == "seed > 1 or star"


@pytest.mark.parametrize(
    ("link", "says"),
    [
        ("filter=accuracy%20%3E", "filter must have a value after '>'"),
        ("sort=speed", "sort must be a field, a metric or created"),
        ("group=all", "group must be seeds or no"),
        ("columns=loss,nothing", "columns must be metrics and fields"),
    ],
)
def test_a_link_that_is_none_is_a_sentence(tiny: MakeDesign, store: Store, link: str, says: str) -> None:
    store.submit(tiny())
    visit = by_link("runs", link)
    assert visit.errors[0].startswith(says)
    assert visit.errors[0].endswith("All runs are shown instead.")
    assert len(visit.table) == 1


def test_seeds_are_one_row_that_unfolds(tiny: MakeDesign, store: Store) -> None:
    for seed, accuracy in ((0, 0.5), (1, 0.7), (2, 0.6)):
        end_run(store, tiny(seed), *look(tiny(seed), 9), end(3, accuracy))
    store.submit(tiny(7))
    end_run(store, tiny(0, epochs=2), end(2, 0.9))
    changed()
    visit = by_link("runs", "group=seeds&sort=-accuracy")
    assert [row["seeds"] for row in visit.table] == ["▸ 1 seed", "▸ 4 seeds"]
    assert [row["state"] for row in visit.table] == ["done", "3 of 4 done"]
    assert [row["accuracy"] for row in visit.table] == pytest.approx([90, 60])
    expected = confidence_interval([50, 70, 60]).half
    assert visit.table[1]["spread"] == pytest.approx(expected)
    assert math.isnan(visit.table[0]["spread"])
    assert "seed" not in visit.table[1]["design"]
    visit.tick(1).press("runs-unfold")
    assert [row["seeds"] for row in visit.table] == ["▸ 1 seed", "▾ 4 seeds", *(f"· seed {n}" for n in (0, 1, 2, 7))]
    assert [row["accuracy"] for row in visit.table[2:5]] == [50, 70, 60]
    assert visit.at.session_state["picked"]["selection"]["rows"] == [1]
    visit.tick(3)
    assert not visit.at.button("open").disabled
    visit.tick(1)
    assert visit.at.button("open").disabled
    assert len(visit.component("snnviz_charts", "overlay")["charts"][0]["traces"]) == 4
    visit.press("runs-unfold")
    assert len(visit.table) == 2


def test_many_runs_are_pages(tiny: MakeDesign, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs_page, "PER_PAGE", 2)
    for seed in range(5):
        store.submit(tiny(seed))
    changed()
    visit = Visit(page="runs").tick(0)
    assert "1 to 2 of 5 runs." in visit.text
    assert visit.at.button("runs-previous").disabled
    visit.press("runs-next")
    assert [row["run"] for row in visit.table] == [tiny(seed).digest for seed in (2, 1)]
    assert visit.at.session_state["picked"]["selection"]["rows"] == []
    visit.press("runs-last")
    assert "5 to 5 of 5 runs." in visit.text
    assert visit.at.button("runs-next").disabled
    visit.at.text_input(key="filter").set_value("seed < 2")
    visit.look()
    assert [row["run"] for row in visit.table] == [tiny(seed).digest for seed in (1, 0)]


def test_settings_that_differ_are_offered_as_columns(tiny: MakeDesign, store: Store) -> None:
    for seed, epochs in ((1, 3), (2, 3), (3, 2)):
        store.submit(tiny(seed, epochs=epochs))
    changed()
    visit = Visit(page="runs")
    offered = next(group for group in visit.at.get("button_group") if group.label == "Settings that differ")
    assert [option.content for option in offered.proto.options] == ["Epochs"]
    offered.set_value(["training.epochs"])
    visit.look()
    assert [row["training.epochs"] for row in visit.table] == [2, 3, 3]
    assert visit.link.endswith(",training.epochs")
    visit.at.text_input(key="filter").set_value("training.epochs = 3")
    visit.look()
    assert [row["training.epochs"] for row in visit.table] == [3, 3]


def test_every_row_of_the_filter_is_in_the_csv(tiny: MakeDesign, store: Store) -> None:
    for seed, accuracy in ((0, 0.5), (1, 0.7)):
        end_run(store, tiny(seed), end(3, accuracy))
    store.submit(tiny(2, epochs=2))
    store.rename(tiny(1).digest, "mine")
    store.tag(tiny(1).digest, ["homework"])
    now = indexed_runs(store)
    view = from_link({"columns": "accuracy,training.epochs", "sort": "seed"})
    rows = [*csv.DictReader(io.StringIO(listing.csv_text(store, now, listing.select(store, now, view), view)))]
    assert [*rows[0]] == [
        "state",
        "design",
        "accuracy",
        "created",
        "run",
        "training.epochs",
        "tags",
        "notes",
        "starred",
    ]
    assert [row["run"] for row in rows] == [tiny(0).digest, tiny(1).digest, tiny(2, epochs=2).digest]
    assert [row["accuracy"] for row in rows] == ["50.0", "70.0", ""]
    assert rows[1]["design"].startswith("mine (")
    assert (rows[1]["tags"], rows[1]["starred"], rows[1]["training.epochs"]) == ("homework", "False", "3")
    view = from_link({"columns": "accuracy", "group": "seeds", "sort": "-accuracy"})
    rows = [*csv.DictReader(io.StringIO(listing.csv_text(store, now, listing.select(store, now, view), view)))]
    assert [(row["seeds"], row["done"], row["accuracy"]) for row in rows] == [("0 1", "2", "60.0"), ("2", "0", "")]
    found = confidence_interval([50.0, 70.0])
    assert [float(rows[0][f"accuracy_{end}"]) for end in ("low", "high")] == pytest.approx([found.low, found.high])
