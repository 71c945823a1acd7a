"""What a host's tools ask of the server."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette

from snnviz.people.person import Person
from snnviz.ui.kit import health, services
from snnviz.ui.server.routes import routes
from tests.asgi import get
from tests.conftest import MakeDesign

TOKEN = "abcdefgh12345678"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, with a file of the host."""
    services.CACHE.clear()
    monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path))
    monkeypatch.setenv("SNNVIZ_CONFIG", str(tmp_path / "snnviz.toml"))
    (tmp_path / "snnviz.toml").write_text("")
    return tmp_path


APP = Starlette(routes=routes(health.PATHS))


def values(text: str) -> dict[tuple[str, str], float]:
    families = text_string_to_metric_families(text)
    return {(one.name, ",".join(one.labels.values())): one.value for family in families for one in family.samples}


def test_a_server_that_works_is_ok_and_says_nothing_of_people(tiny: MakeDesign) -> None:
    services.store().acting_as(Person("ann@uni.example")).submit(tiny())
    found = get(APP, "/healthz")
    assert found.status_code == 200
    told = found.json()
    assert (told["status"], told["problems"], told["runs"]["queued"]) == ("ok", [], 1)
    assert told["worker"] == {"running": False, "seconds_since_heartbeat": None}
    assert "ann" not in found.text


def test_trouble_is_503_and_a_sentence_each(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "snnviz.toml").write_text("[queue]\nlongest = 0")
    monkeypatch.setattr(health, "FEW_BYTES", 1 << 62)
    services.store()
    (place / "runs.sqlite").unlink()
    found = get(APP, "/healthz")
    assert found.status_code == 503
    assert found.json()["problems"] == [
        "the store cannot be used: python -m snnviz doctor says why",
        f"the disk has less than {(1 << 62) / 1e6:.0f} MB left",
        "snnviz.toml is invalid: python -m snnviz doctor says why",
    ]


def test_metrics_are_numbers_of_the_store(tiny: MakeDesign) -> None:
    store = services.store()
    for number, person in enumerate(("ann", "bob", "bob")):
        store.acting_as(Person(person)).submit(tiny(number))
    claim = store.claim("worker")
    assert claim is not None
    store.append_rows(claim.run, claim.attempt, seconds=7.5)
    found = values(get(APP, "/metrics").text)
    assert found["snnviz_up", ""] == 1
    assert (found["snnviz_runs", "queued"], found["snnviz_runs", "running"]) == (2, 1)
    assert found["snnviz_training_seconds_total", ""] == 7.5
    assert found["snnviz_people_waiting", ""] == 2
    assert 0 <= found["snnviz_longest_wait_seconds", ""] < 60
    assert found["snnviz_disk_free_bytes", ""] > 0


@pytest.mark.parametrize(
    ("host", "headers", "token", "status"),
    [
        ("127.0.0.1", {}, "", 200),
        ("::1", {}, "", 200),
        ("192.0.2.7", {}, "", 403),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, "", 403),
        ("127.0.0.1", {}, TOKEN, 403),
        ("192.0.2.7", {"Authorization": f"Bearer {TOKEN}"}, TOKEN, 200),
        ("192.0.2.7", {"Authorization": f"Bearer {TOKEN[:-1]}x"}, TOKEN, 403),
        ("127.0.0.1", {"Authorization": "Bearer "}, "", 200),
    ],
)
def test_who_may_read_the_metrics(place: Path, host: str, headers: dict[str, str], token: str, status: int) -> None:
    (place / "snnviz.toml").write_text(f'[metrics]\ntoken = "{token}"')
    assert get(APP, "/metrics", host, headers).status_code == status


def test_a_short_token_is_refused(
    place: Path,
) -> None:
    (place / "snnviz.toml").write_text('[metrics]\ntoken = "short"')
    assert get(APP, "/metrics", headers={"Authorization": "Bearer short"}).status_code == 403
    assert get(APP, "/healthz").json()["problems"] == ["snnviz.toml is invalid: python -m snnviz doctor says why"]
