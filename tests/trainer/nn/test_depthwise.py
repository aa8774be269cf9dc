from __future__ import annotations

import copy

import pytest
import timm
import torch
from timm.layers import create_conv2d
from torch import Tensor, nn

from trainer.nn.depthwise import DepthwiseConv2d, speed_up_depthwise


def convolution(kernel: int = 5, dilation: int = 2, bias: bool = False) -> nn.Conv2d:
    torch.manual_seed(0)
    padding = dilation * (kernel - 1) // 2
    return nn.Conv2d(4, 4, kernel, padding=padding, dilation=dilation, groups=4, bias=bias)


def gradients(module: nn.Module, images: Tensor) -> list[Tensor]:
    """Output, gradient of the input and gradients of the parameters."""
    images = images.clone().requires_grad_()
    output = module(images)
    # Weighted, so that no two cells have the same gradient.
    (output * torch.linspace(0, 1, output.numel()).reshape(output.shape)).sum().backward()
    return [output, images.grad, *(parameter.grad for parameter in module.parameters())]  # type: ignore[list-item]


@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("dilation", [1, 2, 4])
@pytest.mark.parametrize("size", [(8, 8), (7, 10), (1, 3)])
@pytest.mark.parametrize("bias", [False, True])
def test_results_and_gradients_are_those_of_the_plain_convolution(
    kernel: int, dilation: int, size: tuple[int, int], bias: bool
) -> None:
    images = torch.randn(2, 4, *size, generator=torch.Generator().manual_seed(1))
    expected = gradients(convolution(kernel, dilation, bias), images)
    fast = DepthwiseConv2d(convolution(kernel, dilation, bias))
    for ours, theirs in zip(gradients(fast, images), expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("stride", [2, 3])
@pytest.mark.parametrize("size", [(8, 8), (7, 10), (11, 9)])
@pytest.mark.parametrize("padding", ["", "same"])
def test_strides_and_the_padding_of_timm_change_nothing(
    stride: int, size: tuple[int, int], padding: str
) -> None:
    plain = create_conv2d(4, 4, 5, stride=stride, depthwise=True, padding=padding)
    images = torch.randn(2, 4, *size, generator=torch.Generator().manual_seed(1))
    expected = gradients(plain, images)
    plain.zero_grad()
    assert DepthwiseConv2d.can_replace(plain)
    for ours, theirs in zip(gradients(DepthwiseConv2d(plain), images), expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_the_number_of_threads_does_not_change_a_gradient() -> None:
    plain = nn.Conv2d(200, 200, 5, padding=2, groups=200)
    images = torch.randn(2, 200, 6, 6)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        alone = gradients(DepthwiseConv2d(copy.deepcopy(plain)), images)
        torch.set_num_threads(3)
        shared = gradients(DepthwiseConv2d(copy.deepcopy(plain)), images)
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(alone[2], shared[2])


def test_in_bfloat16_gradients_come_in_the_formats_of_picture_and_weights() -> None:
    plain = convolution()
    exact = gradients(DepthwiseConv2d(copy.deepcopy(plain)), images := torch.randn(2, 4, 8, 8))
    with torch.autocast("cpu", torch.bfloat16):
        narrow = gradients(DepthwiseConv2d(plain), images)
    assert [tensor.dtype for tensor in narrow] == [torch.bfloat16, torch.float32, torch.float32]
    for ours, theirs in zip(narrow, exact, strict=True):
        torch.testing.assert_close(ours.float(), theirs, rtol=0.05, atol=0.2)


@pytest.mark.parametrize(
    "other",
    [
        nn.Conv2d(4, 4, 3, padding=1, groups=4),
        nn.Conv2d(4, 4, 3, padding=2, dilation=2),
        nn.Conv2d(4, 4, 5, padding=5, groups=4),
        nn.Conv2d(4, 4, 5, padding=2, groups=4, padding_mode="reflect"),
        nn.Conv2d(4, 4, 5, padding="same", groups=4),
        nn.Conv2d(4, 8, 3, padding=2, dilation=2, groups=4),
    ],
)
def test_other_convolutions_are_left_alone(other: nn.Conv2d) -> None:
    network = nn.Sequential(nn.Sequential(other))
    speed_up_depthwise(network)
    assert network[0][0] is other


def test_a_network_keeps_its_weights_and_their_names() -> None:
    network = timm.create_model("tf_efficientnet_lite0", pretrained=False, output_stride=16)
    before = network.state_dict()
    speed_up_depthwise(network)
    assert sum(isinstance(module, DepthwiseConv2d) for module in network.modules()) == 10
    after = network.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[name], before[name]) for name in before)
