"""The host's page: people, queue, disk, failures, slow pages; cancel, clear, a line for all, read-only, no new runs.

Everything is asked of `store.host`, which refuses whoever is no host; that the page is not offered is only politeness.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from functools import partial

import pandas as pd
import streamlit as st

from snnviz.errors import NotAllowed, SnnvizError
from snnviz.jobs.durations import format_duration
from snnviz.places import cache_dir
from snnviz.store.host import DiskUse, Failure, Host
from snnviz.store.switches import LONGEST_NOTICE
from snnviz.ui.host import tables
from snnviz.ui.kit import health, services, state
from snnviz.ui.kit.columns import column_config
from snnviz.ui.kit.store_errors import ERROR, show_store_errors
from snnviz.ui.kit.words import as_sentence, escape_markdown, pluralise
from snnviz.ui.navigation import PAGES
from snnviz.ui.server.page_times import TIMES
from snnviz.views.numbers import NO_NUMBER

EVERY = 2.0
"""Seconds between two looks at what runs."""

DISK_SECONDS = 30.0
MOST_LINES = 200

DISK = services.TtlCache(DISK_SECONDS)


@show_store_errors()
def panel() -> None:
    """Draws the page, or one sentence for whoever is no host."""
    st.title("Host", anchor=False)
    host = Host(services.store_as_person())
    try:
        host.switches()
    except NotAllowed as error:
        st.error(escape_markdown(str(error)), icon=":material/lock:")
        return
    if said := st.session_state.pop("host_problem", ""):
        st.error(escape_markdown(said), icon=ERROR)
    with st.container():
        st.fragment(_live, key="host-live", run_every=EVERY)()
    _for_all(host)
    disk = DISK.get("disk", host.disk)
    _people(host, disk)
    _disk(disk)
    _failures(host.failures())
    _pages()


# -- what runs and waits ----------------------------------------------------------------------------------------------


@show_store_errors()
def _live() -> None:
    host = Host(services.store_as_person())
    try:
        work = services.CACHE.get("workload", host.workload)
    except NotAllowed:  # they signed out meanwhile
        st.rerun()
    counts = services.CACHE.get("counts", services.store().counts)
    waited = None if work.oldest is None else max(0.0, services.store().clock() - work.oldest)
    free = shutil.disk_usage(cache_dir() if cache_dir().exists() else ".").free
    numbers = {
        "Open pages": f"{health.open_pages():,}",
        "People who wait": f"{work.people:,}",
        "Waiting": f"{counts['queued']:,}",
        "Running": f"{counts['running']:,}",
        "Longest wait": NO_NUMBER if waited is None else format_duration(waited),
        "Free disk": tables.size(free),
    }
    with st.container(key="host-numbers", horizontal=True, gap="medium"):
        for label, number in numbers.items():
            with st.container(width="content", gap=None):
                st.markdown(f"**{number}**")
                st.caption(label)
    for problem in health.health()["problems"]:
        st.warning(escape_markdown(problem), icon=":material/error:")
    _work(counts["queued"])


def _work(waiting: int) -> None:
    table, runs = tables.work_table(services.store(), MOST_LINES)
    if not runs:
        st.caption("Nothing runs, and nothing waits.")
        return
    buttons = st.container(horizontal=True)
    columns = {
        "what": st.column_config.TextColumn("Run", width=300),
        "person": st.column_config.TextColumn("Whose", width=150),
        "processor": st.column_config.NumberColumn("Processor", format="%.0f %%", width=90, help=tables.PROCESSOR),
        "seconds": st.column_config.NumberColumn("Processor time, s", format="%.0f", width=120),
        "memory": st.column_config.NumberColumn("Memory, MB", format="%.0f", width=100, help=tables.MEMORY),
    }
    picked = st.dataframe(
        table, hide_index=True, key="host-work", on_select="rerun", selection_mode="multi-row", placeholder=NO_NUMBER,
        height=min(38 + 35 * len(table), 420), column_config=column_config(table, columns),
    )  # fmt: skip
    chosen = [runs[row] for row in picked["selection"]["rows"] if row < len(runs)]
    label = f"Cancel {pluralise(len(chosen), 'run')}" if chosen else "Cancel"
    buttons.button(label, icon=":material/stop:", key="host-cancel", disabled=not chosen,
                   on_click=_cancel, args=(tuple(chosen),))  # fmt: skip
    with buttons.popover("Clear the queue", icon=":material/clear_all:", disabled=not waiting, key="host-clearing",
                         on_change="rerun"):  # fmt: skip
        st.write(f"Cancel {'all ' if waiting > 1 else ''}{pluralise(waiting, 'run')} that wait{'s' * (waiting == 1)}, "
                 "of all people? What runs goes on.")  # fmt: skip
        st.button("Clear", type="primary", key="host-clear", on_click=_clear, args=(None,))
    if waiting > MOST_LINES:
        st.caption(f"The first {MOST_LINES} of {waiting:,} that wait, in their order.")


def _do(act: Callable[[], object]) -> None:
    """An action, whose problem is said above the page."""
    try:
        act()
    except SnnvizError as error:
        st.session_state.host_problem = as_sentence(error)
    services.CACHE.clear()
    DISK.clear()


def _host() -> Host:
    """Asked anew in each press, as who presses may be no host any more."""
    return Host(services.store_as_person())


def _cancel(runs: Sequence[str]) -> None:
    for run in runs:
        _do(partial(_host().cancel, run))


def _clear(person: str | None) -> None:
    st.session_state["host-clearing"] = False
    _do(lambda: _host().clear(person))


# -- for all ----------------------------------------------------------------------------------------------------------


def _for_all(host: Host) -> None:
    now, session = host.switches(), st.session_state
    st.header("For everybody", anchor=False)
    session["host-read-only"], session["host-draining"] = now.read_only, now.draining
    line, put = st.columns([9, 2], vertical_alignment="bottom")
    line.text_input(
        "A line at the top of every page", now.notice, max_chars=LONGEST_NOTICE, key=_notice_key(now.notice),
        placeholder="The server is upgraded at 18:00.", help="Empty: none. It is shown with the next answer of a page.",
        on_change=_announce, args=(now.notice,),
    )  # fmt: skip
    put.button("Take it away" if now.notice else "Announce", icon=":material/campaign:", width="stretch",
               key="host-announce", on_click=_take_away if now.notice else None)  # fmt: skip
    held, drained = st.columns(2)
    held.toggle("Read-only", key="host-read-only", on_change=_switch, args=("read_only", not now.read_only),
                help="Everything can be looked at, and nothing be changed or added, except by admins. What runs and "
                     "waits goes on.")  # fmt: skip
    drained.toggle(
        "No new runs", key="host-draining", on_change=_switch, args=("draining", not now.draining),
        help="Before an upgrade: what waits and runs is done, and nothing new is taken, except from admins.",
    )  # fmt: skip
    counts = services.CACHE.get("counts", services.store().counts)
    left = counts["queued"] + counts["running"]
    if now.draining:
        drained.caption(
            f"{pluralise(left, 'run')} to do." if left else "Nothing is left to do: the server can be stopped."
        )


def _notice_key(notice: str) -> str:
    """Of the field, which is another one after each change: what was typed into it before is no news."""
    return f"host-notice-{st.session_state.setdefault('host_notices', 0)}-{hash(notice)}"


def _announce(before: str) -> None:
    typed = str(st.session_state[_notice_key(before)])
    _do(lambda: _host().switch(notice=typed))
    st.session_state.host_notices += 1


def _take_away() -> None:
    _do(lambda: _host().switch(notice=""))
    st.session_state.host_notices += 1


def _switch(name: str, on: bool) -> None:
    _do(lambda: _host().switch(read_only=on) if name == "read_only" else _host().switch(draining=on))


# -- people, disk, failures, pages ------------------------------------------------------------------------------------


def _people(host: Host, disk: DiskUse) -> None:
    st.header("People", anchor=False)
    found = host.people()
    if not found:
        st.caption("Nobody has queued a run yet who was asked who they are.")
        return
    table = tables.people_table(found, disk)
    columns = {
        "person": st.column_config.TextColumn("Person", width=200, help=tables.VISITOR),
        "late": st.column_config.NumberColumn("Of late, s", format="%.0f", help=tables.LATE),
        "day": st.column_config.NumberColumn("A day, s", format="%.0f", help=tables.DAY),
        "disk": st.column_config.NumberColumn("Disk, MB", format="%.1f", help=tables.DISK),
    }
    picked = st.dataframe(
        table, hide_index=True, key="host-people", on_select="rerun", selection_mode="single-row",
        height=min(38 + 35 * len(table), 300), column_config=column_config(table, columns),
    )  # fmt: skip
    rows = [row for row in picked["selection"]["rows"] if row < len(found)]
    person = found[rows[0]].person if rows else None
    st.button("Cancel their runs", icon=":material/stop:", key="host-clear-person", disabled=person is None,
              help="All that they have waiting or running. What others want as well goes on for those.",
              on_click=_clear, args=(person or "",))  # fmt: skip


def _disk(disk: DiskUse) -> None:
    st.header("Disk", anchor=False)
    table = pd.DataFrame({"kind": list(disk.kinds), "megabytes": [size / 1e6 for size in disk.kinds.values()]})
    columns = {
        "kind": st.column_config.TextColumn("What", width=220),
        "megabytes": st.column_config.NumberColumn("MB", format="%.1f", width=80),
    }
    st.dataframe(table, hide_index=True, key="host-disk", width="content", height=38 + 35 * len(table),
                 column_config=column_config(table, columns))  # fmt: skip


def _failures(found: Sequence[Failure]) -> None:
    st.header("Failures", anchor=False)
    if not found:
        st.caption("No run has failed.")
        return
    table = tables.failures_table(found)
    columns = {
        "when": st.column_config.DatetimeColumn("When", format="distance", width=120),
        "person": st.column_config.TextColumn("Whose", width=150),
        "error": st.column_config.TextColumn("What happened", width=500),
    }
    picked = st.dataframe(
        table, hide_index=True, key="host-failures", on_select="rerun", selection_mode="single-row",
        height=min(38 + 35 * len(table), 300), column_config=column_config(table, columns),
    )  # fmt: skip
    rows = [row for row in picked["selection"]["rows"] if row < len(found)]
    if not rows:
        st.caption("Choose one to see its traceback.")
        return
    one = found[rows[0]]
    st.code(one.traceback or one.error, language=None, wrap_lines=True, height=320)
    if st.button("Open", icon=":material/open_in_new:", key="host-open"):
        state.open_run(one.run)
        st.switch_page(PAGES / "design.py")


def _pages() -> None:
    st.header("Pages", anchor=False)
    found = TIMES.summary()
    if not found:
        st.caption("Nobody has opened a page since the server was started.")
        return
    table = tables.pages_table(found)
    number = partial(st.column_config.NumberColumn, format="%.2f", width=100)
    columns = {
        "page": st.column_config.TextColumn("Page", width=240),
        "median": number("Median, s"),
        "slow": number("19 of 20, s", help="The 95th percentile: one in twenty takes longer."),
        "longest": number("Longest, s"),
    }
    st.caption(
        f"The last answers of each page since the server was started {_since()}, with the wait for others' turns."
    )
    st.dataframe(table, hide_index=True, key="host-pages", height=min(38 + 35 * len(table), 420),
                 column_config=column_config(table, columns))  # fmt: skip


def _since() -> str:
    return f"{format_duration(time.time() - health.STARTED)} ago"
