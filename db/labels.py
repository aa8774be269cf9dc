"""Class lists of datasets. A list is changed by adding a revision, so that old masks keep their meaning."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.errors import InvalidInputError, NotFoundError
from db.models import LabelClass, LabelSet
from db.palette import MAX_CLASS_INDEX, voc_hex_color

_COLOR = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True)
class ClassSpec:
    """A class to be stored: `index` from 1 without gaps, unique `name`, `color` ``#rrggbb`` (None: VOC's)."""

    index: int
    name: str
    color: str | None = None


def latest_label_set(session: Session, dataset_id: int) -> LabelSet:
    """The current class list, with `classes` loaded in index order; raises NotFoundError."""
    newest = select(LabelSet).where(LabelSet.dataset_id == dataset_id)
    label_set = session.scalar(newest.order_by(LabelSet.revision.desc()).limit(1))
    if label_set is None:
        raise NotFoundError(f"There is no dataset with id {dataset_id}.")
    return label_set


def latest_label_set_id(session: Session, dataset_id: int) -> int:
    """Id of the current class list, without its classes; raises NotFoundError."""
    newest = select(LabelSet.id).where(LabelSet.dataset_id == dataset_id)
    label_set_id = session.scalar(newest.order_by(LabelSet.revision.desc()).limit(1))
    if label_set_id is None:
        raise NotFoundError(f"There is no dataset with id {dataset_id}.")
    return label_set_id


def add_label_set(session: Session, dataset_id: int, classes: Sequence[ClassSpec]) -> LabelSet:
    """Store `classes` as the next revision of the dataset's class list.

    Raises InvalidInputError for an invalid index, name or colour, a duplicate name, or a gap.
    """
    rows = [_row(spec) for spec in sorted(classes, key=lambda spec: spec.index)]
    names = [row.name for row in rows]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidInputError(f"The class list holds the class {twice[0]!r} twice.")
    if [row.index for row in rows] != list(range(1, len(rows) + 1)):
        raise InvalidInputError("The indices of a class list must be 1, 2, 3 and so on, without gaps.")
    newest = select(LabelSet.revision).where(LabelSet.dataset_id == dataset_id)
    last = session.scalar(newest.order_by(LabelSet.revision.desc()).limit(1)) or 0
    label_set = LabelSet(dataset_id=dataset_id, revision=last + 1, classes=rows)
    session.add(label_set)
    session.flush()
    return label_set


def add_classes(session: Session, dataset_id: int, names: Sequence[str]) -> LabelSet:
    """Append those of `names` that the class list lacks, as a new revision of the list if there are any."""
    label_set = latest_label_set(session, dataset_id)
    known = [ClassSpec(row.index, row.name, row.color) for row in label_set.classes]
    have = {spec.name for spec in known}
    new = [name for name in dict.fromkeys(names) if name not in have]
    if not new:
        return label_set
    first = len(known) + 1
    return add_label_set(
        session, dataset_id, [*known, *(ClassSpec(first + i, name) for i, name in enumerate(new))]
    )


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
    return LabelClass(index=spec.index, name=spec.name, color=color)
