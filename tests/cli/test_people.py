"""The command `people`, and what `doctor` says of the host's file."""

from __future__ import annotations

from pathlib import Path

import pytest

from snnviz.people.person import Person
from snnviz.store import Store
from tests.cli.conftest import Snnviz
from tests.conftest import MakeDesign


def test_who_uses_the_server(snnviz: Snnviz, tiny: MakeDesign) -> None:
    store = Store()
    assert "Nobody has queued a run" in snnviz("people").out
    visitor = Person("0123456789abcdef0123456789abcdef")
    for number, person in enumerate((Person("ann@uni.example"), visitor, visitor)):
        store.acting_as(person).submit(tiny(number))
    store.close()
    found = snnviz("people", "--json").json["people"]
    assert [(one["person"][:3], one["queued"], one["runs"]) for one in found] == [("012", 2, 2), ("ann", 1, 1)]
    text = snnviz("people").out
    assert "0123456789ab " in text
    assert visitor.id not in text
    assert "ann@uni.example" in text


def test_doctor_says_what_the_host_decided(snnviz: Snnviz, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "snnviz.toml"
    place.write_text('[people]\nadmins = ["ann@uni.example"]\n[metrics]\ntoken = "0123456789abcdef"')
    monkeypatch.setenv("SNNVIZ_CONFIG", str(place))
    told = snnviz("doctor", "--json").json["host"]
    assert told["people.admins"] == "ann@uni.example"
    assert told["limits.visitor.queued"] == 100
    assert told["metrics.token"] == "set"
    place.write_text("[people]\nsign_in = 3")
    assert snnviz("doctor", "--json").json["host"] == "people.sign_in must be 'open', 'proxy' or 'oidc', got 3"
