"""Whose picture it is, and how that chooses the queue."""

import pytest

from db.annotations import append_revision
from db.assignments import assign, assigned_counts, owners_in, take_back
from db.engine import Database
from db.items import upsert_items
from db.queue import counts_by_owner, list_items
from db.queue_filter import QueueFilter
from db.users import get_or_create
from tests.db.conftest import item_spec


@pytest.fixture
def ann(database: Database) -> int:
    with database.write() as session:
        return get_or_create(session, "Ann").id


@pytest.fixture
def bob(database: Database) -> int:
    with database.write() as session:
        return get_or_create(session, "Bob").id


@pytest.fixture
def items(database: Database, dataset_id: int) -> list[int]:
    """Three pictures, a, b and c."""
    with database.write() as session:
        return list(upsert_items(session, dataset_id, [item_spec(name) for name in "abc"]).ids.values())


def test_a_new_assignment_replaces_the_earlier_one(
    database: Database, dataset_id: int, items: list[int], ann: int, bob: int
) -> None:
    with database.write() as session:
        assign(session, {ann: items}, assigned_by=bob)
        assign(session, {bob: items[:1]})
        assert owners_in(session, dataset_id) == {items[0]: bob, items[1]: ann, items[2]: ann}
        assert assigned_counts(session, dataset_id) == {ann: 2, bob: 1}


def test_the_queue_holds_the_pictures_of_a_person_or_those_that_are_nobodys(
    database: Database, dataset_id: int, items: list[int], ann: int
) -> None:
    with database.write() as session:
        assign(session, {ann: items[1:]})

        def queue(kept: QueueFilter) -> list[str]:
            return [entry.item.name for entry in list_items(session, dataset_id, kept).items]

        assert queue(QueueFilter(assigned_to=ann)) == ["b", "c"]
        assert queue(QueueFilter(is_unassigned=True)) == ["a"]
        assert queue(QueueFilter()) == ["a", "b", "c"]


def test_pictures_are_counted_by_owner_and_status(
    database: Database, dataset_id: int, items: list[int], ann: int
) -> None:
    with database.write() as session:
        assign(session, {ann: items[:2]})
        append_revision(session, items[0], expected=None, action="rejected", author=ann, mask_hash=None)
        assert counts_by_owner(session, dataset_id) == {ann: {"rejected": 1, "new": 1}, None: {"new": 1}}


def test_pictures_that_are_taken_back_are_nobodys(
    database: Database, dataset_id: int, items: list[int], ann: int
) -> None:
    with database.write() as session:
        assign(session, {ann: items})
        take_back(session, items[:2])
        assert owners_in(session, dataset_id) == {items[2]: ann}
