"""Convolutions of few channels against float64: values and both gradients."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from snnviz.core.layers import conv_input_gradient, conv_weight_gradient, convolution


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel", [1, 3])
@pytest.mark.parametrize("channels", [1, 2, 3, 4, 8, 16])
def test_a_convolution_of_few_channels_is_that_of_float64(channels: int, kernel: int, stride: int) -> None:
    torch.manual_seed(channels)
    for outputs in (1, 2, 4, 8, 16):
        for size in (8, 7):
            x, w = torch.randn(2, 4, size, size, channels), torch.randn(outputs, channels, kernel, kernel)
            exact_x, exact_w = x.double().requires_grad_(), w.double().requires_grad_()
            maps = F.conv2d(exact_x.flatten(0, 1).permute(0, 3, 1, 2), exact_w, None, stride, kernel // 2)
            exact = maps.permute(0, 2, 3, 1).unflatten(0, (2, 4))
            gradient = torch.randn(exact.shape)
            exact.backward(gradient.double())
            assert exact_x.grad is not None
            assert exact_w.grad is not None
            x.requires_grad_(), w.requires_grad_()
            found = convolution(x, w, None, stride)
            found.backward(gradient)
            close = {"atol": 1e-4, "rtol": 1e-4}
            torch.testing.assert_close(found.double(), exact, **close)
            torch.testing.assert_close(x.grad.double(), exact_x.grad, **close)
            torch.testing.assert_close(w.grad.double(), exact_w.grad, **close)
            given = gradient.flatten(0, 1)
            theirs = conv_input_gradient(given, w.detach(), stride, x.flatten(0, 1), bfloat16=False)
            torch.testing.assert_close(theirs.double(), exact_x.grad.flatten(0, 1), **close)
            weights = conv_weight_gradient(gradient, x.detach(), w.detach(), stride, bfloat16=False)
            torch.testing.assert_close(weights.double(), exact_w.grad, **close)
