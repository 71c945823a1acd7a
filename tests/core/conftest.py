"""One torch thread, as in a run, and no snntorch neuron outlives its test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from snntorch import SpikingNeuron


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def forgotten_neurons() -> Iterator[None]:
    """snntorch keeps every neuron that was ever made."""
    yield
    SpikingNeuron.instances.clear()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Without data; what is put into the folder is found."""
    monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SNNVIZ_DATA", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    return tmp_path / "data"
