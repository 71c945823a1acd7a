"""The view Compare of the Trade-offs page: two designs or levels A and B, and buttons that train more seeds of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from snnviz.design.design import Design
from snnviz.errors import InputError
from snnviz.jobs.durations import format_duration
from snnviz.store import Run
from snnviz.studies.tradeoffs.comparing import AHEAD, DECIDING, Comparing, design_to_text
from snnviz.studies.tradeoffs.page import choosing, compared
from snnviz.studies.tradeoffs.page.choosing import COMPARING, CONTROLS, FOUND
from snnviz.studies.tradeoffs.page.setting import EXPERIMENT, VIEWS, to_link
from snnviz.studies.tradeoffs.pairing import Pair
from snnviz.theory.metrics import METRICS
from snnviz.theory.sequential import FIRST_LOOK, LAST_LOOK
from snnviz.ui.components.address import address
from snnviz.ui.kit import services, starting, task_runs
from snnviz.ui.kit.actions import UNDONE, cancel, show_failures, submit
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.ui.kit.words import as_sentence, define_terms, escape_markdown, pluralise

ABOUT = (
    "**What changes from A to B?** Both are trained with the same seeds: the same images in the same order, and "
    "weights from the same numbers. So what is compared is the difference at each seed."
)
MORE = 3
"""Seeds that a press adds."""

LOOKING = "compare-looking"
"""In the session: which comparison this visitor asked to be decided."""


def begin(query: Mapping[str, str], *, keep: bool) -> None:
    """Sets the view Compare from a link's parameters. `keep`: if the link is invalid, keep the current settings."""
    COMPARING.begin({name: text for name, text in query.items() if name.startswith(COMPARING.prefix)}, keep=keep)


def open_with(a: Design | None, b: Design) -> None:
    """Sets the page to compare two designs, before the browser is sent there; None keeps the current A."""
    if EXPERIMENT.name not in st.session_state:  # the page was not seen yet
        EXPERIMENT.begin({})
    now = COMPARING.value if COMPARING.name in st.session_state else Comparing()
    first = now.a if a is None else design_to_text(a)
    COMPARING.set(Comparing(a="" if first == design_to_text(b) else first, b=design_to_text(b), seeds=now.seeds))
    COMPARING.renew_widgets()
    VIEWS.show("compare")


def turn_to(a: Design, b: Design, seeds: int = 0) -> None:
    """Callback of a button in another view: shows Compare with these designs, at this many seeds at least. Raises
    Streamlit's rerun exception, as a fragment alone would leave the view as it is.
    """
    open_with(a, b)
    now = COMPARING.value
    COMPARING.set(now.model_copy(update={"seeds": min(LAST_LOOK, max(now.seeds, seeds))}))
    st.rerun()


def turn_to_levels(axis: str) -> None:
    """Callback like `turn_to`: shows Compare with the levels of an axis of the experiment, at all of its seeds."""
    now = COMPARING.value if COMPARING.name in st.session_state else Comparing()
    seeds = min(LAST_LOOK, max(now.seeds, EXPERIMENT.value.seeds))
    COMPARING.set(Comparing(a=now.a, b=now.b, axis=axis, seeds=seeds, by=now.by))
    COMPARING.renew_widgets()
    VIEWS.show("compare")
    st.rerun()


def panel() -> None:
    """Draws the view Compare: the choice of two designs, and the results, updated while runs are active."""
    if COMPARING.name not in st.session_state:
        COMPARING.begin({})
    COMPARING.show_problem(linked=True)
    with st.container():
        _controls()
    task_runs.live(_found, FOUND, _is_active)


# --- which two ----------------------------------------------------------------------------------------------------


@st.fragment(key=CONTROLS)
@show_store_errors()
def _controls() -> None:
    st.caption(define_terms(ABOUT))
    choosing.draw()
    COMPARING.show_problem()
    address(to_link(COMPARING.link), key="compare-address", steps=True)


# --- more seeds ---------------------------------------------------------------------------------------------------


def _asked() -> tuple[Pair, ...]:
    """The pairs of all comparisons, so many seeds as are asked for. Raises `InputError`."""
    now, asked = COMPARING.value, EXPERIMENT.value
    if now.every_other:
        return tuple(pair for several in now.all_pairs(asked).values() for pair in several)
    return now.pairs(asked)


def _designs(some: Sequence[Pair]) -> list[Design]:
    return list(dict.fromkeys(design for pair in some for design in (pair.a, pair.b)))


def _is_active() -> bool:
    try:
        return _looks_on() or task_runs.are_active(_designs(_asked()))
    except InputError:
        return False


def _question(now: Comparing) -> tuple[str, ...]:
    """What a visitor waits for a decision on."""
    return EXPERIMENT.link, *((now.axis, now.levels) if now.axis else (now.a, now.b)), now.by


def _looks_on() -> bool:
    """Whether this visitor waits for a decision on what is shown."""
    now = COMPARING.value
    return now.looks == "each" and st.session_state.get(LOOKING) == _question(now)


def _found() -> None:
    try:
        asked = _asked()
    except InputError as error:
        st.info(escape_markdown(as_sentence(error)), icon=":material/info:")
        return
    designs = _designs(asked)
    runs = task_runs.runs_of(designs)
    now = COMPARING.value
    if _looks_on():
        _look(asked, runs)
    _buttons(now, designs, runs)
    if now.every_other:
        compared.draw_several(now.all_pairs(EXPERIMENT.value), runs, choosing.names())
    else:
        most = now.most if now.looks == "each" else None
        pooled = choosing.combinations() if now.axis else None
        compared.draw_two(asked, runs, by=now.by, most=most, pooled=pooled)


def _look(asked: Sequence[Pair], runs: Mapping[str, Run]) -> None:
    """Queues the next seeds until it is decided; where it is, or nothing more can come, it ends."""
    now = COMPARING.value
    at = compared.looked_at(asked, runs, now.by)
    going = sum(not run.ended for run in runs.values())
    failed = any(run.state in UNDONE for run in runs.values())
    if at.decided or at.lacking or failed or at.seeds >= now.most:
        st.session_state.pop(LOOKING, None)
        if at.decided:
            COMPARING.set_allowed(now.model_copy(update={"seeds": at.seeds}))
        if going and (at.decided or at.lacking):
            cancel([run for run in runs.values() if run.state == "queued"], COMPARING.key)
        return
    wanted = min(now.most, max(FIRST_LOOK, at.seeds + 1 + AHEAD))
    if now.seeds < wanted:
        COMPARING.set_allowed(now.model_copy(update={"seeds": wanted}))
    missing = [d for d in _designs(_asked()) if d.digest not in runs]
    if missing:
        submit(missing, COMPARING.key)  # runs again


def _buttons(now: Comparing, designs: Sequence[Design], runs: Mapping[str, Run]) -> None:
    show_failures(runs.values(), COMPARING.key)
    missing = [one for one in designs if one.digest not in runs or runs[one.digest].state in UNDONE]
    going = [run for run in runs.values() if not run.ended]
    first, second, menu, third, number, last = st.columns([23, 20, 20, 20, 13, 14], vertical_alignment="bottom")
    seconds = services.time_left(designs, runs) if missing else 0.0
    label = f"Train {pluralise(len(missing), 'run')}" if missing else "Training" if going else "All trained"
    icon, key = ":material/play_arrow:", COMPARING.key
    held = starting.start_button(first, label, missing, seconds, f"{key}-train", icon, submit, key)
    every = now.every_other
    second.button(
        f"{MORE} more seeds", icon=":material/add:", width="stretch", key=f"{key}-more", on_click=_more,
        disabled=bool(held) or now.seeds + MORE > LAST_LOOK,
        help="Who adds seeds until it is clear has looked several times: *Until decided* has intervals for that.",
    )  # fmt: skip
    looking = _looks_on()
    third.button(
        "Until decided", icon=":material/gavel:", width="stretch", key=f"{key}-until", on_click=_until,
        disabled=every or looking or bool(held),
        help="Trains a seed more of both, looks, and stops as soon as the interval of the metric beside it leaves 0 "
        "out. It is wider than that of a single look, so that stopping when it looks good does not make it look good. "
        "It looks while this page is open.",
    )  # fmt: skip
    _deciding(menu, now, disabled=every or looking)
    COMPARING.number(number, "most", label="at most", disabled=looking)
    last.button(
        "Cancel", icon=":material/stop:", width="stretch", key=f"{key}-cancel", disabled=not going and not looking,
        on_click=_cancel, args=(going,),
    )  # fmt: skip
    _progress(now, designs, runs, held)


def _deciding(place: st.delta_generator.DeltaGenerator, now: Comparing, *, disabled: bool) -> None:
    """The metric of the sentence, by which *until decided* decides."""
    options = list(dict.fromkeys([*(name for name in DECIDING if name in METRICS), now.by]))
    key = f"{COMPARING.widget_key('by')}-{now.by}"
    place.selectbox(
        "Decided by", options, index=options.index(now.by), format_func=lambda name: METRICS[name].label, key=key,
        disabled=disabled, on_change=_put_by, args=(key,),
        help="The metric of the sentence below, and the one that decides. Choose it before you see the differences: "
        "whoever tries several metrics until one decides is wrong more often.",
    )  # fmt: skip


def _put_by(key: str) -> None:
    if key in st.session_state and st.session_state[key] is not None:
        COMPARING.change(by=st.session_state[key], looks="once")
        COMPARING.rerun()


def _progress(now: Comparing, designs: Sequence[Design], runs: Mapping[str, Run], held: str) -> None:
    done = sum(run.state == "done" for run in runs.values())
    if held:
        st.caption(escape_markdown(held))
    elif any(not run.ended for run in runs.values()):
        made = sum(run.step / max(1, run.steps) if not run.ended else 1.0 for run in runs.values())
        left = services.time_left(designs, runs)
        words = f"{done} of {pluralise(len(designs), 'run')} done, about {format_duration(left)} left."
        st.progress(min(1.0, made / max(1, len(designs))), text=words)
    elif done == len(designs) and not _looks_on():
        st.caption(f"{pluralise(done, 'run')}, all from the store: {pluralise(now.seeds, 'seed')} of each.")


def _more() -> None:
    now = COMPARING.value
    COMPARING.set_allowed(now.model_copy(update={"seeds": now.seeds + MORE}))
    _submit_missing()


def _until() -> None:
    now = COMPARING.value
    COMPARING.set_allowed(now.model_copy(update={"looks": "each", "seeds": max(now.seeds, FIRST_LOOK)}))
    now = COMPARING.value
    st.session_state[LOOKING] = _question(now)
    _submit_missing()


def _submit_missing() -> None:
    designs = _designs(_asked())
    runs = task_runs.runs_of(designs)
    submit([one for one in designs if one.digest not in runs or runs[one.digest].state in UNDONE], COMPARING.key)


def _cancel(going: Sequence[Run]) -> None:
    st.session_state.pop(LOOKING, None)
    cancel(going, COMPARING.key)
    st.rerun()
