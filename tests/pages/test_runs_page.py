"""The page of all runs: open, rename, cancel, mark, delete, compare."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.exports.exported_file import ExportedFile
from snnviz.jobs import machine
from snnviz.jobs.answers import AnswerFailed
from snnviz.people.hosting import Hosting
from snnviz.people.person import Person
from snnviz.store import Run, Store, owners
from snnviz.theory.metrics import METRICS
from snnviz.ui.kit import people, services
from snnviz.ui.runs import comparing, exporting
from snnviz.ui.runs import page as runs_page
from snnviz.views.runs import design_line
from tests.conftest import MakeDesign
from tests.pages.visit import Session, Visit
from tests.strangers import TEXTS

Train = Callable[..., Run]


@pytest.fixture
def store() -> Store:
    """The pages' store."""
    return services.store()


def changed() -> None:
    """What the pages looked at a moment ago is old now."""
    services.CACHE.clear()


def title_input(visit: Visit) -> Any:
    """The field of the title of the one that is ticked."""
    return next(field for field in visit.at.text_input if field.label == "Title")


def words(shown: str) -> list[str]:
    """What a row says of its design, in any order."""
    return sorted(shown.removeprefix("mine (").removesuffix(")").split(" · "))


def test_an_empty_store_says_what_to_do() -> None:
    visit = Visit(page="runs")
    assert "No run yet" in visit.text
    assert len(visit.at.dataframe) == 0


def test_a_deep_link_to_the_runs_page_of_a_fresh_server_works(trained: Train, tiny: MakeDesign) -> None:
    trained(tiny())
    assert len(Visit("run=abc", page="runs").table) == 1


def test_runs_are_listed_newest_first(trained: Train, tiny: MakeDesign) -> None:
    trained(tiny(1))
    trained(tiny(2), title="mine")
    table = Visit(page="runs").table
    assert table[0]["design"].startswith("mine (")
    assert [words(row["design"]) for row in table] == [words(design_line(tiny(seed))) for seed in (2, 1)]
    assert [line["state"] for line in table] == ["done", "done"]
    assert all(0 < line["accuracy"] < 100 and 0 < line["rate"] < 100 and line["seconds"] > 0 for line in table)


def test_a_run_in_bfloat16_says_so_wherever_it_is_named(
    trained: Train, tiny: MakeDesign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "has_bfloat16", lambda: True)  # without it, it takes longer
    half = links.change(tiny(1), {"training.precision": "bfloat16"})
    trained(half, title="mine")
    trained(tiny(2))
    visit = Visit(page="runs")
    assert [line["design"].count("bfloat16") for line in visit.table] == [0, 1]
    visit.tick(0, 1)
    traces = visit.component("snnviz_charts", "overlay")["charts"][0]["traces"]
    assert ["bfloat16" in trace["name"] for trace in traces] == [False, True]
    visit.tick(1).press("open")
    assert "**mine** (bfloat16 · digits" in visit.text


def test_nothing_can_be_done_before_a_run_is_ticked(trained: Train, tiny: MakeDesign) -> None:
    trained(tiny())
    visit = Visit(page="runs")
    assert all(button.disabled for button in visit.own_buttons)
    assert "Choose one run" in visit.text


def test_open_shows_the_run_and_restores_its_design(trained: Train, tiny: MakeDesign) -> None:
    trained(tiny(1))
    trained(tiny(2))
    visit = Visit(page="runs").tick(1)
    visit.press("open")
    assert visit.design == tiny(1)
    assert visit.link == links.to_query(tiny(1))
    assert "trained before, shown from the store" in visit.text
    assert visit.component("snnviz_charts", f"live-{tiny(1).digest}") is not None


@pytest.mark.parametrize("title", ["my *best* <b>run</b>", *TEXTS[:3]])
def test_a_run_can_be_renamed_to_anything(trained: Train, tiny: MakeDesign, store: Store, title: str) -> None:
    run = trained(tiny())
    visit = Visit(page="runs").tick(0)
    title_input(visit).set_value(f"  {title} ")
    next(button for button in visit.at.button if button.label == "Rename").click()
    visit.look()
    assert store.get(run.run).title == title
    assert visit.table[0]["design"].startswith(f"{title} (")
    title_input(visit.tick(0)).set_value("")
    next(button for button in visit.at.button if button.label == "Rename").click()
    visit.look()
    assert words(visit.table[0]["design"]) == words(design_line(tiny()))


def test_a_waiting_run_can_be_cancelled(tiny: MakeDesign, store: Store) -> None:
    run = store.submit(tiny()).run  # nobody works here
    visit = Visit(page="runs")
    assert visit.table[0]["state"] == "queued"
    visit.tick(0).press("cancel_runs")
    assert store.get(run).state == "cancelled"
    assert visit.table[0]["state"] == "cancelled"
    assert visit.at.button("cancel_runs").disabled


def test_deleting_asks_and_then_deletes_what_is_ticked_and_nothing_else(
    trained: Train, tiny: MakeDesign, store: Store
) -> None:
    runs = [trained(tiny(seed)).run for seed in range(4)]
    visit = Visit(page="runs").tick(0, 2)
    assert "Delete 2 runs for everybody, with curves and weights?" in visit.text
    visit.at.session_state["deleting"] = True  # it is open
    visit.press("delete_runs")
    assert not visit.at.session_state["deleting"]
    assert {run.run for run in store.runs()} == {runs[0], runs[2]}
    assert visit.at.session_state["picked"]["selection"]["rows"] == []
    assert all(button.disabled for button in visit.own_buttons)


def test_ticks_stay_with_their_runs_when_others_come_and_go(trained: Train, tiny: MakeDesign, store: Store) -> None:
    runs = [trained(tiny(seed), title=f"run {seed}").run for seed in range(3)]
    visit = Visit(page="runs").tick(1)
    assert title_input(visit).value == "run 1"
    newest = store.submit(tiny(3)).run  # somebody else presses Train
    changed()
    visit.look()
    assert title_input(visit).value == "run 1"
    assert visit.at.session_state["picked"]["selection"]["rows"] == [2]
    store.delete(newest)
    store.delete(runs[2])
    changed()
    visit.look()
    assert visit.at.session_state["picked"]["selection"]["rows"] == [0]
    visit.press("delete_runs")
    assert [run.run for run in store.runs()] == [runs[0]]


def test_a_selection_is_compared(trained: Train, tiny: MakeDesign) -> None:
    trained(tiny(1), title="<b>first</b>")
    trained(tiny(2, epochs=2))
    visit = Visit(page="runs").tick(0, 1)
    assert visit.at.button("open").disabled
    differences = visit.at.dataframe[1].value
    listed = [metric.name for metric in METRICS.listed]
    assert list(differences) == ["no.", "Epochs", "Seed", *listed]
    assert (differences["energy"] > 0).all()
    assert differences[["no.", "Epochs", "Seed"]].to_numpy().tolist() == [[1, "2", "2"], [2, "3", "1"]]
    assert differences["accuracy"].between(0, 100).all()
    charts = visit.component("snnviz_charts", "overlay")["charts"]
    assert [chart["id"] for chart in charts] == ["overlay_test_accuracy", "overlay_test_loss", "overlay_rate"]
    assert [len(trace["x"]) for trace in charts[0]["traces"]] == [2, 3]
    assert charts[0]["traces"][1]["name"].endswith("&lt;b&gt;first&lt;/b&gt;")  # Plotly would take <b> for bold


def test_runs_of_every_kind_can_be_compared(trained: Train, tiny: MakeDesign, store: Store) -> None:
    trained(tiny())
    for query in ("network.kind=cnn", "network.edges=012/001/000".replace("1/000", "0/000").replace("012", "002")):
        store.submit(links.from_query(query))
    store.submit(Design())
    changed()
    visit = Visit(page="runs").tick(0, 1, 2, 3)
    assert "Kind of network" in set(visit.at.dataframe[1].value)


def test_more_runs_than_fit_are_compared_with_a_word(
    tiny: MakeDesign, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "MOST_COMPARED", 20)
    monkeypatch.setattr(runs_page, "MOST_COMPARED", 20)
    for seed in range(22):
        store.submit(tiny(seed))
    changed()
    visit = Visit(page="runs").tick(*range(19))
    assert "of 19 chosen" not in visit.text
    assert len(visit.at.dataframe[1].value) == 19
    overlay = visit.component("snnviz_charts", "overlay")["charts"][0]
    assert len(overlay["traces"]) == 19
    assert overlay["layout"]["showlegend"] is False
    assert "by the numbers above" in visit.text
    assert "The first 20 of 22 chosen runs are compared." in visit.tick(*range(22)).text


def test_runs_are_marked(trained: Train, tiny: MakeDesign, store: Store) -> None:
    runs = [trained(tiny(seed)).run for seed in (1, 2)]
    store.tag(runs[0], ["old"])
    changed()
    visit = Visit(page="runs").tick(1)

    def save(tags: str, note: str | None = None) -> None:
        next(each for each in visit.at.text_input if each.label.startswith("Tags")).set_value(tags)
        if note is not None:
            visit.at.text_area[0].set_value(note)
        next(button for button in visit.at.button if button.label == "Save").click()
        visit.look()

    save("homework week-2", "dies in *L3*")
    assert (store.get(runs[0]).tags, store.get(runs[0]).notes) == (("homework", "week-2"), "dies in *L3*")
    assert [row["marks"] for row in visit.table] == ["", "homework week-2"]
    assert "marks" in visit.at.dataframe[0].proto.column_order
    assert "notes" in visit.at.dataframe[0].proto.column_order
    assert r"**Note.** dies in \*L3\*" in visit.text
    visit.tick(0, 1)
    save("both")
    assert [store.get(run).tags for run in runs] == [("both", "homework", "week-2"), ("both",)]
    visit.tick(0, 1)
    save("a b c , (d)")
    assert "tag must be one word" in visit.errors[0]


def test_a_star_protects(trained: Train, tiny: MakeDesign, store: Store) -> None:
    runs = [trained(tiny(seed)).run for seed in (1, 2)]
    visit = Visit(page="runs").tick(1).press("star_runs")
    assert store.get(runs[0]).starred
    assert visit.table[1]["marks"] == "★"
    visit.tick(0, 1)
    assert "1 starred run cannot be deleted: press Unstar first." in visit.text
    assert "Delete 1 run for everybody" in visit.text
    visit.press("delete_runs")
    assert [run.run for run in store.runs()] == [runs[0]]
    visit.tick(0)
    assert visit.at.button("star_runs").label == "Unstar"
    assert "delete_runs" not in {button.key for button in visit.at.button}
    visit.press("star_runs")
    visit.tick(0).press("delete_runs")
    assert store.runs() == []


def test_a_tap_on_a_cell_chooses_its_row_and_another_one_lets_it_go(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session(
        picked={"selection": {"rows": [2], "columns": [], "cells": [(0, "design")]}}, listed=["a", "group b"]
    )
    monkeypatch.setattr(runs_page.st, "session_state", session)
    runs_page._tapped()
    assert session.picked["selection"] == {"rows": [0, 2], "columns": [], "cells": []}
    session.picked["selection"]["cells"] = [(2, "state")]
    runs_page._tapped()
    assert session.picked["selection"] == {"rows": [0], "columns": [], "cells": []}
    for unfolded in ({"b"}, set()):
        session.picked["selection"]["cells"] = [(1, "seeds")]
        runs_page._tapped()
        assert session.picked["selection"] == {"rows": [0], "columns": [], "cells": []}
        assert session.runs_unfolded == unfolded


def test_the_page_notices_that_the_last_run_has_ended(trained: Train, tiny: MakeDesign, store: Store) -> None:
    run = store.submit(tiny(5)).run
    visit = Visit(page="runs")
    assert visit.table[0]["state"] == "queued"
    assert trained(tiny(5)).run == run
    visit.look()
    assert visit.table[0]["state"] == "done"


def test_a_run_of_another_version_is_named_with_the_reason(tiny: MakeDesign, store: Store) -> None:
    run = store.submit(tiny()).run
    with sqlite3.connect(str(store.path)) as connection:
        connection.execute("UPDATE runs SET design = ?", ('{"neuron":{"threshold":-7}}',))
    connection.close()
    visit = Visit(page="runs")
    assert "1 run of another version cannot be shown" in visit.text
    assert f"{run} (neuron.threshold must be a number from 0 to 10, got -7)" in visit.text
    assert "No run yet" in visit.text


def test_others_runs_are_seen_and_copied_and_nothing_else(
    trained: Train, tiny: MakeDesign, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = trained(tiny(0)).run, trained(tiny(1)).run
    for run, person in ((first, "ann"), (second, "bob")):
        with store._writing() as connection:
            owners.add_owner(connection, run, person)
    monkeypatch.setattr(services, "current_person", lambda: (Person("bob"), Hosting()))
    visit = Visit(page="runs").tick(0, 1)  # the newest is bob's
    assert visit.at.button("star_runs").disabled
    assert "1 run of other people can be opened and copied, and not deleted." in visit.text
    assert "Delete 1 run for everybody" in visit.text
    visit.press("delete_runs")
    assert [run.run for run in store.runs()] == [first]
    visit.tick(0)
    assert not visit.at.button("open").disabled
    assert visit.at.button("star_runs").disabled
    assert visit.at.button("cancel_runs").disabled
    assert not [one for one in visit.at.button if one.key == "delete_runs"]
    assert not [one for one in visit.at.button if one.label == "Rename"]


def test_the_host_says_a_line_to_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "snnviz.toml"
    place.write_text('[notice]\ntext = "Down on <b>Friday</b> from 9 to 10."')
    monkeypatch.setenv("SNNVIZ_CONFIG", str(place))
    said = "".join(one.value for one in Visit(page="runs").at.info)
    assert "Down on \\<b\\>Friday\\</b\\> from 9 to 10." in said
    place.write_text("")
    assert "Down on" not in "".join(one.value for one in Visit(page="runs").at.info)


def test_a_file_of_the_host_that_became_invalid_counts_as_it_was(
    trained: Train, tiny: MakeDesign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    run = trained(tiny(0)).run
    with services.store()._writing() as connection:
        owners.add_owner(connection, run, "ann@uni.example")
    place = tmp_path / "snnviz.toml"
    place.write_text('[people]\nsign_in = "proxy"\nadmins = ["root@uni.example"]')
    monkeypatch.setenv("SNNVIZ_CONFIG", str(place))
    monkeypatch.setattr(people.st, "user", {"email": "Root@uni.example"})
    assert not Visit(page="runs").tick(0).at.button("star_runs").disabled
    place.write_text("[people]\nsign_in = 'ldap'")
    assert not Visit(page="runs").tick(0).at.button("star_runs").disabled
    assert "people.sign_in must be 'open', 'proxy' or 'oidc', got 'ldap'" in caplog.text
    monkeypatch.setattr(people.st, "user", {})
    assert Visit(page="runs").tick(0).at.button("star_runs").disabled


def test_what_somebody_else_wants_too_goes_on_and_that_is_said(
    tiny: MakeDesign, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob = store.acting_as(Person("ann")), store.acting_as(Person("bob"))
    run = ann.submit(tiny()).run
    bob.submit(tiny())
    monkeypatch.setattr(services, "current_person", lambda: (Person("bob"), Hosting()))
    visit = Visit(page="runs").tick(0).press("cancel_runs")
    assert [one.value for one in visit.at.toast] == [
        "It goes on, as somebody else wants it, too. It is no longer one of yours."
    ]
    assert store.get(run).state == "queued"
    assert store.owners([run]) == {run: ("ann",)}
    assert visit.tick(0).at.button("cancel_runs").disabled


def test_a_run_is_exported_by_a_press(trained: Train, tiny: MakeDesign, monkeypatch: pytest.MonkeyPatch) -> None:
    run = trained(tiny())
    asked = []

    class Client:
        def send(self, request: dict[str, str]) -> Any:
            asked.append(request)
            answer: Future[bytes] = Future()
            if request["as"] == "nir":
                answer.set_exception(AnswerFailed("NIR has no such neuron."))
            else:
                answer.set_result(ExportedFile("mine.zip", ("Every spike is equal.",), b"data").to_bytes())
            return SimpleNamespace(answer=answer, share=0.0)

    monkeypatch.setattr(exporting, "client", Client)
    visit = Visit(page="runs").tick(0)
    visit.at.session_state["exporting"] = True
    visit.look()
    assert visit.at.selectbox("export-form").options[0] == "PyTorch script"
    assert not asked
    visit.press("export-make")
    assert asked == [{"as": "script", "suffix": "", "run": run.run}]
    assert "Every spike is equal." in visit.text
    visit.press("export-make")
    assert len(asked) == 1, "it is there"
    visit.at.selectbox("export-form").set_value("nir.nir")
    visit.press("export-make")
    assert [error.value for error in visit.at.error] == ["NIR has no such neuron."]
