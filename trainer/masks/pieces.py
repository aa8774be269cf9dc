"""Drops specks and fills holes of a mask: pieces below a size are given to their surroundings."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

_VOID = 255


def drop_small_pieces(
    mask: NDArray[np.uint8], least_share: float, kept: NDArray[np.bool_] | None = None
) -> NDArray[np.uint8]:
    """Give every piece that is smaller than a share of the picture to what surrounds it.

    A piece is a set of pixels of one label that are connected through their eight neighbours. Background is
    a label like any other, so a hole in an object is a small piece of background. The browser may repeat this
    arithmetic step by step:

    1. A piece is *small* if its area in pixels is below `least_share` * H * W. Shape does not matter: a line
       one pixel wide counts by its area.
    2. Pieces of void (255) and pieces with a pixel in `kept` are never small. Pieces that are not small keep
       their label and are *settled*.
    3. In each round, every small piece that touches a settled piece takes the label with which it shares the
       longest outline, and of equally long outlines the smallest label. The outline is counted in pairs of
       pixels that are neighbours above, below, left or right. Only settled pieces that are not void count.
       The pieces of this round are settled from the next round on.
    4. The rounds end when nothing changes. Small pieces that touch no settled piece, for example inside void,
       keep their label.

    Args:
        mask: uint8 (H, W): 0 background, 1 .. 254 classes, 255 void.
        least_share: in [0, 1], of the picture's area; 0 leaves the mask as it is.
        kept: bool (H, W), pixels that a person has painted or clicked; pieces with such a pixel stay whole.

    Returns:
        uint8 (H, W), a new array.

    Raises:
        ValueError: `kept` has another size than the mask.
    """
    if kept is not None and kept.shape != mask.shape:
        raise ValueError(f"The kept pixels are {kept.shape}, but the mask is {mask.shape}.")
    least_px = least_share * mask.size
    if least_px <= 1:
        return mask.copy()
    pieces = _pieces_of(mask)
    is_small_p = (pieces.area_p < least_px) & (pieces.label_p != _VOID)
    if kept is not None:
        is_small_p[np.unique(pieces.number_hw[kept])] = False
    if not is_small_p.any():
        return mask.copy()
    return _given_away(pieces, is_small_p)[pieces.number_hw]


@dataclass(frozen=True, eq=False)
class _Pieces:
    """The P pieces of a mask.

    Attributes:
        number_hw: int32 (H, W), the piece of each pixel.
        label_p: uint8 (P,), label of each piece.
        area_p: int (P,), pixels of each piece.
    """

    number_hw: NDArray[np.int32]
    label_p: NDArray[np.uint8]
    area_p: NDArray[np.intp]


def _pieces_of(mask: NDArray[np.uint8]) -> _Pieces:
    number_hw = np.zeros(mask.shape, dtype=np.int32)
    labels: list[NDArray[np.uint8]] = []
    count = 0
    for label in np.unique(mask):
        is_label = mask == label
        found, numbered = cv2.connectedComponents(is_label.view(np.uint8), connectivity=8)
        number_hw[is_label] = numbered[is_label] + (count - 1)  # cv2 counts from 1
        labels.append(np.full(found - 1, label, dtype=np.uint8))
        count += found - 1
    return _Pieces(number_hw, np.concatenate(labels), np.bincount(number_hw.ravel(), minlength=count))


def _given_away(pieces: _Pieces, is_small_p: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """uint8 (P,), label of each piece after the rounds."""
    label_p = pieces.label_p.copy()
    gives_p = ~is_small_p & (label_p != _VOID)
    piece, neighbour, sides = _outlines(pieces.number_hw, is_small_p)
    while True:
        is_open = ~gives_p[piece] & gives_p[neighbour]
        if not is_open.any():
            return label_p
        votes, vote_of_side = np.unique(
            piece[is_open] * 256 + label_p[neighbour[is_open]], return_inverse=True
        )
        length = np.bincount(vote_of_side, weights=sides[is_open])
        voter, label = votes // 256, votes % 256
        order = np.lexsort((label, -length, voter))
        taker, first = np.unique(voter[order], return_index=True)
        label_p[taker] = label[order[first]]
        gives_p[taker] = True


def _outlines(
    number_hw: NDArray[np.int32], is_small_p: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.intp]]:
    """Which piece each small piece touches: numbers of both, and the pairs of pixels where they do."""
    count = len(is_small_p)
    pairs = []
    for here, there in ((number_hw[:, :-1], number_hw[:, 1:]), (number_hw[:-1], number_hw[1:])):
        differs = here != there
        a, b = here[differs].astype(np.int64), there[differs].astype(np.int64)
        pairs += [(a * count + b)[is_small_p[a]], (b * count + a)[is_small_p[b]]]
    unique, sides = np.unique(np.concatenate(pairs), return_counts=True)
    return unique // count, unique % count, sides
