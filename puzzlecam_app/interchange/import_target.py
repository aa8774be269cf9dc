"""The dataset that an import writes to: its class list, and the batches that are written."""

from __future__ import annotations

import shlex
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from sqlalchemy.orm import Session

from db.annotations import Making, append_revision, latest_revision, propose, register_mask
from db.copies import follow_originals
from db.datasets import create_dataset, find_dataset, is_copied
from db.engine import Database
from db.items import ItemSpec, find_item, replace_tags, sha256_by_name, upsert_items
from db.labels import ClassSpec, add_classes, latest_label_set
from db.models import Dataset
from db.objects import keep_objects, keep_source_ids
from db.status import UNTOUCHED_ACTIONS
from db.tags import tags_with_changes
from db.users import MAX_NAME_LENGTH, get_or_create
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.check import CheckedPicture
from puzzlecam_app.interchange.export_names import give_export_names
from puzzlecam_app.interchange.kept_objects import as_rows
from puzzlecam_app.interchange.problems import Problem, error, warning
from puzzlecam_app.interchange.source import Source
from puzzlecam_app.storage.urls import is_url
from trainer.data.class_list import ClassList, Rgb, is_void_name

MaskUse = Literal["proposals", "ground-truth", "accepted"]
PROPOSED_BY = "import"


@dataclass(frozen=True)
class Target:
    """A dataset that is ready for an import. `classes` are in index order; `sha256_of` is by item name."""

    dataset_id: int
    name: str
    classes: tuple[str, ...]
    sha256_of: Mapping[str, str]


@dataclass(frozen=True)
class Outcome:
    """What an import did with some pictures; outcomes can be added."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    proposals: int = 0
    ground_truth: int = 0
    accepted: int = 0
    problems: tuple[Problem, ...] = ()

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(
            self.added + other.added,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
            self.proposals + other.proposals,
            self.ground_truth + other.ground_truth,
            self.accepted + other.accepted,
            self.problems + other.problems,
        )


def open_target(database: Database, name: str, source: Source, *, root: str, adds: bool = False) -> Target:
    """Find the dataset `name` or create it, and update its class list. `root` is as in `db.models.Dataset`.

    With `adds`, pictures join those of a dataset of any layout.

    Raises:
        UserError: A dataset of that name was imported from another folder, or its class list contradicts
            that of the source.
    """
    with database.write() as session:
        dataset = find_dataset(session, name)
        if dataset is None:
            specs = [
                ClassSpec(index, label, _hex(source.colors.get(index)))
                for index, label in enumerate(source.classes, start=1)
            ]
            dataset = create_dataset(session, name, root=root, layout=source.layout, classes=specs)
        else:
            if not adds:
                _check_same_origin(dataset, source, root)
            _extend_classes(session, dataset, source)
        if source.follow_links:
            dataset.follow_links = True
        keep_source_ids(session, dataset.id, source.source_ids)
        classes = tuple(row.name for row in latest_label_set(session, dataset.id).classes)
        return Target(dataset.id, dataset.name, classes, sha256_by_name(session, dataset.id))


def refreshed(database: Database, target: Target) -> Target:
    """The target after its items got other names."""
    with database.read() as session:
        return replace(target, sha256_of=sha256_by_name(session, target.dataset_id))


def write_batch(
    database: Database,
    target: Target,
    batch: Sequence[CheckedPicture],
    masks: MaskUse | None,
    *,
    renamed: Container[str] = (),
) -> Outcome:
    """Write pictures with their tags and masks in one transaction; those in `renamed` count as changed."""
    index_of = {name: index for index, name in enumerate(target.classes, start=1)}
    with database.write() as session:
        taken, problems = _without_misfits(session, target, batch)
        if masks == "ground-truth":
            for one in taken:
                if one.mask_hash is not None:
                    register_mask(session, one.mask_hash, height=one.info.height, width=one.info.width)
        specs = [_spec(one, masks) for one in taken]
        upserted = upsert_items(session, target.dataset_id, specs)
        follow_originals(session, target.dataset_id)
        give_export_names(session, target.dataset_id)
        tags = {upserted.ids[one.item.name]: [index_of[tag] for tag in one.item.tags] for one in taken}
        retagged = replace_tags(session, target.dataset_id, tags_with_changes(session, tags))
        worked = _take_masks(session, taken, upserted.ids, masks)
        for one in taken:
            if masks is not None and one.mask_hash is not None and one.objects:
                register_mask(session, one.mask_hash, height=one.info.height, width=one.info.width)
                keep_objects(session, upserted.ids[one.item.name], one.mask_hash, as_rows(one.objects))
    moved = {item_id for name, item_id in upserted.ids.items() if name in renamed}
    changed = ({upserted.ids[name] for name in upserted.changed} | retagged | worked | moved) - {
        upserted.ids[name] for name in upserted.added
    }
    return Outcome(
        added=len(upserted.added),
        changed=len(changed),
        unchanged=len(taken) - len(upserted.added) - len(changed),
        proposals=len(worked) if masks == "proposals" else 0,
        accepted=len(worked) if masks == "accepted" else 0,
        ground_truth=sum(spec.ground_truth is not None for spec in specs),
        problems=tuple(problems),
    )


def _take_masks(
    session: Session, taken: Sequence[CheckedPicture], ids: Mapping[str, int], masks: MaskUse | None
) -> set[int]:
    """Make masks proposals or accepted work; returns the ids of the items whose history got longer.

    Work that somebody did in the studio is never replaced, and neither is what was imported as accepted.
    """
    worked = set()
    for one in taken:
        if one.mask_hash is None:
            continue
        item_id = ids[one.item.name]
        if masks == "proposals":
            if propose(session, item_id, mask_hash=one.mask_hash, proposed_by=PROPOSED_BY):
                worked.add(item_id)
        elif masks == "accepted":
            latest = latest_revision(session, item_id)
            if latest is not None and latest.action not in UNTOUCHED_ACTIONS:
                continue
            append_revision(
                session,
                item_id,
                expected=latest.id if latest else None,
                action="accepted",
                author=_author(session, one.item.author),
                mask_hash=one.mask_hash,
                making=Making(made_at=one.item.labelled_at),
            )
            worked.add(item_id)
    return worked


def _author(session: Session, name: str | None) -> int | None:
    """The user that a format names; None if it names nobody, or what cannot be a name here."""
    if name is None or not name.strip() or not name.isprintable():
        return None
    return get_or_create(session, name.strip()[:MAX_NAME_LENGTH]).id


def _hex(color: Rgb | None) -> str | None:
    return None if color is None else "#{:02x}{:02x}{:02x}".format(*color)


def _check_same_origin(dataset: Dataset, source: Source, root: str) -> None:
    if dataset.layout == source.layout and _is_same_folder(dataset.root, root):
        return
    if is_copied(dataset):
        reason = f"the pictures of the dataset {dataset.name!r} were copied into the workspace"
        remedy = "Import with --copy again, or choose another name with --name"
    elif dataset.layout != source.layout:
        reason = f"the dataset {dataset.name!r} was imported with the layout {dataset.layout}"
        remedy = "Give a folder of that layout, or choose another name with --name"
    elif not is_url(root) and not Path(root).is_absolute():
        reason = f"the pictures of the dataset {dataset.name!r} were not copied into the workspace"
        remedy = "Leave out --copy, or choose another name with --name"
    else:
        reason = f"the dataset {dataset.name!r} was imported from {dataset.root}"
        remedy = (
            "If the folder was moved, use: "
            f"dataset relocate {shlex.quote(dataset.name)} {shlex.quote(root)} "
            "(or Moved folder on the page Datasets); for other pictures, choose another name with --name"
        )
    raise UserError(reason, where=source.place, remedy=remedy)


def _is_same_folder(known: str, root: str) -> bool:
    if known == root:
        return True
    if not Path(known).is_absolute() or not Path(root).is_absolute():
        return False
    try:
        return Path(known).samefile(root)
    except OSError:
        return False


def _extend_classes(session: Session, dataset: Dataset, source: Source) -> None:
    known = tuple(row.name for row in latest_label_set(session, dataset.id).classes)
    if source.class_list is not None and source.classes[: len(known)] != known[: len(source.classes)]:
        raise UserError(
            f"the class list differs from that of the dataset {dataset.name!r}: it begins with "
            f"{', '.join(source.classes[:3])}, and that of the dataset with {', '.join(known[:3])}",
            where=source.place,
            remedy="Keep the order and add classes at the end, or import under another name",
        )
    difference = source.class_list and source.class_list.difference(ClassList(known, _void_indices(known)))
    if difference:
        raise UserError(
            f"the class list differs from that of the dataset {dataset.name!r}: {difference}",
            where=source.place,
            remedy="Correct the list, or import under another name",
        )
    add_classes(session, dataset.id, source.classes)


def _void_indices(names: Sequence[str]) -> frozenset[int]:
    return frozenset(index for index, name in enumerate(names, start=1) if is_void_name(name))


def _without_misfits(
    session: Session, target: Target, batch: Sequence[CheckedPicture]
) -> tuple[list[CheckedPicture], list[Problem]]:
    """Leave out pictures whose size has changed although they have masks."""
    taken, problems = [], []
    for one in batch:
        if target.sha256_of.get(one.item.name, one.sha256) == one.sha256:
            taken.append(one)
            continue
        item = find_item(session, target.dataset_id, one.item.name)
        if item is None:
            continue
        is_resized = (item.width, item.height) != (one.info.width, one.info.height)
        if is_resized and latest_revision(session, item.id) is not None:
            problems.append(
                error(
                    one.item.path,
                    "the picture was replaced by one of another size, and masks exist for the old one",
                    "Put the old picture back, or import the new one under another name",
                )
            )
            continue
        problems.append(
            warning(one.item.path, "the picture has changed since it was imported", "Check its mask again")
        )
        taken.append(one)
    return taken, problems


def _spec(one: CheckedPicture, masks: MaskUse | None) -> ItemSpec:
    return ItemSpec(
        name=one.item.name,
        path=one.path,
        sha256=one.sha256,
        width=one.info.width,
        height=one.info.height,
        orientation=one.info.orientation,
        media_type=one.info.media_type,
        split=one.item.split,
        ground_truth=one.mask_hash if masks == "ground-truth" else None,
    )
