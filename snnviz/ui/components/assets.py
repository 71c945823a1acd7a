"""The HTML, CSS and JavaScript of our components: files of their own beside this one."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).resolve().parent


def source(*names: str) -> str:
    """The text of these files, joined. Streamlit takes a text with line breaks in it as source, not as a path."""
    return "\n".join((HERE / name).read_text(encoding="utf-8") for name in names)
