"""The dataset that an import writes to: its class list, and the batches that are written."""

from __future__ import annotations

import shlex
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from sqlalchemy.orm import Session

from db.annotations import latest_revision, propose, register_mask
from db.datasets import create_dataset, find_dataset, is_copied
from db.engine import Database
from db.items import ItemSpec, find_item, replace_tags, sha256_by_name, upsert_items
from db.labels import ClassSpec, add_classes, latest_label_set
from db.models import Dataset
from db.tags import tags_with_changes
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.check import CheckedPicture
from puzzlecam_app.interchange.export_names import give_export_names
from puzzlecam_app.interchange.problems import Problem, error, warning
from puzzlecam_app.interchange.source import Source
from trainer.data.class_list import ClassList, Rgb, is_void_name

MaskUse = Literal["proposals", "ground-truth"]
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
    problems: tuple[Problem, ...] = ()

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(
            self.added + other.added,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
            self.proposals + other.proposals,
            self.ground_truth + other.ground_truth,
            self.problems + other.problems,
        )


def open_target(database: Database, name: str, source: Source, *, root: str) -> Target:
    """Find the dataset `name` or create it, and update its class list. `root` is as in `db.models.Dataset`.

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
            _check_same_origin(dataset, source, root)
            _extend_classes(session, dataset, source)
        if source.follow_links:
            dataset.follow_links = True
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
        give_export_names(session, target.dataset_id)
        tags = {upserted.ids[one.item.name]: [index_of[tag] for tag in one.item.tags] for one in taken}
        retagged = replace_tags(session, target.dataset_id, tags_with_changes(session, tags))
        proposed = set()
        if masks == "proposals":
            for one in taken:
                item_id = upserted.ids[one.item.name]
                if one.mask_hash is not None and propose(
                    session, item_id, mask_hash=one.mask_hash, proposed_by=PROPOSED_BY
                ):
                    proposed.add(item_id)
    moved = {item_id for name, item_id in upserted.ids.items() if name in renamed}
    changed = ({upserted.ids[name] for name in upserted.changed} | retagged | proposed | moved) - {
        upserted.ids[name] for name in upserted.added
    }
    return Outcome(
        added=len(upserted.added),
        changed=len(changed),
        unchanged=len(taken) - len(upserted.added) - len(changed),
        proposals=len(proposed),
        ground_truth=sum(spec.ground_truth is not None for spec in specs),
        problems=tuple(problems),
    )


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
    elif not Path(root).is_absolute():
        reason = f"the pictures of the dataset {dataset.name!r} were not copied into the workspace"
        remedy = "Leave out --copy, or choose another name with --name"
    else:
        reason = f"the dataset {dataset.name!r} was imported from {dataset.root}"
        remedy = (
            "If the folder was moved, use: "
            f"dataset relocate {shlex.quote(dataset.name)} {shlex.quote(root)} "
            "(or Moved folder on the page Datasets); for other pictures, choose another name with --name"
        )
    raise UserError(reason, where=str(source.root), remedy=remedy)


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
            where=str(source.root),
            remedy="Keep the order and add classes at the end, or import under another name",
        )
    difference = source.class_list and source.class_list.difference(ClassList(known, _void_indices(known)))
    if difference:
        raise UserError(
            f"the class list differs from that of the dataset {dataset.name!r}: {difference}",
            where=str(source.root),
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
