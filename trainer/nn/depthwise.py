"""Gradients of dilated depthwise convolutions on the CPU, several times as fast as PyTorch's.

An EfficientNet at output stride 16 dilates the depthwise convolutions of its last stages. PyTorch's library
has no fast
kernel for their gradients: three 5 x 5 layers take a quarter of a whole training step of EfficientNet-Lite0.
    A
convolution of dilation d is d * d convolutions without dilation, each on every d-th row and column, and for
those there is one.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


def speed_up_dilated_depthwise(network: nn.Module) -> None:
    """Let every dilated depthwise convolution of a network take the fast way back, in place.

    Weights, their names and results stay the same; on a GPU nothing changes.
    """
    for name, module in list(network.named_children()):
        if isinstance(module, nn.Conv2d) and DilatedDepthwiseConv2d.can_replace(module):
            setattr(network, name, DilatedDepthwiseConv2d(module))
        else:
            speed_up_dilated_depthwise(module)


class DilatedDepthwiseConv2d(nn.Conv2d):
    """A depthwise convolution of stride 1 that keeps the size of its input."""

    def __init__(self, convolution: nn.Conv2d) -> None:
        """Take over the weights of a convolution that `can_replace` accepts."""
        super().__init__(
            convolution.in_channels,
            convolution.out_channels,
            kernel_size=(convolution.kernel_size[0], convolution.kernel_size[1]),
            padding=(int(convolution.padding[0]), int(convolution.padding[1])),
            dilation=(convolution.dilation[0], convolution.dilation[1]),
            groups=convolution.groups,
            bias=convolution.bias is not None,
            device="meta",
        )
        self.weight = convolution.weight
        self.bias = convolution.bias

    @staticmethod
    def can_replace(convolution: nn.Conv2d) -> bool:
        """Whether it is depthwise, dilated alike in both directions, of stride 1, and keeps the size."""
        dilation = convolution.dilation[0]
        size = tuple(dilation * (side - 1) // 2 for side in convolution.kernel_size)
        return (
            type(convolution) is nn.Conv2d
            and convolution.groups == convolution.in_channels == convolution.out_channels
            and dilation > 1
            and convolution.dilation == (dilation, dilation)
            and convolution.stride == (1, 1)
            and convolution.padding == size
            and all(side % 2 for side in convolution.kernel_size)
            and convolution.padding_mode == "zeros"
        )

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, H, W)."""
        if input.device.type != "cpu" or not torch.is_grad_enabled():
            return super().forward(input)
        output: Tensor = _FastGradients.apply(input, self.weight, self.dilation[0])
        return output if self.bias is None else output + self.bias[:, None, None]


class _FastGradients(torch.autograd.Function):
    """The forward pass as PyTorch computes it; the backward pass on the sub-grids."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, weight: Tensor, dilation: int) -> Tensor:
        ctx.save_for_backward(images, weight)
        ctx.dilation = dilation
        padding = [dilation * (side - 1) // 2 for side in weight.shape[2:]]
        return functional.conv2d(images, weight, padding=padding, dilation=dilation, groups=len(weight))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        images, weight = ctx.saved_tensors
        dilation, size = ctx.dilation, images.shape[-2:]
        padding = [(side - 1) // 2 for side in weight.shape[2:]]
        for_images, for_weight, _ = torch.ops.aten.convolution_backward(
            _sub_grids(gradients[0], dilation),
            _sub_grids(images, dilation),
            weight,
            None,
            (1, 1),
            padding,
            (1, 1),
            False,
            (0, 0),
            len(weight),
            (ctx.needs_input_grad[0], ctx.needs_input_grad[1], False),
        )
        whole = (
            _whole_grid(for_images, dilation)[..., : size[0], : size[1]] if ctx.needs_input_grad[0] else None
        )
        return whole, for_weight, None


def _sub_grids(images: Tensor, step: int) -> Tensor:
    """(N, C, H, W) -> (N * step * step, C, h, w), channels last: each step-th row and column, zero-padded."""
    height, width = images.shape[-2:]
    padded = functional.pad(images, (0, -width % step, 0, -height % step))
    count, channels, height, width = padded.shape
    rows = padded.permute(0, 2, 3, 1).reshape(count, height // step, step, width // step, step, channels)
    grids = rows.permute(0, 2, 4, 1, 3, 5).reshape(-1, height // step, width // step, channels)
    return grids.permute(0, 3, 1, 2)


def _whole_grid(grids: Tensor, step: int) -> Tensor:
    """The inverse of `_sub_grids`, padding included."""
    count, channels, height, width = grids.shape
    rows = grids.permute(0, 2, 3, 1).reshape(count // step**2, step, step, height, width, channels)
    whole = rows.permute(0, 3, 1, 4, 2, 5).reshape(-1, height * step, width * step, channels)
    return whole.permute(0, 3, 1, 2)
