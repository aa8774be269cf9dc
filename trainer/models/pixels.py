"""The trained pixel classifier: stored with all that its use needs, and run on pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from trainer.config import PixelsConfig, Recipe
from trainer.data.transforms import RgbImage, check_rgb, limited_size, scaled_size
from trainer.machine.device import DeviceChoice, choose_device
from trainer.models.inference import placed_for_inference, run_on_views
from trainer.nn.encoders import build_encoder
from trainer.nn.pixels import PixelNetwork
from trainer.run.checkpoints import CheckpointError, load_tensors, save_tensors
from trainer.run.map_storage import Maps

KIND = "puzzlecam-pixels"


class PixelModel:
    """Makes the maps of a picture's tags from the class probabilities of its pixels.

    Attributes:
        class_names: the classes; the name at position k has mask index k + 1.
        device: where it runs.
    """

    def __init__(
        self, network: PixelNetwork, class_names: Sequence[str], config: PixelsConfig, device: DeviceChoice
    ) -> None:
        self.class_names = tuple(class_names)
        self.device = device
        self._config = config
        self._spec = network.encoder.spec
        self._network = network
        placed_for_inference(network, device)

    def maps(self, image_rgb: RgbImage, class_indices: Sequence[int], grid_size: tuple[int, int]) -> Maps:
        """How likely each tagged class is, compared with background.

        Classes without a tag are ruled out: with the probabilities p of background (0) and of the K tags, a
        map is p_k / (p_k + p_0). Above 0.5 a class is more likely than background, and the class with the
        highest map is the most likely one.

        Args:
            image_rgb: uint8 (H, W, 3), any size.
            class_indices: mask index 1 .. C of each of the K classes; may be empty.
            grid_size: (h, w) of the maps, which span the picture.

        Returns:
            float32 (K, h, w) in [0, 1].

        Raises:
            ValueError: the picture is not a uint8 RGB array.
        """
        check_rgb(image_rgb)
        if not class_indices:
            return np.zeros((0, *grid_size), dtype=np.float32)
        base = limited_size(image_rgb.shape[0], image_rgb.shape[1], self._config.max_side)
        asked = [0, *class_indices]
        total = torch.zeros((len(asked), *grid_size), device=self.device.device)
        for scale in self._config.scales:
            views = run_on_views(
                self._network,
                image_rgb,
                scaled_size(*base, scale),
                self._spec,
                self.device,
                flip=self._config.flip,
            )
            probabilities = views[:, asked].softmax(dim=1).mean(dim=0, keepdim=True)
            total += _on_grid(probabilities, grid_size)[0]
        maps = total[1:] / (total[1:] + total[:1]).clamp(min=torch.finfo(torch.float32).tiny)
        return np.asarray(maps.cpu().numpy(), dtype=np.float32)


def save_pixel_network(path: Path, network: PixelNetwork, recipe: Recipe, class_names: Sequence[str]) -> None:
    """Store a trained network and its encoder with all that `load_pixel_model` needs."""
    header = {
        "backbone": recipe.backbone.name,
        "output_stride": network.encoder.output_stride,
        "class_names": list(class_names),
        "config": recipe.pixels.model_dump(mode="json"),
        "recipe": recipe.name,
        "seed": recipe.seed,
    }
    save_tensors(path, KIND, header, network.state_dict())


def load_pixel_model(path: Path, device: DeviceChoice | str | None = None) -> PixelModel:
    """Read a stored network.

    Args:
        path: what `save_pixel_network` wrote.
        device: a choice made before, "cpu" or "cuda", or None to let `choose_device` decide.

    Raises:
        CheckpointError: the file is missing, damaged, or not a pixel classifier of this version.
    """
    stored = load_tensors(path, KIND)
    header = stored.header
    try:
        class_names = tuple(header["class_names"])
        config = PixelsConfig.model_validate(header["config"])
        encoder = build_encoder(header["backbone"], output_stride=header["output_stride"])
        network = PixelNetwork(encoder, len(class_names) + 1)
        network.load_state_dict(stored.tensors)
    except (KeyError, RuntimeError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise CheckpointError(
            f"The weights in {path} do not match its header ({reason}); train it again."
        ) from error
    choice = device if isinstance(device, DeviceChoice) else choose_device(device)
    return PixelModel(network, class_names, config, choice)


def _on_grid(maps: Tensor, size: tuple[int, int]) -> Tensor:
    return functional.interpolate(maps, size=size, mode="bilinear", align_corners=False)
