"""The losses of Puzzle-CAM (paper section 3.4, equations 2 to 7), as functions of maps."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from trainer.classify_config import PuzzleLossConfig
from trainer.nn.classifier import class_logits

EPSILON = 1e-5
"""Added to the maximum before dividing, so that a map without any positive cell becomes zeros."""


def classification_loss(maps: Tensor, labels: Tensor, logit_offset: float = 0.0) -> Tensor:
    """Equations 2 to 5: multi-label soft margin loss of the pooled maps, averaged over classes and pictures.

    Args:
        maps: (N, K, h, w), unbounded.
        labels: float (N, K), 1 where the class is in the picture, else 0.
        logit_offset: see `trainer.classify_config.PuzzleLossConfig`.
    """
    return functional.multilabel_soft_margin_loss(class_logits(maps) + logit_offset, labels)


def classification_terms(maps: Tensor, labels: Tensor, logit_offset: float = 0.0) -> Tensor:
    """`classification_loss` of each picture and class, (N, K); the mean is that loss."""
    logits = class_logits(maps) + logit_offset
    return labels * functional.softplus(-logits) + (1.0 - labels) * functional.softplus(logits)


def reconstruction_loss(whole: Tensor, tiled: Tensor, labels: Tensor, config: PuzzleLossConfig) -> Tensor:
    """Equation 6: how much the maps of the whole picture and the merged maps of its tiles differ.

    Args:
        whole, tiled: (N, K, h, w), unbounded.
        labels: float (N, K), 1 where the class is in the picture.
        config: level, distance, classes and detached side; see its fields.

    Returns:
        A scalar. "selected" averages over the tagged classes of a picture, then over pictures, so that a
        picture with one class weighs as much as one with four; a picture without classes counts as zero.
    """
    if config.level == "cam":
        whole, tiled = max_normalized(whole), max_normalized(tiled)
    if config.detach == "whole":
        whole = whole.detach()
    elif config.detach == "tiled":
        tiled = tiled.detach()
    apart = (whole - tiled).abs() if config.distance == "l1" else (whole - tiled).square()
    if config.classes == "all":
        return apart.mean()
    apart = apart * labels[:, :, None, None]
    if config.classes == "masked":
        return apart.mean()
    per_picture = apart.mean(dim=(2, 3)).sum(dim=1) / labels.sum(dim=1).clamp(min=1.0)
    return per_picture.mean()


def max_normalized(maps: Tensor) -> Tensor:
    """CAMs in [0, 1]: the positive part of each map, divided by its maximum (paper section 3.2)."""
    positive = maps.relu()
    return positive / (positive.amax(dim=(2, 3), keepdim=True) + EPSILON)


def pixel_loss(maps: Tensor, coverage: Tensor) -> Tensor:
    """L_pix: binary cross-entropy of the maps with the accepted mask of their picture.

    The map of a class is the logit that a pixel belongs to it. Pixels of the background and of other classes
    are negatives; unknown pixels do not count. The loss is averaged over the known area, then over the
    classes in the mask, then over all pictures of the batch, so that a mask weighs the same in any batch.

    Args:
        maps: (N, K, h', w'), unbounded; cells outside h x w are padding.
        coverage: float (N, K + 1, h, w), see `trainer.data.augment.coverage_tensor`; all zero for a picture
            without a mask.
    """
    logits = maps[:, :, : coverage.shape[2], : coverage.shape[3]]
    inside, known = coverage[:, 1:], coverage.sum(dim=1, keepdim=True)
    area = known.sum(dim=(2, 3))
    nll = inside * functional.softplus(-logits) + (known - inside) * functional.softplus(logits)
    per_class = nll.sum(dim=(2, 3)) / area.clamp(min=EPSILON)
    present = (inside.sum(dim=(2, 3)) > 0).float()
    per_picture = (per_class * present).sum(dim=1) / present.sum(dim=1).clamp(min=1.0)
    return per_picture.mean()


def alpha_at(progress: float, config: PuzzleLossConfig) -> float:
    """Weight of L_re at a progress in [0, 1]: linear to `alpha_ramp`, then constant (paper section 4.1)."""
    if config.alpha_ramp <= 0:
        return config.alpha
    return config.alpha * min(1.0, progress / config.alpha_ramp)


def puzzle_loss(
    whole: Tensor, tiled: Tensor | None, labels: Tensor, config: PuzzleLossConfig, progress: float
) -> dict[str, Tensor]:
    """Equation 7, L = L_cls + L_p-cls + alpha L_re, with its terms.

    Args:
        whole: maps of the pictures (N, K, h, w).
        tiled: merged maps of their tiles, same shape; None where no term needs them.
        labels: float (N, K), 1 where the class is in the picture.
        config: the terms and their weights.
        progress: share of the training that is done, in [0, 1], for the ramp of alpha.

    Returns:
        "loss", the sum that is minimised, and its unweighted terms: "classification", and where they are on
        "tile_classification" and "reconstruction".
    """
    offset = config.logit_offset
    terms = {"classification": classification_loss(whole, labels, offset)}
    loss = terms["classification"]
    if tiled is not None and config.tile_classification:
        terms["tile_classification"] = classification_loss(tiled, labels, offset)
        loss = loss + terms["tile_classification"]
    if tiled is not None and config.reconstruction:
        terms["reconstruction"] = reconstruction_loss(whole, tiled, labels, config)
        loss = loss + alpha_at(progress, config) * terms["reconstruction"]
    return {"loss": loss, **terms}


def needs_tiles(config: PuzzleLossConfig) -> bool:
    """Whether any term uses the tiles; if none does, training skips the second forward pass."""
    return config.tile_classification or (config.reconstruction and config.alpha > 0)
