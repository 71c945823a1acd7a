"""The view Weigh of the Trade-offs page: groups of runs, the Pareto front and limits, importances, and heat maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from snnviz.errors import InputError
from snnviz.studies.tradeoffs.charts.front import certainty_words, chosen_words
from snnviz.studies.tradeoffs.page import comparing, opened_group
from snnviz.studies.tradeoffs.page.setting import EXPERIMENT, to_link
from snnviz.studies.tradeoffs.page.weighed import (
    Groups,
    active_runs,
    asked_of,
    front_figures,
    further_figures,
    groups_of,
    importance_figures,
    level_figures,
    map_fields,
    map_figures,
    ranked,
    weighed,
)
from snnviz.studies.tradeoffs.theory.weighed import WeighedGroups
from snnviz.studies.tradeoffs.weighing import (
    Limit,
    Objective,
    Weighing,
    available_objectives,
    get_objective,
    merge_limits,
)
from snnviz.theory.metrics import METRICS
from snnviz.ui.components.address import address
from snnviz.ui.components.charts import charts, picked
from snnviz.ui.kit import task_runs
from snnviz.ui.kit.columns import column_config, metric_columns, round_counts
from snnviz.ui.kit.settings import PageSettings
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.ui.kit.words import define_terms, escape_markdown, pluralise
from snnviz.views.changes import label, value
from snnviz.views.numbers import NO_NUMBER, metric_text, table_value

CONTROLS, FIGURES = "weigh-controls", "weigh-figures"
"""Fragments."""

EVERY = 2.0

WEIGHING = PageSettings(Weighing(), "weigh", prefix="weigh.", fragments=(CONTROLS, FIGURES), noun="weighing")

ABOUT = (
    "Every group of runs (all but the seed equal) is a point: its mean over seeds. **No point is better than one of "
    "the front in everything.** What lies behind is faded."
)
OF = {"experiment": "This experiment", "filter": "A filter", "store": "All runs"}
EXAMPLE = "init.kind = kaiming and accuracy > 0.9"
MOST_STEPS = 40
"""Of a limit's slider."""

MOST_ROWS = 200
NO_THIRD = "none"


def begin(query: Mapping[str, str], *, keep: bool) -> None:
    """Sets the view Weigh from a link's parameters. `keep`: if the link is invalid, keep the current settings."""
    WEIGHING.begin({name: text for name, text in query.items() if name.startswith(WEIGHING.prefix)}, keep=keep)


def panel() -> None:
    """Draws the view Weigh: objectives and limits, and figures of the Pareto front, updated while runs are active."""
    if WEIGHING.name not in st.session_state:
        WEIGHING.begin({})
    WEIGHING.show_problem(linked=True)
    with st.container():
        _controls()
    task_runs.live(_figures, FIGURES, _is_active, EVERY)


def _is_active() -> bool:
    """Whether runs are on their way."""
    return active_runs() or _is_empty()


def _is_empty() -> bool:
    """Whether the experiment has no finished run yet: it may be submitted while this view is drawn."""
    now = WEIGHING.value
    return now.of == "experiment" and not groups_of(now, EXPERIMENT.value).groups


def _groups() -> Groups | None:
    """None where a filter is none, which is said."""
    try:
        return groups_of(WEIGHING.value, EXPERIMENT.value)
    except InputError as error:
        st.error(escape_markdown(f"{error}."), icon=":material/error:")
        return None


# --- controls -----------------------------------------------------------------------------------------------------


@st.fragment(key=CONTROLS)
@show_store_errors()
def _controls() -> None:
    now = WEIGHING.value
    st.caption(define_terms(ABOUT))
    left, right = st.columns([5, 7], vertical_alignment="bottom")
    key = WEIGHING.widget_key("of")
    left.segmented_control(
        "Weigh", list(OF), default=now.of, required=True, format_func=OF.__getitem__, key=key, on_change=_put_of,
        wrap=True,
    )  # fmt: skip
    if now.of == "filter":
        right.text_input(
            "Filter", value=now.where, placeholder=EXAMPLE, max_chars=500, key=WEIGHING.widget_key("where"),
            on_change=_put_where, help=f"Fields of designs, metrics, tags: such as `{EXAMPLE}`.",
        )  # fmt: skip
    elif now.of == "experiment":
        several = len(EXPERIMENT.value.groups())
        right.caption(
            f"{pluralise(several, 'group')} of {pluralise(EXPERIMENT.value.seeds, 'seed')}, as asked under Ask."
        )
    _objectives(now)
    groups = _groups() if now.of != "filter" or now.where else None
    if groups is not None and groups.groups:
        _limits(now, groups)
    WEIGHING.show_problem()
    address(to_link(WEIGHING.link), key="weigh-address", steps=True)


def _objectives(now: Weighing) -> None:
    known = {one.name: f"{one.label} ({one.direction} is better)" for one in available_objectives()}
    chosen = [*now.objectives, NO_THIRD][:3]
    for place, (column, words) in enumerate(zip(st.columns(3), ("Upwards", "Across", "Colour"), strict=True)):
        options = [name for name in known if name == chosen[place] or name not in now.objectives]
        column.selectbox(
            words,
            [*options, NO_THIRD] if place == 2 else options,
            index=([*options, NO_THIRD]).index(chosen[place]),
            format_func=lambda name: known.get(name, "no third objective"),
            help=None if place < 2 else "A third objective: the front is then of all three.",
            key=f"{WEIGHING.widget_key('side')}-{place}-{'-'.join(now.objectives)}",
            on_change=_put_objective,
            args=(place, f"{WEIGHING.widget_key('side')}-{place}-{'-'.join(now.objectives)}"),
        )


def _limits(now: Weighing, groups: Groups) -> None:
    bounds = {limit.metric: limit for limit in now.bounds}
    names = [one.name for one in available_objectives()]
    columns = st.columns([5, 7], vertical_alignment="top")
    shown = columns[0].multiselect(
        "Limits",
        [*dict.fromkeys([*names, *bounds])],
        default=list(bounds),
        format_func=lambda name: METRICS[name].label,
        placeholder="Choose what is limited, such as the firing rate",
        key=WEIGHING.widget_key("limited"),
        on_change=_put_limited,
    )
    with columns[1]:
        for name in shown:
            _limit(get_objective(name), groups, bounds.get(name, Limit(name)))


def _limit(one: Objective, groups: Groups, limit: Limit) -> None:
    means = sorted({sum(told.values()) / len(told) for group in groups.groups if (told := group.values.get(one.name))})
    steps = means if len(means) <= MOST_STEPS else [
        means[round(part * (len(means) - 1) / (MOST_STEPS - 1))] for part in range(MOST_STEPS)
    ]  # fmt: skip
    steps = sorted({*steps, *(end for end in (limit.above, limit.below) if end is not None)})
    if len(steps) < 2:
        st.caption(f"{one.label} is the same everywhere.")
        return
    low = limit.above if limit.above is not None else steps[0]
    high = limit.below if limit.below is not None else steps[-1]
    key = f"{WEIGHING.widget_key('limit')}-{one.name}-{hash(tuple(steps))}"
    st.select_slider(
        one.label,
        steps,
        value=(min(low, high), max(low, high)),
        format_func=lambda number: metric_text(one.metric, number),
        key=key,
        on_change=_put_limit,
        args=(one.name, key, steps[0], steps[-1]),
    )


def _put_of() -> None:
    if WEIGHING.has_widget("of") and WEIGHING.widget_value("of") != WEIGHING.value.of:
        WEIGHING.change(of=WEIGHING.widget_value("of"), point="")
        WEIGHING.renew_widgets()
        WEIGHING.rerun()


def _put_where() -> None:
    if WEIGHING.has_widget("where"):
        WEIGHING.change(where=WEIGHING.widget_value("where"), point="")
        WEIGHING.rerun()


def _put_objective(place: int, key: str) -> None:
    if key in st.session_state:
        names = [*WEIGHING.value.objectives, NO_THIRD][:3]
        names[place] = st.session_state[key]
        WEIGHING.change(objectives=[name for name in names if name != NO_THIRD])
        WEIGHING.rerun()


def _put_limited() -> None:
    if WEIGHING.has_widget("limited"):
        kept = set(WEIGHING.widget_value("limited"))
        bounds = [limit for limit in WEIGHING.value.bounds if limit.metric in kept]
        WEIGHING.change(limits=[text for limit in bounds for text in limit.texts])
        WEIGHING.rerun()


def _put_limit(name: str, key: str, least: float, most: float) -> None:
    if key in st.session_state:
        low, high = st.session_state[key]
        own = Limit(name, low if low > least else None, high if high < most else None)
        others = [limit for limit in WEIGHING.value.bounds if limit.metric != name]
        WEIGHING.change(limits=[text for limit in merge_limits([*others, own]) for text in limit.texts])
        WEIGHING.rerun()


# --- figures ------------------------------------------------------------------------------------------------------


@show_store_errors()
def _figures() -> None:
    now = WEIGHING.value
    if now.of == "filter" and not now.where:
        st.info(f"Say which runs are weighed, such as `{EXAMPLE}`.", icon=":material/filter_alt:")
        return
    groups = _groups()
    if groups is None:
        return
    asked = asked_of(now)
    found = weighed(groups, asked)
    if not found.groups:
        _nothing(now)
        return
    st.markdown(_sentence(found, groups))
    charts(front_figures(groups, asked, now.point), key="weigh-front", on_pick=_picked)
    names = [one.field for one in ranked(groups, found.objectives[0].name)]
    with st.container():
        _table(found, names)
    with st.container():
        opened_group.panel(found, now.point, _close)
    charts(further_figures(groups, asked), key="weigh-further", on_pick=_picked_further)
    if not names:
        return
    st.header("What mattered", anchor=False)
    charts(importance_figures(groups, asked), key="weigh-importance")
    path = now.field if now.field in names else names[0]
    _choice("The levels of", names, path, "field")
    if (
        now.of == "experiment"
        and len(EXPERIMENT.value.axes) > 1
        and path in [one.name for one in EXPERIMENT.value.axes]
    ):
        st.button(
            "Compare its levels by seed", icon=":material/compare_arrows:", key="weigh-levels-compare",
            on_click=comparing.turn_to_levels, args=(path,),
            help="Two of them over all combinations of the other axes: how certain is the difference, over seeds?",
        )  # fmt: skip
    charts(level_figures(groups, asked, path), key="weigh-levels")
    if (pair := map_fields(groups, asked, (now.across, now.down))) is not None:
        st.header("Two fields as a map", anchor=False)
        first, second = st.columns(2)
        with first:
            _choice("Across", [name for name in names if name != pair[1]], pair[0], "across")
        with second:
            _choice("Upwards", [name for name in names if name != pair[0]], pair[1], "down")
        charts(map_figures(groups, asked, *pair), key="weigh-maps")


def _nothing(now: Weighing) -> None:
    if now.of == "experiment":
        words = "No run of this experiment is done yet: ask it under **Ask**, or weigh all runs."
    else:
        words = "No run is done here yet." if now.of == "store" else "No run that is done fits this filter."
    st.info(words, icon=":material/info:")


def _sentence(found: WeighedGroups, groups: Groups) -> str:
    left, total = int(found.left.sum()), len(found.groups)
    front = int(found.front.sum())
    within = f"**{left:,} of {total:,}** groups are left" if left < total else f"**{total:,}** groups"
    words = f"{within} ({pluralise(groups.runs, 'run')}), **{front:,}** on the front."
    return escape_dollars(" ".join(filter(None, (words, certainty_words(found), chosen_words(found)))))


def escape_dollars(words: str) -> str:
    """Returns Markdown text in which dollar signs are escaped, so that they do not begin a formula."""
    return words.replace("$", "\\$")


def _table(found: WeighedGroups, names: Sequence[str]) -> None:
    """The front, a row a group; ticking one opens it."""
    front = [int(place) for place in found.front.nonzero()[0]][:MOST_ROWS]
    if not front:
        return
    table = _front_table(found, front, names)
    shown = [one.name for one in found.objectives]
    key = f"weigh-table-{hash(tuple(found.groups[place].key for place in front))}"
    with st.expander(f"The front as a table ({len(front)})", expanded=len(front) <= 6, icon=":material/table:"):
        st.dataframe(
            round_counts(table),
            hide_index=True,
            height=min(38 + 35 * len(table), 300),
            key=key,
            placeholder=NO_NUMBER,
            on_select=lambda: _ticked(key, [found.groups[place].key for place in front]),
            selection_mode=["single-row", "single-cell"],
            column_config=column_config(table, metric_columns(shown)),
        )
        st.caption("Tick a row to open it.")


def _front_table(found: WeighedGroups, front: Sequence[int], names: Sequence[str]) -> pd.DataFrame:
    front = sorted(front, key=lambda place: -float(found.mean[place, 0]))
    columns: dict[str, Any] = {
        label(name): [value(name, found.fields[name][place]) for place in front] for name in names[:6]
    }
    for side, one in enumerate(found.objectives):
        columns[one.name] = [table_value(one.name, float(found.mean[place, side])) for place in front]
    return pd.DataFrame({**columns, "seeds": [found.seeds[place] for place in front]})


def _choice(words: str, names: Sequence[str], now: str, field: str) -> None:
    key = f"{WEIGHING.widget_key(field)}-{now}-{len(names)}"
    st.selectbox(words, names, index=list(names).index(now), format_func=label, key=key, on_change=_put_field,
                 args=(field, key), width=320)  # fmt: skip


def _put_field(field: str, key: str) -> None:
    if key in st.session_state:
        WEIGHING.change(**{field: st.session_state[key]})
        WEIGHING.rerun()


def _ticked(key: str, keys: Sequence[str]) -> None:
    selection = st.session_state[key]["selection"]
    rows = [*selection["rows"], *(row for row, _ in selection["cells"])]
    if rows and rows[-1] < len(keys):
        _open(keys[rows[-1]])


def _picked() -> None:
    _take(picked("weigh-front"))


def _picked_further() -> None:
    _take(picked("weigh-further"))


def _take(found: tuple[str, str] | None) -> None:
    if found is not None and found[0] == "group":
        _open(found[1])


def _open(key: str) -> None:
    WEIGHING.change(point=key)
    WEIGHING.rerun()


def _close() -> None:
    WEIGHING.change(point="")
    WEIGHING.rerun()
