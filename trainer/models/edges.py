"""The trained edge branch, or AffinityNet: stored with all that its use needs, and run on pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import ValidationError
from torch.nn import functional

from trainer.config import PsaConfig, Recipe
from trainer.data.transforms import RgbImage, check_rgb
from trainer.machine.device import DeviceChoice, choose_device
from trainer.masks.psa import pair_affinities
from trainer.masks.stencil import half_disc
from trainer.masks.walked_maps import Barriers, PairAffinities
from trainer.models.inference import placed_for_inference, run_on_views
from trainer.nn.affinity import EDGE_STRIDE, EdgeNetwork
from trainer.nn.encoders import build_encoder
from trainer.nn.psa import PsaNetwork
from trainer.run.checkpoints import CheckpointError, load_tensors, save_tensors
from trainer.run.map_storage import Maps

KIND = "puzzlecam-affinity"
_PSA = "psa"
_DISPLACEMENT = "displacement"


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

    @property
    def has_displacements(self) -> bool:
        """Whether the displacement branch was trained too."""
        return self._network.displacement is not None

    def displacements(self, image_rgb: RgbImage, grid_size: tuple[int, int]) -> NDArray[np.float32]:
        """Where the object's centroid lies, seen from each cell: of the unmirrored picture alone.

        Args:
            image_rgb, grid_size: as for `edges`.

        Returns:
            float32 (2, h, w), (dy, dx) in cells.

        Raises:
            ValueError: the picture is not a uint8 RGB array, or there is no displacement branch.
        """
        check_rgb(image_rgb)
        size = (grid_size[0] * EDGE_STRIDE, grid_size[1] * EDGE_STRIDE)
        found = run_on_views(self._network.field, image_rgb, size, self._spec, self.device, flip=False)
        return np.asarray(found[0].cpu().numpy(), dtype=np.float32)

    def barriers(self, image_rgb: RgbImage, grid_size: tuple[int, int], radius: int) -> Barriers:  # noqa: ARG002
        """What guides the walk on the grid of the CAMs: the `edges`."""
        return self.edges(image_rgb, grid_size)


class PsaModel:
    """Affinities of neighbouring cells, for the random walk (AffinityNet of 2018).

    Attributes:
        device: where it runs.
    """

    def __init__(self, network: PsaNetwork, config: PsaConfig, device: DeviceChoice) -> None:
        self.device = device
        self._spec = network.encoder.spec
        self._network = network
        self._config = config
        placed_for_inference(network, device)

    has_displacements = False

    def edges(self, image_rgb: RgbImage, grid_size: tuple[int, int]) -> NDArray[np.float32]:
        """Where neighbouring cells differ: one minus the mean affinity with the four neighbours.

        The walk uses `barriers`; this is for looking, and for tools that need edges. Arguments, result and
        errors as for `EdgeModel.edges`.
        """
        affinities = self._affinities(image_rgb, grid_size, _NEIGHBOURS)
        _, height, width = affinities.shape
        apart = np.zeros((height, width), np.float32)
        counts = np.zeros_like(apart)
        for pairs in half_disc(_NEIGHBOURS).pairs(height, width):
            if abs(pairs.offset[0]) + abs(pairs.offset[1]) == 1:
                for cells in (pairs.first, pairs.second):
                    apart[cells] += 1.0 - affinities[pairs.number, *pairs.first]
                    counts[cells] += 1.0
        mean = torch.from_numpy(apart / counts.clip(min=1.0))[None, None]
        fine = functional.interpolate(mean, size=grid_size, mode="bilinear", align_corners=False)
        return np.asarray(fine[0, 0].clamp(0.0, 1.0).numpy(), dtype=np.float32)

    def barriers(self, image_rgb: RgbImage, grid_size: tuple[int, int], radius: int) -> Barriers:
        """Affinities of all pairs of cells of eight pixels that are closer than `radius` cells.

        Args:
            image_rgb: uint8 (H, W, 3), any size.
            grid_size: (h, w) of the CAMs.
            radius: in cells of eight pixels.

        Raises:
            ValueError: the picture is not a uint8 RGB array.
        """
        return PairAffinities(self._affinities(image_rgb, grid_size, radius), self._config.walk_power)

    def _affinities(self, image_rgb: RgbImage, grid_size: tuple[int, int], radius: int) -> Maps:
        check_rgb(image_rgb)
        size = (grid_size[0] * EDGE_STRIDE, grid_size[1] * EDGE_STRIDE)
        features = run_on_views(self._network, image_rgb, size, self._spec, self.device, flip=False)
        return pair_affinities(features[0], radius)


_NEIGHBOURS = 2
"""The radius that contains the four neighbours."""

WalkModel = EdgeModel | PsaModel
"""What a run trained to guide the walk."""


def save_edge_network(path: Path, network: EdgeNetwork | PsaNetwork, recipe: Recipe) -> None:
    """Store a trained edge branch or AffinityNet, and its encoder, with all that `load_edge_model` needs."""
    header: dict[str, Any] = {
        "backbone": recipe.backbone.name,
        "output_stride": network.encoder.output_stride,
        "recipe": recipe.name,
        "seed": recipe.seed,
    }
    if isinstance(network, EdgeNetwork) and network.displacement is not None:
        header[_DISPLACEMENT] = True
    if isinstance(network, PsaNetwork):
        header[_PSA] = recipe.affinity.psa.model_dump(mode="json")
    save_tensors(path, KIND, header, network.state_dict())


def load_edge_model(path: Path, device: DeviceChoice | str | None = None) -> WalkModel:
    """Read a stored edge branch or AffinityNet.

    Args:
        path: what `save_edge_network` wrote.
        device: a choice made before, "cpu" or "cuda", or None to let `choose_device` decide.

    Raises:
        CheckpointError: the file is missing, damaged, or not an edge branch of this version.
    """
    stored = load_tensors(path, KIND)
    choice = device if isinstance(device, DeviceChoice) else choose_device(device)
    try:
        encoder = build_encoder(stored.header["backbone"], output_stride=stored.header["output_stride"])
        if _PSA in stored.header:
            affinity_net = PsaNetwork(encoder)
            affinity_net.load_state_dict(stored.tensors)
            return PsaModel(affinity_net, PsaConfig.model_validate(stored.header[_PSA]), choice)
        network = EdgeNetwork(encoder, displacement=bool(stored.header.get(_DISPLACEMENT, False)))
        network.load_state_dict(stored.tensors)
    except (KeyError, RuntimeError, ValidationError) as error:
        reason = str(error).partition("\n")[0]
        raise CheckpointError(
            f"The weights in {path} do not match its header ({reason}); train it again."
        ) from error
    return EdgeModel(network, choice)
