"""The PASCAL VOC colour map: how class indices are shown, never how they are read."""

from __future__ import annotations

from functools import cache
from typing import Final

BACKGROUND: Final = 0
VOID: Final = 255
MAX_CLASS_INDEX: Final = 254
"""Highest index a class may have: 0 is background and 255 is void."""


def voc_color(index: int) -> tuple[int, int, int]:
    """Colour of class `index` (0..255) as (red, green, blue), each 0..255.

    The bits of the index are distributed over the three channels in turn, highest bit of the channel first,
    as in the colour map of the VOC development kit.

    >>> voc_color(1), voc_color(15), voc_color(255)
    ((128, 0, 0), (192, 128, 128), (224, 224, 192))
    """
    channels = [0, 0, 0]
    for position in range(8):
        channels[position % 3] |= (index >> position & 1) << (7 - position // 3)
    return channels[0], channels[1], channels[2]


def voc_hex_color(index: int) -> str:
    """The same as ``#rrggbb``."""
    return "#{:02x}{:02x}{:02x}".format(*voc_color(index))


@cache
def voc_palette() -> bytes:
    """All 256 colours, 768 bytes, in the order of a PNG palette."""
    return bytes(channel for index in range(256) for channel in voc_color(index))
