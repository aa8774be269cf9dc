"""What AffinityNet learns from: confident labels, and pairs of neighbouring cells (Ahn and Kwak 2018).

The edge branch predicts an edge per cell; the affinity of two cells is one minus the strongest edge between
them. Pairs of one label should have affinity 1, pairs of two labels 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trainer.data.transforms import RgbImage, check_rgb
from trainer.masks.crf import CrfConfig, crf_available
from trainer.masks.image_crf import ImageCrf
from trainer.masks.pair_terms import PairBackend
from trainer.masks.pseudo_labels import VOID, threshold_labels
from trainer.masks.stencil import Stencil, half_disc
from trainer.run.map_storage import Maps


def confident_labels(
    image_rgb: RgbImage,
    maps_khw: Maps,
    class_indices: tuple[int, ...],
    *,
    foreground_threshold: float = 0.40,
    background_threshold: float = 0.10,
    crf: CrfConfig | None = None,
) -> NDArray[np.uint8]:
    """Label the pixels on which a strict and a lenient threshold agree, each refined by a dense CRF.

    Args:
        image_rgb: uint8 (H, W, 3).
        maps_khw: CAMs, float32 (K, h, w) in [0, 1] that span the picture.
        class_indices: mask index 1 .. 254 of each of the K classes.
        foreground_threshold: strict, in [0, 1]; pixels with a CAM above it show an object.
        background_threshold: lenient, in [0, 1]; pixels without a CAM above it are background.
        crf: constants of the CRF; without pydensecrf2 the thresholds alone decide.

    Returns:
        uint8 (H, W): class index where the strict threshold finds an object, 0 where even the lenient one
        finds none, 255 elsewhere.

    Raises:
        ValueError: the picture is not a uint8 RGB array.
    """
    check_rgb(image_rgb)
    size = (image_rgb.shape[0], image_rgb.shape[1])
    strict, lenient = (
        threshold_labels(maps_khw, threshold, size)
        for threshold in (foreground_threshold, background_threshold)
    )
    if crf_available().available:
        picture = ImageCrf(image_rgb, len(class_indices) + 1, crf)
        strict, lenient = picture.refine_labels(strict), picture.refine_labels(lenient)
    table = np.array([VOID, *class_indices], dtype=np.uint8)
    labels = table[strict]
    labels[(strict == 0) & (lenient == 0)] = 0
    return labels


def affinity_loss(edges_nhw: Tensor, labels_nhw: Tensor, radius: int = 10) -> dict[str, Tensor]:
    """The loss of AffinityNet over all pairs of cells closer than `radius` whose labels are both known.

    Args:
        edges_nhw: (N, h, w) in [0, 1], after the sigmoid.
        labels_nhw: integers (N, h, w), 0 background, 255 void.
        radius: in cells.

    Returns:
        "loss", differentiable, and its terms "same_background", "same_object" and "different"; means over the
        pairs of all N pictures.
    """
    loss, *terms = _PairLoss.apply(edges_nhw.float(), labels_nhw, half_disc(radius))
    names = ("same_background", "same_object", "different")
    return {"loss": loss, **dict(zip(names, terms, strict=True))}


class _PairLoss(torch.autograd.Function):
    """Loss and gradient in one pass over the pairs, whose affinities would fill gigabytes."""

    @staticmethod
    def forward(ctx: Any, edges_nhw: Tensor, labels_nhw: Tensor, stencil: Stencil) -> tuple[Tensor, ...]:
        terms = _backend(edges_nhw.device)(edges_nhw, labels_nhw, stencil)
        ctx.save_for_backward(terms.gradient_nhw)
        parts = [
            edges_nhw.new_tensor(value)
            for value in (terms.same_background, terms.same_object, terms.different)
        ]
        ctx.mark_non_differentiable(*parts)
        return edges_nhw.new_tensor(terms.loss), *parts

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (gradient_nhw,) = ctx.saved_tensors
        return gradients[0] * gradient_nhw, None, None


def _backend(device: torch.device) -> PairBackend:
    if device.type == "cpu":
        try:
            from trainer.masks.backends import affinity_numba
        except ImportError:
            pass  # numba supports new versions of Python late; torch does the same more slowly.
        else:
            return affinity_numba.pair_terms
    from trainer.masks.backends import affinity_torch

    return affinity_torch.pair_terms
