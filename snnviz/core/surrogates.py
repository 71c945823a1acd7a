"""Spikes whose derivative in training is replaced by that of a surrogate."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from snnviz.design.menus import SURROGATES, Choice

Derivative = Callable[[Tensor], Tensor]


def derivative(choice: Choice) -> Derivative:
    """Returns the derivative ds/du of a surrogate, as a function of u - theta."""
    return partial(SURROGATES[choice.kind].function, **choice.parameters)


class _Spike(torch.autograd.Function):
    """1 where x > 0; backward the surrogate."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, slope: Derivative) -> Tensor:
        ctx.save_for_backward(x)
        ctx.slope = slope
        return (x > 0).to(x.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (x,) = ctx.saved_tensors
        return gradients[0] * ctx.slope(x), None


def spike(x: Tensor, slope: Derivative) -> Tensor:
    """Returns 1 where x > 0, else 0; the backward pass multiplies gradients by `slope(x)`."""
    found: Tensor = _Spike.apply(x, slope)  # type: ignore[no-untyped-call]
    return found
