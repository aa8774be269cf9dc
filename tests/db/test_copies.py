"""Copies of pictures: nobody sees another person's copy, and nothing else counts them."""

import pytest

from db.annotations import append_revision, latest_revisions, mask_hashes, propose
from db.assignments import assigned_counts
from db.copies import (
    authors_of,
    copies_in,
    follow_originals,
    make_copy,
    masks_of,
    withdraw_copies,
)
from db.done import count_done
from db.engine import Database
from db.hidden_copies import hidden_from
from db.identity import Place, known_pictures, move_items
from db.items import all_items, find_item, get_item, replace_tags, tags_of, upsert_items
from db.queue import counts_by_owner, counts_by_status, list_items
from db.queue_filter import QueueFilter
from db.users import get_or_create
from tests.db.conftest import item_spec

MASKS = ["a" * 64, "b" * 64, "c" * 64]


@pytest.fixture
def people(database: Database) -> tuple[int, int]:
    with database.write() as session:
        return get_or_create(session, "Ann").id, get_or_create(session, "Bob").id


@pytest.fixture
def copy_id(database: Database, item_id: int, people: tuple[int, int]) -> int:
    """A copy for Bob of a picture with the tag 1 and a proposal."""
    with database.write() as session:
        replace_tags(session, get_item(session, item_id).dataset_id, {item_id: [1]})
        propose(session, item_id, mask_hash=MASKS[0], proposed_by="model")
        made = make_copy(session, item_id, people[1])
        assert made is not None
        return made


def accept(database: Database, item_id: int, author: int, mask: str, expected: int | None) -> int:
    with database.write() as session:
        return append_revision(
            session, item_id, expected=expected, action="corrected", author=author, mask_hash=mask
        ).id


def newest(database: Database, item_id: int) -> int:
    with database.read() as session:
        found = list_items(session, get_item(session, item_id).dataset_id, QueueFilter()).items
        return next(one.revision_id for one in found if one.item.id == item_id) or 0


def test_a_copy_stands_in_the_place_of_the_picture_for_its_person_alone(
    database: Database, dataset_id: int, item_id: int, copy_id: int, people: tuple[int, int]
) -> None:
    with database.read() as session:
        for viewer, seen in ((None, item_id), (people[0], item_id), (people[1], copy_id)):
            page = list_items(session, dataset_id, QueueFilter(viewer=viewer))
            assert [one.item.id for one in page.items] == [seen]
            assert (page.total, page.items[0].item.name, page.items[0].tags) == (1, "a.jpg", (1,))
            assert page.items[0].status == "proposed"


def test_nobody_else_may_open_a_copy_and_its_person_may_not_open_the_picture(
    database: Database, item_id: int, copy_id: int, people: tuple[int, int]
) -> None:
    both = [item_id, copy_id]
    with database.read() as session:
        assert hidden_from(session, both, people[0]) == {copy_id}
        assert hidden_from(session, both, people[1]) == {item_id}
        assert hidden_from(session, both, None) == {copy_id}
        assert hidden_from(session, both, people[0], is_lead=True) == {copy_id}
        assert hidden_from(session, both, people[1], is_lead=True) == set()


def test_counts_and_lists_of_a_dataset_leave_copies_out(
    database: Database, dataset_id: int, item_id: int, copy_id: int, people: tuple[int, int]
) -> None:
    with database.read() as session:
        revision = latest_revisions(session, dataset_id)
        assert set(revision) == {item_id}
        first = list_items(session, dataset_id, QueueFilter(viewer=people[1])).items[0].revision_id
    accept(database, copy_id, people[1], MASKS[1], first)
    with database.read() as session:
        assert sum(counts_by_status(session, dataset_id).values()) == 1
        assert counts_by_status(session, dataset_id)["corrected"] == 0
        assert count_done(session, dataset_id).done == 0
        assert [one.id for one in all_items(session, dataset_id)] == [item_id]
        assert [one.id for one in known_pictures(session, dataset_id)] == [item_id]
        assert set(latest_revisions(session, dataset_id)) == {item_id}
        found = find_item(session, dataset_id, "a.jpg")
        assert found is not None
        assert found.id == item_id
        # What is stored of copies is part of a backup, and of what a person has done.
        assert MASKS[1] in mask_hashes(session, dataset_id)
        assert assigned_counts(session, dataset_id) == {people[1]: 1}
        owners = counts_by_owner(session, dataset_id)
        assert (owners[people[1]], owners[None]) == ({"corrected": 1}, {"proposed": 1})


def test_a_person_gets_one_copy_of_a_picture(
    database: Database, item_id: int, copy_id: int, people: tuple[int, int]
) -> None:
    with database.write() as session:
        assert make_copy(session, item_id, people[1]) is None
        assert make_copy(session, copy_id, people[0]) is None


def test_copies_follow_a_renamed_picture(
    database: Database, dataset_id: int, item_id: int, copy_id: int
) -> None:
    with database.write() as session:
        move_items(session, {item_id: Place("b.jpg", "there/b.jpg")})
        follow_originals(session, dataset_id)
    with database.read() as session:
        copy = get_item(session, copy_id)
        assert (copy.name, copy.path, copy.sort_name) == ("b.jpg", "there/b.jpg", "b.jpg")


def test_importing_a_picture_again_finds_the_picture_and_not_its_copy(
    database: Database, dataset_id: int, item_id: int, copy_id: int
) -> None:
    with database.write() as session:
        assert upsert_items(session, dataset_id, [item_spec("a.jpg", path="new")]).ids == {"a.jpg": item_id}
        assert get_item(session, copy_id).path == "a.jpg"
        assert tags_of(session, [copy_id]) == {copy_id: (1,)}


def test_an_unfinished_copy_is_taken_back_and_a_finished_one_stays(
    database: Database, dataset_id: int, item_id: int, copy_id: int, people: tuple[int, int]
) -> None:
    with database.write() as session:
        other = upsert_items(session, dataset_id, [item_spec("z.jpg")]).ids["z.jpg"]
        finished = make_copy(session, other, people[1])
        assert finished is not None
    accept(database, finished, people[1], MASKS[1], None)
    with database.write() as session:
        assert withdraw_copies(session, dataset_id, people[0]) == 0
        assert withdraw_copies(session, dataset_id, people[1]) == 1
        assert [one.item_id for one in copies_in(session, dataset_id)] == [finished]
        seen = list_items(session, dataset_id, QueueFilter(viewer=people[1])).items
        assert {one.item.id for one in seen} == {item_id, finished}


def test_a_mask_counts_until_somebody_else_has_changed_it(
    database: Database, dataset_id: int, item_id: int, copy_id: int, people: tuple[int, int]
) -> None:
    ann, bob = people
    with database.read() as session:
        proposed = {
            one.item.id: one.revision_id
            for viewer in people
            for one in list_items(session, dataset_id, QueueFilter(viewer=viewer)).items
        }
    first = accept(database, item_id, ann, MASKS[1], proposed[item_id])
    accept(database, item_id, bob, MASKS[2], first)
    copied = accept(database, copy_id, bob, MASKS[0], proposed[copy_id])
    with database.read() as session:
        found = masks_of(session, item_id, copies_in(session, dataset_id))
        assert [(one.user_id, one.revision_id, one.mask_hash) for one in found] == [
            (ann, first, MASKS[1]),
            (bob, copied, MASKS[0]),
        ]
        assert authors_of(session, item_id) == {ann, bob}
