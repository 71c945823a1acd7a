"""Visitors: a random name in a signed cookie that no script can read.

The cookie is set in the response to the first page (`middleware.cookies`), so that the first session has it. It is
signed with a key in the cache folder. What is stored about a visitor is never the name, only a keyed hash of it
(`pseudonym`).
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

from snnviz.data.owners import Owner
from snnviz.places import cache_dir

LOG = logging.getLogger(__name__)

KEY_BYTES = 32
LIFE_SECONDS = 365 * 86_400
"""Age in seconds after which a cookie is no longer valid."""

RENEWED_SECONDS = 30 * 86_400
"""Age in seconds after which a cookie is signed anew, so that regular visitors keep their identity."""


def visitor() -> str:
    """Returns the name of the current visitor: the same for a browser, on all pages, tabs and visits.

    A browser without cookies is another visitor in each session. The name is a secret of that browser: store its
    `pseudonym`, never the name, and never show it.
    """
    found = verify(st.context.cookies.get(cookie_name(), ""))
    if found is not None:
        return found[0]
    name: str = st.session_state.setdefault("visitor", new_visitor())
    return name


def current_owner() -> Owner:
    """Returns the current visitor as the owner of a new data set: pseudonyms of the visitor and of the internet
    address.
    """
    return Owner(pseudonym(visitor()), pseudonym(address_block(str(st.context.ip_address or ""))))


def new_visitor() -> str:
    """Returns a random name for a new visitor."""
    return secrets.token_urlsafe(16)


def sign(name: str) -> str:
    """Returns the cookie's value for this visitor: the name with a signature and a time."""
    return _signer().sign(name).decode()


def verify(value: str) -> tuple[str, bool] | None:
    """Returns the visitor of a cookie's value, and whether to renew the cookie; None if it is forged or expired."""
    try:
        name, since = _signer().unsign(value, max_age=LIFE_SECONDS, return_timestamp=True)
    except (BadSignature, UnicodeError):
        return None
    return name.decode(), since.timestamp() + RENEWED_SECONDS < _now()


def cookie_name() -> str:
    """Returns the name of the cookie: different for each key, as servers on other ports of a machine see the same
    cookies.
    """
    return f"snnviz_visitor_{pseudonym('cookie')[:8]}"


def pseudonym(name: str) -> str:
    """Returns a keyed hash of a visitor or an address, for storage: comparable, but not reversible."""
    return hmac.new(_key(), b"mark:" + name.encode(), hashlib.sha256).hexdigest()[:32]


def address_block(address: str) -> str:
    """Returns the block of addresses that counts as one: of IPv6 a household's /64, of IPv4 the address itself.

    >>> address_block("::ffff:192.0.2.7"), address_block("2001:db8::5:6"), address_block("")
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
