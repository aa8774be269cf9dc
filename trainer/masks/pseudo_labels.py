"""From class activation maps to a pseudo-mask: background threshold, argmax, dense CRF, no specks."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from trainer.cams.compute import CamResult
from trainer.data.transforms import RgbImage, check_rgb
from trainer.masks.crf import CrfConfig, crf_available
from trainer.masks.image_crf import ImageCrf
from trainer.masks.pieces import drop_small_pieces
from trainer.run.map_storage import Maps
from trainer.setting_types import DEFAULT_MIN_PIECE_SHARE, BackgroundThreshold, MinPieceShare, UseCrf

BACKGROUND = 0
VOID = 255


class PseudoLabelConfig(BaseModel):
    """How maps become a mask."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    background_threshold: BackgroundThreshold = 0.45
    use_crf: UseCrf = True
    crf: CrfConfig = Field(default_factory=CrfConfig, description="Constants of the dense CRF.")
    min_piece_share: MinPieceShare = DEFAULT_MIN_PIECE_SHARE


def pseudo_label(
    image_rgb: RgbImage,
    cams: CamResult | Maps,
    class_indices: Sequence[int],
    config: PseudoLabelConfig | None = None,
    image_crf: ImageCrf | None = None,
) -> NDArray[np.uint8]:
    """The last mask of `pseudo_label_steps` without small pieces, uint8 (H, W); same arguments and errors."""
    config = config or PseudoLabelConfig()
    mask = pseudo_label_steps(image_rgb, cams, class_indices, config, image_crf)[1]
    return drop_small_pieces(mask, config.min_piece_share)


def pseudo_label_steps(
    image_rgb: RgbImage,
    cams: CamResult | Maps,
    class_indices: Sequence[int],
    config: PseudoLabelConfig | None = None,
    image_crf: ImageCrf | None = None,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Make the pseudo-mask of a picture, before and after the dense CRF; small pieces are still in both.

    Args:
        image_rgb: uint8 (H, W, 3).
        cams: a `CamResult` (its multi-scale maps are used) or maps (K, h, w) in [0, 1] that span the picture.
        class_indices: mask index 1 .. 254 of each of the K classes.
        config: defaults when None.
        image_crf: the CRF of this picture for K + 1 labels, to reuse its lattices; None makes a new one.

    Returns:
        Two masks uint8 (H, W): 0 for background, else one of `class_indices`. If the CRF is off or
        pydensecrf2 is not installed, both are the thresholded mask.

    Raises:
        ValueError: the picture is not a uint8 RGB array, the number of indices is not K, an index is out of
            range, or `image_crf` has other labels or kernels.
    """
    config = config or PseudoLabelConfig()
    check_rgb(image_rgb)
    maps_khw = cams.cams_khw if isinstance(cams, CamResult) else cams
    _check_indices(class_indices, maps_khw.shape[0])
    labels = threshold_labels(maps_khw, config.background_threshold, (image_rgb.shape[0], image_rgb.shape[1]))
    table = np.array([BACKGROUND, *class_indices], dtype=np.uint8)
    thresholded = table[labels]
    if not (config.use_crf and crf_available().available):
        return thresholded, thresholded
    crf = image_crf or ImageCrf(image_rgb, len(class_indices) + 1, config.crf)
    return thresholded, table[crf.refine_labels(labels, config.crf)]


def threshold_labels(maps_khw: Maps, background_threshold: float, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Label map uint8 (H, W): 0 where no map exceeds the threshold, else 1 + the strongest map's position.

    Maps are up-sampled bilinearly one at a time, so that 12-megapixel pictures with many tags fit in memory.
    """
    labels = np.zeros(size, dtype=np.uint8)
    best = np.full(size, background_threshold, dtype=np.float32)
    for position, plane in enumerate(maps_khw, start=1):
        candidate = cv2.resize(
            np.ascontiguousarray(plane, dtype=np.float32), (size[1], size[0]), interpolation=cv2.INTER_LINEAR
        )
        wins = candidate > best
        labels[wins] = position
        np.maximum(best, candidate, out=best)
    return labels


def salient_maps(maps_khw: Maps, saliency_hw: Maps | None, threshold: float) -> Maps:
    """The maps, 0 in cells that do not stand out, so that these become background.

    Args:
        maps_khw: float32 (K, h, w) in [0, 1].
        saliency_hw: float32 (H, W) in [0, 1], averaged over each cell; None changes nothing.
        threshold: a cell whose saliency is below it does not stand out.
    """
    if saliency_hw is None:
        return maps_khw
    size = (maps_khw.shape[2], maps_khw.shape[1])
    cells = cv2.resize(np.ascontiguousarray(saliency_hw, np.float32), size, interpolation=cv2.INTER_AREA)
    return np.asarray(maps_khw * (cells >= threshold), dtype=np.float32)


def _check_indices(class_indices: Sequence[int], class_count: int) -> None:
    if len(class_indices) != class_count:
        raise ValueError(f"There are maps of {class_count} classes, but {len(class_indices)} class indices.")
    for index in class_indices:
        if not BACKGROUND < index < VOID:
            raise ValueError(f"Class index {index} is out of range: classes are 1 to 254.")
