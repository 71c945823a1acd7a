"""What theory, or a measurement on untrained networks, says of gradients before training, as a line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from snnviz.theory.backward import ExpectedGradients
from snnviz.views.panels import FLOOR
from snnviz.views.words import axis_label

CAPTION = (
    " Dashed: the gradient with respect to what each layer says, before training, {how}, set to the solid line at the "
    "last hidden layer that has both."
)


def expectation_trace(
    expected: ExpectedGradients, norms: Mapping[str, float], name: str, colour: str
) -> dict[str, Any] | None:
    """Returns the line of expected gradients beside measured norms of weights' gradients, by layer name; None where
    they share no layer with a gradient. It is scaled to agree at the last one that they share.
    """
    shared = [layer for layer in expected.sizes if norms.get(layer, 0.0) > FLOOR]
    if not shared:
        return None
    scale = norms[shared[-1]] / expected.sizes[shared[-1]]
    layers = [layer for layer in norms if layer in expected.sizes]
    return {
        "type": "scatter",
        "x": [axis_label(layer) for layer in layers],
        "y": [float(f"{max(scale * expected.sizes[layer], FLOOR):.4g}") for layer in layers],
        "mode": "lines",
        "name": name,
        "line": {"color": colour, "width": 1.4, "dash": "dash"},
        "opacity": 0.75,
    }
