"""Rerunning fragments from the body of one that reran by itself, where `st.rerun` takes no keys."""

from __future__ import annotations

from typing import NoReturn

import streamlit as st
from streamlit.runtime.scriptrunner import RerunData, RerunException, get_script_run_ctx


def rerun_fragments_instead(*keys: str) -> NoReturn:
    """Ends this rerun of a fragment, and reruns the fragments with these keys; in a run of the whole page reruns that.

    `st.rerun` does the same in a callback. Raises Streamlit's rerun exception.
    """
    context = get_script_run_ctx()
    if context is not None and context.fragment_ids_this_run:
        raise RerunException(
            RerunData(
                query_string=context.query_string,
                page_script_hash=context.page_script_hash,
                fragment_id_queue=context.fragment_storage.resolve_target(keys),
                is_fragment_scoped_rerun=True,
                cached_message_hashes=context.cached_message_hashes,
                context_info=context.context_info,
            )
        )
    st.rerun()
