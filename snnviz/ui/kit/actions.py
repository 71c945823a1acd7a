"""Buttons for tasks on every page: start, cancel or pause, resume, delete; with progress and errors.

`key` distinguishes the widgets and the error message of one place from those of others. Tasks whose kind keeps results
are paused instead of cancelled, and ask before they are deleted (`tasks.TaskKind.keeps`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Literal, NamedTuple, TypeVar

import streamlit as st

from snnviz.design.submitted import Task
from snnviz.errors import NotFound, SnnvizError
from snnviz.jobs import durations
from snnviz.jobs.durations import format_duration
from snnviz.store import Run
from snnviz.tasks import KINDS
from snnviz.ui.kit import opened, services, shipped_runs, starting
from snnviz.ui.kit.announcing import announce_end
from snnviz.ui.kit.store_errors import ERROR
from snnviz.ui.kit.words import escape_markdown, pluralise, queue_position

T = TypeVar("T")


class Verb(NamedTuple):
    """Words for an action on tasks: the button's label before ("Train"), during ("Training") and after ("All trained"),
    and the noun for one task ("run").
    """

    do: str
    doing: str
    done: str
    noun: str


class ResultWords(NamedTuple):
    """Texts on the results of tasks that keep partial results, such as "3 of 9 candidates" (`partial`), "9 candidates"
    (`complete`), and "2 candidates" of those that were stopped (`kept`).

    `running`: text while they run; "" for the default progress.
    """

    partial: str
    complete: str
    kept: str
    running: str = ""


UNDONE = ("failed", "cancelled")
"""States of ended runs that can be started again."""

TRAIN = Verb("Train", "Training", "All trained", "run")


def actions(
    tasks: Sequence[Task],
    runs: Mapping[str, Run],
    key: str,
    which: str = "these",
    *,
    verb: Verb = TRAIN,
    what: str = "",
    widths: tuple[int, int, int] = (3, 2, 7),
    result_words: ResultWords | None = None,
    icon: str = ":material/play_arrow:",
    on_start: Callable[[], None] | None = None,
) -> None:
    """Draws buttons that start the missing tasks and stop the running ones, with their progress; errors above them.

    `which`: a word for the runs; or `what`: a phrase for what is done. `widths`: of the buttons and of the text.
    `result_words`: for tasks that keep results. `on_start`: called after starting.
    """
    show_failures(runs.values(), key)
    missing = [t for t in tasks if t.digest not in runs or runs[t.digest].state in UNDONE]
    going = [run for run in runs.values() if not run.ended]
    others = services.others(going) if going else ()
    own = [run for run in going if run.run not in others]
    keeps = bool(tasks) and all(KINDS.kind_of(task).keeps for task in tasks)
    first, second, words = st.columns(widths, vertical_alignment="center")
    if len(tasks) > 1:
        which = which if len(missing) == len(tasks) or keeps else "the missing"
        what = what or f"{'' if keeps else f'{which} '}{pluralise(len(missing), verb.noun)}"
    what = what or pluralise(len(missing), verb.noun)
    held = ""
    if keeps and going:
        pausing = all(run.cancel_requested for run in going)
        label = "Pausing" if pausing else "Pause"
        _button(first, label, f"{key}-pause", ":material/pause:", off=pausing or not own, act=cancel, of=(own, key))
    else:
        begun = keeps and any(not run.ended or run.state in ("failed", "cancelled") for run in runs.values())
        do = f"{'Resume' if begun else verb.do} {what}".strip()
        label = do if missing else verb.doing if going else verb.done
        name = f"{key}-{'start' if keeps else 'train'}"
        seconds = services.time_left(tasks, runs) if missing else 0.0
        arrived = [] if missing or going else [t for t in tasks if runs[t.digest].machine is not None]
        if arrived:
            seconds = services.time_left(arrived, {})
            held = starting.start_button(first, f"{verb.do} here", arrived, seconds, name, icon, _here, key, on_start)
        else:
            held = starting.start_button(first, label, missing, seconds, name, icon, _start, key, on_start)
    if keeps:
        unfinished = [run for run in runs.values() if run.state != "done" and run.run not in others]
        _forgetting(second, unfinished, key, verb, result_words)
    else:
        _button(second, "Cancel", f"{key}-cancel", ":material/stop:", off=not own, act=cancel, of=(own, key))
    _words(words, tasks, runs, verb, result_words if keeps else None, held)
    done = sum(run.state == "done" for run in runs.values())
    end = f"{verb.doing} has ended: {done} of {pluralise(len(tasks), verb.noun)} done."
    announce_end(f"{key} {hash(tuple(task.digest for task in tasks))}", end, busy=bool(going))


def show_failures(runs: Iterable[Run], key: str) -> None:
    """Shows why tasks could not be submitted, and one message for each way in which runs failed."""
    problem = st.session_state.get(f"{key}_problem")
    failed = [run.error or "It failed without a reason." for run in runs if run.state == "failed"]
    for words in dict.fromkeys([*([problem] if problem else []), *failed]):
        st.error(escape_markdown(words), icon=ERROR)


def _words(
    place: st.delta_generator.DeltaGenerator,
    tasks: Sequence[Task],
    runs: Mapping[str, Run],
    verb: Verb,
    result_words: ResultWords | None,
    held: str,
) -> None:
    """`held`: why they cannot be started."""
    going = [run for run in runs.values() if not run.ended]
    begun = [run for run in runs.values() if run.state in ("failed", "cancelled")]
    done = sum(run.state == "done" for run in runs.values())
    left = format_duration(services.time_left(tasks, runs))
    if going:
        steps = {task.digest: durations.progress_steps(task) for task in tasks}
        made = sum(steps[name] if run.state == "done" else run.step for name, run in runs.items() if name in steps)
        words = (result_words and result_words.running) or _going(going, len(tasks), done, verb.noun, left)
        place.progress(min(1.0, made / max(1, sum(steps.values()))), text=escape_markdown(words))
    elif held:
        place.caption(escape_markdown(held))
    elif begun and result_words is not None:
        why = "Paused" if any(run.state == "cancelled" for run in begun) else "Stopped"
        place.caption(f"{why}: {result_words.partial} kept. About {left} to go.")
    elif done < len(tasks):
        place.caption(f"About {left} on this machine; you may leave meanwhile.{_arrived(runs)}")
    elif said := shipped_runs.sentences(runs.values()):
        place.caption(escape_markdown(said))
    elif result_words is not None or done > 1:
        place.caption(
            f"{result_words.complete if result_words is not None else pluralise(done, verb.noun)}, all from the store."
        )
    else:
        place.caption("From the store, and the same every time.")


def _arrived(runs: Mapping[str, Run]) -> str:
    count = sum(run.machine is not None for run in runs.values())
    return f" {count} came with snnviz." if count else ""


def queue_prefix(going: Sequence[Run]) -> str:
    """Returns the first of these runs' place in the queue as text, "next in the queue, about 4 s, "; "" if one is
    running.
    """
    if any(run.state != "queued" for run in going):
        return ""
    places = [place for run in going if (place := services.queue_place(run.run)) is not None]
    return f"{queue_position(min(places, default=None))}, "


def _going(going: Sequence[Run], count: int, done: int, noun: str, left: str) -> str:
    if all(run.cancel_requested for run in going):
        return "Stopping: what is finished is kept."
    wait = queue_prefix(going)
    if count > 1:
        return f"{done} of {pluralise(count, noun)} done, {wait}about {left} left. You may leave: they go on."
    words = going[0].doing or f"{wait}about {left} left"
    return f"{words[:1].upper()}{words[1:]}. You may leave: it goes on."


def _forgetting(
    place: st.delta_generator.DeltaGenerator,
    unfinished: Sequence[Run],
    key: str,
    verb: Verb,
    result_words: ResultWords | None,
) -> None:
    look: dict[str, Any] = {"icon": ":material/delete:", "disabled": not unfinished, "width": "stretch"}
    with place.popover("Cancel", key=f"{key}-cancelling", on_change="rerun", **look):
        kept = f" with {result_words.kept}" if result_words is not None else ""
        what = f"{pluralise(len(unfinished), f'unfinished {verb.noun}')}{kept}"
        st.write(f"Forget {what}, for everybody? What is finished stays.")
        st.button("Forget", type="primary", key=f"{key}-forget", on_click=forget, args=(unfinished, key))


def _button(
    place: st.delta_generator.DeltaGenerator,
    label: str,
    key: str,
    icon: str,
    *,
    off: bool,
    act: Callable[..., None],
    of: tuple[object, ...],
) -> None:
    place.button(label, icon=icon, disabled=off, width="stretch", key=key, on_click=act, args=of)


def _start(missing: Sequence[Task], key: str, on_start: Callable[[], None] | None) -> None:
    if on_start is not None:
        on_start()
    submit(missing, key)


def _here(arrived: Sequence[Task], key: str, on_start: Callable[[], None] | None) -> None:
    """Trains here what came with snnviz."""
    if on_start is not None:
        on_start()
    opened.remember_runs(*(task.digest for task in arrived))
    _ask_each([task.digest for task in arrived], services.engine().retrain, key)


def submit(missing: Sequence[Task], key: str) -> None:
    """Callback of a button: submits these tasks to the engine; an error is stored for `show_failures`."""
    opened.remember_runs(*(task.digest for task in missing))
    _ask_each(missing, services.engine().submit, key)


def _ask_each(several: Iterable[T], ask: Callable[[T], object], key: str) -> None:
    problems: dict[str, Literal[True]] = {}
    for one in several:
        try:
            ask(one)
        except SnnvizError as error:
            problems[str(error)] = True
    st.session_state[f"{key}_problem"] = " ".join(problems)
    services.CACHE.clear()
    st.rerun()


def cancel_run(run: str) -> bool:
    """Cancels a run for the person who looks at the page. Returns whether it goes on, as somebody else wants it too,
    which is said. Raises `InputError` if it is others' alone, and `StoreError`.
    """
    stays = services.is_wanted_by_others(run)
    services.engine().cancel(run)
    if stays:
        st.toast("It goes on, as somebody else wants it, too. It is no longer one of yours.", icon=":material/group:")
    return stays


def cancel(going: Sequence[Run], key: str) -> None:
    """Callback of a button: cancels these runs; what is finished stays."""
    try:
        for run in going:
            cancel_run(run.run)
    except SnnvizError as error:
        st.session_state[f"{key}_problem"] = str(error)
    services.CACHE.clear()


def forget(runs: Sequence[Run], key: str) -> None:
    """Callback of a button: stops and deletes these runs."""
    st.session_state[f"{key}-cancelling"] = False  # it would stay open over nothing
    try:
        for run in runs:
            if cancel_run(run.run):
                continue
            with suppress(NotFound):  # somebody else was faster
                services.store_as_person().delete(run.run)
    except SnnvizError as error:
        st.session_state[f"{key}_problem"] = str(error)
    services.CACHE.clear()
    st.rerun()


def repeat(tasks: Sequence[Task], runs: Sequence[Run], key: str) -> None:
    """Callback of a button: deletes these runs and submits their tasks anew."""
    try:
        with suppress(NotFound):
            for run in runs:
                services.store_as_person().delete(run.run)
    except SnnvizError as error:  # a starred one
        st.session_state[f"{key}_problem"] = str(error)
        services.CACHE.clear()
        st.rerun()
    submit(tasks, key)
