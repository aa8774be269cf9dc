"""Datasets and the reports of what was imported into them.

The rest of a dataset is in `db.labels` (its class list), `db.items` (its pictures and tags) and `db.queue`
(the order in which they are reviewed).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from db.engine import workspace_of
from db.errors import InvalidInputError, NameTakenError, NotFoundError
from db.labels import ClassSpec, add_label_set
from db.models import Dataset, ImportReport, Item, Revision, User, utc_now
from db.natural_order import natural_key

MAX_NAME_LENGTH = 128


def create_dataset(
    session: Session, name: str, *, root: str, layout: str, classes: Sequence[ClassSpec] = ()
) -> Dataset:
    """Create a dataset with `classes` as the first revision of its class list.

    Raises NameTakenError, or InvalidInputError for a name that is not 1..128 printable characters.
    """
    name = _clean_name(name)
    dataset = Dataset(name=name, root=root, layout=layout)
    try:
        with session.begin_nested():
            session.add(dataset)
    except IntegrityError as error:
        raise _name_taken(name) from error
    add_label_set(session, dataset.id, classes)
    return dataset


def get_dataset(session: Session, dataset_id: int) -> Dataset:
    """The dataset with that id; raises NotFoundError for an unknown or a removed one."""
    dataset = session.get(Dataset, dataset_id)
    if dataset is None or dataset.removed_at is not None:
        raise NotFoundError(f"There is no dataset with id {dataset_id}.")
    return dataset


def find_dataset(session: Session, name: str) -> Dataset | None:
    """The dataset of that name, if there is one that is not removed."""
    return session.scalar(select(Dataset).where(Dataset.name == name.strip(), Dataset.removed_at.is_(None)))


def require_dataset(session: Session, name: str) -> Dataset:
    """The dataset of that name; raises NotFoundError, which lists the existing names."""
    dataset = find_dataset(session, name)
    if dataset is None:
        names = ", ".join(known.name for known in list_datasets(session)) or "none yet"
        raise NotFoundError(f"There is no dataset {name!r}; the datasets are: {names}.")
    return dataset


def is_copied(dataset: Dataset) -> bool:
    """Whether the dataset's pictures were copied into the workspace."""
    return not is_at_url(dataset) and not Path(dataset.root).is_absolute()


def is_at_url(dataset: Dataset) -> bool:
    """Whether the dataset's pictures stayed in a store that a URL names."""
    return "://" in dataset.root


def root_of(session: Session, dataset: Dataset) -> Path:
    """The folder that the paths of the dataset's items are relative to.

    Raises InvalidInputError for a dataset at a URL.
    """
    if is_at_url(dataset):
        raise InvalidInputError(f"The pictures of the dataset {dataset.name!r} are at {dataset.root}.")
    if not is_copied(dataset):
        return Path(dataset.root)
    return workspace_of(session) / dataset.root


def place_of(session: Session, dataset: Dataset) -> str:
    """The folder or URL of the dataset's pictures, to be told to people."""
    return dataset.root if is_at_url(dataset) else str(root_of(session, dataset))


def list_datasets(session: Session) -> list[Dataset]:
    """The datasets that are not removed, by name."""
    datasets = session.scalars(select(Dataset).where(Dataset.removed_at.is_(None)))
    return sorted(datasets, key=lambda dataset: (natural_key(dataset.name), dataset.name))


def splits_by_dataset(session: Session, dataset_ids: Sequence[int]) -> dict[int, list[str]]:
    """The splits that pictures of each dataset are in, in natural order. Missing pictures do not count."""
    rows = (
        select(Item.dataset_id, Item.split)
        .distinct()
        .where(Item.dataset_id.in_(dataset_ids), Item.missing_since.is_(None), Item.split.is_not(None))
    )
    return _sorted_names(session, rows, dataset_ids)


def authors_by_dataset(session: Session, dataset_ids: Sequence[int]) -> dict[int, list[str]]:
    """The names of everybody who has changed a picture of each dataset, in natural order."""
    rows = (
        select(Item.dataset_id, User.name)
        .distinct()
        .join(Revision, Revision.author_id == User.id)
        .join(Item, Item.id == Revision.item_id)
        .where(Item.dataset_id.in_(dataset_ids))
    )
    return _sorted_names(session, rows, dataset_ids)


def _sorted_names(
    session: Session, rows: Select[int, Any], dataset_ids: Sequence[int]
) -> dict[int, list[str]]:
    names: dict[int, list[str]] = {one: [] for one in dataset_ids}
    for dataset_id, name in session.execute(rows):
        names[dataset_id].append(name)
    return {dataset_id: sorted(found, key=natural_key) for dataset_id, found in names.items()}


def has_been_used(session: Session) -> bool:
    """Whether there is or ever was a dataset, removed ones included."""
    return session.scalar(select(Dataset.id).limit(1)) is not None


def remove_dataset(session: Session, dataset_id: int) -> None:
    """Hide a dataset; its name can be reused. Its pictures, masks and history are kept."""
    get_dataset(session, dataset_id).removed_at = utc_now()
    session.flush()


def rename_dataset(session: Session, dataset_id: int, name: str) -> None:
    """Give a dataset another name; raises as `create_dataset` does."""
    dataset, name = get_dataset(session, dataset_id), _clean_name(name)
    try:
        with session.begin_nested():
            dataset.name = name
    except IntegrityError as error:
        raise _name_taken(name) from error


def archive_dataset(session: Session, dataset_id: int, *, is_archived: bool) -> Dataset:
    """Take a dataset off the pages of work, or bring it back; raises NotFoundError if unknown."""
    dataset = get_dataset(session, dataset_id)
    if is_archived != (dataset.archived_at is not None):
        dataset.archived_at = utc_now() if is_archived else None
        session.flush()
    return dataset


def covers_by_dataset(session: Session, dataset_ids: Sequence[int]) -> dict[int, int]:
    """The id of the picture that stands for each dataset: its first one. Empty datasets are left out."""
    rows = (
        select(Item.dataset_id, func.min(Item.id))
        .where(Item.dataset_id.in_(dataset_ids), Item.missing_since.is_(None))
        .group_by(Item.dataset_id)
    )
    found: dict[int, int] = {}
    for dataset_id, first in session.execute(rows):
        found[dataset_id] = first
    return found


def removed_datasets(session: Session) -> list[Dataset]:
    """The datasets that were removed and can come back, the newest removal first."""
    datasets = select(Dataset).where(Dataset.removed_at.is_not(None), Dataset.emptied_at.is_(None))
    return list(session.scalars(datasets.order_by(Dataset.removed_at.desc(), Dataset.id)))


def restore_dataset(session: Session, dataset_id: int) -> Dataset:
    """Bring a removed dataset back.

    Raises NotFoundError for an unknown one or one whose masks were deleted, and NameTakenError if another
    dataset has its name now.
    """
    dataset = session.get(Dataset, dataset_id)
    if dataset is None:
        raise NotFoundError(f"There is no dataset with id {dataset_id}.")
    if dataset.emptied_at is not None:
        raise NotFoundError(f"The dataset {dataset.name!r} was deleted for good; import it again.")
    name = dataset.name
    try:
        with session.begin_nested():
            dataset.removed_at = None
    except IntegrityError as error:
        raise NameTakenError(f"Another dataset is called {name!r} now; rename that one first.") from error
    return dataset


def _clean_name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= MAX_NAME_LENGTH or not name.isprintable():
        raise InvalidInputError(f"A dataset's name must have 1 to {MAX_NAME_LENGTH} printable characters.")
    return name


def _name_taken(name: str) -> NameTakenError:
    return NameTakenError(f"There is already a dataset {name!r}; choose another name.")


def add_import_report(
    session: Session,
    dataset_id: int,
    *,
    source: str,
    summary: dict[str, Any],
    problems: list[dict[str, Any]],
) -> ImportReport:
    """Store the report of an import; `summary` and `problems` are plain JSON values."""
    report = ImportReport(dataset_id=dataset_id, source=source, summary=summary, problems=problems)
    session.add(report)
    session.flush()
    return report


def list_import_reports(session: Session, dataset_id: int) -> list[ImportReport]:
    """Reports of a dataset, newest first."""
    reports = select(ImportReport).where(ImportReport.dataset_id == dataset_id)
    return list(session.scalars(reports.order_by(ImportReport.id.desc())))
