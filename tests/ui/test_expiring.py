"""What goes by itself: on a server of others as its host decided, and nothing where it serves whoever started it."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from snnviz.people.hosting import Retention
from snnviz.people.person import Person
from snnviz.ui.kit import people, services
from snnviz.ui.server import local
from tests.conftest import MakeDesign


def test_only_a_server_of_others_lets_things_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "snnviz.toml"
    place.write_text("[retention]\ndays = 7.0\n")
    monkeypatch.setenv("SNNVIZ_CONFIG", str(place))
    monkeypatch.delenv(local.SWITCH, raising=False)
    assert people.retention() == Retention(days=7.0)
    monkeypatch.setattr(local.hosts, "is_alone", lambda: True)
    assert people.retention() == Retention(days=7.0)
    monkeypatch.setenv(local.SWITCH, "1")
    assert people.retention() == Retention(days=0.0, megabytes=0.0)
    monkeypatch.setattr(local.hosts, "is_alone", lambda: False)
    assert people.retention() == Retention(days=7.0)


def test_the_server_deletes_it_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tiny: MakeDesign
) -> None:
    monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path))
    monkeypatch.setattr(services, "retention", lambda: Retention(days=1e-6))
    store = services.store()
    mine = store.acting_as(Person("0123456789abcdef" * 2))
    run = mine.submit(tiny(0)).run
    mine.cancel(run)
    time.sleep(0.2)
    services._expire()
    assert store.runs() == []
    assert f"Nobody opened them for long: 0.0 MB of {run} went." in re.sub("[0-9.]+ MB", "0.0 MB", caplog.text)
    store.close()
