"""Checkpoints as safetensors files, written atomically, never pickle."""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from snnviz.events import Checkpoint

OPTIMIZER_PREFIX = "optimizer/"
"""Prefix of the names of an optimizer's state arrays in a checkpoint."""


class CorruptCheckpoint(Exception):
    """A checkpoint file exists but its content is damaged."""


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Writes a checkpoint to `path` and flushes it to disk; the caller then renames the file. Raises `OSError`."""
    arrays = {name: np.asarray(array, order="C") for name, array in checkpoint.arrays.items()}
    content = save(arrays, metadata={"epoch": str(checkpoint.epoch), "crc": str(_crc(arrays))})
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def read_checkpoint(path: Path) -> Checkpoint:
    """Returns the checkpoint in a file, after verifying its checksum. Raises `CorruptCheckpoint`."""
    try:
        with safe_open(path, framework="numpy") as file:
            about = file.metadata()
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dictionary)
        epoch, crc = int(about["epoch"]), int(about["crc"])
    except (SafetensorError, OSError, ValueError, TypeError, KeyError) as error:
        raise CorruptCheckpoint(str(error)) from error
    if crc != _crc(arrays):  # safetensors itself does not notice a flipped bit in a weight
        raise CorruptCheckpoint("its checksum differs")
    return Checkpoint(epoch, arrays)


def without_optimizer_state(checkpoint: Checkpoint) -> Checkpoint:
    """Returns the checkpoint without the optimizer's state, which only resuming needs."""
    kept = {name: array for name, array in checkpoint.arrays.items() if not name.startswith(OPTIMIZER_PREFIX)}
    return Checkpoint(checkpoint.epoch, kept)


def has_optimizer_state(path: Path) -> bool:
    """Returns whether a checkpoint file contains an optimizer's state; False if it cannot be read."""
    try:
        with safe_open(path, framework="numpy") as file:
            return any(name.startswith(OPTIMIZER_PREFIX) for name in file.keys())  # noqa: SIM118
    except (SafetensorError, OSError):
        return False


def _crc(arrays: Mapping[str, Any]) -> int:
    total = 0
    for name in sorted(arrays):
        array = arrays[name]
        total = zlib.crc32(f"{name} {array.dtype} {array.shape}".encode(), total)
        total = zlib.crc32(array.tobytes(), total)
    return total
