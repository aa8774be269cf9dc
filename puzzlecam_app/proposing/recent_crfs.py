"""Dense CRFs of the pictures that were seen last; their lattices serve the next proposal as well."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # the trainer is imported for the first picture, not when the app starts
    from trainer.masks.image_crf import ImageCrf

_MOST_PIXELS: Final = 1_500_000
"""About 350 MB (`ImageCrf.pixels`): eight pictures of 500 x 375."""


class RecentCrfs:
    """CRFs by picture and number of classes, up to `most_pixels` in all. Not thread-safe."""

    def __init__(self, most_pixels: int = _MOST_PIXELS) -> None:
        self._most_pixels = most_pixels
        self._kept: OrderedDict[tuple[str, int], ImageCrf] = OrderedDict()

    def of(
        self, image_sha256: str, class_count: int, make: Callable[[int], ImageCrf | None]
    ) -> ImageCrf | None:
        """The CRF of a picture, kept from before or made by `make(class_count)`."""
        key = image_sha256, class_count
        crf = self._kept.pop(key, None) or make(class_count)
        if crf is None or crf.pixels > self._most_pixels:
            return crf
        self._kept[key] = crf
        while sum(one.pixels for one in self._kept.values()) > self._most_pixels:
            self._kept.popitem(last=False)
        return crf
