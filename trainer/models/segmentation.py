"""The trained DeepLabv3+: stored with all that its use needs, and run on pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from trainer.config import Recipe
from trainer.data.transforms import RgbImage, check_rgb, limited_size, scaled_size
from trainer.machine.device import DeviceChoice, choose_device
from trainer.models.inference import placed_for_inference, run_on_views
from trainer.nn.encoders import build_encoder
from trainer.nn.segmentation import SegmentationNetwork
from trainer.run.checkpoints import CheckpointError, load_tensors, save_tensors

KIND = "puzzlecam-segmentation"


class SegmentationModel:
    """Computes the class logits of a picture's pixels.

    Attributes:
        class_names: the classes; the name at position k has mask index k + 1, index 0 is background.
        device: where it runs.
    """

    def __init__(
        self, network: SegmentationNetwork, class_names: Sequence[str], device: DeviceChoice
    ) -> None:
        self.class_names = tuple(class_names)
        self.device = device
        self._spec = network.encoder.spec
        self._network = network
        placed_for_inference(network, device)

    def logits(
        self, image_rgb: RgbImage, *, scales: Sequence[float], flip: bool = True, max_side: int = 1024
    ) -> Tensor:
        """Logits of a picture, summed over scales and mirror images.

        Args:
            image_rgb: uint8 (H, W, 3), any size.
            scales: of the (size-limited) picture, at least one.
            flip: also use the mirrored picture at every scale.
            max_side: longer side in pixels at scale 1; larger pictures are scaled down.

        Returns:
            float32 (C, h, w) on the device; (h, w) is the size of the size-limited picture.

        Raises:
            ValueError: the picture is not a uint8 RGB array.
        """
        check_rgb(image_rgb)
        base = limited_size(image_rgb.shape[0], image_rgb.shape[1], max_side)
        total = torch.zeros((len(self.class_names) + 1, *base), device=self.device.device)
        for scale in scales:
            views = run_on_views(
                self._network, image_rgb, scaled_size(*base, scale), self._spec, self.device, flip=flip
            )
            summed = views.sum(dim=0, keepdim=True)
            total += functional.interpolate(summed, size=base, mode="bilinear", align_corners=False)[0]
        return total


def save_segmentation_network(
    path: Path, network: SegmentationNetwork, recipe: Recipe, class_names: Sequence[str]
) -> None:
    """Store a trained network with all that `load_segmentation_model` needs."""
    header = {
        "backbone": recipe.backbone.name,
        "output_stride": network.encoder.output_stride,
        "batch_statistics": recipe.segment.batch_statistics,
        "decoder_statistics": recipe.segment.decoder_statistics,
        "class_names": list(class_names),
        "recipe": recipe.name,
        "seed": recipe.seed,
    }
    save_tensors(path, KIND, header, network.state_dict())


def load_segmentation_model(path: Path, device: DeviceChoice | str | None = None) -> SegmentationModel:
    """Read a stored network.

    Args:
        path: what `save_segmentation_network` wrote.
        device: a choice made before, "cpu" or "cuda", or None to let `choose_device` decide.

    Raises:
        CheckpointError: the file is missing, damaged, or not a segmentation network of this version.
    """
    stored = load_tensors(path, KIND)
    header = stored.header
    try:
        encoder = build_encoder(header["backbone"], output_stride=header["output_stride"])
        class_names = tuple(header["class_names"])
        network = SegmentationNetwork(
            encoder,
            len(class_names) + 1,
            batch_statistics=header["batch_statistics"],
            decoder_statistics=header["decoder_statistics"],
        )
        network.load_state_dict(stored.tensors)
    except (KeyError, RuntimeError) as error:
        reason = str(error).partition("\n")[0]
        raise CheckpointError(
            f"The weights in {path} do not match its header ({reason}); train it again."
        ) from error
    choice = device if isinstance(device, DeviceChoice) else choose_device(device)
    return SegmentationModel(network, class_names, choice)
