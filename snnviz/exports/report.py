"""What is proven of an export, and what a person has to know of it.

An export that computes (a script, an exchange format) sees the same 64 test images as the run's own network. A spike is
equal, or the potential lies within `MARGIN` of the threshold, where sums of float32 in another order may fall on the
other side; any other difference is an error with the layer's name, and no file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnviz.errors import SnnvizError

IMAGES = 64
"""Test images that an export is proven on."""

MARGIN = 1e-5
"""|u - theta| < MARGIN max(1, |u|): so near the threshold, the order of a sum may decide."""


class ProofFailed(SnnvizError):
    """An export computes something else than the run's network, so that it is not handed out."""


@dataclass(frozen=True, slots=True)
class LayerProof:
    """The spikes of one layer, given that layer's true input: `equal_share` of them equal, 0 to 1, and how many differ
    because the potential is as near to the threshold as rounding (`near_threshold`).
    """

    name: str
    equal_share: float
    near_threshold: int


@dataclass(frozen=True, slots=True)
class Proof:
    """What was proven of an export on `images` test images.

    equal: every spike is equal but those near the threshold, and in float64 every spike. layers: in float32, layer by
    layer with that layer's true input. logits_difference: largest difference of the logits in float32. accuracy: of the
    export on these images, 0 to 1.
    """

    equal: bool
    layers: tuple[LayerProof, ...]
    logits_difference: float
    accuracy: float
    images: int = IMAGES

    def document(self) -> dict[str, Any]:
        """Returns the proof as JSON has it."""
        layers = [
            {"name": one.name, "share": one.equal_share, "near_threshold": one.near_threshold} for one in self.layers
        ]
        return {
            "equal": self.equal,
            "layers": layers,
            "logits_difference": self.logits_difference,
            "accuracy": self.accuracy,
            "images": self.images,
        }

    def sentences(self) -> list[str]:
        """Returns the proof in words."""
        near = sum(one.near_threshold for one in self.layers)
        but = f" but {near:,} within {MARGIN:g} of the threshold" if near else ""
        if not self.layers:
            first = f"On {self.images} test images the logits, which come from no spikes, are equal in float64."
            return [
                first,
                f"In float32 they differ by at most {self.logits_difference:.2g}; {self.accuracy:.1%} are right.",
            ]
        return [
            f"On {self.images} test images every spike of {len(self.layers)} layers is equal{but}; in float64 every "
            "spike of the whole network.",
            f"Logits differ by at most {self.logits_difference:.2g}; {100 * self.accuracy:.1f} % of these images are "
            "right.",
        ]


@dataclass(frozen=True, slots=True)
class Report:
    """What an export says of itself: its proof, where it computes anything, and what a person has to know (`notes`),
    such as what the form cannot hold.
    """

    proof: Proof | None = None
    notes: tuple[str, ...] = ()


def compare_layer(
    name: str, u: NDArray[Any], threshold: float | NDArray[Any], ours: NDArray[Any], theirs: NDArray[Any]
) -> LayerProof:
    """Returns the proof of one layer from its true potentials `u`, and our and their spikes, all of one shape.

    Raises `ProofFailed` with the layer's name if a spike differs where the potential is not near the threshold.
    """
    differ = (ours > 0) != (theirs > 0)
    near = np.abs(u - threshold) < MARGIN * np.maximum(1, np.abs(u))
    wrong = int((differ & ~near).sum())
    if wrong:
        raise ProofFailed(
            f"The export was not written: {wrong:,} of {differ.size:,} spikes of layer {name} are not those of the run."
        )
    return LayerProof(name, 1 - float(differ.mean()), int(differ.sum()))


def merge_layer_proofs(parts: Sequence[LayerProof]) -> LayerProof:
    """Returns the proof of one layer from those of batches of images: the mean share, and the sum of those near."""
    equal_share = sum(one.equal_share for one in parts) / len(parts)
    return LayerProof(parts[0].name, equal_share, sum(one.near_threshold for one in parts))


def require_equal(spikes: Mapping[str, tuple[NDArray[Any], NDArray[Any]]]) -> None:
    """Raises `ProofFailed` with the first layer whose spikes, ours and theirs in float64, are not all equal."""
    for name, (ours, theirs) in spikes.items():
        wrong = int(((ours > 0) != (theirs > 0)).sum())
        if wrong:
            raise ProofFailed(
                f"The export was not written: in float64, {wrong:,} of {ours.size:,} spikes of layer {name} are not "
                f"those of the run."
            )
