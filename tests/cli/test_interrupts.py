"""Ctrl-C is heeded also where Python forgets it."""

from __future__ import annotations

import os
import signal

import pytest

from snnviz.cli.interrupts import reliable_interrupts


class Swallowing:
    """An interrupt in a destructor is printed and forgotten."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(1000):
            pass


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_that_was_swallowed_is_raised_at_the_next_look() -> None:
    before = signal.getsignal(signal.SIGINT)
    with reliable_interrupts() as check:
        check()
        Swallowing()
        with pytest.raises(KeyboardInterrupt):
            check()
    assert signal.getsignal(signal.SIGINT) is before


def test_any_other_interrupt_is_raised_at_once() -> None:
    with reliable_interrupts(), pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
