"""Tags: what people say stays said, and what they have answered is not suggested again."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from db.annotations import append_revision
from db.engine import Database
from db.errors import InvalidInputError, NotFoundError
from db.items import tags_of
from db.queue import list_items
from db.queue_filter import QueueFilter
from db.tags import (
    SuggestedTag,
    change_tag,
    said_about_tags,
    store_suggestions,
    suggested_tags,
    tags_with_changes,
)
from db.users import get_or_create

CAT, DOG = 1, 2
MAYBE_CAT = SuggestedTag(CAT, is_doubt=False, score=-0.1)
MAYBE_DOG = SuggestedTag(DOG, is_doubt=False, score=-0.2)


def _say(database: Database, item_id: int, class_index: int, action: str) -> bool:
    with database.write() as session:
        author = get_or_create(session, "ada").id
        return change_tag(session, item_id, class_index, action, author=author)


def _suggest(database: Database, item_id: int, *suggestions: SuggestedTag) -> tuple[SuggestedTag, ...]:
    with database.write() as session:
        store_suggestions(session, item_id, suggestions)
    with database.read() as session:
        return suggested_tags(session, item_id)


def _in_doubt(database: Database, dataset_id: int) -> list[int]:
    with database.read() as session:
        page = list_items(session, dataset_id, QueueFilter(tags_in_doubt=True))
    return [entry.item.id for entry in page.items]


def test_an_added_tag_is_the_pictures_tag_and_no_longer_suggested(database: Database, item_id: int) -> None:
    assert _suggest(database, item_id, MAYBE_DOG, MAYBE_CAT) == (MAYBE_CAT, MAYBE_DOG)
    assert _say(database, item_id, CAT, "added")
    with database.read() as session:
        assert tags_of(session, [item_id])[item_id] == (CAT,)
        assert suggested_tags(session, item_id) == (MAYBE_DOG,)


def test_a_refused_tag_does_not_come_back(database: Database, item_id: int) -> None:
    _suggest(database, item_id, MAYBE_CAT)
    assert not _say(database, item_id, CAT, "refused")
    assert _suggest(database, item_id, MAYBE_CAT, MAYBE_DOG) == (MAYBE_DOG,)


def test_a_removed_tag_stays_away_after_another_import(database: Database, item_id: int) -> None:
    _say(database, item_id, CAT, "added")
    _say(database, item_id, DOG, "removed")
    with database.read() as session:
        assert tags_with_changes(session, {item_id: [DOG]}) == {item_id: (CAT,)}


def test_the_same_answer_twice_is_stored_once(database: Database, item_id: int) -> None:
    assert _say(database, item_id, CAT, "added")
    assert not _say(database, item_id, CAT, "added")
    with database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM tag_changes")) == 1


def test_the_newest_answer_counts(database: Database, item_id: int) -> None:
    _say(database, item_id, CAT, "refused")
    _say(database, item_id, CAT, "added")
    with database.read() as session:
        assert said_about_tags(session, [item_id]) == {item_id: {CAT: "added"}}
        assert tags_of(session, [item_id])[item_id] == (CAT,)


def test_what_people_said_cannot_be_changed(database: Database, item_id: int) -> None:
    _say(database, item_id, CAT, "added")
    for statement in ("UPDATE tag_changes SET action = 'refused'", "DELETE FROM tag_changes"):
        with pytest.raises(DBAPIError, match="append-only"), database.write() as session:
            session.execute(text(statement))


def test_a_class_that_is_not_in_the_list_cannot_be_a_tag(database: Database, item_id: int) -> None:
    with pytest.raises(InvalidInputError, match="no class with index 9"):
        _say(database, item_id, 9, "added")
    with pytest.raises(NotFoundError):
        _say(database, item_id + 1, CAT, "added")


def test_the_queue_finds_unfinished_pictures_with_open_suggestions(
    database: Database, dataset_id: int, item_id: int
) -> None:
    assert _in_doubt(database, dataset_id) == []
    _suggest(database, item_id, MAYBE_CAT)
    assert _in_doubt(database, dataset_id) == [item_id]
    with database.write() as session:
        author = get_or_create(session, "ada").id
        append_revision(session, item_id, expected=None, action="accepted", author=author, mask_hash="a" * 64)
    assert _in_doubt(database, dataset_id) == []
