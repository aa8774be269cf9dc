"""A training step of Puzzle-CAM: float32 NCHW as in the reference, against `trainer.training.loop`."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable
from dataclasses import replace

import torch
from timm.layers.create_conv2d import create_conv2d
from torch import Tensor, nn
from torch.nn import functional

from trainer.benchmarks.cam import benchmark_network
from trainer.benchmarks.comparison import Comparison, interleaved_seconds
from trainer.classify_config import PuzzleLossConfig
from trainer.data.labels import VOC_CLASSES
from trainer.machine.device import DeviceChoice, choose_device, in_bfloat16
from trainer.nn.classifier import CamNetwork
from trainer.nn.depthwise import DepthwiseConv2d
from trainer.training.optimiser import build_optimizer
from trainer.training.puzzle_step import PuzzleStep
from trainer.training_config import BatchStatistics, OptimizerConfig

BACKBONES = ("lite0", "resnet50")
STATISTICS: tuple[BatchStatistics, ...] = ("batch", "frozen")
ALPHA = 4.0
GPU_SIZE = (16, 512)
CPU_SIZES = {"lite0": (8, 384), "resnet50": (2, 256)}
"""Batch size and crop: those of the recipe `cpu-lite0`, and less for the larger network."""


def compare(
    *,
    backbones: tuple[str, ...] = BACKBONES,
    batch_size: int | None = None,
    crop: int | None = None,
    repeats: int = 3,
) -> list[Comparison]:
    """Forward passes of pictures and tiles, the losses of equation 7, backward pass and update.

    With batch normalisation by the statistics of the batch, as in the paper, and by frozen ones, as in the
    recipes for small batches.

    Args:
        backbones: with weights as in `trainer.benchmarks.cam`.
        batch_size: pictures; None takes that of `CPU_SIZES` or `GPU_SIZE`.
        crop: side in pixels; None takes that of `CPU_SIZES` or `GPU_SIZE`.
        repeats: timings to take the best of.
    """
    choice = choose_device()
    is_cpu = choice.device.type == "cpu"
    rows = []
    for name in backbones:
        own_batch, own_crop = CPU_SIZES[name] if is_cpu else GPU_SIZE
        count, side = batch_size or own_batch, crop or own_crop
        generator = torch.Generator().manual_seed(0)
        images = torch.randn(count, 3, side, side, generator=generator).to(choice.device)
        labels = (torch.rand(count, len(VOC_CLASSES), generator=generator) < 0.1).float().to(choice.device)
        precisions = (replace(choice, dtype=torch.float32), in_bfloat16(choice))
        for statistics, precision in itertools.product(STATISTICS, precisions):
            if precision is None:
                continue
            network = benchmark_network(name, statistics)
            plain_network = copy.deepcopy(network).to(choice.device)
            _take_library_convolutions(plain_network)
            plain = _plain_step(plain_network, images, labels)
            ours = _our_step(network, images, labels, precision)
            error = abs(plain() - ours())
            plain_s, ours_s = interleaved_seconds(plain, ours, repeats=repeats)
            notes = (
                "The difference is that of the loss at the first step.",
                f"{count / ours_s:,.1f} pictures a second, with their tiles; {count / plain_s:,.1f} plain.",
                *_memory_note(choice.device, ours, plain),
            )
            rows.append(
                Comparison(
                    f"training step, {name}, {statistics} statistics, "
                    f"{str(precision.dtype).removeprefix('torch.')}",
                    f"batch {count} at {side} x {side}, puzzle losses, {choice.device}",
                    plain_s,
                    ours_s,
                    target_ratio=2.0,
                    error=error,
                    notes=notes,
                )
            )
    return rows


def _memory_note(
    device: torch.device, ours: Callable[[], float], plain: Callable[[], float]
) -> tuple[str, ...]:
    """Return a note on the peak GPU memory of a step beyond weights, gradients and the optimiser's state."""
    if device.type != "cuda":
        return ()
    peaks = []
    for step in (ours, plain):
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        step()
        peaks.append((torch.cuda.max_memory_allocated(device) - before) / 2**30)
    return (f"GPU memory of a step beyond weights: ours {peaks[0]:.1f} GiB, plain {peaks[1]:.1f} GiB.",)


def _our_step(
    network: CamNetwork, images: Tensor, labels: Tensor, choice: DeviceChoice
) -> Callable[[], float]:
    device, dtype = choice.device, choice.dtype
    step = PuzzleStep(network, PuzzleLossConfig()).to(device).to(memory_format=torch.channels_last).train()
    optimizer = build_optimizer(step, OptimizerConfig(learning_rate=1e-3), lambda name: "classifier" in name)
    batch = {"images": images.contiguous(memory_format=torch.channels_last), "labels": labels}

    def run() -> float:
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
            loss = step(batch, 1.0)["loss"]
        torch.autograd.backward(loss)
        optimizer.step()
        return float(loss.detach())

    return run


def _take_library_convolutions(network: nn.Module) -> None:
    """Replace depthwise convolutions, in place, by those whose gradients PyTorch computes."""
    for name, module in list(network.named_children()):
        if not isinstance(module, DepthwiseConv2d):
            _take_library_convolutions(module)
            continue
        convolution = create_conv2d(  # type: ignore[no-untyped-call]
            module.in_channels,
            module.out_channels,
            module.kernel_size[0],
            stride=module.stride[0],
            dilation=module.dilation[0],
            padding="same" if module.pads_same else "",
            depthwise=True,
            bias=module.bias is not None,
        )
        convolution.weight, convolution.bias = module.weight, module.bias
        setattr(network, name, convolution)


def _plain_step(network: CamNetwork, images: Tensor, labels: Tensor) -> Callable[[], float]:
    network.train()

    def maps(pictures: Tensor) -> Tensor:
        found: Tensor = network.classifier(network.encoder(pictures))
        return found

    optimizer = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=0.9, weight_decay=1e-4)

    def run() -> float:
        whole = maps(images)
        tiled = _merged(maps(_tiles(images)), len(images))
        loss = functional.multilabel_soft_margin_loss(whole.mean((2, 3)), labels)
        loss = loss + functional.multilabel_soft_margin_loss(tiled.mean((2, 3)), labels)
        loss = loss + ALPHA * nn.functional.l1_loss(
            whole * labels[:, :, None, None], tiled * labels[:, :, None, None]
        )
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        return float(loss.detach())

    return run


def _tiles(images: Tensor) -> Tensor:
    top, bottom = images.chunk(2, dim=2)
    return torch.cat([part for half in (top, bottom) for part in half.chunk(2, dim=3)])


def _merged(tiles: Tensor, count: int) -> Tensor:
    upper_left, upper_right, lower_left, lower_right = tiles.split(count)  # type: ignore[no-untyped-call]
    upper = torch.cat([upper_left, upper_right], dim=3)
    return torch.cat([upper, torch.cat([lower_left, lower_right], dim=3)], dim=2)
