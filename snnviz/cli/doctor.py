"""Report on this machine: the first thing to look at when something does not work."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Iterator, Mapping
from typing import Any

from snnviz import __version__
from snnviz.data import datasets
from snnviz.design.menus import DATASETS
from snnviz.errors import SnnvizError
from snnviz.jobs import machine
from snnviz.jobs.local import Local
from snnviz.people.hosting import hosting
from snnviz.places import cache_dir
from snnviz.store import HUNG_SECONDS, Store

PACKAGES = ("streamlit", "plotly", "torch", "snntorch", "pandas", "numpy", "sqlalchemy", "pydantic")


def examine() -> dict[str, Any]:
    """Returns versions, device, cores, free memory, available data sets, store and engine; never raises for missing
    things.
    """
    free = machine.free_bytes()
    return {
        "snnviz": __version__,
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "device": f"cpu ({platform.processor() or platform.machine()})",
        "cores": machine.available_cores(),
        "bfloat16": machine.has_bfloat16(),
        "free_memory": "unknown" if free is None else f"{free / 1e9:.1f} GB",
        "data": {name: "here" if datasets.is_available(name) else "not here" for name in DATASETS.kinds},
        "host": _host(),
        **_store(),
    }


def _host() -> Any:
    """What the host decided, as it counts; a sentence where the file is invalid."""
    try:
        found = hosting().model_dump(mode="json")
    except SnnvizError as error:
        return str(error)
    found["metrics"]["token"] = "set" if found["metrics"]["token"] else "none"
    return dict(_flat(found))


def _flat(found: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Each value by its path, such as people.sign_in; limits that a role has not are left out."""
    for name, value in found.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{path}{name}.")
        elif value is not None:
            yield f"{path}{name}", (", ".join(value) or "nobody") if isinstance(value, list) else value


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "missing"


def _store() -> dict[str, Any]:
    try:
        store = Store()
        counts = {state: count for state, count in store.counts().items() if count}
        store.check(rows=False)
        engine = "local, none for a read-only store" if store.readonly else _engine(Local(store))
    except SnnvizError as error:
        return {"store": str(error), "engine": "local, no store"}
    return {"store": {"place": str(cache_dir()), **counts, "damage": "none found"}, "engine": engine}


def _engine(engine: Local) -> str:
    supervisor, silent = engine.supervisor_pid(), engine.seconds_since_heartbeat()
    if supervisor is None:
        return "local, no supervisor running"
    heard = "not heard of yet" if silent is None else f"heard of {silent:.0f} s ago"
    return f"local, supervisor {supervisor}, {heard}{' (it hangs)' if silent and silent > HUNG_SECONDS else ''}"
