"""What a run can be taken out as: scripts, exchange formats, weights, rows and designs, each proven before it is given.

An export is an entry of `EXPORTS`: the value `EXPORT` (`snnviz.exports.form.Export`) of a module in the folder `forms`,
which is found by itself. Its `write(source, path, progress)` makes the file, or fills the folder, and returns a
`Report`; `snnviz.exports.writing.export` gives it a temporary place, moves what it made to its target, and leaves
nothing behind where it failed. Modules of `forms` load no torch at import; what needs it is in the room `compute`.

>>> EXPORTS["design"].suffixes
('.json',)
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cached_property

from snnviz.errors import InputError, did_you_mean
from snnviz.exports import forms
from snnviz.exports.form import Export as Export
from snnviz.exports.form import ExportedRun as ExportedRun
from snnviz.exports.report import Report as Report

FIRST = ("script", "notebook", "nir", "design", "weights", "rows", "figures", "bundle", "report")
"""Names of exports in the order of menus; others follow."""


class Exports:
    """All exports by name, in the order of menus; the modules are imported at first use."""

    @cached_property
    def _known(self) -> dict[str, Export]:
        modules = [
            importlib.import_module(f"{forms.__name__}.{each.name}") for each in pkgutil.iter_modules(forms.__path__)
        ]
        found = {module.EXPORT.name: module.EXPORT for module in modules}
        place = {name: number for number, name in enumerate(FIRST)}
        return dict(sorted(found.items(), key=lambda item: (place.get(item[0], len(place)), item[0])))

    def __iter__(self) -> Iterator[Export]:
        return iter(self._known.values())

    def __getitem__(self, name: str) -> Export:
        """Returns the export of this name. Raises `InputError`."""
        if name not in self._known:
            raise InputError("as", f"be one of {', '.join(self.names)}", name, did_you_mean(name, self.names))
        return self._known[name]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all exports, as on the command line."""
        return tuple(self._known)


EXPORTS = Exports()
