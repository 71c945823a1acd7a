"""What a run reports about training: sums over training steps, and the activity of each layer on a fixed probe batch.

No tensor is kept. Layers are measured at training steps that depend on the design alone, so that a run observed twice,
or resumed, reports the same rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import torch
from torch import Tensor

from snnviz.core.activity import Activity
from snnviz.core.networks import Network
from snnviz.core.train import LossAndGradients
from snnviz.events import LayerState, Sample

OBSERVE_EVERY = 40
"""Number of training steps between two measurements within an epoch; each epoch also ends with one."""


def is_observation_step(step_in_epoch: int, steps_per_epoch: int) -> bool:
    """Returns whether layers are measured after this training step (1-based) of an epoch; always at its end."""
    return step_in_epoch == steps_per_epoch or step_in_epoch % OBSERVE_EVERY == 0


class RunningSums:
    """Sums over training steps since the last measurement: losses, correct predictions, images, gradient norms of each
    layer's weights.
    """

    def __init__(self, parameters: Iterable[str], *, gradients: bool = True) -> None:
        """`parameters`: the names of a network's, in the order of its gradients. Without `gradients` these are left."""
        self.weights = [index for index, name in enumerate(parameters) if gradients and name.endswith(".weight")]
        self.clear()

    def clear(self) -> None:
        """Sets all sums to zero."""
        self.steps, self.images = 0, 0
        self.loss, self.hits = torch.zeros((), dtype=torch.float64), torch.zeros((), dtype=torch.int64)
        self.norms = torch.zeros(len(self.weights), dtype=torch.float64)
        self.parts: Tensor | None = None

    def add(self, found: LossAndGradients, labels: Tensor) -> None:
        """Adds the losses, correct predictions and gradient norms of one training step to the sums."""
        count = len(labels)
        self.steps += 1
        self.images += count
        self.loss += found.loss * count
        self.hits += (found.logits.argmax(1) == labels).sum()
        if self.weights:
            self.norms += torch.stack(torch._foreach_norm([found.gradients[k] for k in self.weights]))
        if found.parts is not None:
            parts = found.parts.double() * count
            self.parts = parts if self.parts is None else self.parts + parts

    def sample(self, step: int, epoch: float) -> Sample:
        """Returns mean loss and accuracy since the last `clear` as a `Sample`."""
        return Sample(step, epoch, self.loss.item() / self.images, self.hits.item() / self.images)

    def losses(self) -> list[float]:
        """Returns the mean of each additional loss, such as those of shortcut branches; [] if there are none."""
        return [] if self.parts is None else (self.parts / self.images).tolist()

    def gradient_norms(self) -> list[float] | None:
        """Returns the mean gradient norm of each layer's weights, in layer order; None if there were no steps."""
        return (self.norms / self.steps).tolist() if self.steps and self.weights else None


def observe_layers(
    network: Network,
    probe: Tensor,
    sums: RunningSums,
    step: int,
    epoch: float,
    branch_shares: Mapping[str, float | None] | None = None,
) -> Iterator[LayerState]:
    """Yields the state of each layer on the encoded probe batch (fixed training images), and the mean gradient norms in
    `sums`.

    `branch_shares`: by layer name, the share of shortcut branches (auxiliary classifiers) in the gradient.
    """
    seen: dict[int, Activity] = {}
    with torch.no_grad():
        network(probe, seen.__setitem__)
    weighted = [layer.name for layer in network.architecture.weighted]
    norms = dict(zip(weighted, sums.gradient_norms() or (), strict=False))
    order = sorted(seen.items())  # layers that step through time together are seen at once
    for index, (layer, (_, now)) in enumerate(zip(network.architecture.watched, order, strict=True)):
        name = layer.name
        share = (branch_shares or {}).get(name)
        synops, macs, additions = now.operations
        beta, threshold = network.population(layer).learnt
        yield LayerState(
            step, epoch, index, name, now.rate, now.var_u, norms.get(name), now.density, now.saturation, share,
            probe=probe.shape[1], synops=synops, macs=macs, additions=additions, beta=beta, threshold=threshold,
        )  # fmt: skip
