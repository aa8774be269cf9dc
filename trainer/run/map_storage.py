"""Class maps of one picture on disk, from the CAMs through the random walk to the pseudo-labels."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from trainer.errors import ArtifactError
from trainer.machine.durable_write import write_atomic

Maps = NDArray[np.float32]
"""Maps of K classes, float32 (K, h, w)."""

FORMAT = "puzzlecam-maps"
VERSION = 1


@dataclass(frozen=True, eq=False)
class ClassMaps:
    """Maps of the classes in a picture's tags.

    Attributes:
        class_indices: mask index (1 to 254) of each of the K maps; K may be 0.
        image_size: (height, width) of the picture in pixels.
        maps_khw: float32 (K, h, w) in [0, 1] at stride 4 of the (size-limited) picture, spanning it exactly;
            `trainer.cams.compute.upsample` gives the full size.
    """

    class_indices: tuple[int, ...]
    image_size: tuple[int, int]
    maps_khw: Maps


def save_maps(path: Path, maps: ClassMaps) -> None:
    """Store maps as float16 (error below 0.0005) with a JSON header, completely or not at all."""
    header = {
        "format": FORMAT,
        "version": VERSION,
        "class_indices": [int(index) for index in maps.class_indices],
        "image_size": [int(side) for side in maps.image_size],
    }
    data = safetensors.numpy.save(
        {"maps": maps.maps_khw.astype(np.float16)}, metadata={"header": json.dumps(header)}
    )
    write_atomic(path, data)


def load_maps(path: Path) -> ClassMaps:
    """Read what `save_maps` stored.

    Raises:
        ArtifactError: the file is missing, damaged, or of another kind or version.
    """
    remedy = "delete it and run the stage that makes it again."
    if not path.is_file():
        raise ArtifactError(f"Map file {path} does not exist; run the stage that makes it.")
    try:
        with safe_open(path, framework="numpy") as file:
            header = json.loads((file.metadata() or {}).get("header", "{}"))
            if (header.get("format"), header.get("version")) != (FORMAT, VERSION):
                raise ArtifactError(f"{path} is not a map file of version {VERSION}; {remedy}")
            maps_khw = file.get_tensor("maps").astype(np.float32)
        height, width = header["image_size"]
        indices = tuple(int(index) for index in header["class_indices"])
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise ArtifactError(f"Map file {path} is damaged ({error}); {remedy}") from error
    if maps_khw.ndim != 3 or len(maps_khw) != len(indices):
        raise ArtifactError(f"Map file {path} is damaged (maps and classes do not fit together); {remedy}")
    return ClassMaps(indices, (int(height), int(width)), maps_khw)
