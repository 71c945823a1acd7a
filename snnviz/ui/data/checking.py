"""What visitors upload, checked: one at a time, and only the last few kept in memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

from snnviz.data.uploads import CheckedDataset
from snnviz.errors import InputError, SnnvizError

KEPT = 2
"""Checked data sets that stay in memory, whoever uploaded them; another is checked once more when it is asked for."""

_LAST: OrderedDict[Hashable, CheckedDataset] = OrderedDict()
_ONE_AT_A_TIME = threading.Lock()


def checked(name: Hashable, check: Callable[[], CheckedDataset]) -> CheckedDataset:
    """The result of `check` for the upload of this name, from memory if it is one of the last. Raises `InputError`."""
    with _ONE_AT_A_TIME:
        found = _LAST.get(name)
        if found is None:
            try:
                found = check()
            except SnnvizError:
                raise
            except Exception as error:  # a file that nobody thought of is no reason for a traceback
                raise InputError("upload", f"be readable ({type(error).__name__})", "another file") from error
            _LAST[name] = found
        _LAST.move_to_end(name)
        while len(_LAST) > KEPT:
            _LAST.popitem(last=False)
        return found
