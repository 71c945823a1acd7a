"""Models of `theory.expected` as files of arrays in the cache folder, one for each data set.

They are written by a separate process, atomically, and read by the pages' process. A file that is damaged or of another
version counts as missing and is written again.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnviz.places import cache_dir
from snnviz.theory.expected import MetricModel, Model, ModelQuality
from snnviz.theory.features import Feature, FeatureSpace
from snnviz.theory.forest import Forest
from snnviz.theory.metrics import METRICS

FORMAT = 1
"""Version of the file format; a file of another version is ignored and written again."""

SEEN_FILE = "seen.json"
"""Name of a file in the folder of models: the number of finished runs when they were trained."""

DAMAGED = (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile)
"""Exceptions that reading a damaged or foreign file may raise."""


def model_folder() -> Path:
    """Returns the folder of models in the cache folder."""
    return cache_dir() / "expected"


def model_path(dataset: str, folder: Path | None = None) -> Path:
    """Returns the path of a data set's model file; its name is a digest, so any data set name is safe."""
    name = hashlib.sha256(dataset.encode()).hexdigest()[:16]
    return (folder or model_folder()) / f"{name}.npz"


def save_model(model: Model, folder: Path | None = None) -> Path:
    """Writes a model to its file, atomically, and returns the path."""
    path = model_path(model.dataset, folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    about = {
        "format": FORMAT,
        "dataset": model.dataset,
        "fields": [asdict(field) for field in model.fields.fields],
        "targets": {
            name: {"quantile": t.quantile, "noise": t.noise, "runs": t.runs, "designs": t.designs, **asdict(t.check)}
            for name, t in model.targets.items()
        },
        "revisions": {name: METRICS[name].revision for name in model.targets},
        "values": list(model.values),
        "reach": model.reach,
        "fitted": model.fitted,
        "source": model.source,
    }
    arrays: dict[str, NDArray[Any]] = {
        "about": np.frombuffer(json.dumps(about).encode(), np.uint8),
        "runs": np.array(model.runs, "U16"),
        "of": model.of,
        "values": np.array([*model.values.values()], np.float64).reshape(len(model.values), len(model.runs)),
        "numbers": model.places[0],
        "kinds": model.places[1],
    }
    for name, target in model.targets.items():
        arrays |= target.forest.arrays(name)
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with new.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
    return path


def load_model(dataset: str, folder: Path | None = None) -> Model | None:
    """Returns the model of a data set; None if there is none, or if the file is damaged or of another version."""
    try:
        with model_path(dataset, folder).open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            return _read(dataset, {name: file[name] for name in file.files})
    except DAMAGED:
        return None


def _read(dataset: str, arrays: Mapping[str, NDArray[Any]]) -> Model:
    about = json.loads(arrays["about"].tobytes())
    names = list(about["targets"])
    if about["format"] != FORMAT or about["dataset"] != dataset:
        raise ValueError("it is of another version")
    if about["revisions"] != {name: METRICS[name].revision for name in names if name in METRICS}:
        raise ValueError("metrics were mended since")
    fields = FeatureSpace([Feature(**{**one, "values": tuple(one["values"])}) for one in about["fields"]])
    targets = {}
    for name, one in about["targets"].items():
        forest = Forest.from_arrays(name, arrays)
        forest.check(fields.columns)
        check = ModelQuality(one["coverage"], one["error"], one["nearest"])
        targets[name] = MetricModel(name, forest, one["quantile"], one["noise"], check, one["runs"], one["designs"])
    runs, of, values = [str(run) for run in arrays["runs"]], arrays["of"], arrays["values"]
    places = (arrays["numbers"], arrays["kinds"])
    designs = len(places[0])
    if not (
        len(runs) == len(of) == values.shape[1]
        and len(values) == len(about["values"])
        and designs == len(places[1])
        and [part.shape[1] for part in fields.places([{}])] == [part.shape[1] for part in places]
        and np.array_equal(np.unique(of), np.arange(designs))
    ):
        raise ValueError("its arrays do not fit together")
    return Model(
        dataset,
        fields,
        targets,
        runs,
        of,
        dict(zip(about["values"], values, strict=True)),
        places,
        reach=float(about["reach"]),
        fitted=float(about["fitted"]),
        source=str(about["source"]),
    )
