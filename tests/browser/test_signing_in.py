"""Signing in with an OpenID Connect provider, in a browser: who one is then, and how one is nobody again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from snnviz.store import Store
from tests.browser.conftest import working

pytest.importorskip("authlib", reason="requirements-oidc.txt is not installed")
from tests import oidc

pytestmark = pytest.mark.browser

HOST = """
[people]
sign_in = "oidc"
admins = ["ann@uni.example"]
members = ["*@uni.example"]
"""


@pytest.fixture(scope="module")
def known() -> Iterator[oidc.Provider]:
    with oidc.provider() as found:
        yield found


@pytest.fixture(scope="module")
def place(known: oidc.Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Store]]:
    """A server of others whose people sign in with this provider."""
    home: Path = tmp_path_factory.mktemp("home")
    (home / ".streamlit").mkdir()
    (home / ".streamlit" / "secrets.toml").write_text(known.secrets_toml())
    (home / "snnviz.toml").write_text(HOST)
    options = {"HOME": str(home), "SNNVIZ_CONFIG": str(home / "snnviz.toml")}
    with working(tmp_path_factory.mktemp("cache"), **options) as found:
        yield found


def signed_in(page: Page, called: str) -> None:
    account = page.get_by_role("button", name="Account")
    expect(account).to_be_visible(timeout=60_000)
    account.click()
    expect(page.get_by_text(f"You are signed in as {called}.")).to_be_visible()


def test_who_signs_in_is_back_where_they_were_with_their_role_and_signs_out(
    known: oidc.Provider, place: tuple[str, Store], visit: Callable[..., Page]
) -> None:
    known.claims = {"sub": "7", "email": "Ann@uni.example", "email_verified": True, "name": "Ann *Smith*"}
    page = visit(f"{place[0]}/activity?inits=variance-preserving,kaiming", locale="en")
    sign_in = page.get_by_role("button", name="Sign in")
    expect(sign_in).to_be_visible(timeout=60_000)
    expect(page.get_by_test_id("stTopNav").get_by_role("button", name="Host")).to_have_count(0)
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(page).to_have_url(f"{place[0]}/activity?inits=variance-preserving,kaiming")
    sign_in.click()
    signed_in(page, "Ann *Smith*")
    expect(page).to_have_url(f"{place[0]}/activity?inits=variance-preserving,kaiming")
    expect(page.get_by_test_id("stTopNav").get_by_role("button", name="Host")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible(timeout=60_000)
    expect(page.get_by_test_id("stTopNav").get_by_role("button", name="Host")).to_have_count(0)
    cookies = {cookie["name"] for cookie in page.context.cookies()}
    assert not {name for name in cookies if name.startswith("_streamlit_user")}


def test_an_address_that_is_not_verified_gives_no_role(
    known: oidc.Provider, place: tuple[str, Store], visit: Callable[..., Page]
) -> None:
    known.claims = {"sub": "8", "email": "ann@uni.example", "email_verified": False, "name": "Ann"}
    page = visit(place[0], locale="en")
    page.get_by_role("button", name="Sign in").click(timeout=60_000)
    signed_in(page, "Ann")
    expect(page.get_by_test_id("stTopNav").get_by_role("button", name="Results")).to_be_visible()
    expect(page.get_by_test_id("stTopNav").get_by_role("button", name="Host")).to_have_count(0)


def test_who_is_refused_by_the_provider_stays_a_visitor(
    known: oidc.Provider, place: tuple[str, Store], visit: Callable[..., Page]
) -> None:
    known.claims, known.problem = {"sub": "9"}, "access_denied"
    page = visit(place[0], locale="en")
    try:
        page.get_by_role("button", name="Sign in").click(timeout=60_000)
        page.wait_for_url(lambda url: "oauth2callback" not in url and url.startswith(place[0]))
        expect(page.get_by_role("button", name="Sign in")).to_be_visible(timeout=60_000)
    finally:
        known.problem = ""
