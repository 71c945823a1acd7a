"""Many runs as one question: which there are, a button that trains what is missing, progress, Cancel, and settings.

The runs are ordinary ones, found by their designs' digests: a study has nothing of its own to be saved or lost. `key`
tells one study's widgets and its sentence of trouble from another's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Literal, NamedTuple

import streamlit as st

from snnviz.catalog import datasets
from snnviz.catalog.measuring import Measurement, name_of
from snnviz.design import DATASETS, EVENTS, Design, Part
from snnviz.errors import InputError, SnnvizError
from snnviz.events import EpochEnd
from snnviz.jobs import pace
from snnviz.jobs.pace import in_words
from snnviz.links import flat
from snnviz.places import cache_dir
from snnviz.registry import Range
from snnviz.store import Run, Task
from snnviz.store.looks import looks_of
from snnviz.ui import notices, services
from snnviz.ui.kept import Kept
from snnviz.ui.words import plain, some, standing
from snnviz.views.changes import told
from snnviz.views.refusals import why
from snnviz.views.skips import Result, result

EVERY = 1.0
"""Seconds between two looks at runs that train."""

Put = Callable[[str], None]
"""A widget's callback: told the name of the field."""


class Verb(NamedTuple):
    """What is done with tasks, on the button that does it: before, while and after; and what one of them is called."""

    do: str
    doing: str
    done: str
    noun: str


TRAIN = Verb("Train", "Training", "All trained", "run")


def is_active(runs: Mapping[str, Run]) -> bool:
    """Whether some of them are still to change."""
    return any(not run.ended for run in runs.values())


def waiting(going: Sequence[Run]) -> str:
    """Where the first of them stands in the queue, to begin a sentence with; empty where one is running."""
    if any(run.state != "queued" for run in going):
        return ""
    places = [place for run in going if (place := services.place(run.run)) is not None]
    return f"{standing(min(places, default=None))}, "


def runs_of(tasks: Sequence[Task]) -> dict[str, Run]:
    """Those of the designs, or searches, that were ever submitted, by digest."""
    names = tuple(task.digest for task in tasks)
    return services.GLANCES.get((str(cache_dir()), "study", names), lambda: services.store().several(names))


def epochs_of(designs: Sequence[Design]) -> dict[str, list[EpochEnd]]:
    """The epochs of each run that has one."""
    names = tuple(design.digest for design in designs)
    read = partial(services.store().rows_of, names, EpochEnd)
    return services.GLANCES.get((str(cache_dir()), "epochs", names), read)


def actions(
    tasks: Sequence[Task],
    runs: Mapping[str, Run],
    key: str,
    which: str = "these",
    *,
    verb: Verb = TRAIN,
    what: str = "",
    widths: tuple[int, int, int] = (3, 2, 7),
) -> None:
    """Train what is missing, Cancel, and how far it all is; above them what went wrong.

    `which` runs, in a word; or `what` it is that is done, whole. `widths`: of the buttons and of the words beside them.
    """
    if problem := st.session_state.get(f"{key}_problem"):
        st.error(plain(problem), icon=":material/error:")
    missing = [t for t in tasks if t.digest not in runs or runs[t.digest].state in ("failed", "cancelled")]
    going = [run for run in runs.values() if not run.ended]
    done = sum(run.state == "done" for run in runs.values())
    start, stop, words = st.columns(widths, vertical_alignment="center")
    if len(tasks) > 1:
        which = which if len(missing) == len(tasks) else "the missing"
        what = what or f"{which} {some(len(missing), verb.noun)}"
    what = what or some(len(missing), verb.noun)
    start.button(
        f"{verb.do} {what}" if missing else verb.done if not going else verb.doing,
        type="primary",
        icon=":material/play_arrow:",
        disabled=not missing,
        width="stretch",
        key=f"{key}-train",
        on_click=submit,
        args=(missing, key),
    )
    stop.button(
        "Cancel",
        icon=":material/stop:",
        disabled=not going,
        width="stretch",
        key=f"{key}-cancel",
        on_click=cancel,
        args=(going, key),
    )
    if going:
        steps = sum(pace.steps(task) for task in tasks)
        made = sum(run.steps if run.state == "done" else run.step for run in runs.values())
        left = in_words(services.left(tasks, runs))
        text = f"{done} of {some(len(tasks), verb.noun)} done, {waiting(going)}about {left} left"
        words.progress(min(1.0, made / max(1, steps)), text=f"{text}. You may leave: they go on.")
    elif missing:
        words.caption(f"About {in_words(services.left(tasks, runs))} on this machine; you may leave meanwhile.")
    else:
        words.caption(f"{some(done, verb.noun)}, all from the store.")


def results(designs: Sequence[Design], runs: Mapping[str, Run]) -> dict[str, Result]:
    """Those of the finished runs: half-trained ones would bend the curves."""
    done = {d.digest: d for d in designs if d.digest in runs and runs[d.digest].state == "done"}
    found = _results({name: (design, runs[name].finished, None) for name, design in done.items()})
    old = {name_of(done[name]): name for name, one in found.items() if one.probe is None}
    anew = runs_of([Measurement(design=done[name]) for name in old.values()]) if old else {}
    ended = {old[name]: run.finished for name, run in anew.items() if run.state == "done"}
    return found | _results({name: (done[name], runs[name].finished, at) for name, at in ended.items()})


Ended = tuple[Design, float | None, float | None]
"""A design, when its run ended, and when that was measured anew."""

_RESULTS: Kept[Result] = Kept(2000, lambda _: 1.0)


def _results(asked: Mapping[str, Ended]) -> dict[str, Result]:
    """By digest; those that nobody has asked for are read together."""
    place = str(cache_dir())
    found = {name: one for name, ended in asked.items() if (one := _RESULTS.get((place, ended))) is not None}
    if missing := [name for name in asked if name not in found]:
        store = services.store()
        last, seen = store.last(EpochEnd, missing), looks_of(store, [asked[name][0] for name in missing])
        for name in missing:
            found[name] = result(asked[name][0], last[name], seen[name])
            _RESULTS.put((place, asked[name]), found[name])
    return found


def numbers(value: Part, labels: Mapping[str, str], key: str, put: Put, held: Sequence[str] = ()) -> None:
    """Number inputs for the labelled fields of a study, side by side; those `held` cannot be changed."""
    for column, (name, label) in zip(st.columns(len(labels)), labels.items(), strict=True):
        about = type(value).model_fields[name]
        limits = next(item for item in about.metadata if isinstance(item, Range))
        kind = int if about.annotation is int else float
        column.number_input(
            label,
            kind(limits.low),
            kind(limits.high),
            kind(getattr(value, name)),
            kind(limits.step or 1),
            format=None if kind is int else "%g",
            help=limits.help,
            key=f"{key}-{name}@{revision(key)}",
            on_change=put,
            args=(name,),
            disabled=name in held,
        )


def segments(
    place: Any, label: str, name: str, options: Sequence[str], value: Part, key: str, put: Put, **more: Any
) -> None:
    """A field with few options, all of them side by side."""
    place.segmented_control(
        label,
        list(options),
        default=getattr(value, name),
        required=True,
        key=f"{key}-{name}@{revision(key)}",
        on_change=put,
        args=(name,),
        **more,
    )


def data(
    place: Any, value: str, key: str, put: Put, field: str = "data", label: str = "Data", *, still: bool = False
) -> None:
    """The menu of data sets; `still`: of images alone."""
    kinds = [name for name in datasets.names() if not (still and EVENTS in DATASETS[name].traits)]
    offered = [name for name in kinds if name == value or _can_be_had(name)]
    place.selectbox(
        label,
        offered,
        index=offered.index(value),
        format_func=lambda name: name if datasets.is_here(name) else f"{name} ({_missing(name)})",
        key=f"{key}-{field}@{revision(key)}",
        on_change=put,
        args=(field,),
    )


def _can_be_had(name: str) -> bool:
    return datasets.is_here(name) or datasets.is_fetched_unasked(name)


def _missing(name: str) -> str:
    return "is fetched at first" if datasets.is_fetched_unasked(name) else "not on this machine"


def presets(place: Any, known: Mapping[str, Part], value: Part, key: str, choose: Put) -> None:
    """The named settings; none is marked where the setting is another. `choose` is told a name."""
    marked = next((name for name, preset in known.items() if preset == value), None)
    widget = f"{key}-preset@{revision(key)}/{marked}"  # another one as soon as another is marked, or none
    place.segmented_control(
        "Start from", list(known), default=marked, key=widget, on_change=_choose, args=(widget, choose)
    )


def _choose(widget: str, choose: Put) -> None:
    if name := st.session_state[widget]:
        choose(name)


def put(name: str, state: str, key: str, check: Callable[[object], Part]) -> None:
    """A field of the setting that the session holds as `state` becomes what its widget says, if `check` takes it."""
    session = st.session_state
    if not is_said(name, key):
        return
    try:
        session[state] = check(session[state].model_dump() | _said(session[state], name, chosen(name, key)))
        session[f"{key}_problem"] = session[f"{key}_link_problem"] = ""
    except InputError as error:
        session[f"{key}_problem"] = f"{why(error)}."


def _said(value: Part, name: str, said: Any) -> dict[str, Any]:
    """A field, or a parameter of the choice that a field is: ``optimizer.sgd.momentum``."""
    field, *inside = name.split(".")
    return {field: {**getattr(value, field), inside[-1]: said} if inside else said}


def replace(value: Part, state: str, key: str, done: str = "") -> None:
    """Another setting, such as a preset, takes the place of the one that the session holds as `state`.

    `done`: by what; what that changes is then said, and undone by a click.
    """
    session = st.session_state
    before: Part = session[state]
    session[state], session[f"{key}_problem"], session[f"{key}_link_problem"] = value, "", ""
    renew(key)
    if done:
        changes = told(flat(before.model_dump(mode="json")), flat(value.model_dump(mode="json")))
        notices.tell(done, changes, partial(replace, before, state, key), lambda: session[state] == value)


def is_said(name: str, key: str) -> bool:
    """Whether there is such a widget: one that was replaced a moment ago may call back once more."""
    return f"{key}-{name}@{revision(key)}" in st.session_state


def chosen(name: str, key: str) -> Any:
    """What the widget of a field says now."""
    return st.session_state[f"{key}-{name}@{revision(key)}"]


def renew(key: str) -> None:
    """Something else than the widgets changed the setting: they are drawn anew."""
    st.session_state[f"{key}_revision"] = revision(key) + 1


def revision(key: str) -> int:
    """Part of the keys of a study's widgets."""
    found: int = st.session_state.setdefault(f"{key}_revision", 0)
    return found


def submit(missing: Sequence[Task], key: str) -> None:
    """A button's callback: queue them all."""
    problems: dict[str, Literal[True]] = {}
    for task in missing:
        try:
            services.engine().submit(task)
        except SnnvizError as error:
            problems[str(error)] = True
    st.session_state[f"{key}_problem"] = " ".join(problems)
    services.GLANCES.forget()
    st.rerun()


def cancel(going: Sequence[Run], key: str) -> None:
    """A button's callback: stop them all; what is finished of them stays."""
    try:
        for run in going:
            services.engine().cancel(run.run)
    except SnnvizError as error:
        st.session_state[f"{key}_problem"] = str(error)
    services.GLANCES.forget()
