"""The views of a picture that CAMs are made from, and how their maps get onto one grid."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from trainer.cams.classifier import CamClassifier, cell_maps
from trainer.cams.config import CamConfig
from trainer.data.transforms import (
    RgbImage,
    check_rgb,
    limited_size,
    normalized_tensor,
    resize_image,
    scaled_size,
)
from trainer.nn import puzzle
from trainer.nn.classifier import ClassWeights

GRID_STRIDE = 4
"""Pixels of the (size-limited) picture per cell of the maps; fine enough for random walk and display."""


class PictureViews:
    """The scaled, mirrored and tiled views of one picture, whose maps are resampled onto one grid."""

    def __init__(self, classifier: CamClassifier, image_rgb: RgbImage, config: CamConfig) -> None:
        """Args:
            classifier: computes the features.
            image_rgb: uint8 (H, W, 3), any size from 1 x 1.
            config: sizes, flip and tiles.

        Raises:
            ValueError: the picture is not a uint8 RGB array.
        """
        check_rgb(image_rgb)
        self.classifier = classifier
        self.config = config
        self._image_rgb = image_rgb
        self._size = limited_size(image_rgb.shape[0], image_rgb.shape[1], config.max_side)
        self._grid_size = (-(-self._size[0] // GRID_STRIDE), -(-self._size[1] // GRID_STRIDE))
        # Whole and tiled maps compare cell by cell only if both come from the same padded picture.
        self._multiple = classifier.output_stride * config.tiles_per_side
        self._scaled: dict[float, RgbImage] = {}

    def resize(self) -> None:
        """Resize the picture to all scales now, on this thread, and keep what `inputs` would resize."""
        for scale in self.config.scales:
            self._scaled[scale] = resize_image(self._image_rgb, self._scaled_size(scale))

    def inputs(self, scale: float, device: torch.device | None = None) -> Tensor:
        """What the network sees of the picture (and its mirror image) at a scale: (1 or 2, 3, H, W), padded.

        Args:
            scale: of the picture.
            device: where it is normalised and padded; a CPU when None.
        """
        return puzzle.pad_to_multiple(self._batch(scale, device), self._multiple)

    def input_size(self, scale: float) -> tuple[int, int]:
        """Height and width of `inputs`."""
        height, width = (side + -side % self._multiple for side in self._scaled_size(scale))
        return height, width

    def features(self, scale: float) -> Tensor:
        """Features (1 or 2, C, h, w) of the picture (and its mirror image) at a scale, padding included."""
        return self.classifier.features(self.inputs(scale))

    def tiled_features(self) -> Tensor:
        """Features of the tiles at scale 1, merged: same shape as `features(1.0)`."""
        n = self.config.tiles_per_side
        tiles = puzzle.tile(self._batch(1.0), n, multiple=self.classifier.output_stride)
        return puzzle.merge(self.classifier.features(tiles), n)

    def cropped(self, features: Tensor, scale: float) -> Tensor:
        """Features without the cells that lie wholly in the padding."""
        height, width = self._cell_count(scale)
        return features[..., :height, :width]

    def maps(self, features: Tensor, weights: ClassWeights, scale: float) -> Tensor:
        """Equation 1, averaged over picture and mirror image: (K, grid height, grid width), unbounded."""
        return self.view_maps(features, weights, scale).mean(dim=0)

    def view_maps(self, features: Tensor, weights: ClassWeights, scale: float) -> Tensor:
        """Equation 1 of each view on the grid, the mirror image flipped back: (1 or 2, K, h, w), signed."""
        maps = cell_maps(weights, features)
        if maps.shape[1] == 0:
            return features.new_zeros((len(features), 0, *self._grid_size))
        return self._resampled_views(maps, scale, self._grid_size)

    def cells(self, features: Tensor, scale: float) -> Tensor:
        """Features averaged over picture and mirror image: (C, h, w) cells that span the picture exactly."""
        return self._resampled_views(features, scale, self._cell_count(scale)).mean(dim=0)

    def on_grid(self, cells: Tensor, scale: float) -> Tensor:
        """Maps (1 or 2, K, h, w) of the padded picture at a scale, of any stride, on the grid of the CAMs."""
        height, width = self._scaled_size(scale)
        padded = (height + -height % self._multiple, width + -width % self._multiple)
        return torch.cat(
            [
                _resample(one[None], (height, width), padded, self._grid_size, is_mirrored=index == 1)
                for index, one in enumerate(cells)
            ]
        )

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the picture at scale 1, without padding."""
        return self._size

    def tile_share(self) -> tuple[float, float]:
        """Height and width of a tile as shares of the picture: 1 / n, or more where the picture is padded."""
        n = self.config.tiles_per_side
        height, width = (side + -side % self._multiple for side in self._size)
        return height / n / self._size[0], width / n / self._size[1]

    def _resampled_views(self, cells: Tensor, scale: float, size: tuple[int, int]) -> Tensor:
        stride = self.classifier.output_stride
        padded = (cells.shape[-2] * stride, cells.shape[-1] * stride)
        views = [
            _resample(
                cells[index : index + 1], self._scaled_size(scale), padded, size, is_mirrored=index == 1
            )
            for index in range(cells.shape[0])
        ]
        return torch.cat(views)

    def _cell_count(self, scale: float) -> tuple[int, int]:
        stride = self.classifier.output_stride
        height, width = self._scaled_size(scale)
        return -(-height // stride), -(-width // stride)

    def _scaled_size(self, scale: float) -> tuple[int, int]:
        return scaled_size(*self._size, scale)

    def _batch(self, scale: float, device: torch.device | None = None) -> Tensor:
        scaled = self._scaled.get(scale)
        if scaled is None:
            scaled = resize_image(self._image_rgb, self._scaled_size(scale))
        image = normalized_tensor(scaled, *self.classifier.mean_std, device)
        return torch.cat([image, image.flip(-1)]) if self.config.flip else image


def _resample(
    maps: Tensor,
    size: tuple[int, int],
    padded: tuple[int, int],
    grid_size: tuple[int, int],
    *,
    is_mirrored: bool,
) -> Tensor:
    """Resample maps bilinearly onto a grid that spans exactly their unpadded part, flipped back if mirrored.

    Interpolating the padded map to the picture's size would shift the far edges by up to a stride.
    """
    share_y, share_x = size[0] / padded[0], size[1] / padded[1]
    sign = -1.0 if is_mirrored else 1.0
    affine = maps.new_tensor([[[sign * share_x, 0.0, share_x - 1.0], [0.0, share_y, share_y - 1.0]]])
    grid = functional.affine_grid(affine, [1, maps.shape[1], *grid_size], align_corners=False)
    return functional.grid_sample(maps, grid, mode="bilinear", padding_mode="border", align_corners=False)
