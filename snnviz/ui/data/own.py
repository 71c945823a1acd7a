"""Section of the Data page: uploads of visitors, checked, shown, and stored if wanted."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from snnviz.data import datasets, owndata, owners, sandbox, uploads
from snnviz.data import frames as events
from snnviz.data.samples import Sample
from snnviz.data.uploads import CheckedDataset, ChoiceNeeded, UploadChoices, UploadLimits
from snnviz.design.binning import Events
from snnviz.errors import InputError, SnnvizError, StoreError, Unquoted
from snnviz.store.uploading import upload_limits
from snnviz.ui.components.pictures import pictures
from snnviz.ui.components.player import player
from snnviz.ui.data import setting, upload_questions
from snnviz.ui.data.checking import checked
from snnviz.ui.kit import people, services
from snnviz.ui.kit.words import as_sentence, escape_markdown, pluralise
from snnviz.ui.server.local import is_local
from snnviz.ui.server.middleware import upload_memory
from snnviz.views import streams
from snnviz.views.pictures import Group, Picture, payload
from snnviz.views.samples import thumbnail
from snnviz.views.streams import Stream

FORMS = """
| What | Files |
|---|---|
| pictures | a `.zip` of a folder for each class, such as `cat/001.png`, perhaps below `Train` and `Test`; in them PNG, JPEG, BMP, GIF or TIFF |
| images | `.npz` with `images` (N, H, W), (N, C, H, W) or (N, H, W, C) and `labels` (N,), or `x_train`, `y_train`, `x_test`, `y_test`; or the four IDX files of MNIST's form |
| recordings of events | a `.zip` of a folder for each class, such as `left/001.npy`; in them `.bin` (N-MNIST), `.aedat4`, or `.npy` and `.h5` with x, y, t, p |
| one recording | any of these alone: to be looked at, not to be kept |
"""  # noqa: E501
SHOWN = 24
"""Number of samples of an upload that are shown."""


def panel() -> None:
    """Draws the upload widget, a report of the uploaded file's content, and the visitor's stored data sets."""
    limits, most = UploadLimits.here(), upload_limit_mb()
    if problem := st.session_state.pop("data_own_problem", ""):
        st.error(escape_markdown(problem), icon=":material/error:")
    left, right = st.columns([5, 7], gap="medium")
    with left:
        files = st.file_uploader(
            f"Files, {most} MB together",
            accept_multiple_files=True,
            max_upload_size=most,
            key=f"data-upload-{st.session_state.setdefault('data_uploads', 0)}",
            help="Nothing is kept before you say so, and nothing in a file is run. A file in red did not arrive: "
            f"a visitor may have {limits.visitor_held} MB on this server at once, and it must come steadily.",
        )
        path = ""
        if is_local():
            path = st.text_input(
                "Or a file or folder of this machine",
                key=f"data-path-{st.session_state.data_uploads}",
                max_chars=1000,
                placeholder="/home/me/recordings",
                help="Only where the dashboard serves this machine alone.",
            ).strip()
        _kept()
    with right:
        if files:
            _upload(list(files), limits, most)
        elif path:
            _found(("path", path, _stamp(path)), partial(sandbox.check_in_subprocess, Path(path), limits), limits)
        else:
            st.info(
                "Images with labels, or recordings of events: they are checked and shown here, and once you keep them "
                "they train like any other data set.",
                icon=":material/upload_file:",
            )
            st.markdown(FORMS)
            st.caption(
                f"At most {limits.megabytes:,} MB unpacked, {limits.samples:,} samples of {limits.side}x{limits.side} "
                f"pixels, {limits.events:,} events, {limits.classes:,} classes. From a shell: "
                "`python -m snnviz data keep PATH`."
            )


def upload_limit_mb() -> int:
    """Returns the size limit of an upload in MB: the smallest of those of the server, a visitor, and a data set."""
    limits = UploadLimits.here()
    return min(int(st.get_option("server.maxUploadSize")), limits.megabytes, limits.visitor_held)


def _stamp(path: str) -> int:
    """Changes where a file does, at the path or below it."""
    try:
        place = Path(path)
        below = islice(place.rglob("*"), 300_000) if place.is_dir() else [place]
        return hash(tuple((one.stat().st_mtime_ns, one.stat().st_size) for one in below if one.is_file()))
    except (OSError, ValueError):
        return 0


def _upload(files: list[Any], limits: UploadLimits, most: int) -> None:
    size = sum(file.size for file in files)
    if size > most * 2**20:
        error = InputError("upload", f"be at most {most} MB together", Unquoted(f"{size / 2**20:,.0f} MB"))
        st.error(escape_markdown(as_sentence(error)), icon=":material/error:")
        return
    name = tuple((file.file_id, file.name) for file in files)

    def check(choices: UploadChoices) -> CheckedDataset:
        return sandbox.check_in_subprocess({file.name: file.getvalue() for file in files}, limits, choices)

    _found(name, check, limits)


def _found(name: Any, check: Callable[[UploadChoices], CheckedDataset], limits: UploadLimits) -> None:
    """What it is, samples of it, and Keep; or what is to be chosen; or the one sentence that says what is wrong."""
    chosen = upload_questions.answers(name)
    try:
        with st.spinner("Checking, a few seconds for a large file"):
            found = checked((name, limits, chosen), partial(check, chosen))
    except ChoiceNeeded as asked:
        upload_questions.ask(asked)
        st.caption("Nothing was written.")
        return
    except SnnvizError as error:
        upload_questions.show_questions()
        st.error(escape_markdown(as_sentence(error)), icon=":material/error:")
        st.caption("Nothing was written.")
        return
    upload_questions.show_questions()
    _, height, width = found.shape
    noun = "image" if found.kind == "images" else "recording"
    planes = f"{found.shape[0]} polarities" if found.kind == "events" else pluralise(found.shape[0], "channel")
    st.success(
        f"{escape_markdown(found.form[:1].upper() + found.form[1:])}: "
        f"{found.count:,} {noun}{'s' * (found.count > 1)} of {height}x{width} pixels in {planes}.",
        icon=":material/check_circle:",
    )
    if found.done:
        lines = "\n".join(f"- {escape_markdown(done.words)}" for done in found.done)
        st.warning(f"What is done to them when you keep them:\n{lines}", icon=":material/edit_note:")
    facts = found.facts()
    st.markdown("\n".join(f"- **{title.capitalize()}**: {escape_markdown(words)}" for title, words in facts.items()))
    for words in found.remarks:
        st.caption(escape_markdown(words))
    if found.trainable:
        title, button = st.columns([3, 2], vertical_alignment="bottom")
        title.text_input("Called", max_chars=60, placeholder="a title", key="data-title")
        button.button(
            "Keep it",
            type="primary",
            icon=":material/save:",
            width="stretch",
            key="data-keep",
            on_click=_keep,
            args=(found, limits),
        )
        if not is_local():
            st.caption("Everybody who uses this server can then see it and train with it.")
    elif not found.remarks:
        st.caption("To be trained with it needs samples of two classes at least, some of them for testing.")
    _look(found)


def _look(found: CheckedDataset) -> None:
    """Samples from all over it, or the one recording."""
    if found.kind == "events" and found.count == 1:
        one = found.events(0)
        frames = events.events_to_frames(one, 8, found.shape, Events())
        stream = Stream("The recording", one, *found.shape[1:])
        player(streams.payload([stream], frames, streams.bounds(one, 8, 0)), key="data-own-player")
        return
    numbers = np.unique(np.linspace(0, found.count - 1, SHOWN).astype(int)).tolist()
    items = []
    for number in numbers:
        image = found.image(number) if found.kind == "images" else None
        sample = Sample(found.label(number), image, None if image is not None else found.events(number))
        label = found.labels[sample.label] if sample.label < len(found.labels) else str(sample.label)
        items.append(Picture(label, thumbnail(sample, found.shape), alt=f"Sample {number}: {label}"))
    caption = f"{len(numbers)} of {found.count:,}, each with its label."
    pictures(payload([Group(items, "What is in it", caption, side=84)]), key="data-own-samples")


def _keep(found: CheckedDataset, limits: UploadLimits) -> None:
    session = st.session_state
    try:
        name = uploads.store_upload(
            found,
            session["data-title"],
            upload_limits(services.store_as_person(), limits),
            None if is_local() else people.current_owner(),
        )
    except SnnvizError as error:
        session.data_own_problem = as_sentence(error)
        return
    upload_memory.release_uploads()
    session.data_uploads += 1  # an empty uploader
    setting.open_dataset(name)
    setting.choose_sample(view="sets")


def _kept() -> None:
    """One's own data sets on this machine. Who kept one, or serves only themselves, can remove it."""
    names = owndata.own_dataset_names()
    if not names:
        return
    local, me = is_local(), people.current_owner()
    st.markdown("**Kept on this machine**")
    for name in names:
        about = datasets.dataset_card(name)
        words, view, away = st.columns([6, 2, 2], vertical_alignment="center")
        mine = local or me.visitor in owners.read_owners(owndata.dataset_folder(name))
        whose = "" if mine else " · another visitor's"
        words.markdown(
            f"{escape_markdown(about.title)} · {about.train + about.test:,} · :small[`{name}`]{whose}",
            help=None if mine else "Who kept it can remove it, and whose server this is.",
        )
        view.button("Open", key=f"data-open-{name}", width="stretch", on_click=_open, args=(name,))
        if mine:
            away.button(
                "Remove",
                key=f"data-remove-{name}",
                width="stretch",
                on_click=_remove,
                args=(name,),
                help="Deletes its samples; runs that used it keep their results, and the same upload brings it back.",
            )
    if not local:
        limits, (have, _) = UploadLimits.here(), owners.storage_use(me, owndata.own_dataset_sizes())
        with suppress(StoreError):  # while the server is read-only
            limits = upload_limits(services.store_as_person(), limits)
        role, known = people.role_and_how_known()
        st.caption(
            f"You keep {have.sets} of the {limits.visitor_sets} data sets and {have.bytes / 1e6:,.0f} of the "
            f"{limits.visitor_kept:,} MB that one {role} may. What you keep you can remove {known}."
        )


def _open(name: str) -> None:
    setting.open_dataset(name)
    setting.choose_sample(view="sets")


def _remove(name: str) -> None:
    try:
        upload_limits(services.store_as_person(), UploadLimits.here())  # is anything to be changed at the moment?
        gone = uploads.remove(name, None if is_local() else people.current_owner().visitor)
    except SnnvizError as error:
        st.session_state.data_own_problem = as_sentence(error)
        return
    if not gone:
        st.toast("It is not yours any more; it stays, as somebody else keeps it too.", icon=":material/group:")
