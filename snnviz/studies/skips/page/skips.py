"""The Skips page: a sweep over the number of skips, its runs and charts, and the view with the search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.design.experiment import distinct_designs
from snnviz.errors import InputError
from snnviz.store import Run
from snnviz.studies.skips.charts.controls import forecast_text, initial_activity_text, sentences
from snnviz.studies.skips.charts.skips import skip_charts, skip_means, skip_table
from snnviz.studies.skips.page import optimise
from snnviz.studies.skips.page.readings import found_reading
from snnviz.studies.skips.page.setting import OPTIMISATION, TYPES
from snnviz.studies.skips.sweep import SWEEPS, SkipSweep, SweepPoint, sweep_points
from snnviz.theory.operations import CAVEAT, CONVENTIONS, ESTIMATED, MEANING, Convention, parse_convention
from snnviz.ui.components.address import address
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.kit import measuring, recipe, state, tables, task_runs
from snnviz.ui.kit.actions import actions
from snnviz.ui.kit.columns import column, round_counts
from snnviz.ui.kit.linked import is_back_navigation
from snnviz.ui.kit.readings import publish
from snnviz.ui.kit.settings import PageSettings
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.ui.kit.view_switch import Views
from snnviz.ui.kit.words import as_sentence, define_terms, escape_markdown
from snnviz.views.results import Result
from snnviz.views.words import NORM

VIEWS = Views("skips", {"sweep": "Sweep", "optimise": "Optimise"})

WAYS: dict[Convention, str] = {"additions": "m additions", "neurobench": "a multiplication (NeuroBench)"}

OF_VIEW = {"view", "count"}
"""Parameters of a link that are no fields of a sweep."""

SETTINGS, CURVES = "skips-settings", "skips-curves"
SHOWN = ("most_skips", "seeds", "channels", "steps", "train_samples", "epochs")
MORE = (("depth", "dsc_fraction"), ("threshold", "beta"), ("gain", "twin_gain"))
"""Rows of fields in a popover."""

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


def _read(query: Mapping[str, str]) -> SkipSweep:
    """The page's own if a link says nothing of a sweep; an optimisation's fields are ignored."""
    own = {n: text for n, text in query.items() if n not in OF_VIEW and not n.startswith(OPTIMISATION.prefix)}
    return SkipSweep.check(links.part_from_query(SkipSweep, own)) if own.keys() - links.RESERVED_PARAMETERS else OPENING


SWEEP = PageSettings(
    OPENING,
    "skips",
    name="sweep",
    fragments=(SETTINGS, CURVES),
    presets=SWEEPS,
    noun="sweep",
    read=_read,
    write=lambda sweep: links.part_to_query(sweep) or f"gain={sweep.gain:g}",  # never empty: that is the page's address
)
"""State of the sweep on the page. Links name what differs from the default sweep, which is not the one shown at first.
"""


def begin() -> None:
    """Initialises the page's session at the top of the page, from the link if the visit started here."""
    session = st.session_state
    if SWEEP.name in session:
        if is_back_navigation():
            _go_back()
        return
    query = dict(st.query_params) if state.is_entry_page("skips") else {}
    session.skips_count = CONVENTIONS[0]
    VIEWS.show(VIEWS.first)
    OPTIMISATION.begin(query)
    SWEEP.begin({})
    try:
        VIEWS.show(VIEWS.read(query))
        session.skips_count = read_convention(query)
    except InputError as error:
        SWEEP.set_problem(f"{as_sentence(error)} The default sweep is shown instead.", linked=True)
    else:
        SWEEP.begin(query)


def _go_back() -> None:
    """Take what the address tells of, which is the setting of one view."""
    query = dict(st.query_params)
    try:
        VIEWS.show(VIEWS.read(query))
        if VIEWS.current == "optimise":
            OPTIMISATION.begin(query)
        else:
            st.session_state.skips_count = read_convention(query)
            SWEEP.begin(query, keep=True)
    except InputError as error:
        SWEEP.set_problem(f"{as_sentence(error)} The sweep stays as it is.", linked=True)


def read_convention(query: Mapping[str, str]) -> Convention:
    """Returns the convention by which a link counts operations. Raises `InputError`."""
    return parse_convention(query.get("count", CONVENTIONS[0]), "count")


def panel() -> None:
    """Draws the whole page: the switch between sweep over the number of skips and skip search, and the selected
    view.
    """
    VIEWS.head("Skips")
    SWEEP.show_problem(linked=True)  # in either half: a field without a half's prefix is the sweep's
    if VIEWS.current == "optimise":
        optimise.panel()
    else:
        _sweep_panel()


def _sweep_panel() -> None:
    """What is swept; below it the runs and what they show, live."""
    st.caption(define_terms(ABOUT))
    with st.container():
        _settings()
    task_runs.live(_curves, CURVES, lambda: _is_active(distinct_designs(sweep_points(SWEEP.value))))
    st.caption(PAPER)


@st.fragment(key=SETTINGS)
@show_store_errors()
def _settings() -> None:
    top = st.columns([60, 24, 15, 13], vertical_alignment="bottom")
    SWEEP.preset_menu(top[0])
    SWEEP.data(top[1])
    recipe.popover(top[2], SWEEP)
    with top[3].popover("More", icon=":material/tune:", width="stretch"):
        for names in MORE:
            SWEEP.numbers(names)
    row = st.columns([19, 22, 18, 18], vertical_alignment="bottom")
    SWEEP.segments(
        row[0], "types", "Skips", names=TYPES, help="DSC concatenates channels of the source, ASC adds its spikes."
    )
    SWEEP.segments(row[1], "controls", "Controls of equal size", help=CONTROLS)
    SWEEP.segments(row[2], "twins", "ANN twins")
    SWEEP.segments(row[3], "norm", "Normalisation", help=NORM)
    SWEEP.numbers(SHOWN)
    count = st.session_state.skips_count
    address("&".join([SWEEP.link] + [f"count={count}"] * (count != CONVENTIONS[0])), key="skips-address", steps=True)


def _curves() -> None:
    chosen = sweep_points(SWEEP.value)
    designs = distinct_designs(chosen)
    runs = task_runs.runs_of(designs)
    actions(designs, runs, SWEEP.key)
    results = task_runs.results(designs, runs)
    fields = links.flatten_document(SWEEP.value.document())
    publish("skips", fields, partial(found_reading, skip_means(chosen, results) if results else []))
    if not results and (forecast := forecast_text(chosen)):
        st.caption(escape_markdown(forecast))
    if results:
        befores = {digest: found.rate_before for digest, found in results.items()}
        said = [one for one in (initial_activity_text(chosen, befores), *sentences(chosen, results)) if one]
        if said:
            st.markdown("\n".join(f"- {escape_markdown(one)}" for one in said))
        _count_switch()
        charts(payload(skip_charts(chosen, results, st.session_state.skips_count)), key="skips-charts")
        measuring.offer_measuring(measuring.unmeasured(designs, results), SWEEP.key)
    if runs:
        _table(chosen, runs, results)


def _is_active(designs: Sequence[Design]) -> bool:
    return task_runs.are_active(designs) or measuring.is_active(designs)


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
    SWEEP.rerun()


def _table(chosen: Sequence[SweepPoint], runs: Mapping[str, Run], results: Mapping[str, Result]) -> None:
    table = round_counts(skip_table(chosen, runs, results, st.session_state.skips_count))
    columns = {
        "control for": st.column_config.TextColumn(width=180, help="Which skips this plain block stands beside."),
        "n_skip": column("n_skip"),
        "test": column("accuracy"),
        "rate": column("rate"),
        "dense": column("dense"),
        "MACs": column("MACs"),
        "additions": column("additions"),
        "energy": column("energy", help=CAVEAT),
        "counts": st.column_config.TextColumn(help=f"Some are {ESTIMATED}."),
        "seconds": column("seconds"),
    }
    words = "Tick a run to open it on the Design page, with its matrix and its layers."
    tables.runs_table(table, SWEEP.key, columns, words, empty=False)
