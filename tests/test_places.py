"""Where files live."""

from __future__ import annotations

from pathlib import Path

import pytest

from snnviz.places import ROOT, cache_dir, data_dirs


def test_the_cache_is_in_the_project_unless_the_environment_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SNNVIZ_CACHE", raising=False)
    assert cache_dir() == ROOT / "cache"
    assert (ROOT / "pyproject.toml").is_file()
    monkeypatch.setenv("SNNVIZ_CACHE", "")
    assert cache_dir() == ROOT / "cache"
    monkeypatch.setenv("SNNVIZ_CACHE", "/somewhere")
    assert cache_dir() == Path("/somewhere")


def test_data_is_looked_for_where_the_person_says_then_in_the_cache_then_where_debian_puts_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SNNVIZ_CACHE", "/c")
    monkeypatch.delenv("SNNVIZ_DATA", raising=False)
    ours = (Path("/c/datasets/mnist"), Path("/usr/share/datasets/mnist"))
    assert data_dirs("mnist") == ours
    monkeypatch.setenv("SNNVIZ_DATA", "/d")
    assert data_dirs("mnist") == (Path("/d/mnist"), Path("/d"), *ours)
