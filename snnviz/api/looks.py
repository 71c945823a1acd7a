"""One image in a trained network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from snnviz.studies.inside.look import Answer


@dataclass(frozen=True)
class Look:
    """What a network does with one test image."""

    answer: Answer

    @property
    def label(self) -> int:
        """The class of the image."""
        return int(self.answer.about["label"])

    @property
    def predicted(self) -> int:
        """The class that the network says after all time steps."""
        return int(self.answer.about["predicted"][-1])

    @property
    def readout(self) -> NDArray[np.float32]:
        """The logits (T, classes), if only the first 1, 2, ... T steps were used."""
        return self.answer.arrays["readout"]

    @property
    def layers(self) -> pd.DataFrame:
        """A row for each layer with neurons: its name, neurons, spikes, threshold and leak."""
        columns = ["name", "neurons", "spikes", "threshold", "beta"]
        rows = [[one[column] for column in columns] for one in self.answer.about["layers"] if "spikes" in one]
        return pd.DataFrame(rows, columns=columns)

    def spikes(self, layer: str) -> NDArray[Any]:
        """Returns the spikes of a layer, by its name, as on Look inside. Raises `KeyError` for a layer without any."""
        for place, one in enumerate(self.answer.about["layers"]):
            if one["name"] == layer and f"spikes.{place}" in self.answer.arrays:
                return self.answer.arrays[f"spikes.{place}"]
        raise KeyError(layer)

    def _repr_html_(self) -> str:
        said = f"Image of class {self.label}: the network says {self.predicted}."
        return f"<p>{said}</p>{self.layers.to_html(index=False)}"
