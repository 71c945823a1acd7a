"""Linear layers and convolutions on (T, B, ...) tensors, with time folded into the batch."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.grad import conv2d_input, conv2d_weight

WORTH_IT = 30_000_000
"""Number of multiply-accumulates from which oneDNN's product is never slower than MKL's; below, it can take twice as
long.
"""


def convolution(
    x: Tensor, weight: Tensor, bias: Tensor | None, stride: int = 1, groups: int = 1, *, bfloat16: bool = False
) -> Tensor:
    """Returns the convolution (T, B, H', W', O) of x (T, B, H, W, C) with weights (O, C/groups, k, k), padded by k //
    2.

    Channels are last, also in memory. `bfloat16`: multiplied in bfloat16, accumulated and returned in float32.
    """
    padding = weight.shape[-1] // 2
    maps, stride = _read_by_strided_1x1(x.flatten(0, 1).permute(0, 3, 1, 2), weight, stride)
    if bfloat16:
        y = F.conv2d(maps.bfloat16(), weight.bfloat16(), _halved(bias), stride, padding, 1, groups).to(x.dtype)
    else:
        y = F.conv2d(maps, weight, bias, stride, padding, 1, groups)
    return y.permute(0, 2, 3, 1).reshape(*x.shape[:2], *y.shape[2:], -1)


def _read_by_strided_1x1(maps: Tensor, weight: Tensor, stride: int) -> tuple[Tensor, int]:
    """The positions of maps (B, C, H, W) that a convolution reads, and its stride among them: every `stride`th where
    the kernel has one position, else all.

    oneDNN takes them out itself, but where it computes the gradient of few channels' weights without AVX-512 it writes
    beyond its buffer (torch 2.13), and the process dies at some later step.
    """
    if stride == 1 or weight.shape[-1] > 1:
        return maps, stride
    return maps[:, :, ::stride, ::stride].contiguous(memory_format=torch.channels_last), 1


def conv_input_gradient(gradient: Tensor, weight: Tensor, stride: int, like: Tensor, *, bfloat16: bool) -> Tensor:
    """Returns the gradient (B, H, W, C) of a convolution's input from that of its output, (B, H', W', O).

    `like`: a tensor (B, H, W, ...) that gives the input's size.
    """
    shape = (len(like), weight.shape[1], *like.shape[1:3])
    g, w = gradient.permute(0, 3, 1, 2), weight
    if bfloat16:
        g, w = g.bfloat16(), w.bfloat16()
    found: Tensor = conv2d_input(shape, w, g, stride, weight.shape[-1] // 2)
    return found.permute(0, 2, 3, 1).to(gradient.dtype)


def conv_weight_gradient(gradient: Tensor, x: Tensor, weight: Tensor, stride: int, *, bfloat16: bool) -> Tensor:
    """Returns the gradient (O, C, k, k) of a convolution's weight, summed over all time steps.

    `gradient`: of the output, (T, B, H', W', O); `x`: the input, (T, B, H, W, C).
    """
    g, seen = (part.flatten(0, 1).permute(0, 3, 1, 2) for part in (gradient, x))
    seen, stride = _read_by_strided_1x1(seen, weight, stride)
    if bfloat16:
        g, seen = g.bfloat16(), seen.bfloat16()
    found: Tensor = conv2d_weight(seen, weight.shape, g, stride, weight.shape[-1] // 2)
    return found.to(weight.dtype)


def linear(x: Tensor, weight: Tensor, bias: Tensor | None, *, bfloat16: bool = False) -> Tensor:
    """Returns the linear map (T, B, out) of x (T, B, in) by weights (out, in); `bfloat16` as for `convolution`."""
    if bfloat16:
        return F.linear(x.bfloat16(), weight.bfloat16(), _halved(bias)).to(x.dtype)
    rows = x.shape[0] * x.shape[1]
    if x.dtype == torch.float32 and rows * weight.numel() >= WORTH_IT and prefers_onednn():
        zero = weight.new_zeros(len(weight)) if bias is None else bias
        result: Tensor = _Linear.apply(x, weight, zero)  # type: ignore[no-untyped-call]
        return result
    return F.linear(x, weight, bias)


def _halved(bias: Tensor | None) -> Tensor | None:
    return None if bias is None else bias.bfloat16()


@cache
def prefers_onednn() -> bool:
    """Returns whether oneDNN uses vector units that MKL does not: AVX512 on processors that are not Intel's.

    Decided by the hardware, not by timing: a choice that differed between runs would change the last bits.
    """
    try:
        vendor = Path("/proc/cpuinfo").read_text(errors="replace").partition("vendor_id")[2].partition("\n")[0]
    except OSError:
        return False
    wide = torch.backends.cpu.get_cpu_capability() == "AVX512"
    return wide and "AuthenticAMD" in vendor and torch.backends.mkldnn.is_available()


class _Linear(torch.autograd.Function):
    """y = x w' + b and its two products backward, all by oneDNN in full float32."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        flat = x.flatten(0, 1)
        ctx.save_for_backward(flat, weight)
        ctx.shape = x.shape
        return _product(flat, weight, bias).view(*x.shape[:2], -1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
        x, weight = ctx.saved_tensors
        g = gradients[0].flatten(0, 1)
        of_x = _product(g, weight.t()).view(ctx.shape) if ctx.needs_input_grad[0] else None
        return of_x, _product(g.t(), x.t()), g.sum(0)


def _product(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x weight' + bias."""
    result: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
    return result
