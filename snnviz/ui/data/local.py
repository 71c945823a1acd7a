"""Whether the dashboard serves only whoever started it, who may then read folders and fill the disk by it."""

from __future__ import annotations

import os

import streamlit as st

from snnviz.ui.server.middleware import hosts

SWITCH = "SNNVIZ_LOCAL"


def is_local() -> bool:
    """Only where the server was told so, as `make run` does, listens to this machine alone, and its own page asks.

    The address by itself says nothing: a public server may stand before one that listens to its own machine.
    """
    return os.environ.get(SWITCH) == "1" and hosts.is_alone() and hosts.is_same(st.context.headers)
