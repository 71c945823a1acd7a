"""A store in trouble is a sentence on the page, wherever the page notices it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from snnviz.errors import StoreError
from snnviz.ui.kit.words import plain


@contextmanager
def told() -> Iterator[None]:
    """Shows a `StoreError` where it happens: around a page, and on a fragment, which also runs without its page."""
    try:
        yield
    except StoreError as error:
        st.error(plain(str(error)), icon=":material/database_off:")
