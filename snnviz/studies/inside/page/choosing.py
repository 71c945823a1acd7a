"""Selection of the image: a grid of test images (misclassified first, or those of a confusion cell), or a drawing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from snnviz.data import datasets
from snnviz.store import Run
from snnviz.studies.inside.charts.many import misread_first
from snnviz.studies.inside.charts.time import class_name
from snnviz.studies.inside.look import Answer, Look, picture_text
from snnviz.studies.inside.page import setting
from snnviz.studies.inside.page.asking import ask, asked_of
from snnviz.studies.inside.page.setting import LOOK
from snnviz.ui.components.drawing import drawing, drawn_picture
from snnviz.ui.components.pictures import picked, pictures
from snnviz.views.pictures import Group, Picture, frame, image, payload

GRID = "inside-grid"
DRAWING = "inside-drawing"
SIDE_BY_SIDE = 24
ORDERS = {"misread": "Misread first", "number": "In order"}


def panel(run: Run, answer: Answer | None) -> None:
    """Draws the controls that select the image, and the grid of images. `answer`: for a drawing, whose class it
    shows.
    """
    still = datasets.dataset_card(run.design.data.name).counts is None
    ways = ["Test images", "Draw one"] if still else ["Test images"]
    way = "Draw one" if LOOK.value.drawn and still else "Test images"
    key = f"{LOOK.widget_key('way')}/{way}"
    chosen = st.segmented_control(
        "Image", ways, default=way, key=key, on_change=_turn, args=(key,), label_visibility="collapsed"
    )
    if (chosen or way) == "Draw one":
        _canvas(run, answer)
    else:
        _grid(run)


def _turn(key: str) -> None:
    if st.session_state.get(key) == "Test images" and LOOK.value.drawn:
        LOOK.change(drawn="")
    LOOK.rerun()


def _canvas(run: Run, answer: Answer | None) -> None:
    shape = datasets.dataset_card(run.design.data.name).shape
    about = f"Draw with the mouse or a finger: {shape[1]}x{shape[2]} pixels, encoded as the test images are."
    drawing(shape[1], shape[2], LOOK.value.drawn.partition(".")[2], key=DRAWING, on_draw=lambda: _drawn(shape))
    st.caption(about)
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
    look = asked_of(LOOK.value, run)
    overview = ask("overview", Look(run=run.run, weights=look.weights), run)
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
    found = _numbers(run, overview, order or "misread")
    page = st.session_state.get("inside-page", 0)
    pages = max(1, -(-len(found) // SIDE_BY_SIDE))
    page = min(page, pages - 1)
    some = [int(number) for number in found[page * SIDE_BY_SIDE : (page + 1) * SIDE_BY_SIDE]]
    shown = ask("pictures", Look(run=run.run), run, some)
    if shown is not None and some:
        pictures(_payload(run, shown, overview, look), key=GRID, on_pick=_pick)
    _pages(page, pages)


def _numbers(run: Run, overview: Answer, order: str) -> Sequence[int]:
    cell = st.session_state.get("inside-cell")
    labels, predicted = overview.arrays["labels"], overview.arrays["predicted"]
    if cell is not None:
        names = setting.class_names(run.design)
        true, given = cell
        words = f"True {class_name(true, names)}, answer {class_name(given, names)}"
        st.button(words, icon=":material/close:", key="inside-cell-off", help="Show all images again.", on_click=_all)
        return np.flatnonzero((labels == true) & (predicted == given)).tolist()
    return (misread_first(overview) if order == "misread" else np.arange(len(labels))).tolist()


def _all() -> None:
    st.session_state.pop("inside-cell", None)
    st.session_state["inside-page"] = 0
    LOOK.rerun()


def show_cell(true: int, given: int) -> None:
    """Restricts the grid to the test images of one cell of the confusion matrix: true class and predicted class."""
    st.session_state["inside-cell"] = (true, given)
    st.session_state["inside-page"] = 0


def _payload(run: Run, shown: Answer, overview: Answer, look: Look) -> bytes:
    names, white = setting.class_names(run.design), shown.about["white"]
    found = []
    for number, pixels in zip(shown.about["numbers"], shown.arrays["images"], strict=True):
        true, given = int(overview.arrays["labels"][number]), int(overview.arrays["predicted"][number])
        word, wrong = class_name(true, names), class_name(given, names)
        data = image(pixels / white) if white else frame(pixels)
        alt = f"Test image {number}, {word}{'' if true == given else ', read as ' + wrong}"
        label = word if true == given else f"{word} → {wrong}"
        found.append(Picture(label, data, str(number), alt=alt, marked=number == look.image and not look.drawn))
    caption = "A click looks at an image. 4 → 8: a 4 that is read as an 8."
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
