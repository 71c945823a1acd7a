"""The address of the server, for links that are passed on."""

from __future__ import annotations

import streamlit as st


def server_url(page: str) -> str:
    """Returns the address of the server as this browser knows it, with its base path and a slash at the end; "" if the
    browser did not say. page: path of the page that is shown, "" for Home.
    """
    found = str(st.context.url or "").partition("?")[0].removesuffix("/")
    found = found.removesuffix(page) if page else found
    return f"{found.removesuffix('/')}/" if found else ""
