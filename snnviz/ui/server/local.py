"""Whether the dashboard only serves the person who started it, who may then read folders and fill the disk."""

from __future__ import annotations

import os

import streamlit as st

from snnviz.ui.server.middleware import hosts

SWITCH = "SNNVIZ_LOCAL"


def serves_one() -> bool:
    """Returns whether $SNNVIZ_LOCAL is set, and only this machine can connect."""
    return os.environ.get(SWITCH) == "1" and hosts.is_alone()


def is_local() -> bool:
    """Returns whether $SNNVIZ_LOCAL is set (as by `make run`), only this machine can connect, and our own page asks.

    The address alone says nothing: a public proxy may stand before a server that listens to its own machine.
    """
    return serves_one() and hosts.is_same(st.context.headers)
