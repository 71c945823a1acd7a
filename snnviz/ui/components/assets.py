"""Reads the HTML, CSS and JavaScript files of our components, which are in this folder."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).resolve().parent


def source(*names: str) -> str:
    """Returns the text of these files, joined; Streamlit takes text with line breaks as source, not as a path."""
    return "\n".join((HERE / name).read_text(encoding="utf-8") for name in names)
