"""The loss of IRNet's displacement field (Ahn et al. 2019, section 4.2)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from trainer.masks.pair_terms import EPSILON
from trainer.masks.pseudo_labels import VOID
from trainer.masks.stencil import Stencil, half_disc


def displacement_loss(field_n2hw: Tensor, labels_nhw: Tensor, radius: int = 10) -> dict[str, Tensor]:
    """How far the displacements of all pairs of cells closer than `radius` are from one centroid an object.

    Two cells i and j of one class should point to one place, D(i) - D(j) = x_j - x_i. Background has no
    centroid: its pairs should have one displacement.

    Args:
        field_n2hw: displacements (dy, dx) in cells (N, 2, h, w), without the mean subtracted.
        labels_nhw: integers (N, h, w), 0 background, 255 void.
        radius: in cells.

    Returns:
        "loss", half the sum of its terms, differentiable; the terms "field_object" and "field_background" are
        means over pairs and the two directions.
    """
    loss, of_object, of_background = _FieldLoss.apply(field_n2hw.float(), labels_nhw, half_disc(radius))
    return {"loss": loss, "field_object": of_object, "field_background": of_background}


class _FieldLoss(torch.autograd.Function):
    """Loss and gradient in one pass over the offsets, whose differences would fill gigabytes."""

    @staticmethod
    def forward(ctx: Any, field: Tensor, labels: Tensor, stencil: Stencil) -> tuple[Tensor, ...]:
        offsets = list(stencil.pairs(field.shape[2], field.shape[3]))
        sums, counts = field.new_zeros(2), field.new_zeros(2)
        slopes = torch.zeros((2, *field.shape), dtype=field.dtype, device=field.device)
        for pairs in offsets:
            first, second = labels[:, *pairs.first], labels[:, *pairs.second]
            same = (first == second) & (first != VOID)
            apart = field[:, :, *pairs.first] - field[:, :, *pairs.second]
            wanted = field.new_tensor(pairs.offset)[None, :, None, None]
            for number, (chosen, target) in enumerate(
                (((same & (first > 0)), wanted), (same & (first == 0), torch.zeros_like(wanted)))
            ):
                weights = chosen[:, None].to(field.dtype)
                off = (apart - target) * weights
                sums[number] += off.abs().sum()
                counts[number] += weights.sum()
                sign = off.sign()
                slopes[number][:, :, *pairs.first] += sign
                slopes[number][:, :, *pairs.second] -= sign
        shares = 1.0 / (2.0 * counts + EPSILON)  # two directions
        means = sums * shares
        ctx.save_for_backward(0.5 * (shares[:, None, None, None, None] * slopes).sum(dim=0))
        parts = (means[0].clone(), means[1].clone())
        ctx.mark_non_differentiable(*parts)
        return 0.5 * means.sum(), *parts

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (slope,) = ctx.saved_tensors
        return gradients[0] * slope, None, None
