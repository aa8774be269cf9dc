"""The trained edge branch: stored with all that its use needs, and run on pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainer.config import Recipe
from trainer.data.transforms import RgbImage, check_rgb
from trainer.machine.device import DeviceChoice, choose_device
from trainer.models.inference import placed_for_inference, run_on_views
from trainer.nn.affinity import EDGE_STRIDE, EdgeNetwork
from trainer.nn.encoders import build_encoder
from trainer.run.checkpoints import CheckpointError, load_tensors, save_tensors

KIND = "puzzlecam-affinity"


class EdgeModel:
    """Edges of pictures, for the random walk.

    Attributes:
        device: where it runs.
    """

    def __init__(self, network: EdgeNetwork, device: DeviceChoice) -> None:
        self.device = device
        self._spec = network.encoder.spec
        self._network = network
        placed_for_inference(network, device)

    def edges(self, image_rgb: RgbImage, grid_size: tuple[int, int]) -> NDArray[np.float32]:
        """Edges of a picture on the grid of its CAMs: sigmoid of the mean logit of picture and mirror image.

        Args:
            image_rgb: uint8 (H, W, 3), any size.
            grid_size: (h, w) of the CAMs. The picture is resampled to four pixels per cell, so that edges and
                CAMs align exactly.

        Returns:
            float32 (h, w) in [0, 1].

        Raises:
            ValueError: the picture is not a uint8 RGB array.
        """
        check_rgb(image_rgb)
        size = (grid_size[0] * EDGE_STRIDE, grid_size[1] * EDGE_STRIDE)
        logits = run_on_views(self._network, image_rgb, size, self._spec, self.device, flip=True)
        return np.asarray(logits.mean(dim=0).sigmoid().cpu().numpy(), dtype=np.float32)


def save_edge_network(path: Path, network: EdgeNetwork, recipe: Recipe) -> None:
    """Store a trained edge branch and its encoder with all that `load_edge_model` needs."""
    header = {
        "backbone": recipe.backbone.name,
        "output_stride": network.encoder.output_stride,
        "recipe": recipe.name,
        "seed": recipe.seed,
    }
    save_tensors(path, KIND, header, network.state_dict())


def load_edge_model(path: Path, device: DeviceChoice | str | None = None) -> EdgeModel:
    """Read a stored edge branch.

    Args:
        path: what `save_edge_network` wrote.
        device: a choice made before, "cpu" or "cuda", or None to let `choose_device` decide.

    Raises:
        CheckpointError: the file is missing, damaged, or not an edge branch of this version.
    """
    stored = load_tensors(path, KIND)
    try:
        network = EdgeNetwork(
            build_encoder(stored.header["backbone"], output_stride=stored.header["output_stride"])
        )
        network.load_state_dict(stored.tensors)
    except (KeyError, RuntimeError) as error:
        reason = str(error).partition("\n")[0]
        raise CheckpointError(
            f"The weights in {path} do not match its header ({reason}); train it again."
        ) from error
    return EdgeModel(network, device if isinstance(device, DeviceChoice) else choose_device(device))
