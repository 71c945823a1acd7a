"""Looks from the shell: the numbers of the process that holds the network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from snnviz.design.design import Design
from snnviz.events import EpochEnd
from snnviz.jobs.immediate import Immediate
from snnviz.store import Store
from snnviz.views.numbers import energy
from tests.cli.conftest import Snnviz

DESIGN = Design.check(
    {
        "network": {"kind": "block", "edges": "002/000/000", "channels": 4},
        "neuron": {"threshold": 0.5},
        "data": {"train_samples": 200, "test_samples": 50, "steps": 4},
        "training": {"epochs": 1, "batch_size": 20, "learning_rate": 0.01},
    }
)


@pytest.fixture
def run(cache: Path) -> str:  # noqa: ARG001 (the store's place)
    return Immediate(Store()).submit(DESIGN).run


def test_confusion_is_the_runs_accuracy(snnviz: Snnviz, run: str) -> None:
    found = snnviz("confusion", run, "--json").json
    assert found["accuracy"] == Store().last_rows(EpochEnd, [run])[run].test_accuracy
    assert sum(map(sum, found["confusion"])) == 50
    assert np.trace(np.array(found["confusion"])) / 50 == found["accuracy"]
    told = snnviz("confusion", run).out
    assert f"Accuracy {found['accuracy']:.1%} of 50 images." in told
    fewer = snnviz("confusion", run, "--steps", "1", "--json").json
    assert fewer["accuracy"] == found["by_steps"][0]


def test_a_picture_of_ones_own_is_looked_at(snnviz: Snnviz, run: str, tmp_path: Path) -> None:
    file = tmp_path / "seven.png"
    ink = np.full((60, 40), 250, np.uint8)
    ink[10:16, 8:32], ink[16:52, 24:30] = 20, 20
    Image.fromarray(ink).save(file)
    found = snnviz("look", run, "--picture", str(file), "--json").json
    assert (found["label"], found["image"]) == (None, None)
    assert "inverted" in found["picture"]
    told = snnviz("look", run, "--picture", str(file)).out
    assert f"The picture: answer {found['predicted'][-1]} after 4 steps; it last changes" in told
    file.write_bytes(b"0" * 40_000_000)
    refused = snnviz("look", run, "--picture", str(file))
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "picture must be at most 12 MB, got 40 MB" in refused.err


def test_an_image_is_told_spike_by_spike(snnviz: Snnviz, run: str, tmp_path: Path) -> None:
    found = snnviz("look", run[:8], "--image", "7", "--focus", "L2 3", "--json").json
    whole = snnviz("confusion", run, "--json").json
    assert found["predicted"][-1] == whole["predicted"][7] == int(np.argmax(found["readout"][-1]))
    for layer in found["layers"]:
        assert layer.get("spikes") == (len(layer["raster"]) if "raster" in layer else None)
    placed = snnviz("look", run, "--image", "7", "--focus", "L2 0,0,3", "--json").json
    assert placed["focus"] == found["focus"]
    (focus,) = found["focus"]
    assert len(focus["potential"]) == len(focus["fired"]) == 4
    assert [source["layer"] for source in focus["sources"]] == ["L1", "stem", "bias"]
    file = tmp_path / "look.npz"
    told = snnviz("look", run, "--image", "7", "--npz", str(file))
    assert told.code == 0
    assert f"answer {found['predicted'][-1]} after 4 steps" in told.out
    cost = (4.6 * found["macs"] + 0.9 * found["additions"]) / 1000
    counts = f"{found['macs']:,} multiplications and {found['additions']:,} additions"
    assert f"{counts}: {energy(cost)}." in told.out
    with np.load(file, allow_pickle=False) as arrays:
        assert np.allclose(arrays["readout"], found["readout"])
    silent = snnviz("look", run, "--silence", found["layers"][0]["name"], "--json").json
    assert silent["layers"][0]["spikes"] == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--image", "50"), "image must be less than 50"),
        (("--silence", "L9"), "silenced must name a layer of this network"),
        (("--steps", "9"), "steps must be at most 4"),
        (("--npz", "/nowhere/look.npz"), "npz must be a file that can be written"),
    ],
)
def test_bad_input_is_one_sentence(snnviz: Snnviz, run: str, arguments: tuple[str, ...], sentence: str) -> None:
    assert snnviz("look", run, *arguments).sentence.startswith(sentence)


def test_an_unknown_run_is_one_sentence(snnviz: Snnviz) -> None:
    assert "0123456789abcdef" in snnviz("look", "0123456789abcdef").sentence
