"""Checks of visitors' uploads: one at a time, with the last results cached."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

from snnviz.data.uploads import CheckedDataset
from snnviz.errors import InputError, SnnvizError

KEPT = 2
"""Number of checked data sets that are cached, of all visitors; others are checked again on demand."""

_LAST: OrderedDict[Hashable, CheckedDataset] = OrderedDict()
_ONE_AT_A_TIME = threading.Lock()


def checked(name: Hashable, check: Callable[[], CheckedDataset]) -> CheckedDataset:
    """Returns the result of `check` for an upload, identified by `name`; the last results are cached. Raises
    `InputError`.
    """
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
