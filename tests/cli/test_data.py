"""Data sets from the command line: listed, shown, fetched, checked, kept and removed."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from snnviz.data import datasets
from snnviz.design.menus import DATASETS
from snnviz.store import Store
from snnviz.store.metrics import metrics
from snnviz.theory.metrics import METRICS
from tests.cli.conftest import Snnviz
from tests.recorded import packed, put, some


@pytest.fixture(autouse=True)
def mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("SNNVIZ_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def test_every_data_set_is_listed_with_where_it_is(snnviz: Snnviz, mounted: Path) -> None:
    put(mounted / "NMNIST", 12, 3)
    found = {row["name"]: row for row in snnviz("data", "list", "--json").json["datasets"]}
    assert tuple(found) == DATASETS.kinds
    assert found["digits"]["here"]
    assert (found["nmnist"]["train"], found["nmnist"]["test"], found["nmnist"]["here"]) == (12, 3, True)
    assert found["cifar10-dvs"]["fetched"] == "asked"
    assert found["digits-saccades"]["simulated"]
    lines = snnviz("data", "list").out.splitlines()
    assert len(lines) == 1 + len(DATASETS.kinds)
    assert any("cifar10-dvs" in line and "data fetch cifar10-dvs" in line for line in lines)
    assert any("digits-saccades" in line and "simulated" in line for line in lines)


@pytest.mark.parametrize("name", DATASETS.kinds)
def test_a_card_is_shown(snnviz: Snnviz, name: str) -> None:
    about = datasets.dataset_card(name)
    said = snnviz("data", "show", name).out
    for words in (about.title, about.licence, about.citation, about.split, about.about):
        assert words in said
    told = snnviz("data", "show", name, "--json").json
    assert told["shape"] == list(about.shape)
    assert [archive["hash"] for archive in told["archives"]] == [archive.hash for archive in about.archives]


def test_unknown_names_are_sentences(snnviz: Snnviz) -> None:
    for command in ("show", "fetch"):
        assert "data set must be one of digits" in snnviz("data", command, "mnits").sentence
    assert "data set must be one of one's own" in snnviz("data", "remove", "../digits").sentence


def test_what_is_here_is_not_fetched(snnviz: Snnviz) -> None:
    assert snnviz("data", "fetch", "digits").out == "Digits is here\n"


def test_a_file_is_checked_kept_used_and_removed(snnviz: Snnviz, tmp_path: Path) -> None:
    file = io.BytesIO()
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8), np.uint8)
    np.savez(file, images=images, labels=np.arange(40) % 4)
    (tmp_path / "mine.npz").write_bytes(file.getvalue())
    told = snnviz("data", "check", str(tmp_path / "mine.npz"), "--json").json
    assert (told["kind"], told["samples"], told["shape"], told["classes"]) == ("images", 40, [1, 8, 8], 4)
    assert "32 for training, 8 for testing, by the seed" in snnviz("data", "check", str(tmp_path / "mine.npz")).out
    name = snnviz("data", "keep", str(tmp_path / "mine.npz"), "--title", "Mine", "--json").json["name"]
    assert "Mine" in snnviz("data", "show", name).out
    small = ("--set", "network.kind=mlp", "--set", "training.epochs=1", "--set", "data.steps=2")
    assert snnviz("run", "digits", "--set", f"data.name={name}", *small, "--json").json["state"] == "done"
    assert snnviz("data", "remove", name).out == f"{name} is removed\n"
    assert name not in snnviz("data", "list").out
    assert snnviz("runs").out.count("\n") == 1  # the run of what was removed is still there


def test_a_folder_of_recordings_and_faults(snnviz: Snnviz, tmp_path: Path) -> None:
    put(tmp_path / "moves", 10, 10, 30)
    told = snnviz("data", "check", str(tmp_path / "moves"), "--json").json
    assert (told["kind"], told["samples"], told["events"], told["drawn"]) == ("events", 20, 600, False)
    (tmp_path / "moves" / "Train" / "3" / "x.bin").write_bytes(packed(some(0, 3, 10))[:-1])
    assert (
        "recording moves/Train/3/x.bin must hold whole events"
        in snnviz("data", "check", str(tmp_path / "moves")).sentence
    )
    assert "path must be a file or a folder" in snnviz("data", "check", str(tmp_path / "nothing")).sentence


def test_keep_says_what_it_did_and_asks_what_it_cannot_know(snnviz: Snnviz, tmp_path: Path) -> None:
    file, images = io.BytesIO(), np.random.default_rng(0).uniform(0, 1, (40, 8, 8))
    images[0, 0, 0] = 1.004
    np.savez(file, images=images, labels=np.arange(40) % 4, more=np.zeros(3))
    (tmp_path / "mine.npz").write_bytes(file.getvalue())
    kept = snnviz("data", "keep", str(tmp_path / "mine.npz"))
    assert kept.code == 0
    assert "1 value of 2,560 outside of the range became black or white.\n" in kept.err
    assert "1 array left out: more.\n" in kept.err
    checked = snnviz("data", "check", str(tmp_path / "mine.npz"), "--json").json
    assert {done["what"]: done["count"] for done in checked["done"]} == {"arrays": 1, "clipped": 1, "levels": 2560}
    assert checked["per_class"] == [10, 10, 10, 10]
    assert checked["scale"].startswith("images from ")
    file = io.BytesIO()
    np.savez(file, images=images * 4.3, labels=np.arange(40) % 4)
    (tmp_path / "mine.npz").write_bytes(file.getvalue())
    assert "scale must be chosen by --scale: unit" in snnviz("data", "keep", str(tmp_path / "mine.npz")).sentence
    assert snnviz("data", "keep", str(tmp_path / "mine.npz"), "--scale", "max").code == 0
    assert (
        "scale must be unit or bytes or max"
        in snnviz("data", "keep", str(tmp_path / "mine.npz"), "--scale", "x").sentence
    )


def test_a_study_of_initialisations_is_trained_and_printed(snnviz: Snnviz, mounted: Path, shared: Store) -> None:
    put(mounted / "NMNIST", 12, 6)
    fields = [f"--set={text}" for text in ("depth=1", "width=5", "epochs=1", "window_ms=20")]
    found = snnviz("study", "--data", "nmnist", *fields, "--json").json
    assert found["study"]["window_ms"] == 20
    assert len(found["members"]) == 8
    assert all(0 <= row["test_accuracy"] <= 1 for row in found["members"])
    kept = metrics(shared, shared.runs())
    for run in (run for row in found["members"] for run in row["runs"]):
        assert {name: run[name] for name in METRICS.names} == kept[run["run"]]
    said = snnviz("study", "--data", "nmnist", *fields).out.splitlines()
    assert len(said) == 10
    assert "kaiming" in said[-1], "which initialisations are one law"
    assert "ding-2022" in said[-1]
    assert "data must be one of digits" in snnviz("study", "--data", "nmnits").sentence
