"""``python -m snnviz.studies.tradeoffs.compute.refitting`` fits, for each data set, the models that forecast a design's
results from the finished runs in the store, and ends.

The server starts it as a separate process when enough runs have finished (`ui.kit.expecting`), because scikit-learn
needs memory and seconds. At most one runs for a cache folder. The model of a data set whose runs did not change is
kept.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from snnviz.design.naming import ABSENT
from snnviz.errors import SnnvizError
from snnviz.jobs import lock
from snnviz.store import Store
from snnviz.store.groups import RunGroup, run_groups
from snnviz.theory.expected import EXPECTED
from snnviz.theory.expected_files import SEEN_FILE, load_model, model_folder, save_model

MOST = 5_000
"""Designs of a data set, the newest: more take more than the seconds that a machine with trainings can spare."""


def source_digest(groups: Sequence[RunGroup]) -> str:
    """Returns a digest of the runs that a model is trained on, to detect whether they have changed."""
    told = [[each.key, {name: dict(found) for name, found in each.values.items()}] for each in groups]
    return hashlib.sha256(json.dumps(sorted(told, key=str), sort_keys=True).encode()).hexdigest()


def refit_models(store: Store, folder: Path) -> list[str]:
    """Trains the model of each data set whose runs have changed, writes it to `folder`, and returns these data sets'
    names.
    """
    done = store.counts()["done"]  # before the runs are read: what ends meanwhile is news the next time
    by_dataset: dict[str, list[RunGroup]] = {}
    for group in run_groups(store, metrics=EXPECTED):
        if any(group.values.get(name) for name in EXPECTED):
            by_dataset.setdefault(str(group.settings.get("data.name", ABSENT["Data.name"])), []).append(group)
    made = []
    for dataset, groups in by_dataset.items():
        groups = groups[:MOST]
        known = load_model(dataset, folder)
        source = source_digest(groups)
        if known is not None and known.source == source:
            continue
        from snnviz.studies.tradeoffs.compute.expecting import (
            train_model,  # seconds that nobody waits for where all is known
        )

        if (model := train_model(dataset, groups, source=source)) is not None:
            save_model(model, folder)
            made.append(dataset)
    new = folder / f".{SEEN_FILE}.{os.getpid()}"
    new.write_text(json.dumps({"done": done}))
    new.replace(folder / SEEN_FILE)
    return made


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of the process that trains the prediction models of all data sets; `arguments` are those of the
    command line, None for `sys.argv`.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", help="a path; without one $SNNVIZ_STORE, else that of the cache folder")
    options = parser.parse_args(arguments)
    folder = model_folder()
    folder.mkdir(parents=True, exist_ok=True)
    handle = lock.acquire(folder / "lock")
    if handle is None:
        return
    try:
        lock.write_pid(handle, os.getpid())
        store = Store(options.store, check=False, create=False)
        try:
            refit_models(store, folder)
        finally:
            store.close()
    except SnnvizError as error:
        sys.exit(str(error))
    finally:
        os.close(handle)


if __name__ == "__main__":
    main()
