"""Requests answers for the page, with a progress bar while one waits and a message if there is no answer."""

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
    """Returns the answer to a request about a run; None after an error, whose message is then shown on the page.

    what: "look", "overview" or "pictures". numbers: indices of the test images for "pictures".
    """
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
    """Returns the request `look` with the name of this run, and with the fields in `changed` replaced."""
    return look.model_copy(update={"run": run.run, **changed})
