"""Masks that people accepted, `accepted/<id>.png` in a dataset; training treats them as correct."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainer.data.class_files import CLASS_FILE
from trainer.data.class_list import VOID
from trainer.data.dataset import ACCEPTED, DatasetError, TaggedDataset, TaggedImage
from trainer.data.ground_truth import GroundTruthError, read_mask
from trainer.data.images import ImageReadError, upright_size


def accepted_labels(image: TaggedImage) -> NDArray[np.uint8] | None:
    """The accepted mask of a picture, uint8 (H, W) of class indices, 255 void; None where there is none.

    Raises:
        GroundTruthError: the file is missing or damaged.
    """
    return None if image.accepted_mask is None else read_mask(image.accepted_mask)


def check_accepted(dataset: TaggedDataset) -> None:
    """Read every accepted mask once, so that a bad one is reported before hours of training.

    Pictures that cannot be read pass; `trainer.data.unreadable.unreadable_images` reports them.

    Raises:
        DatasetError: no class list says what the indices in the masks mean, or a mask cannot be read, has
            another size than its picture, or holds an index that is no class of the dataset.
    """
    if dataset.accepted and dataset.class_list is None:
        raise DatasetError(
            f"Nothing says which classes the indices in {dataset.root / ACCEPTED} stand for; add "
            f"{dataset.root / CLASS_FILE} with the classes in index order."
        )
    classes = dataset.class_list.classes if dataset.class_list is not None else {}
    for image in dataset.accepted:
        try:
            labels = accepted_labels(image)
        except GroundTruthError as error:
            raise DatasetError(f"An accepted mask of {dataset.root} cannot be used: {error}") from error
        if labels is None:
            continue
        unknown = [index for index in np.unique(labels).tolist() if index not in {0, VOID, *classes}]
        if unknown:
            raise DatasetError(
                f"Accepted mask {image.accepted_mask} holds the class index {unknown[0]}, which is no class "
                f"of {dataset.root}; export it again with the class list of the dataset."
            )
        size = _upright_size(image.path)
        if size is not None and size != labels.shape:
            raise DatasetError(
                f"Accepted mask {image.accepted_mask} has {labels.shape[1]} x {labels.shape[0]} pixels, but "
                f"its upright picture has {size[1]} x {size[0]}; export it again in the size of the picture."
            )


def _upright_size(path: Path) -> tuple[int, int] | None:
    """(H, W) of a picture turned upright; None where its header cannot be read."""
    try:
        return upright_size(path)
    except ImageReadError:
        return None
