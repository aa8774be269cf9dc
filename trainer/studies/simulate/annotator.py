"""A simulated annotator: clicks into the largest mistake of a mask until it is right."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.data.class_list import VOID
from trainer.interactive.seeds import Click

MOST_TAKEN = 0.02
"""Share of the right pixels of a class that a click against another class may take."""


def next_click(
    mask: NDArray[np.uint8],
    truth: NDArray[np.uint8],
    *,
    jitter: float = 0.0,
    rng: np.random.Generator | None = None,
) -> Click | None:
    """A click into the largest connected area of one true class that the mask gets wrong.

    Args:
        mask, truth: uint8 (H, W) of class indices; pixels that are void in the truth do not count.
        jitter: 0 clicks at the pixel that is farthest from the area's rim (centre clicks flatter an engine:
            people are not so exact); else at any pixel whose distance to the rim is at least 1 - jitter
            times that, all as likely.
        rng: for the jitter.

    Returns:
        A click with the true class, or None where nothing is wrong.
    """
    largest, chosen, label = 0, None, 0
    for index in np.unique(truth):
        if index == VOID:
            continue
        wrong = ((truth == index) & (mask != index)).astype(np.uint8)
        _, areas, figures, _ = cv2.connectedComponentsWithStats(wrong, connectivity=8)
        sizes = figures[1:, cv2.CC_STAT_AREA]
        if sizes.size and sizes.max() > largest:
            largest, label = int(sizes.max()), int(index)
            chosen = areas == 1 + int(sizes.argmax())
    if chosen is None:
        return None
    # The rim of the picture is a rim too.
    padded = np.pad(chosen.astype(np.uint8), 1)
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1]
    if jitter > 0:
        generator = rng if rng is not None else np.random.default_rng(0)
        places = np.flatnonzero((depth > 0) & (depth >= (1.0 - jitter) * depth.max()))
        place = int(generator.choice(places))
    else:
        place = int(depth.argmax())
    return Click(place // mask.shape[1], place % mask.shape[1], label)


def neighbours_taken(
    before: NDArray[np.uint8], after: NDArray[np.uint8], truth: NDArray[np.uint8], click: Click
) -> int:
    """Number of classes that a click takes pixels from although it does not contradict them.

    Counted are the classes of the truth, background included, that lose more than 2 % of the pixels that were
    right before the click. The class that the mask had at the place of the click does not count.

    Args:
        before, after: uint8 (H, W), the masks.
        truth: uint8 (H, W); void pixels do not count.
        click: that led from one mask to the other.
    """
    taken = 0
    for label in np.unique(truth):
        if label in (VOID, before[click.y, click.x]):
            continue
        is_right = (before == label) & (truth == label)
        taken += bool((is_right & (after != label)).sum() > MOST_TAKEN * is_right.sum())
    return taken


def class_ious(mask: NDArray[np.uint8], truth: NDArray[np.uint8]) -> dict[int, float]:
    """IoU in [0, 1] of every class in the truth, background included; void pixels do not count."""
    known = truth != VOID
    ious = {}
    for index in np.unique(truth[known]).tolist():
        is_true, is_found = truth == index, (mask == index) & known
        ious[int(index)] = float((is_true & is_found).sum() / (is_true | is_found).sum())
    return ious
