"""What a run looks at: running sums over the training steps, and each layer on one fixed probe batch.

No tensor is kept. Looking happens at training steps that depend on the design alone, so that a run observed twice,
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
"""A long epoch is looked at every 40 training steps, a short one at its end."""


def is_observation_step(step_in_epoch: int, steps_per_epoch: int) -> bool:
    """Whether to look after this training step (1-based) of an epoch; always at its end."""
    return step_in_epoch == steps_per_epoch or step_in_epoch % OBSERVE_EVERY == 0


class RunningSums:
    """Sums since the last look: losses, hits, images, and the gradient norm of each layer's weights."""

    def __init__(self, parameters: Iterable[str], *, gradients: bool = True) -> None:
        """`parameters`: the names of a network's, in the order of its gradients. Without `gradients` these are left."""
        self.weights = [index for index, name in enumerate(parameters) if gradients and name.endswith(".weight")]
        self.clear()

    def clear(self) -> None:
        self.steps, self.images = 0, 0
        self.loss, self.hits = torch.zeros((), dtype=torch.float64), torch.zeros((), dtype=torch.int64)
        self.norms = torch.zeros(len(self.weights), dtype=torch.float64)
        self.parts: Tensor | None = None

    def add(self, found: LossAndGradients, labels: Tensor) -> None:
        """Count a training step."""
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
        return Sample(step, epoch, self.loss.item() / self.images, self.hits.item() / self.images)

    def losses(self) -> list[float]:
        """Of the parts beside the main loss."""
        return [] if self.parts is None else (self.parts / self.images).tolist()

    def gradient_norms(self) -> list[float] | None:
        return (self.norms / self.steps).tolist() if self.steps and self.weights else None


def observe_layers(
    network: Network,
    probe: Tensor,
    sums: RunningSums,
    step: int,
    epoch: float,
    branch_shares: Mapping[str, float | None] | None = None,
) -> Iterator[LayerState]:
    """Rate, Var[u], density, saturation and operations of every layer on the encoded probe batch, with the window's
    gradient norms.

    `branch_shares`: by layer, the branches' part in the gradient.
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
        beta, threshold = network.cell(layer).learnt
        yield LayerState(
            step, epoch, index, name, now.rate, now.var_u, norms.get(name), now.density, now.saturation, share,
            probe=probe.shape[1], synops=synops, macs=macs, additions=additions, beta=beta, threshold=threshold,
        )  # fmt: skip
