"""Many runs as one question: which there are, what they reached, and settings. What is done with them: `ui.actions`.

The runs are ordinary ones, found by their designs' digests: a study has nothing of its own to be saved or lost. `key`
tells one study's widgets and its sentence of trouble from another's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from snnviz.data import datasets
from snnviz.design.design import Design
from snnviz.design.links import flat
from snnviz.design.measurement import Measurement, name_of
from snnviz.design.menus import DATASETS, EVENTS
from snnviz.design.networks import Part
from snnviz.design.registry import Range
from snnviz.errors import InputError
from snnviz.events import EpochEnd
from snnviz.places import cache_dir
from snnviz.store import Run, Task
from snnviz.store.metrics import metrics
from snnviz.ui.kit import notices, services
from snnviz.ui.kit.lru import LruCache
from snnviz.views.changes import describe_changes
from snnviz.views.refusals import error_text
from snnviz.views.results import Result
from snnviz.views.words import word

EVERY = 1.0
"""Seconds between two looks at runs that train."""

ALL = frozenset({"train_samples", "test_samples", "data.train_samples", "data.test_samples"})
"""Fields of which 0 is all there are: the field is then empty, and says so."""

Put = Callable[[str], None]
"""A widget's callback: told the name of the field."""


def is_active(runs: Mapping[str, Run]) -> bool:
    """Whether some of them are still to change."""
    return any(not run.ended for run in runs.values())


def runs_of(tasks: Sequence[Task]) -> dict[str, Run]:
    """Those of the designs, or searches, that were ever submitted, by digest."""
    names = tuple(task.digest for task in tasks)
    return services.CACHE.get((str(cache_dir()), "study", names), lambda: services.store().several(names))


def epochs_of(designs: Sequence[Design]) -> dict[str, list[EpochEnd]]:
    """The epochs of each run that has one."""
    names = tuple(design.digest for design in designs)
    read = partial(services.store().rows_of, names, EpochEnd)
    return services.CACHE.get((str(cache_dir()), "epochs", names), read)


def results(designs: Sequence[Design], runs: Mapping[str, Run]) -> dict[str, Result]:
    """Those of the finished runs: half-trained ones would bend the curves."""
    done = {d.digest: d for d in designs if d.digest in runs and runs[d.digest].state == "done"}
    found = _results({name: (design, runs[name].finished, None) for name, design in done.items()}, runs)
    old = {name_of(done[name]): name for name, one in found.items() if one.probe is None}
    anew = runs_of([Measurement(design=done[name]) for name in old.values()]) if old else {}
    ended = {old[name]: run.finished for name, run in anew.items() if run.state == "done"}
    return found | _results({name: (done[name], runs[name].finished, at) for name, at in ended.items()}, runs)


Ended = tuple[Design, float | None, float | None]
"""A design, when its run ended, and when that was measured anew."""

_RESULTS: LruCache[Result] = LruCache(2000, lambda _: 1.0)


def _results(asked: Mapping[str, Ended], runs: Mapping[str, Run]) -> dict[str, Result]:
    """By digest; those that nobody has asked for are read together."""
    place = str(cache_dir())
    found = {name: one for name, ended in asked.items() if (one := _RESULTS.get((place, ended))) is not None}
    if missing := [name for name in asked if name not in found]:
        reached = metrics(services.store(), [runs[name] for name in missing])
        for name in missing:
            found[name] = Result(reached[runs[name].run])
            _RESULTS.put((place, asked[name]), found[name])
    return found


def numbers(value: Part, labels: Mapping[str, str], key: str, put: Put, held: Sequence[str] = ()) -> None:
    """Number inputs for the labelled fields of a study, side by side; those `held` cannot be changed."""
    columns = st.columns(len(labels), vertical_alignment="bottom")  # also where a label takes two lines
    for column, (name, label) in zip(columns, labels.items(), strict=True):
        about = type(value).model_fields[name]
        limits = next(item for item in about.metadata if isinstance(item, Range))
        kind = int if about.annotation is int else float
        given: Any = kind(getattr(value, name))
        column.number_input(
            label,
            kind(limits.low),
            kind(limits.high),
            given if given or name not in ALL else None,
            kind(limits.step or 1),
            placeholder="all" if name in ALL else None,
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
        wrap=True,
        key=f"{key}-{name}@{revision(key)}",
        on_change=put,
        args=(name,),
        **more,
    )


def data(
    place: Any, value: str, key: str, put: Put, field: str = "data", label: str = "Data set", *, still: bool = False
) -> None:
    """The menu of data sets; `still`: of images alone."""
    kinds = [name for name in datasets.names() if not (still and EVENTS in DATASETS[name].traits)]
    offered = [name for name in kinds if name == value or _can_be_had(name)]
    place.selectbox(
        label,
        offered,
        index=offered.index(value),
        format_func=lambda name: name if datasets.is_here(name) else f"↓ {name}",  # a sign is never cut off
        help=f"{word('data.name').help} ↓: to be downloaded, when something that needs it is started.",
        key=f"{key}-{field}@{revision(key)}",
        on_change=put,
        args=(field,),
    )


def _can_be_had(name: str) -> bool:
    return datasets.is_here(name) or datasets.is_fetched_unasked(name)


def presets(place: Any, known: Mapping[str, Part], value: Part, key: str, choose: Put) -> None:
    """The named settings; none is marked where the setting is another. `choose` is told a name."""
    marked = next((name for name, preset in known.items() if preset == value), None)
    widget = f"{key}-preset@{revision(key)}/{marked}"  # another one as soon as another is marked, or none
    place.segmented_control(
        "Start from", list(known), default=marked, wrap=True, key=widget, on_change=_choose, args=(widget, choose)
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
        session[f"{key}_problem"] = f"{error_text(error)}."


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
        changes = describe_changes(flat(before.model_dump(mode="json")), flat(value.model_dump(mode="json")))
        notices.show_notice(done, changes, partial(replace, before, state, key), lambda: session[state] == value)


def is_said(name: str, key: str) -> bool:
    """Whether there is such a widget: one that was replaced a moment ago may call back once more."""
    return f"{key}-{name}@{revision(key)}" in st.session_state


def chosen(name: str, key: str) -> Any:
    """What the widget of a field says now."""
    said = st.session_state[f"{key}-{name}@{revision(key)}"]
    if name in ALL and not said:
        renew(key)  # so that it says what 0 is
        return 0
    return said


def renew(key: str) -> None:
    """Something else than the widgets changed the setting: they are drawn anew."""
    st.session_state[f"{key}_revision"] = revision(key) + 1


def revision(key: str) -> int:
    """Part of the keys of a study's widgets."""
    found: int = st.session_state.setdefault(f"{key}_revision", 0)
    return found
