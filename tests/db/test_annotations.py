"""The history of a picture: append-only, refusing stale writers, deciding what a decision means."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError

from db.annotations import (
    Making,
    append_revision,
    decide,
    find_revision,
    history,
    latest_revision,
    latest_revisions,
    mask_hashes,
    pace,
    propose,
    status_of,
)
from db.conflicts import StaleRevision
from db.engine import Database
from db.errors import HistoryIsAppendOnlyError, InvalidInputError, NotFoundError, NothingToDecideError
from db.items import get_item
from db.labels import add_classes
from db.models import Revision
from db.users import get_or_create

MASK_A, MASK_B, MASK_C = "a" * 64, "b" * 64, "c" * 64


@pytest.fixture
def ann(database: Database) -> int:
    with database.write() as session:
        return get_or_create(session, "Ann").id


def _propose(database: Database, item_id: int, mask: str = MASK_A, model: str = "model-1") -> int | None:
    with database.write() as session:
        revision = propose(session, item_id, mask_hash=mask, proposed_by=model)
        return revision.id if revision else None


def _draft(database: Database, item_id: int, author: int, expected: int | None, mask: str = MASK_B) -> int:
    with database.write() as session:
        return append_revision(
            session, item_id, expected=expected, action="drafted", author=author, mask_hash=mask
        ).id


def _decide(database: Database, item_id: int, author: int, expected: int | None, action: str) -> Revision:
    with database.write() as session:
        return decide(session, item_id, expected=expected, action=action, author=author)


def test_a_revision_is_found_under_its_own_item_alone(database: Database, item_id: int, ann: int) -> None:
    revision_id = _draft(database, item_id, ann, None)
    with database.read() as session:
        found = find_revision(session, item_id, revision_id)
        assert found is not None
        assert found.id == revision_id
        assert find_revision(session, item_id + 1, revision_id) is None
        assert find_revision(session, item_id, revision_id + 1) is None


def test_every_save_is_kept_in_order(database: Database, item_id: int, ann: int) -> None:
    first = _draft(database, item_id, ann, None, MASK_A)
    second = _draft(database, item_id, ann, first, MASK_B)
    with database.read() as session:
        revisions = history(session, item_id)
        newest = latest_revision(session, item_id)
    assert [(one.sequence, one.id, one.parent_id, one.mask_hash) for one in revisions] == [
        (1, first, None, MASK_A),
        (2, second, first, MASK_B),
    ]
    assert newest is not None
    assert newest.id == second
    assert newest.author is not None
    assert newest.author.name == "Ann"
    assert newest.created_at.tzinfo is not None


def test_a_stale_writer_learns_who_came_first_and_stores_nothing(
    database: Database, item_id: int, ann: int
) -> None:
    with database.write() as session:
        ben = get_or_create(session, "Ben").id
    seen = _draft(database, item_id, ann, None)
    newest = _draft(database, item_id, ben, seen)
    with pytest.raises(StaleRevision, match="Ben saved a newer version") as stale:
        _draft(database, item_id, ann, seen)
    assert stale.value.current is not None
    assert stale.value.current.id == newest
    with database.read() as session:
        assert len(history(session, item_id)) == 2


@pytest.mark.parametrize("expected", [None, 0])
def test_expecting_none_fails_once_there_is_a_revision(
    database: Database, item_id: int, ann: int, expected: int | None
) -> None:
    _draft(database, item_id, ann, expected)
    with pytest.raises(StaleRevision):
        _draft(database, item_id, ann, expected, MASK_C)


def test_a_draft_sent_twice_because_its_answer_was_lost_is_stored_once(
    database: Database, item_id: int, ann: int
) -> None:
    seen = _draft(database, item_id, ann, None)
    stored = _draft(database, item_id, ann, seen, MASK_B)
    assert _draft(database, item_id, ann, seen, MASK_B) == stored
    with database.read() as session:
        assert len(history(session, item_id)) == 2
    with pytest.raises(StaleRevision):  # the same mask, but on top of what it never saw
        _draft(database, item_id, ann, None, MASK_B)


@pytest.mark.parametrize("action", ["accept", "reject", "skip", "revert"])
def test_a_decision_sent_twice_because_its_answer_was_lost_is_stored_once(
    database: Database, item_id: int, ann: int, action: str
) -> None:
    seen = _propose(database, item_id)
    stored = _decide(database, item_id, ann, seen, action)
    assert _decide(database, item_id, ann, seen, action).id == stored.id
    with database.read() as session:
        assert len(history(session, item_id)) == 2


def test_only_the_same_decision_of_the_same_person_is_a_repetition(
    database: Database, item_id: int, ann: int
) -> None:
    with database.write() as session:
        grace = get_or_create(session, "Grace").id
    seen = _propose(database, item_id)
    _decide(database, item_id, ann, seen, "accept")
    for author, action in ((grace, "accept"), (ann, "reject")):
        with pytest.raises(StaleRevision):
            _decide(database, item_id, author, seen, action)


def test_expecting_a_revision_of_a_new_picture_is_stale(database: Database, item_id: int, ann: int) -> None:
    with pytest.raises(StaleRevision) as stale:
        _draft(database, item_id, ann, 12345)
    assert stale.value.current is None


def test_of_writers_who_race_exactly_one_wins(database: Database, item_id: int, ann: int) -> None:
    start = threading.Barrier(4)
    won: list[int] = []
    lost: list[StaleRevision] = []

    def save(mask: str) -> None:
        start.wait(10)
        try:
            won.append(_draft(database, item_id, ann, None, mask))
        except StaleRevision as stale:
            lost.append(stale)

    threads = [threading.Thread(target=save, args=(digit * 64,)) for digit in "1234"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert [stale.current.id for stale in lost if stale.current] == won * 3


def test_the_loser_of_a_race_after_the_check_is_stale_too(
    database: Database, item_id: int, ann: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL both writers may pass the check; the unique sequence then decides."""
    if database.url.get_backend_name() == "sqlite":
        pytest.skip("SQLite lets one writer in at a time")
    from db import annotations

    real = annotations.register_mask

    def slow(*args: object, **kwargs: object) -> None:
        monkeypatch.setattr(annotations, "register_mask", real)
        winner = threading.Thread(target=_draft, args=(database, item_id, ann, None, MASK_A))
        winner.start()
        winner.join()
        real(*args, **kwargs)

    monkeypatch.setattr(annotations, "register_mask", slow)
    with pytest.raises(StaleRevision) as stale:
        _draft(database, item_id, ann, None, MASK_B)
    assert stale.value.current is not None
    assert stale.value.current.mask_hash == MASK_A


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"action": "painted"}, "no action 'painted'"),
        ({"action": "accepted", "mask_hash": None}, "needs a mask"),
        ({"making": Making(seconds_spent=-1.0)}, "Seconds spent"),
        ({"making": Making(seconds_spent=float("nan"))}, "Seconds spent"),
    ],
)
def test_values_that_cannot_be_are_refused(
    database: Database, item_id: int, ann: int, fields: dict[str, object], message: str
) -> None:
    values = {"expected": None, "action": "drafted", "author": ann, "mask_hash": MASK_A} | fields
    with pytest.raises(InvalidInputError, match=message), database.write() as session:
        append_revision(session, item_id, **values)


def test_unknown_items_and_authors_are_refused(database: Database, item_id: int, ann: int) -> None:
    with pytest.raises(NotFoundError, match="no picture with id 999"):
        _draft(database, 999, ann, None)
    with pytest.raises(NotFoundError, match="no user with id 999"):
        _draft(database, item_id, 999, None)


def test_a_mask_cannot_serve_pictures_of_two_sizes(database: Database, item_id: int, ann: int) -> None:
    _draft(database, item_id, ann, None, MASK_A)
    with database.write() as session:
        get_item(session, item_id).width = 5
    with pytest.raises(InvalidInputError, match="The mask is 4x3 and the picture is 5x3"):
        _draft(database, item_id, ann, latest_id(database, item_id), MASK_A)


def latest_id(database: Database, item_id: int) -> int:
    with database.read() as session:
        newest = latest_revision(session, item_id)
        assert newest is not None
        return newest.id


def test_a_revision_remembers_the_class_list_it_was_made_with(
    database: Database, dataset_id: int, item_id: int, ann: int
) -> None:
    first = _draft(database, item_id, ann, None)
    with database.write() as session:
        newer = add_classes(session, dataset_id, ["horse"]).id
    _draft(database, item_id, ann, first)
    with database.read() as session:
        before, after = history(session, item_id)
    assert before.label_set_id != newer
    assert after.label_set_id == newer


@pytest.mark.parametrize("statement", ["UPDATE revisions SET note = 'x'", "DELETE FROM revisions"])
def test_the_database_itself_refuses_to_rewrite_history(
    database: Database, item_id: int, ann: int, statement: str
) -> None:
    _draft(database, item_id, ann, None)
    with pytest.raises(DBAPIError, match="append-only"), database.write() as session:
        session.execute(text(statement))


def test_the_models_refuse_it_with_a_sentence(database: Database, item_id: int, ann: int) -> None:
    revision_id = _draft(database, item_id, ann, None)
    with database.read() as session:
        session.get_one(Revision, revision_id).note = "changed"
        with pytest.raises(HistoryIsAppendOnlyError, match="cannot be changed"):
            session.flush()
    with database.read() as session:
        session.delete(session.get_one(Revision, revision_id))
        with pytest.raises(HistoryIsAppendOnlyError, match="cannot be changed"):
            session.flush()
    with pytest.raises(DBAPIError, match="append-only"), database.write() as session:
        session.execute(update(Revision).values(note="changed"))


def test_a_new_mask_or_a_new_model_is_a_new_proposal(database: Database, item_id: int) -> None:
    assert _propose(database, item_id, MASK_A, "model-1")
    assert _propose(database, item_id, MASK_A, "model-1") is None
    assert _propose(database, item_id, MASK_B, "model-1")
    assert _propose(database, item_id, MASK_B, "model-2")
    with database.read() as session:
        assert [one.action for one in history(session, item_id)] == ["proposed"] * 3


@pytest.mark.parametrize("action", ["drafted", "accept", "reject", "skip"])
def test_a_proposal_never_replaces_human_work(
    database: Database, item_id: int, ann: int, action: str
) -> None:
    seen = _propose(database, item_id)
    if action == "drafted":
        _draft(database, item_id, ann, seen)
    else:
        _decide(database, item_id, ann, seen, action)
    assert _propose(database, item_id, MASK_C, "model-2") is None


def test_a_reverted_picture_takes_proposals_again(database: Database, item_id: int, ann: int) -> None:
    drafted = _draft(database, item_id, ann, _propose(database, item_id, MASK_A))
    _decide(database, item_id, ann, drafted, "revert")
    assert _propose(database, item_id, MASK_C, "model-2")


def test_accepting_a_proposal_as_it_is_is_not_a_correction(
    database: Database, item_id: int, ann: int
) -> None:
    accepted = _decide(database, item_id, ann, _propose(database, item_id, MASK_A), "accept")
    assert (accepted.action, accepted.mask_hash) == ("accepted", MASK_A)


def test_accepting_a_changed_proposal_is_a_correction(database: Database, item_id: int, ann: int) -> None:
    drafted = _draft(database, item_id, ann, _propose(database, item_id, MASK_A), MASK_B)
    corrected = _decide(database, item_id, ann, drafted, "accept")
    assert (corrected.action, corrected.mask_hash) == ("corrected", MASK_B)


def test_painting_back_to_the_proposal_is_accepting_it(database: Database, item_id: int, ann: int) -> None:
    drafted = _draft(database, item_id, ann, _propose(database, item_id, MASK_A), MASK_B)
    drafted = _draft(database, item_id, ann, drafted, MASK_A)
    assert _decide(database, item_id, ann, drafted, "accept").action == "accepted"


def test_reverting_goes_back_to_the_newest_proposal(database: Database, item_id: int, ann: int) -> None:
    _propose(database, item_id, MASK_A)
    drafted = _draft(database, item_id, ann, _propose(database, item_id, MASK_C), MASK_B)
    reverted = _decide(database, item_id, ann, drafted, "revert")
    assert (reverted.action, reverted.mask_hash) == ("reverted", MASK_C)
    assert status_of(reverted.action) == "proposed"


@pytest.mark.parametrize(("action", "recorded"), [("reject", "rejected"), ("skip", "skipped")])
def test_rejecting_and_skipping_keep_the_mask(
    database: Database, item_id: int, ann: int, action: str, recorded: str
) -> None:
    drafted = _draft(database, item_id, ann, None, MASK_B)
    decided = _decide(database, item_id, ann, drafted, action)
    assert (decided.action, decided.mask_hash) == (recorded, MASK_B)


def test_a_new_picture_can_be_rejected_but_neither_accepted_nor_reverted(
    database: Database, item_id: int, ann: int
) -> None:
    with pytest.raises(NothingToDecideError, match="no mask to accept"):
        _decide(database, item_id, ann, None, "accept")
    with pytest.raises(NothingToDecideError, match="no proposal"):
        _decide(database, item_id, ann, None, "revert")
    rejected = _decide(database, item_id, ann, None, "reject")
    assert rejected.mask_hash is None
    with pytest.raises(NothingToDecideError):
        _decide(database, item_id, ann, rejected.id, "accept")


def test_a_stale_decision_is_refused_before_anything_else(database: Database, item_id: int, ann: int) -> None:
    seen = _propose(database, item_id)
    _draft(database, item_id, ann, seen)
    for action in ("accept", "reject", "skip", "revert"):
        with pytest.raises(StaleRevision):
            _decide(database, item_id, ann, seen, action)
    with pytest.raises(InvalidInputError, match="no decision 'delete'"):
        _decide(database, item_id, ann, seen, "delete")


def test_newest_revisions_and_masks_of_a_whole_dataset(
    database: Database, dataset_id: int, item_id: int, ann: int
) -> None:
    drafted = _draft(database, item_id, ann, _propose(database, item_id, MASK_A), MASK_B)
    with database.read() as session:
        assert {key: one.id for key, one in latest_revisions(session, dataset_id).items()} == {
            item_id: drafted
        }
        assert mask_hashes(session, dataset_id) == [MASK_A, MASK_B]


def test_clicks_are_kept_with_their_revision_and_so_is_the_mask_they_began_with(
    database: Database, dataset_id: int, item_id: int, ann: int
) -> None:
    step = {"engine": "walker", "prior": MASK_C, "result": MASK_B, "seeds": [{"x": 3, "y": 1, "label": 0}]}
    seen = _propose(database, item_id)
    with database.write() as session:
        append_revision(
            session,
            item_id,
            expected=seen,
            action="drafted",
            author=ann,
            mask_hash=MASK_B,
            making=Making(seeds=[step]),
        )
    with database.read() as session:
        first, second = history(session, item_id, with_seeds=True)
        assert (first.seeds, second.seeds) == (None, [step])
        assert mask_hashes(session, dataset_id) == [MASK_A, MASK_B, MASK_C]
    with pytest.raises(DBAPIError, match="append-only"), database.write() as session:
        session.execute(update(Revision).values(seeds=None))


def test_pace_counts_from_the_first_decision_of_the_period(
    database: Database, dataset_id: int, item_id: int, ann: int
) -> None:
    accepted = _decide(database, item_id, ann, _propose(database, item_id), "accept")
    start = accepted.created_at
    with database.read() as session:
        half_an_hour_later = pace(
            session, dataset_id, ann, start - timedelta(hours=8), now=start + timedelta(minutes=30)
        )
        at_once = pace(session, dataset_id, ann, start, now=start)
        later_period = pace(session, dataset_id, ann, start + timedelta(seconds=1))
    assert (half_an_hour_later.decisions, half_an_hour_later.per_hour, half_an_hour_later.done) == (1, 2.0, 1)
    assert half_an_hour_later.measured_s == 30 * 60
    assert at_once.per_hour == 60
    assert (later_period.decisions, later_period.per_hour, later_period.done) == (0, 0.0, 1)


def test_moments_without_a_time_zone_are_refused(database: Database, dataset_id: int, ann: int) -> None:
    with database.read() as session, pytest.raises(Exception, match="no time zone"):
        pace(session, dataset_id, ann, datetime.now(UTC).replace(tzinfo=None))


def test_work_on_a_proposal_that_was_renewed_meanwhile_is_no_conflict(
    database: Database, item_id: int, ann: int
) -> None:
    seen = _propose(database, item_id)
    with database.write() as session:
        propose(session, item_id, mask_hash=MASK_C, proposed_by="better")
    stored = _draft(database, item_id, ann, seen, MASK_B)
    with database.read() as session:
        revisions = history(session, item_id)
    assert [one.action for one in revisions] == ["proposed", "proposed", "drafted"]
    assert (revisions[-1].id, revisions[-1].parent_id) == (stored, seen)
    assert _draft(database, item_id, ann, seen, MASK_B) == stored  # sent again: its answer was lost


def test_accepting_a_proposal_that_was_renewed_meanwhile_accepts_the_mask_that_was_seen(
    database: Database, item_id: int, ann: int
) -> None:
    seen = _propose(database, item_id)
    with database.write() as session:
        proposed = latest_revision(session, item_id)
        propose(session, item_id, mask_hash=MASK_C, proposed_by="better")
    assert proposed is not None
    accepted = _decide(database, item_id, ann, seen, "accept")
    assert (accepted.action, accepted.mask_hash) == ("accepted", proposed.mask_hash)
