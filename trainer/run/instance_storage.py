"""Instances of one picture on disk: which object of its class each pixel belongs to."""

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

FORMAT = "puzzlecam-instances"
VERSION = 1


@dataclass(frozen=True, eq=False)
class Instances:
    """The instances of a picture, the strongest first.

    Attributes:
        ids_hw: uint8 (H, W), 0 where there is no instance, else 1 + its position in the lists.
        class_indices: mask index 1 to 254 of each.
        scores: how strong each is, in [0, 1].
    """

    ids_hw: NDArray[np.uint8]
    class_indices: tuple[int, ...]
    scores: tuple[float, ...]


def save_instances(path: Path, found: Instances) -> None:
    """Store instances with a JSON header, completely or not at all."""
    header = {
        "format": FORMAT,
        "version": VERSION,
        "class_indices": [int(index) for index in found.class_indices],
        "scores": [float(score) for score in found.scores],
    }
    ids = np.ascontiguousarray(found.ids_hw)
    write_atomic(path, safetensors.numpy.save({"ids": ids}, metadata={"header": json.dumps(header)}))


def load_instances(path: Path) -> Instances:
    """Read what `save_instances` stored.

    Raises:
        ArtifactError: the file is missing, damaged, or of another kind or version.
    """
    remedy = "delete it and run the stage refine again."
    if not path.is_file():
        raise ArtifactError(f"Instance file {path} does not exist; run the stage refine.")
    try:
        with safe_open(path, framework="numpy") as file:
            header = json.loads((file.metadata() or {}).get("header", "{}"))
            if (header.get("format"), header.get("version")) != (FORMAT, VERSION):
                raise ArtifactError(f"{path} is not an instance file of version {VERSION}; {remedy}")
            ids = file.get_tensor("ids")
        classes = tuple(int(index) for index in header["class_indices"])
        scores = tuple(float(score) for score in header["scores"])
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise ArtifactError(f"Instance file {path} is damaged ({error}); {remedy}") from error
    if (
        ids.ndim != 2
        or ids.dtype != np.uint8
        or len(classes) != len(scores)
        or ids.max(initial=0) > len(classes)
    ):
        raise ArtifactError(
            f"Instance file {path} is damaged (ids and classes do not fit together); {remedy}"
        )
    return Instances(ids, classes, scores)
