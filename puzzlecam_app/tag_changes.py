"""What happens to a picture when somebody says something about one of its tags."""

from __future__ import annotations

from typing import Final

from sqlalchemy.orm import Session

from db.annotations import append_program_revision, latest_revision
from db.models import Revision
from db.tag_actions import TagAction
from db.tags import change_tag
from trainer.contract import RUN_KIND, ZERO_SHOT_KIND

_COMPUTED: Final = (ZERO_SHOT_KIND, RUN_KIND, "live/")
"""How proposals begin that a model of the studio computed from the picture's tags."""


def say_about_tag(
    session: Session, item_id: int, class_index: int, action: TagAction, *, author: int | None
) -> bool:
    """Record what somebody says about a tag (see `db.tags.change_tag`); returns whether the tags changed.

    If they did, a proposal that the studio computed from the former tags is withdrawn. Masks of people, and
    imported ones, stay.
    """
    has_changed = change_tag(session, item_id, class_index, action, author=author)
    if has_changed and _is_outdated(latest_revision(session, item_id)):
        append_program_revision(
            session,
            item_id,
            action="withdrawn",
            mask_hash=None,
            proposed_by=None,
            note="The tags have changed.",
        )
    return has_changed


def _is_outdated(newest: Revision | None) -> bool:
    """Whether the newest revision is a proposal that follows from the tags alone."""
    return (
        newest is not None
        and newest.action == "proposed"
        and (newest.proposed_by or "").startswith(_COMPUTED)
    )
