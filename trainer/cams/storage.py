"""CAMs on disk: float16 safetensors with a JSON header, written whole or not at all. No pickles."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError, safe_open

from trainer.cams.compute import CamResult
from trainer.errors import ArtifactError
from trainer.machine.durable_write import write_atomic

FORMAT = "puzzlecam-cams"
VERSION = 1


def save_cams(path: Path, result: CamResult) -> None:
    """Store a `CamResult`; maps as float16 (error below 0.0005), names and settings as a JSON header."""
    header = {
        "format": FORMAT,
        "version": VERSION,
        "class_names": result.class_names,
        "image_size": result.image_size,
        "tiles_per_side": result.tiles_per_side,
        "identity": result.identity,
        "disagreement": [round(float(value), 6) for value in result.disagreement_k],
        "weak": [bool(value) for value in result.weak_k],
    }
    arrays = {
        "cams": result.cams_khw.astype(np.float16),
        "whole": result.whole_khw.astype(np.float16),
        "tiled": result.tiled_khw.astype(np.float16),
    }
    write_atomic(path, safetensors.numpy.save(arrays, metadata={"header": json.dumps(header)}))


def load_cams(path: Path) -> CamResult:
    """Read what `save_cams` stored.

    Raises:
        ArtifactError: the file is missing, damaged, or not a CAM file of this version.
    """
    remedy = "delete it and compute the maps again."
    if not path.is_file():
        raise ArtifactError(f"CAM file {path} does not exist; compute the maps first.")
    try:
        with safe_open(path, framework="numpy") as file:
            header = json.loads((file.metadata() or {}).get("header", "{}"))
            if (header.get("format"), header.get("version")) != (FORMAT, VERSION):
                raise ArtifactError(f"{path} is not a CAM file of version {VERSION}; {remedy}")
            cams, whole, tiled = (
                file.get_tensor(name).astype(np.float32) for name in ("cams", "whole", "tiled")
            )
        result = CamResult(
            class_names=tuple(header["class_names"]),
            image_size=(int(header["image_size"][0]), int(header["image_size"][1])),
            cams_khw=cams,
            whole_khw=whole,
            tiled_khw=tiled,
            disagreement_k=np.array(header["disagreement"], dtype=np.float32),
            weak_k=np.array(header["weak"], dtype=np.bool_),
            tiles_per_side=int(header["tiles_per_side"]),
            identity=str(header["identity"]),
        )
    except (SafetensorError, OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise ArtifactError(f"CAM file {path} is damaged ({error}); {remedy}") from error
    if not cams.shape == whole.shape == tiled.shape or cams.ndim != 3 or len(cams) != len(result.class_names):
        raise ArtifactError(f"CAM file {path} is damaged (its maps and names do not match); {remedy}")
    return result
