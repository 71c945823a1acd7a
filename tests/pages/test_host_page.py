"""The host's page: whose it is, and that what it offers is done, asked for anew by each press."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from snnviz.people.person import Person
from snnviz.store import Store
from snnviz.ui.host import page
from snnviz.ui.kit import health, people, services
from tests.conftest import MakeDesign
from tests.pages.visit import MAIN

ANN = Person("0123456789abcdef" * 2)


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The host's file, empty."""
    monkeypatch.setenv("SNNVIZ_CONFIG", str(tmp_path / "snnviz.toml"))
    (tmp_path / "snnviz.toml").write_text("")
    monkeypatch.setattr(health, "open_pages", lambda: 1)  # of a server, which AppTest has none of
    page.DISK.clear()
    return tmp_path / "snnviz.toml"


@pytest.fixture
def store() -> Iterator[Store]:
    found = Store()
    yield found
    found.close()


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "is_local", lambda: True)


def opened() -> AppTest:
    at = AppTest.from_file(str(MAIN), default_timeout=120)
    at._page_hash = calc_hash("host")
    at.run()
    assert not at.exception
    return at


def refused() -> AppTest:
    def script() -> None:
        from snnviz.ui.host import page

        page.panel()

    return AppTest.from_function(script, default_timeout=120).run()


def test_a_visitor_is_not_offered_the_page_and_refused_by_it(store: Store, tiny: MakeDesign) -> None:
    store.acting_as(ANN).submit(tiny())
    assert "Host" not in [title.value for title in opened().title]
    at = refused()
    (error,) = at.error
    assert error.value.startswith("This is for the host of the server")
    assert not at.dataframe
    assert not at.button


@pytest.mark.usefixtures("local")
def test_a_visitor_presses_what_is_not_theirs(
    store: Store,
    tiny: MakeDesign,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = store.acting_as(ANN).submit(tiny()).run
    at = opened()
    monkeypatch.setattr(people, "is_local", lambda: False)  # they are no host any more
    at.button("host-clear").click()
    at.toggle("host-read-only").set_value(True).run()
    services.CACHE.clear()
    assert (store.get(run).state, store.switches().read_only) == ("queued", False)


@pytest.mark.usefixtures("local")
def test_whoever_has_the_machine_sees_all_and_clears_the_queue(
    store: Store,
    tiny: MakeDesign,
) -> None:
    runs = [store.acting_as(ANN).submit(tiny(number)).run for number in range(2)]
    at = opened()
    assert [title.value for title in at.title] == ["Host"]
    people_table = next(each.value for each in at.dataframe if "person" in each.value and "waiting" in each.value)
    assert people_table.iloc[0].to_dict() == {
        "person": "visitor 01234567", "waiting": 2, "running": 0, "runs": 2, "late": 0.0, "day": 0.0, "disk": 0.0,
    }  # fmt: skip
    at.button("host-clear").click().run()
    assert [store.get(run).state for run in runs] == ["cancelled", "cancelled"]


@pytest.mark.usefixtures("local")
def test_what_is_switched_is_kept_said_to_all_and_taken_away(
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at = opened()
    at.toggle("host-read-only").set_value(True).run()
    at.text_input(f"host-notice-0-{hash('')}").set_value("Upgrade at *18:00*").run()
    assert store.switches() == ("Upgrade at *18:00*", True, False)
    monkeypatch.setattr(people, "is_local", lambda: False)
    services.CACHE.clear()
    other = AppTest.from_file(str(MAIN), default_timeout=120).run()
    said = " ".join(info.value for info in other.info)
    assert "Upgrade at \\*18\\:00\\*" in said
    assert "The server is read-only at the moment" in said
    monkeypatch.setattr(people, "is_local", lambda: True)
    at.run()
    at.button("host-announce").click().run()
    at.toggle("host-read-only").set_value(False).run()
    assert store.switches() == ("", False, False)


@pytest.mark.usefixtures("local")
def test_failures_and_what_runs_are_listed(
    store: Store,
    tiny: MakeDesign,
) -> None:
    run = store.submit(tiny(0)).run
    claim = store.claim("worker", run)
    assert claim is not None
    store.finish(run, claim.attempt, "failed", "It broke.", "line 7")
    other = store.submit(tiny(1)).run
    store.claim("worker", other)
    at = opened()
    errors = next(each.value for each in at.dataframe if "error" in each.value)
    assert list(errors["error"]) == ["It broke."]
    work = next(each.value for each in at.dataframe if "processor" in each.value)
    assert list(work["state"]) == ["running"]
