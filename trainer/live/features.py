"""Features of a picture's cells from a frozen ImageNet network: what the live model compares."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from trainer.cams.trained import load_classifier
from trainer.config import BackboneConfig
from trainer.contract import CLASSIFY
from trainer.data.transforms import RgbImage, check_rgb, limited_size
from trainer.machine.device import DeviceChoice, choose_device
from trainer.models.inference import placed_for_inference, run_on_views
from trainer.nn.encoders import Encoder, weights_hash
from trainer.nn.puzzle import pad_to_multiple
from trainer.pretrained.encoders import load_encoder
from trainer.run.directory import RunDir

CELL_PX = 16
"""Pixels of the (size-limited) picture for each cell."""

MAX_SIDE_PX = 512
"""Larger pictures are reduced to this longer side before the features are computed."""

_STAGES = (3, 4)
"""The last two of five stages. With the earlier or the last 1x1 features, fewer pixels were right."""

_VERSION = 1
"""Raise it when the arithmetic changes, so that stored evidence is computed again."""


@dataclass(frozen=True, eq=False)
class CellFeatures:
    """Features of the cells of one picture.

    Attributes:
        values_hwd: float16 (h, w, D): each stage has length 1, so the vector has length sqrt(2).
        image_size: (height, width) of the picture in pixels.
    """

    values_hwd: NDArray[np.float16]
    image_size: tuple[int, int]

    @property
    def limited_size(self) -> tuple[int, int]:
        """(height, width) of the picture after the reduction; cells are `CELL_PX` of its pixels wide."""
        return limited_size(*self.image_size, MAX_SIDE_PX)


class LiveEncoder:
    """Callable: picture -> `CellFeatures`. Safe to call from several threads; one picture at a time.

    It always computes in float32, so that the features of two machines agree to rounding.

    Attributes:
        identity: architecture, weights and arithmetic; equal identities compute equal features.
    """

    def __init__(self, encoder: Encoder, device: DeviceChoice | str | None = None) -> None:
        """Take an encoder over: it is placed on the device and can no longer be trained.

        Args:
            encoder: with weights; its last stage must have stride `CELL_PX`.
            device: a choice made before, a name, or None to let `choose_device` decide.
        """
        choice = device if isinstance(device, DeviceChoice) else choose_device(device)
        self._device = DeviceChoice(choice.device, torch.float32, choice.reason)
        self._spec = encoder.spec
        self.identity = f"live-v{_VERSION}/{encoder.spec.architecture}-{weights_hash(encoder)}"
        self._network = _DeepStages(encoder)
        placed_for_inference(self._network, self._device)
        self._computing = threading.Lock()

    def __call__(self, image_rgb: RgbImage) -> CellFeatures:
        """Features of a picture, uint8 (H, W, 3) of any size.

        Raises:
            ValueError: the picture is not a uint8 RGB array.
        """
        check_rgb(image_rgb)
        size = limited_size(image_rgb.shape[0], image_rgb.shape[1], MAX_SIDE_PX)
        with self._computing:
            features = run_on_views(self._network, image_rgb, size, self._spec, self._device, flip=False)[0]
        values = features.permute(1, 2, 0).cpu().numpy().astype(np.float16)
        return CellFeatures(values, (image_rgb.shape[0], image_rgb.shape[1]))


def load_live_encoder(device: DeviceChoice | str | None = None, backbone: str = "lite0") -> LiveEncoder:
    """The encoder with ImageNet weights.

    Raises:
        EncoderError: the weights cannot be found.
    """
    return LiveEncoder(load_encoder(BackboneConfig(name=backbone)), device)


def run_live_encoder(run_dir: Path | str, device: DeviceChoice | str | None = None) -> LiveEncoder:
    """The encoder that the classifier of a run has trained.

    Raises:
        CheckpointError: the run has no classifier, or it cannot be read.
    """
    return LiveEncoder(load_classifier(RunDir(run_dir).model_path(CLASSIFY), "cpu").encoder, device)


class _DeepStages(nn.Module):
    """Normalised pictures (N, 3, H, W) -> (N, D, ceil(H / 16), ceil(W / 16)): stages of length 1, stacked."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, images: Tensor) -> Tensor:
        height, width = images.shape[-2:]
        stages = self.encoder.stages(pad_to_multiple(images, max(self.encoder.stage_strides)))
        cells = [functional.normalize(stages[index], dim=1) for index in _STAGES]
        if cells[0].shape[-2:] != cells[1].shape[-2:]:
            raise ValueError("The live model needs an encoder whose last two stages have the same stride.")
        return torch.cat(cells, dim=1)[..., : -(-height // CELL_PX), : -(-width // CELL_PX)]
