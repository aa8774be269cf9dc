"""Running trained networks on pictures: resampled, normalised by channel, in the device's number format."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from trainer.data.transforms import RgbImage, resize_image
from trainer.machine.device import DeviceChoice
from trainer.nn.encoders import EncoderSpec
from trainer.nn.fusion import fold_batch_norm


def placed_for_inference(network: nn.Module, device: DeviceChoice) -> None:
    """Move a network to a device, in evaluation mode and with its `encoder`'s normalisation folded.

    After this it can no longer be trained.
    """
    network.eval()
    fold_batch_norm(network.get_submodule("encoder"))
    network.to(device.device).to(memory_format=torch.channels_last)


def run_on_views(
    network: Callable[[Tensor], Tensor],
    image_rgb: RgbImage,
    size: tuple[int, int],
    spec: EncoderSpec,
    device: DeviceChoice,
    *,
    flip: bool,
) -> Tensor:
    """Run a network on a picture and, with `flip`, on its mirror image, whose output is flipped back.

    Args:
        network: or a method of one, in evaluation mode, on the device; (N, 3, h, w) -> (N, ..., w').
        image_rgb: uint8 (H, W, 3).
        size: (h, w) that the picture is resampled to.
        spec: normalisation.
        device: where the network is.
        flip: whether to run on the mirror image too.

    Returns:
        float32 (1 or 2, ..., w') on the device.
    """
    views = _normalized(resize_image(image_rgb, size), spec)
    if flip:
        views = torch.cat([views, views.flip(-1)])
    on_device = views.to(device.device).contiguous(memory_format=torch.channels_last)
    with (
        torch.inference_mode(),
        torch.autocast(device.device.type, device.dtype, enabled=device.uses_autocast),
    ):
        outputs = network(on_device)
    outputs = outputs.float()
    return torch.stack([outputs[0], outputs[1].flip(-1)]) if flip else outputs


def _normalized(image_rgb: RgbImage, spec: EncoderSpec) -> Tensor:
    """uint8 (h, w, 3) -> float32 (1, 3, h, w)."""
    std = np.asarray(spec.std, dtype=np.float32)
    scale, shift = 1.0 / (255.0 * std), np.asarray(spec.mean, dtype=np.float32) / std
    return torch.from_numpy(image_rgb * scale - shift).permute(2, 0, 1)[None]
