"""Objects of one class told apart by IRNet's displacement field (Ahn et al. 2019, section 5).

Every cell follows the field to a centroid. Cells of one centroid are a cluster; each class walks from each
cluster by itself, and a pixel belongs to the strongest of these walks.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from trainer.masks.random_walk import random_walk
from trainer.run.instance_storage import Instances
from trainer.run.map_storage import ClassMaps, Maps

STEPS = 300
"""Steps that every cell follows the field."""

CENTROID_CELLS = 2.5
"""Cells with a shorter displacement are centroids, where they touch, of one object."""

FRAGMENT_SHARE = 0.01
"""Connected parts below this share of the picture's area are no instances."""

MOST_INSTANCES = 254
"""The strongest are kept: their numbers are stored as bytes."""


def find_instances(
    maps: ClassMaps,
    edges_hw: NDArray[np.float32],
    field_2hw: NDArray[np.float32],
    *,
    threshold: float = 0.25,
    radius: int = 5,
    beta: float = 10.0,
    log2_steps: int = 8,
) -> Instances:
    """The instances of a picture.

    Args:
        maps: CAMs or self-trained maps of its tags.
        edges_hw: float32 (h, w) in [0, 1], on the grid of the maps.
        field_2hw: displacements (dy, dx) in cells, on that grid.
        threshold: a pixel is in no instance unless a walk exceeds this, as a share of the picture's largest.
        radius, beta, log2_steps: of the walks, see `trainer.masks.random_walk.random_walk`.

    Raises:
        ValueError: shapes or ranges do not fit, see `random_walk`.
    """
    clusters = clusters_of(field_2hw)
    height, width = maps.image_size
    nothing = Instances(np.zeros((height, width), np.uint8), (), ())
    seeds = [
        (class_index, map_hw * (clusters == number))
        for class_index, map_hw in zip(maps.class_indices, maps.maps_khw, strict=True)
        for number in np.unique(clusters)
    ]

    def walked(some: list[tuple[int, Maps]]) -> Maps:
        stack = np.stack([map_hw for _, map_hw in some]).astype(np.float32)
        return random_walk(stack, edges_hw, radius=radius, beta=beta, log2_steps=log2_steps, threads=1)

    seeds.sort(key=lambda one: -float(one[1].sum()))
    if not seeds or not seeds[0][1].any():
        return nothing
    # A walk never exceeds its seeds, so seeds that are no stronger than this share of one walk win nowhere.
    first = float(walked(seeds[:1]).max())
    seeds = [seeds[0], *(one for one in seeds[1:] if one[1].max() > threshold * first)]
    walks = walked(seeds)
    largest = float(walks.max())
    if largest <= 0:
        return nothing
    best = np.full((height, width), threshold, np.float32)
    winners = np.zeros((height, width), np.int32)
    for number, plane in enumerate(walks / np.float32(largest), start=1):
        fine = cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR)
        wins = fine > best
        winners[wins], best[wins] = number, fine[wins]
    found = []
    for number, (class_index, _) in enumerate(seeds, start=1):
        parts, _ = ndimage.label(winners == number)
        for part in np.flatnonzero(np.bincount(parts.ravel()) >= FRAGMENT_SHARE * height * width):
            if part:
                pixels = parts == part
                found.append((float(best[pixels].max()), class_index, pixels))
    found.sort(key=lambda one: -one[0])
    kept = found[:MOST_INSTANCES]
    ids = np.zeros((height, width), np.uint8)
    for number, (_, _, pixels) in enumerate(kept, start=1):
        ids[pixels] = number
    return Instances(ids, tuple(one[1] for one in kept), tuple(min(1.0, one[0]) for one in kept))


def clusters_of(field_2hw: NDArray[np.float32]) -> NDArray[np.int32]:
    """The cluster of every cell, (h, w): the number of the centroid that it ends at, 0 for none.

    Centroids are regions of cells with short displacements, joined over their four neighbours.
    """
    strength = np.hypot(field_2hw[0], field_2hw[1])
    centroids, _ = ndimage.label(strength < CENTROID_CELLS)
    rows, columns = follow(field_2hw)
    found: NDArray[np.int32] = centroids[rows, columns].astype(np.int32)
    return found


def follow(field_2hw: NDArray[np.float32], steps: int = STEPS) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row and column (h, w) of the cell where each cell ends that follows the field.

    Each step adds the field, read bilinearly at the place reached; nothing leaves the grid.
    """
    _, height, width = field_2hw.shape
    y, x = (axis.astype(np.float32) for axis in np.mgrid[:height, :width])
    for _ in range(steps):
        top, left = np.floor(y).astype(np.intp), np.floor(x).astype(np.intp)
        bottom, right = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
        down, along = y - top, x - left
        upper = field_2hw[:, top, left] * (1 - along) + field_2hw[:, top, right] * along
        lower = field_2hw[:, bottom, left] * (1 - along) + field_2hw[:, bottom, right] * along
        step = upper * (1 - down) + lower * down
        y, x = np.clip(y + step[0], 0, height - 1), np.clip(x + step[1], 0, width - 1)
    return np.rint(y).astype(np.int64), np.rint(x).astype(np.int64)


def in_class_mask(found: Instances, mask: NDArray[np.uint8]) -> list[tuple[int, NDArray[np.bool_]]]:
    """The instances cut to a mask of classes: (class index, pixels (H, W)) of every object of the mask.

    Pixels of a class outside its instances belong to the nearest instance in the same connected part of the
    class, and are an object of their own where the part has none.

    Args:
        found: instances of the picture.
        mask: uint8 (H, W), 0 background, 255 void.
    """
    table = np.array([0, *found.class_indices], dtype=np.uint8)
    objects: dict[int, NDArray[np.bool_]] = {}
    alone: list[tuple[int, NDArray[np.bool_]]] = []
    for class_index in sorted(set(np.unique(mask).tolist()) - {0, 255}):
        parts, _ = ndimage.label(mask == class_index, structure=np.ones((3, 3)))
        claimed = np.where(table[found.ids_hw] == class_index, found.ids_hw, np.uint8(0))
        for part, box in enumerate(ndimage.find_objects(parts), start=1):
            pixels = parts[box] == part
            ids = np.where(pixels, claimed[box], np.uint8(0))
            if not ids.any():
                alone.append((class_index, _placed(pixels, box, mask.shape)))
                continue
            nearest = ndimage.distance_transform_edt(ids == 0, return_distances=False, return_indices=True)
            ids = np.where(pixels, ids[tuple(nearest)], np.uint8(0))
            for number in np.unique(ids[pixels]).tolist():
                whole = objects.setdefault(number, np.zeros(mask.shape, bool))
                whole[box] |= ids == number
    return [(int(table[number]), objects[number]) for number in sorted(objects)] + alone


def _placed(pixels: NDArray[np.bool_], box: tuple[slice, ...], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    whole = np.zeros(shape, bool)
    whole[box] = pixels
    return whole
