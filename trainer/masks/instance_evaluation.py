"""AP50 and AP70 of a run's instances on a dataset whose objects are known."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.data.dataset import DatasetError
from trainer.data.ground_truth import GROUND_TRUTH, read_mask
from trainer.masks.instance_metrics import VOID, BoolMask, FoundInstance, InstancePrecision, TrueInstance
from trainer.run.directory import RunDir
from trainer.run.instance_storage import Instances, load_instances

OBJECTS = "SegmentationObject"
"""Folder of VOC with masks that number the objects of a picture."""

THRESHOLDS = (0.5, 0.7)


def evaluate_instances(run_dir: RunDir, dataset_root: Path) -> dict[str, Any]:
    """Measure the instances of a run.

    Args:
        run_dir: a run of this dataset with `affinity.displacement`, so that class indices mean the same.
        dataset_root: folder in VOC layout with SegmentationClass and SegmentationObject.

    Returns:
        {"pictures", "objects", "ap50", "ap70": mean over the classes, in [0, 1], "per_class": {class index:
        {"ap50", "ap70"}}}.

    Raises:
        DatasetError: no picture has both instances and known objects, or sizes differ.
        GroundTruthError, ArtifactError: a file is damaged.
    """
    collected = {threshold: InstancePrecision(threshold) for threshold in THRESHOLDS}
    pictures = objects = 0
    for identifier, path in _measured(run_dir, dataset_root):
        numbers, classes = read_mask(path), read_mask(dataset_root / GROUND_TRUTH / f"{identifier}.png")
        found = load_instances(run_dir.instances_path(identifier))
        if not numbers.shape == classes.shape == found.ids_hw.shape:
            raise DatasetError(f"The masks of {identifier} and the run's instances differ in size.")
        truth = true_instances(numbers, classes)
        for precision in collected.values():
            precision.add(_found(found), truth, numbers == VOID)
        pictures, objects = pictures + 1, objects + len(truth)
    if not pictures:
        raise DatasetError(
            f"No picture has instances in {run_dir.path} and masks in {dataset_root / OBJECTS} and "
            f"{GROUND_TRUTH}; train with affinity.displacement = true on a dataset in VOC layout with both."
        )
    names = {threshold: f"ap{round(100 * threshold)}" for threshold in THRESHOLDS}
    by_class = {threshold: precision.by_class() for threshold, precision in collected.items()}
    return {
        "pictures": pictures,
        "objects": objects,
        **{names[threshold]: precision.mean() for threshold, precision in collected.items()},
        "per_class": {
            str(index): {names[threshold]: by_class[threshold][index] for threshold in THRESHOLDS}
            for index in by_class[THRESHOLDS[0]]
        },
    }


def true_instances(numbers_hw: NDArray[np.uint8], classes_hw: NDArray[np.uint8]) -> list[TrueInstance]:
    """The objects of a mask of their numbers, each with its most frequent class in the mask of classes.

    0 and 255 are no objects, and an object that lies on background alone is left out.
    """
    objects = []
    for number in np.unique(numbers_hw).tolist():
        pixels = numbers_hw == number
        counts = np.bincount(classes_hw[pixels], minlength=256)
        counts[[0, VOID]] = 0
        if number not in {0, VOID} and counts.any():
            objects.append(TrueInstance(int(counts.argmax()), pixels))
    return objects


def _measured(run_dir: RunDir, root: Path) -> Iterator[tuple[str, Path]]:
    """Ids of the pictures with known objects and instances, with the masks of their objects."""
    for path in sorted((root / OBJECTS).glob("**/*.png")):
        identifier = path.relative_to(root / OBJECTS).with_suffix("").as_posix()
        if run_dir.instances_path(identifier).is_file():
            yield identifier, path


def _found(stored: Instances) -> list[FoundInstance]:
    def pixels(number: int) -> BoolMask:
        return np.asarray(stored.ids_hw == number, dtype=np.bool_)

    return [
        FoundInstance(index, pixels(number), score)
        for number, (index, score) in enumerate(
            zip(stored.class_indices, stored.scores, strict=True), start=1
        )
    ]
