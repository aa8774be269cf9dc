"""What one accepted mask says: the cells of its picture, their prior and their labels."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from trainer.errors import ArtifactError
from trainer.live.features import CellFeatures
from trainer.live.grid import cell_means, label_shares
from trainer.machine.durable_write import write_atomic
from trainer.run.map_storage import Maps

FORMAT = "puzzlecam-live-evidence"
VERSION = 1

_VOID = 255


class EvidenceError(ArtifactError):
    """Stored evidence is missing, damaged, or was made by another encoder or prior."""


@dataclass(frozen=True, eq=False)
class PictureEvidence:
    """One accepted mask, as the live model sees it.

    Attributes:
        class_indices: mask indices of the K classes: the picture's tags and whatever is painted in the mask.
        features: of the picture's n cells.
        prior_nk: float16 (n, K) in [0, 1], the prior's maps as means of cells.
        shares_nk: float16 (n, K) in [0, 1], the share of a cell that has the class in the mask.
        known_n: float16 (n,) in [0, 1], the share of a cell that is not void and within the picture.
    """

    class_indices: tuple[int, ...]
    features: CellFeatures
    prior_nk: NDArray[np.float16]
    shares_nk: NDArray[np.float16]
    known_n: NDArray[np.float16]


def picture_evidence(
    features: CellFeatures, cams_khw: Maps, class_indices: Sequence[int], mask: NDArray[np.uint8]
) -> PictureEvidence:
    """Gather what an accepted mask says.

    Args:
        features: of the picture.
        cams_khw: float32 (K, h, w) in [0, 1], the prior's maps, which span the picture.
        class_indices: mask index 1 .. 254 of each of the K classes, each once.
        mask: uint8 (H, W) of the picture's size; void (255) is left out.

    Raises:
        ValueError: the mask or the maps do not fit the picture or the classes.
    """
    indices = tuple(int(index) for index in class_indices)
    if len(set(indices)) != len(cams_khw) or len(indices) != len(cams_khw):
        raise ValueError(f"There are maps of {len(cams_khw)} classes, but the classes are {indices}.")
    if mask.shape != features.image_size:
        raise ValueError(f"The mask has the size {mask.shape}, the picture {features.image_size}.")
    size = features.limited_size
    void = label_shares(mask, (_VOID,), size)[:, 0]
    inside = label_shares(np.zeros_like(mask), (0,), size)[:, 0]
    return PictureEvidence(
        class_indices=indices,
        features=features,
        prior_nk=cell_means(cams_khw, size).astype(np.float16),
        shares_nk=label_shares(mask, indices, size).astype(np.float16),
        known_n=(inside - void).astype(np.float16),
    )


def save_evidence(path: Path, evidence: PictureEvidence, identity: str) -> None:
    """Store evidence, completely or not at all.

    Args:
        path: the file; its folder is created.
        evidence: some half megabyte for a picture of 500 x 375 pixels.
        identity: encoder and prior that made it; `load_evidence` compares it.
    """
    header = {
        "format": FORMAT,
        "version": VERSION,
        "identity": identity,
        "class_indices": evidence.class_indices,
        "image_size": evidence.features.image_size,
    }
    arrays = {
        "features": evidence.features.values_hwd,
        "prior": evidence.prior_nk,
        "shares": evidence.shares_nk,
        "known": evidence.known_n,
    }
    arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    write_atomic(path, safetensors.numpy.save(arrays, metadata={"header": json.dumps(header)}))


def load_evidence(path: Path, identity: str) -> PictureEvidence:
    """Read what `save_evidence` stored.

    Raises:
        EvidenceError: the file is missing, damaged, of another version, or has another identity.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            header = json.loads((file.metadata() or {}).get("header", "{}"))
            if (header.get("format"), header.get("version")) != (FORMAT, VERSION):
                raise EvidenceError(f"{path} is not live evidence of version {VERSION}; compute it again.")
            if header["identity"] != identity:
                raise EvidenceError(f"{path} was made by another encoder or prior; compute it again.")
            features, prior, shares, known = (
                file.get_tensor(name) for name in ("features", "prior", "shares", "known")
            )
        height, width = header["image_size"]
        return PictureEvidence(
            class_indices=tuple(int(index) for index in header["class_indices"]),
            features=CellFeatures(features, (int(height), int(width))),
            prior_nk=prior,
            shares_nk=shares,
            known_n=known,
        )
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise EvidenceError(f"{path} cannot be read ({error}); compute it again.") from error
