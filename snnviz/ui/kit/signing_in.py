"""Signing in with an OpenID Connect provider (`people.sign_in = "oidc"`), which Streamlit does with Authlib.

What the provider says is in a signed cookie of Streamlit's. A person is known by a hash of issuer and subject, which
never change and are nobody else's; an address, which may, only gives a role, and only if the provider has verified it.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import streamlit as st
from streamlit.auth_util import get_secrets_auth_section
from streamlit.navigation.page import StreamlitPage

from snnviz.errors import InputError, Unquoted
from snnviz.people.hosting import Hosting, hosting
from snnviz.people.person import Person
from snnviz.ui.components.address import BESIDE
from snnviz.ui.kit import resetting
from snnviz.ui.kit.words import escape_markdown
from snnviz.ui.server import visitors

SECRET_LETTERS = 32
"""Fewest letters of the secret that signs Streamlit's cookie."""

RETURN_SECONDS = 900.0
MOST_RETURNS = 2000

_FIELDS = ("client_id", "client_secret", "server_metadata_url")
_returns: OrderedDict[str, tuple[float, str, dict[str, str]]] = OrderedDict()
_lock = threading.Lock()


def check(auth: Mapping[str, Any]) -> tuple[str, ...]:
    """Returns the names of the providers in the section `[auth]` of `.streamlit/secrets.toml`; "" for one that stands
    in the section itself. Raises `InputError` if signing in would not work, or not be safe.
    """
    if find_spec("authlib") is None or find_spec("httpx") is None:
        raise InputError("people.sign_in", "not be oidc without requirements-oidc.txt", Unquoted("no Authlib"))
    where = "auth of .streamlit/secrets.toml"
    uri = str(auth.get("redirect_uri", ""))
    parts = urlsplit(uri)
    if not parts.path.endswith("/oauth2callback"):
        raise InputError(f"redirect_uri in {where}", "be this server's address with /oauth2callback", uri)
    if parts.scheme != "https" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise InputError(f"redirect_uri in {where}", "begin with https, but for this machine's own names", uri)
    if len(str(auth.get("cookie_secret", ""))) < SECRET_LETTERS:
        rule = f"have at least {SECRET_LETTERS} random letters"
        raise InputError(f"cookie_secret in {where}", rule, Unquoted("a shorter one"))
    named = {name: part for name, part in auth.items() if isinstance(part, Mapping) and "client_id" in part}
    providers = {"": auth} if "client_id" in auth else named
    if not providers:
        raise InputError(where, "name a provider by " + ", ".join(_FIELDS), Unquoted("none"))
    for name, part in providers.items():
        for field in _FIELDS:
            if not str(part.get(field, "")):
                path = f"{name}.{field}".lstrip(".")
                raise InputError(f"{path} in {where}", "be there", Unquoted("nothing"))
    return tuple(providers)


def providers() -> tuple[str, ...]:
    """Returns the names of the providers that `.streamlit/secrets.toml` has. Raises as `check`."""
    return check(get_secrets_auth_section())


def check_at_start() -> None:
    """Exits the process with a sentence if people are to sign in with a provider and cannot."""
    try:
        wanted = hosting().people.sign_in == "oidc"
    except InputError:  # which `/healthz` says, and which may be mended while the server runs
        return
    try:
        if wanted:
            providers()
    except InputError as error:
        raise SystemExit(f"{error}.") from None


def signed_in(settings: Hosting, user: Mapping[str, Any]) -> Person | None:
    """Returns the person whom Streamlit's `st.user` says; None for nobody who signed in."""
    issuer, subject = str(user.get("iss") or ""), str(user.get("sub") or "")
    if not user.get("is_logged_in") or not issuer or not subject:
        return None
    verified = user.get("email_verified") is True
    return settings.person_of_provider(issuer, subject, str(user.get("email") or "") if verified else "")


def button(settings: Hosting, page: str) -> None:
    """Draws *Sign in*, or who has signed in with *Sign out*; nothing where nobody signs in here. page: its address."""
    if settings.people.sign_in != "oidc" or st.context.is_embedded:  # in a frame browsers send no cookie of ours
        return
    if st.user.get("is_logged_in"):
        with st.popover("Account", icon=":material/account_circle:", type="tertiary", key="account"):
            st.write(f"You are signed in as {escape_markdown(_called(st.user.to_dict()))}.")
            st.button("Sign out", icon=":material/logout:", key="sign-out", on_click=st.logout)
        return
    try:
        names = providers()
    except InputError:  # the server's start said it
        return
    if len(names) == 1:
        _sign_in_button("Sign in", names[0], page)
    else:
        with st.popover("Sign in", icon=":material/login:", type="tertiary", key="signing-in"):
            for name in names:
                _sign_in_button(f"Sign in with {name.capitalize()}", name, page)


def _sign_in_button(label: str, provider: str, page: str) -> None:
    st.button(
        label,
        icon=":material/login:",
        type="tertiary",
        key=f"sign-in-{provider}",
        on_click=_sign_in,
        args=(provider, page),
    )


def _sign_in(provider: str, page: str) -> None:
    now = resetting.shown()  # what stands in the address, of which Streamlit knows only what it was opened with
    query = st.query_params.to_dict() if now is None else dict(parse_qsl(now.query, keep_blank_values=True))
    query |= st.session_state.get(BESIDE, {})
    with _lock:
        _returns[visitors.pseudonym(visitors.visitor())] = (time.monotonic(), page, query)
        while len(_returns) > MOST_RETURNS:
            _returns.popitem(last=False)
    st.login(provider or None)


def return_to(offered: Mapping[str, list[StreamlitPage]]) -> None:
    """Goes back to the page on which a person pressed *Sign in*: the provider sends them to the first one."""
    if not _returns or not st.user.get("is_logged_in"):
        return
    with _lock:
        at, path, query = _returns.pop(visitors.pseudonym(visitors.visitor()), (0.0, "", {}))
    page = next((one for pages in offered.values() for one in pages if one.url_path == path), None)
    if at and time.monotonic() - at < RETURN_SECONDS and page is not None:
        st.switch_page(page, query_params=query)


def _called(user: Mapping[str, Any]) -> str:
    return next((str(user[name]) for name in ("name", "email", "sub") if user.get(name)), "somebody")[:100]
