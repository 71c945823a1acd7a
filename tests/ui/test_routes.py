"""The server's own routes."""

from __future__ import annotations

from importlib.metadata import version

import pytest
import streamlit as st

from snnviz.ui.server.routes import plotly_url, routes


@pytest.mark.parametrize(
    ("base", "paths", "url"),
    [
        ("", ["/assets/plotly.min.js"], "/assets/plotly.min.js"),
        ("/snn/", ["/assets/plotly.min.js", "/snn/assets/plotly.min.js"], "/snn/assets/plotly.min.js"),
    ],
)
def test_plotly_is_served_below_the_base_path_too(
    monkeypatch: pytest.MonkeyPatch, base: str, paths: list[str], url: str
) -> None:
    monkeypatch.setattr(st, "get_option", {"server.baseUrlPath": base}.get)
    assert [route.path for route in routes() if "plotly" in route.path] == paths
    assert plotly_url() == f"{url}?v={version('plotly')}"
