"""Section of the Data page: the data sets as cards, and details of the selected one."""

from __future__ import annotations

import streamlit as st

from snnviz.data import datasets, owndata
from snnviz.places import cache_dir
from snnviz.ui.components.pictures import picked, pictures
from snnviz.ui.data import downloads, setting, thumbnails
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.ui.kit.words import escape_markdown
from snnviz.ui.server.local import is_local
from snnviz.views.pictures import Group, Picture, payload

GALLERY, PICTURES = "data-gallery", "data-sets"
"""Keys of the fragment and of its pictures."""


def title(name: str) -> str:
    """Returns the title of a data set; with its name added if it is an uploaded one."""
    about = datasets.dataset_card(name)
    return f"{about.title} ({name})" if owndata.is_own_name(name.removesuffix("-saccades")) else about.title


def gallery() -> None:
    """Draws all data sets as cards with pictures; a click selects one."""
    names = [name for name in datasets.dataset_names() if datasets.is_available(name)]
    waits = not thumbnails.are_ready(names)
    with st.container():
        st.fragment(_gallery, key=GALLERY, run_every=thumbnails.EVERY if waits else None)(waits)


@show_store_errors()
def _gallery(waited: bool) -> None:
    chosen = setting.shown_design().data.name
    names = datasets.dataset_names()
    if chosen not in names:  # one's own that was removed, or the saccades of one's own
        names = (*names, chosen)
    if waited and thumbnails.are_ready([name for name in names if datasets.is_available(name)]):
        st.rerun()
    pictures(
        payload([Group([_card(name, name == chosen) for name in names], style="cards")]), key=PICTURES, on_pick=_pick
    )


def _pick() -> None:
    setting.open_dataset(picked(PICTURES))
    st.rerun()


def _card(name: str, marked: bool) -> Picture:
    about, here = datasets.dataset_card(name), datasets.is_available(name)
    _, height, width = about.shape
    count = sum(datasets.dataset_sizes(name))
    badges = []
    if about.simulated:
        badges.append(("", "simulated"))
    if owndata.is_own_name(name.removesuffix("-saccades")):
        badges.append(("own", "own"))
    if not here:
        badges.append(("absent", "to be downloaded"))
    kind = "images" if about.counts is None else "recordings"
    return Picture(
        about.title.removesuffix(" (simulated)"),
        thumbnails.thumbnail_of(name) if here else None,
        pick=name,
        note="" if len(badges) > 1 else f"{count:,}" if badges else f"{count:,} of {height}x{width}",
        waits=here,
        alt=f"A sample of {about.title}: {count:,} {kind}, {about.classes} classes",
        marked=marked,
        badges=tuple(badges),
    )


def card() -> None:
    """Draws the details of the selected data set, and where its files are or how to get them."""
    name = setting.shown_design().data.name
    about, (train, test) = datasets.dataset_card(name), datasets.dataset_sizes(name)
    with st.expander(f"About {escape_markdown(about.title)}", expanded=not datasets.is_available(name)):
        channels, height, width = about.shape
        what = "polarities" if about.counts is not None else "channel" if channels == 1 else "channels"
        labels = ", ".join(about.labels[:20]) + (", ..." if about.classes > 20 else "")
        left, right = st.columns(2, gap="medium")
        left.markdown(escape_markdown(about.about))
        if about.simulated:
            still = escape_markdown(datasets.dataset_card(about.simulated).title)
            left.markdown(
                f"**Simulated**: made from the images of {still} by three moves of an ideal event camera "
                "(Orchard et al. 2015), not recorded. Say so where you report results."
            )
        if words := datasets.availability_remark(name):
            left.caption(escape_markdown(words))
        rows = {
            "Samples": f"{train:,} for training, {test:,} for testing",
            "Shape": f"{height}x{width} pixels, {channels} {what}",
            "Classes": f"{about.classes}: {escape_markdown(labels)}",
            "Split": escape_markdown(about.split),
            "Licence": escape_markdown(about.licence),
            "Cite": escape_markdown(about.citation) or "nothing to cite",
            "Home": f"<{about.home}>" if about.home else "this machine",
            "In a design": f"`data.name={name}`",
        }
        right.markdown("\n".join(f"- **{head}**: {words}" for head, words in rows.items()))
    download_panel()


def download_panel() -> None:
    """Draws, for a data set that is not on this machine, how to get it, and the progress of its download."""
    name = setting.shown_design().data.name
    going = downloads.download_of(_source(name))
    active = going is not None and not going.ended
    if datasets.is_available(name) and not active:
        return
    with st.container():
        st.fragment(_fetch, key="data-fetch", run_every=downloads.EVERY if active else None)(name, active)


@show_store_errors()
def _fetch(name: str, was_active: bool) -> None:
    about, source = datasets.dataset_card(name), _source(name)
    going = downloads.download_of(source)
    active = going is not None and not going.ended
    if active != was_active or (not active and datasets.is_available(name)):
        st.rerun()
    if going is not None and not active and going.problem:
        st.error(escape_markdown(going.problem), icon=":material/cloud_off:")
    if owndata.is_own_name(source):
        st.info(f"{escape_markdown(str(owndata.missing_error(source)))}", icon=":material/info:")
        return
    where = cache_dir() / "datasets" / source
    size = sum(archive.megabytes for archive in datasets.dataset_card(source).archives)
    by_hand = f"by `python -m snnviz data fetch {source}`" + (
        f", or put its files into `{where}`, or into `{source}/` below `$SNNVIZ_DATA`" if is_local() else ""
    )
    words, button = st.columns([9, 3], vertical_alignment="center")
    if active:
        assert going is not None
        words.info(
            f"{escape_markdown(going.words[:1].upper() + going.words[1:])}. "
            "You may leave: it goes on while the server runs.",
            icon=":material/downloading:",
        )
        button.button(
            "Cancel",
            icon=":material/stop:",
            key="data-cancel",
            width="stretch",
            on_click=downloads.cancel,
            args=(name,),
        )
        return
    words.info(
        f"{escape_markdown(about.title)} is not on this machine. Get it here with one click, or {by_hand}."
        if _may_fetch(name)
        else f"{escape_markdown(about.title)} is not on this machine. Whoever runs this server gets it {by_hand}.",
        icon=":material/cloud_download:",
    )
    if _may_fetch(name):
        label = f"Fetch it ({size:,} MB)" if size else "Fetch it"
        button.button(
            label,
            icon=":material/download:",
            type="primary",
            key="data-fetch-it",
            width="stretch",
            on_click=_start,
            args=(source,),
        )


def _source(name: str) -> str:
    """What is to be fetched."""
    return datasets.source_dataset(name)


def _may_fetch(name: str) -> bool:
    """Large ones only at home: a stranger is not to fill somebody's disk."""
    return datasets.is_downloaded_automatically(name) or (is_local() and datasets.dataset_card(_source(name)).fetchable)


def _start(name: str) -> None:
    downloads.start(name)
    st.rerun()
