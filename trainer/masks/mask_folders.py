"""Scoring a folder of masks against ground truth, once it is known that both number their classes alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trainer.data.class_files import find_class_list, read_class_file
from trainer.data.class_list import ClassList
from trainer.data.dataset import DatasetError
from trainer.data.ground_truth import FOLDERS, GroundTruth, mask_folder
from trainer.data.voc import listed_ids
from trainer.masks.evaluation import NO_CLASSES, AbsentClasses, evaluate_masks
from trainer.run.directory import RunDir


def evaluate_folder(
    predictions: Path, ground_truth: Path, list_file: Path, classes_file: Path | None, absent: AbsentClasses
) -> dict[str, Any]:
    """Score a folder of masks; arguments, result and errors: see `trainer.commands.evaluate`."""
    folder = mask_folder(ground_truth) or ground_truth

    def has_mask(identifier: str) -> bool:
        return (folder / f"{identifier}.png").is_file()

    ids = listed_ids(list_file, has_mask)
    missing = [identifier for identifier in ids if not has_mask(identifier)]
    if not ids or missing:
        what = f"names {missing[0]}, of which {folder} has no mask" if missing else "is empty"
        raise DatasetError(f"{list_file} {what}; give a list of pictures with ground truth.")
    classes = _agreed_classes(predictions, folder, classes_file)
    names = {0: "background", **classes.classes}
    result = evaluate_masks(
        ids,
        lambda identifier: predictions / f"{identifier}.png",
        GroundTruth(folder, classes),
        len(classes.names) + 1,
        absent=absent,
    )
    if not result.has_classes:
        raise DatasetError(f"The masks in {folder} {NO_CLASSES}")
    score = result.honest.as_json()
    return {
        "pictures": result.pictures,
        "miou": score["miou"],
        "absent_classes": absent,
        "per_class": {name: score["per_class"][index] for index, name in names.items()},
    }


def _agreed_classes(predictions: Path, truth: Path, classes_file: Path | None) -> ClassList:
    """The longest class list of those that were given and found, which must agree.

    Raises:
        DatasetError: there is none, or two give an index different meanings.
    """
    of_truth = find_class_list(truth)
    if of_truth is None and truth.name in FOLDERS:
        of_truth = find_class_list(truth.parent)
    lists = {
        str(classes_file): None if classes_file is None else read_class_file(classes_file),
        str(predictions): find_class_list(predictions) or _classes_of_run(predictions),
        str(truth): of_truth,
    }
    found = [(place, classes) for place, classes in lists.items() if classes is not None]
    if not found:
        raise DatasetError(
            f"Nothing says which classes the indices in {predictions} and {truth} stand for; give a file "
            "with the classes in index order with --classes, or --classes voc for the twenty of PASCAL VOC."
        )
    for place, classes in found:
        for other_place, other in found:
            difference = classes.difference(other)
            if difference is not None:
                raise DatasetError(
                    f"The class lists of {place} and {other_place} differ: {difference}; masks can only be "
                    f"compared with masks that number their classes in the same way."
                )
    return max((classes for _, classes in found), key=lambda classes: len(classes.names))


def _classes_of_run(predictions: Path) -> ClassList | None:
    """The classes of the run whose masks these are, for runs that wrote no class file beside them."""
    for folder in (predictions.absolute().parent, predictions.absolute().parent.parent):
        run = RunDir(folder)
        if run.exists():
            return ClassList(run.manifest().dataset.class_names)
    return None
