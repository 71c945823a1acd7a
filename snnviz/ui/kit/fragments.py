"""Rerunning fragments by their keys: in callbacks, and from the body of a fragment, where `st.rerun` takes no keys.

Where one of them is not there, the whole page is rerun. That is so while a page is drawn for the first time, which a
press of what is drawn already interrupts; `st.rerun` raises an exception then, which visitors would see.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

import streamlit as st
from streamlit.errors import StreamlitAPIException
from streamlit.runtime.scriptrunner import RerunData, RerunException, get_script_run_ctx


def rerun_fragments(*keys: str) -> NoReturn:
    """Ends a callback, and reruns the fragments with these keys. Raises Streamlit's rerun exception."""
    if _resolved(keys) is None:
        st.rerun()
    st.rerun([*keys])


def rerun_fragments_instead(*keys: str) -> NoReturn:
    """Ends this rerun of a fragment, and reruns the fragments with these keys; in a run of the whole page reruns that.

    Raises Streamlit's rerun exception.
    """
    context, found = get_script_run_ctx(), _resolved(keys)
    if context is not None and context.fragment_ids_this_run and found is not None:
        raise RerunException(
            RerunData(
                query_string=context.query_string,
                page_script_hash=context.page_script_hash,
                fragment_id_queue=found,
                is_fragment_scoped_rerun=True,
                cached_message_hashes=context.cached_message_hashes,
                context_info=context.context_info,
            )
        )
    st.rerun()


def _resolved(keys: Sequence[str]) -> list[str] | None:
    """The ids of these fragments; None where one of them is not there."""
    context = get_script_run_ctx()
    try:
        return None if context is None else context.fragment_storage.resolve_target(keys)
    except StreamlitAPIException:
        return None
