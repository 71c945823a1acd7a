"""Computes the activity that the page's setting describes, cached for all visitors, and cancelled when nobody waits for
it.

The computation runs in a thread, so that the page can show its progress and notice that a slider was moved.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress
from typing import TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequestType
from streamlit.runtime.scriptrunner_utils.script_run_context import ThreadState, get_script_run_ctx

from snnviz.studies.activity.theory.activity import ActivityConfig, LayerStatistics
from snnviz.studies.activity.theory.propagation import propagate_activity
from snnviz.ui.kit.lru import LruCache

T = TypeVar("T")
SILENT_SECONDS = 0.3
"""Seconds after which the page shows the progress of a computation."""

LOOK_SECONDS = 0.05
MOST_BYTES = 1e8
MOST_AT_ONCE = 4


class Superseded(Exception):
    """Raised if the computation for one setting was cancelled because a newer setting is waiting."""


def _bytes(traces: tuple[LayerStatistics, ...]) -> float:
    arrays = [array for one in traces for array in (one.var_u, one.spikes, one.skewness, one.excess)]
    return sum(array.nbytes for array in arrays if array is not None)


_TRACES: LruCache[tuple[LayerStatistics, ...]] = LruCache(MOST_BYTES, _bytes)
_POOL = ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="activity")


def traces(
    setting: ActivityConfig, slot: DeltaGenerator, *, shape: bool = False, look: int | None = None
) -> tuple[LayerStatistics, ...]:
    """Returns the layer statistics of all initialisations of a setting, from the cache or computed now.

    `slot`: where a progress bar is shown. `shape`, `look`: as in `propagate_activity`. Raises `Superseded` when a newer
    setting is waiting.
    """
    return _TRACES.get_or_make((setting, shape, look), lambda: _draw(setting, slot, shape=shape, look=look))


def run_in_thread(make: Callable[[], T], tick: Callable[[], None] = lambda: None) -> T:
    """Returns the result of `make`, which runs in another thread; `tick` is called repeatedly meanwhile.

    Raises `Superseded` when a newer setting is waiting; `make` then continues, and its result is cached.
    """
    begin, job = time.monotonic(), _POOL.submit(make)
    while True:
        with suppress(NotYet):
            return job.result(LOOK_SECONDS)
        if time.monotonic() - begin > SILENT_SECONDS:
            if _is_superseded():
                raise Superseded
            tick()


def _draw(
    setting: ActivityConfig, slot: DeltaGenerator, *, shape: bool, look: int | None
) -> tuple[LayerStatistics, ...]:
    share, shown, given_up = [0.0], [False], threading.Event()

    def tell(done: float) -> None:
        share[0] = done
        if given_up.is_set():
            raise Superseded

    def show() -> None:
        shown[0] = True
        slot.progress(min(share[0], 1.0), text=f"Drawing {setting.seeds * len(setting.inits)} networks")

    try:
        return run_in_thread(lambda: propagate_activity(setting, shape=shape, look=look, progress=tell), show)
    finally:
        given_up.set()
        if shown[0]:
            slot.empty()


def note_slider_fragment() -> None:
    """Registers the fragment of the sliders, whose reruns cancel a running computation; called inside that fragment."""
    st.session_state.fragment_of_sliders = ThreadState.get().fragment_id


def _is_superseded() -> bool:
    """Whether the sliders or the fragment that draws were moved on meanwhile, or the page is to run anew.

    Streamlit tells only its own script runner. A fragment that ticks elsewhere on the page ends nothing.
    """
    context = get_script_run_ctx()
    requests = context.script_requests if context else None
    if requests is None or requests._state is not ScriptRequestType.RERUN:
        return False
    asked = requests._rerun_data.fragment_id_queue
    mine = {st.session_state.get("fragment_of_sliders"), ThreadState.get().fragment_id}
    return not asked or not mine.isdisjoint(asked)
