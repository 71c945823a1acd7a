"""Upload of a visitor's own picture as the image that the network gets: widgets, and how it is converted."""

from __future__ import annotations

from typing import Any, cast, get_args

import streamlit as st

from snnviz.data import datasets
from snnviz.data.files.pictures import PICTURE_MEGABYTES, check_picture_size
from snnviz.data.sandbox import read_picture_in_subprocess
from snnviz.design.design import Design
from snnviz.errors import InputError, SnnvizError
from snnviz.store import Run
from snnviz.studies.inside.look import Look, parse_picture, picture_text
from snnviz.studies.inside.own_image import (
    MOST_VALUES,
    SAMPLED,
    Brightness,
    Frame,
    TypicalImage,
    looks_inverted,
    prepare,
    typical_image,
)
from snnviz.studies.inside.page.asking import ask
from snnviz.studies.inside.page.setting import LOOK
from snnviz.ui.components.pictures import pictures
from snnviz.ui.kit.store_errors import ERROR
from snnviz.ui.kit.words import as_sentence, escape_markdown
from snnviz.views.pictures import Group, Picture, image, payload

FILE, PIXELS, PROBLEM, DONE = "inside-own-file", "inside-own-pixels", "inside-own-problem", "inside-own-done"
BRIGHTNESS, FRAME = "inside-own-brightness", "inside-own-frame"
FRAMES = {"ink": "Its ink", "square": "Its middle square"}
BRIGHTNESSES = {"as it is": "As it is", "inverted": "Inverted"}


def fits(design: Design) -> bool:
    """Returns whether images of the design's data set are small enough that a picture fits into a link."""
    channels, height, width = datasets.dataset_card(design.data.name).shape
    return channels * height * width <= MOST_VALUES


def say_too_large() -> None:
    """Says that images of the data set are too large to be drawn or brought."""
    st.info(f"Only images of up to {MOST_VALUES:,} values can be drawn or be of one's own: they are part of the link.")


def panel(run: Run) -> None:
    """Draws the upload, what is done with the picture, and what the network receives."""
    if not fits(run.design):
        say_too_large()
        return
    shown = ask("pictures", Look(run=run.run), run, range(SAMPLED))
    if shown is None:
        return
    usual = typical_image(shown.arrays["images"], shown.about["white"] or 255)
    st.file_uploader(
        f"A picture, PNG or JPEG, at most {PICTURE_MEGABYTES} MB",
        type=["png", "jpg", "jpeg"],
        max_upload_size=PICTURE_MEGABYTES,
        key=FILE,
        help="It is not kept: what the network receives of it is in the address of this page, as a drawing is.",
        on_change=_uploaded,
        args=(run.design, usual),
    )
    if problem := st.session_state.get(PROBLEM, ""):
        st.error(escape_markdown(problem), icon=ERROR)
    if PIXELS in st.session_state:
        _ways(run.design, usual)
    if LOOK.value.drawn:
        _received(run.design)


def _uploaded(design: Design, usual: TypicalImage) -> None:
    file = st.session_state.get(FILE)
    for name in (PROBLEM, PIXELS, DONE):
        st.session_state.pop(name, None)
    if file is not None:
        try:
            check_picture_size(file.size)
            pixels = read_picture_in_subprocess(file.getvalue())
        except SnnvizError as error:
            st.session_state[PROBLEM] = as_sentence(error)
        else:
            inverted = usual.frame == "ink" and looks_inverted(pixels)
            st.session_state[PIXELS] = pixels
            st.session_state[BRIGHTNESS] = "inverted" if inverted else "as it is"
            st.session_state[FRAME] = usual.frame
            _take(design, usual)
    LOOK.rerun()


def _ways(design: Design, usual: TypicalImage) -> None:
    for label, options, key in (("Brightness", BRIGHTNESSES, BRIGHTNESS), ("Of the picture", FRAMES, FRAME)):
        st.segmented_control(
            label,
            list(options),
            format_func=options.__getitem__,
            key=key,
            required=True,
            on_change=_changed,
            args=(design, usual),
        )


def _changed(design: Design, usual: TypicalImage) -> None:
    _take(design, usual)
    LOOK.rerun()


def _take(design: Design, usual: TypicalImage) -> None:
    session: Any = st.session_state
    brightness, frame = session.get(BRIGHTNESS), session.get(FRAME)
    if PIXELS not in session or brightness not in get_args(Brightness) or frame not in get_args(Frame):
        return
    session.pop(PROBLEM, None)
    try:
        shape = datasets.dataset_card(design.data.name).shape
        found, words = prepare(session[PIXELS], shape, usual, cast(Brightness, brightness), cast(Frame, frame))
    except InputError as error:
        session[PROBLEM] = as_sentence(error)
        return
    session[DONE] = words
    LOOK.change(drawn=picture_text(found))


def _received(design: Design) -> None:
    try:
        found = parse_picture(LOOK.value.drawn, datasets.dataset_card(design.data.name).shape)
    except InputError:
        return  # the look says so
    words = st.session_state.get(DONE, "")
    caption = f"{words} Then it is encoded as the test images are.".strip()
    one = Picture("", image(found / 255), alt="The picture as the network receives it, before it is encoded")
    pictures(payload([Group([one], "As the network receives it", caption, side=140)]), key="inside-own-shown")
