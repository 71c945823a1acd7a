"""How much of what visitors upload the server holds in memory, all of them together."""

from __future__ import annotations

from typing import Any

import streamlit as st
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

MOST = 16
"""Uploads of the largest size. Streamlit keeps each file until its visitor takes it away or leaves."""


class Bounded:
    """Middleware that refuses an upload where those held and those that arrive would be more than `MOST`."""

    def __init__(self, app: ASGIApp, base: str = "") -> None:
        self.app = app
        self.place = f"{base}/_stcore/upload_file/"
        self.arriving = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "PUT" or not scope["path"].startswith(self.place):
            await self.app(scope, receive, send)
            return
        size = int(st.get_option("server.maxUploadSize")) * 2**20
        if held() + (self.arriving + 1) * size > MOST * size:
            await PlainTextResponse("Too many uploads at once: try again later.", 503)(scope, receive, send)
            return
        self.arriving += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self.arriving -= 1


def release() -> None:
    """The visitor's files are not needed any more: the server need not hold them until the visitor leaves."""
    context = get_script_run_ctx()
    if context is not None:
        context.uploaded_file_mgr.remove_session_files(context.session_id)


def held() -> int:
    """Bytes of uploads in memory."""
    if not runtime.exists():
        return 0
    files: Any = getattr(runtime.get_instance(), "_uploaded_file_mgr", None)
    stored = getattr(files, "file_storage", {})
    return sum(len(file.data) for session in list(stored.values()) for file in list(session.values()))
