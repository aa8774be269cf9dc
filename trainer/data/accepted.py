"""Masks that people accepted, `accepted/<id>.png` in a dataset; training treats them as correct."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainer.data.dataset import DatasetError, TaggedDataset, TaggedImage
from trainer.data.ground_truth import GroundTruthError, read_mask
from trainer.data.images import ImageReadError, upright_size

VOID = 255


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
        DatasetError: a mask cannot be read, has another size than its picture, or holds an index that is no
            class of the dataset.
    """
    for image in dataset.accepted:
        try:
            labels = accepted_labels(image)
        except GroundTruthError as error:
            raise DatasetError(f"An accepted mask of {dataset.root} cannot be used: {error}") from error
        if labels is None:
            continue
        highest = int(labels[labels != VOID].max(initial=0))
        if highest > dataset.class_count:
            raise DatasetError(
                f"Accepted mask {image.accepted_mask} holds the class index {highest}, but {dataset.root} "
                f"has {dataset.class_count} classes; export it again with the class list of the dataset."
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
