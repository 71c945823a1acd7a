"""The Skips page: a sweep over the number of skips as one setting, its runs, and what they show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.errors import InputError
from snnviz.places import ROOT
from snnviz.store import Run
from snnviz.studies.skips.charts.controls import forecast_text, initial_activity_text, sentences
from snnviz.studies.skips.charts.skips import skip_charts, skip_table
from snnviz.studies.skips.page import optimise
from snnviz.studies.skips.sweep import SWEEPS, Point, SkipSweep, distinct, points
from snnviz.theory.operations import CAVEAT, CONVENTIONS, ESTIMATED, MEANING, Convention, convention
from snnviz.ui.components.address import address
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.kit import measuring, notices, questions, recipe, state
from snnviz.ui.kit.actions import actions
from snnviz.ui.kit.columns import column, column_config
from snnviz.ui.kit.linked import came_back, rest_kept, view_key
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.ui.kit.words import as_sentence, escape_markdown
from snnviz.views.results import Result
from snnviz.views.words import NORM

KEY = "skips"
VIEWS = {"sweep": "Sweep", "optimise": "Optimise"}
"""By their names in a link."""

WAYS: dict[Convention, str] = {"additions": "m additions", "neurobench": "a multiplication (NeuroBench)"}

OF_VIEW = {"view", "count"}
"""What of a link is no field of a sweep."""

SETTINGS, CURVES = "skips-settings", "skips-curves"
SHOWN = {
    "most_skips": "Skips per layer, up to",
    "seeds": "Seeds",
    "channels": "Channels",
    "steps": "Time steps T",
    "train_samples": "Training images",
    "epochs": "Epochs",
}
MORE = (
    {"depth": "Layers", "dsc_fraction": "DSC fraction ρ"},
    {"threshold": "Threshold θ", "beta": "Leak β"},
    {"gain": "Gain n Var[w]", "twin_gain": "Gain of twins"},
)
"""In a popover, in rows."""

OPENING = next(iter(SWEEPS.values()))

ABOUT = (
    "The same block with more and more skips, drawn by the seed: accuracy, firing rate and cost, beside the ANN "
    "twin of each network (ReLUs, one time step) and beside plain blocks, without skips, that are as large."
)
CONTROLS = (
    "A concatenation brings weights with it. Controls are blocks without skips whose width makes them as large: one of "
    "equal parameters, one of equal operations (dense ones, padding included, in all T steps). What is left over them "
    "does not come of size."
)
PAPER = (
    "**The paper's numbers, full scale** (Benmeziane et al. 2023): Fig. 1 sweeps n_skip on CIFAR10-DVS, from a firing "
    "rate of about 11 % without skips; Table I has ResNet-18 on CIFAR-10 at 81.3 % as an SNN, 93.0 % as an ANN, and "
    "90.3 % with optimised skips, at a firing rate of 22.3 instead of 15.6 %. **What is trained here is small**: its "
    "trends can be compared with theirs, its numbers cannot."
)


def begin() -> None:
    """At the top of the page: the first time, take the sweep from the address if the visit began here."""
    session = st.session_state
    if "sweep" in session:
        if came_back():
            _go_back()
        return
    query = dict(st.query_params) if state.is_entry_page("skips") else {}
    session.skips_count = CONVENTIONS[0]
    session.sweep, session.skips_view, session.skips_link_problem = OPENING, "sweep", ""
    optimise.begin(query)
    try:
        session.skips_view = view(query)
        session.skips_count = read_convention(query)
        session.sweep, session.skips_link_problem = rest_kept(from_link, query)
    except InputError as error:
        session.skips_link_problem = f"{as_sentence(error)} The default sweep is shown instead."


def _go_back() -> None:
    """Take what the address tells of, which is the setting of one view."""
    session, query = st.session_state, dict(st.query_params)
    try:
        session.skips_view = view(query)
        if session.skips_view == "optimise":
            optimise.begin(query)
        else:
            session.skips_count = read_convention(query)
            session.sweep, session.skips_link_problem = rest_kept(from_link, query)
    except InputError as error:
        session.skips_link_problem = f"{as_sentence(error)} The sweep stays as it is."


def to_link(sweep: SkipSweep) -> str:
    """The query string: what differs from the default sweep, which is not the one that the page opens with.

    >>> to_link(SkipSweep(types="asc", beta=0.5)), to_link(SkipSweep())
    ('types=asc&beta=0.5', 'gain=0.33')
    """
    return links.write_part(sweep) or f"gain={sweep.gain:g}"  # never empty: that is the page's address


def from_link(query: Mapping[str, str]) -> SkipSweep:
    """The sweep of a link's parameters, the page's own if there are none; an optimisation's are ignored.

    Raises `InputError`.
    """
    own = {name: text for name, text in query.items() if name not in OF_VIEW and not name.startswith(optimise.PREFIX)}
    return SkipSweep.check(links.read_part(SkipSweep, own)) if own.keys() - links.RESERVED else OPENING


def view(query: Mapping[str, str]) -> str:
    """Which half of the page a link shows. Raises `InputError`."""
    if (name := query.get("view", "sweep")) not in VIEWS:
        raise InputError("view", f"be one of {', '.join(VIEWS)}", name)
    return name


def read_convention(query: Mapping[str, str]) -> Convention:
    """The convention by which a link counts operations. Raises `InputError`."""
    return convention(query.get("count", CONVENTIONS[0]), "count")


def panel() -> None:
    """The switch between the sweep and the search, and one of them."""
    session = st.session_state
    title, switch = st.columns([1, 8], vertical_alignment="center")
    title.title("Skips", anchor=False)
    switch.segmented_control(
        "View",
        list(VIEWS),
        default=session.skips_view,
        required=True,
        format_func=lambda name: VIEWS[name],
        label_visibility="collapsed",
        wrap=True,
        key=view_key("skips-view"),
        on_change=_turn,
    )
    if problem := session.skips_link_problem:  # in either half: a field without a half's prefix is the sweep's
        st.error(escape_markdown(problem), icon=":material/error:")
    if session.skips_view == "optimise":
        optimise.panel()
    else:
        _sweep_panel()


def _turn() -> None:
    st.session_state.skips_view = st.session_state[view_key("skips-view")]


def _sweep_panel() -> None:
    """What is swept; below it the runs and what they show, live."""
    st.caption(ABOUT)
    with st.container():
        _settings()
    active = _is_active(distinct(points(_sweep())))
    with st.container():  # of its own, so that a tick during a full run does not shift what stands beside it
        st.fragment(_curves, key=CURVES, run_every=questions.EVERY if active else None)(active)
    st.caption(PAPER)


def _sweep() -> SkipSweep:
    found: SkipSweep = st.session_state.sweep
    return found


@st.fragment(key=SETTINGS)
@show_store_errors()
def _settings() -> None:
    sweep = _sweep()
    top = st.columns([60, 24, 15, 13], vertical_alignment="bottom")
    questions.presets(top[0], SWEEPS, sweep, KEY, _preset)
    questions.data(top[1], sweep.data, KEY, _put)
    recipe.popover(top[2], sweep, KEY, _put, _take)
    with top[3].popover("More", icon=":material/tune:", width="stretch"):
        for labels in MORE:
            questions.numbers(sweep, labels, KEY, _put)
    row = st.columns([19, 22, 18, 18], vertical_alignment="bottom")
    adds = "DSC concatenates channels of the source, ASC adds its spikes."
    questions.segments(
        row[0], "Skips", "types", list(optimise.TYPES), sweep, KEY, _put, help=adds, format_func=optimise.TYPES.get
    )
    questions.segments(
        row[1], "Controls of equal size", "controls", ["with", "without"], sweep, KEY, _put, help=CONTROLS
    )
    questions.segments(row[2], "ANN twins", "twins", ["with", "without"], sweep, KEY, _put)
    questions.segments(row[3], "Normalisation", "norm", ["none", "batch"], sweep, KEY, _put, help=NORM)
    questions.numbers(sweep, SHOWN, KEY, _put)
    count = st.session_state.skips_count
    shown = [to_link(sweep)] + [f"count={count}"] * (count != CONVENTIONS[0])
    address("&".join(part for part in shown if part), key="skips-address", steps=True)


def _put(name: str) -> None:
    questions.put(name, "sweep", KEY, SkipSweep.check)
    notices.rerun_fragments(SETTINGS, CURVES)


def _preset(name: str) -> None:
    _take(SWEEPS[name], f"Started from {name}.")


def _take(sweep: SkipSweep, done: str = recipe.TAKEN) -> None:
    questions.replace(sweep, "sweep", KEY, done)
    notices.rerun_fragments(SETTINGS, CURVES)


@show_store_errors()
def _curves(was_active: bool) -> None:
    """What changes while the runs train; whether it looks again by itself is settled by a run of the whole page."""
    chosen = points(_sweep())
    designs = distinct(chosen)
    runs = questions.runs_of(designs)
    if _is_active(designs) != was_active:
        st.rerun()
    actions(designs, runs, KEY)
    results = questions.results(designs, runs)
    if not results and (forecast := forecast_text(chosen)):
        st.caption(escape_markdown(forecast))
    if results:
        befores = {digest: found.before for digest, found in results.items()}
        said = [one for one in (initial_activity_text(chosen, befores), *sentences(chosen, results)) if one]
        if said:
            st.markdown("\n".join(f"- {escape_markdown(one)}" for one in said))
        _count_switch()
        charts(payload(skip_charts(chosen, results, st.session_state.skips_count)), key="skips-charts")
        measuring.offer_measuring(measuring.unmeasured(designs, results), KEY)
    if runs:
        _table(chosen, runs, results)


def _is_active(designs: Sequence[Design]) -> bool:
    return questions.is_active(questions.runs_of(designs)) or measuring.is_active(designs)


def _count_switch() -> None:
    """How operations and energies are counted, in the charts and in the table."""
    st.segmented_control(
        "Operations: a sum of m spikes is",
        CONVENTIONS,
        default=st.session_state.skips_count,
        required=True,
        format_func=lambda name: WAYS[name],
        wrap=True,
        key="skips-count",
        on_change=_count,
        help="Of operations and energies, here and in the table. " + " ".join(MEANING.values()),
    )


def _count() -> None:
    st.session_state.skips_count = st.session_state["skips-count"]
    notices.rerun_fragments(SETTINGS, CURVES)


def _table(chosen: Sequence[Point], runs: Mapping[str, Run], results: Mapping[str, Result]) -> None:
    table = skip_table(chosen, runs, results, st.session_state.skips_count)
    picked = st.dataframe(
        table,
        hide_index=True,
        height=min(38 + 35 * len(table), 420),
        key="skips-table",
        placeholder="–",
        on_select="rerun",
        selection_mode="single-row",
        column_order=[name for name in table.columns if name != "run" and not table[name].isna().all()],
        column_config=column_config(
            table,
            {
                "control for": st.column_config.TextColumn(
                    width=180, help="Which skips this plain block stands beside."
                ),
                "n_skip": column("n_skip"),
                "test": column("accuracy"),
                "rate": column("rate"),
                "dense": column("dense"),
                "MACs": column("MACs"),
                "additions": column("additions"),
                "energy": column("energy", help=CAVEAT),
                "counts": st.column_config.TextColumn(help=f"Some are {ESTIMATED}."),
                "seconds": column("seconds"),
            },
        ),
    )
    rows = [row for row in picked["selection"]["rows"] if row < len(table)]
    if not rows:
        st.caption("Tick a run to open it on the Design page, with its matrix and its layers.")
    elif st.button("Open", type="primary", icon=":material/open_in_new:", key="skips-open"):
        state.open_run(str(table["run"][rows[0]]))
        st.switch_page(ROOT / "pages" / "design.py")
