"""The puzzle module: cut a picture into n x n tiles and merge their maps again (paper section 3.3)."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def tile(images: Tensor, tiles_per_side: int = 2, *, multiple: int = 1) -> Tensor:
    """Cut pictures into equal, non-overlapping tiles, padded with zeros at the right and bottom where needed.

    Args:
        images: (N, C, H, W), any size.
        tiles_per_side: n; 2 in the paper.
        multiple: every tile side becomes a multiple of this. Give the network's output stride, so that the
            maps of the tiles merge into the map of the whole padded picture, cell by cell.

    Returns:
        (N * n * n, C, h, w); the tiles of one picture follow each other, row by row.

    Raises:
        ValueError: n is below 1.
    """
    _check_side(tiles_per_side)
    count, channels = images.shape[:2]
    padded = pad_to_multiple(images, tiles_per_side * multiple)
    height, width = (side // tiles_per_side for side in padded.shape[-2:])
    grid = padded.reshape(count, channels, tiles_per_side, height, tiles_per_side, width)
    return grid.permute(0, 2, 4, 1, 3, 5).reshape(-1, channels, height, width)


def merge(tiles: Tensor, tiles_per_side: int = 2, *, size: tuple[int, int] | None = None) -> Tensor:
    """Merge tiles (or feature maps of tiles): the inverse of `tile`.

    Args:
        tiles: (N * n * n, C, h, w) in the order of `tile`.
        tiles_per_side: n, as given to `tile`.
        size: (H, W) to crop to; without it the padding stays.

    Returns:
        (N, C, n * h, n * w), or (N, C, H, W) with `size`.

    Raises:
        ValueError: n is below 1, or the batch is not a multiple of n * n.
    """
    _check_side(tiles_per_side)
    count, channels, height, width = tiles.shape
    per_picture = tiles_per_side * tiles_per_side
    if count % per_picture:
        raise ValueError(
            f"{count} tiles cannot be merged {tiles_per_side} x {tiles_per_side}: "
            f"give a multiple of {per_picture}."
        )
    grid = tiles.reshape(-1, tiles_per_side, tiles_per_side, channels, height, width).permute(
        0, 3, 1, 4, 2, 5
    )
    merged = grid.reshape(-1, channels, tiles_per_side * height, tiles_per_side * width)
    return merged if size is None else merged[..., : size[0], : size[1]]


def pad_to_multiple(images: Tensor, multiple: int) -> Tensor:
    """Pad (N, C, H, W) with zeros at the right and bottom until both sides are multiples of `multiple`."""
    height, width = images.shape[-2:]
    return functional.pad(images, (0, -width % multiple, 0, -height % multiple))


def _check_side(tiles_per_side: int) -> None:
    if tiles_per_side < 1:
        raise ValueError(f"A picture cannot be cut into {tiles_per_side} tiles per side; give 1 or more.")
