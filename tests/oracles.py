"""tonic, which tests hold events equal to; where it cannot be installed (requirements-dev.txt), its tests skip."""

from __future__ import annotations

import importlib
import importlib.util
import platform
import sys
from typing import Any

import pytest

INSTALLABLE = sys.version_info < (3, 12) and platform.machine() in ("x86_64", "AMD64")


class Missing:
    def __getattr__(self, name: str) -> Any:
        pytest.skip("tonic needs expelliarmus, which has wheels for Python 3.11 on x86 alone")


datasets: Any = Missing()
io: Any = Missing()
transforms: Any = Missing()
if INSTALLABLE or importlib.util.find_spec("tonic"):
    datasets, io, transforms = (importlib.import_module(f"tonic.{name}") for name in ("datasets", "io", "transforms"))
