"""Writes a snapshot as a dataset that the trainer can open: VOC layout, with links to pictures and masks."""

from __future__ import annotations

import csv
import io
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from db.masks import MaskStore
from puzzlecam_app.interchange.safe_names import safe_names
from puzzlecam_app.root_files import RootFiles
from puzzlecam_app.runs.snapshot import ALL, RunItem, RunSnapshot
from trainer.contract import PICTURE_SUFFIXES
from trainer.data.class_files import CLASS_FILE, class_file_text
from trainer.data.dataset import ACCEPTED
from trainer.data.ground_truth import GROUND_TRUTH
from trainer.data.voc import LISTS, PICTURES, TAG_FILE


def list_name(snapshot: RunSnapshot, split: str) -> str:
    """Name of the list of a split: the name of the split, made safe for a file name."""
    names = safe_names(name for name in snapshot.splits if name != ALL)
    return ALL if split == ALL else names[split]


def write_dataset(snapshot: RunSnapshot, masks: MaskStore, root: Path) -> None:
    """Write the dataset into the new folder `root`. Pictures at a URL are fetched when the run begins.

    ```
    JPEGImages/<id>.<suffix>            links to the pictures
    ImageSets/Segmentation/<split>.txt  all.txt, and one list per split
    tags.csv labels.txt                 tags by class name; class names in index order
    SegmentationClass/<id>.png          ground truth where there is one, read only to measure
    accepted/<id>.png                   masks that people accepted or corrected
    ```
    """
    lists = root / LISTS
    for folder in (root / PICTURES, lists):
        folder.mkdir(parents=True)
    names = _class_lines(snapshot.classes)
    rows = io.StringIO()
    table = csv.writer(rows, lineterminator="\n")
    table.writerow(("image", "tags"))
    for item in snapshot.items:
        if snapshot.url is None:
            _link_picture(item.path, picture_link(root, item))
        # The suffix is needed because an id may contain a dot.
        table.writerow((f"{item.id}.jpg", ";".join(names[index - 1] for index in item.tags)))
        for kind, mask_hash in ((GROUND_TRUTH, item.ground_truth), (ACCEPTED, item.accepted_mask)):
            if mask_hash is not None:
                _link_file(masks.file(mask_hash), root / kind / f"{item.id}.png")
    (root / TAG_FILE).write_text(rows.getvalue(), encoding="utf-8")
    (root / CLASS_FILE).write_text(class_file_text(names), encoding="utf-8")
    for split in snapshot.splits:
        ids = "".join(f"{item.id}\n" for item in snapshot.in_split(split))
        (lists / f"{list_name(snapshot, split)}.txt").write_text(ids, encoding="utf-8")


def link_again(snapshot: RunSnapshot, root: Path, files: RootFiles, paths: Mapping[int, str]) -> None:
    """Renew the links to pictures that were moved since; `paths` says where among `files` they are now."""
    for item in snapshot.items:
        link, relative = picture_link(root, item), paths.get(item.item_id)
        path = None if relative is None else files.root / relative
        if path is not None and not link.exists() and path.is_file():
            link.unlink(missing_ok=True)
            _link_picture(path, link)


def missing_pictures(root: Path) -> list[str]:
    """Names of linked pictures whose file is no longer there."""
    return sorted(link.name for link in (root / PICTURES).iterdir() if not link.exists())


def picture_link(root: Path, item: RunItem) -> Path:
    """The name of a picture in the dataset folder `root`."""
    suffix = item.path.suffix.lower()
    return root / PICTURES / f"{item.id}{suffix if suffix in PICTURE_SUFFIXES else '.jpg'}"


def _class_lines(classes: tuple[str, ...]) -> tuple[str, ...]:
    """Class names without the character that separates tags in a list; still unique."""
    lines: list[str] = []
    for name in classes:
        line = name.replace(";", ",").strip()
        while line in lines:
            line += "_"
        lines.append(line)
    return tuple(lines)


def _link_picture(source: Path, target: Path) -> None:
    try:
        target.symlink_to(source.absolute())
    except OSError:  # Windows, without the right to make symbolic links
        if source.is_file():
            _link_file(source, target)


def _link_file(source: Path, target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without hard links
        shutil.copyfile(source, target)
