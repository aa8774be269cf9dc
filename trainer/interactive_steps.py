"""What the seeds of a correction gave one after the other, kept so that the next seed costs one step."""

from __future__ import annotations

import hashlib
from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from trainer.interactive_prior import Opening
from trainer.interactive_seeds import Seed
from trainer.maps import ClassMaps

Seeds = tuple[Seed, ...]

_MASKS_KEPT = 3
"""Before the last seed, after it, after another in its place: 12 MB each of a 12-megapixel picture."""

_OPENINGS_KEPT = 512


def correction_key(
    prior: NDArray[np.uint8], evidence: ClassMaps | None, locked: NDArray[np.bool_] | None
) -> bytes:
    """The same bytes for the same mask, evidence and locked area."""
    digest = hashlib.blake2b(np.ascontiguousarray(prior).data, digest_size=16)
    if evidence is not None:
        digest.update(repr(evidence.class_indices).encode())
        digest.update(np.ascontiguousarray(evidence.maps_khw).data)
    if locked is not None:
        digest.update(np.packbits(locked).data)
    return digest.digest()


class CorrectionSteps:
    """Masks and openings of one picture by the seeds that led to them; the oldest are forgotten."""

    def __init__(self) -> None:
        self._masks: OrderedDict[tuple[bytes, Seeds], NDArray[np.uint8]] = OrderedDict()
        self._openings: OrderedDict[tuple[bytes, Seeds], Opening | None] = OrderedDict()

    def known(self, key: bytes, seeds: Seeds) -> tuple[list[Opening | None], NDArray[np.uint8] | None]:
        """As far as all is kept: what each of the first seeds opens, and the mask after them, None if none.

        The mask is not to be changed.
        """
        for count in range(len(seeds), 0, -1):
            steps = [(key, seeds[:end]) for end in range(1, count + 1)]
            if steps[-1] in self._masks and all(step in self._openings for step in steps):
                for step in steps:
                    self._openings.move_to_end(step)
                self._masks.move_to_end(steps[-1])
                return [self._openings[step] for step in steps], self._masks[steps[-1]]
        return [], None

    def keep(self, key: bytes, seeds: Seeds, opening: Opening | None, mask: NDArray[np.uint8]) -> None:
        """Keep what the last of the seeds opens, and the mask after it."""
        self._openings[key, seeds], self._masks[key, seeds] = opening, mask
        if len(self._openings) > _OPENINGS_KEPT:
            self._openings.popitem(last=False)
        if len(self._masks) > _MASKS_KEPT:
            self._masks.popitem(last=False)
