from __future__ import annotations

import pytest
import timm
import torch
from torch import Tensor, nn

from trainer.nn.depthwise import DilatedDepthwiseConv2d, speed_up_dilated_depthwise


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
@pytest.mark.parametrize("dilation", [2, 4])
@pytest.mark.parametrize("size", [(8, 8), (7, 10), (1, 3)])
@pytest.mark.parametrize("bias", [False, True])
def test_results_and_gradients_are_those_of_the_plain_convolution(
    kernel: int, dilation: int, size: tuple[int, int], bias: bool
) -> None:
    images = torch.randn(2, 4, *size, generator=torch.Generator().manual_seed(1))
    expected = gradients(convolution(kernel, dilation, bias), images)
    fast = DilatedDepthwiseConv2d(convolution(kernel, dilation, bias))
    for ours, theirs in zip(gradients(fast, images), expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "other",
    [
        nn.Conv2d(4, 4, 3, padding=1, groups=4),
        nn.Conv2d(4, 4, 3, padding=2, dilation=2),
        nn.Conv2d(4, 4, 3, padding=2, dilation=2, groups=4, stride=2),
        nn.Conv2d(4, 4, 3, padding=0, dilation=2, groups=4),
        nn.Conv2d(4, 8, 3, padding=2, dilation=2, groups=4),
    ],
)
def test_other_convolutions_are_left_alone(other: nn.Conv2d) -> None:
    network = nn.Sequential(nn.Sequential(other))
    speed_up_dilated_depthwise(network)
    assert network[0][0] is other


def test_a_network_keeps_its_weights_and_their_names() -> None:
    network = timm.create_model("tf_efficientnet_lite0", pretrained=False, output_stride=16)
    before = network.state_dict()
    speed_up_dilated_depthwise(network)
    assert sum(isinstance(module, DilatedDepthwiseConv2d) for module in network.modules()) == 4
    after = network.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[name], before[name]) for name in before)
