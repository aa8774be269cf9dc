"""The trained DeepLabv3+: stored with all that its use needs, and run on pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
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
from trainer.run.map_storage import Maps

KIND = "puzzlecam-segmentation"
MAP_STRIDE = 4
"""Picture pixels per cell of `SegmentationModel.tag_maps`, as in CAMs and edges."""


class SegmentationModel:
    """Computes the class logits of a picture's pixels, and maps of its tags.

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

    def tag_maps(
        self,
        image_rgb: RgbImage,
        class_indices: Sequence[int],
        *,
        scales: Sequence[float],
        flip: bool = True,
        max_side: int = 512,
    ) -> Maps:
        """How likely each tagged class is, compared with background: the prediction held to the tags.

        Classes without a tag are ruled out: with the probabilities p of background (0) and of the K tags,
        averaged over scales and mirror images, a map is p_k / (p_k + p_0).

        Args:
            image_rgb: uint8 (H, W, 3), any size.
            class_indices: mask index 1 .. C of each of the K classes; may be empty.
            scales, flip, max_side: as for `logits`.

        Returns:
            float32 (K, h, w) in [0, 1] at stride 4 of the size-limited picture, spanning it.

        Raises:
            ValueError: the picture is not a uint8 RGB array.
        """
        check_rgb(image_rgb)
        base = limited_size(image_rgb.shape[0], image_rgb.shape[1], max_side)
        grid = (-(-base[0] // MAP_STRIDE), -(-base[1] // MAP_STRIDE))
        if not class_indices:
            return np.zeros((0, *grid), dtype=np.float32)
        asked = [0, *class_indices]
        total = torch.zeros((len(asked), *grid), device=self.device.device)
        for scale in scales:
            views = run_on_views(
                self._network, image_rgb, scaled_size(*base, scale), self._spec, self.device, flip=flip
            )
            shares = views[:, asked].softmax(dim=1).mean(dim=0, keepdim=True)
            total += functional.interpolate(shares, size=grid, mode="bilinear", align_corners=False)[0]
        maps = total[1:] / (total[1:] + total[:1]).clamp(min=torch.finfo(torch.float32).tiny)
        return np.asarray(maps.cpu().numpy(), dtype=np.float32)


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
