"""Section of the Design page below the editor of a small block: what the drawn adjacency matrix reached when all
matrices were trained (the atlas, which is distributed with snnviz).
"""

from __future__ import annotations

import os
from pathlib import Path

import streamlit as st

from snnviz.design.design import Design
from snnviz.errors import StoreError
from snnviz.graph import atlas as matrices
from snnviz.store import shipped
from snnviz.theory.atlas import Atlas, file_name, read_atlas
from snnviz.ui.kit import restrictions, state
from snnviz.ui.kit.columns import column_config
from snnviz.ui.kit.shared import shared
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.ui.kit.words import escape_markdown
from snnviz.views import atlas as views
from snnviz.views.changes import design_changes
from snnviz.views.numbers import NO_NUMBER

FRAGMENT = "atlas"
BESIDE = (
    "Matrices that differ in one skip: their test accuracy less that of the drawn one, at the same seeds. Intervals "
    "are corrected for how many there are."
)
EFFECTS = "Each skip against none, on average over all matrices of the others; the interval is over seeds."
RANKED = (
    "Ranks are by images held out from training, and hold for all matrices together (Tukey's range): what seeds do "
    "not tell apart may have either place."
)


@st.fragment(key=FRAGMENT)
@show_store_errors()
@restrictions.hideable("expected")
def panel() -> None:
    """Draws a sentence on the drawn matrix, and below it, collapsed, tables of its neighbours and of the effect of each
    skip.
    """
    found = atlas_of(state.design())
    st.session_state.atlas_shown = found is not None
    if found is None:
        return
    atlas, number = found
    st.markdown(escape_markdown(views.sentence(atlas, number)).replace(r"\*\*", "**"), help=RANKED)
    with st.expander(f"The atlas of {atlas.depth} layers", key="atlas-more", on_change="rerun") as more:
        if more.open:
            _more(atlas, number)


def atlas_of(design: Design) -> tuple[Atlas, int] | None:
    """Returns the atlas (results of every adjacency matrix) of blocks with as many layers as the design's, and the
    number of its matrix; None if there is none.
    """
    if len(design.network.matrices) != 1:
        return None
    (edges,) = design.network.matrices
    depth, number = len(edges) - 1, matrices.number_from_matrix(edges)
    folder = _folder()
    if number is None or depth not in matrices.DEPTHS or folder is None:
        return None
    path = folder / file_name(depth)
    try:
        atlas = _read(path, depth, path.stat().st_mtime_ns)
    except FileNotFoundError:
        return None
    if atlas.about.setting != matrices.atlas_design(depth, 0, 0).digest:
        raise StoreError("The atlas was trained by formulas of before, and is not shown: python -m benchmarks.atlas")
    return atlas, number


def _folder() -> Path | None:
    named = os.environ.get(shipped.VARIABLE, "")
    return None if named == "0" else shipped.FOLDER if named in ("", "1") else Path(named)


@shared(8)
def _read(path: Path, depth: int, _at: int) -> Atlas:
    return read_atlas(path, depth)


def _more(atlas: Atlas, number: int) -> None:
    design = state.design()
    own = matrices.atlas_design(atlas.depth, number, design.seed if design.seed in matrices.SEEDS else 0)
    changed = "; ".join(design_changes(design, own)[:8])
    words, button = st.columns([9, 3], vertical_alignment="center")
    words.caption(escape_markdown(f"{views.provenance_text(atlas)}. Its setting: {changed or 'that of this design'}."))
    button.button(
        "Take its setting", key="atlas-take", disabled=not changed, width="stretch", on_click=_take, args=(own,),
        help="The same matrix, as the atlas trains it: Train computes one of its networks.",
    )  # fmt: skip
    left, right = st.columns(2, gap="medium")
    with left:
        st.caption(BESIDE)
        _table(views.neighbours_table(atlas, number), "atlas-beside")
    with right:
        st.caption(EFFECTS)
        if atlas.effects:
            _table(views.effects_table(atlas), "atlas-effects")
        else:
            st.caption(f"Known as soon as all matrices are trained with one seed: {views.completeness_text(atlas)}.")


def _table(table: object, key: str) -> None:
    import pandas as pd

    assert isinstance(table, pd.DataFrame)
    points, number = "%+.1f", st.column_config.NumberColumn
    columns = {
        "skip": st.column_config.TextColumn("Skip"),
        "reached": number("Test accuracy", format="%.1f %%"),
        "difference": number("Points", format=points, help="Mean over seeds."),
        "low": number("from", format=points, help="95 % interval; none of one seed."),
        "high": number("to", format=points, help="95 % interval; none of one seed."),
        "verdict": st.column_config.TextColumn("Verdict"),
    }
    st.dataframe(
        table,
        hide_index=True,
        key=key,
        placeholder=NO_NUMBER,
        column_config=column_config(table, {name: columns[name] for name in table.columns}),
    )


def _take(own: Design) -> None:
    state.replace_with_notice(own, "The atlas's setting.")
