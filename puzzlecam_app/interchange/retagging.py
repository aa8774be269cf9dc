"""Tags of a dataset from a list again: what a list would change, and changing it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from db.engine import Database
from db.items import tags_of
from db.labels import add_classes, latest_label_set
from db.leases import held_by_others
from db.models import Item
from puzzlecam_app.interchange.problems import Problem, error, ignored
from puzzlecam_app.interchange.tag_files import TagRow
from puzzlecam_app.tag_changes import say_about_tag

_BATCH: Final = 50
_EXAMPLES: Final = 20
_PROBLEMS: Final = 200


@dataclass(frozen=True)
class PictureChange:
    """What a list changes about one picture; tags by name."""

    item_id: int
    name: str
    added: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True)
class TagPlan:
    """What a list would change.

    Attributes:
        listed: how many pictures of the dataset the list names.
        new_classes: names that the class list does not have yet.
        problems: what is wrong with rows.
    """

    dataset_id: int
    listed: int
    changes: tuple[PictureChange, ...]
    new_classes: tuple[str, ...]
    problems: tuple[Problem, ...]


class ChangedPicture(BaseModel):
    """A picture whose tags change."""

    model_config = ConfigDict(frozen=True)

    name: str
    added: tuple[str, ...]
    removed: tuple[str, ...]


class TagReport(BaseModel):
    """What a list of tags changes, or has changed."""

    model_config = ConfigDict(frozen=True)

    applied: bool = Field(description="False if this only says what would change.")
    listed: int = Field(description="Pictures of the dataset that the list names.")
    changed: int = Field(description="Those whose tags change.")
    added: dict[str, int] = Field(description="By tag: how many pictures get it.")
    removed: dict[str, int] = Field(description="By tag: how many pictures lose it.")
    new_classes: tuple[str, ...] = Field(description="Tags that become classes of the dataset.")
    examples: tuple[ChangedPicture, ...] = Field(description="The first pictures that change.")
    problems: tuple[Problem, ...] = Field(description="The first rows with problems.")
    problem_count: int

    @property
    def sentence(self) -> str:
        """The report in words."""
        verb = "have changed" if self.applied else "would change"
        text = f"The list names {self.listed:,} pictures of the dataset; the tags of {self.changed:,} {verb}."
        for counts, done in ((self.added, "added"), (self.removed, "removed")):
            if counts:
                text += f" Tags {done}: " + ", ".join(f"{n:,} {tag}" for tag, n in counts.items()) + "."
        if self.new_classes:
            text += f" New classes: {', '.join(self.new_classes)}."
        if self.problem_count:
            text += f" {self.problem_count:,} rows have problems."
        return text


def plan_tags(
    session: Session,
    dataset_id: int,
    rows: Sequence[TagRow],
    problems: Sequence[Problem],
    *,
    only_add: bool = False,
) -> TagPlan:
    """Compare a list with the tags of a dataset.

    A row names a picture by its name, its path in the dataset, or its file name alone if no other picture has
    it; suffixes may be left out. The tags of a listed picture become those of its rows; with `only_add` it
    keeps the others. Pictures that are not listed keep their tags.
    """
    found = list(problems)
    wanted: dict[int, dict[str, None]] = {}
    items = {
        item.id: item
        for item in session.scalars(
            select(Item).where(Item.dataset_id == dataset_id, Item.missing_since.is_(None))
        )
    }
    ids = _ids_by_name(list(items.values()))
    for row in rows:
        known = ids.get(row.image.strip().replace("\\", "/").removeprefix("./"), set())
        if len(known) == 1:
            wanted.setdefault(next(iter(known)), {}).update(dict.fromkeys(row.tags))
        elif known:
            reason = f"{len(known)} pictures are called {row.image!r}"
            found.append(error(row.where, reason, "Write the path of the picture in the dataset"))
        else:
            reason = f"the dataset has no picture {row.image!r}"
            found.append(error(row.where, reason, "Correct the name"))
    classes = latest_label_set(session, dataset_id).classes
    names = {one.index: one.name for one in classes}
    current = {one.name for one in classes if one.retired_to is None}
    now = tags_of(session, wanted)
    changes = []
    for item_id in sorted(wanted, key=lambda one: items[one].sort_name):
        had = dict.fromkeys(names[index] for index in now[item_id])
        added = tuple(tag for tag in wanted[item_id] if tag not in had)
        removed = () if only_add else tuple(tag for tag in had if tag not in wanted[item_id])
        if added or removed:
            changes.append(PictureChange(item_id, items[item_id].name, added, removed))
    new = dict.fromkeys(tag for change in changes for tag in change.added if tag not in current)
    return TagPlan(dataset_id, len(wanted), tuple(changes), tuple(new), tuple(found))


def apply_tags(
    database: Database,
    plan: TagPlan,
    *,
    author: int | None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> TagReport:
    """Change the tags as planned, each as by a person in Review.

    Pictures that somebody works on keep theirs.
    """
    if plan.new_classes:
        with database.write() as session:
            add_classes(session, plan.dataset_id, plan.new_classes)
    done: list[PictureChange] = []
    problems = list(plan.problems)
    for start in range(0, len(plan.changes), _BATCH):
        batch = plan.changes[start : start + _BATCH]
        with database.write() as session:
            classes = latest_label_set(session, plan.dataset_id).classes
            index_of = {one.name: one.index for one in classes}
            holders = held_by_others(session, [one.item_id for one in batch], author or 0)
            for change in batch:
                if change.item_id in holders:
                    reason = f"{holders[change.item_id]} is working on the picture, so its tags stay"
                    problems.append(ignored(change.name, reason, "Try again later"))
                    continue
                for tag in change.added:
                    say_about_tag(session, change.item_id, index_of[tag], "added", author=author)
                for tag in change.removed:
                    say_about_tag(session, change.item_id, index_of[tag], "removed", author=author)
                done.append(change)
        progress(start + len(batch), len(plan.changes))
    return _report(plan, done, problems, applied=True)


def preview(plan: TagPlan) -> TagReport:
    """Say what a plan would change."""
    return _report(plan, plan.changes, plan.problems, applied=False)


def _report(
    plan: TagPlan, changes: Sequence[PictureChange], problems: Sequence[Problem], *, applied: bool
) -> TagReport:
    return TagReport(
        applied=applied,
        listed=plan.listed,
        changed=len(changes),
        added=dict(Counter(tag for one in changes for tag in one.added).most_common()),
        removed=dict(Counter(tag for one in changes for tag in one.removed).most_common()),
        new_classes=plan.new_classes,
        examples=tuple(
            ChangedPicture(name=one.name, added=one.added, removed=one.removed) for one in changes[:_EXAMPLES]
        ),
        problems=tuple(problems[:_PROBLEMS]),
        problem_count=len(problems),
    )


def _ids_by_name(items: Sequence[Item]) -> dict[str, set[int]]:
    """Ids of pictures by everything that a list may call them; whole names take precedence over parts."""
    whole: dict[str, set[int]] = {}
    parts: dict[str, set[int]] = {}
    for item in items:
        for name in {item.name, item.path}:
            whole.setdefault(name, set()).add(item.id)
            path = PurePosixPath(name)
            for part in (str(path.with_suffix("")) if path.suffix else name, path.name, path.stem):
                parts.setdefault(part, set()).add(item.id)
    return parts | whole
