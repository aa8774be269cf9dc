"""Masks that are probably useless: those that cover the whole picture, and empty ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from db.palette import BACKGROUND, VOID

Remark = Literal["whole", "empty"]

_WHOLE_SHARE: Final = 0.99
"""A mask covers the whole picture from here on: the CRF leaves single pixels of background at its edges."""


def remark_on(mask: NDArray[np.uint8], *, is_tagged: bool) -> Remark | None:
    """Whether a mask covers the whole picture, or is empty although the picture has tags.

    Args:
        mask: uint8 (H, W) class indices; void pixels (255) do not count.
        is_tagged: whether the picture has tags. Without tags an empty mask is right.

    Returns:
        "whole" if at most 1 % of the picture is background, "empty" if no pixel belongs to a class;
        None for other masks.

    >>> remark_on(np.full((4, 4), 7, np.uint8), is_tagged=True)
    'whole'
    >>> remark_on(np.zeros((4, 4), np.uint8), is_tagged=True)
    'empty'
    """
    known = int(np.count_nonzero(mask != VOID))
    classes = known - int(np.count_nonzero(mask == BACKGROUND))
    if not classes:
        return "empty" if is_tagged else None
    return "whole" if classes >= _WHOLE_SHARE * known else None


def warning_about(remarks: Iterable[Remark | None], total: int) -> str | None:
    """A sentence for people on how many of `total` masks deserve a remark; None if none does.

    >>> warning_about(["whole", None, "empty"], 3).partition(". ")[0]
    '1 of 3 masks covers the whole picture, and 1 is empty in spite of tags'
    """
    counts = Counter(remark for remark in remarks if remark is not None)
    if not counts:
        return None
    parts = []
    if whole := counts["whole"]:
        of_total = f"{whole} of {total} masks"
        parts.append(f"{of_total} {'covers' if whole == 1 else 'cover'} the whole picture")
    if empty := counts["empty"]:
        subject = str(empty) if parts else f"{empty} of {total} masks"
        parts.append(f"{subject} {'is' if empty == 1 else 'are'} empty in spite of tags")
    return (
        f"{', and '.join(parts)}. Look at them before you rely on them. If there are many, the run has "
        f"learned too little, or its threshold (refine.background_threshold) does not suit its maps."
    )
