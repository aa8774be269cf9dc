"""What a class's score rests on: gradient saliency, LayerCAM and EigenCAM beside the CAM.

All are of one view, the picture at scale 1 without its mirror image. The score S_c of a class is its logit,
the mean of its map (paper equation 2).

With global average pooling and a linear head, the gradient of S_c by the features is the same in every cell:
theta_c / (h w). So Grad-CAM, HiResCAM and XGrad-CAM equal the CAM up to a factor there, and are not offered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from trainer.cams.classifier import CamClassifier, GivesGradients
from trainer.cams.config import CamConfig
from trainer.cams.views import PictureViews
from trainer.data.transforms import RgbImage
from trainer.run.map_storage import Maps

LAYERCAM_STAGES = (3, 4)
"""Stages of the backbone that LayerCAM is shown for; the fifth is as coarse as the last features."""


@dataclass(frozen=True, eq=False)
class Explanations:
    """Maps of T tags, float32, 0 or more, not divided by anything; all span the picture exactly.

    Attributes:
        cam_thw: positive part of equation 1, on the grid of the CAMs.
        layercam_thw: `layercam` of the last features, on that grid.
        stages_sthw: the same of the stages `LAYERCAM_STAGES`, with an axis for them.
        eigencam_hw: `eigencam` of the last features; it has no class.
        gradient_thw: `saliency`, for each pixel of the picture as the network gets it.
    """

    cam_thw: Maps
    layercam_thw: Maps
    stages_sthw: Maps
    eigencam_hw: Maps
    gradient_thw: Maps


def explain(
    classifier: CamClassifier, image_rgb: RgbImage, tags: Sequence[str], config: CamConfig
) -> Explanations | None:
    """Compute all maps of a picture: one forward pass, and one backward pass for each tag.

    Args:
        classifier: trained or zero-shot; weights that depend on the picture count as constants.
        image_rgb: uint8 (H, W, 3).
        tags: the picture's T tags, at least one.
        config: its `max_side` limits the picture; scales and flip are not used.

    Returns:
        None if the classifier gives no gradients (it is no `GivesGradients`).

    Raises:
        ValueError: the picture is not a uint8 RGB array, or there is no tag.
    """
    if not tags:
        raise ValueError("A picture without tags has no CAMs.")
    if not isinstance(classifier, GivesGradients):
        return None
    views = PictureViews(classifier, image_rgb, config.model_copy(update={"flip": False}))
    images = views.inputs(1.0).requires_grad_()
    with torch.enable_grad():
        found = classifier.activations(images, tags)
        scores = found.maps.mean(dim=(2, 3))[0]
        layers = [found.features, *(found.stages[number - 1] for number in LAYERCAM_STAGES)]
        by_tag = [
            torch.autograd.grad(score, [images, *layers], retain_graph=True, materialize_grads=True)
            for score in scores
        ]
    pixels = torch.stack([saliency(gradients[0])[0] for gradients in by_tag])
    layercams = [
        torch.cat([layercam(layer.detach(), gradients[1 + number]) for gradients in by_tag])
        for number, layer in enumerate(layers)
    ]
    on_grid = [_array(views.on_grid(maps[None], 1.0)[0]) for maps in layercams]
    height, width = views.size
    return Explanations(
        cam_thw=_array(views.on_grid(found.maps.detach().relu(), 1.0)[0]),
        layercam_thw=on_grid[0],
        stages_sthw=np.stack(on_grid[1:]),
        eigencam_hw=_array(views.on_grid(eigencam(found.features.detach())[:, None], 1.0)[0, 0]),
        gradient_thw=_array(pixels[:, :height, :width]),
    )


def saliency(gradient: Tensor) -> Tensor:
    """Largest |dS_c / dI| of the colour channels (Simonyan et al. 2014, section 3.1).

    Args:
        gradient: of a class's score by the picture, (N, 3, H, W).

    Returns:
        (N, H, W), 0 or more.
    """
    return gradient.abs().amax(dim=1)


def layercam(features: Tensor, gradient: Tensor) -> Tensor:
    """The features, each value weighted by its own positive gradient (Jiang et al. 2021, equations 4 to 6).

    Args:
        features: of any stage (N, C, h, w).
        gradient: of a class's score by them, same shape.

    Returns:
        (N, h, w), 0 or more.
    """
    return (gradient.relu() * features).sum(dim=1).relu()


def eigencam(features: Tensor) -> Tensor:
    """The features projected on their first principal axis, not centred (Muhammad and Yeasin 2020).

    An axis has no sign: it is chosen so that the projections sum to more than 0.

    Args:
        features: (N, C, h, w).

    Returns:
        (N, h, w), the positive part.
    """
    cells = features.flatten(2).double()  # (N, C, p)
    if cells.shape[1] <= cells.shape[2]:
        axes = torch.linalg.eigh(cells @ cells.transpose(1, 2))[1][..., -1]
        projected = torch.einsum("nc,ncp->np", axes, cells)
    else:  # fewer cells than channels: the same projections from the smaller matrix
        values, vectors = torch.linalg.eigh(cells.transpose(1, 2) @ cells)
        projected = vectors[..., -1] * values[:, -1:].clamp(min=0).sqrt()
    sign = torch.where(projected.sum(dim=1, keepdim=True) < 0, -1.0, 1.0)
    return (sign * projected).relu().view(len(features), *features.shape[2:]).to(features.dtype)


def _array(maps: Tensor) -> Maps:
    array: Maps = maps.detach().float().cpu().numpy()
    return array
