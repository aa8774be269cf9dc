"""Exports a dataset in the layout of PASCAL VOC: a snapshot, with a manifest of where everything is from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from db.engine import Database
from db.masks import MaskStore
from db.natural_order import natural_key
from puzzlecam_app import __version__
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.export_files import ExportedPicture, FileExporter
from puzzlecam_app.interchange.export_folder import new_export, write_manifest
from puzzlecam_app.interchange.parallel import Progress, map_files
from puzzlecam_app.interchange.pictures import DEFAULT_MAX_PIXELS
from puzzlecam_app.interchange.problems import Problem, warning
from puzzlecam_app.interchange.safe_names import safe_names
from puzzlecam_app.interchange.snapshot import Snapshot, take_snapshot
from puzzlecam_app.interchange.splits import split_name
from puzzlecam_app.user_paths import user_path

VOC_FOLDER: Final = "VOCdevkit/VOC2012"
"""Where an export keeps the pictures; torchvision and other readers look there."""

FORMAT_VERSION: Final = 1
MAX_VOID_BOUNDARY_PX: Final = 50
_SPLITS: Final = ("train", "val", "trainval")


class ExportReport(BaseModel):
    """Outcome of one export."""

    model_config = ConfigDict(frozen=True)

    dataset: str
    out: str = Field(description="Folder that was written.")
    voc_root: str = Field(description="Folder in it that holds JPEGImages.")
    exported: int = Field(description="Pictures written.")
    splits: dict[str, int] = Field(description="Pictures in each list of ImageSets/Segmentation.")
    left_out: int = Field(description="Pictures that could not be written; each has a problem.")
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class ExportOptions:
    """Which pictures an export holds, and how they are written.

    Attributes:
        statuses: statuses or groups (``todo``, ``done``) of the pictures to export.
        void_boundary_px: width of the band of void on each side of outlines, 0 to 50 pixels.
        link: make hard links of pictures that need no change, where the file system can.
        max_pixels: larger pictures are left out.
        replace: replace an earlier export even when some pictures cannot be exported.
    """

    statuses: Sequence[str] = ("accepted", "corrected")
    void_boundary_px: int = 0
    link: bool = True
    max_pixels: int = DEFAULT_MAX_PIXELS
    replace: bool = False


def export_voc(
    database: Database,
    mask_store: MaskStore,
    dataset_name: str,
    out_dir: Path,
    options: ExportOptions | None = None,
    *,
    progress: Progress | None = None,
) -> ExportReport:
    """Write the dataset to ``<out_dir>/VOCdevkit/VOC2012``, with a manifest in `out_dir`.

    Which revision of each picture is exported is settled first; changes that people make meanwhile are not
    exported. `out_dir` must be new, empty, or an earlier export, which is replaced once the new one is
    complete.

    Args:
        database: Where the dataset is kept.
        mask_store: Where its masks are kept.
        dataset_name: Name of the dataset in the studio.
        out_dir: Folder to write.
        options: Which pictures are exported, and how.
        progress: Called with the number of pictures written and their total.

    Raises:
        UserError: There is nothing to export, or `out_dir` cannot be used.
        db.errors.StorageError: Unknown dataset or status.
    """
    options = options or ExportOptions()
    if not 0 <= options.void_boundary_px <= MAX_VOID_BOUNDARY_PX:
        raise UserError(
            f"the void boundary must be 0 to {MAX_VOID_BOUNDARY_PX} pixels wide, "
            f"not {options.void_boundary_px}"
        )
    snapshot = take_snapshot(database, dataset_name, options.statuses)
    if not snapshot.items:
        raise UserError(
            f"the dataset {dataset_name!r} has no masks that are {' or '.join(options.statuses)}"
            + (f" (the pictures of {len(snapshot.missing)} are missing)" if snapshot.missing else ""),
            remedy="Accept some on the Review page, or choose other statuses"
            if not snapshot.missing
            else "Put the missing pictures back and import the dataset again",
        )
    with new_export(out_dir) as folder:
        root = folder / VOC_FOLDER
        exporter = FileExporter(
            files=snapshot.files,
            mask_store=mask_store,
            pictures=root / "JPEGImages",
            masks=root / "SegmentationClass",
            void_boundary_px=options.void_boundary_px,
            link=options.link,
            max_pixels=options.max_pixels,
        )
        exported, problems = _write_files(exporter, snapshot, progress)
        if problems and not options.replace and (not exported or user_path(out_dir).exists()):
            raise _nothing_replaced(out_dir, exported, problems)
        lists = _split_lists(exported)
        _write_lists(root, snapshot, exported, lists)
        names = ["background", *snapshot.classes]
        (root / "labels.txt").write_text("".join(f"{name}\n" for name in names), "utf-8")
        write_manifest(folder, _manifest(snapshot, exported, problems, options))
    out = user_path(out_dir).resolve()
    return ExportReport(
        dataset=snapshot.dataset_name,
        out=str(out),
        voc_root=str(out / VOC_FOLDER),
        exported=len(exported),
        splits={split: len(names) for split, names in lists.items()},
        left_out=len(problems),
        problems=(*problems, *(_missing(name) for name in snapshot.missing)),
    )


def _missing(name: str) -> Problem:
    return warning(
        name,
        "the last import did not find the picture, so it is not in the export; its mask is kept",
        "Put it back and import the dataset again, if you still need it",
    )


def _nothing_replaced(
    out_dir: Path, exported: Sequence[ExportedPicture], problems: Sequence[Problem]
) -> UserError:
    """An export that lacks pictures never takes the place of one that may have them."""
    first = problems[0]
    total = len(exported) + len(problems)
    return UserError(
        f"{len(problems)} of {total} pictures could not be exported, so nothing was written (the first: "
        f"{first.file}: {first.reason})",
        where=str(out_dir),
        remedy="Correct this, or export to a new folder"
        if not exported
        else "Correct this, export to a new folder, or replace the earlier export with --replace",
    )


def _write_files(
    exporter: FileExporter, snapshot: Snapshot, progress: Progress | None
) -> tuple[list[ExportedPicture], list[Problem]]:
    for folder in (exporter.pictures, exporter.masks):
        folder.mkdir(parents=True)
    results = map_files(exporter, snapshot.items, progress)
    exported = [result for result in results if isinstance(result, ExportedPicture)]
    problems = [result for result in results if isinstance(result, Problem)]
    return sorted(exported, key=lambda one: (natural_key(one.name), one.name)), problems


def _split_lists(exported: Sequence[ExportedPicture]) -> dict[str, list[str]]:
    """Names of each list. A picture without a split is for training; ``trainval`` repeats both."""
    lists: dict[str, list[str]] = {split: [] for split in _SPLITS}
    for one in exported:
        split = split_name(one.item.split or "train")
        lists.setdefault(split, []).append(one.name)
        if split in {"train", "val"}:
            lists["trainval"].append(one.name)
    return lists


def _write_lists(
    root: Path, snapshot: Snapshot, exported: Sequence[ExportedPicture], lists: dict[str, list[str]]
) -> None:
    picture_of = {one.name: one for one in exported}
    segmentation, main = root / "ImageSets" / "Segmentation", root / "ImageSets" / "Main"
    for folder in (segmentation, main):
        folder.mkdir(parents=True)
    # Splits are free text in the studio, and file names here.
    files = safe_names(lists)
    for split, names in lists.items():
        text = "".join(f"{name}\n" for name in names)
        for folder in (segmentation, main):
            (folder / f"{files[split]}.txt").write_text(text, "utf-8")
    class_files = safe_names(snapshot.classes)
    for index, class_name in enumerate(snapshot.classes, start=1):
        for split, names in lists.items():
            lines = [f"{name} {_presence(picture_of[name], index):>2}\n" for name in names]
            path = main / f"{class_files[class_name]}_{files[split]}.txt"
            path.write_text("".join(lines), "utf-8")


def _presence(picture: ExportedPicture, class_index: int) -> int:
    """VOC's flag: 1 the class is in the mask, 0 it is a tag that nobody outlined, -1 it is in neither."""
    if class_index in picture.mask_classes:
        return 1
    return 0 if class_index in picture.item.tags else -1


def _manifest(
    snapshot: Snapshot,
    exported: Sequence[ExportedPicture],
    problems: Sequence[Problem],
    options: ExportOptions,
) -> dict[str, Any]:
    return {
        "format": "voc",
        "format_version": FORMAT_VERSION,
        "software": f"puzzlecam-studio {__version__}",
        "created": snapshot.taken_at.isoformat(timespec="seconds"),
        "dataset": {"id": snapshot.dataset_id, "name": snapshot.dataset_name},
        "label_set": {"revision": snapshot.label_set_revision, "classes": list(snapshot.classes)},
        "statuses": list(options.statuses),
        "void_boundary_px": options.void_boundary_px,
        "items": [
            {
                "name": one.name,
                "item": one.item.name,
                "item_id": one.item.item_id,
                "split": one.item.split,
                "revision": one.item.revision_id,
                "status": one.item.status,
                "author": one.item.author,
                "mask_hash": one.item.mask_hash,
                "picture": one.stored,
                "picture_sha256": one.jpeg_sha256,
                "source_sha256": one.item.sha256,
            }
            for one in exported
        ],
        "left_out": [problem.model_dump(mode="json") for problem in problems],
    }
