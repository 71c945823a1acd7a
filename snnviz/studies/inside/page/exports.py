"""Downloads: spikes as CSV, and all arrays of an answer as an .npz file."""

from __future__ import annotations

import io

import numpy as np
import streamlit as st

from snnviz.studies.inside.look import Answer, Look


def spikes_csv(answer: Answer) -> str:
    """Returns CSV text with a line for each recorded spike: layer, neuron in the order (C, H, W), time step from 1."""
    lines = ["layer,neuron,step"]
    for index, layer in enumerate(answer.about["layers"]):
        for step, neuron in answer.arrays.get(f"spikes.{index}", ()):
            lines.append(f"{layer['name']},{neuron},{step + 1}")
    return "\n".join(lines) + "\n"


def npz(answer: Answer) -> bytes:
    """Returns all arrays of an answer as the bytes of a compressed .npz file."""
    file = io.BytesIO()
    np.savez_compressed(file, **answer.arrays)  # type: ignore[arg-type]
    return file.getvalue()


def panel(answer: Answer, look: Look) -> None:
    """Draws the two download buttons for an answer and the request that it belongs to."""
    name = f"{look.run[:8]}-{'drawn' if look.drawn else look.image}"
    files = (
        ("Spikes as CSV", lambda: spikes_csv(answer), f"spikes-{name}.csv", "text/csv"),
        ("Rasters and traces as NPZ", lambda: npz(answer), f"look-{name}.npz", "application/octet-stream"),
    )
    with st.container(horizontal=True):
        for label, data, file, mime in files:
            st.download_button(label, data, file, mime, icon=":material/download:", key=f"inside-{file[-3:]}")
