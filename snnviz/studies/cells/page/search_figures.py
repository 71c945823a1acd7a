"""Figures of a search of cells, updated as candidates are scored: charts, the best as drawings and as a table."""

from __future__ import annotations

from functools import lru_cache

import streamlit as st

from snnviz.design.cells import OPERATION_CODES, Cell, parse, summary
from snnviz.studies.cells.charts.search import (
    COUNTED,
    SearchHistory,
    best_table,
    candidates_table,
    histogram_chart,
    rescored_chart,
    rewards_chart,
    sentences,
)
from snnviz.studies.cells.charts.thumbnails import Drawing, cells_chart
from snnviz.studies.cells.page import cell_drawing, score_panel, search_normalisations
from snnviz.studies.cells.page.search_setting import METRICS
from snnviz.studies.cells.scoring import Scoring
from snnviz.studies.cells.theory.candidates import RankedCandidate
from snnviz.ui.components.charts import charts, payload, picked
from snnviz.ui.kit.columns import column_config
from snnviz.ui.kit.words import escape_markdown

DRAWN = 12
ROWS = 100
"""Largest number of best cells in the table."""

CHOSEN = "cell_search_chosen"
"""Session key of the selected cell and its search."""

TABLE, BEST, OVERVIEW = "cell-search-table", "cell-search-best", "cell-search-overview"


def preview(history: SearchHistory) -> None:
    """Draws the first cells that a cell search will draw, before it has results."""
    cells = [history.search.cell(number) for number in range(min(DRAWN // 2, history.search.candidates))]
    shown = [Drawing(cell, (f"no. {number + 1}", *_parts(cell))) for number, cell in enumerate(cells)]
    words = "Node 0 is a cell's input, node 3 its output. Nodes that are fed by nothing, or feed nothing, lose their "
    words += "connections. No cell is trained: a score says how differently its network spikes for different images."
    charts(payload([cells_chart(shown, "The first candidates", words, key="cells_preview")]), key="cell-search-preview")


def figures(history: SearchHistory, *, ended: bool) -> None:
    """Draws all charts, sentences and tables on the candidate cells so far."""
    chosen = _chosen(history)
    marked = chosen.coarse.cell if chosen else ""
    names = [name for name in COUNTED if history.search.backward or name not in ("forward", "backward")]
    overview = st.container()
    name = st.segmented_control(
        "What the score rewards: score against",
        names,
        default="conv3",
        required=True,
        wrap=True,
        key="cell-search-against",
        format_func=lambda name: COUNTED[name],
    )
    with overview:
        charts(_overview(history, name, marked), key=OVERVIEW, on_pick=lambda: _pick(OVERVIEW))
    if not history.valid:
        st.warning(f"No cell has a score: {escape_markdown(next(iter(history.invalid)))}.", icon=":material/warning:")
        return
    charts(_best(history, marked), key=BEST, on_pick=lambda: _pick(BEST))
    if chosen:
        _open(history, chosen)
    _sentences(history, ended=ended)
    if ended:
        search_normalisations.panel(history)
    _table(history)
    st.download_button(
        f"{history.scored:,} candidates as CSV",
        lambda: candidates_table(history).to_csv(index=False),
        "snnviz-cells.csv",
        "text/csv",
        icon=":material/download:",
        key="cell-search-download",
    )


@lru_cache(maxsize=8)
def _overview(history: SearchHistory, name: str, marked: str) -> bytes:
    again = [rescored_chart(history, marked)] if history.rescored else []
    return payload([histogram_chart(history), rewards_chart(history, name), *again])


@lru_cache(maxsize=8)
def _best(history: SearchHistory, marked: str) -> bytes:
    shown = []
    for rank, one in enumerate(history.valid[:DRAWN], 1):
        cell = parse(one.coarse.cell)
        lines = (f"<b>{rank}. {one.value:.2f}</b>, no. {one.coarse.number + 1}", *_parts(cell))
        name = one.coarse.cell
        shown.append(Drawing(cell, lines, history.search.digest, name, marked=name == marked))
    precise = "their precise score" if history.rescored else "their score"
    words = (
        f"By {precise}, {METRICS[history.search.metric]}. Forward connections above the nodes, backward ones below. "
    )
    words += "A click chooses."
    return payload([cells_chart(shown, "The best cells", words, key="cells_best")])


@lru_cache(maxsize=8)
def _told(history: SearchHistory) -> list[str]:
    return sentences(history)


def _sentences(history: SearchHistory, *, ended: bool) -> None:
    """What was found, and how sure it is."""
    if said := _told(history):
        with st.container(border=True):
            heading = "What was found" if ended else "What was found so far"
            st.markdown("\n".join([f"**{heading}**", "", *(f"- {escape_markdown(one)}" for one in said)]))


def _parts(cell: Cell) -> tuple[str, str]:
    """A cell in two lines: its directions, and its operations."""
    ways, _, kinds = summary(cell).partition(": ")
    return ways, kinds.replace("average pool 3x3", "pool")


def _pick(board: str) -> None:
    if told := picked(board):
        st.session_state[CHOSEN] = told
        st.session_state.pop(TABLE, None)


def _chosen(history: SearchHistory) -> RankedCandidate | None:
    """The cell that was clicked or ticked, if it is one of these; else the best."""
    digest, cell = st.session_state.get(CHOSEN, ("", ""))
    if digest == history.search.digest:
        for one in history.valid:
            if one.coarse.cell == cell:
                return one
    return history.valid[0] if history.valid else None


def _table(history: SearchHistory) -> None:
    number = st.column_config.NumberColumn
    columns = {
        "rank": number("", width=40),
        "cell": st.column_config.TextColumn(width=165),
        "number": number("no.", help="Of the candidate.", width=62),
        "drawn": number("drawn", help="How often the search drew this cell.", width=62),
        "forward": number(width=66),
        "backward": number(width=76),
        **{name: number(help=COUNTED[name], width=58) for name in OPERATION_CODES},
    }
    for metric, name in METRICS.items():
        columns[metric] = number(f"{name}, precise", format="%.2f")
        columns[f"{metric}_sd"] = number("±", format="%.2f", help="Standard deviation between repeats.", width=56)
        columns[f"{metric}_first"] = number(f"{name} at first", format="%.2f")
    table = _frame(history)
    shown = [name for name in table if not table[name].isna().all() and (name != "backward" or history.search.backward)]
    st.dataframe(
        table[shown],
        hide_index=True,
        placeholder="–",
        key=TABLE,
        on_select=lambda: _tick(history),
        selection_mode="single-row",
        column_config=column_config(table[shown], columns),
        height=35 * min(len(table), 10) + 38,
    )


@lru_cache(maxsize=8)
def _frame(history: SearchHistory):  # type: ignore[no-untyped-def]
    return best_table(history, ROWS)


def _tick(history: SearchHistory) -> None:
    """A row of the table was ticked."""
    rows = st.session_state[TABLE]["selection"]["rows"]
    if rows and rows[0] < len(history.valid):
        st.session_state[CHOSEN] = (history.search.digest, history.valid[rows[0]].coarse.cell)


def _open(history: SearchHistory, one: RankedCandidate) -> None:
    """Where the chosen cell can go."""
    best = one is history.valid[0]
    which = "the best" if best else "the chosen"
    first, second, words = st.columns([3, 3, 7], vertical_alignment="center")
    cell = parse(one.coarse.cell)
    scored = (history.search.fine if one.fine else history.search.coarse).model_copy(update={"cell": cell})
    first.button(
        f"Open {which} in the editor",
        type="primary",
        icon=":material/open_in_new:",
        width="stretch",
        key="cell-search-open",
        on_click=_edit,
        args=(scored,),
    )
    trained = second.button(f"Train {which}", icon=":material/school:", width="stretch", key="cell-search-train")
    place = history.valid.index(one) + 1
    words.caption(f"No. {place} of {len(history.valid):,}: `{one.coarse.cell}`, {summary(cell)}.")
    if trained:
        score_panel.train(scored)


def _edit(scored: Scoring) -> None:
    """A button's callback: to the editor, where the cell is scored with the same setting."""
    cell_drawing.open_cell(**dict(scored))
    st.rerun()
