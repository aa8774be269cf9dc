"""The run lengths of Label Studio's brush: bits of an RGBA picture, as thi.ng/rle-pack packs them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from puzzlecam_app.interchange.drawn import BoolArray
from puzzlecam_app.interchange.formats.rle import RleError

_CHANNELS: Final = 4
_WORD_BITS: Final = 8
_SIZES: Final = (4, 8, 12, 16)
"""Bits of the lengths that are written; the header tells readers."""


def encode(mask: BoolArray) -> list[int]:
    """The bytes of a mask, bool (H, W): pixels inside have 255 in all four channels."""
    flat = mask.ravel()
    edges = np.concatenate([[0], np.flatnonzero(flat[1:] != flat[:-1]) + 1, [len(flat)]])
    values = np.where(flat[edges[:-1]], 255, 0).astype(np.int64)
    lengths = np.diff(edges) * _CHANNELS
    # A token holds up to 65,536 bytes; longer runs are several tokens.
    most = 1 << _SIZES[-1]
    pieces = -(-lengths // most)
    values = np.repeat(values, pieces)
    last = np.cumsum(pieces) - 1
    parts = np.full(int(pieces.sum()), most, np.int64)
    parts[last] = lengths - (pieces - 1) * most
    choice = np.searchsorted([1 << size for size in _SIZES], parts)
    size = np.array(_SIZES, np.int64)[choice]
    tokens = ((4 + choice) << (size + _WORD_BITS)) | ((parts - 1) << _WORD_BITS) | values
    header = [(len(flat) * _CHANNELS, 32), (_WORD_BITS - 1, 5), *((one - 1, 4) for one in _SIZES)]
    numbers = np.concatenate([np.array([value for value, _ in header], np.int64), tokens])
    widths = np.concatenate([np.array([width for _, width in header], np.int64), size + 3 + _WORD_BITS])
    ends = np.cumsum(widths)
    place = np.arange(int(ends[-1])) - np.repeat(ends - widths, widths)
    bits = (np.repeat(numbers, widths) >> (np.repeat(widths, widths) - 1 - place)) & 1
    packed: list[int] = np.packbits(bits.astype(np.uint8)).tolist()
    return packed


def decode(values: Sequence[int], height: int, width: int) -> BoolArray:
    """The mask of such bytes, bool (height, width): where the fourth channel is not 0.

    Raises:
        RleError: They are no bytes, are cut off, or belong to a picture of another size.
    """
    try:
        data = bytes(values)
    except (TypeError, ValueError) as problem:
        raise RleError("the run lengths are no list of bytes") from problem
    bits = np.unpackbits(np.frombuffer(data, np.uint8))
    reader = _Bits(bits)
    count = reader.number(32)
    if count != height * width * _CHANNELS:
        raise RleError(f"the run lengths are those of {count // _CHANNELS} pixels, not of {height * width}")
    word = reader.number(5) + 1
    if word != _WORD_BITS:
        raise RleError(f"the run lengths have {word} bits a value, not {_WORD_BITS}")
    sizes = [reader.number(4) + 1 for _ in range(4)]
    flat = np.zeros(count, np.uint8)
    at = 0
    while at < count:
        is_run = reader.number(1)
        end = at + 1 + reader.number(sizes[reader.number(2)])
        if end > count:
            raise RleError("a run goes beyond the end of the picture")
        flat[at:end] = reader.number(word) if is_run else reader.bytes(end - at)
        at = end
    return flat[_CHANNELS - 1 :: _CHANNELS].reshape(height, width) > 0


class _Bits:
    """Reads numbers from bits, the highest first."""

    def __init__(self, bits: NDArray[np.uint8]) -> None:
        self._bits = bits
        self._at = 0

    def number(self, width: int) -> int:
        value = 0
        for bit in self._next(width).tolist():
            value = value << 1 | bit
        return value

    def bytes(self, count: int) -> NDArray[np.uint8]:
        return np.packbits(self._next(count * 8))

    def _next(self, width: int) -> NDArray[np.uint8]:
        start, self._at = self._at, self._at + width
        if self._at > len(self._bits):
            raise RleError("the run lengths are cut off")
        return self._bits[start : self._at]
