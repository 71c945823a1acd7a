"""Downloads: spikes, traces and rates as CSV, and all arrays of an answer as an .npz file."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st

from snnviz.studies.inside.charts.time import source_words
from snnviz.studies.inside.look import Answer, Look


def spikes_csv(answer: Answer) -> str:
    """Returns CSV text with a line for each recorded spike: layer, neuron in the order (C, H, W), time step from 1."""
    lines = ["layer,neuron,step"]
    for index, layer in enumerate(answer.about["layers"]):
        for step, neuron in answer.arrays.get(f"spikes.{index}", ()):
            lines.append(f"{layer['name']},{neuron},{step + 1}")
    return "\n".join(lines) + "\n"


def traces_csv(answer: Answer) -> str:
    """Returns CSV text with a line for each selected neuron and time step: its potential, whether it spikes, and its
    current by source.

    What a neuron without a potential lacks is empty.
    """
    lines = ["layer,neuron,step,what,value"]
    for k, focus in enumerate(answer.about["focus"]):
        series = [("potential", f"potential.{k}"), ("spike", f"fired.{k}")]
        rows = [(name, answer.arrays[array]) for name, array in series if array in answer.arrays]
        words = [f"current from {source_words(source).replace(',', '')}" for source in focus["sources"]]
        rows += zip(words, answer.arrays[f"currents.{k}"], strict=True)
        for name, values in rows:
            for step, value in enumerate(values.tolist()):
                lines.append(f"{focus['layer']},{focus['neuron']},{step + 1},{name},{value:.9g}")
    return "\n".join(lines) + "\n"


def neurons_csv(answer: Answer) -> str:
    """Returns CSV text with a line for each neuron, in the order (C, H, W): its firing rate over all test images,
    spikes per time step.
    """
    lines = ["layer,neuron,rate"]
    for one in answer.about["layers"]:
        rates = answer.arrays[f"rates.{one['index']}"].tolist()
        lines += [f"{one['name']},{neuron},{rate:.9g}" for neuron, rate in enumerate(rates)]
    return "\n".join(lines) + "\n"


def npz(answer: Answer) -> bytes:
    """Returns all arrays of an answer, and its `about` as JSON text, as the bytes of a compressed .npz file."""
    file = io.BytesIO()
    np.savez_compressed(file, about=np.array(json.dumps(dict(answer.about))), **answer.arrays)  # type: ignore[arg-type]
    return file.getvalue()


CSV, NPZ = "text/csv", "application/octet-stream"


def panel(answer: Answer, look: Look) -> None:
    """Draws the download buttons for an answer on one image and the request that it belongs to."""
    name = f"{look.run[:8]}-{'drawn' if look.drawn else look.image}"
    files = [("Spikes as CSV", lambda: spikes_csv(answer), f"spikes-{name}.csv", CSV)]
    if answer.about["focus"]:
        files.append(("Traces as CSV", lambda: traces_csv(answer), f"traces-{name}.csv", CSV))
    _buttons([*files, ("Rasters and traces as NPZ", lambda: npz(answer), f"look-{name}.npz", NPZ)])


def overview_panel(answer: Answer, look: Look) -> None:
    """Draws the download buttons for an answer on all test images."""
    name = look.run[:8]
    _buttons(
        [
            ("Rates of neurons as CSV", lambda: neurons_csv(answer), f"neurons-{name}.csv", CSV),
            ("Everything as NPZ", lambda: npz(answer), f"images-{name}.npz", NPZ),
        ]
    )


def _buttons(files: Sequence[tuple[str, Callable[[], str | bytes], str, str]]) -> None:
    with st.container(horizontal=True):
        for label, data, file, mime in files:
            key = f"inside-save-{file.partition('-')[0]}"
            st.download_button(label, data, file, mime, icon=":material/download:", key=key, on_click="ignore")
    st.caption("Every figure: its menu ⋮ has PNG, SVG and its numbers; pictures have PNG and SVG above them.")
