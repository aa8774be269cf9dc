"""Features of a picture from an ImageNet network, for `trainer.interactive.segmenter`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from trainer.config import BackboneConfig
from trainer.data.transforms import RgbImage, limited_size
from trainer.machine.device import DeviceChoice, choose_device
from trainer.models.inference import placed_for_inference, run_on_views
from trainer.nn.encoders import Encoder
from trainer.nn.puzzle import pad_to_multiple
from trainer.pretrained.encoders import load_encoder

_STAGE = 3
"""The fourth of five stages, stride 16: the fifth tells classes apart rather than materials."""


class PictureFeatures:
    """Callable: uint8 (H, W, 3) -> float32 (C, h, w), spanning the picture to within a cell."""

    def __init__(
        self, encoder: Encoder, device: DeviceChoice | str | None = None, *, max_side: int = 512
    ) -> None:
        self._device = device if isinstance(device, DeviceChoice) else choose_device(device)
        self._spec = encoder.spec
        self._max_side = max_side
        self._network = _OneStage(encoder)
        placed_for_inference(self._network, self._device)

    def __call__(self, image_rgb: RgbImage) -> NDArray[np.float32]:
        """Features of the picture, reduced until no side exceeds `max_side` pixels; see the class."""
        size = limited_size(image_rgb.shape[0], image_rgb.shape[1], self._max_side)
        features = run_on_views(self._network, image_rgb, size, self._spec, self._device, flip=False)[0]
        return np.asarray(features.cpu().numpy(), dtype=np.float32)


def load_features(device: DeviceChoice | str | None = None, backbone: str = "lite0") -> PictureFeatures:
    """Features of an ImageNet network.

    Raises:
        EncoderError: its weights cannot be found.
    """
    return PictureFeatures(load_encoder(BackboneConfig(name=backbone)), device)


class _OneStage(nn.Module):
    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, images: Tensor) -> Tensor:
        height, width = images.shape[-2:]
        stride = self.encoder.stage_strides[_STAGE]
        padded = pad_to_multiple(images, max(self.encoder.stage_strides))
        features = self.encoder.stages(padded)[_STAGE]
        return features[..., : -(-height // stride), : -(-width // stride)]
