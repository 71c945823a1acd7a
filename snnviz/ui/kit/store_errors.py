"""Errors of the store (`StoreError`) shown on the page where they occur, instead of a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from snnviz.errors import StoreError
from snnviz.ui.kit.words import escape_markdown

ERROR = ":material/error:"
"""Icon of error messages."""


@contextmanager
def show_store_errors() -> Iterator[None]:
    """Context manager and decorator that shows a `StoreError` as a message on the page instead of a traceback.

    Used around a page, and on each fragment, which also runs without its page.
    """
    try:
        yield
    except StoreError as error:
        st.error(escape_markdown(str(error)), icon=":material/database_off:")
