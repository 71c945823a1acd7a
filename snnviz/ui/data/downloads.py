"""Downloads of data sets in threads, at most one per data set; they continue when a visitor leaves."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from snnviz.data import datasets
from snnviz.errors import DataMissing
from snnviz.places import cache_dir

EVERY = 1.0
"""Seconds between two updates of a download's progress."""


class Stopped(Exception):
    """Raised in a download when Cancel was pressed."""


@dataclass
class Download:
    """A download: its progress as text, and why it failed; `problem` is "" if it succeeded."""

    words: str = "beginning"
    problem: str = ""
    since: float = field(default_factory=time.monotonic)
    ended: bool = False
    stop: threading.Event = field(default_factory=threading.Event)


_KNOWN: dict[tuple[str, str], Download] = {}
_LOCK = threading.Lock()


def download_of(name: str) -> Download | None:
    """Returns the last download of a data set since the server started, running or ended, or None."""
    return _KNOWN.get((str(cache_dir()), name))


def start(name: str) -> None:
    """Starts the download of a data set, unless one is running."""
    with _LOCK:
        before = download_of(name)
        if before is not None and not before.ended:
            return
        going = _KNOWN[str(cache_dir()), name] = Download()
    threading.Thread(target=_fetch, args=(name, going), name=f"fetch {name}", daemon=True).start()


def cancel(name: str) -> None:
    """Stops a download; what has arrived is kept, and the next download resumes it."""
    going = download_of(name)
    if going is not None:
        going.stop.set()


def forget(name: str) -> None:
    """Removes an ended download of a data set after its message was shown."""
    with _LOCK:
        going = download_of(name)
        if going is not None and going.ended:
            del _KNOWN[str(cache_dir()), name]


def _fetch(name: str, going: Download) -> None:
    def watch(words: str) -> None:
        if going.stop.is_set():
            raise Stopped
        going.words = words

    try:
        watch("beginning")
        datasets.ensure_downloaded(name, watch, explicit=True)
    except Stopped:
        going.problem = "Stopped: what has arrived is kept, and the next try goes on from there."
    except DataMissing as error:
        going.problem = str(error)
    except Exception as error:  # a thread of its own: nobody else would say so
        going.problem = f"{name} could not be fetched ({type(error).__name__}); see the server's log."
        raise
    finally:
        going.ended = True
