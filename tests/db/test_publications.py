"""Publishing and taking back: no person's work is ever covered, and every step is in the history."""

import pytest

from db.annotations import append_revision, decide, history, latest_proposal, latest_revision, propose
from db.engine import Database
from db.items import set_doubt
from db.models import Item, Revision
from db.publications import (
    Undone,
    finish_publications,
    get_publication,
    is_published,
    may_publish_over,
    note_undone,
    publications_of,
    publish_mask,
    published_revision_ids,
    start_publication,
    undo_revisions,
)
from db.queue import counts_by_status
from db.runs import RunSpec, create_run
from db.status import status_of
from db.users import get_or_create

OLD, NEW, PAINTED = "a" * 64, "b" * 64, "c" * 64


@pytest.fixture
def publication_id(database: Database, dataset_id: int) -> int:
    with database.write() as session:
        run = create_run(session, dataset_id, RunSpec("r", {}, "train", {}), author=None)
        return start_publication(session, run.id, author=None).id


def _newest(database: Database, item_id: int) -> Revision | None:
    with database.read() as session:
        return latest_revision(session, item_id)


def _propose(database: Database, item_id: int) -> None:
    with database.write() as session:
        propose(session, item_id, mask_hash=OLD, proposed_by="zero-shot")


def _decide(database: Database, item_id: int, action: str) -> None:
    newest = _newest(database, item_id)
    with database.write() as session:
        decide(
            session,
            item_id,
            expected=newest.id if newest else None,
            action=action,
            author=get_or_create(session, "Ann").id,
        )


def _paint(database: Database, item_id: int) -> None:
    newest = _newest(database, item_id)
    with database.write() as session:
        append_revision(
            session,
            item_id,
            expected=newest.id if newest else None,
            action="drafted",
            author=get_or_create(session, "Ann").id,
            mask_hash=PAINTED,
        )


def _publish(database: Database, publication_id: int, item_id: int, **options: bool) -> bool:
    with database.write() as session:
        return (
            publish_mask(session, publication_id, item_id, mask_hash=NEW, proposed_by="run/1", **options)
            is not None
        )


def _undo(database: Database, publication_id: int) -> Undone:
    with database.write() as session:
        undone = undo_revisions(session, publication_id, published_revision_ids(session, publication_id))
        note_undone(session, publication_id, author=None)
        return undone


@pytest.mark.parametrize("before", ["nothing", "proposal", "skip", "revert"])
def test_items_without_a_persons_work_get_the_new_proposal(
    database: Database, item_id: int, publication_id: int, before: str
) -> None:
    if before != "nothing":
        _propose(database, item_id)
    if before in ("skip", "revert"):
        _decide(database, item_id, before)
    assert _publish(database, publication_id, item_id)
    newest = _newest(database, item_id)
    assert newest is not None
    assert (newest.action, newest.mask_hash, newest.proposed_by, newest.author) == (
        "proposed",
        NEW,
        "run/1",
        None,
    )


@pytest.mark.parametrize("work", ["accept", "paint", "paint and accept", "paint and skip", "reject"])
def test_a_persons_work_stays(database: Database, item_id: int, publication_id: int, work: str) -> None:
    _propose(database, item_id)
    if "paint" in work:
        _paint(database, item_id)
    if work != "paint":
        _decide(database, item_id, work.split()[-1])
    before = _newest(database, item_id)
    assert not _publish(database, publication_id, item_id)
    after = _newest(database, item_id)
    assert before is not None
    assert after is not None
    assert after.id == before.id


def test_rejected_items_get_another_chance_when_asked_for_unless_somebody_painted(
    database: Database, item_id: int, publication_id: int
) -> None:
    _propose(database, item_id)
    _decide(database, item_id, "reject")
    assert _publish(database, publication_id, item_id, over_rejected=True)
    _paint(database, item_id)
    _decide(database, item_id, "reject")
    with database.read() as session:
        assert not may_publish_over(session, item_id, over_rejected=True)


def test_publishing_the_same_again_changes_nothing(
    database: Database, item_id: int, publication_id: int
) -> None:
    assert _publish(database, publication_id, item_id)
    assert not _publish(database, publication_id, item_id)


def test_undoing_brings_the_proposal_from_before_back(
    database: Database, item_id: int, publication_id: int
) -> None:
    _propose(database, item_id)
    _publish(database, publication_id, item_id)
    assert _undo(database, publication_id) == Undone(restored=1, kept=0)
    newest = _newest(database, item_id)
    assert newest is not None
    assert (newest.action, newest.mask_hash, newest.proposed_by) == ("proposed", OLD, "zero-shot")
    with database.read() as session:
        assert [one.action for one in history(session, item_id)] == ["proposed"] * 3


@pytest.mark.parametrize("before", [None, 0.0, 0.3])
def test_undoing_restores_the_place_in_the_order_by_doubt(
    database: Database, item_id: int, publication_id: int, before: float | None
) -> None:
    def rank() -> float:
        with database.read() as session:
            return session.get_one(Item, item_id).doubt_rank

    _propose(database, item_id)
    with database.write() as session:
        set_doubt(session, {item_id: before})
        publish_mask(session, publication_id, item_id, mask_hash=NEW, proposed_by="run/1", doubt=0.8)
    assert rank() == -0.8
    _undo(database, publication_id)
    assert rank() == (1.0 if before is None else -before)


def test_a_mask_of_unknown_doubt_does_not_keep_the_place_of_the_one_before(
    database: Database, item_id: int, publication_id: int
) -> None:
    with database.write() as session:
        set_doubt(session, {item_id: 0.3})
    _publish(database, publication_id, item_id)
    with database.read() as session:
        assert session.get_one(Item, item_id).doubt_rank == 1.0


def test_undoing_where_there_was_nothing_makes_the_item_new_again(
    database: Database, item_id: int, dataset_id: int, publication_id: int
) -> None:
    _publish(database, publication_id, item_id)
    _undo(database, publication_id)
    newest = _newest(database, item_id)
    assert newest is not None
    assert (newest.action, newest.mask_hash, status_of(newest.action)) == ("withdrawn", None, "new")
    with database.read() as session:
        assert latest_proposal(session, item_id) is None
        assert counts_by_status(session, dataset_id)["new"] == 1
    _propose(database, item_id)
    newest = _newest(database, item_id)
    assert newest is not None
    assert newest.action == "proposed"


def test_undoing_leaves_what_people_did_with_the_proposal(
    database: Database, item_id: int, publication_id: int
) -> None:
    _publish(database, publication_id, item_id)
    _decide(database, item_id, "accept")
    assert _undo(database, publication_id) == Undone(restored=0, kept=1)
    newest = _newest(database, item_id)
    assert newest is not None
    assert newest.action == "accepted"


def test_undoing_takes_back_a_proposal_a_person_reverted_to(
    database: Database, item_id: int, publication_id: int
) -> None:
    _propose(database, item_id)
    _publish(database, publication_id, item_id)
    _paint(database, item_id)
    _decide(database, item_id, "revert")
    assert _undo(database, publication_id).restored == 1
    newest = _newest(database, item_id)
    assert newest is not None
    assert newest.mask_hash == OLD


def test_a_publication_that_was_cut_off_is_gone_on_with(database: Database, publication_id: int) -> None:
    with database.write() as session:
        run_id = get_publication(session, publication_id).run_id
        assert start_publication(session, run_id, author=None).id == publication_id
        assert is_published(session, run_id)
        finish_publications(session, run_id)
        again = start_publication(session, run_id, author=None).id
        assert again != publication_id
        note_undone(session, publication_id, author=None)
        note_undone(session, again, author=None)
        assert not is_published(session, run_id)
        assert [one.id for one in publications_of(session, run_id)] == [again, publication_id]
