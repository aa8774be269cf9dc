"""What a bulk action does to one picture, and how that is taken back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from sqlalchemy.orm import Session

from db.annotations import (
    append_program_revision,
    decide,
    find_revision,
    latest_revision,
    repeat_revision,
)
from db.conflicts import StaleRevision
from db.errors import NothingToDecideError
from db.items import get_item, tags_of
from db.leases import free
from db.selection import Selection, seen_revision_id
from db.status import RECORDED_AS
from db.tag_actions import TagAction
from puzzlecam_app.errors import UserError
from puzzlecam_app.tag_changes import say_about_tag

BulkAction = Literal["accept", "reject", "skip", "tag", "untag"]
_NAMED: Final = 20
_UNDONE: Final = "A bulk action was undone."
_SAID: Final[dict[str, TagAction]] = {"tag": "added", "untag": "removed"}


@dataclass(frozen=True)
class Wanted:
    """What is done to every selected picture. `class_index` is that of the tag, for ``tag`` and ``untag``."""

    action: BulkAction
    class_index: int | None = None

    @property
    def is_decision(self) -> bool:
        """Whether it is a decision about masks."""
        return self.action not in _SAID


@dataclass(frozen=True)
class Left:
    """A picture that a bulk action left as it was, and why."""

    item_id: int
    name: str
    reason: str


@dataclass(frozen=True)
class Changed:
    """A picture that a bulk action changed; for decisions, its newest revision before (0: none) and after."""

    item_id: int
    before: int = 0
    after: int = 0


@dataclass
class Outcome:
    """The result of a bulk action, or of undoing it.

    Attributes:
        changed: how many pictures changed.
        same: how many had the status or the tag already.
        left: the first pictures that were left as they were.
        left_count: how many were.
    """

    wanted: Wanted
    is_undo: bool = False
    changed: int = 0
    same: int = 0
    left: list[Left] = field(default_factory=list)
    left_count: int = 0

    def leave(self, session: Session, item_id: int, reason: str) -> None:
        """Count a picture that stays as it is, and name the first ones."""
        self.left_count += 1
        if len(self.left) < _NAMED:
            self.left.append(Left(item_id, get_item(session, item_id).name, reason))


def apply(
    session: Session, item_id: int, selection: Selection, wanted: Wanted, author: int, outcome: Outcome
) -> Changed | None:
    """Do what is wanted to one picture; None if it stays as it is."""
    if wanted.is_decision:
        seen = seen_revision_id(session, item_id, selection)
        return _decide(session, item_id, seen, wanted, author, outcome)
    is_there = _class_of(wanted) in tags_of(session, [item_id])[item_id]
    if is_there == (wanted.action == "tag"):
        outcome.same += 1
        return None
    say_about_tag(session, item_id, _class_of(wanted), _SAID[wanted.action], author=author)
    return Changed(item_id)


def take_back(session: Session, change: Changed, wanted: Wanted, author: int, outcome: Outcome) -> bool:
    """Give one picture back what it had; returns whether it changed."""
    item_id = change.item_id
    if not wanted.is_decision:
        back = _SAID["untag" if wanted.action == "tag" else "tag"]
        return say_about_tag(session, item_id, _class_of(wanted), back, author=author)
    latest = latest_revision(session, item_id)
    if latest is None or latest.id != change.after:
        outcome.leave(session, item_id, "it has changed since")
        return False
    before = find_revision(session, item_id, change.before) if change.before else None
    if before is None or before.action == "withdrawn":
        append_program_revision(
            session, item_id, action="withdrawn", mask_hash=None, proposed_by=None, note=_UNDONE
        )
    else:
        repeat_revision(session, before, mask_hash=before.mask_hash, note=_UNDONE)
    return True


def _decide(
    session: Session, item_id: int, seen: int | None, wanted: Wanted, author: int, outcome: Outcome
) -> Changed | None:
    latest = latest_revision(session, item_id)
    latest_id = None if latest is None else latest.id
    if latest is not None and latest_id == seen and latest.action in RECORDED_AS[wanted.action]:
        outcome.same += 1
        return None
    try:
        newest = decide(session, item_id, expected=seen, action=wanted.action, author=author)
    except StaleRevision:
        outcome.leave(session, item_id, "it has changed since it was shown")
        return None
    except NothingToDecideError:
        outcome.leave(session, item_id, "it has no mask to accept yet")
        return None
    free(session, item_id, author)
    if newest.id == latest_id:
        outcome.same += 1  # the person decided the same in another window
        return None
    return Changed(item_id, latest_id or 0, newest.id)


def _class_of(wanted: Wanted) -> int:
    if wanted.class_index is None:
        raise UserError("no class is named", remedy="Choose the tag")
    return wanted.class_index
