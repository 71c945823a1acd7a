"""CIFAR-10 and CIFAR-100 from small files of the right format, through the code for the real ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from snnviz.catalog.encodings import is_static
from snnviz.core import data
from snnviz.data import datasets, samples
from snnviz.errors import DataMissing
from snnviz.graph.architectures import build_architecture
from tests.core.test_event_sets import CNN, MLP, design, last

pytestmark = pytest.mark.usefixtures("machine")


def put_cifar(folder: Path, per_file: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Six binary files, records of a label, 1,024 red, green and blue bytes, row by row."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 6 * per_file).astype(np.uint8)
    images = rng.integers(0, 256, (6 * per_file, 3, 32, 32), np.uint8)
    folder.mkdir(parents=True)
    for number, name in enumerate([*(f"data_batch_{n}.bin" for n in range(1, 6)), "test_batch.bin"]):
        chosen = range(number * per_file, (number + 1) * per_file)
        (folder / name).write_bytes(b"".join(bytes([labels[i]]) + images[i].tobytes() for i in chosen))
    return images, labels


def test_cifar10_is_read_shown_and_learnt_from_in_three_colours(machine: Path) -> None:
    images, labels = put_cifar(machine / "cifar-10-batches-bin")
    assert datasets.is_available("cifar10")
    assert datasets.dataset_sizes("cifar10") == (30, 6)
    assert "30 of its 50,000 training and 6 of its 10,000 test images" in datasets.availability_remark("cifar10")
    train, test = data.load(design("cifar10"))
    np.testing.assert_array_equal(train.images, images[:30])
    np.testing.assert_array_equal(test.labels, labels[30:])
    for network in (MLP, CNN, {"kind": "block", "channels": 2, "edges": "000/000/000"}):
        made = design("cifar10", network)
        assert build_architecture(made).input_shape == (3, 32, 32)
        assert is_static(made)
        assert np.isfinite(last(made).test_loss)
    assert last(design("cifar10", encoding="rate", augment={"flip": "on", "shift": 4})).test_accuracy >= 0
    shown = samples.load_sample("cifar10", 2, test=True)
    assert shown.label == labels[32]
    np.testing.assert_allclose(shown.image, images[32] / 255)
    assert np.isfinite(last(design("cifar10-saccades", CNN)).test_loss)


@pytest.mark.parametrize("harm", ["cut off", "a label of 10", "empty"])
def test_damaged_cifar10_is_a_sentence(machine: Path, harm: str) -> None:
    put_cifar(machine / "cifar10")
    path = machine / "cifar10" / "data_batch_3.bin"
    raw = path.read_bytes()
    path.write_bytes({"cut off": raw[:-1], "a label of 10": b"\x0a" + raw[1:], "empty": b""}[harm])
    with pytest.raises(DataMissing, match=rf"^The file {path} must hold .*: replace it\.$"):
        data.load(design("cifar10"))


def test_cifar100_is_read_with_fine_and_with_coarse_labels(machine: Path) -> None:
    """Records of a coarse label, a fine one, and the pixels: https://www.cs.toronto.edu/~kriz/cifar.html."""
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (30, 3, 32, 32), np.uint8)
    fine = rng.integers(0, 100, 30).astype(np.uint8)
    coarse = rng.integers(0, 20, 30).astype(np.uint8)
    folder = machine / "cifar-100-binary"
    folder.mkdir(parents=True)
    for name, chosen in (("train.bin", range(20)), ("test.bin", range(20, 30))):
        (folder / name).write_bytes(b"".join(bytes([coarse[i], fine[i]]) + images[i].tobytes() for i in chosen))
    for name, labels, classes in (("cifar100", fine, 100), ("cifar100-coarse", coarse, 20)):
        assert datasets.is_available(name)
        assert datasets.dataset_sizes(name) == (20, 10)
        assert len(set(datasets.dataset_card(name).labels)) == datasets.dataset_card(name).classes == classes
        train, test = data.load(design(name))
        np.testing.assert_array_equal(train.images, images[:20])
        np.testing.assert_array_equal(train.labels, labels[:20])
        np.testing.assert_array_equal(test.labels, labels[20:])
    assert np.isfinite(last(design("cifar100", MLP)).test_loss)
    (folder / "test.bin").write_bytes(bytes([20, 3]) + bytes(3072))
    data.load(design("cifar100"))
    with pytest.raises(DataMissing, match="must hold labels from 0 to 19, got 20: replace it"):
        data.load(design("cifar100-coarse"))
