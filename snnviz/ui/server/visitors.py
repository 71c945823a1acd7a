"""Who visits: a random name that nobody else can make up, in a cookie that no script can read.

The cookie is made in the answer to the first page (`middleware.cookies`), so that the first session has it.
It is signed with a key that lies in the cache folder, for this server's account alone. What is kept of a visitor beside
their things is never the name, only a hash of it with that key (`mark`).
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import ipaddress
import logging
import os
import secrets
import uuid
from functools import lru_cache
from pathlib import Path

import streamlit as st
from itsdangerous import BadSignature, TimestampSigner

from snnviz.data.makers import Maker
from snnviz.places import cache_dir

LOG = logging.getLogger(__name__)

KEY_BYTES = 32
LIFE_SECONDS = 365 * 86_400
"""After which a cookie is not believed any more."""

RENEWED_SECONDS = 30 * 86_400
"""A cookie older than this is signed anew, so that who comes back once a year stays who they are."""


def visitor() -> str:
    """The name of who looks at the page: always the same for a browser, on all pages, tabs and visits.

    A browser that takes no cookies is another visitor in each session. The name is a secret of that browser: keep
    `mark` of it, never itself, and never show it.
    """
    found = known(st.context.cookies.get(cookie_name(), ""))
    if found is not None:
        return found[0]
    name: str = st.session_state.setdefault("visitor", begin())
    return name


def maker() -> Maker:
    """Who looks at the page, as it is kept beside what they make."""
    return Maker(mark(visitor()), mark(network(str(st.context.ip_address or ""))))


def begin() -> str:
    """The name of a visitor who was never here."""
    return secrets.token_urlsafe(16)


def signed(name: str) -> str:
    """A cookie's value for this visitor."""
    return _signer().sign(name).decode()


def known(value: str) -> tuple[str, bool] | None:
    """Who has the cookie of this value, and whether it should be renewed; None where it is forged, old or no cookie."""
    try:
        name, since = _signer().unsign(value, max_age=LIFE_SECONDS, return_timestamp=True)
    except (BadSignature, UnicodeError):
        return None
    return name.decode(), since.timestamp() + RENEWED_SECONDS < _now()


def cookie_name() -> str:
    """What the cookie is called: another for each key, as servers on other ports of a machine see the same cookies."""
    return f"snnviz_visitor_{mark('cookie')[:8]}"


def mark(name: str) -> str:
    """What is kept of a visitor or an address: who has the key can compare it, and nobody can get back from it."""
    return hmac.new(_key(), b"mark:" + name.encode(), hashlib.sha256).hexdigest()[:32]


def network(address: str) -> str:
    """The addresses that count as one: of IPv6 what a household gets (/64), of IPv4 the address.

    >>> network("::ffff:192.0.2.7"), network("2001:db8::5:6"), network("")
    ('192.0.2.7', '2001:db8::/64', '')
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False))


def _signer() -> TimestampSigner:
    return TimestampSigner(_key(), salt=b"snnviz.visitor", digest_method=hashlib.sha256)


def _now() -> float:
    return float(_signer().get_timestamp())


def _key() -> bytes:
    return _read(cache_dir() / "visitors.key")


@lru_cache(maxsize=4)
def _read(path: Path) -> bytes:
    """The key of this file, which is made where it is not there. Whoever makes it first, all have the same."""
    try:
        for _ in range(3):
            with contextlib.suppress(FileNotFoundError):
                key = path.read_bytes()
                if len(key) == KEY_BYTES:
                    return key
                path.unlink(missing_ok=True)  # cut off, or somebody's file: every cookie is a stranger's now
            _make(path)
    except OSError as error:
        LOG.warning("The visitors' key cannot be kept in %s (%s): after a restart all are new.", path.parent, error)
    return secrets.token_bytes(KEY_BYTES)


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    work = path.with_name(f"visitors-{uuid.uuid4().hex}.tmp")
    handle = os.open(work, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):  # somebody was faster
            os.link(work, path)
    finally:
        work.unlink(missing_ok=True)
