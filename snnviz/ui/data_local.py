"""Whether the dashboard serves only whoever started it, who may then read folders and fill the disk by it."""

from __future__ import annotations

import os

import streamlit as st

SWITCH = "SNNVIZ_LOCAL"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def is_local() -> bool:
    """Only where the server was told so, as `make run` does, and listens to this machine alone.

    The address by itself says nothing: a public server may stand before one that listens to its own machine.
    """
    return os.environ.get(SWITCH) == "1" and str(st.get_option("server.address") or "") in LOOPBACK
