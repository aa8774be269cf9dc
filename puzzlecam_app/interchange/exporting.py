"""Exports a dataset in a format: a snapshot, with a manifest of where everything is from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from db.engine import Database
from db.masks import MaskStore
from db.natural_order import natural_key
from db.objects import items_with_objects
from puzzlecam_app import __version__
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.class_changes import ClassChanges, changed_classes
from puzzlecam_app.interchange.export_files import ExportedPicture, FileExporter, HowPictures
from puzzlecam_app.interchange.export_folder import new_export, write_manifest
from puzzlecam_app.interchange.formats.writers import write_format
from puzzlecam_app.interchange.formats.writing import Target
from puzzlecam_app.interchange.parallel import Progress, map_files
from puzzlecam_app.interchange.pictures import DEFAULT_MAX_PIXELS
from puzzlecam_app.interchange.problems import Problem, warning
from puzzlecam_app.interchange.read_options import Zero
from puzzlecam_app.interchange.snapshot import Snapshot, take_snapshot
from puzzlecam_app.interchange.splits import split_name
from puzzlecam_app.user_paths import user_path

FORMAT_VERSION: Final = 2
MAX_VOID_BOUNDARY_PX: Final = 50
_LINKS: Final = ("linked", "copied")


class ExportReport(BaseModel):
    """Outcome of one export."""

    model_config = ConfigDict(frozen=True)

    dataset: str
    format: str
    out: str = Field(description="Folder that was written.")
    root: str = Field(description="Folder in it that programs read the dataset from.")
    exported: int = Field(description="Pictures written.")
    splits: dict[str, int] = Field(
        description="Pictures in each split, by its usual name; without one, under none."
    )
    left_out: int = Field(description="Pictures that could not be written; each has a problem.")
    problems: tuple[Problem, ...]
    lost: tuple[str, ...] = Field(description="What the format could not carry, counted, in sentences.")


@dataclass(frozen=True)
class ExportOptions:
    """Which pictures an export holds, and how they are written.

    Attributes:
        statuses: statuses or groups (``todo``, ``done``) of the pictures to export.
        void_boundary_px: width of the band of void on each side of outlines, 0 to 50 pixels.
        pictures: ``link`` makes hard links of pictures that need no change, where the file system can;
            ``copy`` copies them; ``none`` exports labels alone.
        max_pixels: larger pictures are left out.
        replace: replace an earlier export even when some pictures cannot be exported.
        splits: only pictures in these splits; "" stands for pictures without one.
        with_tags: only pictures with one of these tags.
        classes: what becomes of the class list.
        as_polygons: outlines instead of run lengths, in formats that have both.
        zero: what 0 means in masks of indices, in formats that leave it open.
        as_predictions: predictions instead of annotations, in formats that have both.
        by: who exports, for the manifest.
    """

    statuses: Sequence[str] = ("accepted", "corrected")
    void_boundary_px: int = 0
    pictures: HowPictures = "link"
    max_pixels: int = DEFAULT_MAX_PIXELS
    replace: bool = False
    splits: Sequence[str] = ()
    with_tags: Sequence[str] = ()
    classes: ClassChanges = field(default_factory=ClassChanges)
    as_polygons: bool = False
    zero: Zero = "background"
    as_predictions: bool = False
    by: str | None = None


def export_dataset(
    database: Database,
    mask_store: MaskStore,
    dataset_name: str,
    out_dir: Path,
    options: ExportOptions | None = None,
    *,
    format: str = "voc",
    progress: Progress | None = None,
) -> ExportReport:
    """Write the dataset to `out_dir` in a format, with a manifest.

    Which revision of each picture is exported is settled first; changes that people make meanwhile are not
    exported. `out_dir` must be new, empty, or an earlier export, which is replaced once the new one is
    complete.

    Args:
        database: Where the dataset is kept.
        mask_store: Where its masks are kept.
        dataset_name: Name of the dataset in the studio.
        out_dir: Folder to write.
        options: Which pictures are exported, and how.
        format: Name of a format of `formats.writers`.
        progress: Called with the number of pictures written and their total.

    Raises:
        UserError: There is nothing to export, `out_dir` cannot be used, or a change of classes is not
        possible. db.errors.StorageError: Unknown dataset, status or tag.
    """
    options = options or ExportOptions()
    chosen = write_format(format)
    if not 0 <= options.void_boundary_px <= MAX_VOID_BOUNDARY_PX:
        raise UserError(
            f"the void boundary must be 0 to {MAX_VOID_BOUNDARY_PX} pixels wide, "
            f"not {options.void_boundary_px}"
        )
    snapshot = take_snapshot(
        database, dataset_name, options.statuses, splits=options.splits, with_tags=options.with_tags
    )
    if not snapshot.items:
        raise _nothing_to_export(snapshot, options)
    with database.read() as session:
        with_objects = items_with_objects(session, snapshot.dataset_id)
    classes = changed_classes(snapshot.classes, snapshot.colors, snapshot.source_ids, options.classes)
    with new_export(out_dir) as folder:
        target = Target(
            folder,
            snapshot.dataset_name,
            classes,
            snapshot.taken_at,
            options.as_polygons,
            options.zero,
            options.as_predictions,
        )
        writer = chosen.writer(target)
        exporter = FileExporter(
            database=database,
            with_objects=with_objects,
            files=snapshot.files,
            mask_store=mask_store,
            target=target,
            writer=writer,
            void_boundary_px=options.void_boundary_px,
            pictures=options.pictures,
            max_pixels=options.max_pixels,
            jpeg_only=chosen.jpeg_only,
        )
        exported, problems = _write_files(exporter, snapshot, progress)
        if problems and not options.replace and (not exported or user_path(out_dir).exists()):
            raise _nothing_replaced(out_dir, exported, problems)
        writer.finish([(one.record, one.written.record) for one in exported])
        write_manifest(folder, _manifest(format, target, snapshot, exported, problems, options))
    out = user_path(out_dir).resolve()
    return ExportReport(
        dataset=snapshot.dataset_name,
        format=format,
        out=str(out),
        root=str(out / chosen.root),
        exported=len(exported),
        splits=dict(Counter(split_name(one.item.split or "none") for one in exported)),
        left_out=len(problems),
        problems=(*problems, *(_missing(name) for name in snapshot.missing)),
        lost=_lost(exported),
    )


def _lost(exported: Sequence[ExportedPicture]) -> tuple[str, ...]:
    """What did not get into the export, each as a count and a clause."""
    counts: Counter[str] = Counter()
    pictures: Counter[str] = Counter()
    for one in exported:
        for what, count in one.written.lost.items():
            if count:
                counts[what] += count
                pictures[what] += 1
    return tuple(
        f"{count} {what} (in {pictures[what]} picture{'' if pictures[what] == 1 else 's'})"
        for what, count in counts.items()
    )


def _missing(name: str) -> Problem:
    return warning(
        name,
        "the last import did not find the picture, so it is not in the export; its mask is kept",
        "Put it back and import the dataset again, if you still need it",
    )


def _nothing_to_export(snapshot: Snapshot, options: ExportOptions) -> UserError:
    filters = " in these splits" if options.splits else ""
    filters += " with these tags" if options.with_tags else ""
    return UserError(
        f"the dataset {snapshot.dataset_name!r} has no masks that are {' or '.join(options.statuses)}"
        + filters
        + (f" (the pictures of {len(snapshot.missing)} are missing)" if snapshot.missing else ""),
        remedy="Accept some on the Review page, or choose other statuses"
        if not snapshot.missing
        else "Put the missing pictures back and import the dataset again",
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
    results = map_files(exporter, snapshot.items, progress)
    exported = [result for result in results if isinstance(result, ExportedPicture)]
    problems = [result for result in results if isinstance(result, Problem)]
    return sorted(exported, key=lambda one: (natural_key(one.record.name), one.record.name)), problems


def _manifest(
    format_name: str,
    target: Target,
    snapshot: Snapshot,
    exported: Sequence[ExportedPicture],
    problems: Sequence[Problem],
    options: ExportOptions,
) -> dict[str, Any]:
    packs = write_format(format_name).packs_pictures
    return {
        "format": format_name,
        "format_version": FORMAT_VERSION,
        "software": f"puzzlecam-studio {__version__}",
        "created": snapshot.taken_at.isoformat(timespec="seconds"),
        "exported_by": options.by,
        "dataset": {"id": snapshot.dataset_id, "name": snapshot.dataset_name},
        "label_set": {"revision": snapshot.label_set_revision, "classes": list(snapshot.classes)},
        "classes": list(target.classes.names),
        "new_index_of": {
            name: int(target.classes.table[index]) for index, name in enumerate(snapshot.classes, start=1)
        },
        "statuses": list(options.statuses),
        "splits": list(options.splits),
        "with_tags": list(options.with_tags),
        "void_boundary_px": options.void_boundary_px,
        "items": [
            {
                "name": one.record.name,
                "item": one.item.name,
                "item_id": one.item.item_id,
                "file": one.record.file,
                "split": one.item.split,
                "revision": one.item.revision_id,
                "status": one.item.status,
                "author": one.item.author,
                "decided_at": one.item.decided_at.isoformat(timespec="seconds"),
                "mask_hash": one.item.mask_hash,
                "picture": "packed" if packs and one.stored in _LINKS else one.stored,
                "picture_sha256": one.picture_sha256,
                "source_sha256": one.item.sha256,
            }
            for one in exported
        ],
        "left_out": [problem.model_dump(mode="json") for problem in problems],
        "lost": list(_lost(exported)),
    }
