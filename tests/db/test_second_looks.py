"""A reviewer approves a finished mask or returns it; a rule chooses which pictures get a second look."""

import pytest
from sqlalchemy.orm import Session

from db.annotations import append_revision, history, latest_revision
from db.assignments import owners_in
from db.comments import add_comment, comments_on, resolve_comment
from db.conflicts import StaleRevision
from db.engine import Database
from db.errors import InvalidInputError, NothingToDecideError
from db.items import upsert_items
from db.models import Item, Revision
from db.queue import list_items
from db.queue_filter import QueueFilter, SecondLookFilter
from db.second_looks import Rule, look, looks_at, rule_of, set_rule, waiting
from db.users import get_or_create
from tests.db.conftest import item_spec


@pytest.fixture
def ann(database: Database) -> int:
    with database.write() as session:
        return get_or_create(session, "Ann").id


@pytest.fixture
def eve(database: Database) -> int:
    """The reviewer."""
    with database.write() as session:
        return get_or_create(session, "Eve").id


def finish(session: Session, item_id: int, author: int, mask: str = "a") -> Revision:
    newest = latest_revision(session, item_id)
    return append_revision(
        session,
        item_id,
        expected=newest.id if newest else None,
        action="corrected",
        author=author,
        mask_hash=mask * 64,
    )


def waiting_names(session: Session, dataset_id: int, viewer: int) -> list[str]:
    kept = QueueFilter(second_look=waiting(session, dataset_id, viewer))
    return [entry.item.name for entry in list_items(session, dataset_id, kept).items]


def test_a_returned_picture_is_to_do_again_and_its_labelers(
    database: Database, dataset_id: int, item_id: int, ann: int, eve: int
) -> None:
    with database.write() as session:
        done = finish(session, item_id, ann)
        returned = look(session, item_id, reviewer=eve, verdict="returned", expected=done.id)
        assert (returned.action, returned.mask_hash) == ("returned", done.mask_hash)
        assert owners_in(session, dataset_id) == {item_id: ann}
        todo = list_items(session, dataset_id, QueueFilter("todo", assigned_to=ann)).items
        assert [(entry.item.id, entry.status) for entry in todo] == [(item_id, "returned")]


def test_an_approved_picture_keeps_its_history(
    database: Database, dataset_id: int, item_id: int, ann: int, eve: int
) -> None:
    with database.write() as session:
        set_rule(session, dataset_id, Rule("all"))
        done = finish(session, item_id, ann)
        assert waiting_names(session, dataset_id, eve) == ["a.jpg"]
        assert look(session, item_id, reviewer=eve, verdict="approved", expected=done.id) is done
        assert [one.id for one in history(session, item_id)] == [done.id]
        assert waiting_names(session, dataset_id, eve) == []
        approved = QueueFilter(second_look=SecondLookFilter("approved"))
        assert list_items(session, dataset_id, approved).total == 1


def test_work_after_an_approval_gets_a_second_look_again(
    database: Database, dataset_id: int, item_id: int, ann: int, eve: int
) -> None:
    with database.write() as session:
        set_rule(session, dataset_id, Rule("all"))
        look(session, item_id, reviewer=eve, verdict="approved", expected=finish(session, item_id, ann).id)
        finish(session, item_id, ann, "b")
        assert waiting_names(session, dataset_id, eve) == ["a.jpg"]


def test_a_reviewer_can_change_a_mask_and_approve_it_but_not_approve_only_their_own_work(
    database: Database, item_id: int, ann: int, eve: int
) -> None:
    with database.write() as session:
        own = finish(session, item_id, eve)
        with pytest.raises(NothingToDecideError, match="your own work"):
            look(session, item_id, reviewer=eve, verdict="approved", expected=own.id)
        labeled = finish(session, item_id, ann, "b")
        changed = finish(session, item_id, eve, "c")
        look(session, item_id, reviewer=eve, verdict="approved", expected=changed.id)
        newest = looks_at(session, item_id)[0]
        assert (newest.revision_id, newest.changed_from_id, newest.labeler_id) == (
            changed.id,
            labeled.id,
            ann,
        )


def test_a_verdict_on_a_mask_that_was_replaced_is_refused(
    database: Database, item_id: int, ann: int, eve: int
) -> None:
    with database.write() as session:
        seen = finish(session, item_id, ann)
        finish(session, item_id, ann, "b")
        with pytest.raises(StaleRevision):
            look(session, item_id, reviewer=eve, verdict="returned", expected=seen.id)


def test_an_unfinished_picture_gets_no_verdict(database: Database, item_id: int, eve: int) -> None:
    with database.write() as session, pytest.raises(NothingToDecideError, match="not finished"):
        look(session, item_id, reviewer=eve, verdict="approved", expected=None)


@pytest.mark.parametrize("verdict", ["approved", "returned"])
def test_a_verdict_that_is_sent_twice_is_stored_once(
    database: Database, item_id: int, ann: int, eve: int, verdict: str
) -> None:
    with database.write() as session:
        done = finish(session, item_id, ann)
        first = look(session, item_id, reviewer=eve, verdict=verdict, expected=done.id)
        assert look(session, item_id, reviewer=eve, verdict=verdict, expected=done.id).id == first.id
        assert len(looks_at(session, item_id)) == 1


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Rule(), []),
        (Rule("all"), ["a", "b", "c", "d"]),
        (Rule("nth", 2), ["b", "d"]),
        (Rule("doubt", 25), ["c"]),
        (Rule("beginner", 1), ["a"]),
    ],
    ids=lambda value: value.rule if isinstance(value, Rule) else "",
)
def test_a_rule_chooses_the_pictures(
    database: Database, dataset_id: int, ann: int, eve: int, rule: Rule, expected: list[str]
) -> None:
    with database.write() as session:
        ids = upsert_items(session, dataset_id, [item_spec(name) for name in "abcd"]).ids
        for name, doubt in zip("abcd", (0.1, 0.2, 0.9, 0.3), strict=True):
            session.get_one(Item, ids[name]).doubt_rank = -doubt
            finish(session, ids[name], ann)
        set_rule(session, dataset_id, rule)
        found = waiting_names(session, dataset_id, eve)
        if rule.rule == "nth":  # counts ids, which go on in a database that is used again
            expected = [name for name in "abcd" if ids[name] % 2 == 0]
        assert found == expected
        assert waiting_names(session, dataset_id, ann) == []


def test_a_rule_keeps_its_bounds(database: Database, dataset_id: int) -> None:
    with database.write() as session:
        with pytest.raises(InvalidInputError):
            set_rule(session, dataset_id, Rule("doubt", 101))
        set_rule(session, dataset_id, Rule("nth", 10))
        assert rule_of(session, dataset_id) == Rule("nth", 10)


def test_a_comment_is_inside_the_picture_and_stays_when_it_is_resolved(
    database: Database, item_id: int, eve: int
) -> None:
    with database.write() as session:
        with pytest.raises(InvalidInputError, match="outside"):
            add_comment(session, item_id, author=eve, x=5, y=1, text="Here")
        comment = add_comment(session, item_id, author=eve, x=3, y=1, text=" The tail is missing ")
        resolve_comment(session, item_id, comment.id)
        assert [(one.text, one.resolved_at is not None) for one in comments_on(session, item_id)] == [
            ("The tail is missing", True)
        ]
