"""The dilated ResNeSt against its arithmetic, written out from Zhang et al. (2020) with plain operations."""

from __future__ import annotations

import pytest
import timm
import torch
from torch import Tensor, nn
from torch.nn import functional

from trainer.nn.resnest import restore_dilated_stages

Weights = dict[str, Tensor]

# (stride, dilation of the first block, dilation of the others) of the four stages, by output stride.
STAGES = {
    32: [(1, 1, 1), (2, 1, 1), (2, 1, 1), (2, 1, 1)],
    16: [(1, 1, 1), (2, 1, 1), (2, 1, 1), (1, 1, 2)],
    8: [(1, 1, 1), (2, 1, 1), (1, 1, 2), (1, 2, 4)],
}


def normed(x: Tensor, weights: Weights, name: str) -> Tensor:
    mean, var = weights[f"{name}.running_mean"], weights[f"{name}.running_var"]
    x = (x - mean[:, None, None]) / (var[:, None, None] + 1e-5).sqrt()
    return x * weights[f"{name}.weight"][:, None, None] + weights[f"{name}.bias"][:, None, None]


def split_attention(x: Tensor, weights: Weights, name: str, dilation: int) -> Tensor:
    x = functional.conv2d(x, weights[f"{name}.conv.weight"], padding=dilation, dilation=dilation, groups=2)
    first, second = normed(x, weights, f"{name}.bn0").relu().chunk(2, dim=1)
    pooled = (first + second).mean(dim=(2, 3), keepdim=True)
    hidden = functional.conv2d(pooled, weights[f"{name}.fc1.weight"], weights[f"{name}.fc1.bias"])
    hidden = normed(hidden, weights, f"{name}.bn1").relu()
    scores = functional.conv2d(hidden, weights[f"{name}.fc2.weight"], weights[f"{name}.fc2.bias"])
    share = torch.stack(scores.chunk(2, dim=1)).softmax(dim=0)
    return share[0] * first + share[1] * second


def block(x: Tensor, weights: Weights, name: str, stride: int, dilation: int, *, pools: bool) -> Tensor:
    out = normed(functional.conv2d(x, weights[f"{name}.conv1.weight"]), weights, f"{name}.bn1").relu()
    out = split_attention(out, weights, f"{name}.conv2", dilation)
    if pools:
        out = functional.avg_pool2d(out, 3, stride=stride, padding=1)
    out = normed(functional.conv2d(out, weights[f"{name}.conv3.weight"]), weights, f"{name}.bn3")
    if f"{name}.downsample.1.weight" in weights:
        x = functional.avg_pool2d(x, stride, stride=stride, ceil_mode=True, count_include_pad=False)
        x = functional.conv2d(x, weights[f"{name}.downsample.1.weight"])
        x = normed(x, weights, f"{name}.downsample.2")
    return (out + x).relu()


def resnest(x: Tensor, weights: Weights, blocks: int, output_stride: int) -> Tensor:
    for number, stride in ((0, 2), (3, 1)):
        x = functional.conv2d(x, weights[f"conv1.{number}.weight"], stride=stride, padding=1)
        x = normed(x, weights, f"conv1.{number + 1}").relu()
    x = normed(functional.conv2d(x, weights["conv1.6.weight"], padding=1), weights, "bn1").relu()
    x = functional.max_pool2d(x, 3, stride=2, padding=1)
    for stage, (stride, first, others) in enumerate(STAGES[output_stride], start=1):
        for number in range(blocks):
            x = block(
                x,
                weights,
                f"layer{stage}.{number}",
                stride if number == 0 else 1,
                first if number == 0 else others,
                # The authors pool in the first block of every stage but the first, whether it strides or not.
                pools=number == 0 and stage > 1,
            )
    return x


def lively(network: nn.Module) -> nn.Module:
    """Statistics, scales and shifts that are not those of an identity, so that nothing cancels out."""
    generator = torch.Generator().manual_seed(0)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor in (module.running_mean, module.weight.data, module.bias.data):
                tensor.copy_(torch.rand(tensor.shape, generator=generator) * 0.4 + 0.3)
            module.running_var.copy_(torch.rand(module.num_features, generator=generator) + 0.5)
    return network.eval()


@pytest.mark.parametrize("output_stride", [8, 16, 32])
def test_the_dilated_network_is_that_of_its_authors(output_stride: int) -> None:
    torch.manual_seed(0)
    network = lively(timm.create_model("resnest26d", pretrained=False, output_stride=output_stride))
    images = torch.randn(1, 3, 32, 64)
    with torch.inference_mode():
        expected = resnest(images, network.state_dict(), blocks=2, output_stride=output_stride)
        before = network.forward_features(images)
        restore_dilated_stages(network)
        after = network.forward_features(images)
    assert after.shape[-2:] == (32 // output_stride, 64 // output_stride)
    torch.testing.assert_close(after, expected, rtol=1e-4, atol=1e-5)
    if output_stride < 32:
        error = (before - expected).abs().max() / expected.abs().max()
        assert error > 0.01, "without the restoration there would be nothing to restore"


def test_the_restored_network_loads_the_same_weights() -> None:
    plain = timm.create_model("resnest14d", pretrained=False)
    dilated = timm.create_model("resnest14d", pretrained=False, output_stride=16)
    restore_dilated_stages(dilated)
    assert list(dilated.state_dict()) == list(plain.state_dict())
