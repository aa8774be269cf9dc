"""A picture is with one person at a time: renewed by work, free after a while."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from db.engine import Database
from db.errors import InvalidInputError
from db.leases import LEASE_TIME, free, free_others, leases_in, take
from db.models import utc_now
from db.users import get_or_create


@pytest.fixture
def ann(database: Database) -> int:
    with database.write() as session:
        return get_or_create(session, "Ann").id


@pytest.fixture
def bob(database: Database) -> int:
    with database.write() as session:
        return get_or_create(session, "Bob").id


def test_the_second_person_learns_who_has_the_picture_since_when(
    database: Database, item_id: int, ann: int, bob: int
) -> None:
    with database.write() as session:
        mine = take(session, item_id, ann, "tab")
        theirs = take(session, item_id, bob, "other tab")

    assert mine.is_own
    assert (theirs.is_own, theirs.is_same_person, theirs.user) == (False, False, "Ann")
    assert theirs.since == mine.since


def test_work_renews_a_lease_and_keeps_its_beginning(database: Database, item_id: int, ann: int) -> None:
    now = utc_now()
    with database.write() as session:
        first = take(session, item_id, ann, "tab", now=now)
        second = take(session, item_id, ann, "tab", now=now + timedelta(minutes=5))

    assert second.since == first.since
    assert second.until == now + timedelta(minutes=5) + LEASE_TIME


def test_a_lease_that_nobody_renewed_goes_to_the_next_who_asks(
    database: Database, item_id: int, ann: int, bob: int
) -> None:
    now = utc_now()
    with database.write() as session:
        take(session, item_id, ann, "tab", now=now)
        held = take(session, item_id, bob, "other tab", now=now + LEASE_TIME)

    assert held.is_own
    assert held.since == now + LEASE_TIME


def test_only_the_same_person_can_take_a_lease_over(
    database: Database, item_id: int, ann: int, bob: int
) -> None:
    with database.write() as session:
        take(session, item_id, ann, "tab 1")
        other_tab = take(session, item_id, ann, "tab 2")
        moved = take(session, item_id, ann, "tab 2", take_over=True)
        refused = take(session, item_id, bob, "tab 3", take_over=True)

    assert (other_tab.is_own, other_tab.is_same_person) == (False, True)
    assert moved.is_own
    assert (refused.is_own, refused.user) == (False, "Ann")


def test_a_lease_is_freed_by_its_own_tab_or_person_alone(
    database: Database, item_id: int, dataset_id: int, ann: int, bob: int
) -> None:
    with database.write() as session:
        take(session, item_id, ann, "tab 1")
        free_others(session, None, "tab 2")
        free(session, item_id, bob)
        free_others(session, item_id, "tab 1")
        assert len(leases_in(session, dataset_id)) == 1
        free_others(session, None, "tab 1")
        assert leases_in(session, dataset_id) == []


def test_a_tab_keeps_its_picture_when_the_person_chooses_another_name(
    database: Database, item_id: int, ann: int, bob: int
) -> None:
    with database.write() as session:
        take(session, item_id, ann, "tab")
        renamed = take(session, item_id, bob, "tab")

    assert (renamed.is_own, renamed.user) == (True, "Bob")


def test_one_of_many_who_ask_at_once_gets_the_picture(database: Database, item_id: int) -> None:
    with database.write() as session:
        people = [get_or_create(session, f"person {number}").id for number in range(8)]

    def ask(user_id: int) -> bool:
        with database.write() as session:
            return take(session, item_id, user_id, f"tab of {user_id}").is_own

    with ThreadPoolExecutor(len(people)) as pool:
        assert sum(pool.map(ask, people)) == 1


def test_a_tab_needs_a_name(database: Database, item_id: int, ann: int) -> None:
    with pytest.raises(InvalidInputError, match="1 to 64"), database.write() as session:
        take(session, item_id, ann, "")
