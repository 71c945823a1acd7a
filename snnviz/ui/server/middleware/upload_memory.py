"""Memory taken by the visitors' uploads, by visitor, by address and in all."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any, NamedTuple

from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from snnviz.data.files.limits import UploadLimits

LEFT_SECONDS = 120
"""Seconds after which uploads of a visitor who left are dropped, as Streamlit drops sessions."""

LEAST_BYTES = 4096
"""Number of bytes that a file counts at least, as empty ones take room too."""

SAME_SECONDS = 0.2
"""Seconds for which a count of held bytes is reused."""


class Owner(NamedTuple):
    """The owner of an upload: pseudonyms of visitor and address."""

    visitor: str
    address: str


class UploadMemory:
    """Counts the bytes of uploads that arrive and that are held in memory: by visitor, by address and in all."""

    def __init__(self) -> None:
        self.owners: dict[tuple[str, str], Owner] = {}
        """Who sent a file of a session."""

        self._arriving: Counter[tuple[str, str]] = Counter()
        self._kept: Counter[tuple[str, str]] = Counter()
        self._counted = 0.0
        self._left: dict[str, float] = {}

    def add(self, owner: Owner, size: int) -> None:
        """Adds bytes of an arriving body; a negative `size` after its response."""
        for key in _keys(owner):
            self._arriving[key] += size
            if not self._arriving[key]:
                del self._arriving[key]
        if size < 0:
            self._counted = 0.0

    def refusal(self, owner: Owner, limits: UploadLimits) -> tuple[int, str] | None:
        """Returns the HTTP status and sentence with which an upload is refused if a limit is exceeded, else None."""
        now = time.monotonic()
        if now - self._counted > SAME_SECONDS:
            self.count(now)
        found = self._excess(owner, limits)
        if found and self._counted < now:  # somebody may have left since
            self.count(now)
            found = self._excess(owner, limits)
        return found

    def _excess(self, owner: Owner, limits: UploadLimits) -> tuple[int, str] | None:
        visitor, address, everybody = (self._arriving[key] + self._kept[key] for key in _keys(owner))
        again = "take one away, or close its page, and try again."
        if visitor > limits.visitor_held * 2**20:
            return 429, f"You hold {limits.visitor_held} MB of uploads here, as much as one visitor may: {again}"
        if address > limits.address_held * 2**20:
            return 429, f"Visitors of your address hold {limits.address_held} MB of uploads here, all they may: {again}"
        if everybody > limits.held * 2**20 and not self._make_room(everybody - limits.held * 2**20):
            return 503, f"All visitors together hold {limits.held} MB of uploads here: try again in a minute."
        return None

    def count(self, now: float) -> None:
        """Updates the sums of bytes of uploads held in memory, by owner, that limits are checked against, and drops
        uploads whose visitors left long ago.
        """
        self._counted = now
        self._kept.clear()
        files, here = _files(), set()
        for session, several in files.items():
            if _is_here(session):
                self._left.pop(session, None)
            elif now - self._left.setdefault(session, now) > LEFT_SECONDS:
                _forget(session)
                continue
            for name, size in several.items():
                here.add((session, name))
                owner = self.owners.get((session, name))
                keys = _keys(owner) if owner and session not in self._left else [ALL]
                for key in keys:
                    self._kept[key] += size
        for known in [known for known in self.owners if known not in here]:
            del self.owners[known]
        for session in [session for session in self._left if session not in files]:
            del self._left[session]

    def _make_room(self, size: int) -> bool:
        """So many bytes of what visitors left behind go, who left first; whether that was enough."""
        files = _files()
        for session in sorted(self._left, key=lambda session: self._left[session]):
            if size <= 0:
                break
            size -= sum(files.get(session, {}).values())
            _forget(session)
        self._counted = 0.0
        return size <= 0


ALL = ("all", "")

MEMORY = UploadMemory()
"""The counter of this server."""


def drop_left_behind() -> None:
    """Drops uploads whose visitors left long ago."""
    MEMORY.count(time.monotonic())


def release_uploads() -> None:
    """Frees the current visitor's uploads, which are no longer needed."""
    context = get_script_run_ctx()
    if context is not None:
        context.uploaded_file_mgr.remove_session_files(context.session_id)


def _keys(owner: Owner) -> list[tuple[str, str]]:
    return [("visitor", owner.visitor), ("address", owner.address), ALL]


def _files() -> dict[str, dict[str, int]]:
    """Of each session, its uploads and how large they are."""
    stored: Any = getattr(_manager(), "file_storage", {})
    return {
        session: {name: max(len(file.data), LEAST_BYTES) for name, file in list(several.items())}
        for session, several in list(stored.items())
    }


def _manager() -> Any:
    return getattr(runtime.get_instance(), "_uploaded_file_mgr", None) if runtime.exists() else None


def _is_here(session: str) -> bool:
    """Whether the session's visitor is connected."""
    return runtime.exists() and runtime.get_instance().is_active_session(session)


def _forget(session: str) -> None:
    manager = _manager()
    if manager is not None:
        manager.remove_session_files(session)
