"""What a search of cells found: figures that fill in, the best as drawings and as a table, and where they can go."""

from __future__ import annotations

from functools import lru_cache

import streamlit as st

from snnviz.design.cells import KINDS, Cell, in_words, parse
from snnviz.studies.cells.charts.search import (
    COUNTED,
    Seen,
    again_chart,
    best_table,
    candidates_table,
    histogram_chart,
    rewards_chart,
    sentences,
)
from snnviz.studies.cells.charts.thumbnails import Drawing, cells_chart
from snnviz.studies.cells.page import draw, found, search_beside
from snnviz.studies.cells.page.search_setting import METRICS
from snnviz.studies.cells.scoring import Scoring
from snnviz.studies.cells.theory.candidates import Standing
from snnviz.ui.components.charts import charts, payload, picked
from snnviz.ui.kit.columns import column_config
from snnviz.ui.kit.words import escape_markdown

DRAWN = 12
ROWS = 100
"""The best cells that are drawn, and that the table holds at most."""

CHOSEN = "cell_search_chosen"
"""The session's name of the chosen cell and its search."""

TABLE, BEST, OVERVIEW = "cell-search-table", "cell-search-best", "cell-search-overview"


def preview(seen: Seen) -> None:
    """Before anything was found: the first cells that will be drawn."""
    cells = [seen.search.cell(number) for number in range(min(DRAWN // 2, seen.search.candidates))]
    shown = [Drawing(cell, (f"no. {number + 1}", *_parts(cell))) for number, cell in enumerate(cells)]
    words = "Node 0 is a cell's input, node 3 its output. Nodes that are fed by nothing, or feed nothing, lose their "
    words += "connections. No cell is trained: a score says how differently its network spikes for different images."
    charts(payload([cells_chart(shown, "The first candidates", words, key="cells_preview")]), key="cell-search-preview")


def figures(seen: Seen, *, ended: bool) -> None:
    """Everything about the candidates so far."""
    chosen = _chosen(seen)
    marked = chosen.coarse.cell if chosen else ""
    names = [name for name in COUNTED if seen.search.backward or name not in ("forward", "backward")]
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
        charts(_overview(seen, name, marked), key=OVERVIEW, on_pick=lambda: _pick(OVERVIEW))
    if not seen.valid:
        st.warning(f"No cell has a score: {escape_markdown(next(iter(seen.invalid)))}.", icon=":material/warning:")
        return
    charts(_best(seen, marked), key=BEST, on_pick=lambda: _pick(BEST))
    if chosen:
        _open(seen, chosen)
    _sentences(seen, ended=ended)
    if ended:
        search_beside.panel(seen)
    _table(seen)
    st.download_button(
        f"{seen.scored:,} candidates as CSV",
        lambda: candidates_table(seen).to_csv(index=False),
        "snnviz-cells.csv",
        "text/csv",
        icon=":material/download:",
        key="cell-search-download",
    )


@lru_cache(maxsize=8)
def _overview(seen: Seen, name: str, marked: str) -> bytes:
    again = [again_chart(seen, marked)] if seen.again else []
    return payload([histogram_chart(seen), rewards_chart(seen, name), *again])


@lru_cache(maxsize=8)
def _best(seen: Seen, marked: str) -> bytes:
    shown = []
    for rank, one in enumerate(seen.valid[:DRAWN], 1):
        cell = parse(one.coarse.cell)
        lines = (f"<b>{rank}. {one.value:.2f}</b>, no. {one.coarse.number + 1}", *_parts(cell))
        name = one.coarse.cell
        shown.append(Drawing(cell, lines, seen.search.digest, name, marked=name == marked))
    precise = "their precise score" if seen.again else "their score"
    words = f"By {precise}, {METRICS[seen.search.metric]}. Forward connections above the nodes, backward ones below. "
    words += "A click chooses."
    return payload([cells_chart(shown, "The best cells", words, key="cells_best")])


@lru_cache(maxsize=8)
def _told(seen: Seen) -> list[str]:
    return sentences(seen)


def _sentences(seen: Seen, *, ended: bool) -> None:
    """What was found, and how sure it is."""
    if said := _told(seen):
        with st.container(border=True):
            heading = "What was found" if ended else "What was found so far"
            st.markdown("\n".join([f"**{heading}**", "", *(f"- {escape_markdown(one)}" for one in said)]))


def _parts(cell: Cell) -> tuple[str, str]:
    """A cell in two lines: its directions, and its operations."""
    ways, _, kinds = in_words(cell).partition(": ")
    return ways, kinds.replace("average pool 3x3", "pool")


def _pick(board: str) -> None:
    if told := picked(board):
        st.session_state[CHOSEN] = told
        st.session_state.pop(TABLE, None)


def _chosen(seen: Seen) -> Standing | None:
    """The cell that was clicked or ticked, if it is one of these; else the best."""
    digest, cell = st.session_state.get(CHOSEN, ("", ""))
    if digest == seen.search.digest:
        for one in seen.valid:
            if one.coarse.cell == cell:
                return one
    return seen.valid[0] if seen.valid else None


def _table(seen: Seen) -> None:
    number = st.column_config.NumberColumn
    columns = {
        "rank": number("", width=40),
        "cell": st.column_config.TextColumn(width=165),
        "number": number("no.", help="Of the candidate.", width=62),
        "drawn": number("drawn", help="How often the search drew this cell.", width=62),
        "forward": number(width=66),
        "backward": number(width=76),
        **{name: number(help=COUNTED[name], width=58) for name in KINDS},
    }
    for metric, name in METRICS.items():
        columns[metric] = number(f"{name}, precise", format="%.2f")
        columns[f"{metric}_sd"] = number("±", format="%.2f", help="Standard deviation between repeats.", width=56)
        columns[f"{metric}_first"] = number(f"{name} at first", format="%.2f")
    table = _frame(seen)
    shown = [name for name in table if not table[name].isna().all() and (name != "backward" or seen.search.backward)]
    st.dataframe(
        table[shown],
        hide_index=True,
        placeholder="–",
        key=TABLE,
        on_select=lambda: _tick(seen),
        selection_mode="single-row",
        column_config=column_config(table[shown], columns),
        height=35 * min(len(table), 10) + 38,
    )


@lru_cache(maxsize=8)
def _frame(seen: Seen):  # type: ignore[no-untyped-def]
    return best_table(seen, ROWS)


def _tick(seen: Seen) -> None:
    """A row of the table was ticked."""
    rows = st.session_state[TABLE]["selection"]["rows"]
    if rows and rows[0] < len(seen.valid):
        st.session_state[CHOSEN] = (seen.search.digest, seen.valid[rows[0]].coarse.cell)


def _open(seen: Seen, one: Standing) -> None:
    """Where the chosen cell can go."""
    best = one is seen.valid[0]
    which = "the best" if best else "the chosen"
    first, second, words = st.columns([3, 3, 7], vertical_alignment="center")
    cell = parse(one.coarse.cell)
    scored = (seen.search.fine if one.fine else seen.search.coarse).model_copy(update={"cell": cell})
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
    place = seen.valid.index(one) + 1
    words.caption(f"No. {place} of {len(seen.valid):,}: `{one.coarse.cell}`, {in_words(cell)}.")
    if trained:
        found.train(scored)


def _edit(scored: Scoring) -> None:
    """A button's callback: to the editor, where the cell is scored with the same setting."""
    draw.open_cell(**dict(scored))
    st.rerun()
