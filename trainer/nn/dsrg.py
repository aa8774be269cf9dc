"""The losses of DSRG: seeds whose two kinds weigh the same, and agreement with the dense CRF.

Huang et al., CVPR 2018 (sections 3.2 and 3.3).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

LEAST_PROBABILITY = 1e-4
_LEAST_RATIO, _GREATEST_RATIO = 0.05, 20.0


def at_cells(logits: Tensor, stride: int) -> Tensor:
    """Logits (N, C, H, W) -> probabilities (N, C, ceil(H / stride), ceil(W / stride)), at least 1e-4.

    The logits are averaged over each cell; those of the last cells are filled up with copies of the border.
    """
    height, width = logits.shape[-2:]
    padded = functional.pad(logits, (0, -width % stride, 0, -height % stride), mode="replicate")
    return functional.avg_pool2d(padded, stride).softmax(dim=1).clamp(min=LEAST_PROBABILITY)


def seed_loss(probabilities: Tensor, seeds: Tensor) -> Tensor:
    """The balanced seed loss: mean of -log p over background seeds plus mean of -log p over all others.

    Both are averaged within a picture, where a kind without seeds counts 0, then over the pictures.

    Args:
        probabilities: (N, C, h, w), background first.
        seeds: int64 (N, h, w), class of each seed, 255 where there is none.
    """
    known = seeds < probabilities.shape[1]
    chosen = probabilities.gather(1, torch.where(known, seeds, 0)[:, None])[:, 0]
    nll = -chosen.log()
    kinds = (known & (seeds == 0), known & (seeds > 0))
    means = [(nll * kind).sum(dim=(1, 2)) / kind.sum(dim=(1, 2)).clamp(min=1) for kind in kinds]
    return (means[0] + means[1]).mean()


def boundary_loss(probabilities: Tensor, refined: Tensor, inside: Tensor) -> Tensor:
    """Mean over the cells of KL(refined || probabilities), ratios limited to 0.05 .. 20.

    Args:
        probabilities: (N, C, h, w).
        refined: same shape, what the CRF makes of them; it gets no gradient, and is 0 for classes that the
            CRF did not see.
        inside: bool (N, h, w), cells of the picture.
    """
    target = refined.detach()
    ratio = (target / probabilities).clamp(_LEAST_RATIO, _GREATEST_RATIO)
    divergence = (target * ratio.log()).sum(dim=1)
    return (divergence * inside).sum() / inside.sum().clamp(min=1)
