"""Ground-truth masks, which are only read to measure against, and what their indices mean."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from trainer.contract import FailureCode
from trainer.data.class_files import CLASS_FILE, find_class_list
from trainer.data.class_list import ClassList
from trainer.data.dataset import DatasetError, TaggedDataset
from trainer.errors import TrainerError

GROUND_TRUTH = "SegmentationClass"
"""Folder of a dataset in VOC layout with the masks to measure against."""

FOLDERS = (GROUND_TRUTH, "SegmentationClassAug", "masks")


class GroundTruthError(TrainerError):
    """A mask cannot be read; the message names the file."""

    code = FailureCode.BAD_DATASET


class GroundTruth:
    """Masks `<id>.png` in a dataset's sub-folder SegmentationClass or masks, else in the folder itself.

    Args:
        root: the folder.
        class_list: what the indices in the masks mean; None takes the class file in the folder `root`.

    Raises:
        DatasetError: the class file cannot be used.
    """

    def __init__(self, root: Path | str, class_list: ClassList | None = None) -> None:
        self.folder = mask_folder(root) or Path(root)
        self.class_list = class_list or find_class_list(Path(root))

    @classmethod
    def of(cls, dataset: TaggedDataset) -> GroundTruth:
        """The ground truth of a dataset; a dataset without masks has one, too, which has no mask.

        Raises:
            DatasetError: there are masks, but no class list says what their indices mean.
        """
        reason = unreadable_masks(dataset)
        if reason is not None:
            raise DatasetError(reason)
        # Without a folder of masks, pictures in the dataset's own folder must not be read as masks.
        folder = mask_folder(dataset.root) or dataset.root / GROUND_TRUTH
        return cls(folder, dataset.class_list or ClassList(dataset.class_names))

    def has(self, identifier: str) -> bool:
        """Whether this picture has a mask."""
        return self._path(identifier).is_file()

    def mask(self, identifier: str) -> NDArray[np.uint8]:
        """uint8 (H, W) of class indices: 0 background, 1 .. K classes, 255 void.

        Raises:
            GroundTruthError: the file is missing, damaged, or a colour picture.
            DatasetError: no class list says what its indices mean.
        """
        if self.class_list is None:
            raise DatasetError(_no_meaning(self.folder, self.folder))
        return self.class_list.read(read_mask(self._path(identifier)))

    def _path(self, identifier: str) -> Path:
        return self.folder / f"{identifier}.png"


def mask_folder(root: Path | str) -> Path | None:
    """The folder of a dataset's ground-truth masks; None if it has none."""
    return next((Path(root) / name for name in FOLDERS if (Path(root) / name).is_dir()), None)


def unreadable_masks(dataset: TaggedDataset) -> str | None:
    """A sentence that says why the dataset's masks cannot be used to measure; None if they can."""
    folder = mask_folder(dataset.root)
    if folder is None or dataset.class_list is not None:
        return None
    return _no_meaning(folder, dataset.root)


def _no_meaning(masks: Path, root: Path) -> str:
    return (
        f"Nothing says which classes the indices in {masks} stand for, so these masks cannot be used; "
        f"add {root / CLASS_FILE} with the classes in index order."
    )


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
