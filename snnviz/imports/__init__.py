"""What others made, as a design and weights of snnviz: NIR graphs, and state dicts of torch and snntorch networks.

An import is an entry of `IMPORTS`: the value `IMPORT` (`snnviz.imports.form.Import`) of a module in the folder `forms`,
which is found by itself, by the endings of files that it takes. Nothing of a file is run, and nothing unpickled.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from snnviz.errors import InputError
from snnviz.imports import forms
from snnviz.imports.form import Import as Import
from snnviz.imports.imported import Imported as Imported

PICKLED = (".pt", ".pth", ".ckpt", ".bin", ".pkl")


class Imports:
    """All imports; the modules are imported at first use."""

    @cached_property
    def _known(self) -> tuple[Import, ...]:
        names = sorted(each.name for each in pkgutil.iter_modules(forms.__path__))
        return tuple(importlib.import_module(f"{forms.__name__}.{name}").IMPORT for name in names)

    def __iter__(self) -> Iterator[Import]:
        return iter(self._known)

    def for_file(self, path: Path) -> Import:
        """Returns the import that takes this file, by its ending. Raises `InputError`."""
        ending = path.suffix.lower()
        for each in self._known:
            if ending in each.suffixes:
                return each
        if ending in PICKLED:
            how = "safetensors.torch.save_file(model.state_dict(), ...)"
            rule = f"be safetensors ({how} writes them), as reading a pickle runs what is in it"
            raise InputError("file", rule, path.name)
        endings = " or ".join(suffix for each in self._known for suffix in each.suffixes)
        raise InputError("file", f"end in {endings}", path.name)


IMPORTS = Imports()
