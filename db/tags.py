"""Tags that people added, removed, refused or kept, and tags that the program suggests or doubts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from db.errors import InvalidInputError
from db.items import get_item, tags_of
from db.labels import latest_label_set
from db.models import ItemTag, TagChange, TagSuggestion, utc_now
from db.tag_actions import PRESENT, TAG_ACTIONS, TagAction

_IDS_A_QUERY = 500


@dataclass(frozen=True)
class SuggestedTag:
    """A class that may be in a picture without its tag, or (`is_doubt`) a tag that may be wrong.

    `score` orders the suggestions of a picture: the largest comes first.
    """

    class_index: int
    is_doubt: bool
    score: float


def change_tag(
    session: Session, item_id: int, class_index: int, action: TagAction, *, author: int | None
) -> bool:
    """Record what somebody says about a tag, and give the picture that tag or take it away.

    Returns whether the tags of the picture changed. What was said before stays in the history; an action that
    the same tag had last is not stored again. Raises NotFoundError for an unknown picture, and
    InvalidInputError for a class that is not in the dataset's class list.
    """
    item = get_item(session, item_id)
    if action not in TAG_ACTIONS:
        raise InvalidInputError(
            f"There is no action {action!r} on tags; choose one of {', '.join(TAG_ACTIONS)}."
        )
    if class_index not in {one.index for one in latest_label_set(session, item.dataset_id).classes}:
        raise InvalidInputError(f"The class list has no class with index {class_index}.")
    if said_about_tags(session, [item_id])[item_id].get(class_index) != action:
        session.add(
            TagChange(
                item_id=item_id,
                class_index=class_index,
                action=action,
                author_id=author,
                created_at=utc_now(),
            )
        )
    of_class = (TagSuggestion.item_id == item_id, TagSuggestion.class_index == class_index)
    session.execute(delete(TagSuggestion).where(*of_class))
    has_tag = class_index in tags_of(session, [item_id])[item_id]
    if has_tag and action not in PRESENT:
        session.execute(delete(ItemTag).where(ItemTag.item_id == item_id, ItemTag.class_index == class_index))
    elif not has_tag and action in PRESENT:
        session.add(ItemTag(item_id=item_id, class_index=class_index))
    session.flush()
    return has_tag != (action in PRESENT)


def said_about_tags(session: Session, item_ids: Iterable[int]) -> dict[int, dict[int, str]]:
    """What people said last about the tags of each item: class index to action."""
    said: dict[int, dict[int, str]] = {item_id: {} for item_id in item_ids}
    ids = list(said)
    for start in range(0, len(ids), _IDS_A_QUERY):
        rows = select(TagChange.item_id, TagChange.class_index, TagChange.action)
        rows = rows.where(TagChange.item_id.in_(ids[start : start + _IDS_A_QUERY])).order_by(TagChange.id)
        for item_id, class_index, action in session.execute(rows):
            said[item_id][class_index] = action
    return said


def tags_with_changes(session: Session, tags: Mapping[int, Sequence[int]]) -> dict[int, tuple[int, ...]]:
    """Tags as a file has them (item id to class indices), with what people said about them since."""
    said = said_about_tags(session, tags)
    return {
        item_id: tuple(
            sorted(
                {index for index in indices if said[item_id].get(index, "kept") in PRESENT}
                | {index for index, action in said[item_id].items() if action == "added"}
            )
        )
        for item_id, indices in tags.items()
    }


def store_suggestions(session: Session, item_id: int, suggestions: Sequence[SuggestedTag]) -> None:
    """Replace the suggestions of a picture; those that people have answered are left out."""
    answered = said_about_tags(session, [item_id])[item_id]
    kept = {one for one in suggestions if one.class_index not in answered}
    if kept == set(suggested_tags(session, item_id)):
        return
    session.execute(delete(TagSuggestion).where(TagSuggestion.item_id == item_id))
    rows = [
        {"item_id": item_id, "class_index": one.class_index, "is_doubt": one.is_doubt, "score": one.score}
        for one in kept
    ]
    if rows:
        session.execute(insert(TagSuggestion), rows)


def suggested_tags(session: Session, item_id: int) -> tuple[SuggestedTag, ...]:
    """The suggestions of a picture that nobody has answered, the likeliest missing tag first."""
    rows = session.scalars(select(TagSuggestion).where(TagSuggestion.item_id == item_id))
    found = [SuggestedTag(row.class_index, row.is_doubt, row.score) for row in rows]
    return tuple(sorted(found, key=lambda one: (one.is_doubt, -one.score, one.class_index)))
