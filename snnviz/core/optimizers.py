"""Optimizer steps by torch's fused functions; the classes of torch.optim import torch's compiler, which takes a
second.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.optim.adam import adam
from torch.optim.sgd import sgd

State = dict[str, Tensor]
"""State of an optimizer for one parameter, by the names that torch's classes use."""

Step = Callable[..., None]


@torch.no_grad()
def _adam(
    parameters: Sequence[Tensor],
    gradients: Sequence[Tensor],
    states: Sequence[State],
    rate: float,
    *,
    decoupled: bool,
    betas: tuple[float, float] = (0.9, 0.999),
    weight_decay: float = 0.0,
) -> None:
    for parameter, state in zip(parameters, states, strict=True):
        if not state:
            state |= {"step": torch.zeros(()), "exp_avg": torch.zeros_like(parameter)}
            state["exp_avg_sq"] = torch.zeros_like(parameter)
    averages, squares, steps = ([state[key] for state in states] for key in ("exp_avg", "exp_avg_sq", "step"))
    adam(
        list(parameters), list(gradients), averages, squares, [], steps, fused=True, foreach=False, amsgrad=False,
        beta1=betas[0], beta2=betas[1], lr=rate, weight_decay=weight_decay, eps=1e-8, maximize=False,
        decoupled_weight_decay=decoupled,
    )  # fmt: skip


@torch.no_grad()
def _sgd(
    parameters: Sequence[Tensor],
    gradients: Sequence[Tensor],
    states: Sequence[State],
    rate: float,
    *,
    momentum: float = 0.0,
    weight_decay: float = 0.0,
) -> None:
    if momentum:
        for parameter, state in zip(parameters, states, strict=True):
            if not state:  # of a layer that has not learnt yet, beside others that have
                state["momentum_buffer"] = torch.zeros_like(parameter)
    buffers: list[Any] = [state.get("momentum_buffer") for state in states]
    sgd(
        list(parameters), list(gradients), buffers, has_sparse_grad=False, foreach=False, fused=True,
        weight_decay=weight_decay, momentum=momentum, lr=rate, dampening=0.0, nesterov=False, maximize=False,
    )  # fmt: skip


STEPS: dict[str, Step] = {"Adam": partial(_adam, decoupled=False), "AdamW": partial(_adam, decoupled=True), "SGD": _sgd}
"""Step functions by the names of torch's classes; step(parameters, gradients, states, learning rate, **arguments)."""
