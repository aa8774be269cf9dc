"""The dataset of one point of the teaching study: the same pictures, with some masks accepted."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterable
from pathlib import Path

from trainer.data.class_files import CLASS_FILE, class_file_text
from trainer.data.dataset import ACCEPTED, TaggedDataset
from trainer.data.ground_truth import GROUND_TRUTH, GroundTruth
from trainer.data.voc import LISTS, PICTURES, TAG_FILE
from trainer.machine.durable_write import write_atomic
from trainer.studies.teaching.corrections import correction_path

SPLIT = "all"


def write_taught_dataset(
    dataset: TaggedDataset, truth: GroundTruth, root: Path, corrected: Path, accepted: Iterable[str]
) -> None:
    """Write a dataset in VOC layout whose pictures are links. Writing it again gives the same dataset.

    Masks that people accepted in the dataset itself are left behind: the annotator starts from nothing. The
    ground truth comes along for measuring.

    Args:
        dataset: the pictures.
        truth: their ground truth.
        root: folder to write.
        corrected: folder of corrected masks, see `trainer.studies.teaching.corrections`.
        accepted: ids of the pictures whose corrected mask counts as accepted.
    """
    shutil.rmtree(root / ACCEPTED, ignore_errors=True)
    for identifier in accepted:
        _link(correction_path(corrected, identifier), root / ACCEPTED / f"{identifier}.png")
    rows = io.StringIO()
    table = csv.writer(rows, lineterminator="\n")
    table.writerow(("image", "tags"))
    for image in dataset.images:
        _link(image.path, root / PICTURES / f"{image.id}{image.path.suffix.lower()}")
        table.writerow((f"{image.id}.jpg", ";".join(dataset.names_of(image))))
    if truth.folder.is_dir():
        _link(truth.folder, root / GROUND_TRUTH)
    write_atomic(root / CLASS_FILE, class_file_text(dataset.class_names).encode())
    write_atomic(root / TAG_FILE, rows.getvalue().encode())
    ids = "".join(f"{image.id}\n" for image in dataset.images)
    write_atomic(root / LISTS / f"{SPLIT}.txt", ids.encode())


def _link(source: Path, target: Path) -> None:
    """Link to a file or folder, or copy it where links are not allowed (Windows)."""
    if target.is_symlink() or target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        target.symlink_to(source.absolute())
    except OSError:
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, target)
