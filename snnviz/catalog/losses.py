"""Losses: what training minimises, and how the network is read out. Computed by `snnviz.core.train`.

Each function maps the readout layer's output, summed over T time steps, to the logits of the cross-entropy.
"""

from __future__ import annotations

from typing import Any

from snnviz.design.menus import LOSSES


@LOSSES.register(
    source="Wu et al. 2019; the usual direct-coding readout", formula=r"\mathrm{CE}(\tfrac1T\sum_t z^t, y)"
)
def rate(total: Any, steps: int, /) -> Any:
    """Cross-entropy of the mean over time of a linear readout that does not spike.

    The prediction is the class with the largest mean. (snntorch's ce_rate_loss averages the loss over the steps.)

    Returns the logits of the cross-entropy, (B, classes), given the readout summed over `steps` time steps,
    `total`.
    """
    return total / steps


@LOSSES.register(
    source="Micheli et al. 2024; snntorch.functional.ce_count_loss", formula=r"\mathrm{CE}(\textstyle\sum_t s^t, y)"
)
def count(total: Any, steps: int, /) -> Any:  # noqa: ARG001
    """Cross-entropy of the spike counts of a spiking readout layer.

    The prediction is the class whose neuron spiked most.

    Returns the logits of the cross-entropy, (B, classes), given the readout summed over `steps` time steps,
    `total`.
    """
    return total
