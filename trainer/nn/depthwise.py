"""Gradients of depthwise convolutions on the CPU, many times as fast as PyTorch's.

PyTorch has no fast kernels for the gradients of depthwise convolutions that are larger than 3 x 3 or dilated,
as most of an EfficientNet's at output stride 16 are. Here the gradient of the input is a forward convolution
with the mirrored kernel, for which PyTorch has a fast one, and that of the weights is a compiled loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from timm.layers.conv2d_same import Conv2dSame
from timm.layers.padding import pad_same
from torch import Tensor, nn
from torch.nn import functional

Pair = tuple[int, int]

_CHANNELS_PER_THREAD = 64
"""Fewer than this do not fill the vector instructions of the loop."""


def speed_up_depthwise(network: nn.Module) -> None:
    """Replace every depthwise convolution whose gradients are slow with `DepthwiseConv2d`, in place.

    Weights, their names and the results stay the same; on a GPU nothing changes.
    """
    for name, module in list(network.named_children()):
        if isinstance(module, nn.Conv2d) and DepthwiseConv2d.can_replace(module):
            setattr(network, name, DepthwiseConv2d(module))
        else:
            speed_up_depthwise(module)


class DepthwiseConv2d(nn.Conv2d):
    """A depthwise convolution with the weights of PyTorch's or timm's, but faster gradients on the CPU.

    Attributes:
        pads_same: whether it pads like timm's `Conv2dSame`.
    """

    def __init__(self, convolution: nn.Conv2d) -> None:
        """Take over the weights of a convolution that `can_replace` accepts."""
        super().__init__(
            convolution.in_channels,
            convolution.out_channels,
            kernel_size=_pair(convolution.kernel_size),
            stride=_pair(convolution.stride),
            padding=_pair(convolution.padding),
            dilation=_pair(convolution.dilation),
            groups=convolution.groups,
            bias=convolution.bias is not None,
            device="meta",
        )
        self.pads_same = isinstance(convolution, Conv2dSame)
        self.weight = convolution.weight
        self.bias = convolution.bias

    @staticmethod
    def can_replace(convolution: nn.Conv2d) -> bool:
        """Whether it is depthwise, larger than 3 x 3 or dilated, and zero-padded by at most its reach."""
        reach = _reach(convolution.kernel_size, convolution.dilation)
        return (
            type(convolution) in (nn.Conv2d, Conv2dSame)
            and convolution.groups == convolution.in_channels == convolution.out_channels
            and (max(convolution.dilation) > 1 or max(convolution.kernel_size) > 3)
            and not isinstance(convolution.padding, str)
            and all(pad <= side for pad, side in zip(convolution.padding, reach, strict=True))
            and convolution.padding_mode == "zeros"
        )

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, H', W')."""
        if self.pads_same:
            input = pad_same(input, list(self.kernel_size), list(self.stride), list(self.dilation))
        if input.device.type != "cpu" or not torch.is_grad_enabled():
            return super().forward(input)
        geometry = _Geometry(_pair(self.stride), _pair(self.padding), _pair(self.dilation))
        output: Tensor = _FastGradients.apply(input, self.weight, self.bias, geometry)
        return output


@dataclass(frozen=True)
class _Geometry:
    stride: Pair
    padding: Pair
    dilation: Pair


class _FastGradients(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, images: Tensor, weight: Tensor, bias: Tensor | None, geometry: _Geometry) -> Tensor:
        ctx.save_for_backward(images, weight)
        ctx.geometry = geometry
        return functional.conv2d(
            images, weight, bias, geometry.stride, geometry.padding, geometry.dilation, len(weight)
        )

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None, None]:
        images, weight = ctx.saved_tensors
        for_images = for_weight = for_bias = None
        if ctx.needs_input_grad[0]:
            for_images = _input_gradient(images, weight, gradients[0], ctx.geometry)
        if ctx.needs_input_grad[1]:
            for_weight = _weight_gradient(images, weight, gradients[0], ctx.geometry)
        if ctx.needs_input_grad[2]:
            for_bias = gradients[0].float().sum(dim=(0, 2, 3))
        return for_images, for_weight, for_bias, None


def _input_gradient(images: Tensor, weight: Tensor, gradient: Tensor, geometry: _Geometry) -> Tensor:
    """The output's gradient, spread onto the input's grid and convolved with the mirrored kernel."""
    reach = _reach(weight.shape[2:], geometry.dilation)
    (rows, columns), (down, across) = geometry.padding, geometry.stride
    if (down, across) != (1, 1):
        height = images.shape[-2] + 2 * rows - reach[0]
        width = images.shape[-1] + 2 * columns - reach[1]
        spread = gradient.new_zeros(len(images), height, width, len(weight))
        spread[:, ::down, ::across] = gradient.permute(0, 2, 3, 1)
        gradient = spread.permute(0, 3, 1, 2)
    mirrored = weight.to(gradient.dtype).flip(2, 3)
    padding = (reach[0] - rows, reach[1] - columns)
    reached = functional.conv2d(gradient, mirrored, None, 1, padding, geometry.dilation, len(weight))
    return reached.to(images.dtype)


def _weight_gradient(images: Tensor, weight: Tensor, gradient: Tensor, geometry: _Geometry) -> Tensor:
    """(C, 1, k, l), summed in float32 whatever the number format of pictures and gradient."""
    # numba takes a second to load, and only training needs it.
    from trainer.nn.depthwise_numba import sum_products

    rows, columns = geometry.padding
    padded = functional.pad(images.float(), (columns, columns, rows, rows))
    padded_nhwc, gradient_nhwc = (
        tensor.permute(0, 2, 3, 1).contiguous().numpy() for tensor in (padded, gradient.float())
    )
    channels = len(weight)
    sums = np.zeros((*weight.shape[2:], channels), dtype=np.float32)
    count = max(1, min(torch.get_num_threads(), channels // _CHANNELS_PER_THREAD))
    edges = [channels * number // count for number in range(count + 1)]

    def add(first: int, last: int) -> None:
        sum_products(padded_nhwc, gradient_nhwc, geometry.stride, geometry.dilation, first, last, sums)

    # Each thread has its own channels, so the number of threads does not change the sums.
    with ThreadPoolExecutor(count) as executor:
        list(executor.map(add, edges[:-1], edges[1:]))
    return torch.from_numpy(sums).permute(2, 0, 1)[:, None].to(weight.dtype)


def _reach(kernel_size: Sequence[int], dilation: Sequence[int]) -> Pair:
    """Rows and columns from the first cell that a kernel covers to the last."""
    rows, columns = (step * (side - 1) for side, step in zip(kernel_size, dilation, strict=True))
    return rows, columns


def _pair(values: Any) -> Pair:
    rows, columns = values
    return int(rows), int(columns)
