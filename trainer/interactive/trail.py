"""What each seed of a correction may change: pixels of the labels that it contradicts in the mask so far."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.interactive.seeds import UNSEEDED, Box, Seed, draw_seeds, seed_points

Mask = NDArray[np.uint8]

_MOST_KEPT_PIXELS = 64_000_000
"""Of the masks that are kept, one byte each."""


class Trail:
    """The masks of one correction after each of its seeds.

    The random walk decides everything that the seeds have opened anew with every further seed. Without a
    limit, a click of one class could therefore take pixels of classes that it says nothing about, also those
    that earlier clicks have explained. So a seed changes pixels of labels that it contradicts only: those
    that its own pixels have in the mask after the seeds before it.

    Args:
        mask: uint8 (H, W), before the first seed.
        locked: bool (H, W), pixels that keep their value; None if there are none.
    """

    def __init__(self, mask: Mask, locked: NDArray[np.bool_] | None) -> None:
        self._mask, self._locked = mask, locked
        self._kept: OrderedDict[tuple[Seed, ...], Mask] = OrderedDict()

    def is_of(self, mask: Mask, locked: NDArray[np.bool_] | None) -> bool:
        """Whether it is the trail of a correction with these arguments."""
        if (locked is None) != (self._locked is None) or not np.array_equal(mask, self._mask):
            return False
        return locked is None or self._locked is None or np.array_equal(locked, self._locked)

    def after(self, seeds: Sequence[Seed], found: Callable[[Sequence[Seed]], Mask]) -> Mask:
        """The mask after all seeds, uint8 (H, W).

        Masks after the first of them are kept, so that one more seed costs one call of `found`. Whatever is
        kept, equal seeds give equal masks.

        Args:
            seeds: in the order in which they were set.
            found: returns the mask that the walk gives for the first of the seeds, uint8 (H, W).
        """
        known = next((n for n in range(len(seeds), 0, -1) if tuple(seeds[:n]) in self._kept), 0)
        mask = self._kept[tuple(seeds[:known])] if known else self._mask
        for count in range(known + 1, len(seeds) + 1):
            mask = self._changed(mask, found(seeds[:count]), seeds[:count])
            self._keep(tuple(seeds[:count]), mask)
        return mask.copy()

    def _changed(self, mask: Mask, found: Mask, seeds: Sequence[Seed]) -> Mask:
        may_change = np.zeros(256, dtype=np.uint8)
        may_change[contradicted_labels(mask, seeds[-1])] = 1
        changed = mask.copy()
        np.copyto(changed, found, where=cv2.LUT(mask, may_change).view(np.bool_))
        restore(changed, self._mask, draw_seeds(seeds, self._size), self._locked)
        return changed

    @property
    def _size(self) -> tuple[int, int]:
        return self._mask.shape[0], self._mask.shape[1]

    def _keep(self, seeds: tuple[Seed, ...], mask: Mask) -> None:
        self._kept[seeds] = mask
        while len(self._kept) > 2 and len(self._kept) * mask.size > _MOST_KEPT_PIXELS:
            self._kept.popitem(last=False)


def contradicted_labels(mask: Mask, seed: Seed) -> list[int]:
    """Labels other than the seed's that a mask (H, W) has at its point, along its line or in its box."""
    if isinstance(seed, Box):
        labels = np.unique(mask[seed.top : seed.bottom, seed.left : seed.right])
    elif len(points := seed_points(seed)) == 1:
        labels = mask[points[0]][None]
    else:
        labels = np.unique(mask[draw_seeds([seed], (mask.shape[0], mask.shape[1])) != UNSEEDED])
    return [int(label) for label in labels if label != seed.label]


def restore(mask: Mask, before: Mask, seeded: Mask, locked: NDArray[np.bool_] | None) -> None:
    """Let seeds hold in a mask, and give locked pixels their earlier value.

    Args:
        mask: uint8 (H, W), is changed.
        before: uint8 (H, W), the mask before the first seed.
        seeded: uint8 (H, W), see `draw_seeds`.
        locked: bool (H, W), or None.
    """
    np.copyto(mask, seeded, where=seeded != UNSEEDED)
    if locked is not None:
        np.copyto(mask, before, where=locked)
