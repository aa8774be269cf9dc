"""Figure 4 of the paper: photographs, ground truth, and the masks that a run predicts."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainer.data.dataset import TaggedDataset
from trainer.data.ground_truth import GroundTruth, read_mask, unreadable_masks
from trainer.masks.metrics import confusion_matrix, iou_per_class
from trainer.reports.figures.pictures import EVENLY, dataset_of, photos, run_line
from trainer.reports.figures.sheet import CELL_PX, Cell, Sheet
from trainer.reports.pictures import mask_picture, small_picture
from trainer.run.directory import Manifest, RunDir

_NO_SEGMENTATION = "This run has no stage segment, so figure 4 shows its pseudo-labels of the training split."
_NOTHING = "Figure 4 needs masks; run the stages refine or segment first."


def masks_sheet(directory: RunDir, count: int) -> tuple[Sheet | None, str | None]:
    """Figure 4: photographs at the top, ground truth in the middle, and the run's masks at the bottom.

    The masks are those of the segmentation network, or without one the pseudo-labels of the training split;
    the title says which.

    Returns:
        The figure, or None if it cannot be drawn; and a sentence about what is missing, or None.
    """
    manifest = directory.manifest()
    predicted = str(manifest.recipe["segment"]["predict_split"])
    last = manifest.last_round
    # The network of the last round may still have to be trained.
    segmented = [one for one in range(last, 0, -1) if directory.predictions_path(predicted, one).is_dir()]
    if segmented:
        title, note, split = "Predictions of the segmentation network", None, predicted

        def path_of(identifier: str) -> Path:
            return directory.prediction_path(predicted, identifier, segmented[0])

    else:
        title, note, split = "Pseudo-labels", _NO_SEGMENTATION, manifest.dataset.split
        path_of = functools.partial(directory.pseudo_path, round_number=last)
    dataset = dataset_of(manifest, split)
    if isinstance(dataset, str):
        return None, f"Figure 4 cannot be drawn. {dataset}"
    there = dataset.without([name for name in dataset.ids if not path_of(name).is_file()])
    if not any(image.tags for image in there.images):
        return None, _NOTHING
    return _sheet(manifest, there, path_of, title, count), note


def _sheet(
    manifest: Manifest, dataset: TaggedDataset, path_of: Callable[[str], Path], title: str, count: int
) -> Sheet:
    truth = None if unreadable_masks(dataset) else GroundTruth.of(dataset)
    tops, middles, bottoms = [], [], []
    for photo in photos(dataset, count):
        identifier = photo.image.id
        mask = read_mask(path_of(identifier))
        tops.append(Cell(small_picture(photo.pixels, CELL_PX), (identifier, ", ".join(photo.names))))
        line = ""
        if truth is not None and truth.has(identifier):
            correct = truth.mask(identifier)
            middles.append(Cell(mask_picture(photo.pixels, correct, CELL_PX)))
            line = f"mean IoU {100 * picture_iou(correct, mask):.1f}"
        else:
            middles.append(Cell(None, ("no ground truth",)))
        bottoms.append(Cell(mask_picture(photo.pixels, mask, CELL_PX), (line,) if line else ()))
    rows = (("Photograph", tuple(tops)), ("Ground truth", tuple(middles)), (title, tuple(bottoms)))
    lines = (
        "Below each mask: its mean IoU in percent over the classes in mask or ground truth, background "
        "included. Colours are those of VOC; white is void.",
        run_line(manifest, dataset.split),
        EVENLY,
    )
    return Sheet(f"{title} on split {dataset.split}", (), rows, lines)


def picture_iou(truth: NDArray[np.uint8], mask: NDArray[np.uint8]) -> float:
    """Mean IoU in [0, 1] of one picture over the classes in either mask; NaN if all is void."""
    ious = iou_per_class(confusion_matrix(truth, mask, 256))
    return float(np.nanmean(ious)) if not np.isnan(ious).all() else float("nan")
