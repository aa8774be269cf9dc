"""Importing a dataset: read its lists, check every file, then write in short batches.

Importing the same folder again changes nothing; importing it after it changed brings the dataset up to
date, and a renamed picture keeps its history. A bad file never stops an import.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from db.datasets import find_dataset, is_at_url
from db.natural_order import natural_key
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.check import CheckedPicture, Checker, RefusedPicture, remarks_on_overlaps
from puzzlecam_app.interchange.duplicates import merge_duplicates
from puzzlecam_app.interchange.fetched_tree import open_tree
from puzzlecam_app.interchange.identity import Matched, match_pictures
from puzzlecam_app.interchange.import_target import (
    MaskUse,
    Outcome,
    Target,
    open_target,
    refreshed,
    write_batch,
)
from puzzlecam_app.interchange.layout import read_source, read_tree
from puzzlecam_app.interchange.parallel import THREADS_THAT_WAIT, Progress, map_files
from puzzlecam_app.interchange.pictures import DEFAULT_MAX_PIXELS
from puzzlecam_app.interchange.problems import Problem, error, in_words, warning
from puzzlecam_app.interchange.read_options import ReadOptions
from puzzlecam_app.interchange.reports import ImportReport, keep_report
from puzzlecam_app.interchange.source import Source, SourceItem
from puzzlecam_app.interchange.stores import Stores
from puzzlecam_app.interchange.tag_readings import TagReading
from puzzlecam_app.interchange.tag_remarks import alike, remarks_on_tags
from puzzlecam_app.storage.urls import StorageUrl, parse_url
from puzzlecam_app.user_paths import user_path

_BATCH: Final = 100


@dataclass(frozen=True)
class ImportOptions:
    """What an import takes of a dataset that has been read.

    Attributes:
        masks: what the dataset's masks become; None leaves them out.
        copy: copy the pictures into the workspace; otherwise they stay where they are. Pictures inside other
            files are always copied.
        max_pixels: larger pictures are left out.
        void_is_class: read index 255 as the only class of the dataset, not as void.
        adds_to_known: the pictures join those of a dataset whose pictures are copied, whatever its layout; a
            picture with the name of another one is left out.
    """

    masks: MaskUse | None = None
    copy: bool = False
    max_pixels: int = DEFAULT_MAX_PIXELS
    void_is_class: bool = False
    adds_to_known: bool = False


def import_dataset(
    stores: Stores,
    path: Path | StorageUrl,
    name: str,
    *,
    reading: ReadOptions | None = None,
    options: ImportOptions | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Import the dataset at `path` as `name`, or bring it up to date.

    Args:
        stores: Where the dataset is kept.
        path: Folder of the dataset, or its URL.
        name: Name of the dataset in the studio.
        reading: How the folder is read.
        options: What is taken of it.
        progress: Called with the number of pictures checked and their total.

    Returns:
        What was done; the same report is stored with the dataset.

    Raises:
        UserError: The dataset as a whole cannot be imported: no such folder, no tags, no pictures, a class
            list that contradicts the one stored, the name of a dataset from another folder, a full disk.
        trainer.data.aliases.AliasError: The file of aliases cannot be used.
        db.errors.StorageError: The database refused.
    """
    source = read_for(stores, path, name, reading)
    return import_source(stores, source, name, origin=source.place, options=options, progress=progress)


def read_for(
    stores: Stores, path: Path | StorageUrl, name: str, reading: ReadOptions | None = None
) -> Source:
    """Read the dataset at `path` to import it as `name`: as it was imported before, if it was.

    Raises:
        UserError: As `read_source` does.
    """
    reading = replace(reading or ReadOptions(), scratch=stores.images_dir)
    with stores.database.read() as session:
        dataset = find_dataset(session, name)
    if isinstance(path, StorageUrl):
        is_known = dataset is not None and is_at_url(dataset) and parse_url(dataset.root).is_in(path)
        return read_tree(
            open_tree(path, stores.workspace), reading, known=dataset.layout if dataset and is_known else None
        )
    if dataset is None:
        return read_source(path, reading)
    # The dataset may be in a folder below, as that of VOC.
    is_same_place = Path(dataset.root).is_relative_to(user_path(path))
    if dataset.follow_links and is_same_place:
        reading = replace(reading, follow_links=True)
    return read_source(path, reading, known=dataset.layout if is_same_place else None)


def import_source(
    stores: Stores,
    source: Source,
    name: str,
    *,
    origin: str,
    options: ImportOptions | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """The same for a dataset that has been read already; the report names `origin` as its source."""
    with source.named():
        return _import(stores, source, name, origin, options or ImportOptions(), progress)


def _import(
    stores: Stores,
    source: Source,
    name: str,
    origin: str,
    options: ImportOptions,
    progress: Progress | None,
) -> ImportReport:
    if source.unpacked is not None:
        options = replace(options, copy=True)
    reads_masks = options.masks is not None or source.tags_from_masks
    items, problems = settle(source, origin, options)
    words = stores.reader.read(source.classes, suggest=True)
    root = stores.copies_root if options.copy else source.place
    target = open_target(stores.database, name, source, root=root, adds=options.adds_to_known)
    checker = Checker(
        files=source.files,
        max_pixels=options.max_pixels,
        mask_store=stores.masks,
        class_list=source.class_list if reads_masks else None,
        copy_to=stores.images_dir if options.copy else None,
        void_is_class=options.void_is_class,
    )
    checked = check_all(checker, items, progress)
    problems += (problem for one in checked for problem in one.problems)
    if options.adds_to_known:
        checked, taken = _without_taken_names(checked, target)
        problems += taken
    usable = [one for one in checked if isinstance(one, CheckedPicture)]
    problems += remarks_on_overlaps(usable)
    usable, duplicates = merge_duplicates(usable, target.sha256_of)
    problems += duplicates
    matched = match_pictures(stores.database, target.dataset_id, source, checked, usable, copied=options.copy)
    problems += matched.problems
    usable, target = list(matched.pictures), refreshed(stores.database, target)
    if source.tags_from_masks:
        usable, untagged = _tagged_by_masks(usable, source.classes)
        problems += untagged

    outcome = Outcome()
    for start in range(0, len(usable), _BATCH):
        batch = usable[start : start + _BATCH]
        outcome += write_batch(stores.database, target, batch, options.masks, renamed=matched.renamed)
    problems += outcome.problems
    if source.tree is not None:
        problems = in_words(problems, source.in_words)
    report = _report(source, origin, target, matched, outcome, words, problems, reads_masks=reads_masks)
    keep_report(stores.database, report)
    return report


def settle(source: Source, origin: str, options: ImportOptions) -> tuple[list[SourceItem], list[Problem]]:
    """The pictures of a source with the tags that are used, and what its lists have to say.

    Raises:
        UserError: The dataset as a whole cannot be imported.
    """
    if not source.items:
        raise _no_pictures(source)
    reads_masks = options.masks is not None or source.tags_from_masks
    if reads_masks and source.class_list is None:
        raise UserError(
            "nothing says which classes the indices in the masks stand for",
            where=origin,
            remedy="Give a file with the classes in index order with --classes",
        )
    if options.void_is_class and len(source.classes) != 1:
        raise UserError(
            f"255 can be read as the class only where there is one class, and here are {len(source.classes)}",
            where=origin,
            remedy="Leave out --mask-255 class",
        )
    problems = [*source.problems, *_remarks_on_classes(source)]
    problems += source.mask_problems if reads_masks else source.passed_over
    items, unknown = _without_unknown_tags(source)
    problems += unknown
    if not source.tags_from_masks:
        problems += remarks_on_tags(items, source.taggable if source.class_list is not None else ())
    return items, problems


def check_all(
    checker: Checker, items: Sequence[SourceItem], progress: Progress | None
) -> list[CheckedPicture | RefusedPicture]:
    """Check pictures and masks; raises UserError if the workspace cannot be written."""
    try:
        threads = THREADS_THAT_WAIT if checker.files.is_remote else None
        return map_files(checker, items, progress, threads=threads)
    except OSError as problem:
        raise UserError(
            f"the workspace cannot be written ({problem.strerror})",
            where=str(problem.filename or checker.copy_to or checker.files.root),
            remedy="Free some disk space and import again; what is stored already is kept",
        ) from problem


def _remarks_on_classes(source: Source) -> list[Problem]:
    remark = None if source.class_list is None else source.class_list.remark
    if remark is None:
        return []
    return [warning("class list", remark, "Rename it in the list if it is a class")]


def _without_unknown_tags(source: Source) -> tuple[list[SourceItem], list[Problem]]:
    """The items without tags that the class list lacks, which can happen if the list comes from a file."""
    known = set(source.taggable)
    spelled = {alike(name): name for name in source.taggable}

    def remedy(tag: str) -> str:
        near = spelled.get(alike(tag))
        return "Correct the tag or add the class to the list" if near is None else f"Write it as {near!r}"

    items, problems = [], []
    for item in source.items:
        problems += [
            error(item.path, f"the tag {tag!r} is not in the class list and was left out", remedy(tag))
            for tag in item.tags
            if tag not in known
        ]
        items.append(replace(item, tags=tuple(tag for tag in item.tags if tag in known)))
    return items, problems


def _without_taken_names(
    checked: Sequence[CheckedPicture | RefusedPicture], target: Target
) -> tuple[list[CheckedPicture | RefusedPicture], list[Problem]]:
    """Leave out pictures whose names others in the dataset have; these are not to be replaced."""
    left: list[CheckedPicture | RefusedPicture] = []
    problems = []
    for one in checked:
        if isinstance(one, CheckedPicture) and target.sha256_of.get(one.item.name, one.sha256) != one.sha256:
            reason = "another picture of the dataset has this name"
            problems.append(error(one.item.path, reason, "Rename it and add it again"))
        else:
            left.append(one)
    return left, problems


def _tagged_by_masks(
    pictures: Sequence[CheckedPicture], classes: Sequence[str]
) -> tuple[list[CheckedPicture], list[Problem]]:
    tagged, problems = [], []
    for one in pictures:
        if one.mask_classes is None:
            problems.append(
                warning(one.item.path, "the picture has no mask to take tags from", "Add its mask")
            )
        tags = tuple(classes[index - 1] for index in one.mask_classes or ())
        tagged.append(replace(one, item=replace(one.item, tags=tags)))
    return tagged, problems


def _no_pictures(source: Source) -> UserError:
    first, remedy = "", "Give the folder that contains them"
    if source.problems:
        problem = source.problems[0]
        first = f"; the first of {len(source.problems)} problems is {problem.file}: {problem.reason}"
        remedy = problem.remedy
    return UserError(
        f"no pictures were found{first}",
        where=source.place,
        remedy=remedy,
    )


def _report(
    source: Source,
    origin: str,
    target: Target,
    matched: Matched,
    outcome: Outcome,
    words: Sequence[TagReading],
    problems: Sequence[Problem],
    *,
    reads_masks: bool,
) -> ImportReport:
    taken = outcome.added + outcome.changed + outcome.unchanged
    return ImportReport(
        dataset=target.name,
        dataset_id=target.dataset_id,
        source=origin,
        layout=source.layout,
        recognised=source.recognised,
        classes=target.classes,
        found=len(source.items),
        added=outcome.added,
        changed=outcome.changed,
        unchanged=outcome.unchanged,
        renamed=len(matched.renamed),
        missing=matched.missing,
        left_out=len(source.items) - taken,
        proposals=outcome.proposals,
        ground_truth=outcome.ground_truth,
        accepted=outcome.accepted,
        masks_unread=0 if reads_masks else sum(item.mask is not None for item in source.items),
        words=tuple(words),
        problems=tuple(
            sorted(
                problems,
                key=lambda problem: (
                    natural_key(problem.file),
                    problem.file,
                    problem.severity,
                    problem.reason,
                ),
            )
        ),
    )
