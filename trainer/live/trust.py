"""How far what was learned is added to the prior's score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

HALF_TRUST_MASKS = 5
"""With so many accepted masks, half of what they say is believed before they have been tested."""

_CAUTION = 2.0
"""After one accepted mask of a class, a third of what speaks against it is believed, after three nearly all.
Chosen on VOC *train* pictures (docs/research-log.md)."""


@dataclass(frozen=True)
class Trust:
    """Factors in [0, 1] of what was learned.

    Attributes:
        by_class: mask index -> factor, for classes with accepted masks.
        unseen: for classes without one, to which only the shared weights apply. At 0 they keep their maps.
    """

    by_class: Mapping[int, float] = field(default_factory=dict)
    unseen: float = 0.0

    def of(self, class_index: int, masks: int, *, is_known: bool) -> float:
        """The factor of a class when the model has learned from so many masks."""
        if not is_known:
            return self.unseen
        return self.by_class.get(class_index, untested_trust(masks))


def untested_trust(masks: int) -> float:
    """The factor before any mask has been left out to test the others: it grows with their number."""
    return masks / (masks + HALF_TRUST_MASKS)


def tested_trust_limit(masks: int) -> float:
    """The highest factor after testing: two or three masks left out tell its error badly."""
    return masks / (masks + 2)


def unseen_trust_limit(masks: int) -> float:
    """The highest factor for classes without a mask: two pictures do not test what holds for all classes."""
    return max(0, masks - 2) / (masks + 5)


def caution(masks_of_class: int) -> float:
    """The factor of learned scores below 0, which take cells away from a class that masks show.

    People correct doubtful pictures first. There, the prior claims too much more often than elsewhere, and so
    a single mask of a class teaches to take away what is right in most other pictures. What adds cells needs
    no caution: a class that the prior does not know must be found at once.
    """
    return masks_of_class**2 / (masks_of_class**2 + _CAUTION)
