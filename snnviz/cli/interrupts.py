"""Reliable handling of Ctrl-C."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def reliable_interrupts() -> Iterator[Callable[[], None]]:
    """Context manager in which Ctrl-C is not lost; yields a function that raises KeyboardInterrupt if it was pressed.

    Python forgets an interrupt that is raised in a destructor or in a callback from C, as often happens while torch is
    imported. Outside of the main thread nothing is changed.
    """
    pressed = False

    def press(*_: object) -> None:
        nonlocal pressed
        pressed = True
        raise KeyboardInterrupt

    def check() -> None:
        if pressed:
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield check
        return
    before = signal.signal(signal.SIGINT, press)
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, before)
