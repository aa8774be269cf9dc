"""What an export contains, read from the database at one moment while people go on working."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from db.annotations import latest_revisions, status_of
from db.datasets import require_dataset
from db.engine import Database
from db.errors import InvalidInputError
from db.items import all_items, tags_of
from db.labels import latest_label_set
from db.models import Item, Revision, utc_now
from db.objects import source_ids_of
from db.status import Status, statuses_named
from puzzlecam_app.interchange.export_names import give_export_names
from puzzlecam_app.root_files import RootFiles
from puzzlecam_app.storage.dataset_files import files_of


@dataclass(frozen=True)
class SnapshotItem:
    """A picture and the revision of its mask that is exported. `tags` are class indices."""

    item_id: int
    name: str
    export_name: str
    path: str
    sha256: str
    width: int
    height: int
    orientation: int
    split: str | None
    tags: tuple[int, ...]
    revision_id: int
    status: Status
    author: str | None
    decided_at: datetime
    mask_hash: str


@dataclass(frozen=True)
class Snapshot:
    """A dataset at one moment. `classes` are in index order, from index 1; `items` are by name.

    `colors` are those of the classes, as #rrggbb, and `source_ids` the numbers that a format gave to
    classes, by name. `missing` are the names of pictures that would be in `items` if their files were not
    missing.
    """

    dataset_id: int
    dataset_name: str
    files: RootFiles
    label_set_revision: int
    classes: tuple[str, ...]
    colors: tuple[str, ...]
    source_ids: Mapping[str, int]
    taken_at: datetime
    items: tuple[SnapshotItem, ...]
    missing: tuple[str, ...] = ()


def take_snapshot(
    database: Database,
    dataset_name: str,
    statuses: Sequence[str],
    *,
    splits: Sequence[str] = (),
    with_tags: Sequence[str] = (),
) -> Snapshot:
    """The pictures of a dataset that have one of `statuses` (groups count) and a mask.

    Of these, only those in one of `splits` and with one of the tags `with_tags`, if any are given.

    Raises:
        db.errors.NotFoundError: There is no such dataset.
        db.errors.InvalidInputError: There is no such status, or no such class.
    """
    with database.write() as session:
        dataset = require_dataset(session, dataset_name)
        give_export_names(session, dataset.id)
        label_set = latest_label_set(session, dataset.id)
        taken, missing = [], []
        for item, revision, tags in _chosen(session, dataset.id, statuses, splits, with_tags):
            if item.missing_since is not None:
                missing.append(item.name)
                continue
            taken.append(
                SnapshotItem(
                    item_id=item.id,
                    name=item.name,
                    export_name=item.export_name or item.name,
                    path=item.path,
                    sha256=item.sha256,
                    width=item.width,
                    height=item.height,
                    orientation=item.orientation,
                    split=item.split,
                    tags=tags,
                    revision_id=revision.id,
                    status=status_of(revision.action),
                    author=revision.author.name if revision.author else None,
                    decided_at=revision.created_at,
                    mask_hash=revision.mask_hash or "",
                )
            )
        return Snapshot(
            dataset_id=dataset.id,
            dataset_name=dataset.name,
            files=files_of(session, dataset),
            label_set_revision=label_set.revision,
            classes=tuple(row.name for row in label_set.classes),
            colors=tuple(row.color for row in label_set.classes),
            source_ids=source_ids_of(session, dataset.id),
            taken_at=utc_now(),
            items=tuple(taken),
            missing=tuple(missing),
        )


def count_exportable(
    session: Session,
    dataset_id: int,
    statuses: Sequence[str],
    *,
    splits: Sequence[str] = (),
    with_tags: Sequence[str] = (),
) -> int:
    """How many pictures `take_snapshot` would take; raises as it does."""
    chosen = _chosen(session, dataset_id, statuses, splits, with_tags)
    return sum(item.missing_since is None for item, _, _ in chosen)


def _chosen(
    session: Session,
    dataset_id: int,
    statuses: Sequence[str],
    splits: Sequence[str],
    with_tags: Sequence[str],
) -> Iterator[tuple[Item, Revision, tuple[int, ...]]]:
    """The pictures to export, with their newest revisions and their tags; missing ones too."""
    wanted = {status for name in statuses for status in statuses_named(name)}
    classes = [row.name for row in latest_label_set(session, dataset_id).classes]
    wanted_tags = _indices(with_tags, classes)
    revisions = latest_revisions(session, dataset_id)
    items = all_items(session, dataset_id)
    tags = tags_of(session, [item.id for item in items])
    for item in items:
        revision = revisions.get(item.id)
        if splits and (item.split or "") not in splits:
            continue
        if with_tags and wanted_tags.isdisjoint(tags[item.id]):
            continue
        if revision is not None and revision.mask_hash and status_of(revision.action) in wanted:
            yield item, revision, tags[item.id]


def _indices(names: Sequence[str], classes: Sequence[str]) -> set[int]:
    unknown = [name for name in names if name not in classes]
    if unknown:
        raise InvalidInputError(f"There is no class {unknown[0]!r}; the classes are: {', '.join(classes)}.")
    return {classes.index(name) + 1 for name in names}
