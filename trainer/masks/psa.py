"""What AffinityNet of 2018 learns from, and the affinities that its walk uses (Ahn and Kwak, CVPR 2018).

The edge branch of IRNet, which a run trains unless it says otherwise, is in `trainer.masks.affinity`.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from trainer.data.transforms import RgbImage, check_rgb
from trainer.masks.crf import CrfConfig, crf_available
from trainer.masks.image_crf import ImageCrf
from trainer.masks.pair_terms import EPSILON
from trainer.masks.pseudo_labels import VOID
from trainer.masks.stencil import half_disc
from trainer.masks.upsampling import strongest_map
from trainer.nn.psa import feature_affinity
from trainer.run.map_storage import Maps


def background_map(maps_khw: Maps, power: float) -> Maps:
    """The background's own map, (1 - max over the classes) ** power: float32 (1, h, w) in [0, 1]."""
    strongest = maps_khw.max(axis=0, initial=0.0, keepdims=True)
    background: Maps = ((1.0 - strongest).clip(0.0, 1.0) ** power).astype(np.float32)
    return background


def agreed_labels(
    image_rgb: RgbImage,
    maps_khw: Maps,
    class_indices: tuple[int, ...],
    *,
    low_power: float = 4.0,
    high_power: float = 32.0,
    crf: CrfConfig | None = None,
) -> NDArray[np.uint8]:
    """Label the pixels on which a strong and a weak background agree, each refined by a dense CRF.

    Args:
        image_rgb: uint8 (H, W, 3).
        maps_khw: CAMs, float32 (K, h, w) in [0, 1] that span the picture.
        class_indices: mask index 1 .. 254 of each of the K classes.
        low_power: exponent of the strong background (`background_map`); what is no background even here is an
            object.
        high_power: exponent of the weak background; what is background even here is background.
        crf: constants of the CRF; without pydensecrf2 the maps alone decide.

    Returns:
        uint8 (H, W): class index, 0 for background, 255 where they disagree.

    Raises:
        ValueError: the picture is not a uint8 RGB array.
    """
    check_rgb(image_rgb)
    maps = [np.concatenate((background_map(maps_khw, power), maps_khw)) for power in (low_power, high_power)]
    if crf_available().available:
        picture = ImageCrf(image_rgb, len(class_indices) + 1, crf or AFFINITY_CRF)
        low, high = (picture.refine_maps(each) for each in maps)
    else:
        low, high = (strongest_map(each, (image_rgb.shape[0], image_rgb.shape[1])) for each in maps)
    labels = np.array([VOID, *class_indices], dtype=np.uint8)[low]
    labels[(low == 0) & (high == 0)] = 0
    return labels


AFFINITY_CRF = CrfConfig(bilateral_sxy_px=80.0, bilateral_srgb=13.0)
"""The constants of the authors' CRF."""


def pair_affinities(features_chw: Tensor, radius: int) -> Maps:
    """Affinity of every cell with its neighbours.

    Args:
        features_chw: (C, h, w).
        radius: in cells; O offsets of `trainer.masks.stencil.half_disc` are shorter.

    Returns:
        float32 (O, h, w); cell i holds the affinity of i and i + offset, 0 where that leaves the grid.
    """
    stencil = half_disc(radius)
    height, width = features_chw.shape[-2:]
    affinities = features_chw.new_zeros((len(stencil.offsets), height, width))
    for pairs in stencil.pairs(height, width):
        first, second = (features_chw[:, *where][None] for where in (pairs.first, pairs.second))
        affinities[pairs.number, *pairs.first] = feature_affinity(first, second)[0]
    array: Maps = affinities.float().cpu().numpy()
    return array


def psa_loss(features_nchw: Tensor, labels_nhw: Tensor, radius: int = 5) -> dict[str, Tensor]:
    """Equation 4: 1/4 pairs of background + 1/4 pairs of one class + 1/2 pairs of two labels.

    Args:
        features_nchw: (N, C, h, w).
        labels_nhw: integers (N, h, w), 0 background, 255 void.
        radius: in cells; closer pairs count.

    Returns:
        "loss" and its terms "same_background", "same_object" and "different"; means over the pairs of all N
        pictures.
    """
    sums, counts = features_nchw.new_zeros(3), features_nchw.new_zeros(3)
    for pairs in half_disc(radius).pairs(*features_nchw.shape[-2:]):
        first, second = labels_nhw[:, *pairs.first], labels_nhw[:, *pairs.second]
        is_known, is_same = (first != VOID) & (second != VOID), first == second
        kinds = torch.stack(
            [is_known & is_same & (first == 0), is_known & is_same & (first > 0), is_known & ~is_same]
        ).float()
        # The differences of all channels would fill gigabytes, so the backward pass computes them again.
        sums = sums + checkpoint(
            _pair_sums,
            features_nchw[..., *pairs.first],
            features_nchw[..., *pairs.second],
            kinds,
            use_reentrant=False,
        )
        counts = counts + kinds.sum(dim=(1, 2, 3))
    background, same, different = sums / (counts + EPSILON)
    return {
        "loss": 0.25 * background + 0.25 * same + 0.5 * different,
        "same_background": background,
        "same_object": same,
        "different": different,
    }


def _pair_sums(first: Tensor, second: Tensor, kinds: Tensor) -> Tensor:
    affinity = feature_affinity(first, second)
    attraction, repulsion = -(affinity + EPSILON).log(), -(1.0 + EPSILON - affinity).log()
    return (torch.stack([attraction, attraction, repulsion]) * kinds).sum(dim=(1, 2, 3))
