"""Pairs of neighbouring cells on a grid, and the cells on the straight path between them.

AffinityNet is trained on these pairs and the random walk steps along them (Ahn and Kwak 2018).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Pairs:
    """All pairs of cells of a grid that lie one offset apart.

    Attributes:
        number: position of the offset in its stencil.
        offset: (dy, dx) from the first cell of a pair to the second.
        path: (dy, dx) from the first cell to each cell on the path, both ends included.
        rows, columns: where the first cells lie.
    """

    number: int
    offset: tuple[int, int]
    path: tuple[tuple[int, int], ...]
    rows: slice
    columns: slice

    @property
    def first(self) -> tuple[slice, slice]:
        """Index of all first cells; on an array (..., h, w) write `array[..., *pairs.first]`."""
        return self.rows, self.columns

    @property
    def second(self) -> tuple[slice, slice]:
        """Index of all second cells, in the order of the first."""
        return self.shifted(self.offset)

    def shifted(self, step: tuple[int, int]) -> tuple[slice, slice]:
        """Index of the cells a step away from the first ones; any step of the path stays on the grid."""
        dy, dx = step
        return (
            slice(self.rows.start + dy, self.rows.stop + dy),
            slice(self.columns.start + dx, self.columns.stop + dx),
        )


@dataclass(frozen=True)
class Stencil:
    """The offsets of a half-disc; their mirror images are the other half.

    Attributes:
        radius: offsets are shorter than this.
        offsets: O times (dy, dx), dy >= 0.
        paths: for each offset, the cells on the path.
    """

    radius: int
    offsets: tuple[tuple[int, int], ...]
    paths: tuple[tuple[tuple[int, int], ...], ...]

    def pairs(self, height: int, width: int) -> Iterator[Pairs]:
        """Pairs on a grid, offset by offset; offsets that do not fit into the grid are left out."""
        for number, ((dy, dx), path) in enumerate(zip(self.offsets, self.paths, strict=True)):
            if dy < height and abs(dx) < width:
                columns = slice(max(0, -dx), width - max(0, dx))
                yield Pairs(number, (dy, dx), path, slice(0, height - dy), columns)


@functools.cache
def half_disc(radius: int) -> Stencil:
    """The stencil of a radius: 34 offsets for 5 (69 cells with mirror image and centre), 152 for 10.

    Raises:
        ValueError: the radius is below 1.
    """
    if radius < 1:
        raise ValueError(f"The radius of the neighbourhood must be at least 1 cell, but is {radius}.")
    offsets = tuple(
        (dy, dx)
        for dy in range(radius)
        for dx in range(1 - radius, radius)
        if dy * dy + dx * dx < radius * radius and (dy > 0 or dx > 0)
    )
    return Stencil(radius, offsets, tuple(path_cells(dy, dx) for dy, dx in offsets))


def path_cells(dy: int, dx: int) -> tuple[tuple[int, int], ...]:
    """Cells less than one cell away from the straight line from (0, 0) to (dy, dx), within its bounding box.

    >>> path_cells(0, 2)
    ((0, 0), (0, 1), (0, 2))
    """
    ys = range(min(dy, 0), max(dy, 0) + 1)
    xs = range(min(dx, 0), max(dx, 0) + 1)
    length_squared = dy * dy + dx * dx
    return tuple((y, x) for y in ys for x in xs if (dy * x - dx * y) ** 2 < length_squared)
