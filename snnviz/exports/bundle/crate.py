"""The description of a bundle, as RO-Crate 1.1 has it: what each file is, of which run, made by what.

Sefton et al. 2023, RO-Crate Metadata Specification 1.1.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

METADATA = "ro-crate-metadata.json"
SPECIFICATION = "https://w3id.org/ro/crate/1.1"

TYPES = {
    "design.json": ("application/json", "The design: every field."),
    "rows.json": ("application/json", "Every row that the run reported, by table."),
    "figures.json": ("application/json", "The figures of the run's page, as Plotly's JSON."),
    "card.json": ("application/json", "Data and licence, accuracy over seeds, intended use, versions, machine."),
    "weights.safetensors": ("application/octet-stream", "The weights after the last epoch, by the names of layers."),
}


def crate(
    runs: Sequence[Mapping[str, Any]], files: Mapping[str, bytes], version: str, finished: float
) -> dict[str, Any]:
    """Returns the description of a bundle as JSON has it.

    runs: the cards. files: contents by path, ``runs/<run>/design.json``. version: of snnviz. finished: when the last
    run ended, in seconds since 1970.
    """
    date = datetime.fromtimestamp(finished, UTC).date().isoformat()
    graph: list[dict[str, Any]] = [
        {
            "@id": METADATA,
            "@type": "CreativeWork",
            "conformsTo": {"@id": SPECIFICATION},
            "about": {"@id": "./"},
        },
        {
            "@id": "./",
            "@type": "Dataset",
            "name": f"{len(runs)} runs of spiking neural networks"
            if len(runs) > 1
            else "A run of a spiking neural network",
            "description": "Designs, rows, figures, weights; python -m snnviz bundle FILE imports and retrains them.",
            "datePublished": date,
            "license": {"@id": "#licences"},
            "hasPart": [{"@id": f"runs/{card['run']}/"} for card in runs],
        },
        {
            "@id": "#licences",
            "@type": "CreativeWork",
            "name": "Licences of the data sets",
            "description": "; ".join(dict.fromkeys(f"{c['data']['title']}: {c['data']['licence']}" for c in runs)),
        },
        {"@id": "#snnviz", "@type": "SoftwareApplication", "name": "snnviz", "version": version},
    ]
    for card in runs:
        graph += _run(card, files)
    return {"@context": f"{SPECIFICATION}/context", "@graph": graph}


def _run(card: Mapping[str, Any], files: Mapping[str, bytes]) -> list[dict[str, Any]]:
    folder = f"runs/{card['run']}/"
    own = [path for path in files if path.startswith(folder)]
    found: list[dict[str, Any]] = [
        {
            "@id": folder,
            "@type": "Dataset",
            "name": card["title"] or f"run {card['run']}",
            "description": f"{card['data']['title']}, seed {card['design']['seed']}",
            "hasPart": [{"@id": path} for path in own],
        },
        {
            "@id": f"#training-{card['run']}",
            "@type": "CreateAction",
            "name": "Training",
            "instrument": {"@id": "#snnviz"},
            "object": {"@id": f"{folder}design.json"},
            "result": [{"@id": path} for path in own if not path.endswith("design.json")],
        },
    ]
    for path in own:
        form, about = TYPES[path.removeprefix(folder)]
        found.append(
            {
                "@id": path,
                "@type": "File",
                "name": path.removeprefix(folder),
                "description": about,
                "encodingFormat": form,
                "contentSize": str(len(files[path])),
                "sha256": hashlib.sha256(files[path]).hexdigest(),
            }
        )
    return found
