"""Accounts: people who can sign in, their roles, links, tokens, and the audit log."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from db import api_tokens, audit, invitations, sign_ins
from db.account_models import ApiToken, Invitation, SignIn
from db.accounts import (
    create_account,
    find_account,
    has_work,
    has_working_admin,
    set_admin,
    set_disabled,
    set_password_hash,
)
from db.annotations import append_revision
from db.datasets import remove_dataset
from db.engine import Database
from db.errors import HistoryIsAppendOnlyError, InvalidInputError, NotFoundError
from db.models import utc_now
from db.role_names import DatasetRole
from db.roles import give_at_least, roles_by_user, roles_of, set_role
from db.users import get_or_create


def account(database: Database, name: str = "Ann", *, is_admin: bool = False) -> int:
    with database.write() as session:
        return create_account(session, name, "hash", is_admin=is_admin).user_id


def test_an_account_takes_over_the_work_under_its_name(database: Database) -> None:
    with database.write() as session:
        author = get_or_create(session, "Ann").id
    assert account(database, "Ann") == author


def test_names_that_differ_only_in_capitals_are_the_same_account(database: Database) -> None:
    account(database, "Änn")
    with database.read() as session:
        assert find_account(session, " ÄNN ") is not None
    with database.write() as session, pytest.raises(InvalidInputError, match="already"):
        create_account(session, "änn", None)


def test_a_name_has_work_once_a_revision_is_stored_under_it(database: Database, item_id: int) -> None:
    with database.write() as session:
        get_or_create(session, "Ann")
        assert not has_work(session, "Ann")
        ann = get_or_create(session, "Ann").id
        append_revision(session, item_id, expected=None, action="rejected", author=ann, mask_hash=None)
        assert has_work(session, "ann")


def test_the_only_admin_who_can_sign_in_stays(database: Database) -> None:
    ann = account(database, is_admin=True)
    with database.write() as session:
        create_account(session, "Ben", None, is_admin=True)  # has no password yet
    for change in (
        lambda session: set_disabled(session, ann, is_disabled=True),
        lambda session: set_admin(session, ann, is_admin=False),
    ):
        with database.write() as session, pytest.raises(InvalidInputError, match="only admin"):
            change(session)
    with database.write() as session:
        ben = find_account(session, "Ben")
        assert ben is not None
        set_password_hash(session, ben.user_id, "hash")
        set_disabled(session, ann, is_disabled=True)
        assert has_working_admin(session)


def test_roles_are_given_raised_and_taken_away(database: Database, dataset_id: int) -> None:
    ann = account(database)
    steps: list[tuple[DatasetRole | None, dict[int, str]]] = [
        ("reviewer", {dataset_id: "reviewer"}),
        ("lead", {dataset_id: "lead"}),
        (None, {}),
    ]
    for role, expected in steps:
        with database.write() as session:
            set_role(session, ann, dataset_id, role)
        with database.read() as session:
            assert roles_of(session, ann) == expected


def test_a_second_invitation_never_lowers_a_role(database: Database, dataset_id: int) -> None:
    ann = account(database)
    with database.write() as session:
        give_at_least(session, ann, [dataset_id], "lead")
        give_at_least(session, ann, [dataset_id], "labeler")
        assert roles_of(session, ann) == {dataset_id: "lead"}


def test_on_a_removed_dataset_only_leads_keep_their_role(database: Database, dataset_id: int) -> None:
    ann, ben = account(database), account(database, "Ben")
    with database.write() as session:
        set_role(session, ann, dataset_id, "lead")
        set_role(session, ben, dataset_id, "reviewer")
        remove_dataset(session, dataset_id)
        assert roles_of(session, ann) == {dataset_id: "lead"}
        assert roles_of(session, ben) == {}
        assert roles_by_user(session) == {}


def test_a_sign_in_is_found_until_it_ends(database: Database) -> None:
    ann = account(database)
    with database.write() as session:
        for secret in ("a", "b", "c"):
            sign_ins.start(session, ann, secret, address="10.0.0.1", browser="Firefox")
        kept = sign_ins.find(session, "b")
        assert kept is not None
        assert sign_ins.end_all(session, ann, but=kept[0].id) == 2
    with database.read() as session:
        assert sign_ins.find(session, "a") is None
        assert [one.token_hash for one in sign_ins.list_open(session, ann)] == ["b"]


@pytest.mark.parametrize(
    ("column", "age"), [("expires_at", timedelta()), ("seen_at", sign_ins.LONGEST_UNUSED)]
)
def test_a_sign_in_that_is_too_old_or_unused_is_over(database: Database, column: str, age: timedelta) -> None:
    ann = account(database)
    with database.write() as session:
        started = sign_ins.start(session, ann, "a", address="", browser="")
        setattr(session.get(SignIn, started.id), column, utc_now() - age)
    with database.read() as session:
        assert sign_ins.find(session, "a") is None


def test_nobody_ends_the_session_of_somebody_else(database: Database) -> None:
    ann, ben = account(database), account(database, "Ben")
    with database.write() as session:
        started = sign_ins.start(session, ann, "a", address="", browser="")
        with pytest.raises(NotFoundError):
            sign_ins.end(session, ben, started.id)


def test_a_disabled_account_is_signed_in_nowhere_and_its_tokens_do_not_work(database: Database) -> None:
    account(database, "Admin", is_admin=True)
    ann = account(database)
    with database.write() as session:
        sign_ins.start(session, ann, "a", address="", browser="")
        api_tokens.create(session, "t", ann, "nightly", "lead", days=1)
        set_disabled(session, ann, is_disabled=True)
    with database.read() as session:
        assert sign_ins.find(session, "a") is None
        assert api_tokens.find(session, "t") is None


def test_an_invitation_works_once_and_until_it_expires(database: Database, dataset_id: int) -> None:
    ann = account(database)
    with database.write() as session:
        used = invitations.invite(session, "used", "labeler", days=7, dataset_ids=[dataset_id])
        old = invitations.invite(session, "old", "admin", days=7)
        revoked = invitations.invite(session, "revoked", "admin", days=7)
        assert [one.dataset.name for one in used.datasets] == ["pets"]
        assert invitations.find(session, "used") is used
        invitations.use(used, ann)
        old.expires_at = utc_now()
        invitations.revoke(session, revoked.id)
    with database.read() as session:
        assert [invitations.find(session, secret) for secret in ("used", "old", "revoked")] == [None] * 3
        assert invitations.list_open(session) == []


@pytest.mark.parametrize("days", [0, 91])
def test_links_are_not_valid_for_ever(database: Database, days: int) -> None:
    with database.write() as session, pytest.raises(InvalidInputError, match="1 to 90 days"):
        invitations.invite(session, "a", "admin", days=days)


def test_a_role_on_datasets_needs_one(database: Database) -> None:
    with database.write() as session, pytest.raises(InvalidInputError, match="needs a dataset"):
        invitations.invite(session, "a", "lead", days=1)


def test_a_new_link_for_a_password_replaces_the_earlier_one(database: Database) -> None:
    ann = account(database)
    with database.write() as session:
        invitations.invite_to_reset(session, "first", ann, days=1)
        invitations.invite_to_reset(session, "second", ann, days=1)
        assert invitations.find(session, "first") is None
        assert invitations.find(session, "second") is not None


def test_a_token_works_until_it_expires_or_is_revoked(database: Database) -> None:
    ann = account(database)
    with database.write() as session:
        old = api_tokens.create(session, "old", ann, "a", "lead", days=1)
        revoked = api_tokens.create(session, "revoked", ann, "b", "lead", days=1)
        api_tokens.create(session, "valid", ann, "c", "reviewer", days=1)
        old.expires_at = utc_now()
        api_tokens.revoke(session, ann, revoked.id)
    with database.read() as session:
        assert api_tokens.find(session, "old") is None
        assert api_tokens.find(session, "revoked") is None
        found = api_tokens.find(session, "valid")
        assert found is not None
        assert (found[0].role, found[1].user.name) == ("reviewer", "Ann")


def test_secrets_are_unique(database: Database) -> None:
    for kind in (SignIn, Invitation, ApiToken):
        columns = [column.name for column in kind.__table__.columns if column.unique]
        assert columns == ["token_hash"]


def test_the_audit_log_is_read_from_its_end(database: Database) -> None:
    with database.write() as session:
        for number in range(4):
            audit.write(session, f"did {number}", name="Ann", dataset_id=number % 2)
    with database.read() as session:
        newest = audit.read(session, limit=2)
        assert [one.action for one in newest] == ["did 3", "did 2"]
        assert [one.action for one in audit.read(session, before=newest[-1].id)] == ["did 1", "did 0"]
        assert [one.action for one in audit.read(session, dataset_ids=[1])] == ["did 3", "did 1"]
        assert audit.read(session, name="Ben") == []


def test_the_audit_log_is_append_only(database: Database) -> None:
    with database.write() as session:
        audit.write(session, "joined", name="Ann")
    for statement in ("UPDATE audit_log SET name = 'Ben'", "DELETE FROM audit_log"):
        with pytest.raises(DBAPIError, match="append-only"), database.write() as session:
            session.execute(text(statement))


def _rename(database: Database) -> None:
    with database.write() as session:
        audit.read(session)[0].name = "Ben"


def test_the_models_refuse_to_change_the_audit_log(database: Database) -> None:
    with database.write() as session:
        audit.write(session, "joined", name="Ann")
    with pytest.raises(HistoryIsAppendOnlyError):
        _rename(database)
