"""Ground-truth masks, which are only read to measure against."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from trainer.contract import FailureCode
from trainer.errors import TrainerError

GROUND_TRUTH = "SegmentationClass"
"""Folder of a dataset in VOC layout with the masks to measure against."""

FOLDERS = (GROUND_TRUTH, "SegmentationClassAug", "masks")


class GroundTruthError(TrainerError):
    """A mask cannot be read; the message names the file."""

    code = FailureCode.BAD_DATASET


class GroundTruth:
    """Masks `<id>.png` in a dataset's sub-folder SegmentationClass or masks, else in the folder itself."""

    def __init__(self, root: Path | str) -> None:
        root = Path(root)
        self.folder = next((root / name for name in FOLDERS if (root / name).is_dir()), root)

    def has(self, identifier: str) -> bool:
        """Whether this picture has a mask."""
        return self._path(identifier).is_file()

    def mask(self, identifier: str) -> NDArray[np.uint8]:
        """uint8 (H, W) of class indices: 0 background, 1 .. K classes, 255 void.

        Raises:
            GroundTruthError: the file is missing, damaged, or a colour picture.
        """
        return read_mask(self._path(identifier))

    def _path(self, identifier: str) -> Path:
        return self.folder / f"{identifier}.png"


def read_mask(path: Path) -> NDArray[np.uint8]:
    """Read a mask PNG as uint8 (H, W) of class indices.

    Raises:
        GroundTruthError: the file is missing, damaged, or a colour picture.
    """
    try:
        with Image.open(path) as image:
            if image.mode not in ("P", "L"):
                raise GroundTruthError(
                    f"Mask {path} has the colour mode {image.mode}; "
                    f"store class indices as an indexed (P) or grey (L) PNG."
                )
            return np.array(image, dtype=np.uint8)
    except FileNotFoundError as error:
        raise GroundTruthError(f"Mask {path} does not exist; name the folder that holds it.") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise GroundTruthError(f"Mask {path} cannot be read ({error}); restore it.") from error
