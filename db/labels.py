"""Class lists of datasets. A list is changed by adding a revision, so that old masks keep their meaning."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from db.errors import InvalidInputError, NotFoundError
from db.models import LabelClass, LabelSet
from db.palette import BACKGROUND, MAX_CLASS_INDEX, VOID, voc_hex_color

MOST_HOTKEY = 19
MOST_DESCRIPTION = 2000
_COLOR = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True)
class ClassSpec:
    """A class to be stored: `index` from 1 without gaps, unique `name`, `color` ``#rrggbb`` (None: VOC's).

    The other fields are those of `LabelClass`.
    """

    index: int
    name: str
    color: str | None = None
    hotkey: int | None = None
    description: str | None = None
    position: int | None = None
    retired_to: int | None = None

    @classmethod
    def of(cls, row: LabelClass) -> ClassSpec:
        """A stored class as it is."""
        return cls(row.index, row.name, row.color, row.hotkey, row.description, row.position, row.retired_to)


def latest_label_set(session: Session, dataset_id: int) -> LabelSet:
    """The current class list, with `classes` loaded in index order; raises NotFoundError."""
    newest = select(LabelSet).where(LabelSet.dataset_id == dataset_id)
    label_set = session.scalar(newest.order_by(LabelSet.revision.desc()).limit(1))
    if label_set is None:
        raise NotFoundError(f"There is no dataset with id {dataset_id}.")
    return label_set


def label_sets_by_dataset(session: Session, dataset_ids: Sequence[int]) -> dict[int, LabelSet]:
    """The current class lists of datasets, by their ids, in two queries; unknown ids are left out."""
    newest = (
        select(LabelSet.dataset_id, func.max(LabelSet.revision).label("revision"))
        .where(LabelSet.dataset_id.in_(dataset_ids))
        .group_by(LabelSet.dataset_id)
        .subquery()
    )
    is_newest = and_(LabelSet.dataset_id == newest.c.dataset_id, LabelSet.revision == newest.c.revision)
    return {one.dataset_id: one for one in session.scalars(select(LabelSet).join(newest, is_newest))}


def latest_label_set_id(session: Session, dataset_id: int) -> int:
    """Id of the current class list, without its classes; raises NotFoundError."""
    newest = select(LabelSet.id).where(LabelSet.dataset_id == dataset_id)
    label_set_id = session.scalar(newest.order_by(LabelSet.revision.desc()).limit(1))
    if label_set_id is None:
        raise NotFoundError(f"There is no dataset with id {dataset_id}.")
    return label_set_id


def add_label_set(session: Session, dataset_id: int, classes: Sequence[ClassSpec]) -> LabelSet:
    """Store `classes` as the next revision of the dataset's class list.

    Raises InvalidInputError for an invalid index, name, colour or key, a duplicate name or key, or a gap.
    """
    rows = [_row(spec) for spec in sorted(classes, key=lambda spec: spec.index)]
    names = [row.name for row in rows]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidInputError(f"The class list holds the class {twice[0]!r} twice.")
    if [row.index for row in rows] != list(range(1, len(rows) + 1)):
        raise InvalidInputError("The indices of a class list must be 1, 2, 3 and so on, without gaps.")
    keys = [row.hotkey for row in rows if row.hotkey is not None and row.retired_to is None]
    if len(set(keys)) < len(keys):
        raise InvalidInputError("Two classes have the same key; give each its own, or none.")
    _check_retired({row.index: row.retired_to for row in rows if row.retired_to is not None}, len(rows))
    newest = select(LabelSet.revision).where(LabelSet.dataset_id == dataset_id)
    last = session.scalar(newest.order_by(LabelSet.revision.desc()).limit(1)) or 0
    label_set = LabelSet(dataset_id=dataset_id, revision=last + 1, classes=rows)
    session.add(label_set)
    session.flush()
    return label_set


def add_classes(session: Session, dataset_id: int, names: Sequence[str]) -> LabelSet:
    """Append those of `names` that the class list lacks, as a new revision of the list if there are any.

    A class that was merged or removed before is in the list again, with its old index.
    """
    label_set = latest_label_set(session, dataset_id)
    wanted = list(dict.fromkeys(names))
    known = [
        replace(spec, retired_to=None) if spec.name in wanted else spec
        for spec in map(ClassSpec.of, label_set.classes)
    ]
    have = {spec.name for spec in known}
    new = [name for name in wanted if name not in have]
    if not new and known == [ClassSpec.of(row) for row in label_set.classes]:
        return label_set
    first = len(known) + 1
    return add_label_set(
        session, dataset_id, [*known, *(ClassSpec(first + i, name) for i, name in enumerate(new))]
    )


def resolve_retired(retired_to: Mapping[int, int]) -> dict[int, int]:
    """What the pixels of retired classes are now: follows classes that were merged one after another."""
    found = {}
    for index, target in retired_to.items():
        while target in retired_to:
            target = retired_to[target]
        found[index] = target
    return found


def _check_retired(retired_to: Mapping[int, int], count: int) -> None:
    for index, target in retired_to.items():
        if target not in {BACKGROUND, VOID, *range(1, count + 1)}:
            raise InvalidInputError(f"Class {index} cannot become {target}: there is no such class.")
        seen = {index}
        while target in retired_to:
            if target in seen:
                raise InvalidInputError(f"Class {index} cannot be merged into itself.")
            seen.add(target)
            target = retired_to[target]
        if target == index:
            raise InvalidInputError(f"Class {index} cannot be merged into itself.")


def _row(spec: ClassSpec) -> LabelClass:
    color = (spec.color or voc_hex_color(spec.index)).lower()
    if not 1 <= spec.index <= MAX_CLASS_INDEX:
        raise InvalidInputError(
            f"Class {spec.name!r} has index {spec.index}; classes have 1 to {MAX_CLASS_INDEX} "
            "(0 is background, 255 is void)."
        )
    if not spec.name.strip() or not spec.name.isprintable() or len(spec.name) > 128:
        raise InvalidInputError(f"{spec.name!r} is not a class name; use 1 to 128 printable characters.")
    if not _COLOR.fullmatch(color):
        raise InvalidInputError(f"Class {spec.name!r} has the colour {color!r}; write it as #rrggbb.")
    if spec.hotkey is not None and not 1 <= spec.hotkey <= MOST_HOTKEY:
        raise InvalidInputError(
            f"Class {spec.name!r} has the key {spec.hotkey}; keys are 1 to {MOST_HOTKEY}."
        )
    if spec.description is not None and len(spec.description) > MOST_DESCRIPTION:
        raise InvalidInputError(
            f"The description of {spec.name!r} has more than {MOST_DESCRIPTION:,} characters."
        )
    return LabelClass(
        index=spec.index,
        name=spec.name,
        color=color,
        hotkey=spec.hotkey,
        description=spec.description,
        position=spec.position,
        retired_to=spec.retired_to,
    )
