"""Selection of the image: a grid of test images (misclassified first, of a class, or those of a confusion cell), a
drawing, or an uploaded picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from snnviz.data import datasets
from snnviz.store import Run
from snnviz.studies.inside.charts.all_images import misclassified_first
from snnviz.studies.inside.charts.time import class_name
from snnviz.studies.inside.look import Answer, Look, picture_text
from snnviz.studies.inside.page import own_image, setting
from snnviz.studies.inside.page.asking import ask, asked_of
from snnviz.studies.inside.page.setting import LOOK
from snnviz.ui.components.drawing import drawing, drawn_picture
from snnviz.ui.components.pictures import picked, pictures
from snnviz.views.pictures import Group, Picture, frame, image, payload

GRID = "inside-grid"
DRAWING = "inside-drawing"
SIDE_BY_SIDE = 24
WAY, CELL = "inside-way", "inside-cell"
TEST, DRAW, OWN = "Test images", "Draw one", "Your own"
ORDERS = {"misread": "Misread first", "number": "In order"}


class Cell(NamedTuple):
    """A cell of a confusion matrix: true class, predicted class, and the network, with its changes, that predicted."""

    true: int
    given: int
    network: Look


def columns() -> Sequence[DeltaGenerator]:
    """Returns the places for the choice of images and for what is shown of the chosen one; below each other on a phone,
    where room is kept for the first (`page.css`).
    """
    with st.container(key="inside-columns"):
        return st.columns([3, 9], gap="medium")


def panel(run: Run, answer: Answer | None) -> None:
    """Draws the controls that select the image, and the grid of images. `answer`: for a drawing or an uploaded picture,
    whose class it shows.
    """
    way = _way(run)
    if way == DRAW:
        _canvas(run, answer)
    elif way == OWN:
        own_image.panel(run)
        _answered(run, answer)
    else:
        _grid(run)


def _way(run: Run) -> str:
    """Draws the ways and returns the chosen one; recordings can only be chosen."""
    if datasets.dataset_card(run.design.data.name).counts is not None:
        return TEST
    way: str = st.session_state.get(WAY, TEST)
    if way == TEST and LOOK.value.drawn:  # a link's
        way = DRAW
    key = f"{LOOK.widget_key('way')}/{way}"
    found = st.segmented_control(
        "Image",
        [TEST, DRAW, OWN],
        default=way,
        key=key,
        on_change=_turn,
        args=(key,),
        label_visibility="collapsed",
        required=True,
    )
    return found or way


def _turn(key: str) -> None:
    chosen = st.session_state.get(key)
    st.session_state[WAY] = chosen
    if chosen == TEST and LOOK.value.drawn:
        LOOK.change(drawn="")
    LOOK.rerun()


def _canvas(run: Run, answer: Answer | None) -> None:
    if not own_image.fits(run.design):
        own_image.say_too_large()
        return
    shape = datasets.dataset_card(run.design.data.name).shape
    about = f"Draw with the mouse or a finger: {shape[1]}x{shape[2]} pixels, encoded as the test images are."
    drawing(shape[1], shape[2], LOOK.value.drawn.partition(".")[2], key=DRAWING, on_draw=lambda: _drawn(shape))
    st.caption(about)
    _answered(run, answer)


def _answered(run: Run, answer: Answer | None) -> None:
    """What the network says of what was drawn or brought, beside it."""
    if LOOK.value.drawn and answer is not None:
        names = setting.class_names(run.design)
        st.markdown(f"### {class_name(answer.about['predicted'][-1], names)}")


def _drawn(shape: Sequence[int]) -> None:
    found = drawn_picture(DRAWING, shape[1], shape[2])
    if found is None:
        return
    whole = np.repeat(found[None], shape[0], 0)
    LOOK.change(drawn=picture_text(whole) if whole.any() else "")
    LOOK.rerun()


def _grid(run: Run) -> None:
    look, cell = asked_of(LOOK.value, run), _cell(run)
    usual = Look(run=run.run, weights=look.weights)
    overview = ask("overview", usual if cell is None else cell.network, run)
    if overview is None:
        return
    order = st.segmented_control(
        "Order",
        list(ORDERS),
        default="misread",
        format_func=ORDERS.__getitem__,
        key="inside-order",
        label_visibility="collapsed",
    )
    found = _numbers(run, overview, order or "misread", cell)
    page = st.session_state.get("inside-page", 0)
    pages = max(1, -(-len(found) // SIDE_BY_SIDE))
    page = min(page, pages - 1)
    some = [int(number) for number in found[page * SIDE_BY_SIDE : (page + 1) * SIDE_BY_SIDE]]
    shown = ask("pictures", Look(run=run.run), run, some)
    if shown is not None and some:
        pictures(_payload(run, shown, overview, look), key=GRID, on_pick=_pick)
    _pages(page, pages)


def _cell(run: Run) -> Cell | None:
    """The cell that was chosen of this run's confusion matrix."""
    found: Cell | None = st.session_state.get(CELL)
    return found if found is not None and found.network.run == run.run else None


def _numbers(run: Run, overview: Answer, order: str, cell: Cell | None) -> Sequence[int]:
    names = setting.class_names(run.design)
    labels, predicted = overview.arrays["labels"], overview.arrays["predicted"]
    if cell is not None:
        words = f"True {class_name(cell.true, names)}, answer {class_name(cell.given, names)}"
        st.button(words, icon=":material/close:", key="inside-cell-off", help="Show all images again.", on_click=_all)
        if cell.network.changes:
            st.caption("As the changed network read them.")
        return np.flatnonzero((labels == cell.true) & (predicted == cell.given)).tolist()
    found = misclassified_first(overview) if order == "misread" else np.arange(len(labels))
    classes = overview.about["classes"]
    only = st.selectbox(
        "Class",
        [None, *range(classes)],
        format_func=lambda number: "all classes" if number is None else class_name(number, names),
        key=f"inside-class/{run.run}",
        label_visibility="collapsed",
        on_change=_turn_page,
        args=(0,),
    )
    return (found if only is None else found[labels[found] == only]).tolist()


def _all() -> None:
    st.session_state.pop(CELL, None)
    st.session_state["inside-page"] = 0
    LOOK.rerun()


def show_cell(true: int, given: int, network: Look) -> None:
    """Restricts the grid to the test images of one cell of a network's confusion matrix: true class and predicted
    class.
    """
    st.session_state[CELL] = Cell(true, given, network)
    st.session_state["inside-page"] = 0


def _payload(run: Run, shown: Answer, overview: Answer, look: Look) -> bytes:
    names, white = setting.class_names(run.design), shown.about["white"]
    found = []
    for number, pixels in zip(shown.about["numbers"], shown.arrays["images"], strict=True):
        true, given = int(overview.arrays["labels"][number]), int(overview.arrays["predicted"][number])
        word, wrong = class_name(true, names), class_name(given, names)
        data = image(pixels / white) if white else frame(pixels)
        alt = (
            f"Test {'image' if white else 'recording'} {number}, {word}{'' if true == given else ', read as ' + wrong}"
        )
        label = word if true == given else f"{word} → {wrong}"
        found.append(Picture(label, data, str(number), alt=alt, marked=number == look.image and not look.drawn))
    caption = "A click looks at an image. 4 → 8: a 4 that is read as an 8."
    card = datasets.dataset_card(run.design.data.name)
    if card.counts is not None:
        colours = ": blue where it became brighter, orange where darker" if card.shape[0] == 2 else ""
        caption = f"A click looks at a recording, whose first third is shown{colours}. 4 → 8: a 4 that is read as an 8."
    return payload([Group(found, caption=caption, side=58)])


def _pick() -> None:
    text = picked(GRID)
    if text.isascii() and text.isdecimal() and len(text) < 8:
        LOOK.change(image=int(text), drawn="", focus=LOOK.value.focus)
        LOOK.rerun()


def _pages(page: int, pages: int) -> None:
    if pages < 2:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        for words, icon, to in (("Before", "left", page - 1), ("More", "right", page + 1)):
            st.button(
                words,
                icon=f":material/chevron_{icon}:",
                key=f"inside-page-{icon}",
                disabled=not 0 <= to < pages,
                on_click=_turn_page,
                args=(to,),
            )
    st.caption(f"Page {page + 1:,} of {pages:,}.")


def _turn_page(page: int) -> None:
    st.session_state["inside-page"] = page
    LOOK.rerun()
