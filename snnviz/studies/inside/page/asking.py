"""Asks for looks on the page, with a sign of life while one waits and a sentence where there is no answer."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import streamlit as st

from snnviz.store import Run
from snnviz.studies.inside.look import Answer, Look
from snnviz.studies.inside.page import client, setting
from snnviz.studies.inside.page.client import LookFailed
from snnviz.ui.kit.store_errors import ERROR
from snnviz.ui.kit.words import escape_markdown

SILENT_SECONDS = 0.3
"""A wait that is shorter needs no words."""

WORDS = {"look": "Sending the image through the network", "overview": "Sending all test images through the network"}


def ask(what: str, look: Look, run: Run, numbers: Sequence[int] = ()) -> Answer | None:
    """The answer, or None where there is none: then a sentence says why."""
    begin, slot = time.monotonic(), st.empty()

    def tell(share: float) -> None:
        if time.monotonic() - begin > SILENT_SECONDS:
            slot.progress(min(share, 1.0), text=WORDS.get(what, "Reading images"))

    try:
        return client.answer(what, look, setting.version(run), tell, numbers)
    except LookFailed as error:
        st.error(escape_markdown(str(error)), icon=ERROR)
        return None
    finally:
        slot.empty()


def asked_of(look: Look, run: Run, **changed: Any) -> Look:
    """A look at a run, by its own name."""
    return look.model_copy(update={"run": run.run, **changed})
