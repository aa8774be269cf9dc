"""Run lengths of masks as COCO writes them: column by column, beginning with a run of zeros.

Written in NumPy, not taken from pycocotools, because its C code trusts what a file says. The tests compare
the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from puzzlecam_app.interchange.drawn import BoolArray, DrawnObject

Counts = NDArray[np.int64]

_MOST_CHARACTERS: Final = 8
"""Of a run length in the compressed form; 2^39 pixels are more than any picture has."""


class RleError(ValueError):
    """Run lengths that are those of no mask; the message is a clause."""


def counts_of(one: DrawnObject, height: int, width: int) -> Counts:
    """Run lengths of an object in a picture of `height` x `width`; they add up to its pixels."""
    columns = np.zeros((one.pixels.shape[1], height), bool)
    columns[:, one.top : one.top + one.pixels.shape[0]] = one.pixels.T
    flat = columns.ravel()
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    first, last = one.left * height, (one.left + one.pixels.shape[1]) * height
    edges = [changes + first]
    if flat[0]:
        edges.insert(0, np.array([first]))
    if flat[-1]:
        edges.append(np.array([last]))
    starts = np.concatenate([[0], *edges, [height * width]])
    counts = np.diff(starts)
    # A mask that ends with the picture has no run of zeros behind it.
    return counts[:-1] if counts[-1] == 0 and len(counts) > 1 else counts


def from_counts(counts: Sequence[int] | Counts, height: int, width: int) -> tuple[int, int, BoolArray] | None:
    """The pixels of run lengths: top, left, and bool (h, w) in the bounding box; None if there are none.

    Raises:
        RleError: The runs are no whole numbers from 0, or do not add up to the pixels of the picture.
    """
    runs = np.asarray(counts)
    if runs.ndim != 1 or (runs.dtype.kind not in "iu" and len(runs)):
        raise RleError("the run lengths are no list of whole numbers")
    runs = runs.astype(np.int64)
    if (runs < 0).any() or (runs > height * width).any():
        raise RleError("a run length is negative, or longer than the picture")
    total = int(runs.sum())
    if total != height * width:
        raise RleError(f"the runs are {total} pixels long together, and the picture has {height * width}")
    ends = np.cumsum(runs)
    starts, ends = ends[:-1:2], ends[1::2]
    kept = starts < ends
    starts, ends = starts[kept], ends[kept]
    if not len(starts):
        return None
    left, right = int(starts[0]) // height, int(ends[-1] - 1) // height
    change = np.zeros((right - left + 1) * height + 1, np.int8)
    np.add.at(change, starts - left * height, 1)
    np.subtract.at(change, ends - left * height, 1)
    columns = np.cumsum(change[:-1], dtype=np.int8).astype(bool).reshape(-1, height)
    rows = np.flatnonzero(columns.any(axis=0))
    top, bottom = int(rows[0]), int(rows[-1])
    return top, left, np.ascontiguousarray(columns[:, top : bottom + 1].T)


def compress(counts: Counts) -> str:
    """COCO's text of run lengths: differences to the run before the last one, 5 bits a character.

    >>> compress(np.array([5, 3, 2]))
    '532'
    """
    values = counts.astype(np.int64)
    values[3:] -= counts[1:-2]
    length = np.ones(len(values), np.int64)
    for characters in range(1, _MOST_CHARACTERS):
        limit = 1 << (5 * characters - 1)
        length += (values < -limit) | (values >= limit)
    places = np.arange(int(length.max(initial=1)))
    digits = (values[:, None] >> (5 * places)) & 0x1F
    digits += 0x20 * (places < length[:, None] - 1)
    signs = digits[places < length[:, None]] + 48
    return signs.astype(np.uint8).tobytes().decode("ascii")


def uncompress(text: str) -> Counts:
    """Run lengths of COCO's text; the inverse of `compress`.

    Raises:
        RleError: The text is none.
    """
    try:
        signs = np.frombuffer(text.encode("ascii"), np.uint8).astype(np.int64) - 48
    except UnicodeEncodeError as error:
        raise RleError("the run lengths contain signs that COCO does not use") from error
    if not len(signs):
        return signs
    if (signs < 0).any() or (signs > 63).any():
        raise RleError("the run lengths contain signs that COCO does not use")
    ends = np.flatnonzero(signs < 32)
    if not len(ends) or ends[-1] != len(signs) - 1:
        raise RleError("the run lengths are cut off")
    starts = np.concatenate([[0], ends[:-1] + 1])
    if (ends - starts >= _MOST_CHARACTERS).any():
        raise RleError("a run length is longer than any picture")
    place = np.arange(len(signs)) - np.repeat(starts, ends - starts + 1)
    values = np.add.reduceat((signs & 0x1F) << (5 * place), starts)
    values -= np.where(signs[ends] & 0x10, np.int64(1) << (5 * (place[ends] + 1)), 0)
    for chain in (values[1::2], values[2::2]):
        np.cumsum(chain, out=chain)
    return values
