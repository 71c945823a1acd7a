"""Signing in with a provider: what must be configured, and who one is then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from snnviz.errors import InputError
from snnviz.people.hosting import Hosting, People
from snnviz.ui.kit import signing_in

pytest.importorskip("authlib", reason="requirements-oidc.txt is not installed")

WHOLE = {
    "redirect_uri": "https://demo.example/oauth2callback",
    "cookie_secret": "x" * 32,
    "client_id": "a",
    "client_secret": "b",
    "server_metadata_url": "https://id.example/.well-known/openid-configuration",
}
HOST = Hosting(people=People(sign_in="oidc", admins=("ann@uni.example",), members=("*@uni.example",)))
ANN: dict[str, Any] = {
    "is_logged_in": True, "iss": "https://id.example", "sub": "7", "email": "ann@uni.example", "email_verified": True,
}  # fmt: skip


def test_one_provider_or_several() -> None:
    assert signing_in.check(WHOLE) == ("",)
    shared = {name: WHOLE[name] for name in ("redirect_uri", "cookie_secret")}
    one = {name: WHOLE[name] for name in ("client_id", "client_secret", "server_metadata_url")}
    assert signing_in.check({**shared, "google": one, "uni": one}) == ("google", "uni")
    assert signing_in.check({**WHOLE, "redirect_uri": "http://localhost:8501/oauth2callback"}) == ("",)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"redirect_uri": "https://demo.example/"},
            "redirect_uri in auth of .* must be this server's address",
        ),
        ({"redirect_uri": "http://demo.example/oauth2callback"}, "redirect_uri in auth .* must begin with https"),
        ({"cookie_secret": "short"}, "cookie_secret in .* must have at least 32 random letters, got a shorter one"),
        ({"client_id": ""}, "client_id in auth of .* must be there, got nothing"),
        ({"server_metadata_url": ""}, "server_metadata_url in auth of .* must be there"),
    ],
)
def test_what_is_missing_or_unsafe_is_a_sentence_without_the_secret(change: dict[str, str], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as error:
        signing_in.check({**WHOLE, **change})
    assert "short" not in str(error.value).replace("a shorter one", "")


def test_nothing_configured_ends_the_start_with_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "snnviz.toml"
    monkeypatch.setenv("SNNVIZ_CONFIG", str(place))
    monkeypatch.setattr(signing_in, "get_secrets_auth_section", dict)
    place.write_text("")
    signing_in.check_at_start()
    place.write_text("[people]\nsign_in = 3")
    signing_in.check_at_start()
    place.write_text('[people]\nsign_in = "oidc"')
    with pytest.raises(SystemExit, match=r"redirect_uri in auth of .streamlit/secrets.toml must be"):
        signing_in.check_at_start()


def test_a_person_is_issuer_and_subject_and_a_verified_address_gives_the_role() -> None:
    ann = signing_in.signed_in(HOST, ANN)
    assert ann is not None
    assert (ann.role, "ann" in ann.id, len(ann.id)) == ("admin", False, 37)
    moved = signing_in.signed_in(HOST, {**ANN, "email": "smith@elsewhere.example"})
    assert moved is not None
    assert (moved.id, moved.role) == (ann.id, "visitor")
    others = [{**ANN, "sub": "8"}, {**ANN, "iss": "https://evil.example"}, {**ANN, "iss": 'https://id.example", "7'}]
    assert len({found.id for one in [ANN, *others] if (found := signing_in.signed_in(HOST, one))}) == 4
    for unverified in (False, None, "true", 1):
        found = signing_in.signed_in(HOST, {**ANN, "email_verified": unverified})
        assert found is not None
        assert found.role == "visitor"
    listed = Hosting(people=People(sign_in="oidc", teachers=(ann.id,)))
    found = signing_in.signed_in(listed, {**ANN, "email": ""})
    assert found is not None
    assert found.role == "teacher"


@pytest.mark.parametrize("gone", ["is_logged_in", "iss", "sub"])
def test_who_is_not_said_to_be_somebody_is_a_visitor(gone: str) -> None:
    assert signing_in.signed_in(HOST, {**ANN, gone: None}) is None
