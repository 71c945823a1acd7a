"""Recordings of events: finding their files, what a machine that has a part of them says, and their statistics."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnviz.catalog.encodings import is_static, second_moments
from snnviz.data import datasets, recordings
from snnviz.data.recordings import NMNIST
from snnviz.design import links
from snnviz.design.design import Design
from snnviz.design.menus import CURRENT, DATASETS, ENCODINGS, EVENTS
from snnviz.errors import DataMissing, InputError
from snnviz.graph.architectures import build_architecture
from snnviz.studies.activity.study import TrainingStudy, study_runs
from snnviz.theory import costs, roughness, variance
from tests.recorded import put


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without recordings; its folder of mounted data is `data`, its cache `cache`."""
    monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SNNVIZ_DATA", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    return tmp_path


def design(**parts: Any) -> Design:
    return Design.check({**parts, "data": {"name": "nmnist", **parts.get("data", {})}})


@pytest.mark.parametrize(
    "place",
    [
        *("data/NMNIST", "data/nmnist/NMNIST", "data/nmnist", "data/nmnist_small/NMNIST"),
        *("cache/datasets/nmnist/NMNIST", "cache/datasets/nmnist"),
    ],
)
def test_recordings_are_found_in_every_place_and_counted(machine: Path, place: str) -> None:
    assert not datasets.is_available("nmnist")
    put(machine / place, 12, 3, 5)
    assert datasets.is_available("nmnist")
    assert datasets.recordings_folder("nmnist") == machine / place
    assert datasets.dataset_sizes("nmnist") == (12, 3)
    datasets.ensure_downloaded("nmnist", print)


def test_one_part_alone_or_an_archive_is_not_a_data_set(machine: Path) -> None:
    put(machine / "data" / "NMNIST", 12, 0)
    (machine / "data" / "nmnist_small.tar.xz").write_bytes(b"anything")
    assert not datasets.is_available("nmnist")
    assert recordings.recording_counts("nmnist") is None


def test_missing_recordings_are_a_sentence_that_says_where_to_put_them(machine: Path) -> None:
    for look in (lambda: datasets.ensure_downloaded("nmnist", print), lambda: datasets.recordings_folder("nmnist")):
        with pytest.raises(DataMissing) as caught:
            look()
        text = str(caught.value)
        assert text.startswith("N-MNIST is not on this machine: get it by `python -m snnviz data fetch nmnist`")
        assert str(machine / "cache" / "datasets" / "nmnist" / "NMNIST") in text
        assert text.isprintable()
        assert text.endswith(".")


def test_a_part_of_the_data_is_used_as_it_is_and_said(machine: Path) -> None:
    assert datasets.dataset_sizes("nmnist") == (60_000, 10_000)
    assert datasets.availability_remark("nmnist") == datasets.availability_remark("digits") == ""
    put(machine / "data" / "NMNIST", 12, 3, 5)
    assert datasets.availability_remark("nmnist") == (
        "N-MNIST is on this machine in part: 12 of its 60,000 training and 3 of its 10,000 test recordings."
    )
    assert costs.sample_counts(design()) == (12, 3)
    assert costs.sample_counts(design(data={"train_samples": 5})) == (5, 3)
    put(machine / "data" / "NMNIST", 13, 3, 5)  # one more
    assert datasets.dataset_sizes("nmnist") == (13, 3)


def test_recordings_come_in_the_order_of_their_names_with_their_labels(machine: Path) -> None:
    put(machine / "data" / "NMNIST", 12, 3, 5)
    (machine / "data" / "NMNIST" / "Train" / "0" / "note.txt").write_text("no recording")
    (machine / "data" / "NMNIST" / "Train" / "ten").mkdir()
    paths, labels = recordings.recording_files(datasets.recordings_folder("nmnist"), "Train")
    assert [path.name for path in paths] == [f"{index:05}.bin" for index in range(12)]
    assert labels == [index * 7 % 10 for index in range(12)]
    assert all(path.parent.name == str(label) for path, label in zip(paths, labels, strict=True))


def test_folders_that_may_not_be_read_are_passed_over_or_a_sentence(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = machine / "data" / "NMNIST"
    put(place, 12, 3, 5)
    look, closed = os.scandir, [place / "Train" / "7"]

    def scandir(path: Any) -> Any:
        if Path(path) in closed:
            raise PermissionError(13, "Permission denied", str(path))
        return look(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert datasets.is_available("nmnist")
    assert datasets.dataset_sizes("nmnist") == (10, 3)
    with pytest.raises(DataMissing, match=r"^The folder .*/Train/7 of recordings cannot be read \(Permission denied\)"):
        recordings.recording_files(place, "Train")
    closed += [place / "Train" / str(label) for label in range(10)]
    assert not datasets.is_available("nmnist")


@pytest.mark.parametrize("name", [entry.kind for entry in DATASETS if EVENTS in entry.traits])
def test_what_a_card_says_of_events_agrees_with_itself(name: str) -> None:
    """Shares add up to 1, as many events fall whatever the number of frames, the course is of variance 1 in all, and
    frames are no more alike than one is to itself. Nobody measured the saccades of photographs."""
    card, counts = datasets.dataset_card(name), datasets.dataset_card(name).counts
    assert counts is not None
    assert 0 < card.likeness < 1
    assert counts.steps == (1, 2, 3, 5, 10, 20, 50, 100)
    events = []
    for steps, row in zip(counts.steps, counts.shares, strict=True):
        assert sum(row) == pytest.approx(1, abs=1e-4)
        events.append(steps * float(np.array(row) @ np.arange(len(row))))
    assert events == pytest.approx([events[0]] * len(events), rel=0.01)
    assert np.mean(counts.course) == pytest.approx(1, abs=0.005)
    assert min(counts.course) > 0
    assert counts.alike[0] == 1
    assert all(0 <= one < 0.5 for one in counts.alike[1:])
    assert card.guessed == (
        name not in {"nmnist", *(f"{still}-saccades" for still in ("digits", "mnist", "fashion-mnist"))}
    )


def test_its_card_is_complete() -> None:
    card = datasets.dataset_card("nmnist")
    assert (card.title, card.shape, card.classes, card.train, card.test) == ("N-MNIST", (2, 34, 34), 10, 60_000, 10_000)
    assert (card.licence, card.counts) == ("CC BY-SA 4.0", NMNIST)
    assert card.about.endswith(".")
    assert all(word in card.citation for word in ("Orchard", "2015"))
    recorded = {entry.kind for entry in DATASETS if EVENTS in entry.traits}
    assert recorded == {"nmnist", "cifar10-dvs", "dvs-gesture"} | {n for n in DATASETS.kinds if n.endswith("-saccades")}
    assert [entry.kind for entry in ENCODINGS if CURRENT in entry.traits] == ["direct", "lif"]


@pytest.mark.parametrize("kind", ["rate", "latency"])
def test_an_encoding_of_intensities_is_refused_in_any_order(kind: str) -> None:
    sentence = f"^data.encoding.kind must be direct or lif for recordings of events, got '{kind}'$"
    settings = {"data.name": "nmnist", "data.encoding.kind": kind}
    for order in (settings, dict(reversed(settings.items()))):
        with pytest.raises(InputError, match=sentence):
            links.change(Design(), order)
    with pytest.raises(InputError, match=sentence):
        links.change(links.change(Design(), {"data.encoding": kind}), {"data.name": "nmnist"})
    with pytest.raises(InputError, match=sentence):
        Design.check({"data": {"encoding": kind, "name": "nmnist"}})
    with pytest.raises(InputError, match=sentence):
        links.from_query(f"data.encoding.kind={kind}&data.name=nmnist")


@pytest.mark.parametrize("kind", ["direct", "lif"])
@pytest.mark.parametrize("network", ["mlp", "cnn", "block"])
def test_every_network_reads_two_polarities_and_nothing_is_static(network: str, kind: str) -> None:
    made = links.from_query(f"data.name=nmnist&data.encoding.kind={kind}&network.kind={network}")
    assert links.from_query(links.to_query(made)) == made
    built = build_architecture(made)
    assert built.input_shape == built.layers[0].in_shape == (2, 34, 34)
    assert not is_static(made)
    assert is_static(Design())
    assert all(np.isfinite([layer.var_u for layer in variance.forecast_layers(made)]))


def test_estimates_count_a_frame_for_every_time_step() -> None:
    """The first layer of an image under direct encoding is computed once, that of frames T times."""
    wide = {"kind": "mlp", "depth": 1, "width": 4000}
    short, long = (design(network=wide, data={"steps": steps}) for steps in (5, 50))
    assert costs.training_seconds(long) > 8 * costs.training_seconds(short)
    still = [Design.check({"network": wide, "data": {"name": "mnist", "steps": steps}}) for steps in (5, 50)]
    assert costs.training_seconds(still[1]) < 6 * costs.training_seconds(still[0])
    assert costs.micro_batch(long) < costs.micro_batch(short)
    assert costs.memory_bytes(long) > costs.memory_bytes(short)


@given(st.integers(1, 100))
def test_counts_have_the_mean_of_a_whole_recording_whatever_the_number_of_frames(steps: int) -> None:
    shares = NMNIST.shares_at(steps)
    assert shares.min() >= 0
    assert shares.sum() == pytest.approx(1)
    mean, std = NMNIST.statistics(steps)
    assert mean * steps == pytest.approx(NMNIST.statistics(1)[0], rel=0.005)
    assert 0 < std <= NMNIST.statistics(1)[1]


@pytest.mark.parametrize("kind", ["direct", "lif"])
@pytest.mark.parametrize("steps", [1, 2, 5, 7, 100])
def test_moments_form_a_covariance_matrix(kind: str, steps: int) -> None:
    moments = second_moments(design(data={"steps": steps, "encoding": kind}))
    assert moments.shape == (steps, steps)
    np.testing.assert_allclose(moments, moments.T)
    assert np.linalg.eigvalsh(moments).min() > -1e-12
    if kind == "direct":
        assert moments.diagonal().mean() == pytest.approx(1)


@pytest.mark.parametrize(
    ("network", "kind", "rough"),
    [("mlp", "direct", False), ("mlp", "lif", True), ("cnn", "direct", True), ("block", "lif", True)],
)
def test_a_forecast_for_recordings_says_where_it_is_rough(network: str, kind: str, rough: bool) -> None:
    made = design(network={"kind": network}, data={"encoding": kind})
    assert roughness.is_approximate(made) is rough
    assert roughness.approximation_warning(made).endswith("." if rough else "")


@pytest.mark.parametrize(("network", "kind"), [("mlp", "lif"), ("cnn", "direct")])
def test_a_study_of_training_takes_recordings(network: Any, kind: str) -> None:
    found = study_runs(TrainingStudy(network=network, data="nmnist"))
    assert {member.design.data.name for member in found} == {"nmnist"}
    assert {member.design.data.encoding.kind for member in found} == {kind}
    assert all(Design.read(member.design.canonical()) == member.design for member in found)
