"""Recordings of events become frames: read by tonic, counted as tonic counts, kept in a file, and learnt from."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from snnviz.catalog.encodings import second_moments
from snnviz.core import data, observe
from snnviz.core.execute import execute
from snnviz.core.networks import Network
from snnviz.data import datasets
from snnviz.data.files import eventfiles
from snnviz.data.files.eventfiles import EVENT
from snnviz.data.frames import events_to_frames as binned
from snnviz.design.design import Design
from snnviz.errors import DataMissing
from snnviz.events import Checkpoint, EpochEnd, Event, LayerState, Progress
from snnviz.jobs.immediate import Immediate
from snnviz.places import ROOT
from snnviz.store import Store
from snnviz.theory import costs
from snnviz.theory.variance import forecast_layers
from tests import oracles
from tests.core import slow
from tests.core.test_costs import MEASURE
from tests.recorded import Events, packed, put, some, unpacked

SHAPE = (2, 34, 34)
MLP = {"kind": "mlp", "depth": 2, "width": 30}
CNN = {"kind": "cnn", "depth": 2, "channels": 4, "pool_every": 1}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of frames of a machine that has a few recordings, made by hand."""
    monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SNNVIZ_DATA", str(tmp_path / "data"))
    put(tmp_path / "data" / "NMNIST")
    return tmp_path / "cache" / "datasets" / "nmnist"


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A machine that has 1,000 + 100 real recordings; skipped elsewhere."""
    folder = unpacked(tmp_path_factory.mktemp("recordings"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SNNVIZ_DATA", str(folder))
        patch.setenv("SNNVIZ_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield datasets.recordings_folder("nmnist")


def design(network: Any = MLP, encoding: str = "direct", steps: int = 4, seed: int = 0, **training: Any) -> Design:
    return Design.check(
        {
            "data": {"name": "nmnist", "steps": steps, "encoding": encoding},
            "network": network,
            "training": {"epochs": 2, "batch_size": 16, **training},
            "seed": seed,
        }
    )


def structured(events: Events) -> Any:
    found = np.zeros(len(events), EVENT)
    found["x"], found["y"], found["t"], found["p"] = events.T
    return found


SOME = st.lists(
    st.tuples(st.integers(0, 33), st.integers(0, 33), st.integers(0, 2**23 - 1), st.integers(0, 1)),
    min_size=1,
    max_size=60,
).map(lambda found: np.array(sorted(found, key=lambda event: event[2]), np.int64))


@settings(max_examples=60)
@given(SOME)
def test_what_is_written_bit_by_bit_is_read(tmp_path_factory: pytest.TempPathFactory, events: Events) -> None:
    path = tmp_path_factory.getbasetemp() / "recording.bin"
    path.write_bytes(packed(events))
    np.testing.assert_array_equal(eventfiles.read_recording(path, SHAPE), structured(events))


def by_tonic(events: Any, steps: int) -> Any:
    """(T, P, H, W)."""
    return oracles.transforms.ToFrame(sensor_size=(34, 34, 2), n_time_bins=steps)(events)


@settings(max_examples=150)
@given(SOME, st.integers(1, 12))
def test_frames_are_tonics_with_the_events_behind_its_last_bin_in_the_last_frame(events: Events, steps: int) -> None:
    whole = structured(events)
    first, duration = int(events[0, 2]), int(events[-1, 2] - events[0, 2])
    found = binned(whole, steps, SHAPE)
    assert found.shape == (steps, *SHAPE)
    assert found.sum() == len(events)
    if duration < steps:
        return  # tonic's bins are empty
    dropped = whole[whole["t"] >= first + duration // steps * steps]
    assert len(dropped) >= 1
    assert len(dropped) == (dropped["t"] - first >= duration - steps).sum()  # at most the last T microseconds
    expected = by_tonic(whole, steps)
    for event in dropped:
        expected[-1, event["p"], event["y"], event["x"]] += 1
    np.testing.assert_array_equal(found, expected)


def test_more_than_255_events_count_as_255() -> None:
    events = np.tile([[3, 4, 100, 1]], (700, 1))
    events[300:, 2] = 5000
    found = binned(structured(events), 2, SHAPE)
    assert found[:, 1, 4, 3].tolist() == [255, 255]
    assert found.sum() == 510


def damage(path: Path, how: str) -> None:
    raw = path.read_bytes()
    if how == "a folder":
        path.unlink()
        path.mkdir()
        return
    path.write_bytes(
        {
            "empty": b"",
            "cut off": raw[:-2],
            "a pixel outside": bytes([34, 0, 0, 0, 1]) + raw,
            "a row outside": raw + bytes([0, 34, 0, 0, 1]),
            "no events but overflows": bytes([0, 240, 0, 0, 1]),
            "a web page": b"<html>404</html>",
        }[how]
    )


@pytest.mark.parametrize(
    "how",
    [
        *("empty", "cut off", "a pixel outside", "a row outside", "no events but overflows"),
        *("a web page", "a folder"),
    ],
)
def test_a_damaged_recording_is_a_sentence_that_names_it(cache: Path, how: str) -> None:
    path = recordings_here("Test")[3]
    damage(path, how)
    with pytest.raises(DataMissing) as caught:
        data.load(design())
    assert str(path) in str(caught.value)
    assert str(caught.value).isprintable()
    assert str(caught.value).endswith(": replace it.")
    assert len(list(cache.iterdir())) == 1  # the training recordings were whole; nothing is left of the others


def recordings_here(part: str) -> list[Path]:
    return datasets.recordings.recording_files(datasets.recordings_folder("nmnist"), part)[0]


def test_frames_are_made_once_and_a_second_run_reads_no_events(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = data.load(design())
    made = {path: path.stat().st_mtime_ns for path in cache.iterdir()}
    assert len(made) == 2
    assert all(path.name.startswith("frames-") and path.suffix == ".npy" for path in made)
    monkeypatch.setattr(eventfiles, "read_recording", lambda *_: pytest.fail("reads events again"))
    for again in (data.load(design()), data.load(design(CNN, "lif", seed=3))):
        for one, other in zip(first, again, strict=True):
            assert torch.equal(one.images, other.images)
            assert torch.equal(one.labels, other.labels)
    assert {path: path.stat().st_mtime_ns for path in cache.iterdir()} == made


def test_another_number_of_frames_another_file_or_a_changed_one_is_read_anew(cache: Path) -> None:
    data.load(design())
    data.load(design(steps=5))
    assert len(list(cache.iterdir())) == 4
    path = recordings_here("Train")[0]
    path.write_bytes(packed(some(99, 5)))
    os.utime(path, ns=(0, 0))
    train, _ = data.load(design())
    assert len(list(cache.iterdir())) == 5
    assert torch.equal(train.images[0], torch.from_numpy(binned(structured(some(99, 5)), 4, SHAPE)))


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", None])
def test_a_damaged_file_of_frames_is_made_anew(cache: Path, content: bytes | None) -> None:
    train, _ = data.load(design())
    expected = train.images.clone()
    del train
    for path in cache.iterdir():
        raw = path.read_bytes()
        path.unlink()
        path.write_bytes(raw[:-100] if content is None else content)
    assert torch.equal(data.load(design())[0].images, expected)


def test_what_a_killed_process_left_is_removed_and_what_another_writes_is_not(cache: Path) -> None:
    cache.mkdir(parents=True)
    left, busy = cache / "frames-left.tmp", cache / "frames-busy.tmp"
    for path in (left, busy):
        path.write_bytes(b"x")
    os.utime(left, (time.time() - 7200,) * 2)
    data.load(design())
    assert not left.exists()
    assert busy.exists()


def test_a_cache_that_cannot_be_written_is_a_sentence(cache: Path) -> None:
    cache.parent.mkdir(parents=True)
    cache.write_bytes(b"in the way")
    with pytest.raises(DataMissing, match=r"^The frames of 40 recordings need 0 MB in .* make room there"):
        data.load(design())


def test_whoever_stops_asking_leaves_nothing_behind(cache: Path) -> None:
    words = data.load_with_progress(design())
    said = next(words)
    words.close()
    assert said == Progress(0, 0, "reading N-MNIST: 40 of 40 training recordings")
    assert list(cache.iterdir()) == []


@pytest.mark.usefixtures("cache")
def test_fewer_recordings_are_drawn_by_the_seed_and_only_those_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    every, _ = data.load(design())
    read = []
    old = eventfiles.read_recording
    monkeypatch.setattr(eventfiles, "read_recording", lambda path, shape: read.append(path) or old(path, shape))
    few = Design.check({"data": {"name": "nmnist", "steps": 4, "train_samples": 10, "test_samples": 5}})
    train, test = data.load(few)
    assert (len(train), len(test), len(read)) == (10, 5, 15)
    drawn = data._drawn(40, 10, 0)
    assert torch.equal(train.images, every.images[drawn])
    assert torch.equal(train.labels, every.labels[drawn])


@pytest.mark.usefixtures("cache")
def test_a_frame_is_the_normalised_current_of_its_time_step() -> None:
    train, _ = data.load(design())
    assert train.images.shape == (40, 4, *SHAPE)
    assert train.images.dtype == torch.uint8
    mean, std = datasets.dataset_card("nmnist").counts.statistics(4)  # type: ignore[union-attr]
    current = data.encode(train.images[:7], train.white, design(), "test")
    assert current.shape == (4, 7, *SHAPE)
    torch.testing.assert_close(current, (train.images[:7].float().transpose(0, 1) - mean) / std)
    spikes = data.encode(train.images[:7], train.white, design(encoding="lif"), "test")
    expected, _ = slow.run(current, design().neuron, 4)
    assert torch.equal(spikes, expected)
    assert train.images[:7].dtype == torch.uint8


@pytest.mark.parametrize("network", [MLP, CNN, {"kind": "block", "channels": 3}], ids=lambda network: network["kind"])
@pytest.mark.usefixtures("cache")
def test_a_network_equals_one_that_steps_through_the_frames(network: Any) -> None:
    made = design(network)
    train, _ = data.load(made)
    net = slow.loud(made)
    assert net.architecture.layers[0].in_shape == SHAPE
    image = data.encode(train.images[:3], train.white, made, "test").double()
    with torch.no_grad():
        expected = slow.literal_logits(net, image)
        assert expected.std() > 0.1
        torch.testing.assert_close(net(image), expected)


def rows(events: list[Event]) -> list[Event]:
    return [event for event in events if isinstance(event, (EpochEnd, LayerState))]


@pytest.mark.parametrize("encoding", ["direct", "lif"])
@pytest.mark.parametrize("network", [MLP, CNN, {"kind": "block", "channels": 3}], ids=lambda network: network["kind"])
@pytest.mark.usefixtures("cache")
def test_every_network_trains_and_a_resumed_run_goes_on_bit_by_bit(network: Any, encoding: str) -> None:
    made = design(network, encoding, epochs=3)
    whole = list(execute(made))
    assert [event.doing for event in whole if isinstance(event, Progress) and event.doing] == [
        "reading N-MNIST: 40 of 40 training recordings",
        "reading N-MNIST: 20 of 20 test recordings",
    ]
    kept = [event for event in whole if isinstance(event, Checkpoint)]
    assert [event.epoch for event in kept] == [1, 2, 3]
    resumed = list(execute(made, resume=kept[0]))
    assert rows(resumed) == [event for event in rows(whole) if event.epoch > 1]
    last = next(event for event in reversed(resumed) if isinstance(event, Checkpoint))
    for name, array in kept[-1].arrays.items():
        np.testing.assert_array_equal(array, last.arrays[name])


@pytest.mark.usefixtures("cache")
def test_a_run_says_that_it_learnt_from_a_part(store: Store) -> None:
    heard: list[Event] = []
    engine = Immediate(store, heard.append)
    run = store.get(engine.submit(design(epochs=1)).run)
    assert (run.state, run.error) == ("done", None)
    assert run.note == datasets.availability_remark("nmnist")
    assert "40 of its 60,000 training and 20 of its 10,000 test" in (run.note or "")
    assert any(isinstance(event, Progress) and event.doing for event in heard)


@pytest.mark.usefixtures("cache")
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_the_memory_of_an_epoch_is_at_most_the_estimate() -> None:
    """Frames are mapped from a file: what of them is in memory can be dropped at any time, but counts here."""
    documents = [
        design({"kind": "mlp", "depth": 2, "width": 300}, steps=50, epochs=1, batch_size=40).document(),
        design({"kind": "cnn", "depth": 2, "channels": 16}, "lif", steps=10, epochs=1, batch_size=40).document(),
    ]
    for document in documents:
        data.load(Design.check(document))
    command, given = [sys.executable, "-c", MEASURE], json.dumps(documents)
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=True, cwd=ROOT)
    for document, peak in zip(documents, map(int, done.stdout.split()), strict=True):
        estimate = costs.memory_bytes(Design.check(document))
        assert peak <= estimate <= 4 * peak, f"{estimate / peak:.2f} times the measured for {document}"


@pytest.mark.usefixtures("real")
def test_the_card_states_the_counts_of_the_real_recordings() -> None:
    counts = datasets.dataset_card("nmnist").counts
    assert counts is not None
    for steps in (1, 4, 5, 25):
        train, _ = data.load(design(steps=steps))
        frames = train.images.numpy()
        mean, std = counts.statistics(steps)
        assert frames.mean() == pytest.approx(mean, rel=0.005)
        assert frames.std() == pytest.approx(std, rel=0.03)
        found = np.bincount(frames.ravel(), minlength=3)[:3] / frames.size
        np.testing.assert_allclose(counts.shares_at(steps)[:3], found, atol=0.01)


@pytest.mark.parametrize("encoding", ["direct", "lif"])
@pytest.mark.parametrize("steps", [2, 5])
@pytest.mark.usefixtures("real")
def test_theory_has_the_second_moments_of_real_frames(encoding: str, steps: int) -> None:
    """The mean over time of E[x_t^2] within 6 %; of E[x_s x_t], within 10 % of it, for spikes 3 points."""
    made = design(encoding=encoding, steps=steps)
    train, _ = data.load(made)
    x = data.encode(train.images, train.white, made, "test").double().flatten(1)
    found, expected = (x @ x.T / x.shape[1]).numpy(), second_moments(made)
    assert expected.diagonal().mean() == pytest.approx(found.diagonal().mean(), rel=0.06)
    np.testing.assert_allclose(expected, found, atol=0.2 if encoding == "direct" else 0.03)
    apart = ~np.eye(steps, dtype=bool)
    assert expected[apart].mean() == pytest.approx(found[apart].mean(), abs=0.02)


@pytest.mark.usefixtures("real")
def test_wide_fully_connected_networks_do_what_is_forecast_on_real_frames() -> None:
    """Variances within 15 %, rates within 2 percentage points."""
    made = design({"kind": "mlp", "depth": 4, "width": 1000}, steps=5)
    train, _ = data.load(made)
    network = Network(made)
    probe = data.encode(train.images[:200], train.white, made, "probe")
    looks = observe.observe_layers(network, probe, observe.RunningSums(network.parameters), 0, 0.0)
    for expected, found in zip(forecast_layers(made)[:-1], looks, strict=False):
        assert found.var_u == pytest.approx(expected.var_u, rel=0.15), expected.name
        assert found.rate == pytest.approx(expected.rate, abs=0.02), expected.name


@pytest.mark.parametrize("encoding", ["direct", "lif"])
@pytest.mark.usefixtures("real")
def test_a_small_network_learns_the_real_digits(encoding: str) -> None:
    """Two layers of 200 on 1,000 recordings; chance is 10 %."""
    made = design({"kind": "mlp", "depth": 2, "width": 200}, encoding, steps=5, epochs=6, batch_size=64)
    last = [event for event in execute(made) if isinstance(event, EpochEnd)][-1]
    assert last.test_accuracy > 0.7
