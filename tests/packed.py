"""Files as people pack them."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np


def npz(**arrays: Any) -> bytes:
    """Arrays by name."""
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    """Files by name."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()
